"""The cells of the benchmark: populations of two or six groups, and what is true of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.acceptance.counting import of_matches, of_passes
from benchmarks.acceptance.images import Album, of_images
from benchmarks.worlds import (
    PASSES,
    Draw,
    Kind,
    beta_rates,
    lognormal_rates,
    matches_within,
    pareto_rates,
    passes_of,
    passes_of_constant_correlation,
    tendencies,
    unsaturated,
)
from lfr_eval.inference.precision import Evidence


@dataclass(frozen=True)
class Drawn:
    """Many studies of one cell.

    Attributes
    ----------
    groups
        Evidence of each group; studies are rows.
    events
        Events of people at the last level, by group, where a trial has one person.
    """

    groups: list[Evidence]
    events: list[np.ndarray] | None = None


@dataclass(frozen=True)
class Cell:
    """One population.

    Attributes
    ----------
    name
        Printed.
    kind
        `null`, `power`, `margin` (true ratio exactly at the equivalence margin), or `difference`
        (the true difference is the margin in absolute terms).
    rates
        True rate of each group.
    smaller
        Events expected in the group that expects fewer.
    limit
        Largest share of false claims allowed, before Monte Carlo error.
    draw
        From generator and number of studies.
    """

    name: str
    kind: str
    rates: tuple[float, ...]
    smaller: float
    limit: float
    draw: Callable[[np.random.Generator, int], Drawn]


GOAL, PARETO_GOAL, ABSOLUTE_GOAL = 0.065, 0.09, 0.05
MARGIN = 1.25


def cells() -> list[Cell]:
    """All cells."""
    null = (
        *_persons(),
        *_constant(),
        *_unequal(),
        *_few(),
        *_pairs(),
        *_heavy(),
        *_images(),
        *_omnibus(),
    )
    return [*null, *_power(), *_margin(), *_difference()]


def _persons_cell(
    name: str,
    sizes: tuple[int, ...],
    draws: tuple[Draw, ...],
    rates: tuple[float, ...],
    kind: str = "null",
    limit: float = GOAL,
    passes: Callable[[np.random.Generator, tuple[int, int]], np.ndarray] | None = None,
    mean_passes: float = PASSES,
) -> Cell:
    def draw(rng: np.random.Generator, studies: int) -> Drawn:
        groups, events = [], []
        for size, one in zip(sizes, draws, strict=True):
            m = PASSES if passes is None else passes(rng, (studies, size))
            found = passes_of(rng, studies, size, one, m)
            groups.append(of_passes(found, m))
            events.append(found[-1])
        return Drawn(groups, events)

    smaller = min(size * mean_passes * rate for size, rate in zip(sizes, rates, strict=True))
    return Cell(name, kind, rates, smaller, limit, draw)


TWO_SIZES = ((66, 66), (66, 266), (266, 66), (30, 1000), (300, 60), (60, 300))


def _persons() -> list[Cell]:
    found = []
    for mean in (0.005, 0.02, 0.1):
        for sizes in TWO_SIZES:
            for one, two in ((0.0, 0.0), (0.2, 0.2), (0.6, 0.05), (0.05, 0.6), (0.3, 0.0)):
                name = f"passes {sizes[0]} v {sizes[1]}, rate {mean}, beta {one} v {two}"
                draws = (beta_rates(mean, one), beta_rates(mean, two))
                found.append(_persons_cell(name, sizes, draws, (mean, mean)))
            for words, draws, limit in (
                ("Pareto 1.5 v none", (pareto_rates(mean, 1.5), beta_rates(mean, 0)), PARETO_GOAL),
                ("none v Pareto 1.5", (beta_rates(mean, 0), pareto_rates(mean, 1.5)), PARETO_GOAL),
            ):
                name = f"passes {sizes[0]} v {sizes[1]}, rate {mean}, {words}"
                found.append(_persons_cell(name, sizes, draws, (mean, mean), limit=limit))
    return found


def _constant() -> list[Cell]:
    """Keep the correlation of passes the same at every threshold: nothing borrowed is too small."""
    found = []
    for mean in (0.005, 0.02):
        for sizes in TWO_SIZES:
            for one, two in ((0.2, 0.2), (0.6, 0.05), (0.05, 0.6)):

                def draw(
                    rng: np.random.Generator,
                    studies: int,
                    *,
                    sizes: tuple[int, int] = sizes,
                    mean: float = mean,
                    correlations: tuple[float, float] = (one, two),
                ) -> Drawn:
                    events = [
                        passes_of_constant_correlation(rng, studies, size, mean, correlation)
                        for size, correlation in zip(sizes, correlations, strict=True)
                    ]
                    return Drawn([of_passes(each) for each in events], [e[-1] for e in events])

                name = f"passes {sizes[0]} v {sizes[1]}, rate {mean}, constant {one} v {two}"
                smaller = min(sizes) * PASSES * mean
                found.append(Cell(name, "null", (mean, mean), smaller, GOAL, draw))
    return found


def _unequal() -> list[Cell]:
    """People with 1 to 40 passes each, as cameras see them."""

    def passes(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
        return 1 + rng.negative_binomial(1, 1 / PASSES, shape)

    found = []
    for sizes in ((66, 266), (266, 66), (100, 100)):
        for one, two in ((0.0, 0.0), (0.4, 0.05)):
            draws = (beta_rates(0.02, one), beta_rates(0.02, two))
            name = f"passes {sizes[0]} v {sizes[1]}, rate 0.02, beta {one} v {two}, unequal passes"
            found.append(
                _persons_cell(name, sizes, draws, (0.02, 0.02), passes=passes, mean_passes=PASSES)
            )
    return found


def _few() -> list[Cell]:
    """Few people of 50 passes each, some of whom have an event at nearly every pass."""

    def passes(_: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
        return np.full(shape, 50)

    return [
        _persons_cell(
            f"passes {sizes[0]} v {sizes[1]}, rate {rate}, beta {one} v {two}, 50 passes each",
            sizes,
            (beta_rates(rate, one), beta_rates(rate, two)),
            (rate, rate),
            passes=passes,
            mean_passes=50,
        )
        for sizes in ((8, 8), (10, 100), (20, 20))
        for rate, one, two in ((0.05, 0.3, 0.05), (0.2, 0.6, 0.05))
    ]


LAMBS: tuple[tuple[str, Kind, Kind, float], ...] = (
    ("no lambs", None, None, GOAL),
    ("lambs in both", ("lognormal", 0.8), ("lognormal", 0.8), GOAL),
    ("lambs in one", ("lognormal", 0.8), None, GOAL),
    ("lambs in the other", None, ("lognormal", 0.8), GOAL),
    ("Pareto 2.5 in both", ("pareto", 2.5), ("pareto", 2.5), GOAL),
    ("Pareto 1.8 against none", ("pareto", 1.8), None, PARETO_GOAL),
)


def _pairs_cell(
    name: str,
    sizes: tuple[int, ...],
    rates: tuple[float, ...],
    kinds: tuple[Kind, ...],
    what: str = "null",
    limit: float = GOAL,
) -> Cell:
    def draw(rng: np.random.Generator, studies: int) -> Drawn:
        groups = []
        for size, rate, kind in zip(sizes, rates, kinds, strict=True):
            people = tendencies(rng, kind, (studies, size))
            found = matches_within(rng, unsaturated(rate, kind, kind), people)
            groups.append(of_matches(found))
        return Drawn(groups)

    smaller = min(n * (n - 1) / 2 * rate for n, rate in zip(sizes, rates, strict=True))
    return Cell(name, what, rates, smaller, limit, draw)


def _pairs() -> list[Cell]:
    found = []
    for sizes in ((40, 40), (67, 67), (67, 267), (60, 300), (300, 60)):
        for expected in (1, 4, 10, 40):
            n = min(sizes)
            rate = expected / (n * (n - 1) / 2)
            for words, one, two, limit in LAMBS:
                name = f"comparisons {sizes[0]} v {sizes[1]}, {expected} expected, {words}"
                cell = _pairs_cell(name, sizes, (rate, rate), (one, two), limit=limit)
                found.append(cell)
    return found


HEAVY: Kind = ("lognormal", 1.2)
"""People's tendencies with a coefficient of variation of 1.8; real faces have 0.7 to 1.6."""


