"""Stage `inference`: rates of every group in studies with redrawn people.

In: trials, a grouping, thresholds. Out: bootstrap replicates of the rates. People are redrawn,
never comparisons; a comparison counts as often as both of its people together. Everything is a
product of the people's weights with sparse counts, for all thresholds at once. Of many people,
those with the same evidence are drawn together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from lfr_eval.contract.trials import Grouping, Ints, PairTrials, PersonTrials, Trials
from lfr_eval.inference.cells import Floats, divide
from lfr_eval.inference.counting import steps_of
from lfr_eval.inference.pair_sizes import KERNEL
from lfr_eval.inference.pairs import PairCounter
from lfr_eval.inference.persons import PersonCounter

CHUNK = 200
"""Replicates computed together."""
BLOCK = 8192
"""Rows of a sparse table multiplied together, so that the product stays in the cache."""
MOST_ALONE = 50_000
"""People who are drawn one by one; of more, those with the same evidence are drawn together."""
_DRAWN_AT_ONCE = 2**16


@dataclass(frozen=True)
class Drawn:
    """People drawn with replacement.

    Attributes
    ----------
    weights : (replicates, units)
        How often each unit is drawn: one person, or several with the same evidence.
    people : (units,)
        A person of each unit.
    """

    weights: Floats
    people: Ints


def person_weights(people: int, replicates: int, seed: int) -> Floats:
    """How often each person is drawn in each replicate, (replicates, people)."""
    rng = np.random.default_rng([seed, people])
    weights = np.empty((replicates, people), np.float32)
    # Of equal people, drawing one after the other is faster than a multinomial of many counts.
    at_once = max(_DRAWN_AT_ONCE // people, 1)
    for start in range(0, replicates, at_once):
        rows = weights[start : start + at_once]
        drawn = rng.integers(people, size=rows.shape)
        drawn += people * np.arange(len(rows))[:, None]
        rows[:] = np.bincount(drawn.ravel(), minlength=rows.size).reshape(rows.shape)
    return weights


def draw_alone(people: int, replicates: int, seed: int, clusters: Ints | None = None) -> Drawn:
    """Redraw people one by one, or whole clusters of people, (people,)."""
    if clusters is None:
        return Drawn(person_weights(people, replicates, seed), np.arange(people))
    units = int(clusters.max()) + 1
    return Drawn(person_weights(units, replicates, seed)[:, clusters], np.arange(people))


def draws_together(people: int, trials: Sequence[Trials]) -> bool:
    """Whether people are drawn with those of the same evidence: many, each with their own trials.

    The number of times that such people are drawn in all is multinomial, too. The replicates have
    the same distribution as those of `draw_alone`, and take hardly any memory.
    """
    return people > MOST_ALONE and all(isinstance(one, PersonTrials) for one in trials)


def draw_together(
    trials: Sequence[Trials],
    grouping: Grouping,
    thresholds: Floats,
    replicates: int,
    seed: int,
) -> Drawn:
    """Redraw people of the same group and evidence together.

    Parameters
    ----------
    trials
        All trials that share the draw, none of two people.
    grouping
        Groups of the people.
    thresholds
        Thresholds.
    replicates, seed
        Number of replicates, and the seed of the generator.
    """
    unit = grouping.codes
    for one in trials:
        assert isinstance(one, PersonTrials)
        counter = PersonCounter.of(one, steps_of(one, thresholds.tolist()))
        for column in (counter.trials, *counter.events.T):
            value = column.astype(np.intp)
            unit = pd.factorize(unit * (value.max() + 1) + value, sort=True)[0]
    _, first, size = np.unique(unit, return_index=True, return_counts=True)
    return Drawn(_multinomial(size, replicates, seed), first)


def _multinomial(size: Floats, replicates: int, seed: int) -> Floats:
    """Draw as many people as there are, from units of some sizes, (replicates, units)."""
    people = int(size.sum())
    rng = np.random.default_rng([seed, people])
    weights = np.empty((replicates, len(size)), np.float32)
    # A part at a time: the generator draws whole numbers of 64 bits.
    for start in range(0, replicates, CHUNK):
        part = weights[start : start + CHUNK]
        part[:] = rng.multinomial(people, size / people, len(part))
    return weights


def bootstrap_rates(
    trials: Trials,
    grouping: Grouping,
    thresholds: Floats,
    drawn: Drawn,
    variance: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Redraw people and compute the rates of every group.

    Redrawing both people of a comparison triples the variance of what is not shared between
    comparisons (the variance of a product of two weights is 3, not 1); the replicates are
    therefore drawn in towards the observed rate until they have the cluster-robust variance.

    Parameters
    ----------
    trials
        The evidence.
    grouping
        Groups of the people.
    thresholds
        Thresholds.
    drawn
        From `draw_alone` or `draw_together`; shared between trials so that their errors stay
        together.
    variance : (groups, thresholds), optional
        That of clusters of people, which the replicates are drawn in or out to.

    Returns
    -------
    observed : (groups, thresholds)
        Rates; NaN without trials.
    replicates : (replicates, groups, thresholds)
        NaN where a replicate has no trial.
    """
    steps = steps_of(trials, thresholds.tolist())
    counter = (
        PairCounter.of(trials, steps)
        if isinstance(trials, PairTrials)
        else PersonCounter.of(trials, steps)
    )
    groups = len(grouping.names)
    cells = counter.count(grouping.codes, groups)
    observed = np.where(cells.trials > 0, cells.rate, np.nan)
    if isinstance(counter, PairCounter):
        rates = _pairs(counter, grouping.codes, groups, drawn.weights)
    else:
        counter = PersonCounter(counter.events[drawn.people], counter.trials[drawn.people])
        rates = _persons(counter, grouping.codes[drawn.people], groups, drawn.weights)
    usable = np.where(np.isfinite(rates), rates, observed)
    spread = usable.var(axis=0)
    if variance is not None:
        scale = np.sqrt(divide(variance, spread, otherwise=1.0))
        return observed, np.clip(observed + scale * (rates - observed), 0.0, 1.0)
    shrink = np.minimum(np.sqrt(divide(cells.variance, spread, otherwise=1.0)), 1.0)
    return observed, observed + shrink * (rates - observed)


