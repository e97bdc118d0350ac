"""Stage `inference`: how the false alert rate grows with the watchlist, by group.

In: `WatchlistTrials`, labels of people and of references, compositions, thresholds. Out: the table
`watchlist_sizes`: closed form, resampling and linear scaling side by side, each with an interval
that is clustered by person, and how far they disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from lfr_eval.contract.mixing import AS_THEY_COME, Mix
from lfr_eval.contract.tables import WATCHLIST_SIZES
from lfr_eval.contract.trials import WatchlistTrials, group_all, group_people
from lfr_eval.inference.cells import Floats, person_variance, satterthwaite
from lfr_eval.inference.clusters import clusters_of
from lfr_eval.inference.ends import lower_ends, upper_ends
from lfr_eval.inference.intervals import NO_EVENT_PEOPLE, critical, no_event_bound
from lfr_eval.inference.plan import Plan
from lfr_eval.inference.precision import NO_TRIAL, Evidence, precision_of
from lfr_eval.inference.watchlist_ways import Answer, Exposure, closed_form, resampled

BEYOND = 10
"""How many times longer than the longest watchlist of the fillers the grid of sizes goes on."""

ALIKE = 0.001
"""Share of a rate below which two ways agree, however narrow the interval: near 1 it is."""

TINY = 1e-300

ROUNDING = 1e-9
"""Alerts of a person, and passes without one, up to which there are none: they are a sum."""

WAYS = RESAMPLED, CLOSED_FORM, LINEAR = "resampled", "closed_form", "linear"
NO_MATCH_BEYOND = "no match: independent people only, times the watchlists put together"


def watchlist_size_table(
    trials: WatchlistTrials,
    people: pd.DataFrame,
    references: pd.DataFrame,
    mixes: Sequence[Mix],
    thresholds: Sequence[float],
    plan: Plan,
    sizes: Sequence[int] = (),
) -> pd.DataFrame:
    """Work out false alert rates by watchlist size and composition, in three ways.

    Parameters
    ----------
    trials
        The evidence.
    people
        One row per person under test, one column per factor.
    references
        One row a reference, in the order of the trials; columns are factors.
    mixes
        Compositions to answer for.
    thresholds
        None below the floor of the trials.
    plan
        Factors, level, and fixed or random watchlist.
    sizes
        Sizes to answer for beside those of a logarithmic grid.

    Returns
    -------
    DataFrame
        The table `watchlist_sizes`. Beyond the longest watchlist that the fillers allow there is
        no resampled rate, so nothing says there whether the others agree with it.

    Raises
    ------
    ValueError
        If a threshold is below the floor.
    """
    low = [threshold for threshold in thresholds if threshold < trials.floor]
    if low:
        raise ValueError(
            f"Thresholds {low} are below the floor of the watchlist's matches, {trials.floor:g}."
        )
    rows: list[tuple[object, ...]] = []
    clusters = clusters_of(people)
    for mix in mixes:
        grouping = group_people(references, mix.factor)
        group = mix.code(grouping.names, grouping.codes)
        longest = mix.largest(np.bincount(group[group >= 0], minlength=len(mix.groups)))
        grid = size_grid(mix, longest, sizes)
        for threshold in thresholds:
            for tested in group_all(people, plan.factors):
                for code, name in enumerate(tested.names):
                    exposure = Exposure.of(
                        trials, tested.codes == code, mix, group, threshold, clusters
                    )
                    start = (mix.name, threshold, tested.factor, name)
                    rows += _rows(start, exposure, grid, longest, plan)
    return WATCHLIST_SIZES.build(rows) if rows else WATCHLIST_SIZES.empty()


def size_grid(mix: Mix, longest: int, sizes: Iterable[int] = ()) -> list[int]:
    """Return 1, 2, 5, 10, ... to beyond the longest watchlist, with the sizes asked for.

    Sizes of which a composition leaves a group out altogether are left out.
    """
    if not longest:
        return []
    end = max(BEYOND * longest, *sizes, 1)
    decades = range(len(str(end)))
    steps = [step * 10**decade for decade in decades for step in (1, 2, 5)]
    first = 1 if mix.factor == AS_THEY_COME.factor else mix.smallest
    return sorted({size for size in (*steps, *sizes, longest) if first <= size <= end})


def _rows(
    start: tuple[str, float, str, str],
    exposure: Exposure,
    grid: Sequence[int],
    longest: int,
    plan: Plan,
) -> Iterable[tuple[object, ...]]:
    composition, threshold, factor, group = start
    people = exposure.person[exposure.hit_pass]
    counts = (
        longest,
        exposure.passes,
        exposure.people,
        len(exposure.hit_pass),
        len(exposure.matched[0]),
        len(np.unique(people)),
    )
    nothing = (np.nan, np.nan, np.nan)
    if not exposure.passes:
        for size in grid:
            unknown = (*nothing, plan.level, NO_TRIAL, *nothing, None)
            where = (composition, threshold, size, factor, group)
            yield from ((*where, way, *counts, *unknown) for way in WAYS)
        return
    base = resampled(exposure, longest)
    told, asked = [], []
    for size in grid:
        answers = _answers(exposure, size, longest, base)
        measured = answers.get(RESAMPLED)
        for way, answer in answers.items():
            beside = nothing
            if measured is not None and way != RESAMPLED:
                beside = _ratio(answer, measured, exposure, plan)
            told.append((size, way, answer.rate, beside))
            asked.append(_limits(answer, exposure, size, longest, plan))
    intervals = _intervals(asked, [rate for _, _, rate, _ in told], plan)
    bar = None
    for (size, way, exact, beside), (lower, upper, method) in zip(told, intervals, strict=True):
        rate, alike = min(exact, 1.0), None
        if way == RESAMPLED:
            bar = (size, lower, upper, max(exact, TINY))
        elif bar is not None and bar[0] == size:
            alike = bool(bar[1] <= rate <= bar[2] or abs(rate / bar[3] - 1) < ALIKE)
        head = (composition, threshold, size, factor, group, way)
        yield (*head, *counts, rate, lower, upper, plan.level, method, *beside, alike)


def _answers(exposure: Exposure, size: int, longest: int, base: Answer) -> dict[str, Answer]:
    """Return the rate in every way that there is for this size."""
    answers = {CLOSED_FORM: closed_form(exposure, size), LINEAR: base.times(size / longest)}
    return {RESAMPLED: resampled(exposure, size), **answers} if size <= longest else answers


Interval = tuple[float, float, str]


def _limits(
    answer: Answer, exposure: Exposure, size: int, longest: int, plan: Plan
) -> Interval | Evidence:
    """Return the interval of a rate of 0 or 1, or what that of another rate is made of."""
    people = exposure.units
    if answer.rate <= 0:
        bound = float(no_event_bound(people, plan.level))
        if size <= longest:
            # Part of a watchlist that nobody sets off sets off no more alerts than the whole.
            return 0.0, bound, NO_EVENT_PEOPLE
        return 0.0, min(bound * -(-size // longest), 1.0), NO_MATCH_BEYOND
    if answer.rate >= 1:
        return 1.0 - float(no_event_bound(people, plan.level)), 1.0, NO_EVENT_PEOPLE
    return _evidence(answer, exposure, plan)


def _intervals(
    asked: Sequence[Interval | Evidence], rates: Sequence[float], plan: Plan
) -> list[Interval]:
    """Return lower end, upper end and method of each rate, worked out for all of them at once."""
    rows = [one for one in asked if isinstance(one, Evidence)]
    if not rows:
        return [one for one in asked if not isinstance(one, Evidence)]
    cells = precision_of(Evidence.stack(rows))
    tail = (1 - plan.level) / 2
    lower, upper = lower_ends(cells, tail).flat, upper_ends(cells, tail).flat
    found = zip(lower, upper, cells.basis.flat, strict=True)
    intervals = []
    for one, rate in zip(asked, rates, strict=True):
        if isinstance(one, Evidence):
            low, high, method = next(found)
            # Events are trials times the rate, whose quotient may miss the rate by a rounding.
            intervals.append((min(float(low), rate), max(float(high), rate), str(method)))
        else:
            intervals.append(one)
    return intervals


def _evidence(answer: Answer, exposure: Exposure, plan: Plan) -> Evidence:
    """Return the alerts of a watchlist as evidence of one group at one threshold.

    Who had an alert was counted for the very list that was searched. Of other watchlists it is not
    known, so that where alerts are few people are the trials there.
    """
    trials, rate, people = float(exposure.passes), answer.rate, exposure.units
    deviation = exposure.by_unit(answer.residual) * trials
    squares = deviation**2
    passes = exposure.by_unit(exposure.trials)
    alerts = deviation + rate * passes
    without = passes - alerts
    variance = max(_variance(answer, exposure, plan), answer.independent)
    if people <= 1:  # One person says as much as one trial.
        variance = rate * (1 - rate)

    def cell(value: float) -> Floats:
        return np.array([[value]])

    def touched(number: Floats) -> Floats:
        return cell(float(np.sum(number > ROUNDING)) if answer.observed else 0.0)

    return Evidence(
        events=cell(rate * trials),
        trials=cell(trials),
        variance=cell(variance),
        degrees=cell(float(satterthwaite(squares.sum(), (squares**2).sum(), people))),
        largest=cell(float(alerts.max())),
        largest_without=cell(float(without.max())),
        people=cell(people),
        affected=touched(alerts),
        affected_without=touched(without),
        pairs=False,
        falling=True,
    )


def _ratio(
    answer: Answer, measured: Answer, exposure: Exposure, plan: Plan
) -> tuple[float, float, float]:
    """Ratio of two ways; they rest on the same passes, so most of their errors cancel."""
    if answer.rate <= 0 or measured.rate <= 0:
        return np.nan, np.nan, np.nan
    difference = Answer(
        0.0,
        answer.residual / answer.rate - measured.residual / measured.rate,
        answer.part / answer.rate - measured.part / measured.rate,
        0.0,
    )
    squares = exposure.by_unit(difference.residual) ** 2
    degrees = float(satterthwaite(squares.sum(), (squares**2).sum(), exposure.units))
    half = float(critical(plan.level, degrees)) * np.sqrt(_variance(difference, exposure, plan))
    ratio = answer.rate / measured.rate
    return ratio, float(ratio * np.exp(-half)), float(ratio * np.exp(half))


def _variance(answer: Answer, exposure: Exposure, plan: Plan) -> float:
    trials, total = exposure.by_unit(exposure.trials), np.array(float(exposure.passes))
    number, residual = np.array(float(exposure.units)), exposure.by_unit(answer.residual)
    people = float(person_variance(residual * total, trials, total, number))
    return people + (_reference_variance(answer, exposure) if plan.watchlist == "random" else 0.0)


def _reference_variance(answer: Answer, exposure: Exposure) -> float:
    """Variance that other references would add: V_reference - V_pair, not below 0.

    See `watchlists` for the decomposition; references are drawn within the groups of the mix.
    """
    if not len(answer.part):
        return 0.0
    group = exposure.hit_group
    total = np.bincount(group, answer.part, len(exposure.available))
    have = np.maximum(exposure.available, 1)
    between = np.sum(np.bincount(exposure.hit_reference, answer.part) ** 2)
    within = np.sum(np.bincount(exposure.pairs, answer.part) ** 2)
    shared = np.sum(total**2 / have) * (1 - 1 / exposure.people)
    return max(float(between - within - shared), 0.0)
