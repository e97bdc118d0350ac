"""Stage `inference`: rates of every group in studies with redrawn people.

In: trials, a grouping, thresholds. Out: bootstrap replicates of the rates. People are redrawn,
never comparisons; a comparison counts as often as both of its people together. Everything is a
product of the people's weights with sparse counts, for all thresholds at once.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from lfr_eval.contract.trials import Grouping, PairTrials, Trials
from lfr_eval.inference.cells import Floats, divide
from lfr_eval.inference.counting import steps_of
from lfr_eval.inference.pair_sizes import KERNEL
from lfr_eval.inference.pairs import PairCounter
from lfr_eval.inference.persons import PersonCounter

CHUNK = 200
"""Replicates computed together."""


def person_weights(people: int, replicates: int, seed: int) -> Floats:
    """How often each person is drawn in each replicate, (replicates, people)."""
    rng = np.random.default_rng([seed, people])
    return rng.multinomial(people, np.full(people, 1 / people), replicates).astype(np.float32)


def bootstrap_rates(
    trials: Trials, grouping: Grouping, thresholds: Floats, weights: Floats
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
    weights : (replicates, people)
        From `person_weights`; shared between trials so that their errors stay together.

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
    cells = counter.count(grouping.codes[None], groups)
    observed = np.where(cells.trials[0] > 0, cells.rate[0], np.nan)
    chunks = [weights[start : start + CHUNK] for start in range(0, len(weights), CHUNK)]
    if isinstance(counter, PairCounter):
        parts = [_pairs(counter, grouping.codes, groups, chunk) for chunk in chunks]
    else:
        parts = [_persons(counter, grouping.codes, groups, chunk) for chunk in chunks]
    rates = np.concatenate(parts)
    usable = np.where(np.isfinite(rates), rates, observed)
    spread = usable.var(axis=0)
    shrink = np.minimum(np.sqrt(divide(cells.variance[0], spread, otherwise=1.0)), 1.0)
    return observed, observed + shrink * (rates - observed)


def _persons(counter: PersonCounter, codes: Floats, groups: int, weights: Floats) -> Floats:
    member = (codes[:, None] == np.arange(groups)).astype(np.float32)
    trials = weights @ (member * counter.trials[:, None])
    top = counter.events.shape[1]
    table = (member[:, :, None] * counter.events[:, None, :]).reshape(len(codes), groups * top)
    events = (sparse.csr_array(table.T.astype(np.float32)) @ weights.T).T
    events = events.reshape(len(weights), groups, top)
    return _share(events, trials[..., None])


def _pairs(counter: PairCounter, codes: Floats, groups: int, weights: Floats) -> Floats:
    once = (counter.node < counter.other) & (codes[counter.node] == codes[counter.other])
    node, other = counter.node[once], counter.other[once]
    key = codes[node] * counter.thresholds + counter.bin[once]
    table = sparse.csr_array(
        (counter.weight[once].astype(np.float32), (key, np.arange(len(key)))),
        shape=(groups * counter.thresholds, len(key)),
    )
    binned = (table @ np.ascontiguousarray((weights[:, node] * weights[:, other]).T)).T
    binned = binned.reshape(len(weights), groups, counter.thresholds)
    events = np.cumsum(binned[..., ::-1], axis=-1)[..., ::-1]
    trials = np.empty((len(weights), groups))
    for group in range(groups):
        inside = codes == group
        w, images = weights[:, inside].astype(float), counter.images[inside]
        total = w @ images
        # C_ii, the comparisons that a person would have with itself, are no trials.
        own = np.einsum("nk,kl,nl->n", images, KERNEL, images)
        trials[:, group] = (np.einsum("rk,kl,rl->r", total, KERNEL, total) - w**2 @ own) / 2
    fix = (counter.correction_node < counter.correction_other) & (
        codes[counter.correction_node] == codes[counter.correction_other]
    )
    if np.any(fix):
        a, b = counter.correction_node[fix], counter.correction_other[fix]
        product = weights[:, a] * weights[:, b] * counter.correction[fix]
        for group in range(groups):
            trials[:, group] += product[:, codes[a] == group].sum(axis=1)
    return _share(events, trials[..., None])


def _share(events: Floats, trials: Floats) -> Floats:
    return divide(events, trials, otherwise=np.nan)
