"""The stage tables: what passes from one stage of a study to the next.

Every arrow of a study is a table with a documented schema, written to the study folder as
Parquet, so that each stage can be started from a file and each claim traced back. This package is
the one place that knows the columns. It needs pandas alone.
"""

from lfr_eval.contract.tables.beside import (
    DEPLOYMENTS,
    FIELD,
    OPERATING_POINTS,
    PLANNING,
    STUDIES_COMPARED,
)
from lfr_eval.contract.tables.claims import (
    ADJUSTED,
    FINDINGS,
    GROUP_SCORES,
    PERSON_TESTS,
    SCORE_DIFFERENCES,
    SCORE_SUMMARY,
)
from lfr_eval.contract.tables.cohort import ACQUISITION, COHORT, DONT_CARE, EXCLUSIONS
from lfr_eval.contract.tables.published import PEOPLE
from lfr_eval.contract.tables.rates import (
    ALERT_TIMES,
    CANDIDATE_LISTS,
    EQUITY,
    MODELLED,
    MODELLED_SEARCHES,
    RATES,
    TRUTH,
    WATCHLIST_SIZES,
)
from lfr_eval.contract.tables.schema import Column, Table, TableError
from lfr_eval.contract.tables.scores import (
    ALERT_LOG,
    ALERTS,
    BORDERLINE,
    CANDIDATE_COUNTS,
    CANDIDATES,
    COMPARISONS,
    CORRECTIONS,
    HISTOGRAM,
    MATED,
    NON_MATED,
    SAMPLE,
    SEARCHES,
    WATCHLIST,
    WATCHLIST_MATCHES,
)
from lfr_eval.contract.tables.street import CHECKS, RECORDS, STREET
from lfr_eval.contract.vocabulary import (
    CAPTURE,
    CROSS,
    EVERYBODY,
    LABEL_SOURCES,
    METRICS,
    NO_DEGRADATION,
    OVERALL,
    REGISTERED_STATES,
    ROLES,
    UNKNOWN,
    VERDICTS,
)

ALL = (
    COHORT,
    ACQUISITION,
    COMPARISONS,
    CORRECTIONS,
    MATED,
    NON_MATED,
    SAMPLE,
    BORDERLINE,
    SEARCHES,
    CANDIDATES,
    WATCHLIST,
    WATCHLIST_MATCHES,
    HISTOGRAM,
    TRUTH,
    RATES,
    FINDINGS,
)

FURTHER = (
    EQUITY,
    MODELLED,
    MODELLED_SEARCHES,
    WATCHLIST_SIZES,
    PERSON_TESTS,
    SCORE_DIFFERENCES,
    SCORE_SUMMARY,
    GROUP_SCORES,
    ADJUSTED,
)
"""Tables that `lfr_eval.inference` makes beyond those that every study writes."""

AFTERWARDS = (DEPLOYMENTS, FIELD)
"""Tables that may join a finished study; its hash does not cover them."""

OF_DESIGNS = (ALERTS, ALERT_TIMES, ALERT_LOG, CANDIDATE_COUNTS, CANDIDATE_LISTS, DONT_CARE)
"""Tables that some designs make: of passes in time, of logs, of ranks, with people left out."""
