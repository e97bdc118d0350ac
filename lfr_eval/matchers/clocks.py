"""Whether the clocks of two logs differ (times of alerts and passes in, a shift out)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lfr_eval.contract.words import several

HOUR, HOURS_AHEAD = 3600.0, 14
"""Seconds, and how many whole hours two time zones may lie apart."""

FEWEST = 5
"""Fewest alerts that distinguish a shift from chance."""


@dataclass(frozen=True)
class Shift:
    """A difference of clocks under which alerts name the person who passed.

    Attributes
    ----------
    seconds
        By how much the alerts are later than the passes.
    fitting, fitting_now
        Alerts that are near a pass of the person they name: with the shift, and without.
    alerts
        Alerts about people who pass at all.
    """

    seconds: float
    fitting: int
    fitting_now: int
    alerts: int

    @property
    def certain(self) -> bool:
        """Whether the shift explains most alerts, and at least twice as many as none does."""
        most = max(FEWEST, 2 * self.fitting_now, self.alerts / 2)
        return self.fitting >= most

    def said(self, within: float) -> str:
        """Say that the clocks differ, and by how many hours where time zones may be why."""
        hours = round(abs(self.seconds) / HOUR)
        if not 1 <= hours <= HOURS_AHEAD or abs(abs(self.seconds) - hours * HOUR) > within:
            return "the clocks of alerts and passes seem to differ"
        ahead = "ahead of" if self.seconds > 0 else "behind"
        zones = " (BST against GMT?)" if hours == 1 else " (another time zone?)"
        return f"the alerts' clock seems {several(hours, 'hour')} {ahead} the passes'{zones}"


def clock_shift(alerts: pd.DataFrame, passes: pd.DataFrame, within: float) -> Shift | None:
    """Return the shift that brings most alerts to a pass of the person they name.

    Parameters
    ----------
    alerts, passes
        subject_id, camera ('' if not known) and time (NaT if not known).
    within
        Seconds between an alert and its pass.

    Returns
    -------
    Shift or None
        None if no alert names a person who passes.
    """
    both = alerts.reset_index().merge(passes, on="subject_id", suffixes=("", "_of_pass"))
    same = (both["camera"] == both["camera_of_pass"]) | (both["camera"] == "")
    both = both[same & both["time"].notna() & both["time_of_pass"].notna()]
    if both.empty:
        return None
    late = np.sort((both["time"] - both["time_of_pass"]).dt.total_seconds().to_numpy())
    # The window of this width that holds most differences.
    last = np.searchsorted(late, late + within, "right")
    best = int(np.argmax(last - np.arange(len(late))))
    window = late[best : last[best]]
    return Shift(
        seconds=float(np.median(window)),
        fitting=len(window),
        fitting_now=int((np.abs(late) <= within).sum()),
        alerts=int(both["index"].nunique()),
    )
