"""Stage `inference`: rates of groups where the threshold was itself found from the same people.

In: the trials whose overall rate decides the threshold, the trials that are compared, a grouping.
Out: evidence of every group that allows for the estimated threshold, and how the errors of two
studies of the same people go together.

A study cut where its overall rate F is as wanted has a threshold that depends on who took part.
To first order the rate p_g of a group then errs by e_g - s e_F: its own error at a fixed threshold,
less the error of the overall rate times the slope s = dp_g / dF along the sweep. Every variance
here is that of the combined residuals of people, u_i = r_i / N_g - s R_i / N.

References
----------
Influence functions of a rate at an estimated quantile: Hsieh & Turnbull (1996), Annals of
Statistics 24, 25-40, for the ROC curve.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from lfr_eval.contract.trials import Grouping, PairTrials, Trials
from lfr_eval.inference.cells import Bools, Codes, Floats, divide, leverage_factor, satterthwaite
from lfr_eval.inference.clusters import count_units
from lfr_eval.inference.counting import counter_of
from lfr_eval.inference.links import Links, joint, links_of
from lfr_eval.inference.minimum import enough_evidence
from lfr_eval.inference.mover import Compared
from lfr_eval.inference.paired import FEWEST_DISCORDANT, sum_by
from lfr_eval.inference.pairs import PairCounter
from lfr_eval.inference.persons import PersonCounter
from lfr_eval.inference.precision import Evidence, Precision, precision_of


@dataclass(frozen=True)
class AtOneRate:
    """Groups of one study, cut where its overall rate is as wanted.

    Attributes
    ----------
    evidence
        Of every group at ascending thresholds; the variance allows for the estimated threshold.
    here
        Index of the threshold of the wanted rate.
    residuals : (groups, units, thresholds)
        u_i of people or of clusters of people.
    counts : (groups, units)
        Events of each unit within the group at the threshold of the wanted rate.
    links : (thresholds,)
        Residuals of pairs of people; empty where trials belong to one person, and where clusters
        are the units.
    """

    evidence: Evidence
    here: int
    residuals: Floats
    counts: Floats
    links: tuple[Links, ...]

    def take(self, groups: Codes) -> AtOneRate:
        """Return some of the groups, by index."""
        return AtOneRate(
            self.evidence.take(groups),
            self.here,
            self.residuals[groups],
            self.counts[groups],
            tuple(one.take(groups) for one in self.links),
        )


def at_one_rate(
    deciding: Trials,
    compared: Trials,
    grouping: Grouping,
    steps: Floats,
    here: int,
    clusters: Codes | None = None,
) -> AtOneRate:
    """Count the groups' events where the overall rate of other trials decides the threshold.

    Parameters
    ----------
    deciding
        Trials whose overall rate was wanted (FPIR or FMR).
    compared
        Trials of the same people whose rates are compared; may be `deciding`.
    grouping
        Groups of the people.
    steps
        Ascending thresholds around the one of the wanted rate, from whose rates the slope follows.
    here
        Its index.
    clusters : (people,), optional
        The cluster of each person, where clusters are the unit of inference.

    Notes
    -----
    The number of people of each group is taken as given. The corrections for few people are those
    of the group's own trials, whose residuals are the larger part. With clusters the residuals of
    pairs of people are not taken off, so that the variance of comparisons errs on the large side.
    """
    codes, groups = grouping.codes, len(grouping.names)
    everybody = np.zeros(deciding.people, np.intp)
    whole, counter = counter_of(deciding, steps), counter_of(compared, steps)
    total = whole.count(everybody, 1)
    own, _, _, by_unit, unit_codes = count_units(compared, counter, steps, codes, groups, clusters)
    overall, rate = total.rate[0], own.rate
    x, n = own.events, own.trials
    slope = _slope(rate, overall)
    shift = slope / total.trials
    own_residual = counter.residuals(codes, groups)
    all_residual = _within_groups(whole.residuals(everybody, 1), codes, groups, whole.active)
    member = codes[None] == np.arange(groups)[:, None]
    mine = np.where(member[:, :, None], own_residual[None], 0.0)
    unit = np.arange(len(codes)) if clusters is None else clusters
    gather = sum_by(unit)
    u = _by_unit(gather, divide(mine, n[:, :, None]) - shift[:, None] * all_residual[None])
    squares = np.sum(u**2, axis=1)
    tried = np.stack([gather @ (one & counter.active) for one in member]) > 0
    units = np.count_nonzero(tried, axis=1)[:, None].astype(float)
    people = np.count_nonzero(tried | np.any(u != 0, axis=2), axis=1)[:, None].astype(float)
    links: tuple[Links, ...] = ()
    if isinstance(counter, PairCounter) and isinstance(compared, PairTrials):
        assert isinstance(by_unit, PairCounter)
        correction, events = by_unit.few_people(unit_codes, groups), counter.matches(codes)
        variance = correction * squares
        if clusters is None:
            sizes = counter.comparisons_of_two()
            links = tuple(
                links_of(compared, at, sizes, n, x[:, [k]], shift[:, [k]], codes)
                for k, at in enumerate(steps)
            )
            between = np.stack([joint(one, one) for one in links], axis=1)
            variance = np.maximum(correction * (squares - between), between)
    elif isinstance(counter, PersonCounter):
        trials = np.stack([gather @ np.where(one, counter.trials, 0.0) for one in member])
        factor = leverage_factor(trials, n, units)
        variance = np.sum((factor[:, :, None] * u) ** 2, axis=1)
        events = counter.events
    else:
        raise TypeError(f"Trials of {compared.metric} cannot be compared at one rate.")
    counts = _by_unit(gather, np.where(member, events[:, here], 0.0)[:, :, None])[:, :, 0]
    extremes = by_unit.extremes(unit_codes, groups)
    evidence = Evidence(
        x,
        np.broadcast_to(n, x.shape),
        variance,
        satterthwaite(squares, np.sum(u**4, axis=1), people),
        extremes.largest,
        extremes.largest_without,
        units,
        by_unit.affected(unit_codes, groups),
        extremes.affected_without,
        isinstance(compared, PairTrials),
        compared.event_at_or_above,
        alike=own.alike,
    )
    return AtOneRate(evidence, here, u, counts, links)


def _by_unit(gather: sparse.csr_array, values: Floats) -> Floats:
    """Add up people (groups, people, thresholds) by unit."""
    found: Floats = np.stack([gather @ one for one in values])
    return found


def _slope(rate: Floats, overall: Floats) -> Floats:
    """Return dp / dF by central differences along the sweep, (groups, thresholds)."""
    top = len(overall)
    before, after = np.maximum(np.arange(top) - 1, 0), np.minimum(np.arange(top) + 1, top - 1)
    return divide(rate[:, before] - rate[:, after], overall[before] - overall[after])


def _within_groups(residuals: Floats, codes: Codes, groups: int, active: Bools) -> Floats:
    """Take each group's mean off: a study has as many people of each group as it has."""
    member = (codes[None] == np.arange(groups)[:, None]) & active[None]
    mean = divide(member.astype(float) @ residuals, member.sum(axis=1)[:, None].astype(float))
    left: Floats = np.where(active[:, None], residuals - mean[codes], 0.0)
    return left


