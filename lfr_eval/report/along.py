"""Stage report: both kinds of error along the threshold, per group (rates in, chart out)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lfr_eval.contract.names import factor_words, group_name, metric_named
from lfr_eval.contract.record import StudyRecord
from lfr_eval.contract.words import confidence, count
from lfr_eval.report.chart import Chart, Line, Titles, draw, rate_scale, threshold_scale
from lfr_eval.report.rates import Rate


def watchlist_words(size: int | None) -> str:
    """Return the watchlist of a setting in words."""
    return "none, faces compared in pairs" if size is None else f"{count(size)} faces"


Side = Sequence[Rate | None]
"""Rates of one group along the threshold."""


@dataclass(frozen=True)
class Setting:
    """One choice of the page: two kinds of error at a watchlist, by a factor, along thresholds.

    Attributes
    ----------
    size
        Of the watchlist; None: faces compared in pairs.
    at
        The threshold in use.
    """

    key: str
    metrics: tuple[str, str]
    size: int | None
    factor: str
    thresholds: Sequence[float]
    at: float


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
    values = [value for _, lines in panels for line in lines for value in (*line.y, *line.bound)]
    names = [metric_named(code).plain for code in setting.metrics]
    caption = (
        f"Along the threshold, by {factor_words(setting.factor)}, "
        f"{watchlist_clause(setting.size)}: solid line, "
        f"{names[0].lower()}; dashed line, {names[1].lower()}; shaded, "
        f"{band_words(record, banded)}; dotted, the upper end where no error was "
        "seen. Each step down is a fixed factor rarer."
    )
    titles = Titles(f"along-{setting.key.replace('|', '-')}", caption, caption, record.mark)
    return draw(titles, panels, threshold_scale(thresholds), rate_scale(values), setting.at)


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
    ends = ([None if rate is None else getattr(rate, name) for rate in rates] for name in names)
    lower, upper = ([math.nan if each is None else float(each) for each in one] for one in ends)
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


def watchlist_clause(size: int | None) -> str:
    """Return the watchlist of a setting within a caption."""
    return "faces compared in pairs" if size is None else f"watchlist of {count(size)} faces"


def line_of(style: str, x: Sequence[float], rates: Side, banded: bool) -> Line:
    """Return rates as a line with its band, and the bound where no error was seen."""
    seen = [None if rate is None or rate.events is None else rate.events > 0 for rate in rates]
    lower, upper = ends_of(rates, banded, rising=style == "second")

    def where(wanted: bool, values: Sequence[float]) -> list[float]:
        return [
            value if each is wanted else math.nan for each, value in zip(seen, values, strict=True)
        ]

    middle, bound = (
        [math.nan if rate is None or getattr(rate, name) is None else getattr(rate, name)
         for rate in rates]
        for name in ("rate", "upper")
    )  # fmt: skip
    return Line(
        style, x, where(True, middle), where(True, lower), where(True, upper), where(False, bound)
    )
