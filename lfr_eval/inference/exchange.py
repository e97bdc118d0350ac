"""Stage `inference`: a test of conditions that exchanges each person's passes between them.

In: `PairedTrials`. Out: p-values of each condition against the others, and of all at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from lfr_eval.inference.cells import Floats, divide
from lfr_eval.inference.paired import (
    Codes,
    PairedTrials,
    count_events,
    exchangeable_variance,
    sum_by,
)
from lfr_eval.inference.permutation import THREADS, reach

STEP, MOST_COUNTS = 256, 1_000_000
"""Exchanges that a thread makes at once, and the counts that they may have together."""


def exchange_test(
    trials: PairedTrials, permutations: int, seed: Sequence[int]
) -> tuple[Floats, Floats, Floats]:
    """Test every condition against the others by exchanging each person's passes.

    Exact where conditions make no difference to anybody; studentised by the standard error
    clustered by person, so that it is asymptotically right where they do to single people but not
    on average (Chung & Romano 2013). Ties count half (mid-p).

    Parameters
    ----------
    trials
        What was counted.
    permutations
        Number of exchanges.
    seed
        Seed of the exchanges.

    Returns
    -------
    p_value : (conditions, thresholds)
        Of each condition against all others.
    omnibus, omnibus_p : (thresholds,)
        Largest absolute statistic, and its p-value.
    """
    conditions, top = trials.events.shape[1:]
    m = trials.trials.sum(axis=1)
    total = trials.events.sum(axis=1)
    # Who has no event, or nothing but events, or one condition, gives 0 under every exchange.
    mixed = np.any((total > 0) & (total < m[:, None]), axis=1)
    mixed &= np.count_nonzero(trials.trials, axis=1) > 1
    weight = divide(trials.trials * (m[:, None] - trials.trials), m[:, None])
    by_person = sum_by(trials.person)
    weights = by_person @ weight
    mass, squares = weight.sum(axis=0), np.sum(weights**2, axis=0)
    people = np.sum(weights > 0, axis=0)
    correction = divide(people, people - 1.0, otherwise=1.0)[:, None]
    free = np.stack([exchangeable_variance(trials, side) for side in range(conditions)])

    kept = np.flatnonzero(mixed)
    if not len(kept):
        return np.ones((conditions, top)), np.zeros(top), np.ones(top)
    new = np.full(len(m), -1)
    new[kept] = np.arange(len(kept))
    active = mixed[trials.block]
    block, steps = new[trials.block[active]], trials.steps[active]
    condition = trials.condition[active]
    share = divide(trials.trials[kept], m[kept, None])
    expected = share[:, :, None] * total[kept, None, :]
    persons, person = np.unique(trials.person[kept], return_inverse=True)
    gather = sum_by(person)
    own = weights[persons]
    single = len(persons) == len(kept)

    def statistic(dealt: Codes) -> Floats:
        """Studentised differences, (exchanges, conditions, thresholds), of dealt conditions."""
        rows = len(dealt)
        blocks = np.arange(rows)[:, None] * len(kept) + block
        shape = (rows * len(kept), conditions, top)
        counted = count_events(
            blocks.ravel(), dealt.ravel(), np.tile(steps, rows), shape, trials.below
        )
        d = counted.reshape(rows, len(kept), conditions, top) - expected
        if not single:
            columns = d.transpose(1, 0, 2, 3).reshape(len(kept), -1)
            d = (gather @ columns).reshape(len(persons), rows, conditions, top)
            d = d.transpose(1, 0, 2, 3)
        difference = d.sum(axis=1)
        slope = divide(difference, mass[:, None])
        spread = np.einsum("ripc,ripc->rpc", d, d) - 2 * slope * np.einsum("ripc,ip->rpc", d, own)
        spread = correction * (spread + slope**2 * squares[:, None])
        return np.abs(divide(difference, np.sqrt(np.maximum(spread, free))))

    observed = statistic(condition[None])[0]
    largest = observed.max(axis=0)
    step = max(1, min(STEP, MOST_COUNTS // (len(kept) * conditions * (top + 1))))

    def reached(start: int) -> tuple[Floats, Floats]:
        rng = np.random.default_rng([*seed, start])
        size = min(step, permutations - start)
        order = np.argsort(block + rng.random((size, len(block))), axis=1)
        drawn = statistic(condition[order])
        return reach(drawn, observed), reach(drawn.max(axis=1), largest)

    with ThreadPoolExecutor(THREADS) as pool:
        parts = list(pool.map(reached, range(0, permutations, step)))
    p_value, omnibus = (
        (1 + np.sum([part[place] for part in parts], axis=0)) / (1 + permutations)
        for place in range(2)
    )
    return p_value, largest, omnibus
