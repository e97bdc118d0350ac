"""Stage `publishing`: tables of a study -> the same tables with small counts withheld.

In: rates, findings, equity and counts of people by group, and the cohort for how groups add up.
Out: published tables in which a withheld cell is null. Whatever is drawn from them cannot show
what they do not hold.
"""