def _heavy() -> list[Cell]:
    """Few people of whom some resemble very many, against more people who are alike."""
    found = []
    for sizes in ((60, 60), (60, 150), (150, 60), (60, 300)):
        for expected in (4, 10, 40):
            n = min(sizes)
            rate = expected / (n * (n - 1) / 2)
            for words, one, two in (
                ("heavy lambs in one", HEAVY, None),
                ("heavy lambs in the other", None, HEAVY),
                ("heavy lambs in both", HEAVY, HEAVY),
            ):
                name = f"comparisons {sizes[0]} v {sizes[1]}, {expected} expected, {words}"
                found.append(_pairs_cell(name, sizes, (rate, rate), (one, two)))
    return found


def _images() -> list[Cell]:
    """Few people with several images each, and people who weigh unequally."""
    found = []
    groups = [
        (size, images, rate, words, Album(one, images), Album(two, images))
        for size, images, rate in ((12, 4, 0.03), (20, 4, 0.01), (30, 4, 0.01), (40, 2, 0.01))
        for words, one, two in (
            ("heavy lambs in one", HEAVY, None),
            ("lambs in both", ("lognormal", 0.8), ("lognormal", 0.8)),
        )
    ]
    for size in (50, 150):
        for correlation in (0.0, 0.6):
            words = f"lambs in one, correlation with images {correlation:g}"
            unlike = Album(("lognormal", 0.8), 2, 0.9, correlation), Album(None, 3, 0.9)
            groups.append((size, 0, 0.01, words, *unlike))
    for size, images, rate, words, one, two in groups:

        def draw(
            rng: np.random.Generator,
            studies: int,
            *,
            size: int = size,
            rate: float = rate,
            albums: tuple[Album, Album] = (one, two),
        ) -> Drawn:
            return Drawn([of_images(rng, studies, size, album, rate) for album in albums])

        number = f"{images} images each" if images else "1 to 60 images"
        name = f"comparisons {size} v {size}, {number}, rate {rate}, {words}"
        smaller = size * (size - 1) / 2 * min(one.median, two.median) ** 2 * rate
        found.append(Cell(name, "null", (rate, rate), smaller, GOAL, draw))
    return found


