"""Stage `inference`: how far apart the rates of any two groups may be.

In: trials, a grouping, thresholds, plan. Out: by threshold, the two groups whose ratio has the
highest upper end of its interval; the interval is the one of findings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from lfr_eval.contract.trials import Grouping, PairTrials, Trials
from lfr_eval.inference.cells import Floats, divide
from lfr_eval.inference.counting import counter_of, steps_of
from lfr_eval.inference.equivalence import ratio_degrees, ratio_interval
from lfr_eval.inference.intervals import effective_trials, independent_units
from lfr_eval.inference.plan import Plan
from lfr_eval.inference.watchlists import watchlist_variance


@dataclass(frozen=True)
class RatioBounds:
    """The least bounded ratio of two groups, by threshold.

    Attributes
    ----------
    worst, best : (thresholds,)
        Codes of the two groups, the one that may have the higher rate first; -1 where there are
        no two groups with trials.
    estimate : (thresholds,)
        Ratio of the highest to the lowest rate of all groups; NaN where undefined.
    upper : (thresholds,)
        Upper end of the interval of the ratio of the two groups; infinite without a bound.
    """

    worst: Floats
    best: Floats
    estimate: Floats
    upper: Floats


def ratio_bounds(
    trials: Trials, grouping: Grouping, thresholds: Sequence[float], plan: Plan
) -> RatioBounds:
    """Bound the ratio of every two groups' rates, and return the least bounded.

    Parameters
    ----------
    thresholds
        Increasing.
    """
    steps = steps_of(trials, thresholds)
    counter, groups = counter_of(trials, steps), len(grouping.names)
    cells = counter.count(grouping.codes[None], groups)
    if plan.watchlist == "random":
        cells = watchlist_variance(cells, trials, grouping.codes, steps)
    degrees = counter.degrees(grouping.codes, groups)
    independent = independent_units(cells.people[0], isinstance(trials, PairTrials))
    total = np.broadcast_to(cells.trials[0], cells.events[0].shape)
    worth = effective_trials(cells.events[0], total, cells.variance[0], independent)
    rate, variance = cells.rate[0], cells.variance[0]
    tested = [code for code in range(groups) if cells.trials[0, code, 0] > 0]
    pairs = list(combinations(tested, 2))
    nothing = np.full(len(steps), -1)
    if not pairs:
        return RatioBounds(nothing, nothing, np.full(len(steps), np.nan), np.full(len(steps), 1.0))
    a, b = (np.array(side) for side in zip(*pairs, strict=True))
    lower, upper = ratio_interval(
        rate[a],
        worth[a],
        rate[b],
        worth[b],
        plan.level,
        ratio_degrees(rate[a], variance[a], degrees[a], rate[b], variance[b], degrees[b]),
    )
    # Whichever group is on top: the ratio turned round has the interval turned round.
    upward = np.where(np.isnan(upper), np.inf, upper)
    downward = np.where(np.isnan(lower), np.inf, divide(1.0, np.nan_to_num(lower), np.inf))
    largest = np.maximum(upward, downward)
    pair, column = largest.argmax(axis=0), np.arange(len(steps))
    turned = downward[pair, column] > upward[pair, column]
    highest, lowest = rate[tested].max(axis=0), rate[tested].min(axis=0)
    return RatioBounds(
        np.where(turned, b[pair], a[pair]),
        np.where(turned, a[pair], b[pair]),
        np.where(highest > 0, divide(highest, lowest, np.inf), np.nan),
        largest[pair, column],
    )
