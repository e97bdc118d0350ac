"""Stage `rates`: scores in, trials by person out.

Denominators follow ISO/IEC 19795-1: FMR and FNMR count comparisons of acquired images; FPIR,
FNIR and TPIR count recognition opportunities and keep failures to acquire; FTA counts passes of
which no frame was acquired, FTE reference images that were not.
"""

from lfr_eval.inference.rates.scores import score_kinds
from lfr_eval.inference.rates.summaries import alert_times, candidate_lists
from lfr_eval.inference.rates.trials import (
    ComparedPairs,
    acquisition_trials,
    compared,
    identification_trials,
    pass_conditions,
    rank_trials,
    verification_trials,
)
from lfr_eval.inference.rates.watchlists import watchlist_trials
