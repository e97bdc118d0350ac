"""The populations of `afterwards`: which they are, and those that are no plain groups."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pandas as pd

from benchmarks.acceptance.unlike import (
    Group,
    Population,
    Studied,
    comparisons,
    matches,
    passed,
    passes,
    plan_of,
    root,
)
from lfr_eval.contract.trials import Condition

LAMBS, HEAVY, EXPONENTIAL = ("lognormal", 0.8), ("lognormal", 1.2), ("exponential", 1.0)


def populations() -> list[Population]:
    """All of them."""
    return [*_matches(), *_passes(), *_misses(), *_special(), *_at_odds()]


def _matches() -> list[Population]:
    rare, pareto = ("few", 1 / 30, 12.0), ("Pareto", 2.2)
    return [
        comparisons(
            "1 %, 45 with 1 to 3 images, lambs, three looks, v 70 with 5, three looks",
            Group(45, 0.01, LAMBS, (1, 3), looks=3), Group(70, 0.01, None, (5, 5), looks=3),
        ),
        comparisons(
            "1 %, 30 with 2 to 8 images, two looks, v 90 with 1, alike",
            Group(30, 0.01, None, (2, 8), looks=2), Group(90, 0.01),
        ),
        comparisons(
            "2 %, 10 with 4 images v 400, lambs in both",
            Group(10, 0.02, LAMBS, (4, 4)), Group(400, 0.02, LAMBS),
        ),
        comparisons(
            "0.4 %, 10 with 3 images v 400, lambs in both",
            Group(10, 0.004, LAMBS, (3, 3)), Group(400, 0.004, LAMBS),
        ),
        comparisons("2 %, 55 v 120, Pareto 2.2 v alike", Group(55, 0.02, pareto), Group(120, 0.02)),
        comparisons(
            "1 %, 60 v 60, about two of 60 match 12 times as often, v alike",
            Group(60, 0.01, rare), Group(60, 0.01),
        ),
        comparisons(
            "2 %, 10 with 3 images v 400, exponential v alike",
            Group(10, 0.02, EXPONENTIAL, (3, 3)), Group(400, 0.02),
        ),
        comparisons(
            "1 %, 80 v 80, exponential v alike", Group(80, 0.01, EXPONENTIAL), Group(80, 0.01)
        ),
        comparisons("1 %, 80 v 200, Pareto 1.8 in both",
            Group(80, 0.01, ("Pareto", 1.8)), Group(200, 0.01, ("Pareto", 1.8))),
        comparisons(
            "1 %, 60 in 15 households of 4, lambs, v 60 alike",
            Group(60, 0.01, LAMBS, household=4), Group(60, 0.01),
        ),
        comparisons(
            "1 %, 60 in five looks v 60 in one, lambs in both",
            Group(60, 0.01, LAMBS, looks=5), Group(60, 0.01, LAMBS),
        ),
        comparisons(
            "1 %, 50 with 1 to 60 images v 50 with 1 to 60, lambs v alike",
            Group(50, 0.01, LAMBS, (1, 60)), Group(50, 0.01, None, (1, 60)),
        ),
        comparisons(
            "1 %, 50 with 1 to 60 images, more for lambs (0.9), v 50 alike",
            Group(50, 0.01, LAMBS, (1, 60), 0.9), Group(50, 0.01, None, (1, 60)),
        ),
        comparisons(
            "1 %, 40 v 90 v 250, exponential, lambs, alike",
            Group(40, 0.01, EXPONENTIAL), Group(90, 0.01, LAMBS), Group(250, 0.01),
        ),
        comparisons(
            "3 and 1 %, 80 v 80, exponential v alike", Group(80, 0.03, EXPONENTIAL), Group(80, 0.01)
        ),
        comparisons(
            "6 and 2 %, 10 with 4 images v 400, lambs in both",
            Group(10, 0.06, LAMBS, (4, 4)), Group(400, 0.02, LAMBS),
        ),
    ]  # fmt: skip


def _passes() -> list[Population]:
    many, most = (10, 10), ("few", 1 / 30, 60.0)

    def beta(correlation: float) -> tuple[str, float]:
        return "beta", correlation

    return [
        passes(
            "1.8 %, 60 v 60, about two of 60 have most alerts, v alike",
            Group(60, 0.018, most, many), Group(60, 0.018, None, many),
        ),
        passes(
            "1.4 %, 80 v 200, 6 passes, about two of 80 have most alerts, v beta 0.1",
            Group(80, 0.014, ("few", 1 / 40, 60.0), (6, 6)), Group(200, 0.014, beta(0.1), (6, 6)),
        ),
        passes(
            "2.3 %, 60 v 60, about five of 60 have most alerts, v alike",
            Group(60, 0.023, ("few", 1 / 12, 30.0), many), Group(60, 0.023, None, many),
        ),
        passes(
            "2 %, 50 v 150, 8 passes, Pareto 1.7 v alike",
            Group(50, 0.02, ("Pareto", 1.7), (8, 8)), Group(150, 0.02, None, (8, 8)),
        ),
        passes(
            "3 %, 150 v 50, 8 passes, Pareto 2.5 v alike",
            Group(150, 0.03, ("Pareto", 2.5), (8, 8)), Group(50, 0.03, None, (8, 8)),
        ),
        passes(
            "3 %, 50 v 120, 1 to 30 passes, beta 0.3 v 0.05",
            Group(50, 0.03, beta(0.3), (1, 30)), Group(120, 0.03, beta(0.05), (1, 30)),
        ),
        passes(
            "5 %, 20 v 60, 1 to 30 passes, beta 0.2 in both",
            Group(20, 0.05, beta(0.2), (1, 30)), Group(60, 0.05, beta(0.2), (1, 30)),
        ),
        passes(
            "5.9 %, 60 v 60, 1 to 30 passes, more for people with more alerts (0.6), v alike",
            Group(60, 0.059, beta(0.2), (1, 30), 0.6), Group(60, 0.059, None, (1, 30)),
        ),
        passes(
            "4 %, 10 v 400, 12 passes, beta 0.3 v 0.1",
            Group(10, 0.04, beta(0.3), (12, 12)), Group(400, 0.04, beta(0.1), (12, 12)),
        ),
        passes(
            "1 %, 10 v 400, 12 passes, beta 0.1 v 0.3",
            Group(10, 0.01, beta(0.1), (12, 12)), Group(400, 0.01, beta(0.3), (12, 12)),
        ),
        passes(
            "2 %, 60 v 150, lognormal 1.2 v exponential",
            Group(60, 0.02, HEAVY, many), Group(150, 0.02, EXPONENTIAL, many),
        ),
        passes(
            "2 %, 40 v 300, exponential v alike",
            Group(40, 0.02, EXPONENTIAL, many), Group(300, 0.02, None, many),
        ),
        passes(
            "3 %, 60 in 20 households of 3 v 90, beta 0.4 in both",
            Group(60, 0.03, beta(0.4), many, household=3), Group(90, 0.03, beta(0.4), many),
        ),
        passes(
            "3 %, 35 v 80 v 240, beta 0.5, 0.1, 0",
            Group(35, 0.03, beta(0.5), many), Group(80, 0.03, beta(0.1), many),
            Group(240, 0.03, None, many),
        ),
        passes(
            "5 %, 80 pairs of twins, one in each group, correlation 0.9",
            Group(80, 0.05, beta(0.3), (5, 5)), Group(80, 0.05, beta(0.3), (5, 5)), twins=0.9,
        ),
        passes(
            "10 and 5 %, 80 pairs of twins, correlation 0.9",
            Group(80, 0.1, beta(0.3), (5, 5)), Group(80, 0.05, beta(0.3), (5, 5)), twins=0.9,
        ),
        passes(
            "4.5 and 1.5 %, 60 v 150, lognormal 1.2 v exponential",
            Group(60, 0.045, HEAVY, many), Group(150, 0.015, EXPONENTIAL, many),
        ),
        passes(
            "12 and 4 %, 10 v 400, 12 passes, beta 0.3 v 0.1",
            Group(10, 0.12, beta(0.3), (12, 12)), Group(400, 0.04, beta(0.1), (12, 12)),
        ),
    ]  # fmt: skip


def _misses() -> list[Population]:
    beta = ("beta", 0.5), ("beta", 0.1), ("beta", 0.4)
    return [
        passes(
            "20 %, 40 v 90, 6 passes, beta 0.5 v 0.1",
            Group(40, 0.2, beta[0], (6, 6)), Group(90, 0.2, beta[1], (6, 6)), metric="FNIR",
        ),
        passes(
            "20 %, 18 v 50, 3 to 15 passes, beta 0.4 in both",
            Group(18, 0.2, beta[2], (3, 15)), Group(50, 0.2, beta[2], (3, 15)), metric="FNIR",
        ),
        passes(
            "20 %, 12 v 12, 10 passes, beta 0.5 in both",
            Group(12, 0.2, beta[0], (10, 10)), Group(12, 0.2, beta[0], (10, 10)), metric="FNIR",
        ),
    ]  # fmt: skip


def _at_odds() -> list[Population]:
    """Return few people beside very many, frequent events, few households."""
    eight, mated = (8, 8), (1, 66)
    return [
        passes(
            "15 %, 12 v 2000, 8 passes, beta 0.3 v 0.1",
            Group(12, 0.15, ("beta", 0.3), eight), Group(2000, 0.15, ("beta", 0.1), eight),
        ),
        passes(
            "40 %, 8 v 200, 8 passes, beta 0.7 v alike",
            Group(8, 0.4, ("beta", 0.7), eight), Group(200, 0.4, None, eight),
        ),
        passes(
            "70 %, 12 v 100, 8 passes, beta 0.6 v 0.05",
            Group(12, 0.7, ("beta", 0.6), eight), Group(100, 0.7, ("beta", 0.05), eight),
        ),
        passes(
            "5 %, 64 in 8 households of 8, beta 0.4, v 64 alike",
            Group(64, 0.05, ("beta", 0.4), (5, 5), household=8), Group(64, 0.05, None, (5, 5)),
        ),
        passes(
            "10 %, 40 v 80, 1 to 66 comparisons, more (0.9) or fewer (-0.9) for many misses",
            Group(40, 0.1, ("beta", 0.3), mated, 0.9), Group(80, 0.1, ("beta", 0.3), mated, -0.9),
            metric="FNMR",
        ),
    ]  # fmt: skip


def _special() -> list[Population]:
    return [
        watchlists("random watchlists of 300, lookalikes, 60 v 140", 300, 0.0, redrawn=True),
        watchlists("one watchlist of 300, lookalikes, 60 v 140", 300, 0.0, redrawn=False),
        watchlists("random watchlists of 40 with wolves, 60 v 140", 40, 1.0, redrawn=True),
        cameras("two cameras, 45 people, 1 to 30 passes at each", 45, (1, 30), 1.0),
        cameras("two cameras, 150 people, 1 to 6 passes at each", 150, (1, 6), 1.0),
        cameras("two cameras, 150 people, 1 to 6 passes, correlation 0.9", 150, (1, 6), 0.9),
        cameras("two cameras, 150 people, 1 to 6 passes, correlation 0", 150, (1, 6), 0.0),
        cameras("two cameras, 400 people, 1 to 3 passes, 1 %", 400, (1, 3), 1.0, (0.01, 0.01)),
        cameras(
            "two cameras, 150 people, 1 to 6 passes, 6 and 3 %", 150, (1, 6), 1.0, (0.06, 0.03)
        ),
        cameras(
            "two cameras, 45 people, 1 to 30 passes, 9 and 3 %", 45, (1, 30), 0.9, (0.09, 0.03)
        ),
        cameras(
            "two cameras, 400 people, 1 to 3 passes, 3 and 1 %", 400, (1, 3), 1.0, (0.03, 0.01)
        ),
        one_camera("groups within two cameras of 2 and 7 %, each passes one, 60 v 110"),
        crossed("1.2 %, 260 people of six crossed groups, one of about 8"),
    ]


def cameras(
    name: str,
    people: int,
    each: tuple[int, int],
    correlation: float,
    rates: tuple[float, float] = (0.03, 0.03),
) -> Population:
    """Two cameras that the same people pass, with tendencies correlated between them."""
    north, south = (Group(people, rate, ("beta", 0.3), each) for rate in rates)
    labels = pd.DataFrame({"site": ["here"] * people})
    plan = plan_of("FPIR", ["camera"], reference_groups={"camera": "south"})

    def study(rng: np.random.Generator) -> Studied:
        one, other = rng.standard_normal((2, people))
        other = correlation * one + np.sqrt(1 - correlation**2) * other
        drawn = [group.draw(rng, z) for group, z in ((north, one), (south, other))]
        person = np.concatenate([np.repeat(np.arange(people), each[1]) for each in drawn])
        where = np.repeat([0, 1], [each[1].sum() for each in drawn])
        chance = np.stack([each[0] for each in drawn])[where, person]
        chance = chance * np.array([north.rate, south.rate])[where]
        camera = Condition("camera", ("north", "south"), where)
        return passed(rng, chance, person, labels, plan, conditions=(camera,))

    truths = {"north": north.rate, "south": south.rate}
    return Population(f"FPIR at {name}", study, truths, conditions=True)


def one_camera(name: str) -> Population:
    """Two groups who mostly pass different cameras of unlike rates, each person one of them."""
    group = np.repeat([0, 1], [60, 110])
    labels = pd.DataFrame({"group": np.array(["a", "b"])[group]})
    plan = plan_of("FPIR", ["group"], reference_groups={"group": "b"}, strata=("camera",))
    kinds = ("beta", 0.3), ("beta", 0.05)

    def study(rng: np.random.Generator) -> Studied:
        second = (rng.random(170) < np.array([0.7, 0.3])[group]).astype(int)
        chance = np.empty(170)
        for side, camera in product((0, 1), (0, 1)):
            at = (group == side) & (second == camera)
            drawn = Group(int(at.sum()), (0.02, 0.07)[camera], kinds[side])
            chance[at] = drawn.rate * drawn.draw(rng)[0]
        person = np.repeat(np.arange(170), 8)
        condition = Condition("camera", ("north", "south"), second[person])
        return passed(rng, chance[person], person, labels, plan, conditions=(condition,))

    return Population(f"FPIR {name}", study, {"a": np.nan, "b": np.nan})


def watchlists(name: str, size: int, wolves: float, *, redrawn: bool) -> Population:
    """Search a watchlist whose references resemble groups, and some people very much.

    A reference has a tendency (`wolves`, log-normal), and looks like group 0 or 1 three times as
    much; one pair of a person and a reference in 300 is alike, and matches 100 times as often.
    """
    rate, sizes = 0.05, np.array([60, 140])
    group = np.repeat([0, 1], sizes)
    labels = pd.DataFrame({"group": np.array(["a", "b"])[group]})
    given = {"a": rate, "b": rate}
    plan = plan_of(
        "FPIR", ["group"], reference_groups={"group": "b"},
        watchlist="random" if redrawn else "fixed",
    )  # fmt: skip

    def drawn_list(rng: np.random.Generator) -> np.ndarray:
        looks = rng.random(size) < 0.3
        own = np.exp(rng.normal(-(wolves**2) / 2, wolves, size))
        return own * np.where(np.stack([looks, ~looks]), 3.0, 1.0)

    def means(rng: np.random.Generator, listed: np.ndarray, of: np.ndarray) -> np.ndarray:
        own = np.exp(rng.normal(-0.32, 0.8, (len(of), 1)))
        alike = np.where(rng.random((len(of), size)) < 1 / 300, 100.0, 1.0)
        found: np.ndarray = own * alike * listed[of]
        return found

    @cache
    def prepared() -> tuple[np.ndarray, np.ndarray]:
        """Return the list that is not drawn anew, and the factors that make the rates right."""
        at = np.random.default_rng(1)
        fixed, factors = drawn_list(at), []
        for side in (0, 1):
            sums = [
                means(at, drawn_list(at) if redrawn else fixed, np.full(25, side)).sum(axis=1)
                for _ in range(4000)
            ]
            each = np.concatenate(sums)
            factors.append(root(lambda f, each=each: -np.expm1(-f * each).mean(), rate))
        return fixed, np.array(factors)

    def study(rng: np.random.Generator) -> Studied:
        fixed, factors = prepared()
        each = means(rng, drawn_list(rng) if redrawn else fixed, group) * factors[group, None]
        total = each.sum(axis=1)
        person = np.repeat(np.arange(len(group)), 8)
        ends = np.cumsum(each, axis=1)[person]
        cause = (rng.random((len(person), 1)) * total[person, None] > ends).sum(axis=1)
        # The chance 1 - exp(-mean) of the highest of many scores.
        return passed(
            rng, total, person, labels, plan, highest=True, reference=cause, watchlist_size=size
        )

    return Population(f"FPIR {100 * rate:g} %, {name}", study, given)


def crossed(name: str) -> Population:
    """Six crossed groups whose people are unlike by group; others are matched a fifth as often."""
    shares = np.outer((0.45, 0.55), (0.6, 0.33, 0.07)).ravel()
    kinds = (None, LAMBS, EXPONENTIAL, LAMBS, None, HEAVY)
    groups = [Group(260, 0.012, kind) for kind in kinds]
    plan = plan_of("FMR", ["gender", "ethnicity", "gender x ethnicity"])
    first, second = np.triu_indices(260, 1)

    def study(rng: np.random.Generator) -> Studied:
        cell = rng.choice(6, 260, p=shares)
        z = rng.standard_normal(260)
        own = np.empty(260)
        for code, group in enumerate(groups):
            own[cell == code] = group.draw(rng, z[cell == code])[0]
        factors = np.sqrt([group.factor(True) for group in groups])[cell]
        alike = np.where(cell[first] == cell[second], 1.0, 0.2)
        mean = (factors * own)[first] * (factors * own)[second] * alike
        gender, ethnicity = np.array(["w", "m"])[cell // 3], np.array(["A", "B", "C"])[cell % 3]
        people = pd.DataFrame({"gender": gender, "ethnicity": ethnicity})
        images = np.ones(260, int)
        return Studied(matches(rng, mean, images, first, second), people, [0.0], plan)

    names = [f"{gender} x {ethnicity}" for gender in "wm" for ethnicity in "ABC"]
    return Population(f"FMR {name}", study, dict.fromkeys(names, 0.012))
