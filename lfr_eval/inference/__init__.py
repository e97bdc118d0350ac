"""Stage `inference`: rates -> findings. What can be claimed about differences between groups.

In: trials by person (`lfr_eval.trials`), the people's labels, thresholds, a `Plan`. Out: the
tables `rates` and `findings`. NumPy, SciPy and pandas are all it needs.
"""

from lfr_eval.inference.finding_table import finding_table
from lfr_eval.inference.plan import Plan
from lfr_eval.inference.rate_table import rate_table

__all__ = ["Plan", "finding_table", "rate_table"]
