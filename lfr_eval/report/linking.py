"""Stage report: how a chart follows the threshold slider (panels in, JSON for the script out).

The chart stays as it was drawn. The script only puts a line, or a ring for each group, on top of
it, and needs to know where on the sheet a value stands.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence

from matplotlib.axes import Axes

from lfr_eval.report.panels import Panel, Sheet
from lfr_eval.report.svg import Chart


def follow_threshold(chart: Chart, sheet: Sheet) -> Chart:
    """Return the chart with a line that stands at the threshold in every panel."""
    return _linked(chart, sheet, {"kind": "line"})


def follow_in_axes(chart: Chart, axes: Axes) -> Chart:
    """Return a chart of one matplotlib axes with a line at the threshold on its linear x-axis."""
    figure = axes.get_figure(root=True)
    if figure is None:
        raise RuntimeError("The chart's axes stand in no figure.")
    width, height = (72 * float(side) for side in figure.get_size_inches())
    box = axes.get_position()
    panel = {
        "left": round(box.x0 * width, 1),
        "top": round((1 - box.y1) * height, 1),
        "width": round(box.width * width, 1),
        "height": round(box.height * height, 1),
        "x": [*axes.get_xlim(), False],
    }
    return dataclasses.replace(chart, link=json.dumps({"kind": "line", "panels": [panel]}))


def follow_rates(
    chart: Chart, sheet: Sheet, across: tuple[str, str | None], upright: str, groups: Sequence[str]
) -> Chart:
    """Return the chart with a ring at each group's rates.

    Parameters
    ----------
    across
        Name of the rates on the horizontal axis, and whose they are if not the group's own.
    upright
        Name of the rates on the vertical axis.
    groups
        In the order of the panels; one panel may serve all.
    """
    key, of = across
    link: dict[str, object] = {
        "kind": "rings",
        "across": key,
        "of": of,
        "upright": upright,
        "groups": list(groups),
    }
    return _linked(chart, sheet, link)


def _linked(chart: Chart, sheet: Sheet, link: dict[str, object]) -> Chart:
    height = float(sheet.axes.get_ylim()[1])
    panels = [_place(panel, height) for panel in sheet.panels]
    return dataclasses.replace(chart, link=json.dumps({**link, "panels": panels}))


def _place(panel: Panel, height: float) -> dict[str, object]:
    """Return a panel in the drawing's units, whose origin is at the top."""
    return {
        "left": round(panel.left, 1),
        "top": round(height - panel.bottom - panel.height, 1),
        "width": round(panel.width, 1),
        "height": round(panel.height, 1),
        "x": [panel.x_scale.low, panel.x_scale.high, panel.x_scale.is_log],
        "y": [panel.y_scale.low, panel.y_scale.high, panel.y_scale.is_log],
    }
