"""Stage `inference`: single numbers for how unequal the rates of groups are.

In: trials and a grouping, or plain rates. Out: the `equity` table, every measure with its
person-bootstrap interval and, as data, its definition, range and caveat. None is a headline: each
hides something that the rates by group show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lfr_eval.contract.spelling import is_group
from lfr_eval.contract.tables import EQUITY
from lfr_eval.contract.trials import Grouping, PairTrials, Trials, group_people
from lfr_eval.inference.bootstrap import (
    Drawn,
    bootstrap_rates,
    draw_alone,
    draw_together,
    draws_together,
)
from lfr_eval.inference.cells import Codes, Floats, divide
from lfr_eval.inference.clusters import clusters_of
from lfr_eval.inference.controls import no_controls
from lfr_eval.inference.counting import Swept
from lfr_eval.inference.ends import student_factor
from lfr_eval.inference.equity_measures import MEASURES, Measure
from lfr_eval.inference.inequality import coefficient_of_variation
from lfr_eval.inference.intervals import independent_units, no_event_bound
from lfr_eval.inference.joined import Columns, joined
from lfr_eval.inference.observed import counts_of, evidence_of
from lfr_eval.inference.plan import Plan
from lfr_eval.inference.precision import precision_of

REPLICATES = 10_000
OPPOSITE = {"FMR": "FNMR", "FPIR": "FNIR"}


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
        One row per person, one column per factor.
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
    steps, alone, clusters = np.asarray(thresholds), None, clusters_of(people)
    if not draws_together(len(people), trials):
        alone = draw_alone(len(people), replicates, plan.seed, clusters)
    parts = []
    for factor in factors:
        grouping = group_people(people, factor)
        if len(grouping.names) < 2:
            continue
        redrawn = alone or draw_together(trials, grouping, steps, replicates, plan.seed)
        found = [_draw(one, grouping, thresholds, redrawn, plan, clusters) for one in trials]
        drawn = [one for one in found if len(one.observed) > 1]
        for one in drawn:
            opposite = [
                other
                for other in drawn
                if other.trials.metric == OPPOSITE.get(one.trials.metric)
                and other.trials.watchlist_size == one.trials.watchlist_size
            ]
            for measure in (known.under(plan.garbe_weight) for known in MEASURES):
                both = [[one, other] for other in opposite] if measure.paired else [[one]]
                parts += [_rows(measure, rates, factor, thresholds, plan) for rates in both]
    return EQUITY.conform(joined(parts, watchlist_size="Int64")) if parts else EQUITY.empty()


@dataclass(frozen=True)
class _Drawn:
    """Rates of one metric by group.

    Attributes
    ----------
    observed : (groups, thresholds)
    redrawn : (replicates, groups, thresholds)
    silent : (groups, 1)
        The rate that the number of people (or clusters) alone allows a group without events.
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
    clusters: Codes | None,
) -> _Drawn:
    """Redraw people, or clusters of them; groups without trials are left out."""
    swept = Swept.of(trials, thresholds)
    counts = counts_of(swept, grouping, no_controls(trials), plan.watchlist, clusters)
    wanted = None if clusters is None else counts.cells.variance
    observed, redrawn = bootstrap_rates(trials, grouping, np.asarray(thresholds), drawn, wanted)
    named = np.array([is_group(name) for name in grouping.names])
    keep = ~np.isnan(observed[:, 0]) & named
    observed, redrawn = observed[keep], redrawn[:, keep]
    cells = precision_of(evidence_of(counts))
    factor = student_factor((1 - plan.level) / 2, cells.degrees[keep])
    effective = factor * cells.effective_trials[keep]
    units = counts.units[keep].astype(float)
    independent = independent_units(units, isinstance(trials, PairTrials))
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
) -> Columns:
    trials = drawn[0].trials
    value = measure.of(*(np.moveaxis(one.observed, 0, -1) for one in drawn))
    ends = _redrawn if measure.part is None else _deflated
    low, high = ends(measure, drawn, plan)
    steps = np.unique(np.asarray(thresholds, float)) if trials.has_threshold else np.array([np.nan])
    return {
        "measure": measure.name,
        "metric": " + ".join(one.trials.metric for one in drawn),
        "threshold": steps,
        "watchlist_size": trials.watchlist_size,
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


def _redrawn(measure: Measure, drawn: list[_Drawn], plan: Plan) -> tuple[Floats, Floats]:
    """Return an interval from people redrawn, (thresholds,) each."""
    tail = (1 - plan.level) / 2
    value = measure.of(*(np.moveaxis(one.observed, 0, -1) for one in drawn))
    values = measure.of(*(np.moveaxis(one.redrawn, 1, -1) for one in drawn))
    # A replicate without any event says nothing, and must not make inequality look certain.
    least = np.min(np.where(np.isnan(values), np.inf, values), axis=0)
    values = np.where(np.isnan(values), least, values)
    low, high = np.quantile(values, [tail, 1 - tail], axis=0, method="inverted_cdf")
    # Redrawing people adds noise, and noise makes the worst worse and the best better: percentiles
    # alone can lie wholly above the observed value. The reflected interval errs the other way.
    with np.errstate(invalid="ignore"):
        low = np.fmin(low, np.maximum(2 * value - high, measure.least))
        high = np.fmax(high, np.minimum(2 * value - low, measure.most))
    # Infinite because a group is silent: bounded by the rate which that group may have.
    silent = np.isinf(value)
    if silent.any():
        allowed = measure.of(*(np.moveaxis(one.spoken(one.redrawn), 1, -1) for one in drawn))
        allowed = np.where(np.isnan(allowed), measure.least, allowed)
        bound = np.quantile(allowed, tail, axis=0, method="inverted_cdf")
        low = np.where(silent, np.fmin(low, bound), low)
    return low, high


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
