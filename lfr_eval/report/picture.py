"""Stage report: rate by group with intervals, both kinds of error side by side (rates to bars).

The page sets the bars with its style sheet, so that they fit a phone and are read aloud as text;
paper gets the same picture as a drawing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape

from lfr_eval.contract.names import factor_words, group_name
from lfr_eval.contract.tables import CROSS, OVERALL, UNKNOWN
from lfr_eval.contract.words import joined, one_in, percentage, ratio, several, some
from lfr_eval.report.rates import Quote, QuotedRow, Rate
from lfr_eval.report.words import shorten

FEWEST = 6
"""People below which a group is named and not drawn: the fewest that can be compared."""
WIDE = 0.5
"""Width of an interval, as a share of all trials, that needs a word of explanation."""
BEYOND = 1.001
"""Stands for an end of an interval past the axis: an arrow is drawn there."""


@dataclass(frozen=True)
class Bar:
    """One rate and its interval.

    Attributes
    ----------
    rate, behind
        In words: "1 in 41", "32 of 133".
    low, middle, high
        Shares of the axis, 0 to 1; None where there is nothing to draw. `high` is `BEYOND` where
        the interval goes on past the axis.
    """

    rate: str
    behind: str
    low: float | None = None
    middle: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Row:
    """One group and a bar a column; `first` where its factor begins."""

    name: str
    overall: bool
    first: bool
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Picture:
    """The picture.

    Attributes
    ----------
    heads
        What each column shows: the two kinds of error, or studies.
    ends
        What the right end of each axis stands for; all begin at none.
    left_out
        Which groups are too small to draw; empty where none is.
    note
        What must be known to read the rates; empty where nothing must.
    tries
        How often a person was tried in each column; empty where nobody was tried twice.
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

    Parameters
    ----------
    most
        Groups of a factor above which those with the highest rates of false alerts or matches lead.
    whole
        Whether an error that was not measured has a column.
    """
    rows = [row for row in quote.rows if UNKNOWN not in row.group.split(CROSS)]
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
    kept = [
        side for side in (0, 1) if whole or any(map(_is_known, (r[side] for r in both.values())))
    ]
    sides = {name: [rates[side] for side in kept] for name, rates in both.items()}
    drawn = draw_bars([heads[side] for side in kept], sides)
    return replace(
        drawn,
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


def _is_known(rate: Rate | None) -> bool:
    return rate is not None and (rate.withheld or rate.rate is not None)


def draw_bars(
    heads: Sequence[str],
    sides: Mapping[tuple[str, str], Sequence[Rate | None]],
    alike: bool = False,
) -> Picture:
    """Return rates as a picture.

    Parameters
    ----------
    sides
        Factor and group to the rate of each column.
    alike
        Whether all columns have one axis.
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
    if rate is None:
        return Bar("not measured", "")
    if rate.withheld:
        return Bar("withheld", "")
    if rate.rate is None:
        return Bar("not measured", "")
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

_SIDE, _TEXT, _GAP = 142.0, 142.0, 10.0
_FONT = 'font-size="10.5" style="fill:var(--ink)"'


def to_svg(picture: Picture, caption: str) -> str:
    """Return the picture as one drawing for paper."""
    longest = max((len(row.name) for row in picture.rows), default=0)
    names, tall = max(118.0, 5.8 * longest), 21.0 if len(picture.rows) <= 10 else 17.0
    lefts = [names + place * (_SIDE + _TEXT + _GAP) for place in range(len(picture.heads))]
    # One column is drawn as large as two.
    width = names + max(2, len(lefts)) * (_SIDE + _TEXT + _GAP) - _GAP
    height = 34 + tall * len(picture.rows) + 8 * sum(row.first for row in picture.rows) + 18
    parts = [f"<title>{escape(caption)}</title>"]
    for head, left in zip(picture.heads, lefts, strict=True):
        parts.append(f'<text x="{left}" y="12" font-weight="700" {_FONT}>{escape(head)}</text>')
    y = 24.0
    for row in picture.rows:
        y += 8 if row.first else 0
        weight = ' font-weight="700"' if row.overall else ""
        parts.append(f'<text x="0" y="{y + 10:g}"{weight} {_FONT}>{escape(row.name)}</text>')
        for place, (bar, left) in enumerate(zip(row.bars, lefts, strict=True)):
            parts.append(_bar(bar, left, y + 6.5, place + 1))
            parts.append(
                f'<text x="{left + _SIDE + 6}" y="{y + 10:g}" {_FONT}>'
                f'<tspan font-weight="700">{escape(bar.rate)}</tspan> {escape(bar.behind)}</text>'
            )
        y += tall
    for left, end in zip(lefts, picture.ends, strict=True):
        parts.append(f'<text x="{left}" y="{y + 10:g}" {_FONT}>none</text>')
        parts.append(
            f'<text x="{left + _SIDE}" y="{y + 10:g}" text-anchor="end" {_FONT}>{end}</text>'
        )
    return f'<svg viewBox="0 0 {width:g} {height:g}" role="img">{"".join(parts)}</svg>'


def _bar(bar: Bar, left: float, y: float, series: int) -> str:
    line = f'<path d="M{left} {y:g}h{_SIDE:g}" style="stroke:var(--grid)"/>'
    if bar.low is None or bar.high is None:
        return line
    ends = (left + _SIDE * bar.low, left + _SIDE * bar.high)
    colour = f"var(--series-{series})"
    line += (
        f'<path d="M{ends[0]:.1f} {y:g}H{ends[1]:.1f}" '
        f'style="stroke:{colour};stroke-width:5" stroke-opacity=".45"/>'
    )
    if bar.high == BEYOND:
        tip, end = left + _SIDE + 5, left + _SIDE - 3
        line += f'<path d="M{tip:g} {y:g}L{end:g} {y - 4:g}V{y + 4:g}Z" style="fill:{colour}"/>'
    if bar.middle is None:
        return line
    middle = left + _SIDE * bar.middle
    if series == 1:
        return f'{line}<circle cx="{middle:.1f}" cy="{y:g}" r="4" style="fill:{colour}"/>'
    return (
        f'{line}<rect x="{middle - 3.5:.1f}" y="{y - 3.5:g}" width="7" height="7" '
        f'style="fill:{colour}"/>'
    )
