"""Few events at the threshold under test: `python -m benchmarks.acceptance.lending`.

Two groups with one rate and continuous scores. What their trials are worth is borrowed from the
series of scores alone. Of passes, a threshold that one trial in five reaches is listed, too. With
`--alone` it is not, and passes have nothing to borrow.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from itertools import product

import numpy as np

from benchmarks.worlds import PASSES, Draw, Kind, beta_rates, pareto_rates, tendencies
from lfr_eval.contract.trials import Grouping, PairTrials, PersonTrials, Trials
from lfr_eval.inference.controls import no_controls
from lfr_eval.inference.counting import Swept
from lfr_eval.inference.minimum import enough_evidence
from lfr_eval.inference.mover import Compared, p_value, ratio_ends
from lfr_eval.inference.observed import counts_of, sides_of
from lfr_eval.inference.precision import Evidence, precision_of

THRESHOLD = -1.0
LOWEST_SHARE = 0.2
"""Share of all passes that reach the lowest listed threshold."""
KEPT = 0.15
"""Share of the comparisons of two people that are kept, more than may lend."""

Sizes = tuple[int, int]
Study = Callable[[np.random.Generator], Trials]


def passes(sizes: Sizes, rates: tuple[Draw, Draw]) -> Study:
    """Make studies of passes of people who reach the threshold at a rate of their own."""

    def study(rng: np.random.Generator) -> Trials:
        rate = np.concatenate([draw(rng, (1, n))[0] for n, draw in zip(sizes, rates, strict=True)])
        score = -rng.random((sum(sizes), PASSES)) / np.maximum(rate, 1e-12)[:, None]
        person = np.repeat(np.arange(sum(sizes)), PASSES)
        return PersonTrials("FPIR", sum(sizes), person, score.ravel().astype(np.float32), True)

    return study


def comparisons(sizes: Sizes, rates: tuple[float, float], kinds: tuple[Kind, Kind]) -> Study:
    """Make studies of comparisons within groups of people who are falsely matched unequally."""
    group = np.repeat([0, 1], sizes)
    first, second = np.triu_indices(sum(sizes), 1)
    inside = group[first] == group[second]
    first, second = first[inside], second[inside]

    def study(rng: np.random.Generator) -> Trials:
        drawn = [tendencies(rng, kind, (1, n))[0] for n, kind in zip(sizes, kinds, strict=True)]
        own = np.concatenate(drawn)
        chance = np.array(rates)[group[first]] * own[first] * own[second]
        score = (-rng.random(len(first)) / chance).astype(np.float32)
        kept = score >= min(THRESHOLD, float(np.quantile(score, 1 - KEPT)))
        one = np.ones(len(group), np.intp)
        floor = float(score[kept].min())
        return PairTrials(len(group), first[kept], second[kept], score[kept], floor, one, one, one)

    return study


def populations(ratio: float = 1.0) -> Iterator[tuple[str, Sizes, Study]]:
    """Name, sizes and study of every population; the rate of the second group is the ratio's."""
    for sizes, events in product(((66, 66), (66, 266), (30, 300)), (3, 6, 12)):
        mean = events / sizes[0] / PASSES
        for one, two in ((0.0, 0.0), (0.3, 0.3), (0.6, 0.05), (0.05, 0.6)):
            name = f"passes {sizes}, {events} expected, beta {one} v {two}"
            yield name, sizes, passes(sizes, (beta_rates(mean, one), beta_rates(mean * ratio, two)))
        rates = pareto_rates(mean, 1.8), beta_rates(mean * ratio, 0.0)
        yield f"passes {sizes}, {events} expected, Pareto 1.8 v none", sizes, passes(sizes, rates)
    lambs: tuple[Kind, Kind] = ("lognormal", 0.7), None
    for sizes, events in product(((67, 67), (60, 150)), (3, 6, 12)):
        rate = events / (sizes[0] * (sizes[0] - 1) / 2)
        for kinds in ((None, None), (lambs[0], lambs[0]), lambs, lambs[::-1]):
            name = f"comparisons {sizes}, {events} expected, {kinds[0]} v {kinds[1]}"
            yield name, sizes, comparisons(sizes, (rate, rate), kinds)


def judge(sizes: Sizes, study: Study, studies: int, alone: bool) -> tuple[float, float]:
    """Return the shares of claimed differences, and of intervals that hold a ratio of 1."""
    rng = np.random.default_rng(20260101)
    grouping = Grouping("group", ("a", "b"), np.repeat([0, 1], sizes))
    members = [(np.array([True, False]), np.array([False, True]))]
    rows = []
    for _ in range(studies):
        trials = study(rng)
        listed = [THRESHOLD]
        if isinstance(trials, PersonTrials) and not alone:
            listed.append(min(THRESHOLD, float(np.quantile(trials.score, 1 - LOWEST_SHARE))))
        counts = counts_of(Swept.of(trials, listed), grouping, no_controls(trials), "fixed")
        rows.append([side.at(slice(-1, None)) for side in sides_of(counts, members)[:2]])
    a, b = (Evidence.stack(side) for side in zip(*rows, strict=True))
    sides = Compared(precision_of(a), precision_of(b))
    claimed = (np.nan_to_num(p_value(sides), nan=1.0) < 0.05) & enough_evidence(a, b)
    lower, upper = ratio_ends(sides, 0.95)
    held = np.isnan(lower) | np.isnan(upper) | ((lower <= 1) & (upper >= 1))
    return float(claimed.mean()), float(held.mean())


def main() -> None:
    """Print every population."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=400)
    parser.add_argument("--alone", action="store_true", help="passes, and no other threshold")
    parser.add_argument("--ratio", type=float, default=1.0, help="true ratio of passes, for power")
    given = parser.parse_args()
    studies = given.studies
    for name, sizes, study in populations(given.ratio):
        if (given.alone or given.ratio != 1) and not name.startswith("passes"):
            continue
        claimed, held = judge(sizes, study, studies, given.alone)
        print(f"{name:66} differ {100 * claimed:4.1f}  ratio covers {100 * held:5.1f}", flush=True)
    print(f"Monte Carlo standard error of 5 %: {100 * np.sqrt(0.05 * 0.95 / studies):.1f} points")


if __name__ == "__main__":
    main()
