"""Stage `comparison`: templates in, scores out.

`Sides` says who is compared with whom. `Scores` answers what a design asks, from templates or
from a file of scores: `compare_pairs` keeps the scores of 1:1 comparisons, `search_watchlist`
those of 1:N searches. `Compute` says with what; it never changes a result.
"""

from lfr_eval.comparison.absent import Absent, absent_of
from lfr_eval.comparison.alerts import alert_table
from lfr_eval.comparison.compute import Compute
from lfr_eval.comparison.executors import Executor, LocalExecutor
from lfr_eval.comparison.given import matches_of_scores, pairs_of_scores, searches_of_scores
from lfr_eval.comparison.listed import ListedPairs
from lfr_eval.comparison.logged import LoggedAlerts
from lfr_eval.comparison.matches import watchlist_matches
from lfr_eval.comparison.pairs import PairScores, borderline, compare_pairs
from lfr_eval.comparison.passes import Keep, Searches, candidate_counts
from lfr_eval.comparison.ray_executor import RayExecutor
from lfr_eval.comparison.screening import as_precision
from lfr_eval.comparison.search import search_watchlist
from lfr_eval.comparison.sides import ComparisonError, Gallery, Sides, draw_gallery, watchlist_table
from lfr_eval.comparison.sources import GivenScores, Scores, TemplateScores
