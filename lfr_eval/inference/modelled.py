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
from lfr_eval.inference.cells import Bools, Codes, divide
from lfr_eval.inference.clusters import clusters_of
from lfr_eval.inference.counting import counter_of, steps_of
from lfr_eval.inference.plan import Plan
from lfr_eval.inference.tail import (
    LARGEST_SHARE,
    LARGEST_SHARE_OF_SEARCHES,
    Scores,
    TailFit,
    fit_tail,
)

DRAWS = 2000
FEW = 10
"""Events from which a rate needs no model."""
MOST_DECADES = 2.0
MODELLED_METRICS = ("FMR", "FPIR")


def modelled_table(
    trials: Trials,
    people: pd.DataFrame,
    factors: Sequence[str],
    thresholds: Sequence[float],
    plan: Plan,
    draws: int = DRAWS,
) -> pd.DataFrame:
    """Modelled false match or false alert rates at thresholds with fewer than ten events.

    Parameters
    ----------
    trials
        Comparisons (FMR; the lower their floor, the more the diagnostics can choose from) or
        searches (FPIR; the score of a pass is the highest over this watchlist, and the interval
        holds for this watchlist).
    people
        One row per person, one column per factor.
    factors
        Factors.
    thresholds
        Thresholds; those with ten or more events of a group are left to `rates`.
    plan
        Level and seed.
    draws
        Lines that are drawn within the errors of each fit.

    Returns
    -------
    DataFrame
        The table `modelled`. Refused where the tail cannot be modelled, the threshold is more
        than two decades beyond one event in all the group's comparisons, or the interval is wide.

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
    counter, clusters = counter_of(trials, steps), clusters_of(people)
    rows = []
    for factor in factors:
        grouping = group_people(people, factor)
        cells = counter.count(grouping.codes, len(grouping.names))
        for code, name in enumerate(grouping.names):
            events = cells.events[code]
            few = np.flatnonzero(events < FEW)
            if not len(few):
                continue
            total, inside = float(cells.trials[code, 0]), grouping.codes == code
            tail = _fit(trials, inside, total, draws, plan.seed, clusters)
            for step in few:
                threshold = float(steps[step])
                start = (trials.metric, threshold, trials.watchlist_size, factor, name)
                modelled = _modelled(tail, threshold, total, plan.level)
                rows.append((*start, int(events[step]), *modelled))
    return MODELLED.build(rows) if rows else MODELLED.empty()


def _fit(
    trials: Trials, inside: Bools, total: float, draws: int, seed: int, clusters: Codes | None
) -> TailFit:
    """Fit the tail of one group's comparisons or searches; clusters stand for their people."""
    unit = np.arange(trials.people) if clusters is None else clusters
    if isinstance(trials, PairTrials):
        hit = inside[trials.first] & inside[trials.second] & (trials.first != trials.second)
        people = max(int(np.count_nonzero(inside)), 1)
        # Of the comparisons, as if everybody had as many: each is of two people.
        share = np.bincount(unit, np.where(inside, 2 / people, 0.0))
        first, second = unit[trials.first[hit]], unit[trials.second[hit]]
        pairs = Scores(first, second, trials.score[hit], share, total)
        return fit_tail(pairs, LARGEST_SHARE, draws, seed)
    # Passes of which no frame was acquired have no score, and stay in the denominator.
    hit = inside[trials.person] & np.isfinite(trials.score)
    passes = np.bincount(trials.person[inside[trials.person]], minlength=trials.people)
    share = np.bincount(unit, divide(passes, total))
    searches = Scores(unit[trials.person[hit]], None, trials.score[hit], share, total)
    return fit_tail(searches, LARGEST_SHARE_OF_SEARCHES, draws, seed)


def _modelled(
    tail: TailFit, threshold: float, comparisons: float, level: float
) -> tuple[object, ...]:
    level_there, trend = float(tail.line.level), float(tail.line.trend)
    # The generalised Pareto distribution whose hazard has that level and trend at the floor.
    shape, scale = (-trend / level_there**2, 1 / level_there) if level_there > 0 else (np.nan,) * 2
    known = (tail.floor, tail.exceedances, shape, scale, tail.fit_p_value)
    if not tail.refused:
        rate, low, high, vague = tail.rate(threshold, level)
        decades = -np.log10(rate * comparisons) if rate > 0 else np.inf
        reason = f"more than {MOST_DECADES:g} decades beyond one event in all comparisons"
        if threshold >= tail.floor and decades <= MOST_DECADES:
            if not vague:
                return (rate, low, high, level, decades, *known, None)
            times = f"{tail.vague:g} times the rate"
            reason = f"the interval is too wide: its upper end is more than {times}"
        return (np.nan, np.nan, np.nan, level, decades, *known, reason)
    return (np.nan, np.nan, np.nan, level, np.nan, *known, tail.refused)
