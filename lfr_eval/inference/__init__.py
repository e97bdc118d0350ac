"""Stage `inference`: rates -> findings. What can be claimed about differences between groups.

In: trials by person (`lfr_eval.contract.trials`), the people's labels, thresholds and a `Plan`.
Out: the tables `rates`, `findings`, `equity` and `modelled`, or, from plain arrays,
`rates_by_group` and its like. NumPy, SciPy and pandas are all it needs.
"""

from lfr_eval.inference.adjusted import adjusted_table
from lfr_eval.inference.api import compare_groups, detectable_ratio, equity_summary, rates_by_group
from lfr_eval.inference.equity import equity_table
from lfr_eval.inference.finding_table import finding_table
from lfr_eval.inference.modelled import modelled_table
from lfr_eval.inference.plan import Plan
from lfr_eval.inference.published import person_test_table
from lfr_eval.inference.rate_table import rate_table
from lfr_eval.inference.score_differences import score_difference_table
from lfr_eval.inference.score_summary import group_score_table, score_summary_table
from lfr_eval.inference.watchlist_sizes import watchlist_size_table

__all__ = [
    "Plan",
    "adjusted_table",
    "compare_groups",
    "detectable_ratio",
    "equity_summary",
    "equity_table",
    "finding_table",
    "group_score_table",
    "modelled_table",
    "person_test_table",
    "rate_table",
    "rates_by_group",
    "score_difference_table",
    "score_summary_table",
    "watchlist_size_table",
]
