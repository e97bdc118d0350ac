"""The reference live engine: frames in, alerts out, and the record of a deployment.

It runs a registered matcher at an approved threshold.
"""
