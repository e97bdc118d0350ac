"""Stage `inference`: single numbers for how unequal the rates of groups are.

In: trials and a grouping, or plain rates. Out: the `equity` table, every measure with its
person-bootstrap interval and, as data, its definition, range and caveat. None is a headline: each
hides something that the rates by group show.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from lfr_eval.contract import defaults
from lfr_eval.contract.tables import EQUITY
from lfr_eval.contract.trials import Grouping, PairTrials, Trials, group_people
from lfr_eval.inference.bootstrap import (
    Drawn,
    bootstrap_rates,
    draw_alone,
    draw_together,
    draws_together,
)
from lfr_eval.inference.cells import Floats, divide
from lfr_eval.inference.comparing_groups import is_group
from lfr_eval.inference.controls import no_controls
from lfr_eval.inference.counting import Swept
from lfr_eval.inference.ends import student_factor
from lfr_eval.inference.inequality import coefficient_of_variation
from lfr_eval.inference.intervals import independent_units, no_event_bound
from lfr_eval.inference.observed import counts_of, evidence_of
from lfr_eval.inference.plan import Plan
from lfr_eval.inference.precision import precision_of

REPLICATES = 10_000
OPPOSITE = {"FMR": "FNMR", "FPIR": "FNIR"}


@dataclass(frozen=True)
class Part:
    """What a measure takes of the rates of one metric.

    Attributes
    ----------
    of
        From rates (..., groups) to values (...).
    least
        Its smallest value for rates of a coefficient of variation, with their mean and number.
    """

    of: Callable[[Floats], Floats]
    least: Callable[[Floats, Floats, int], Floats]


@dataclass(frozen=True)
class Measure:
    """An equity measure and what a reader must know of it.

    Attributes
    ----------
    name, definition, range, caveat
        Printed with every value.
    of
        From rates (..., groups) to values (...); of two metrics for `paired` measures.
    paired
        Whether it needs a false positive and a false negative rate.
    least, most
        Ends of the range.
    part
        What it takes of each metric's rates, where the sampling variance is taken off its interval.
    falls
        Whether it falls from 1 with what it takes.
    weighted
        Whether it takes the plan's weight of false positives.
    """

    name: str
    definition: str
    range: str
    caveat: str
    of: Callable[..., Floats]
    paired: bool = False
    least: float = 0.0
    most: float = np.inf
    part: Part | None = None
    falls: bool = False
    weighted: bool = False

    def under(self, weight: float) -> Measure:
        """Return the measure with a weight of false positives, which its definition states."""
        if not self.weighted:
            return self
        definition = self.definition.format(weight=weight)
        return replace(self, of=partial(self.of, weight=weight), definition=definition)


def gini(rates: Floats) -> Floats:
    """Gini coefficient with the factor k / (k - 1), over the last axis; NaN where all are 0."""
    k = rates.shape[-1]
    gaps = np.abs(rates[..., :, None] - rates[..., None, :]).sum(axis=(-1, -2))
    value = divide(gaps, 2 * k * k * rates.mean(axis=-1), otherwise=np.nan)
    return value * k / (k - 1) if k > 1 else value


def worst_to_best(rates: Floats) -> Floats:
    """Largest over smallest rate; infinite where only the smallest is 0, NaN where all are."""
    worst, best = rates.max(axis=-1), rates.min(axis=-1)
    return np.where(worst > 0, divide(worst, best, otherwise=np.inf), np.nan)


def worst_to_mean(rates: Floats) -> Floats:
    """Largest rate over the geometric mean; infinite where a rate is 0, NaN where all are."""
    worst = rates.max(axis=-1)
    with np.errstate(divide="ignore"):
        mean = np.exp(np.log(rates).mean(axis=-1))
    return np.where(worst > 0, divide(worst, mean, otherwise=np.inf), np.nan)


def log_spread(rates: Floats) -> Floats:
    """Spread of the log rates; infinite where a rate is 0, NaN where all are."""
    positive = np.all(rates > 0, axis=-1)
    logs = np.log(np.where(rates > 0, rates, 1.0))
    k = rates.shape[-1]
    spread = logs.std(axis=-1, ddof=1) if k > 1 else np.zeros(rates.shape[:-1])
    return np.where(positive, spread, np.where(rates.max(axis=-1) > 0, np.inf, np.nan))


def garbe(a: Floats, b: Floats, weight: float = defaults.GARBE_WEIGHT) -> Floats:
    """Weighted mean of the Gini coefficients of two rates; `weight` is that of the first."""
    mean: Floats = weight * gini(a) + (1 - weight) * gini(b)
    return mean


def _gap(rates: Floats) -> Floats:
    gap: Floats = rates.max(axis=-1) - rates.min(axis=-1)
    return gap


def _gini_at_least(variation: Floats, _: Floats, k: int) -> Floats:
    """Gini coefficient where one group alone is above the others."""
    least: Floats = variation / np.sqrt(k - 1)
    return least


def _spread_at_least(variation: Floats, _: Floats, k: int) -> Floats:
    """Spread of the log rates where one group alone is above the others."""
    room = np.maximum(np.sqrt(k - 1) - variation, 1e-9)
    least: Floats = np.log1p(variation * k / room) / np.sqrt(k)
    return least


def _gap_at_least(variation: Floats, mean: Floats, _: int) -> Floats:
    """Largest difference where half of the groups are above the others."""
    return 2 * variation * mean


MEASURES = (
    Measure(
        "worst/best",
        "largest over smallest group rate",
        "1 (equal) to infinity",
        "Undefined where the best group has no event; depends on the two extreme groups alone and "
        "grows with the number of groups.",
        worst_to_best,
        least=1.0,
    ),
    Measure(
        "worst/geometric mean",
        "largest group rate over the geometric mean of the group rates",
        "1 (equal) to infinity",
        "Undefined where any group has no event.",
        worst_to_mean,
        least=1.0,
    ),
    Measure(
        "log-ratio spread",
        "standard deviation of the natural logarithms of the group rates",
        "0 (equal) to infinity",
        "Undefined where any group has no event. Chance alone puts the value of equal groups far "
        "above 0: read the interval, which subtracts the sampling variance. With 14 "
        "groups, one at three times the rate of the others, it covers 85 % instead of 95 %.",
        log_spread,
        part=Part(log_spread, _spread_at_least),
    ),
    Measure(
        "Gini",
        "k / (k - 1) times the mean absolute difference of the rates of k groups over twice their "
        "mean",
        "0 (equal) to 1",
        "Does not say which group is worse. Chance alone puts the value of equal groups far "
        "above 0: read the interval, which subtracts the sampling variance. With 14 "
        "groups, one at three times the rate of the others, it covers 85 % instead of 95 %.",
        gini,
        most=1.0,
        part=Part(gini, _gini_at_least),
    ),
    Measure(
        "GARBE",
        "weighted mean of the Gini coefficients of the false positive and the false negative rate "
        "(Howard et al. 2022, arXiv 2203.05051, weight {weight:g} on false positives)",
        "0 (equal) to 1",
        "One number for two kinds of harm to different people. Chance alone puts the value of "
        "equal groups far above 0: read the interval.",
        garbe,
        paired=True,
        most=1.0,
        part=Part(gini, _gini_at_least),
        weighted=True,
    ),
    Measure(
        "FDR",
        "1 - (largest difference of false positive rates + largest difference of false negative "
        "rates) / 2 (Pereira & Marcel 2021, weight 0.5)",
        "0 to 1 (equal)",
        "Differences of rare events are small however large their ratio: 0.04 % against 5.5 % "
        "gives 0.973. Chance alone puts the value of equal groups below 1: read the interval.",
        lambda a, b: 1 - (_gap(a) + _gap(b)) / 2,
        paired=True,
        most=1.0,
        part=Part(_gap, _gap_at_least),
        falls=True,
    ),
    Measure(
        "Inequity Rate",
        "geometric mean of worst/best of the false positive and the false negative rate (weight "
        "0.5)",
        "1 (equal) to infinity",
        "Undefined where a group has no event; a large ratio of one rate can be offset by the "
        "other.",
        lambda a, b: np.sqrt(worst_to_best(a) * worst_to_best(b)),
        paired=True,
        least=1.0,
    ),
)


def equity_table(
    trials: Sequence[Trials],
    people: pd.DataFrame,
    factors: Sequence[str],
    thresholds: Sequence[float],
    plan: Plan,
    replicates: int = REPLICATES,
) -> pd.DataFrame:
    """Equity measures of every factor at every threshold.

    Parameters
    ----------
    trials
        The evidence; FMR with FNMR, and FPIR with FNIR of the same watchlist size, also give the
        measures of both.
    people
        One row a person, one column a factor.
    factors
        Factors with at least two groups that have trials; others give no row.
    thresholds
        Thresholds.
    plan
        Level and seed.
    replicates
        Bootstrap replicates.

    Returns
    -------
    DataFrame
        The table `equity`. Where a group without events makes a measure infinite its value is
        null, and `lower` allows that group the rate which its number of people leaves open.
        Without any event `lower` is null too.
    """
    if people.empty:
        return EQUITY.empty()
    trials = [one for one in trials if one.metric != "TPIR"]
    steps, alone = np.asarray(thresholds), None
    if not draws_together(len(people), trials):
        alone = draw_alone(len(people), replicates, plan.seed)
    frames = []
    for factor in factors:
        grouping = group_people(people, factor)
        if len(grouping.names) < 2:
            continue
        redrawn = alone or draw_together(trials, grouping, steps, replicates, plan.seed)
        drawn = [
            found
            for one in trials
            if len((found := _draw(one, grouping, thresholds, redrawn, plan)).observed) > 1
        ]
        for one in drawn:
            opposite = [
                other
                for other in drawn
                if other.trials.metric == OPPOSITE.get(one.trials.metric)
                and other.trials.watchlist_size == one.trials.watchlist_size
            ]
            for measure in (known.under(plan.garbe_weight) for known in MEASURES):
                both = [[one, other] for other in opposite] if measure.paired else [[one]]
                frames += [_rows(measure, rates, factor, thresholds, plan) for rates in both]
    return EQUITY.conform(pd.concat(frames, ignore_index=True)) if frames else EQUITY.empty()


@dataclass(frozen=True)
class _Drawn:
    """Rates of one metric by group.

    Attributes
    ----------
    observed : (groups, thresholds)
    redrawn : (replicates, groups, thresholds)
    silent : (groups, 1)
        The rate that people alone allow a group without events.
    effective : (groups, thresholds)
        Effective trials, less what estimating the variance costs.
    """

    trials: Trials
    observed: Floats
    redrawn: Floats
    silent: Floats
    effective: Floats

    def spread(self, level: float) -> tuple[Floats, Floats, Floats]:
        """Return the mean rate, how far rates are apart at least, and their growth, (thresholds,).

        At least: the lower end of the coefficient of variation between groups, the sampling
        variance taken off. Growth: its upper end over the observed one.
        """
        found = coefficient_of_variation(self.observed, self.effective, level)
        total = self.effective.sum(axis=0)
        mean = divide((self.effective * self.observed).sum(axis=0), total)
        squares = divide((self.effective * (self.observed - mean) ** 2).sum(axis=0), total)
        raw = divide(np.sqrt(squares), mean)
        return mean, found.lower, divide(found.upper, raw, otherwise=np.nan)

    def spoken(self, rates: Floats) -> Floats:
        """Give silent groups the rate they may have, but none above the worst group's."""
        worst = rates.max(axis=-2, keepdims=True)
        return np.where(rates > 0, rates, np.minimum(self.silent, worst))


