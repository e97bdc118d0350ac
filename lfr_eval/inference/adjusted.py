"""Stage `inference`: trials and covariates -> table `adjusted`, ratios with covariates held alike.

In: trials of one person each, the people's labels, a plan that names covariates. Out: each group
against the reference group as it was seen, standardised over the covariates of both groups, and by
regression, side by side; refused where one of the groups has no counterpart in a combination of
covariates. Beside them stands what could still explain the ratio. No row carries a verdict.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lfr_eval.contract.names import factor_words, group_words, metric_named
from lfr_eval.contract.spelling import is_group
from lfr_eval.contract.tables import ADJUSTED, CROSS
from lfr_eval.contract.trials import Grouping, PersonTrials, Trials, group_people
from lfr_eval.contract.words import confidence, joined, percentage, ratio, some
from lfr_eval.inference.cells import Bools, Floats, divide
from lfr_eval.inference.comparing_groups import reference_group
from lfr_eval.inference.counting import lenders_of, steps_of
from lfr_eval.inference.covariates import Counted, known_covariates
from lfr_eval.inference.minimum import enough_evidence
from lfr_eval.inference.mover import Compared, p_value, ratio_ends
from lfr_eval.inference.plan import Plan
from lfr_eval.inference.precision import Lenders, precision_of
from lfr_eval.inference.regression import design_of, fit_log_rates
from lfr_eval.inference.sensitivity import (
    MISLABELLED,
    e_value,
    e_value_of_interval,
    mislabelled_at_random,
    mislabelled_at_worst,
)
from lfr_eval.inference.statements import of_trials, setting_words

_MOST_NAMED = 3


def adjusted_table(
    trials: Sequence[Trials],
    people: pd.DataFrame,
    thresholds: Sequence[float],
    plan: Plan,
) -> pd.DataFrame:
    """Compare groups with the covariates of `plan.adjust` held alike.

    Parameters
    ----------
    trials
        The evidence. Comparisons of two people are left out: they have two sets of covariates.
    people
        One row per person, one column per label.
    thresholds
        The thresholds of the table.
    plan
        Names factors, reference groups, covariates and level.

    Returns
    -------
    DataFrame
        The table `adjusted`; empty where the plan names no covariate.
    """
    rows = [
        row
        for one in trials
        if isinstance(one, PersonTrials) and plan.adjust
        for factor in plan.factors
        if set(factor.split(CROSS)) <= set(people.columns)
        for row in _rows(one, people, factor, thresholds, plan)
    ]
    return ADJUSTED.build(rows) if rows else ADJUSTED.empty()


def _rows(
    trials: PersonTrials,
    people: pd.DataFrame,
    factor: str,
    thresholds: Sequence[float],
    plan: Plan,
) -> Iterator[dict[str, object]]:
    wanted = [name for name in plan.adjust if name not in factor.split(CROSS)]
    covariates = known_covariates(trials, people, wanted)
    grouping = group_people(people, factor)
    named = [code for code, name in enumerate(grouping.names) if is_group(name)]
    if not covariates or len(named) < 2:
        return
    steps = steps_of(trials, thresholds)
    lenders = lenders_of(trials, steps)
    every = np.concatenate([steps, lenders.grid])
    counted = Counted.of(trials, people, covariates, every)
    group = grouping.codes[counted.person]
    size = np.bincount(group, minlength=len(grouping.names)).astype(float)
    # Counted in people, as everywhere.
    for code in range(len(size)):
        size[code] = len(np.unique(counted.person[group == code]))
    reference = reference_group(grouping, plan.reference_groups.get(factor), size, named)
    for code in named:
        if code != reference and size[code] and size[reference]:
            yield from _pair(
                trials,
                counted,
                grouping,
                group,
                (code, reference),
                covariates,
                steps,
                lenders,
                plan,
            )


@dataclass(frozen=True)
class _Ratio:
    """A ratio, its interval and its p-value; NaN where there is none."""

    ratio: float = math.nan
    lower: float = math.nan
    upper: float = math.nan
    p_value: float = math.nan


def _pair(  # noqa: PLR0913
    trials: PersonTrials,
    counted: Counted,
    grouping: Grouping,
    group: np.ndarray,
    codes: tuple[int, int],
    covariates: tuple[str, ...],
    steps: Floats,
    lenders: Lenders,
    plan: Plan,
) -> Iterator[dict[str, object]]:
    """Yield one comparison at every primary threshold."""
    a, b = (group == code for code in codes)
    whole = counted.pooled()
    plain = [whole.standardised(side, np.ones(1)) for side in (a, b)]
    seen = [side.split(lenders) for side in plain]
    by_cell = [counted.trials_by_cell(side) for side in (a, b)]
    used, both = by_cell[0] + by_cell[1], np.minimum(by_cell[0], by_cell[1]) > 0
    refused = _refused(counted, both, used)
    weight = used / used.sum()
    alike_sides = [
        counted.standardised(side, weight).split(lenders, raw)
        for side, raw in zip((a, b), plain, strict=True)
    ]
    fewest = min(counted.people_by_cell(side)[used > 0].min() for side in (a, b))
    enough = enough_evidence(*seen)[0]
    worth = [precision_of(side) for side in seen]
    worth_alike = [precision_of(*side) for side in zip(alike_sides, seen, strict=True)]
    crude = _ratios(Compared(worth[0], worth[1]), plan.level)
    fair = _ratios(Compared(worth_alike[0], worth_alike[1]), plan.level)
    names = (grouping.names[codes[0]], grouping.names[codes[1]])
    for step in range(len(steps)):
        testable = bool(enough[step])
        unadjusted = crude[step]
        why = refused or ("" if testable else "too few people or events to compare the groups")
        adjusted = _Ratio() if why else fair[step]
        fitted = _Ratio() if why else _regression(counted, a, b, step, plan.level)
        rates = [math.nan if why else float(side.rate[0, step]) for side in alike_sides]
        wrong = _mislabelled(whole, a, b, step) if testable else dict.fromkeys(_WRONG, math.nan)
        strength = (
            e_value(adjusted.ratio),
            e_value_of_interval(adjusted.lower, adjusted.upper),
        )
        threshold = float(steps[step]) if trials.has_threshold else math.nan
        row = _Told(
            trials.metric, threshold, trials.watchlist_size, names, covariates, unadjusted,
            adjusted, fitted, (rates[0], rates[1]), strength, why, testable, plan.level,
        )  # fmt: skip
        yield {
            "metric": trials.metric,
            "threshold": threshold,
            "watchlist_size": trials.watchlist_size,
            "factor": grouping.factor,
            "group_a": names[0],
            "group_b": names[1],
            "covariates": ", ".join(covariates),
            "ratio": unadjusted.ratio,
            "ratio_lower": unadjusted.lower,
            "ratio_upper": unadjusted.upper,
            "standardised_a": rates[0],
            "standardised_b": rates[1],
            "adjusted_ratio": adjusted.ratio,
            "adjusted_lower": adjusted.lower,
            "adjusted_upper": adjusted.upper,
            "adjusted_p_value": adjusted.p_value,
            "regression_ratio": fitted.ratio,
            "regression_lower": fitted.lower,
            "regression_upper": fitted.upper,
            "regression_p_value": fitted.p_value,
            "level": plan.level,
            "cells": int((used > 0).sum()),
            "cells_of_one_group": int(((used > 0) & ~both).sum()),
            "overlap": float(used[both].sum() / used.sum()),
            "fewest_people": int(fewest),
            "e_value": strength[0],
            "e_value_interval": strength[1],
            **wrong,
            "refused": why or None,
            "statement": _statement(row),
        }


def _refused(counted: Counted, both: Bools, used: Floats) -> str:
    """Say which combinations of covariates one of the groups has nobody in."""
    alone = np.flatnonzero((used > 0) & ~both)
    if not len(alone):
        return ""
    largest = alone[np.argsort(-used[alone], kind="stable")]
    named = [counted.names[cell].replace(CROSS, ", ") for cell in largest]
    return (
        f"only one of the groups has passes with {some(named, _MOST_NAMED, '; ')} "
        f"({percentage(float(used[alone].sum() / used.sum()))} of the passes of both)"
    )


def _ratios(sides: Compared, level: float) -> list[_Ratio]:
    """Ratio at every threshold, by the construction of all findings."""
    lower, upper = ratio_ends(sides, level)
    value = divide(sides.a.rate, sides.b.rate, otherwise=math.nan)
    columns = (value[0], lower[0], upper[0], p_value(sides)[0])
    return [_Ratio(*(float(one) for one in row)) for row in zip(*columns, strict=True)]


def _regression(counted: Counted, a: Bools, b: Bools, step: int, level: float) -> _Ratio:
    """Ratio of the two groups by regression on all covariates."""
    rows = a | b
    events, trials = counted.events[rows, step], counted.trials[rows]
    levels, member = counted.levels[counted.cell[rows]], a[rows]
    if min(events[member].sum(), events[~member].sum()) <= 0:
        return _Ratio()
    # A level without any event is expected to have none, and says nothing of the ratio.
    keep = np.ones(len(events), bool)
    for values in levels.T:
        keep &= np.bincount(values, events)[values] > 0
    fitted = fit_log_rates(
        events[keep],
        trials[keep],
        design_of(member[keep], levels[keep]),
        counted.cluster[rows][keep],
    )
    return _Ratio() if fitted is None else _Ratio(*fitted.ratio(1, level))


def _mislabelled(whole: Counted, a: Bools, b: Bools, step: int) -> dict[str, float]:
    """Ratios if some labels were wrong, at random and in the worst way, by column."""
    rows = a | b
    person, place = np.unique(whole.person[rows], return_inverse=True)
    number = len(person)
    events = np.bincount(place.ravel(), whole.events[rows, step], number)
    trials = np.bincount(place.ravel(), whole.trials[rows], number)
    member = np.bincount(place.ravel(), a[rows], number) > 0
    x, n = (np.array([each[side].sum() for side in (member, ~member)]) for each in (events, trials))
    found = [mislabelled_at_random(x, n, share) for share in MISLABELLED]
    found += [mislabelled_at_worst(events, trials, member, share) for share in MISLABELLED]
    return dict(zip(_WRONG, found, strict=True))


_WRONG = [
    f"mislabelled_{how}_{100 * share:g}" for how in ("random", "worst") for share in MISLABELLED
]
"""Columns of ratios with some labels wrong."""


@dataclass(frozen=True)
class _Told:
    """What the sentence of a row needs to know."""

    metric: str
    threshold: float
    watchlist_size: int | None
    names: tuple[str, str]
    covariates: tuple[str, ...]
    unadjusted: _Ratio
    adjusted: _Ratio
    fitted: _Ratio
    rates: tuple[float, float]
    strength: tuple[float, float]
    refused: str
    testable: bool
    level: float


def _statement(row: _Told) -> str:
    """Return the sentence of a comparison with covariates held alike."""
    start = setting_words(row.metric, row.threshold, row.watchlist_size)
    a, b = (group_words(name) for name in row.names)
    metric = metric_named(row.metric)
    held = joined([factor_words(name) for name in row.covariates])
    if not row.testable:
        return f"{start}too little was seen to compare {a} with {b}. (Exploratory.)"
    crude = (
        f"{start}{a} {metric.deed} {_times(row.unadjusted)} as {b} "
        f"({_interval(row.unadjusted, row.level)}) before adjustment"
    )
    if row.refused:
        return (
            f"{crude}. It cannot be adjusted for {held}: {row.refused}. Adjust for fewer or "
            f"coarser covariates. (Exploratory.)"
        )
    rates = of_trials(row.metric, (row.rates[0], "nearest"), (row.rates[1], "nearest"))
    said = (
        f"{crude}, and {_times(row.adjusted)} with the {held} of both groups "
        f"together ({_interval(row.adjusted, row.level)}; {' against '.join(rates)})"
    )
    if not math.isnan(row.fitted.ratio):
        said += (
            f"; a regression gives {ratio(row.fitted.ratio)} ({_interval(row.fitted, row.level)})"
        )
    return f"{said}. {_unrecorded(row)}(Exploratory.)"


def _times(one: _Ratio) -> str:
    """Return a ratio in words; only its bound where one of the groups had no event."""
    if math.isnan(one.ratio):
        return f"at least {ratio(one.lower, 'down')} times as often"
    if one.ratio == 0:
        return f"at most {ratio(one.upper, 'up')} times as often"
    return f"{ratio(one.ratio)} times as often"


def _interval(one: _Ratio, level: float) -> str:
    lower, upper = ratio(one.lower, "down"), ratio(one.upper, "up")
    return f"{confidence(level)} interval {lower} to {upper}"


def _unrecorded(row: _Told) -> str:
    """Say what something unrecorded would have to be to explain the ratio away."""
    point, end = row.strength
    if not math.isfinite(point) or not end > 1:
        return ""
    return (
        f"Something that was not recorded could explain the whole of it only if it made both "
        f"membership of the group and the event at least {ratio(point, 'down')} times as likely "
        f"({ratio(end, 'down')} times for the interval to include 1). "
    )
