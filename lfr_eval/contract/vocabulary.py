"""The words that tables and settings hold: roles, metrics, verdicts, and the special groups."""

ROLES = ("reference", "probe", "both", "filler")
METRICS = ("FMR", "FNMR", "FPIR", "FNIR", "TPIR", "misidentification", "FTA", "FTE")
SCORES = "scores"
"""Stands among primary metrics for the means of comparison scores."""

VERDICTS = ("different", "equivalent", "inconclusive", "untestable")
REGISTERED_STATES = ("none", "as registered", "deviating", "registered after results")
KINDS_OF_COMPARISON = ("omnibus", "reference", "rest")
"""All groups at once, each group with the reference group, each group with all others."""

SPENDINGS = OBRIEN_FLEMING, POCOCK = ("O'Brien-Fleming", "Pocock")
"""How a study that looks more than once spends its level: little at first, or alike."""

WATCHLIST_INFERENCE = ("fixed", "random")
"""Whether claims hold for one watchlist, or for watchlists like it."""

LABEL_SOURCES = (
    "self_defined",
    "officer_perceived",
    "annotator_perceived",
    "inferred",
    "simulated",
)

UNKNOWN = "unknown"
"""The group of people whose label is missing: reported like any other, never dropped."""

OVERALL = "overall"
"""The factor with one group, everybody."""

EVERYBODY = "everybody"
"""The one group of the factor `overall`."""

CAPTURE = "capture"
"""The condition of simulated passes; its values say all: `motion blur 8 px`."""

NO_DEGRADATION = "no degradation"
"""The value of `capture` for passes that were left as they are."""

CROSS = " x "
"""Joins factors (`gender x ethnicity`) and the names of their groups (`female x black`)."""