def _omnibus() -> list[Cell]:
    found = []
    for size, expected in ((40, 2.5), (67, 4), (67, 20)):
        rate = expected / (size * (size - 1) / 2)
        for words, kinds in (
            ("no lambs", (None,) * 6),
            ("lambs in two", (("lognormal", 0.8),) * 2 + (None,) * 4),
        ):
            name = f"six groups, comparisons of {size}, {expected} expected, {words}"
            found.append(_pairs_cell(name, (size,) * 6, (rate,) * 6, kinds))
    sizes = (30, 66, 66, 133, 266, 266)
    for words, correlations in (("alike", (0.1,) * 6), ("unlike", (0.6, 0.05, 0.3, 0, 0.2, 0.05))):
        draws = tuple(beta_rates(0.02, one) for one in correlations)
        name = f"six groups, passes of 30 to 266, rate 0.02, beta {words}"
        found.append(_persons_cell(name, sizes, draws, (0.02,) * 6))
    return found


def _power() -> list[Cell]:
    found = []
    for sizes, base, ratio in (
        ((100, 100), 0.02, 2.0),
        ((100, 100), 0.02, 3.0),
        ((66, 266), 0.02, 3.0),
        ((266, 66), 0.02, 3.0),
        ((266, 266), 0.005, 3.0),
    ):
        rates = (ratio * base, base)
        draws = tuple(lognormal_rates(rate, 0.5) for rate in rates)
        name = f"passes {sizes[0]} v {sizes[1]}, rate {base}, ratio {ratio}"
        found.append(_persons_cell(name, sizes, draws, rates, "power"))
    for sizes, expected, ratio in (((67, 67), 10, 3.0), ((67, 67), 20, 2.0), ((60, 300), 12, 3.0)):
        n = min(sizes)
        base = expected / (n * (n - 1) / 2)
        name = f"comparisons {sizes[0]} v {sizes[1]}, {expected} expected, ratio {ratio}"
        found.append(_pairs_cell(name, sizes, (ratio * base, base), (None, None), "power"))
    return found


def _margin() -> list[Cell]:
    found = []
    for sizes in ((300, 300), (1000, 1000), (300, 1000)):
        for one, two in ((0.0, 0.0), (0.05, 0.0), (0.1, 0.1)):
            rates = (0.3 * MARGIN, 0.3)
            draws = (beta_rates(rates[0], one), beta_rates(rates[1], two))
            name = f"passes {sizes[0]} v {sizes[1]}, ratio at the margin, beta {one} v {two}"

            def draw(
                rng: np.random.Generator,
                studies: int,
                *,
                sizes: tuple[int, int] = sizes,
                draws: tuple[Draw, ...] = draws,
            ) -> Drawn:
                pairs = zip(sizes, draws, strict=True)
                events = [
                    np.tile(rng.binomial(PASSES, d(rng, (studies, n))), (4, 1, 1)) for n, d in pairs
                ]
                return Drawn([of_passes(each) for each in events], [e[-1] for e in events])

            found.append(Cell(name, "margin", rates, 0.3 * 10 * min(sizes), GOAL, draw))
    return found


def _difference() -> list[Cell]:
    """Rates a margin apart, three to ten standard errors, in groups that are unlike."""
    found = []
    for sizes, rates, one, two in (
        ((300, 300), (0.02, 0.005), 0.2, 0.0),
        ((100, 400), (0.08, 0.03), 0.05, 0.3),
        ((400, 100), (0.03, 0.08), 0.3, 0.05),
        ((200, 600), (0.6, 0.5), 0.1, 0.0),
    ):
        draws = (beta_rates(rates[0], one), beta_rates(rates[1], two))
        name = (
            f"passes {sizes[0]} v {sizes[1]}, rates {rates[0]} and {rates[1]}, beta {one} v {two}"
        )
        found.append(
            _persons_cell(name, sizes, draws, rates, kind="difference", limit=ABSOLUTE_GOAL)
        )
    for sizes, events, kinds, words in (
        ((67, 67), (80, 20), (None, ("lognormal", 0.8)), "lambs in the other"),
        ((67, 67), (80, 20), (("lognormal", 0.8), None), "lambs in one"),
        ((60, 300), (100, 500), (("lognormal", 0.5), ("lognormal", 0.8)), "lambs in both"),
        ((300, 60), (150, 60), (("pareto", 2.5), ("pareto", 2.5)), "Pareto 2.5 in both"),
    ):
        rates = tuple(x / (n * (n - 1) / 2) for x, n in zip(events, sizes, strict=True))
        name = f"comparisons {sizes[0]} v {sizes[1]}, {events[0]} and {events[1]} expected, {words}"
        found.append(_pairs_cell(name, sizes, rates, kinds, "difference", ABSOLUTE_GOAL))
    return found
