"""Stage `inference`: false match rates beyond the last observed event, group by group.

In: `PairTrials`, the people's labels, thresholds. Out: the `modelled` table, never mixed with
`rates`: what a validated tail allows, or why it allows nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lfr_eval.inference.bootstrap import person_weights
from lfr_eval.inference.cells import Bools, Floats, divide
from lfr_eval.inference.counting import steps_of
from lfr_eval.inference.pairs import PairCounter
from lfr_eval.inference.plan import Plan
from lfr_eval.inference.tail import TailFit, fit_tail, survival
from lfr_eval.tables import MODELLED
from lfr_eval.trials import PairTrials, group_people

REPLICATES = 500
MOST_DECADES = 2.0


def modelled_table(
    trials: PairTrials,
    people: pd.DataFrame,
    factors: Sequence[str],
    thresholds: Sequence[float],
    plan: Plan,
    replicates: int = REPLICATES,
) -> pd.DataFrame:
    """Modelled false match rates of every group at thresholds with fewer than ten events.

    Parameters
    ----------
    trials
        Comparisons; the lower their floor, the more the diagnostics can choose from.
    people
        One row a person, one column a factor.
    factors
        Factors.
    thresholds
        Thresholds; those with ten or more events of a group are left to `rates`.
    plan
        Level and seed.
    replicates
        Redrawn studies.

    Returns
    -------
    DataFrame
        The table `modelled`. Refused where the tail cannot be modelled, or the threshold is more
        than two decades beyond one event in all the group's comparisons.
    """
    steps = steps_of(trials, thresholds)
    weights = person_weights(len(people), replicates, plan.seed)
    counter = PairCounter.of(trials, steps)
    rows = []
    for factor in factors:
        grouping = group_people(people, factor)
        cells = counter.count(grouping.codes[None], len(grouping.names))
        for code, name in enumerate(grouping.names):
            inside = grouping.codes == code
            hit = inside[trials.first] & inside[trials.second] & (trials.first != trials.second)
            comparisons = float(cells.trials[0, code, 0])
            tail = fit_tail(
                trials.first[hit],
                trials.second[hit],
                trials.score[hit],
                comparisons,
                weights,
                redrawn_comparisons(weights, inside, comparisons),
                float(trials.floor),
            )
            for step, threshold in enumerate(steps):
                events = int(cells.events[0, code, step])
                if events < 10:
                    rows.append(
                        (
                            *(trials.metric, threshold, factor, name, events),
                            *_modelled(tail, float(threshold), comparisons, plan.level),
                        )
                    )
    return MODELLED.build(rows) if rows else MODELLED.empty()


def _modelled(
    tail: TailFit, threshold: float, comparisons: float, level: float
) -> tuple[object, ...]:
    known = (tail.floor, tail.exceedances, tail.shape, tail.scale, tail.fit_p_value)
    if not tail.refused:
        rate, low, high = tail.rate(threshold, level)
        share, shape, scale = tail.replicates
        middle = float(np.median(survival(share, shape, scale, threshold - tail.floor)))
        size = max(rate, middle)
        decades = -np.log10(size * comparisons) if size > 0 else np.inf
        if threshold >= tail.floor and decades <= MOST_DECADES:
            return (rate, low, high, level, decades, *known, None)
        reason = f"more than {MOST_DECADES:g} decades beyond one event in all comparisons"
        return (np.nan, np.nan, np.nan, level, decades, *known, reason)
    return (np.nan, np.nan, np.nan, level, np.nan, *known, tail.refused)


def redrawn_comparisons(weights: Floats, inside: Bools, comparisons: float) -> Floats:
    """All comparisons of the group under redrawn people, in proportion to pairs of people."""
    drawn = weights[:, inside].astype(float)
    pairs = (drawn.sum(axis=1) ** 2 - (drawn**2).sum(axis=1)) / 2
    n = np.count_nonzero(inside)
    return np.maximum(divide(pairs, n * (n - 1) / 2) * comparisons, 1.0)
