"""The pass of each alert of a log (alerts and passes in; places, and why they are certain, out)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.contract.spelling import skeleton
from lfr_eval.contract.words import several, some
from lfr_eval.matchers import MatcherError
from lfr_eval.matchers.clocks import clock_shift
from lfr_eval.matchers.other_spellings import near_name
from lfr_eval.matchers.rows import MOST_NAMES, OTHERS, columns_with, refuse

NEAREST = "nearest in time"
NO_PASS, NO_CAMERA, SEVERAL = "no pass near", "no pass at this camera", "several passes as near"
NAMED, UNKNOWN_PASS = "named", "no such pass"
UNMATCHED = (UNKNOWN_PASS, NO_PASS, NO_CAMERA, SEVERAL)

LARGEST_SHARE_IN_DOUBT = 0.05
"""Of alerts that fit several passes: they are somebody's, and are missing from every rate."""

NO_TIME = (
    "an alert names no pass and has no time. Write date and time in one cell, as "
    "2026-03-14T09:30:00 or 14/03/2026 09:30:00. In Excel, give the whole column the number "
    'format yyyy-mm-dd"T"hh:mm:ss. Alerts concerned'
)
NO_TIMES = (
    "an alert names no pass, and no column of times is read. If the file has one, give "
    "'matcher.columns={{time: THEIRS}}'. Its other columns: {}. Alerts concerned"
)


@dataclass(frozen=True)
class Assignment:
    """Alerts beside the passes that they may belong to.

    Attributes
    ----------
    path, within
        The log, and the seconds between an alert and a pass that it does not name.
    rows
        Its alerts as they are read.
    alerts, passes
        `pass_id`, `text` (the time as written), `camera` (both empty where there is none) and
        `time` (UTC, or on one clock) of each.
    """

    path: Path
    within: float
    rows: pd.DataFrame
    alerts: pd.DataFrame
    passes: pd.DataFrame

    @classmethod
    def of(cls, path: Path, within: float, rows: pd.DataFrame, passes: pd.DataFrame) -> Assignment:
        """Return the alerts of a log beside passes (rows of table `cohort`).

        Raises
        ------
        MatcherError
            If only some of the times have a time zone.
        """
        nothing = pd.Series("", rows.index)
        named, text, camera = (rows.get(one, nothing) for one in ("pass_id", "time", "camera"))
        began = passes["captured_at"].fillna("")
        _check_zones(path, pd.concat([text, began]))
        alerts = {"pass_id": named, "text": text, "camera": camera, "time": _times(text)}
        told = {"pass_id": passes["pass_id"], "text": began, "camera": passes["camera"].fillna("")}
        return cls(
            path, within, rows, pd.DataFrame(alerts), pd.DataFrame({**told, "time": _times(began)})
        )

    @property
    def by_time(self) -> NDArray[np.bool_]:
        """Which alerts name no pass."""
        return (self.alerts["pass_id"] == "").to_numpy(bool)

    def places(self) -> tuple[NDArray[np.intp], NDArray[np.object_], NDArray[np.float64]]:
        """Return the row of each alert's pass (-1: none), how it was found, seconds after it.

        Raises
        ------
        MatcherError
            If an alert has neither a pass nor a time.
        """
        at, began = self.alerts["time"].to_numpy(), self.passes["time"].to_numpy()
        by_time = self.by_time
        lacking = pd.Series(by_time & np.isnat(at), self.rows.index)
        others = self.rows.attrs.get(OTHERS, ())
        untold = "time" not in self.rows and others
        said = NO_TIMES.format(some(others, MOST_NAMES)) if untold else NO_TIME
        refuse(self.path, self.rows, [(said, lacking)])
        names = pd.Index(self.alerts["pass_id"])
        place = pd.Index(self.passes["pass_id"]).get_indexer(names).astype(np.intp)
        matched = np.where(place < 0, UNKNOWN_PASS, NAMED).astype(object)
        place[by_time], matched[by_time] = nearest_pass(
            at[by_time],
            alike(self.alerts["camera"][by_time]).to_numpy(str),
            began,
            alike(self.passes["camera"]).to_numpy(str),
            np.timedelta64(round(self.within * 1e9), "ns"),
        )
        since = np.full(len(at), np.timedelta64("NaT"), "timedelta64[ns]")
        since[place >= 0] = at[place >= 0] - began[place[place >= 0]]
        return place, matched, since / np.timedelta64(1, "s")

    def check_clocks(self, alerted: pd.Series, passed: pd.Series) -> None:
        """Refuse alerts that fit the passes of others because of their clock.

        Parameters
        ----------
        alerted, passed
            Whom the alerts name, and who passed.
        """
        alerts, passes = (
            pd.DataFrame({"subject_id": who, "camera": alike(each["camera"]), "time": each["time"]})
            for who, each in ((alerted, self.alerts), (passed, self.passes))
        )
        shift = clock_shift(alerts[self.by_time], passes, self.within)
        if shift is not None and shift.certain and abs(shift.seconds) > self.within / 2:
            late = "later" if shift.seconds > 0 else "earlier"
            raise MatcherError(
                f"{self.path}: {shift.said(self.within)}. "
                f"{several(shift.fitting, 'alert')} of {shift.alerts:,} would belong to a pass of "
                f"the person they name if alerts were {abs(shift.seconds):,.0f} seconds "
                f"{late} than passes; with the times as they are, {shift.fitting_now:,} do. Write "
                "all times with their time zone, such as +01:00, and correct the times of clocks "
                "that were wrong. If alerts really come that late, increase matcher.within "
                "(seconds)."
            )

    def check_assigned(self, place: NDArray[np.intp], matched: NDArray[np.object_]) -> None:
        """Refuse alerts that belong to no pass, or many that may belong to several."""
        number, doubtful = len(place), pd.Series(matched == SEVERAL, self.rows.index)
        if doubtful.sum() > LARGEST_SHARE_IN_DOUBT * number:
            said = (
                f"{several(int(doubtful.sum()), 'alert')} of {number:,} could belong to several "
                "passes, because people passed a camera at the same time or a clock was put back. "
                "People whom the system recognised would count as missed. Name the pass of each "
                "alert (column pass_id), give times with seconds and a time zone, or leave out the "
                "passes concerned"
            )
            refuse(self.path, self.rows, [(said, doubtful)])
        if number and (place < 0).all():
            raise MatcherError(
                f"{self.path}: none of the {several(number, 'alert')} belongs to a pass. "
                f"{self._why_none()}"
            )

    def _why_none(self) -> str:
        known = self.passes["pass_id"]
        said = []
        for name, column in (("Pass_id", "pass_id"), ("Cameras", "camera"), ("Times", "text")):
            own, other = (each[column][each[column] != ""] for each in (self.alerts, self.passes))
            if len(own):
                said.append(
                    f"{name} of the alerts: {_first(own)}; of the log of passes: {_first(other)}"
                    + near_name(own.unique(), other.unique(), "the log of passes")
                )
        said += [
            f"Column '{name}' holds pass_ids of the log of passes: if each alert belongs to the "
            f"pass with that name, give 'matcher.columns={{pass_id: {name}}}'"
            for name in columns_with(self.path, known)
        ] or ["Correct the names in one of the two files, or increase matcher.within (seconds)"]
        return ". ".join(said) + "."


