"""Records in, the report's one picture out: faces counted per hour, and days with a false alert."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib import dates
from matplotlib.figure import Figure

from lfr_eval.contract.words import count, several
from lfr_eval.deployments.breaks import Break
from lfr_eval.report.svg import FAINT, INK, SERIES, Chart, drawing, to_chart

_EPOCH = pd.Timestamp("1970-01-01").toordinal()
"""matplotlib counts days from here."""


def faces_chart(records: pd.DataFrame, breaks: Sequence[Break]) -> Chart | None:
    """Draw faces per hour by day; None with fewer than three deployments."""
    known = records.dropna(subset=["date", "hours", "faces_seen"])
    known = known[(known["hours"] > 0) & (known["faces_seen"] > 0)]
    if len(known) < 3:
        return None
    days = pd.to_datetime(known["date"])
    hourly = known["faces_seen"].astype(float) / known["hours"]
    false = known["false_alerts"].fillna(0) > 0
    with drawing():
        figure = Figure(figsize=(7.2, 3.2), layout="constrained")
        axes = figure.add_subplot()
        axes.scatter(days[~false], hourly[~false], s=14, color=SERIES[0], linewidths=0)
        axes.scatter(days[false], hourly[false], s=42, marker="D", color=SERIES[1], linewidths=0)
        locator = dates.AutoDateLocator(maxticks=6)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        written = dates.ConciseDateFormatter(locator, show_offset=False)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_formatter(written)
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.yaxis.set_minor_formatter(lambda _value, _place: "")
        axes.set_ylabel("faces counted per hour (log scale)")
        axes.grid(axis="y", linewidth=0.6)
        for each in breaks:
            day = float(pd.Timestamp(each.day).toordinal() - _EPOCH)
            axes.axvline(day, color=FAINT, linestyle="--", linewidth=1)
        for handle, colour, words in (
            ("●", SERIES[0], "deployment"),
            ("◆", SERIES[1], "deployment with a false alert"),
            ("┆", INK, "faces per hour change level"),
        ):
            place = {"●": 0.01, "◆": 0.21, "┆": 0.6}[handle]
            axes.text(place, 1.04, f"{handle} {words}", transform=axes.transAxes, color=colour)
        said = f"The level changes: {levels(breaks)}. " if breaks else ""
        caption = (
            f"Faces counted per hour of deployment. {said or 'No change of level was found. '}"
            "Whether more people passed or faces were counted otherwise, the records do not say."
        )
        return to_chart(
            figure,
            "faces-per-hour",
            "Faces counted per hour of deployment, by day",
            f"{several(len(known), 'deployment')}, {int(false.sum())} of them with a false alert.",
            caption,
            None,
        )


def levels(breaks: Sequence[Break]) -> str:
    """Return the breaks in words: medians of faces per hour before and after, and the day."""
    return ", ".join(
        f"from about {count(round(each.before))} to about {count(round(each.after))} faces per "
        f"hour on {each.day}"
        for each in breaks
    )
