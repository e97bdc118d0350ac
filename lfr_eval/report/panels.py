"""Stage report: one or many small panels with common scales on one sheet (scales in, axes out).

All panels live in one matplotlib axes whose units are points on the sheet. A study of fourteen
groups has hundreds of panels, and an axes object for each costs more time than everything that is
drawn in it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from lfr_eval.contract.words import number, one_in
from lfr_eval.report.svg import FAINT, GRID, INK
from lfr_eval.report.words import shorten

Floats = NDArray[np.float64]

WIDTH = 547.0
LEFT, RIGHT, GAP = 72.0, 12.0, 22.0
SMALL_TEXT = 9.0
LETTER = 5.8
"""Width of a letter of ordinary text, on average."""
FINE_STEPS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)


@dataclass(frozen=True)
class Scale:
    """One direction of a panel: its limits, whether it is logarithmic, and its labelled ticks."""

    low: float
    high: float
    is_log: bool
    ticks: tuple[float, ...]
    label: Callable[[float], str]

    def place(self, values: Floats | Sequence[float] | float) -> Floats:
        """Return where values stand, from 0 (low) to 1 (high); NaN below a logarithmic scale."""
        array = np.asarray(values, dtype=float)
        if not self.is_log:
            return (array - self.low) / (self.high - self.low)
        shown = np.where(array >= self.low, array, math.nan)
        return np.asarray(np.log(shown / self.low) / math.log(self.high / self.low))


@dataclass(frozen=True)
class Panel:
    """A rectangle of the sheet, in points.

    Attributes
    ----------
    named_to
        Where the name of the vertical axis ends, which stands above the panel's left end.
    """

    left: float
    bottom: float
    width: float
    height: float
    x_scale: Scale
    y_scale: Scale
    named_to: float = 0.0

    def x(self, values: Floats | Sequence[float] | float) -> Floats:
        """Return positions on the sheet."""
        return self.left + self.width * self.x_scale.place(values)

    def y(self, values: Floats | Sequence[float] | float) -> Floats:
        """Return positions on the sheet."""
        return self.bottom + self.height * self.y_scale.place(values)


@dataclass(frozen=True)
class Sheet:
    """A figure with its panels."""

    figure: Figure
    axes: Axes
    panels: tuple[Panel, ...]


def rate_scale(low: float, high: float, room: float) -> Scale:
    """Return a logarithmic scale with ticks such as "1 in 1,000".

    Parameters
    ----------
    room
        Number of labels that fit.
    """
    decades = math.log10(high / low)
    powers = range(math.floor(-math.log10(high)), math.ceil(-math.log10(low)) + 1)
    best: list[float] = []
    for steps in ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0), FINE_STEPS):
        # Ticks stand where N of "1 in N" is round.
        ticks = [1 / (step * 10.0**power) for power in powers for step in steps]
        ticks = [value for value in ticks if low <= value <= min(1.0, high)]
        if not best or len(ticks) <= room:
            best = ticks
    if len(best) > room and decades > 1:
        best = best[:: math.ceil(len(best) / room)]
    return Scale(low, high, True, tuple(best), one_in)


def threshold_scale(low: float, high: float, room: int) -> Scale:
    """Return a linear scale with a few round thresholds."""
    if high <= low:
        low, high = low - 0.05, high + 0.05
    margin = 0.02 * (high - low)
    ticks = MaxNLocator(room, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    inside = tuple(float(value) for value in ticks if low - margin <= value <= high + margin)
    return Scale(low - margin, high + margin, False, inside, lambda value: number(round(value, 6)))


def lay_out(
    titles: Sequence[str], x_scale: Scale, y_scale: Scale, x_label: str, y_label: str, shared: bool
) -> Sheet:
    """Draw empty panels: one for all groups (`shared`), or one a group with its title."""
    count = 1 if shared else len(titles)
    columns = 1 if shared else 3
    rows = math.ceil(count / columns)
    height = 236.0 if shared else 92.0
    above, below, between = (54.0 if shared else 44.0), 40.0, 28.0
    total = above + rows * height + (rows - 1) * between + below
    width = (WIDTH - LEFT - RIGHT - GAP * (columns - 1)) / columns
    figure = Figure(figsize=(WIDTH / 72, total / 72))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(0, total)
    panels = tuple(
        Panel(
            LEFT + (place % columns) * (width + GAP),
            total - above - height - (place // columns) * (height + between),
            width,
            height,
            x_scale,
            y_scale,
            LEFT + LETTER * len(y_label) if shared else 0.0,
        )
        for place in range(count)
    )
    _draw_lines(axes, panels)
    for place, panel in enumerate(panels):
        last_of_column = place + columns >= count
        _label(axes, panel, left=place % columns == 0, below=last_of_column)
        if not shared:
            text = shorten(titles[place], 25)
            axes.text(panel.left, panel.bottom + height + 5, text, fontsize=9.5, color=INK)
    axes.text(LEFT, 6, x_label, color=INK)
    axes.text(4 if not shared else LEFT, total - 12 if not shared else total - above + 8, y_label)
    return Sheet(figure, axes, panels)


def mark_above(axes: Axes, panel: Panel, x: float, text: str) -> None:
    """Name a vertical line above its panel, beside the name of the axis where they would meet."""
    top, half = panel.bottom + panel.height, 0.5 * LETTER * len(text)
    start = panel.named_to + 10
    if x - half < start:
        if x < start - 4:
            axes.plot([x, x, start - 4], [top, top + 3.5, top + 3.5], color=INK, linewidth=0.7)
        axes.text(max(x - half, start), top + 8, text, fontsize=SMALL_TEXT, ha="left")
    else:
        beyond = x + half > WIDTH - RIGHT
        axes.text(x, top + 8, text, fontsize=SMALL_TEXT, ha="right" if beyond else "center")


def _draw_lines(axes: Axes, panels: Sequence[Panel]) -> None:
    """Draw grid and frame of all panels at once: a collection costs more than its lines."""
    grid: list[tuple[tuple[float, float], tuple[float, float]]] = []
    frame: list[tuple[tuple[float, float], tuple[float, float]]] = []
    for panel in panels:
        right, top = panel.left + panel.width, panel.bottom + panel.height
        xs = panel.x(panel.x_scale.ticks)
        grid += [((panel.left, y), (right, y)) for y in panel.y(panel.y_scale.ticks)]
        if panel.x_scale.is_log:
            grid += [((x, panel.bottom), (x, top)) for x in xs]
        frame.append(((panel.left, panel.bottom), (right, panel.bottom)))
        frame += [((x, panel.bottom), (x, panel.bottom - 3)) for x in xs]
    axes.add_collection(LineCollection(grid, colors=GRID, linewidths=0.7), False)
    axes.add_collection(LineCollection(frame, colors=FAINT, linewidths=0.8), False)


def _label(axes: Axes, panel: Panel, left: bool, below: bool) -> None:
    """Write the scales' labels beside a panel that stands at the sheet's edge."""
    if left:
        for value, y in zip(panel.y_scale.ticks, panel.y(panel.y_scale.ticks), strict=True):
            axes.text(
                panel.left - 6, y, panel.y_scale.label(value), fontsize=SMALL_TEXT, ha="right",
                va="center",
            )  # fmt: skip
    if below:
        for value, x in zip(panel.x_scale.ticks, panel.x(panel.x_scale.ticks), strict=True):
            axes.text(
                x, panel.bottom - 5, panel.x_scale.label(value), fontsize=SMALL_TEXT, ha="center",
                va="top",
            )  # fmt: skip
