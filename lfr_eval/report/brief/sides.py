"""Stage report: one kind of error, its rates and what it is called (rates in, words out)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lfr_eval.contract.names import compared_words, groups_words
from lfr_eval.contract.tables import CROSS
from lfr_eval.contract.words import alike, count, joined, one_in
from lfr_eval.report.model import Report
from lfr_eval.report.rates import Quote, Rate

PHOTOGRAPHS = "photographs"


class Deed(NamedTuple):
    """How an error is named: as a verb for one error, as a verb for several, and as a noun."""

    once: str
    often: str
    thing: str


_MISTAKEN = "were mistaken for somebody else of their group"
DEEDS = {
    "FPIR": Deed("set off a false alert", "set off false alerts", "false alerts"),
    "FNIR": Deed("were missed", "were missed", "missed people"),
    "FMR": Deed(_MISTAKEN, _MISTAKEN, "wrong matches"),
    "FNMR": Deed("went unrecognised", "went unrecognised", "missed matches"),
}
"""What is told of an error that the system makes."""


class Sides(NamedTuple):
    """One kind of error: its rates by factor and group, and what they count.

    What counts as independent is the `unit`: `people`, or `pairs` or `passes` of unknown people; a
    `trial` is what trials are, in the plural. An interval is of the `truth` ("true {}", or what a
    simulation was built with), at the `usual` level of the study, stricter for differences where
    several are tested. `conditions` are factors that tell passes apart and not people.
    """

    deed: Deed
    rates: Mapping[tuple[str, str], Rate]
    unit: str
    trial: str
    truth: str
    usual: float
    conditions: Sequence[str]

    def at_most(self, rate: Rate) -> str:
        """Say how high a rate of which no error was seen may be."""
        if rate.upper is None:
            return ""
        return f" (the {self.truth.format('rate')} is at most {one_in(rate.upper, 'up')})"

    def who(self, group: str, factor: str) -> str:
        """Return the people of a group, or the passes with a condition, within a sentence."""
        return compared_words(factor, group, self.conditions)

    def those(self, groups: Sequence[str], factor: str, last: str = "and") -> str:
        """Return several groups of a factor within a sentence."""
        if set(factor.split(CROSS)) & set(self.conditions):
            return joined([self.who(group, factor) for group in groups], last)
        return groups_words(groups, last, factor)

    def of(self, factor: str, group: str) -> Rate | None:
        """Return the rate of a group."""
        return self.rates.get((factor, group))


def sides_of(report: Report, quote: Quote) -> tuple[Sides, Sides]:
    """Return both kinds of error, each with what its trials are called."""
    record = report.record
    trials = ("comparisons", "comparisons")
    if quote.watchlist_size is not None:
        trials = ("passes", "tries")
        if record.design.list_length is not None:
            trials = ("searches", "searches")
        # One picture of a person searched against the watchlist is nobody who walks past a camera.
        if record.matcher.evidence == "pictures" and not record.capture:
            trials = (PHOTOGRAPHS, PHOTOGRAPHS) if record.design.name == "complete" else trials
    truth = "{} built into the simulation" if record.simulated else "true {}"

    def side(code: str, name: str, trial: str) -> Sides:
        rates = {(row.factor, row.group): getattr(row, name) for row in quote.rows}
        known = {of: rate for of, rate in rates.items() if rate is not None}
        level, conditions = record.inference.level, record.conditions
        return Sides(DEEDS[code], known, report.unit, trial, truth, level, conditions)

    wrong, right = quote.wrong.code, quote.right.code
    return side(wrong, "wrong", trials[0]), side(right, "right", trials[1])


def seen_words(
    mine: Rate | None, theirs: Rate | None, a: float, b: float, people: Sides
) -> tuple[str, str]:
    """Return the two rates of a ratio in one unit, with their counts where these make them."""

    def told(rate: Rate | None, value: float, said: str, noun: str) -> str:
        of = f" of{noun}" if noun and said.endswith("%") else noun
        if rate is None or not rate.trials or rate.events is None:
            return f"{said}{of}" if value else f"none{' of the' + noun if noun else ''}"
        if not value:
            return f"none of {count(rate.trials)}{noun}{people.at_most(rate)}"
        if not math.isclose(rate.events / rate.trials, value, rel_tol=1e-6):
            return f"{said}{of}"
        return f"{count(rate.events)} of {count(rate.trials)}{noun} ({said})"

    said = alike((a, "nearest"), (b, "nearest"))
    return told(mine, a, said[0], f" {people.trial}"), told(theirs, b, said[1], "")
