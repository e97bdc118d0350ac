"""Stage report: charts as SVG, drawn directly (numbers in, panels that fit a phone out).

Every panel is a drawing of its own, so that a page may set as many beside one another as there is
room for; on paper they stand on one sheet. Text stays text, and colours are those of the page.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from lfr_eval.contract.words import count, number, one_in
from lfr_eval.report.words import shorten

COLOURS = {
    "--ink": "#1c2430", "--grid": "#d9dee5", "--series-1": "#005a9c", "--series-2": "#b3430b",
}  # fmt: skip
"""What the page's colours are on white paper: 4.5:1 or more for text, apart for any eyes."""

Place = Callable[[float], float]

WIDTH, HEIGHT = 300.0, 190.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 6.0, 24.0, 22.0
STYLES = {
    "first": "stroke:var(--series-1)",
    "second": "stroke:var(--series-2);stroke-dasharray:6 3",
    "third": "stroke:var(--ink);stroke-dasharray:1.5 2",
}
DOTS = {"first": 1.6, "second": 3.2, "third": 1.6}
"""Radius of a dot: what is rare stands out."""
COLUMNS = 3
POINTS = 40
"""Points drawn at most in one line: more cannot be seen, and swell the page."""


@dataclass(frozen=True)
class Line:
    """Values along the horizontal axis; NaN where there is none.

    Attributes
    ----------
    style
        A key of `STYLES`.
    bound
        Upper ends where nothing was seen: a line would otherwise vanish exactly where a reader may
        take it for perfection.
    left, right
        Where the lower and the upper ends stand, if not at `x`: both values are uncertain.
    dots
        Whether the points are drawn one by one, and not as a line.
    """

    style: str
    x: Sequence[float]
    y: Sequence[float]
    lower: Sequence[float] = ()
    upper: Sequence[float] = ()
    bound: Sequence[float] = ()
    left: Sequence[float] = ()
    right: Sequence[float] = ()
    dots: bool = False


class Scale(NamedTuple):
    """Limits and ticks of one direction; both logarithmic or not."""

    low: float
    high: float
    log: bool
    ticks: Sequence[tuple[float, str]]

    def share(self, value: float) -> float:
        """Return where a value stands, from 0 to 1."""
        if self.log:
            value = max(value, self.low)
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


class Chart(NamedTuple):
    """A finished chart.

    Of plain texts, the `description` stands for the drawing where it cannot be seen. Each of the
    `panels` is an SVG, safe to insert as it is; the `sheet` is one of all of them, for paper.
    """

    name: str
    caption: str
    description: str
    panels: list[str]
    sheet: str


def across(value: float, scale: Scale) -> float:
    """Return where a value stands in a panel, from its left edge."""
    return LEFT + (WIDTH - LEFT - RIGHT) * scale.share(value)


