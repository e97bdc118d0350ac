"""Records in, the report's one picture out: faces counted per hour, and days with a false alert."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd

from lfr_eval.contract.dates import spoken_day
from lfr_eval.contract.words import count, several
from lfr_eval.deployments.breaks import Break
from lfr_eval.deployments.elements import day_scale
from lfr_eval.deployments.exposure import Exposure, p_at
from lfr_eval.deployments.origins import FORCE, origins
from lfr_eval.report.chart import Chart, Line, Scale, draw, log_scale

FACES, SHARES = "faces-per-hour", "shares-of-exposure"
"""Names of the pictures."""


def faces_chart(records: pd.DataFrame, breaks: Sequence[Break]) -> Chart | None:
    """Draw faces per hour by day; None with fewer than three deployments."""
    known = records.dropna(subset=["date", "hours", "faces_seen"])
    known = known[(known["hours"] > 0) & (known["faces_seen"] > 0)]
    if len(known) < 3:
        return None
    days = [date.fromisoformat(str(day)[:10]) for day in known["date"]]
    hourly = known["faces_seen"].astype(float) / known["hours"]
    false = known["false_alerts"].fillna(0) > 0
    at = pd.Series([float(day.toordinal()) for day in days], known.index)
    scale = log_scale(hourly)
    forces = origins(records).get(FORCE, pd.Series("", records.index))[known.index]
    panels = []
    for force in forces.unique():
        lines = []
        for style, of in (("first", ~false), ("second", false)):
            chosen = of & (forces == force)
            lines.append(Line(style, at[chosen].tolist(), hourly[chosen].tolist(), dots=True))
        for each in breaks:
            if each.force in (None, force):
                day = float(date.fromisoformat(str(each.day)[:10]).toordinal())
                lines.append(Line("third", [day, day], [scale.low, scale.high]))
        panels.append((f"Faces counted per hour{f', {force}' if force else ''}", lines))
    number = int(false.sum())
    said = f"The level changes: {levels(breaks)}. " if breaks else ""
    caption = (
        f"Faces counted per hour of deployment ({several(len(known), 'deployment')}, {number} "
        "of them with a false alert). Small dot: a deployment; large dot: one with a "
        f"false alert{'; dotted upright line: the level changes' if breaks else ''}. "
        f"{said or 'No change of level was found. '}"
        "The records do not say whether more people passed or faces were counted in another way."
    )
    return draw(FACES, caption, panels, day_scale(days), scale)


def share_curves(found: Sequence[Exposure]) -> Chart | None:
    """Draw the p-value of each group at every share of the faces seen; None without a group."""
    if not found:
        return None
    shares = [step / 100 for step in range(1, 100)]
    level = 1 - found[0].level
    panels = []
    for each in found:
        p = [p_at(each.of_group, each.false_alerts, share) for share in shares]
        lines = [Line("first", shares, p), Line("third", [0, 1], [level, level])]
        lines += [Line("second", each.shares, each.p_values, dots=True)]
        panels.append((f"{each.group}: {each.of_group} of {each.false_alerts}", lines))
    stated = any(each.shares for each in found)
    caption = (
        "A group's false alerts, tested against every share that it may have of the faces seen "
        "(exact binomial test). Horizontal axis: that share. Vertical axis: the p-value; values "
        "below 0.0001 are drawn at 0.0001. Below the dotted line "
        f"({level:.2g}), the share of false alerts differs significantly from that share"
        f"{'. Large dot: a stated share' if stated else ''}. The records do not say which share is "
        "true."
    )
    across = tuple((tick / 100, f"{tick} %") for tick in (0, 25, 50, 75, 100))
    upright = ((1.0, "p = 1"), (level, f"{level:.2g}"), (0.001, "0.001"), (0.0001, "0.0001"))
    return draw(
        SHARES,
        caption,
        panels,
        Scale(0.0, 1.0, False, across),
        Scale(0.0001, 1.0, True, upright),
    )


def levels(breaks: Sequence[Break]) -> str:
    """Return the breaks in words: medians of faces per hour before and after, and the day."""
    return ", ".join(
        f"from about {count(round(each.before))} to about {count(round(each.after))} faces per "
        f"hour on {spoken_day(str(each.day))}{f' ({each.force})' if each.force else ''}"
        for each in breaks
    )