def _check_zones(path: Path, text: pd.Series) -> None:
    zoned = text[text != ""].str.contains(r"(?:[+-]\d\d:?\d\d|Z)$", regex=True)
    if 0 < zoned.sum() < len(zoned):
        raise MatcherError(
            f"{path}: some times of alerts or passes have a time zone and some have "
            "none, so they cannot be compared. Write all of them with one, such as +00:00 "
            "(seconds and milliseconds since 1970 are in UTC)."
        )


def _times(text: pd.Series) -> NDArray[np.datetime64]:
    """Return times in UTC. Times without a time zone are taken to be on the same clock."""
    times = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True)
    return times.dt.tz_convert(None).to_numpy("datetime64[ns]")


def _first(values: pd.Series) -> str:
    """Return the first different values."""
    return some(values.unique()) or "none"


def alike(cameras: pd.Series) -> pd.Series:
    """Return names of cameras without what may differ by accident, such as letter case."""
    return cameras.map({name: skeleton(name) for name in cameras.unique()})


def nearest_pass(
    at: NDArray[np.datetime64],
    camera: NDArray[np.str_],
    began: NDArray[np.datetime64],
    cameras: NDArray[np.str_],
    within: np.timedelta64,
) -> tuple[NDArray[np.intp], NDArray[np.object_]]:
    """Return the nearest pass in time at the same camera, or at any if the alert names none."""
    place = np.full(len(at), -1, np.intp)
    found = np.full(len(at), NO_PASS, object)
    for name in np.unique(camera):
        there = (cameras == name) | (name == "")
        here = np.flatnonzero(there & ~np.isnat(began))
        if not there.any():
            found[camera == name] = NO_CAMERA
        if not len(here):
            continue
        here = here[np.argsort(began[here], kind="stable")]
        mine = np.flatnonzero(camera == name)
        times, own = began[here], at[mine]
        after = np.searchsorted(times, own)
        gap = np.minimum(
            np.abs(own - times[(after - 1).clip(0)]),
            np.abs(own - times[after.clip(max=len(times) - 1)]),
        )
        # All passes exactly so far away, before and after.
        number, first = np.zeros(len(own), int), np.zeros(len(own), int)
        at_once = gap == np.timedelta64(0)
        for moment, counts in ((own - gap, True), (own + gap, ~at_once)):
            left, right = np.searchsorted(times, moment), np.searchsorted(times, moment, "right")
            there = (right > left) & counts
            number += np.where(there, right - left, 0)
            first = np.where(there, left, first)
        near = gap <= within
        one = near & (number == 1)
        place[mine[one]] = here[first[one]]
        found[mine] = np.where(one, NEAREST, np.where(near, SEVERAL, NO_PASS))
    return place, found