def rate_scale(values: Iterable[float]) -> Scale:
    """Return a logarithmic scale of rates with ticks such as "1 in 1,000"."""
    known = [value for value in values if value > 0 and math.isfinite(value)] or [0.1]
    low, high = min(min(known) * 0.8, 0.5), min(1.0, max(known) * 1.2)
    high = max(high, low * 4)
    powers = range(math.floor(-math.log10(high)), math.ceil(-math.log10(low)) + 1)
    steps = (1.0,) if math.log10(high / low) > 1.7 else (1.0, 2.0, 5.0)
    ticks = [1 / (step * 10.0**power) for power in powers for step in steps]
    ticks = [value for value in ticks if low <= value <= high][:: max(1, len(ticks) // 5)]
    return Scale(low, high, True, [(value, one_in(value)) for value in ticks])


def threshold_scale(values: Iterable[float]) -> Scale:
    """Return a linear scale with a few round thresholds."""
    known = list(values)
    low, high = min(known), max(known)
    if high <= low:
        low, high = low - 0.05, high + 0.05
    step = 10.0 ** math.floor(math.log10((high - low) / 2))
    step = next(step * by for by in (1, 2, 5, 10) if (high - low) / (step * by) <= 4.5)
    first = math.ceil(low / step - 1e-9)
    ticks = [round(place * step, 9) for place in range(first, math.floor(high / step + 1e-9) + 1)]
    return Scale(low, high, False, [(value, number(value)) for value in ticks])


def log_scale(values: Iterable[float]) -> Scale:
    """Return a logarithmic scale of numbers with at most three round ticks."""
    known = list(values)
    low, high = min(known), max(known)
    if high <= low:
        low, high = low / 2, high * 2
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [10.0**power for power in powers if 1.2 * low <= 10.0**power <= high / 1.2]
    ticks = (ticks or [math.sqrt(low * high)])[:: max(1, math.ceil(len(ticks) / 3))]
    told = [(tick, count(round(tick)) if tick >= 1 else number(tick)) for tick in ticks]
    return Scale(low, high, True, told)


def draw(
    name: str,
    caption: str,
    panels: Sequence[tuple[str, Sequence[Line]]],
    x: Scale | None = None,
    y: Scale | None = None,
    at: float | None = None,
    mark: str | None = None,
) -> Chart:
    """Draw panels with common scales.

    Parameters
    ----------
    panels
        The title of each and its lines.
    x, y
        Thresholds across and rates upright, as far as the lines reach, by default.
    at
        Where a vertical line marks the threshold in use, which the page moves with its slider.
    mark
        Written over a drawing of what is not real.
    """
    lines = [line for _, each in panels for line in each]
    x = x or threshold_scale(value for line in lines for value in line.x)
    y = y or rate_scale(value for line in lines for value in (*line.y, *line.bound))
    inner = [_panel(title, lines, x, y, at) for title, lines in panels]
    label = f"{mark}: {caption}" if mark else caption
    rows, columns = math.ceil(len(inner) / COLUMNS), min(COLUMNS, len(inner))
    sheet, above = f"<title>{escape(label)}</title>", 0
    if mark:
        above = 16
        sheet += f'<text x="0" y="12" font-weight="700" {_TEXT}>{escape(mark.upper())}</text>'
    for place, part in enumerate(inner):
        down, over = divmod(place, COLUMNS)
        there = f"{WIDTH * over:g} {HEIGHT * down + above:g}"
        sheet += f'<g transform="translate({there})">{part}</g>'
    drawn = [
        f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" '
        f"aria-label={quoteattr(title)}>{part}</svg>"
        for (title, _), part in zip(panels, inner, strict=True)
    ]
    size = f'viewBox="0 0 {WIDTH * columns:g} {HEIGHT * rows + above:g}"'
    return Chart(name, caption, label, drawn, f'<svg {size} role="img">{sheet}</svg>')


_TEXT = 'font-size="11" style="fill:var(--ink)"'


def _text(x: float, y: float, text: str, style: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {style} {_TEXT}>{escape(text)}</text>'


def _panel(title: str, lines: Sequence[Line], x: Scale, y: Scale, at: float | None) -> str:
    def upright(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(1.0, max(0.0, y.share(value))))

    parts = [_text(LEFT, 14, shorten(title, 36), 'font-weight="600"')]
    for value, text in y.ticks:
        place = upright(value)
        rule = f"M{LEFT:g} {place:.1f}H{WIDTH - RIGHT:g}"
        parts.append(f'<path d="{rule}" style="stroke:var(--grid)"/>')
        parts.append(_text(LEFT - 5, place + 3.5, text, 'text-anchor="end"'))
    for value, text in x.ticks:
        anchor = "end" if across(value, x) > WIDTH - 26 else "middle"
        parts.append(_text(across(value, x), HEIGHT - 6, text, f'text-anchor="{anchor}"'))
    if at is not None and x.low <= at <= x.high:
        parts.append(
            f'<path class="at" d="M0 {TOP:g}V{HEIGHT - BOTTOM:g}" '
            f'transform="translate({across(at, x):.1f} 0)" style="stroke:var(--ink)"/>'
        )
    for line in lines:
        colour = STYLES[line.style].split(";")[0].removeprefix("stroke:")
        points = [(across(x_, x), y_) for x_, y_ in zip(line.x, line.y, strict=True)]
        if len(line.lower):
            band = _band(line, lambda value: across(value, x), upright)
            parts.append(f'<path d="{band}" style="fill:{colour}" fill-opacity=".14"/>')
        for values, style in ((line.bound, f"stroke:{colour};stroke-dasharray:1 3"),
                              (line.y, f"{STYLES[line.style]};stroke-width:1.8")):  # fmt: skip
            path = "" if line.dots else _path([place for place, _ in points], values, upright)
            if path:
                parts.append(f'<path d="{path}" fill="none" style="{style}"/>')
        ring = line.style == "third" and len(points) == 1
        radius = 4.0 if ring else DOTS[line.style]
        style = 'fill="none" style="stroke:var(--ink);stroke-width:1.6"'
        for place, y_ in points if line.dots or ring else ():
            dot = style if ring else f'style="fill:{colour}"'
            parts.append(f'<circle cx="{place:.1f}" cy="{upright(y_):.1f}" r="{radius:g}" {dot}/>')
    return "".join(parts)


def _path(xs: Sequence[float], ys: Sequence[float], upright: Place) -> str:
    """Return a line through the points, broken where there is none; a lone point is a dash."""
    pieces: list[list[str]] = [[]]
    for x, y in zip(xs, ys, strict=False):
        if math.isfinite(y) and y > 0:
            pieces[-1].append(f"{x:.1f} {upright(y):.1f}")
        elif pieces[-1]:
            pieces.append([])
    return "".join(
        f"M{piece[0]}" + ("h3" if len(piece) == 1 else "L" + " ".join(piece[1:]))
        for piece in pieces
        if piece
    )


def _band(line: Line, across: Place, upright: Place) -> str:
    left, right = line.left or line.x, line.right or line.x
    ends = zip(left, line.lower, right, line.upper, strict=True)
    rows = [each for each in ends if all(map(math.isfinite, each))]
    if len(rows) < 2:
        return ""
    there = " ".join(f"{across(x):.1f} {upright(high):.1f}" for _, _, x, high in rows)
    back = " ".join(f"{across(x):.1f} {upright(low):.1f}" for x, low, _, _ in reversed(rows))
    return f"M{there}L{back}Z"
