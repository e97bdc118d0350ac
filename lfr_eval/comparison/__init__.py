"""Stage `comparison`: templates in, scores out.

`Sides` says who is compared with whom, `compare_pairs` keeps the scores of 1:1 comparisons,
`search_watchlist` those of 1:N searches, and `given` brings scores from a file into the same
tables.
"""

from lfr_eval.comparison.given import pairs_of_scores, searches_of_scores
from lfr_eval.comparison.pairs import PairScores, compare_pairs
from lfr_eval.comparison.search import search_watchlist
from lfr_eval.comparison.sides import ComparisonError, Gallery, Sides, draw_gallery

__all__ = [
    "ComparisonError",
    "Gallery",
    "PairScores",
    "Sides",
    "compare_pairs",
    "draw_gallery",
    "pairs_of_scores",
    "search_watchlist",
    "searches_of_scores",
]
