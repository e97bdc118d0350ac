"""Stage report: both kinds of error along the threshold, and one against the other.

Rates along the threshold in, charts with a panel per group out.

References
----------
Martin et al. (1997), The DET curve in assessment of detection task performance, Eurospeech;
ISO/IEC 19795-1. An ROC curve is the same picture upside down: hits in place of misses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from lfr_eval.contract.names import factor_words, group_name, metric_named
from lfr_eval.contract.record import StudyRecord
from lfr_eval.contract.thresholds import same_threshold
from lfr_eval.contract.words import confidence, count, spoken_threshold
from lfr_eval.report.chart import Chart, Line, Scale, draw, rate_scale, threshold_scale
from lfr_eval.report.rates import Rate, is_known

PAIRS = "faces compared in pairs"

Side = Sequence[Rate | None]
"""Rates of one group along the threshold."""


class Setting(NamedTuple):
    """One choice of the page: two kinds of error at a watchlist, by a factor, along thresholds.

    `size` is that of the watchlist (None: faces compared in pairs), `at` the threshold in use.
    """

    key: str
    metrics: tuple[str, str]
    size: int | None
    factor: str
    thresholds: Sequence[float]
    at: float

    @property
    def words(self) -> str:
        """Groups and watchlist within a caption."""
        watchlist = f"watchlist of {count(self.size)} faces" if self.size else PAIRS
        return f"by {factor_words(self.factor)}, {watchlist}"


def along_threshold(
    setting: Setting, groups: Sequence[str], sides: Sequence[Sequence[Side]],
    record: StudyRecord,
) -> Chart:  # fmt: skip
    """Draw one setting."""
    thresholds = setting.thresholds
    banded = is_banded(sides)
    panels = [
        (group_name(group, setting.factor),
         [line_of(style, thresholds, side[number], banded)
          for style, side in zip(("first", "second"), sides, strict=True)])
        for number, group in enumerate(groups)
    ]  # fmt: skip
    named = [
        f"{line} line, {metric_named(code).plain.lower()}"
        for line, code, side in zip(("solid", "dashed"), setting.metrics, sides, strict=True)
        if any(is_known(rate) for rates in side for rate in rates)
    ]
    caption = (
        f"Along the {'rank, with a minus' if record.matcher.ranks else 'threshold'}, "
        f"{setting.words}: {'; '.join(named)}; shaded, {band_words(record, banded)}; dotted, the "
        "upper end where no error was seen. Each step down is a fixed factor rarer."
    )
    name, across = f"along-{setting.key.replace('|', '-')}", threshold_scale(thresholds)
    return draw(name, caption, panels, across, at=setting.at, mark=record.mark)


def is_banded(sides: Sequence[Sequence[Side]]) -> bool:
    """Return whether the rates have bands that hold along the whole sweep."""
    return any(
        rate is not None and rate.band_upper is not None
        for side in sides for rates in side for rate in rates
    )  # fmt: skip


def band_words(record: StudyRecord, banded: bool) -> str:
    """Say which interval a chart draws."""
    level = confidence(record.inference.level)
    if banded:
        return (
            f"{level} bands, which hold for all these groups at all thresholds at once, are wider "
            "than the intervals of one threshold and leave out values that are impossible for a "
            "rate that only falls, or only rises, with the threshold"
        )
    return f"{level} intervals, each for one group at one threshold"


def ends_of(rates: Side, banded: bool, rising: bool = False) -> tuple[list[float], list[float]]:
    """Return lower and upper ends: of the bands where there are any, else of the intervals.

    A band holds at all thresholds at once, and a rate can only fall with the threshold (or only
    rise: `rising`). So no end is let through that an earlier or a later one rules out: where few
    errors are left, a band would otherwise leap up although the rate cannot (Chernozhukov,
    Fernández-Val & Galichon, Biometrika 96, 2009).
    """
    names = ("band_lower", "band_upper") if banded else ("lower", "upper")
    lower, upper = (_values(rates, name) for name in names)
    if not banded:
        return lower, upper
    way = -1 if rising else 1
    return _running(max, lower, -way), _running(min, upper, way)


def _running(best: Callable[[float, float], float], values: list[float], way: int) -> list[float]:
    """Return the best end so far, read forwards (1) or backwards (-1); NaN stays NaN."""
    found, so_far = [], math.nan
    for value in values[::way]:
        if not math.isnan(value):
            so_far = value if math.isnan(so_far) else best(so_far, value)
        found.append(value if math.isnan(value) else so_far)
    return found[::way]


def line_of(style: str, x: Sequence[float], rates: Side, banded: bool) -> Line:
    """Return rates as a line with its band, and the bound where no error was seen."""
    seen = [None if rate is None or rate.events is None else rate.events > 0 for rate in rates]
    ends = ends_of(rates, banded, rising=style == "second")
    known = (_values(rates, "rate"), *ends, _values(rates, "upper"))
    there, silent = ([each is one for each in seen] for one in (True, False))
    middle, lower, upper, bound = map(_where, (there, there, there, silent), known)
    return Line(style, x, middle, lower, upper, bound)


def _values(rates: Side, name: str) -> list[float]:
    """Return a number of each rate, NaN where it is not known."""
    values = [None if rate is None else getattr(rate, name) for rate in rates]
    return [math.nan if value is None else float(value) for value in values]


TICKS = 3
"""Labels of the horizontal axis at most: "1 in 100,000" is wide."""


def trade_off(
    setting: Setting, groups: Sequence[str], sides: Sequence[Sequence[Side]],
    everybody: Sequence[Side], record: StudyRecord,
) -> Chart | None:  # fmt: skip
    """Draw one setting; None where no group had both kinds of error at any threshold.

    `sides` are rates by group, those of false alerts or matches first; `everybody` has the same of
    everybody together, or nothing where they are not known.
    """
    (wrong, right), at = sides, setting.at
    banded = is_banded(sides)
    place = next((i for i, one in enumerate(setting.thresholds) if same_threshold(one, at)), None)
    overall = _line("second", everybody[0], everybody[1], False) if everybody else None
    panels = []
    for name, one, other in zip(groups, wrong, right, strict=True):
        line = _line("first", one, other, banded)
        if not any(map(math.isfinite, line.y)):
            continue
        lines = [*([] if overall is None else [overall]), line]
        if place is not None and math.isfinite(line.x[place]) and math.isfinite(line.y[place]):
            lines.append(Line("third", [line.x[place]], [line.y[place]]))
        panels.append((group_name(name, setting.factor), lines))
    if not panels:
        return None
    horizontal = rate_scale(x for _, lines in panels for line in lines for x in line.x)
    every = max(1, math.ceil(len(horizontal.ticks) / TICKS))
    horizontal = horizontal._replace(ticks=horizontal.ticks[::every])
    names = [metric_named(code).plain.lower() for code in setting.metrics]
    reference = "" if overall is None else " Dashed: everybody."
    caption = (
        f"Each kind of error against the other as the threshold moves (DET curve), "
        f"{setting.words}: across, {names[0]}; upright, {names[1]}. Nearer to the lower left is "
        f"better. "
        f"Ring: {f'rank {-at:g}' if record.matcher.ranks else f'threshold {spoken_threshold(at)}'}."
        f"{reference} Shaded, for each error by itself, {band_words(record, banded)}. "
        "Thresholds at which one of them was not seen are left out. An ROC curve is the same "
        "picture upside down."
    )
    clamped = [(name, [_within(line, horizontal) for line in lines]) for name, lines in panels]
    name = f"det-{setting.key.replace('|', '-')}"
    return draw(name, caption, clamped, horizontal, mark=record.mark)


def _line(style: str, wrong: Side, right: Side, banded: bool) -> Line:
    pairs = zip(wrong, right, strict=True)
    known = [bool(a and b and a.events and b.events) for a, b in pairs]
    x, y = (_where(known, _values(side, "rate")) for side in (wrong, right))
    if style != "first":
        return Line(style, x, y)
    left, farther = (_where(known, values) for values in ends_of(wrong, banded))
    lower, upper = (_where(known, values) for values in ends_of(right, banded, rising=True))
    return Line(style, x, y, lower, upper, (), left, farther)


def _where(known: Sequence[bool], values: Sequence[float]) -> list[float]:
    return [value if here else math.nan for here, value in zip(known, values, strict=True)]


def _within(line: Line, scale: Scale) -> Line:
    """Return a line whose band ends at the edges of its panel."""
    left, right = ([min(max(value, scale.low), scale.high) for value in ends]
                   for ends in (line.left, line.right))  # fmt: skip
    return replace(line, left=left, right=right)