def _draw(
    trials: Trials,
    grouping: Grouping,
    thresholds: Sequence[float],
    drawn: Drawn,
    plan: Plan,
) -> _Drawn:
    """Redraw people; groups without trials are left out."""
    observed, redrawn = bootstrap_rates(trials, grouping, np.asarray(thresholds), drawn)
    named = np.array([is_group(name) for name in grouping.names])
    keep = ~np.isnan(observed[:, 0]) & named
    observed, redrawn = observed[keep], redrawn[:, keep]
    swept = Swept.of(trials, thresholds)
    counts = counts_of(swept, grouping, no_controls(trials), plan.watchlist)
    cells = precision_of(evidence_of(counts))
    factor = student_factor((1 - plan.level) / 2, cells.degrees[keep])
    effective = factor * cells.effective_trials[keep]
    people = counts.exposed[keep].astype(float)
    independent = independent_units(people, isinstance(trials, PairTrials))
    silent = no_event_bound(independent, plan.level)[:, None]
    # A replicate that lost a group's trials keeps its rate.
    redrawn = np.where(np.isnan(redrawn), observed, redrawn)
    return _Drawn(trials, observed, redrawn, silent, effective)


def _rows(
    measure: Measure,
    drawn: list[_Drawn],
    factor: str,
    thresholds: Sequence[float],
    plan: Plan,
) -> pd.DataFrame:
    trials, tail = drawn[0].trials, (1 - plan.level) / 2
    value = measure.of(*(np.moveaxis(one.observed, 0, -1) for one in drawn))
    values = measure.of(*(np.moveaxis(one.redrawn, 1, -1) for one in drawn))
    allowed = measure.of(*(np.moveaxis(one.spoken(one.redrawn), 1, -1) for one in drawn))
    # A replicate without any event says nothing, and must not make inequality look certain.
    least = np.min(np.where(np.isnan(values), np.inf, values), axis=0)
    values = np.where(np.isnan(values), least, values)
    low, high = np.quantile(values, [tail, 1 - tail], axis=0, method="inverted_cdf")
    # Redrawing people adds noise, and noise makes the worst worse and the best better: percentiles
    # alone can lie wholly above the observed value. The reflected interval errs the other way.
    with np.errstate(invalid="ignore"):
        low = np.fmin(low, np.maximum(2 * value - high, measure.least))
        high = np.fmax(high, np.minimum(2 * value - low, measure.most))
    steps = np.unique(np.asarray(thresholds, float)) if trials.has_threshold else np.array([np.nan])
    # Infinite because a group is silent: bounded by the rate which that group may have.
    allowed = np.where(np.isnan(allowed), measure.least, allowed)
    bound = np.quantile(allowed, tail, axis=0, method="inverted_cdf")
    low = np.where(np.isinf(value), np.fmin(low, bound), low)
    if measure.part is not None:
        low, high = _deflated(measure, drawn, plan)
    return pd.DataFrame(
        {
            "measure": measure.name,
            "metric": " + ".join(one.trials.metric for one in drawn),
            "threshold": steps,
            "watchlist_size": pd.array([trials.watchlist_size] * len(steps), dtype="Int64"),
            "factor": factor,
            "groups": len(drawn[0].observed),
            "value": np.where(np.isfinite(value), value, np.nan),
            "lower": np.where(np.isnan(value), np.nan, low),
            "upper": np.where(np.isnan(value), np.nan, high),
            "level": plan.level,
            "replicates": len(drawn[0].redrawn),
            "definition": measure.definition,
            "range": measure.range,
            "caveat": measure.caveat,
        }
    )


def _deflated(measure: Measure, drawn: list[_Drawn], plan: Plan) -> tuple[Floats, Floats]:
    """Return an interval from which the sampling variance is taken off, (thresholds,) each.

    Noise spreads the rates of equal groups, and a bootstrap adds its own.
    """
    assert measure.part is not None
    # Of two metrics each has half of the error.
    level = plan.level if len(drawn) == 1 else (1 + plan.level) / 2
    first = plan.garbe_weight if measure.weighted else 0.5
    shares = [1.0] if len(drawn) == 1 else [first, 1 - first]
    low, high = np.zeros((2, drawn[0].observed.shape[1]))
    for share, one in zip(shares, drawn, strict=True):
        value = measure.part.of(np.moveaxis(one.observed, 0, -1))
        mean, variation, growth = one.spread(level)
        low += share * measure.part.least(variation, mean, len(one.observed))
        endless = np.isinf(value)
        high += share * np.where(endless, np.inf, np.where(endless, 0.0, value) * growth)
    if measure.falls:
        low, high = 1 - high, 1 - low
    return np.maximum(low, measure.least), np.minimum(high, measure.most)
