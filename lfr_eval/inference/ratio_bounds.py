"""Stage `inference`: how far apart the rates of any two groups may be.

In: trials, a grouping, thresholds, plan. Out: by threshold, the two groups whose ratio has the
highest upper end of its interval; the interval is the one of findings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from lfr_eval.contract.spelling import is_group
from lfr_eval.contract.trials import Grouping, Trials
from lfr_eval.inference.cells import Codes, Floats, divide
from lfr_eval.inference.controls import no_controls
from lfr_eval.inference.counting import Swept
from lfr_eval.inference.mover import Compared, ratio_ends
from lfr_eval.inference.observed import counts_of, evidence_of
from lfr_eval.inference.plan import Plan
from lfr_eval.inference.precision import precision_of


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
    trials: Trials,
    grouping: Grouping,
    thresholds: Sequence[float],
    plan: Plan,
    clusters: Codes | None = None,
) -> RatioBounds:
    """Bound the ratio of every two groups' rates, and return the least bounded.

    Parameters
    ----------
    thresholds
        Increasing.
    clusters : (people,), optional
        The cluster of each person, where clusters are the unit of inference.
    """
    swept, groups = Swept.of(trials, thresholds), len(grouping.names)
    steps = swept.steps
    counts = counts_of(swept, grouping, no_controls(trials), plan.watchlist, clusters)
    cells = precision_of(evidence_of(counts))
    tested = [
        code for code in range(groups) if counts.trials[code] > 0 and is_group(grouping.names[code])
    ]
    pairs = list(combinations(tested, 2))
    nothing = np.full(len(steps), -1)
    if not pairs:
        return RatioBounds(nothing, nothing, np.full(len(steps), np.nan), np.full(len(steps), 1.0))
    a, b = (np.array(side) for side in zip(*pairs, strict=True))
    lower, upper = ratio_ends(Compared(cells.take(a), cells.take(b)), plan.level)
    # Whichever group is on top: the ratio turned round has the interval turned round.
    upward = np.where(np.isnan(upper), np.inf, upper)
    downward = np.where(np.isnan(lower), np.inf, divide(1.0, np.nan_to_num(lower), np.inf))
    largest = np.maximum(upward, downward)
    pair, column = largest.argmax(axis=0), np.arange(len(steps))
    turned = downward[pair, column] > upward[pair, column]
    highest, lowest = cells.rate[tested].max(axis=0), cells.rate[tested].min(axis=0)
    return RatioBounds(
        np.where(turned, b[pair], a[pair]),
        np.where(turned, a[pair], b[pair]),
        np.where(highest > 0, divide(highest, lowest, np.inf), np.nan),
        largest[pair, column],
    )
