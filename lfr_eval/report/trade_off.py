"""Stage report: one kind of error against the other, per group (rates in, a DET chart out).

References
----------
Martin et al. (1997), The DET curve in assessment of detection task performance, Eurospeech;
ISO/IEC 19795-1. An ROC curve is the same picture upside down: hits in place of misses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from lfr_eval.contract.names import factor_words, group_name, metric_named
from lfr_eval.contract.record import StudyRecord
from lfr_eval.contract.thresholds import same_threshold
from lfr_eval.contract.words import spoken_threshold
from lfr_eval.report.along import Setting, Side, band_words, ends_of, is_banded, watchlist_clause
from lfr_eval.report.chart import Chart, Line, Scale, Titles, draw, rate_scale

TICKS = 3
"""Labels of the horizontal axis at most: "1 in 100,000" is wide."""


def trade_off(
    setting: Setting, groups: Sequence[str], sides: Sequence[Sequence[Side]],
    everybody: Sequence[Side], record: StudyRecord,
) -> Chart | None:  # fmt: skip
    """Draw one setting; None where no group had both kinds of error at any threshold.

    Parameters
    ----------
    sides
        Rates along the threshold by group: false alerts or matches, then misses.
    everybody
        The same of everybody together; empty where they are not known.
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
    across = [x for _, lines in panels for line in lines for x in line.x]
    upright = [y for _, lines in panels for line in lines for y in line.y]
    horizontal = _few_ticks(rate_scale(across))
    names = [metric_named(code).plain.lower() for code in setting.metrics]
    reference = "" if overall is None else " Dashed: everybody."
    caption = (
        f"Each kind of error against the other as the threshold moves (DET curve), by "
        f"{factor_words(setting.factor)}, {watchlist_clause(setting.size)}: "
        f"across, {names[0]}; upright, {names[1]}. Nearer to the lower left is better. "
        f"Ring: threshold {spoken_threshold(at)}."
        f"{reference} Shaded, {band_words(record, banded)}, of both errors. Thresholds at which "
        "one of them was not seen are left out. An ROC curve is the same picture upside down."
    )
    clamped = [(name, [_within(line, horizontal) for line in lines]) for name, lines in panels]
    titles = Titles(f"det-{setting.key.replace('|', '-')}", caption, caption, record.mark)
    return draw(titles, clamped, horizontal, rate_scale(upright))


def _line(style: str, wrong: Side, right: Side, banded: bool) -> Line:
    pairs = list(zip(wrong, right, strict=True))
    known = [a is not None and b is not None and bool(a.events) and bool(b.events)
             for a, b in pairs]  # fmt: skip

    def seen(side: Side) -> list[float]:
        rates = zip(side, known, strict=True)
        return [one.rate or math.nan if one and here else math.nan for one, here in rates]

    if style != "first":
        return Line(style, seen(wrong), seen(right))
    left, farther = (_where(known, values) for values in ends_of(wrong, banded))
    lower, upper = (_where(known, values) for values in ends_of(right, banded, rising=True))
    return Line(style, seen(wrong), seen(right), lower, upper, (), left, farther)


def _where(known: Sequence[bool], values: Sequence[float]) -> list[float]:
    return [value if here else math.nan for here, value in zip(known, values, strict=True)]


def _within(line: Line, scale: Scale) -> Line:
    """Return a line whose band ends at the edges of its panel."""
    left = [min(max(value, scale.low), scale.high) for value in line.left]
    right = [min(max(value, scale.low), scale.high) for value in line.right]
    return replace(line, left=left, right=right)


def _few_ticks(scale: Scale) -> Scale:
    step = math.ceil(len(scale.ticks) / TICKS) if scale.ticks else 1
    return replace(scale, ticks=scale.ticks[::step])
