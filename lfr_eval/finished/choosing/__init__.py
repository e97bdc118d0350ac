"""Choosing: operating points of a finished study under constraints.

In: a study folder and limits. Out: the threshold whose intervals, not estimates, keep to the
limits, chosen on some of the people and reported on the others; or why there is none.
"""
