"""What a plan says unless somebody says otherwise.

`inference.Plan` and the configuration (`config.InferenceConfig`) both read their defaults here, so
the same data give the same verdict from Python and from the command line.
"""

FACTORS = ("gender", "ethnicity", "gender x ethnicity")
LEVEL = 0.95
"""Confidence level of every interval."""

ALPHA = 0.05
"""Level of every test."""

MARGIN = 1.5
"""Equivalence margin: rates within this factor of each other count as the same."""

POWER = 0.8
"""Power at which the detectable ratio is given."""

GARBE_WEIGHT = 0.5
"""Share of false positives in GARBE; the rest is the share of false negatives."""

SEED = 1
PRIMARY_COMPARISONS = ("omnibus", "reference")

WATCHLIST_SIZES = (1000, 10_000)
"""Watchlists that the design `complete` searches (conf/design/complete.yaml), where there are so
many images."""

EXPERIMENT = "lfr_eval"
"""Name of the MLflow experiment that studies and deployments are logged in."""

TIMEOUT = 20
"""Seconds that a tracking server or a registry may take to answer."""
