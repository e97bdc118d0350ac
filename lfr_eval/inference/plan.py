"""Stage `inference`: what a study declared before it looked, as one frozen object.

In: the plan's settings. Out: `Plan`, which every table of this stage is computed under. What the
plan does not name is still computed, but marked exploratory.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import InitVar, dataclass, field, replace
from numbers import Real
from typing import Any

import numpy as np

from lfr_eval.contract import defaults
from lfr_eval.contract.tables import CROSS, METRICS, OVERALL, REGISTERED_STATES
from lfr_eval.contract.vocabulary import KINDS_OF_COMPARISON, SCORES, WATCHLIST_INFERENCE

UNNAMED = "event"
"""The metric of arrays that came without the name of one."""

COMPARED, SEARCHED = ("FMR", "FNMR"), ("FPIR", "FNIR")
"""Errors of comparing two images, and of searching a watchlist: false positives, then misses."""

SIZED = "FPIR"
"""The compared rate that depends on the watchlist's size; misses are compared at one size."""

_NUMBERS: tuple[tuple[str, str, Callable[[Any], bool]], ...] = (
    *(
        (name, "a float in the range (0, 1)", lambda x: 0 < x < 1)
        for name in ("level", "alpha", "power")
    ),
    ("margin", "a ratio above 1", lambda x: 1 < x < math.inf),
    ("garbe_weight", "a number from 0 to 1", lambda x: 0 <= x <= 1),
    ("seed", "an int of at least 0", lambda x: isinstance(x, int | np.integer) and bool(x >= 0)),
)
_OF_NUMBERS = ("stated_scores", "primary_thresholds", "primary_watchlist_sizes")
_OF_NAMES = (
    *("factors", "strata", "adjust", "primary_metrics", "primary_factors", "primary_comparisons"),
)


