"""Stage report: one kind of error, its rates and what it is called (rates in, words out)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lfr_eval.contract.names import compared_words, groups_words
from lfr_eval.contract.tables import CROSS, EVERYBODY, OVERALL
from lfr_eval.contract.words import alike, count, joined, one_in, several
from lfr_eval.report.model import Report
from lfr_eval.report.rates import Quote, Rate

PHOTOGRAPHS = "photographs"


@dataclass(frozen=True)
class Deed:
    """How an error is named: as a verb for one error, as a verb for several, and as a noun."""

    once: str
    often: str
    thing: str


DEEDS = {
    "FPIR": Deed("set off a false alert", "set off false alerts", "false alerts"),
    "FNIR": Deed("were missed", "were missed", "missed people"),
    "FMR": Deed(
        "were mistaken for somebody else of their group",
        "were mistaken for somebody else of their group",
        "wrong matches",
    ),
    "FNMR": Deed("went unrecognised", "went unrecognised", "missed matches"),
}
"""What is told of an error that the system makes."""


@dataclass(frozen=True)
class Sides:
    """One kind of error: its rates, and what they count.

    Attributes
    ----------
    rates
        By factor and group.
    unit
        What counts as independent: `people`, or `pairs` or `passes` of unknown people.
    trial
        What trials are, in the plural.
    truth
        What an interval is of: "true {}", or of a simulation, whose people do not exist, what it
        was built with.
    usual
        Confidence level of the study; that of a difference is stricter where several are tested.
    conditions
        Factors that tell passes apart and not people.
    """

    deed: Deed
    rates: Mapping[tuple[str, str], Rate]
    unit: str
    trial: str
    truth: str
    usual: float
    conditions: Sequence[str] = ()

    def at_most(self, rate: Rate) -> str:
        """Say how high a rate of which no error was seen may be."""
        if rate.upper is None:
            return ""
        return f" (the {self.truth.format('rate')} is at most {one_in(rate.upper, 'up')})"

    def in_all(self, what: str) -> str:
        """Say how often the error, called `what`, happened to everybody together."""
        rate = self.of(OVERALL, EVERYBODY)
        if rate is not None and rate.withheld:
            return f"how often {what} happened in all is not published."
        if rate is None or rate.rate is None:
            return f"how often {what} happened was not measured."
        trials = f"{count(rate.trials)} {self.trial}"
        if self.unit == "pairs":
            trials = several(rate.trials or 0, "pair")
        elif rate.subjects and self.unit == "people":
            of = "of" if self.trial == PHOTOGRAPHS else "with"
            trials += f" {of} {several(rate.subjects, 'person', 'people')}"
        if not rate.events:
            return f"{what} happened in none of {trials}{self.at_most(rate)}."
        return f"{what} happened in {count(rate.events)} of {trials} ({one_in(rate.rate)})."

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
        rates = ((row, getattr(row, name)) for row in quote.rows)
        known = {(row.factor, row.group): rate for row, rate in rates if rate is not None}
        return Sides(
            DEEDS[code], known, report.unit, trial, truth, record.inference.level, record.conditions
        )

    return (
        side(quote.wrong.code, "wrong", trials[0]),
        side(quote.right.code, "right", trials[1]),
    )


def seen_words(mine: Rate | None, theirs: Rate | None, a: float, b: float, people: Sides) -> str:
    """Return the two rates of a ratio in one unit, with their counts where these make them."""

    def told(rate: Rate | None, value: float, said: str, noun: str) -> str:
        counted = rate is not None and rate.trials and rate.events is not None
        if rate is None or not counted:
            return f"{said}{noun}" if value else f"none{' of the' + noun if noun else ''}"
        if not value:
            return f"none of {count(rate.trials)}{noun}{people.at_most(rate)}"
        if not math.isclose((rate.events or 0) / (rate.trials or 1), value, rel_tol=1e-6):
            return f"{said}{noun}"
        return f"{count(rate.events)} of {count(rate.trials)}{noun} ({said})"

    said = alike((a, "nearest"), (b, "nearest"))
    return f"{told(mine, a, said[0], f' {people.trial}')} against {told(theirs, b, said[1], '')}"
