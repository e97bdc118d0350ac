"""Stage report: rate by group with intervals, both kinds of error side by side (rates to bars).

It is a table, whose bars the style sheet of the page and `report.typ` draw, so that they fit a
phone and are read aloud as text.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lfr_eval.contract.names import factor_words, group_name
from lfr_eval.contract.spelling import is_group
from lfr_eval.contract.tables import OVERALL
from lfr_eval.contract.words import joined, one_in, percentage, ratio, several, some
from lfr_eval.report.rates import Quote, QuotedRow, Rate, is_known
from lfr_eval.report.words import shorten

FEWEST = 6
"""People below which a group is named and not drawn: the fewest that can be compared."""
WIDE = 0.5
"""Width of an interval, as a share of all trials, that needs a word of explanation."""
BEYOND = 1.001
"""Stands for an end of an interval past the axis: an arrow is drawn there."""


class Bar(NamedTuple):
    """One rate and its interval: "1 in 41", "32 of 133", and shares of the axis from 0 to 1.

    Shares are None where there is nothing to draw. `high` is `BEYOND` where the interval goes on
    past the axis.
    """

    rate: str
    behind: str
    low: float | None = None
    middle: float | None = None
    high: float | None = None


class Row(NamedTuple):
    """One group and a bar a column; `first` where its factor begins."""

    name: str
    overall: bool
    first: bool
    bars: tuple[Bar, ...]


class Picture(NamedTuple):
    """The picture: a column for each of two kinds of error, or of several studies.

    `ends` are what the right end of each axis stands for; all begin at none. Texts that are empty
    where nothing must be said: which groups are too small to draw (`left_out`), what must be known
    to read the rates (`note`), and how often a person was tried in each column (`tries`).
    """

    heads: tuple[str, ...]
    ends: tuple[str, ...]
    rows: tuple[Row, ...]
    left_out: str = ""
    note: str = ""
    tries: str = ""

    @property
    def shows(self) -> bool:
        """Whether any rate is drawn: in a publication all may be withheld."""
        return any(bar.low is not None for row in self.rows for bar in row.bars)

    @property
    def goes_on(self) -> bool:
        """Whether an interval goes on past its axis."""
        return any(bar.high == BEYOND for row in self.rows for bar in row.bars)


def to_picture(quote: Quote, most: int | None = None, whole: bool = False) -> Picture:
    """Return the picture of one setting.

    Of a factor with more than `most` groups, those with the highest rates of false alerts or
    matches lead. The `whole` picture has a column for an error that was not measured, too.
    """
    rows = [row for row in quote.rows if is_group(row.group)]
    size = Counter(row.factor for row in rows)
    factors = [*size]

    def place(row: QuotedRow) -> tuple[int, float]:
        leads = most is not None and size[row.factor] > most and row.wrong is not None
        return factors.index(row.factor), -(row.wrong.rate or 0.0) if leads and row.wrong else 0.0

    rows.sort(key=place)
    small = [row for row in rows if 0 < (row.people or 0) < FEWEST]
    named = [f"{group_name(row.group, row.factor)} ({factor_words(row.factor)}, "
             f"{several(row.people or 0, 'person', 'people')})" for row in small]  # fmt: skip
    both = {(row.factor, row.group): (row.wrong, row.right) for row in rows if row not in small}
    heads = (quote.wrong.plain, quote.right.plain)
    kept = [side for side in (0, 1) if whole or any(is_known(r[side]) for r in both.values())]
    sides = {name: [rates[side] for side in kept] for name, rates in both.items()}
    return draw_bars([heads[side] for side in kept], sides)._replace(
        left_out=f"Too few people to show: {joined(named)}." if named else "",
        note=" ".join(filter(None, (_whom(quote, both), _wide(both)))),
        tries=_tries(quote, kept),
    )


def _tries(quote: Quote, kept: Sequence[int]) -> str:
    """Say how often a person could have each error; a comparison of two people tries both."""
    rates = [(row.wrong, row.right) for row in quote.rows if row.factor == OVERALL]
    each = {}
    for side, metric in enumerate((quote.wrong, quote.right)):
        rate = rates[0][side] if rates and side in kept else None
        if rate is not None and rate.trials and rate.subjects:
            of_two = metric.code == "FMR"
            name = f"{metric.plain.lower()}{' with anybody' if of_two else ''}"
            each[name] = (1 + of_two) * rate.trials / rate.subjects
    if not each or max(each.values()) <= 1:
        return ""
    what = "comparisons" if quote.watchlist_size is None else "tries"
    told = {name: ratio(times) for name, times in each.items()}
    if len({*told.values()}) == 1 and len(told) == len(kept):
        return f"in {next(iter(told.values()))} {what} each, on average"
    named = [f"{times} for {name}" for name, times in told.items()]
    return f"{what} per person, on average: {joined(named)}"


def _whom(quote: Quote, both: Mapping[tuple[str, str], Sequence[Rate | None]]) -> str:
    """Say that pairs of a group are within it and those of everybody are not."""
    pairs = {key: rate for key, (rate, _) in both.items() if rate and rate.rate is not None}
    overall = next((rate.rate or 0.0 for key, rate in pairs.items() if key[0] == OVERALL), None)
    groups = [rate.rate or 0.0 for key, rate in pairs.items() if key[0] != OVERALL]
    if quote.wrong.code != "FMR" or overall is None or not groups:
        return ""
    lower = ", so it is lower" if overall < min(groups) else ""
    return (
        f"{quote.wrong.plain}: the rate of a group is for pairs of people within that group, the "
        f"rate of everybody is for all pairs compared{lower}."
    )


def _wide(both: Mapping[tuple[str, str], Sequence[Rate | None]]) -> str:
    """Say why bars of errors that were seen cover more than half of all that is possible."""
    wide = [
        (f"{group_name(group, factor)} ({several(rate.subjects_with_event, 'person', 'people')} "
         f"of {rate.subjects:,})", rate.subjects_with_event > rate.subjects / 2)
        for (factor, group), rates in both.items()
        for rate in rates
        if rate is not None and rate.events and rate.subjects and rate.subjects_with_event
        and (rate.upper or 0.0) - (rate.lower or 0.0) > WIDE
    ]  # fmt: skip
    if not wide:
        return ""
    named, mostly = zip(*wide, strict=True)
    few = "of few people" if any(mostly) else "in which few people had the error"
    return f"The widest bars are of groups {few}: {some(named, 3)}."


def draw_bars(
    heads: Sequence[str],
    sides: Mapping[tuple[str, str], Sequence[Rate | None]],
    alike: bool = False,
) -> Picture:
    """Return the rates of each factor and group, a column each, as a picture.

    Columns that are `alike` have one axis.
    """
    columns = list(zip(*sides.values(), strict=True))
    if alike:
        columns = [tuple(rate for column in columns for rate in column)] * len(columns)
    tops = [top_of(column) for column in columns]
    drawn, before = [], ""
    for (factor, group), rates in sides.items():
        bars = tuple(to_bar(rate, top) for rate, (top, _) in zip(rates, tops, strict=True))
        name = shorten(group_name(group, factor), LONGEST)
        drawn.append(Row(name, factor == OVERALL, factor != before, bars))
        before = factor
    return Picture(tuple(heads), tuple(end for _, end in tops), tuple(drawn))


def to_bar(rate: Rate | None, top: float) -> Bar:
    """Return a rate as a bar on an axis that ends at `top`; beyond one half all are percentages."""
    if rate is None or rate.rate is None:
        return Bar("withheld" if is_known(rate) else "not measured", "")
    behind = ""
    if rate.subjects is not None and rate.subjects_with_event is not None:
        behind = f"{rate.subjects_with_event:,} of {rate.subjects:,}"
    said = (percentage if top > 0.5 else one_in)(rate.rate) if rate.events else "none seen"
    if rate.lower is None or rate.upper is None:
        return Bar(said, behind)
    low, middle, high = (value / top for value in (rate.lower, rate.rate, rate.upper))
    return Bar(said, behind, low, middle if rate.events else None, min(high, BEYOND))


def top_of(rates: Sequence[Rate | None]) -> tuple[float, str]:
    """Return a round end of the axis, and the same in words.

    It holds every interval, except those of groups without any error where they would leave no room
    for the others.
    """
    known = [rate for rate in rates if rate is not None and rate.upper is not None]
    highest = max((rate.upper or 0.0 for rate in known), default=0.1)
    seen = max((rate.upper or 0.0 for rate in known if rate.events), default=highest)
    highest = seen if highest > ROOM * seen else highest
    for divisor in (100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 40,
                    30, 25, 20, 15, 10, 8, 6, 5, 4, 3, 2):  # fmt: skip
        if 1 / divisor >= highest:
            return 1 / divisor, one_in(1 / divisor)
    tenths = math.ceil(10 * highest - 1e-9)
    return tenths / 10, "all" if tenths == 10 else percentage(tenths / 10)


LONGEST = 36
"""Letters of a group's name; the middle of a longer one is left out. Tables have it whole."""
ROOM = 2.5
"""How much longer than all others' intervals one without any error may make the axis."""
