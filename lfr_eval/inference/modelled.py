"""Stage `inference`: false match and alert rates beyond the last observed event, by group.

In: `PairTrials` or searches, the people's labels, thresholds. Out: the `modelled` table, never
mixed with `rates`: what a validated tail allows, or why it allows nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lfr_eval.contract.tables import MODELLED
from lfr_eval.contract.trials import PairTrials, Trials, group_people
from lfr_eval.inference.bootstrap import person_weights
from lfr_eval.inference.cells import Bools, Floats, divide
from lfr_eval.inference.counting import counter_of, steps_of
from lfr_eval.inference.plan import Plan
from lfr_eval.inference.tail import LARGEST_SHARE_OF_SEARCHES, TailFit, fit_tail, survival

REPLICATES = 500
MOST_DECADES = 2.0
MODELLED_METRICS = ("FMR", "FPIR")


def modelled_table(
    trials: Trials,
    people: pd.DataFrame,
    factors: Sequence[str],
    thresholds: Sequence[float],
    plan: Plan,
    replicates: int = REPLICATES,
) -> pd.DataFrame:
    """Modelled false match or false alert rates at thresholds with fewer than ten events.

    Parameters
    ----------
    trials
        Comparisons (FMR; the lower their floor, the more the diagnostics can choose from) or
        searches (FPIR; the score of a pass is the highest over this watchlist, and the interval
        holds for this watchlist).
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

    Raises
    ------
    ValueError
        If the trials are neither comparisons nor searches that may raise a false alert.
    """
    if trials.metric not in MODELLED_METRICS:
        raise ValueError(
            f"The 'trials' parameter of modelled_table must be of {' or '.join(MODELLED_METRICS)}. "
            f"Got {trials.metric} instead."
        )
    steps = steps_of(trials, thresholds)
    weights = person_weights(len(people), replicates, plan.seed)
    counter = counter_of(trials, steps)
    rows = []
    for factor in factors:
        grouping = group_people(people, factor)
        cells = counter.count(grouping.codes[None], len(grouping.names))
        for code, name in enumerate(grouping.names):
            total = float(cells.trials[0, code, 0])
            tail = _fit(trials, grouping.codes == code, total, weights)
            for step, threshold in enumerate(steps):
                events = int(cells.events[0, code, step])
                if events < 10:
                    start = (trials.metric, threshold, trials.watchlist_size, factor, name, events)
                    rows.append((*start, *_modelled(tail, float(threshold), total, plan.level)))
    return MODELLED.build(rows) if rows else MODELLED.empty()


def _fit(trials: Trials, inside: Bools, total: float, weights: Floats) -> TailFit:
    """Fit the tail of one group's comparisons or searches."""
    if isinstance(trials, PairTrials):
        hit = inside[trials.first] & inside[trials.second] & (trials.first != trials.second)
        return fit_tail(
            trials.first[hit],
            trials.second[hit],
            trials.score[hit],
            total,
            weights,
            redrawn_comparisons(weights, inside, total),
            float(trials.floor),
        )
    # Passes of which no frame was acquired have no score, and stay in the denominator.
    hit = inside[trials.person] & np.isfinite(trials.score)
    passes = np.bincount(trials.person[inside[trials.person]], minlength=trials.people)
    score = trials.score[hit]
    return fit_tail(
        trials.person[hit],
        None,
        score,
        total,
        weights,
        np.maximum(weights.astype(float) @ passes, 1.0),
        float(score.min()) if len(score) else 0.0,
        LARGEST_SHARE_OF_SEARCHES,
    )


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
