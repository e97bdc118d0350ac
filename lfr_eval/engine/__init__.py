"""The live engine's side: the matcher that is registered, tested, approved and run.

Frames in, alerts out; beside it the records that say whether it may run: approvals and the gate.
"""