def sides_at_one_rate(a: AtOneRate, b: AtOneRate, paired: bool) -> Compared:
    """Prepare the groups of two studies for comparison, (groups,).

    Parameters
    ----------
    paired
        Whether both studies have the same people in the same order: then their errors go together.

    Notes
    -----
    Few events say nothing of how errors go together. Where a side has fewer than ten, the
    correlation is that of the nearest overall rate at which both have ten, as design effects are;
    it leaves the difference no less than its own variance.
    """
    first, second = _rarer(a.evidence), _rarer(b.evidence)
    sides = Compared(_at(first, a.here), _at(second, b.here))
    if not paired:
        return sides
    sides = Compared.of(sides.a, sides.b, _covariance(a, b, 0))
    if np.all(sides.enough):
        return sides
    # Thresholds around the wanted rate: the same number of steps from it in both studies.
    after = min(one.residuals.shape[2] - one.here for one in (a, b))
    steps = np.arange(-min(a.here, b.here), after)
    around = [
        Compared.of(_at(first, a.here + k), _at(second, b.here + k), _covariance(a, b, k))
        for k in steps.tolist()
    ]
    enough = np.stack([one.enough for one in around])
    nearest = np.argmin(np.where(enough, np.abs(steps)[:, None], len(steps)), axis=0)
    lent = np.stack([np.asarray(one.correlation) for one in around])
    lent = np.minimum(lent[nearest, np.arange(lent.shape[1])], _most(a, b, sides))
    borrowed = ~sides.enough & enough.any(axis=0)
    return replace(sides, correlation=np.where(borrowed, lent, sides.correlation))


def _at(cells: Precision, threshold: int) -> Precision:
    return cells.take((slice(None), threshold))


def _covariance(a: AtOneRate, b: AtOneRate, step: int) -> Floats:
    """Covariance of the rates of two studies, `step` thresholds from those that are compared."""
    k, m = a.here + step, b.here + step
    found: Floats = np.sum(a.residuals[:, :, k] * b.residuals[:, :, m], axis=1)
    return found - joint(a.links[k], b.links[m]) if a.links and b.links else found


def _most(a: AtOneRate, b: AtOneRate, sides: Compared) -> Floats:
    """Largest correlation: it leaves the difference the variance that was seen, or more."""
    seen = a.evidence.variance[:, a.here] + b.evidence.variance[:, b.here]
    seen = np.maximum(seen - 2 * _covariance(a, b, 0), 0.0)
    first, second = sides.a.variance, sides.b.variance
    return divide(first + second - seen, 2 * np.sqrt(first * second))


def _rarer(evidence: Evidence) -> Precision:
    """Judge what the trials are worth from the rarer outcome: few misses may borrow, too."""
    often = evidence.rate > 0.5
    misses = replace(
        evidence,
        events=evidence.trials - evidence.events,
        largest=evidence.largest_without,
        largest_without=evidence.largest,
        affected=evidence.affected_without,
        affected_without=evidence.affected,
        falling=not evidence.falling,
    )
    rare, common = precision_of(evidence), precision_of(misses)
    return Precision(
        evidence.events,
        evidence.trials,
        np.where(often, common.effect, rare.effect),
        np.where(often, common.degrees, rare.degrees),
        np.where(often, common.clump, rare.clump),
        np.where(often, common.spread, rare.spread),
        np.where(often, common.basis, rare.basis),
    )


def enough_discordant(a: AtOneRate, b: AtOneRate, paired: bool) -> Bools:
    """Where two studies have the least evidence to be told apart, (groups,).

    Where people are the same, six of them must have other events in one study than in the other.
    """
    one, two = (side.evidence.at(slice(side.here, side.here + 1)) for side in (a, b))
    enough: Bools = enough_evidence(one, two)[:, 0]
    if paired:
        enough &= np.count_nonzero(a.counts != b.counts, axis=1) >= FEWEST_DISCORDANT
    return enough
