"""Planning: what a study must be before it is run, and what it promised to be.

In: stated rates or a pilot study. Out: people, passes and fillers that it takes, by the tests that
will analyse the study (`answer`); plans written, frozen and checked (`freezing`).
"""