def _chunks(weights: Floats) -> Sequence[Floats]:
    return [weights[start : start + CHUNK] for start in range(0, len(weights), CHUNK)]


def _persons(counter: PersonCounter, codes: Ints, groups: int, weights: Floats) -> Floats:
    member = (codes[:, None] == np.arange(groups)).astype(np.float32)
    trials = member * counter.trials[:, None]
    top = counter.events.shape[1]
    table = (member[:, :, None] * counter.events[:, None, :]).reshape(len(codes), groups * top)
    events = sparse.csr_array(table.T.astype(np.float32))
    return np.concatenate(
        [
            _share((events @ part.T).T.reshape(len(part), groups, top), (part @ trials)[..., None])
            for part in _chunks(weights)
        ]
    )


def _pairs(counter: PairCounter, codes: Ints, groups: int, weights: Floats) -> Floats:
    once = (counter.node < counter.other) & (codes[counter.node] == codes[counter.other])
    node, other, top = counter.node[once], counter.other[once], counter.thresholds
    key = codes[node] * top + counter.bin[once]
    matched = _Form.of(node, other, counter.weight[once], key, groups * top, len(codes))
    images = counter.images
    fix = codes[images.first] == codes[images.second]
    a, b = images.first[fix], images.second[fix]
    corrected = _Form.of(a, b, images.correction[fix], codes[a], groups, len(codes))
    rates = []
    for part in _chunks(weights):
        turned = np.ascontiguousarray(part.T)
        binned = matched.at(turned).T.reshape(len(part), groups, top)
        events = np.cumsum(binned[..., ::-1], axis=-1)[..., ::-1]
        trials = corrected.at(turned).T
        for group in range(groups):
            inside = codes == group
            w, count = part[:, inside].astype(float), images.counts[inside]
            total = w @ count
            # C_ii, the comparisons that a person would have with itself, are no trials.
            own = np.einsum("nk,kl,nl->n", count, KERNEL, count)
            trials[:, group] += (np.einsum("rk,kl,rl->r", total, KERNEL, total) - w**2 @ own) / 2
        rates.append(_share(events, trials[..., None]))
    return np.concatenate(rates)


@dataclass(frozen=True)
class _Form:
    """Sums of w_i w_j v_ij over pairs of people i, j, by key.

    Attributes
    ----------
    node : (rows,)
        The person i of each row, in order of key.
    values : (rows, people)
        v_ij, sparse.
    keys : (keys, rows)
        Which rows belong to a key, sparse.
    """

    node: Ints
    values: sparse.csr_array
    keys: sparse.csc_array

    @classmethod
    def of(cls, node: Ints, other: Ints, value: Floats, key: Ints, keys: int, people: int) -> _Form:
        """Sort pairs of people by key and first person."""
        found, row = np.unique(key * people + node, return_inverse=True)
        values = sparse.coo_array((value.astype(np.float32), (row, other)), (len(found), people))
        belongs = (np.ones(len(found)), (found // people, np.arange(len(found))))
        in_keys = sparse.csc_array(belongs, shape=(keys, len(found)))
        return cls(found % people, values.tocsr(), in_keys)

    def at(self, weights: Floats) -> Floats:
        """Return the sums for some weights, (people, replicates) to (keys, replicates)."""
        sums = np.zeros((self.keys.shape[0], weights.shape[1]))
        for start in range(0, len(self.node), BLOCK):
            rows = slice(start, start + BLOCK)
            products = self.values[rows] @ weights
            products *= weights[self.node[rows]]
            sums += self.keys[:, rows] @ products
        return sums


def _share(events: Floats, trials: Floats) -> Floats:
    return divide(events, trials, otherwise=np.nan)
