"""Comparing: finished studies side by side where they cause equally many false alerts or matches.

In: two or more study folders and a rate. Out: rates by group at each study's own matched
threshold, tests of their differences (paired where the people are the same), a page and a CSV.
"""
