"""Planning: what is asked (numbers of the command line in, a checked `Question` out)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lfr_eval.config.limits import MOST_PEOPLE
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.tables import CROSS
from lfr_eval.contract.words import rate_in

LINEAR, CLOSED = "linear", "closed"
PAIRS = "FMR"
METRICS = ("FPIR", "FNIR", "FNMR", "FTA", PAIRS)

LOWEST_RATE = 1e-12
"""Lowest rate that can be planned for. No study has a trillion trials."""

REAL_SPREAD = 1.0
"""Coefficient of variation of people's false matches: 0.7 to 1.6, median 0.9, in the 14 FairFace
groups with FaceNet at an FMR of 1 in 100 within each."""


class PlanningError(MendableError, ValueError):
    """A question cannot be answered as it was asked; the message lists every problem."""


@dataclass(frozen=True)
class Dependence:
    """How much the passes of one person repeat one another.

    Attributes
    ----------
    name
        The case in words.
    design_effect
        How many passes are worth one independent pass.
    spread
        For FMR: how much people differ in how often they are falsely matched, a coefficient of
        variation.
    """

    name: str
    design_effect: float
    spread: float | None = None


@dataclass(frozen=True)
class Question:
    """A design, and what is asked about it.

    Attributes
    ----------
    rate
        Expected rate of the group with fewer events, at the watchlist; None: only bounds without
        events are asked for.
    ratios
        True ratios to be found.
    margin
        Equivalence margin to be shown, a ratio above 1; the rates are then taken as equal.
    people
        People a group, where the design is given; None where people are asked for.
    groups
        Groups of equal size, each compared with the first one.
    passes
        Recognition opportunities of each person.
    correlation, design_effect
        Within-person correlation of events, or the design effect; at most one of them.
    watchlist, fillers
        The size that rates are stated at, and the larger set that is searched in the study.
    scaling
        From one size to the other: `linear`, or `closed` form for independent references.
    metric
        What the rate is of: FMR, whose trials are all pairs of people of a group, or a rate whose
        trials have one person each.
    spread
        For FMR: how much people differ in how often they are falsely matched.
    power, alpha
        Wanted power, and level of all tests of the family together.
    factors
        Factors that the study asks about. Single ones share the level; none: one factor has it all.
    """

    rate: float | None = None
    ratios: tuple[float, ...] = ()
    margin: float | None = None
    people: int | None = None
    groups: int = 2
    passes: float = 1
    correlation: float | None = None
    design_effect: float | None = None
    watchlist: int | None = None
    fillers: int | None = None
    scaling: str = LINEAR
    power: float = 0.8
    alpha: float = 0.05
    metric: str = "FPIR"
    spread: float | None = None
    factors: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        problems = [text for holds, text in self._conditions() if not holds]
        if problems:
            raise PlanningError("The question cannot be answered: " + "; ".join(problems) + ".")

    def _conditions(self) -> list[tuple[bool, str]]:
        rate, people, passes = self.rate, self.people, self.passes
        return [
            (
                rate is None or LOWEST_RATE <= rate < 1,
                f"--rate must be at least {LOWEST_RATE} and below 1, not {rate}",
            ),
            (all(r > 1 for r in self.ratios), f"--ratio must be above 1, not {self.ratios}"),
            (
                rate is None or not 0 < rate < 1 or all(r * rate <= 1 for r in self.ratios),
                f"--ratio times --rate is a rate above 1: {self.ratios} times {rate}",
            ),
            (self.margin is None or self.margin > 1, f"--equivalence must be above 1: a ratio, "
             f"such as 1.5, not {self.margin}"),
            (
                people is None or 2 <= people <= MOST_PEOPLE,
                f"--people must be from 2 to {MOST_PEOPLE:,}, not {people}",
            ),
            (self.groups >= 2, f"--groups must be at least 2, not {self.groups}"),
            (passes >= 1, f"--passes must be at least 1, not {passes}"),
            (
                self.correlation is None or 0 <= self.correlation <= 1,
                f"--correlation must be from 0 to 1, not {self.correlation}",
            ),
            (
                self.design_effect is None or self.design_effect >= 1,
                f"--design-effect must be at least 1, not {self.design_effect}",
            ),
            (
                self.correlation is None or self.design_effect is None,
                "give --correlation or --design-effect, not both",
            ),
            (
                self.metric in METRICS,
                f"--metric must be one of {', '.join(METRICS)}, not {self.metric}",
            ),
            (
                self.spread is None or (self.pairs and self.spread >= 0),
                f"--spread must be at least 0 and is for --metric FMR alone, not {self.spread} "
                f"for {self.metric}",
            ),
            (
                not self.pairs
                or (passes == 1 and self.correlation is None and self.design_effect is None
                    and self.fillers is None),
                "--metric FMR compares every two people of a group once: it takes --spread, and no "
                "--passes, --correlation, --design-effect or --fillers",
            ),
            (0 < self.power < 1, f"--power must be between 0 and 1, not {self.power}"),
            (0 < self.alpha < 1, f"--alpha must be between 0 and 1, not {self.alpha}"),
            (
                self.fillers is None or self.watchlist is not None,
                "--fillers needs --watchlist, the size that rates are stated at",
            ),
            (
                all(size is None or size >= 1 for size in (self.watchlist, self.fillers)),
                "--watchlist and --fillers must be at least 1",
            ),
            (
                self.scaling in (LINEAR, CLOSED),
                f"--scaling must be {LINEAR} or {CLOSED}, not '{self.scaling}'",
            ),
            (
                rate is not None or not (self.ratios or self.margin),
                "a ratio or a margin needs the expected rate: give --rate, or --pilot",
            ),
            (
                rate is not None or people is not None,
                "give --rate (how many people?) or --people (what can a design show?)",
            ),
            (
                people is not None or bool(self.ratios) or self.margin is not None,
                "say what is to be found: --ratio or --equivalence; or give the design: --people",
            ),
        ]  # fmt: skip

    @property
    def pairs(self) -> bool:
        """Whether a trial is a comparison of two people."""
        return self.metric == PAIRS

    @property
    def sharing(self) -> tuple[str, ...]:
        """The single factors that share the level; a crossed one starts with none of it."""
        return tuple(dict.fromkeys(one for one in self.factors if CROSS not in one))

    @property
    def level(self) -> float:
        """Level of the tests of one factor, whatever the others show."""
        return self.alpha / max(len(self.sharing), 1)

    @property
    def cases(self) -> tuple[Dependence, ...]:
        """The dependence that was stated, or else both ends of what it can be."""
        if self.pairs and self.spread is not None:
            return (Dependence("as stated", 1.0, self.spread),)
        if self.pairs:
            return (
                Dependence("people alike", 1.0, 0.0),
                Dependence("people differ as real faces do", 1.0, REAL_SPREAD),
            )
        if self.design_effect is not None:
            return (Dependence("as stated", self.design_effect),)
        if self.correlation is not None:
            return (Dependence("as stated", 1 + (self.passes - 1) * self.correlation),)
        if self.passes == 1:
            return (Dependence("one pass a person", 1.0),)
        return (
            Dependence("passes independent", 1.0),
            Dependence("passes repeat one another", float(self.passes)),
        )


def read_rate(text: str) -> float:
    """Read a rate: `1/6000`, `0.017%` or `0.00017`.

    Raises
    ------
    PlanningError
        If it is none of these.

    Examples
    --------
    >>> read_rate("1/4000"), read_rate("0.5%"), read_rate("0.01")
    (0.00025, 0.005, 0.01)
    """
    rate = rate_in(text)
    if math.isnan(rate):
        raise PlanningError(f"'{text}' is no rate; write 1/6000, 0.017% or 0.00017.")
    return rate