@dataclass(frozen=True)
class Plan:
    """The plan of a study: what it claims, and how sure it must be.

    Attributes
    ----------
    level
        Confidence level of every interval.
    alpha
        Level of every test.
    margin
        Equivalence margin, a ratio above 1: rates within a factor of `margin` of each other
        count as the same.
    difference_margin
        The same for the difference of two rates, between 0 and 1; None: no verdict on differences.
    power
        Power that a plan asks for.
    garbe_weight
        Share of false positives in the equity measure GARBE, from 0 to 1.
    stated_scores
        Scores; table `score_differences` compares the shares of scores at or above each.
    seed
        Seed of every random number.
    factors
        Factors that are compared, such as `gender` and `gender x ethnicity`, or, for trials that
        have the condition, `camera` and `camera x ethnicity`.
    reference_groups
        The group that the others are compared with, by factor; the largest where none is named.
        A crossed factor with conditions takes those of its parts where it has none of its own.
    strata
        Control factors: groups are compared within their combinations.
    adjust
        Covariates that table `adjusted` holds alike, such as `age_band` and `camera`.
    watchlist
        `fixed`: inference for this watchlist; `random`: for watchlists like it (wider).
    primary_metrics, primary_factors, primary_thresholds, primary_watchlist_sizes,
    primary_comparisons
        What was declared. A comparison is primary if all five name it (a metric without
        threshold, such as FTA, needs no threshold, and only false alerts depend on the size);
        everything else is exploratory. `primary_factors` are all `factors` where none is named;
        for metrics and sizes see `leading`. `scores` among the metrics are the means of scores by
        single factors, which then have a share of `alpha`. Comparisons are `omnibus`, `reference`
        (each group against the reference group) and `rest` (against all others).
    permutations
        Without effect: accepted with a warning, for code that was written when people were
        shuffled.
    registered
        How the study stands to a plan that was frozen before results: `tables.REGISTERED_STATES`.
    """

    level: float = defaults.LEVEL
    alpha: float = defaults.ALPHA
    margin: float = defaults.MARGIN
    difference_margin: float | None = None
    power: float = defaults.POWER
    garbe_weight: float = defaults.GARBE_WEIGHT
    stated_scores: tuple[float, ...] = ()
    seed: int = defaults.SEED
    factors: tuple[str, ...] = defaults.FACTORS
    reference_groups: Mapping[str, str] = field(default_factory=dict)
    strata: tuple[str, ...] = ()
    adjust: tuple[str, ...] = ()
    watchlist: str = "fixed"
    primary_metrics: tuple[str, ...] = ()
    primary_factors: tuple[str, ...] = ()
    primary_thresholds: tuple[float, ...] = ()
    primary_watchlist_sizes: tuple[int, ...] = ()
    primary_comparisons: tuple[str, ...] = defaults.PRIMARY_COMPARISONS
    registered: str = REGISTERED_STATES[0]
    permutations: InitVar[int | None] = None

    def __post_init__(self, permutations: int | None) -> None:
        if permutations is not None:
            warnings.warn(
                "The 'permutations' parameter of Plan has no effect: people are not shuffled any "
                "more. Leave it out.",
                FutureWarning,
                stacklevel=3,
            )
        for name, wanted, fits in _NUMBERS:
            value: Any = getattr(self, name)
            if isinstance(value, bool) or not (isinstance(value, Real) and fits(value)):
                raise ValueError(_message(name, wanted, value))
        apart: Any = self.difference_margin
        if not (apart is None or (isinstance(apart, Real) and 0 < float(apart) < 1)):
            raise ValueError(_message("difference_margin", "None or in the range (0, 1)", apart))
        for names, kind, wanted in ((_OF_NAMES, str, "names"), (_OF_NUMBERS, Real, "numbers")):
            for name in names:
                value = getattr(self, name)
                if isinstance(value, str) or not isinstance(value, Iterable):
                    raise ValueError(_message(name, "a sequence", value))
                given = tuple(value)
                if not all(isinstance(one, kind) and one == one for one in given):
                    raise ValueError(_message(name, f"a sequence of {wanted}", value))
                object.__setattr__(self, name, given)
        if not isinstance(self.reference_groups, Mapping):
            raise ValueError(_message("reference_groups", "a mapping", self.reference_groups))
        if OVERALL in self.factors:
            raise ValueError(
                _message("factors", "names of factors with groups to compare", self.factors)
            )
        for name, allowed in (
            ("watchlist", WATCHLIST_INFERENCE),
            ("registered", REGISTERED_STATES),
            ("primary_metrics", (*METRICS, SCORES, UNNAMED)),
            ("primary_comparisons", KINDS_OF_COMPARISON),
            ("primary_factors", self.factors),
        ):
            value = getattr(self, name)
            given = (value,) if isinstance(value, str) else value
            if any(item not in allowed for item in given):
                raise ValueError(_message(name, f"among {set(allowed)}", value))
        parts = {part for factor in self.factors for part in factor.split(CROSS)}
        unknown = [name for name in self.reference_groups if not set(name.split(CROSS)) <= parts]
        if unknown:
            raise ValueError(
                _message("reference_groups", f"keyed by the factors {self.factors}", unknown)
            )

    def of_labels(self, labels: Collection[str]) -> Plan:
        """Return the part of the plan whose factors are made of these labels of people alone."""
        factors = tuple(f for f in self.factors if all(part in labels for part in f.split(CROSS)))
        parts = {part for factor in factors for part in factor.split(CROSS)}
        groups = {
            name: group
            for name, group in self.reference_groups.items()
            if set(name.split(CROSS)) <= parts
        }
        primary = tuple(f for f in self.primary_factors if f in factors)
        return replace(self, factors=factors, reference_groups=groups, primary_factors=primary)

    def leading(self, metrics: Collection[str], sizes: Collection[int]) -> Plan:
        """Return the plan with the metrics and watchlist sizes that it leaves open.

        A study is primarily about the errors of the operation under test. If it searches a
        watchlist, these are false alerts and misses at the largest one; comparisons of two images
        then describe the matcher and are exploratory. Otherwise they are FMR and FNMR.

        Parameters
        ----------
        metrics
            The compared metrics of the study.
        sizes
            The watchlist sizes for which it has false alerts.
        """
        searched = any(metric in SEARCHED for metric in metrics)
        return replace(
            self,
            primary_metrics=self.primary_metrics or (SEARCHED if searched else COMPARED),
            primary_watchlist_sizes=self.primary_watchlist_sizes or tuple(sorted(sizes)[-1:]),
        )

    def shared_alpha(self, scores: bool = False) -> float:
        """Return the level of all primary rates together, or of all primary means of scores.

        The chance that a study without any difference claims a primary one is at most the sum,
        which is `alpha`. Each named metric brings an equal share.
        """
        named = len(self.primary_metrics)
        mean_scores = self.alpha / named if SCORES in self.primary_metrics else 0.0
        return mean_scores if scores else self.alpha - mean_scores

    def is_primary(
        self,
        metric: str,
        factor: str,
        threshold: float | None,
        comparison: str,
        watchlist_size: int | None = None,
    ) -> bool:
        """Whether the plan names this comparison."""
        named = threshold is None or any(
            abs(threshold - primary) < 1e-9 for primary in self.primary_thresholds
        )
        return (
            named
            and metric in self.primary_metrics
            and factor in (self.primary_factors or self.factors)
            and comparison in self.primary_comparisons
            and (metric != SIZED or watchlist_size in self.primary_watchlist_sizes)
        )


def _message(name: str, wanted: str, got: object) -> str:
    return f"The {name!r} parameter of Plan must be {wanted}. Got {got!r} instead."
