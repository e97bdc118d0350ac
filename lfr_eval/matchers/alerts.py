"""Alerts of a live system that is a black box (a log in, alerts by recognition opportunity out).

The system reports whom it recognised, but no score below its floor. Each alert belongs to the pass
that it names, or to the nearest pass in time at the same camera. `comparison.logged` makes searches
of the alerts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from copy import copy
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.config.signatures import AtLeast
from lfr_eval.contract.dates import Order, read_times
from lfr_eval.contract.folder import sha256_of
from lfr_eval.contract.spelling import skeleton
from lfr_eval.contract.tables import ALERT_LOG
from lfr_eval.contract.words import joined, several, some, threshold_text
from lfr_eval.matchers import MatcherCard, MatcherError
from lfr_eval.matchers.clocks import clock_shift
from lfr_eval.matchers.number_format import Decimal, read_numbers
from lfr_eval.matchers.other_spellings import near_name
from lfr_eval.matchers.passes import NO_CAMERA, NO_PASS, SEVERAL, alike, nearest_pass
from lfr_eval.matchers.rows import MOST_NAMES, OTHERS, columns_with, read_rows, refuse
from lfr_eval.matchers.vendor_files import LINES, NOTES, ROW

REQUIRED = ("reference_id", "score")
OPTIONAL = ("pass_id", "time", "camera", "kind", "at", "threshold")

NAMED, UNKNOWN_PASS = "named", "no such pass"
UNMATCHED = (UNKNOWN_PASS, NO_PASS, NO_CAMERA, SEVERAL)

LARGEST_SHARE_IN_DOUBT = 0.05
"""Of alerts that fit several passes: they are somebody's, and are missing from every rate."""

NO_TIME = (
    "names no pass and has no time (write date and time in one cell, as 2026-03-14T09:30:00 or "
    '14/03/2026 09:30:00; in Excel, the number format yyyy-mm-dd"T"hh:mm:ss does it for the whole '
    "column)"
)
NO_TIMES = (
    "names no pass, and no column of times is read (if the file has one, give "
    "'matcher.columns={{time: THEIRS}}'; its other columns: {})"
)
DATES = "say how the file writes days: matcher.dates=day-first or matcher.dates=month-first"


class AlertLog:
    """A log of alerts, or of candidate lists: CSV, Parquet or JSON lines.

    Parameters
    ----------
    floor
        Lowest score that the system reports: no alert of the log may score lower.
    at_most
        Most references that the system reports for one pass; 0: all that reach the floor.
    columns
        Other names of columns: our name to the file's.
    within
        Seconds between an alert that names no pass and the pass it may belong to.
    higher_is
        `better`, or `worse` for distances: the score is then minus the distance.
    decimal
        Decimal mark of numbers in text, `point` or `comma`; the other mark may separate
        thousands. None: read from the numbers, and refused where a number could mean two things.
    dates
        How days are written in numbers. None: as the times show, and refused where they do not.

    Attributes
    ----------
    ranks
        Whether the log holds ranks in place of scores.

    Raises
    ------
    MatcherError
        If the file cannot be read, or holds something that the system cannot have reported. Every
        kind of problem is listed with its first rows.
    """

    def __init__(  # noqa: PLR0913 - one setting each
        self,
        path: Path,
        floor: float,
        at_most: Annotated[int, AtLeast(0)] = 1,
        columns: Mapping[str, str] | None = None,
        within: float = 10.0,
        higher_is: Literal["better", "worse"] = "better",
        decimal: Decimal | None = None,
        dates: Order | None = None,
    ) -> None:
        self.floor, self.at_most = floor, at_most
        self._path, self._within = path, within
        rows = read_rows(path, REQUIRED, OPTIONAL, columns, may_be_empty=True)
        self.told, self._others = tuple(rows.attrs[NOTES]), tuple(rows.attrs[OTHERS])
        # The reference engine's own log: a line about the deployment, then one line an alert.
        engine = path.suffix.lower() in LINES and {"kind", "at", "threshold"} <= set(rows)
        if engine:
            rows = rows[rows["kind"] == "alert"].reset_index(drop=True)
            if "time" not in (columns or {}):
                rows = rows.assign(time=rows["at"])
        self.first_only = engine
        if "pass_id" not in rows and "time" not in rows:
            raise MatcherError(
                f"{path} has neither pass_id nor time, so alerts cannot be assigned to passes. If "
                "the file has other names for them, give 'matcher.columns={time: THEIRS}'."
            )
        number = read_numbers(rows["score"], decimal)
        score = number.value
        if engine:
            # The engine compares in float32, and writes what it compared.
            score = score.astype(np.float32)
        if higher_is == "worse":
            score = -score
        named_score = skeleton((columns or {}).get("score", "score")).split()
        self.ranks = higher_is == "worse" and "rank" in named_score
        checks = [
            (
                "reference_id is empty (write the image_id of the reference that the alert names)",
                rows["reference_id"] == "",
            ),
            *number.checks("score"),
            ("there is no score (write the score of each alert)", number.empty),
            (
                f"score is below the floor of {threshold_text(floor)} (give the lowest score at "
                "which the system raises an alert as matcher.floor)",
                score < score.dtype.type(floor),
            ),
        ]
        if engine:
            at = read_numbers(rows["threshold"]).value
            said = (
                f"the engine's threshold is not {threshold_text(floor)} (give it as matcher.floor)"
            )
            checks.append((said, at != floor))
        if "time" in rows:
            times = read_times(rows["time"], dates)
            checks.append((f"{times.why}: {DATES}", times.unclear))
            rows = rows.assign(time=times.iso)
        named = [name for name in ("pass_id", "time", "camera") if name in rows]
        refuse(path, rows[[*named, "reference_id", "score", ROW]], checks)
        self._rows = rows[[*named, "reference_id", ROW]].assign(score=score)
        again = self._rows.drop(columns=ROW).duplicated()
        if again.any():
            self._rows = self._rows[~again].reset_index(drop=True)
            self.told += (
                f"{several(int(again.sum()), 'alert')} of {len(again):,} in the log "
                f"{'is' if again.sum() == 1 else 'are'} the same as an earlier one in "
                f"{joined([*named, 'reference_id'])} and score; each is counted once.",
            )
        content = sha256_of(path)
        told = f"at most {at_most:,}" if at_most else "all references"
        settings = (content, floor, at_most, sorted((columns or {}).items()), within, higher_is)
        content = repr((*settings, *filter(None, [decimal, dates])))
        self.card = MatcherCard(
            name="alerts",
            fingerprint=hashlib.sha256(content.encode()).hexdigest(),
            description=(
                f"candidate lists of ranks without scores, down to rank {-floor:g} "
                f"({len(self._rows):,} candidates; a score is minus the rank)"
                if self.ranks
                else f"a live system known by its log ({len(self._rows):,} alerts at or above "
                f"{threshold_text(floor)}, {told} named for one pass)"
            ),
            similarity="given",
            score_range=(floor, float(max(score.max(), floor)) if len(score) else floor),
            acquisition="a pass counts as acquired unless the log of passes says otherwise",
        )

    def without(self, images: Collection[str]) -> AlertLog:
        """Return the log without alerts about images or passes that a plan excludes."""
        left = copy(self)
        gone = self._rows["reference_id"].isin(images)
        if "pass_id" in self._rows:
            gone |= self._rows["pass_id"].isin(images)
        left._rows = self._rows[~gone]
        return left

    def alerts(self, images: pd.DataFrame) -> pd.DataFrame:
        """Return every alert with its pass: the columns of table `alert_log`.

        Parameters
        ----------
        images
            Table `cohort`: who is enrolled or a filler, and the passes.

        Raises
        ------
        MatcherError
            If an alert names a reference that was not enrolled or a pass that was not acquired; if
            a pass has alerts about more than `at_most` references; if no alert belongs to a pass;
            or if the clocks of the two logs differ.
        """
        probes = images[images["role"].isin(["probe", "both"])]
        passes = probes.drop_duplicates("pass_id").reset_index(drop=True)
        place, matched, seconds = self._places(passes)
        pass_id = passes["pass_id"].reindex(place).array
        rows = self._rows.assign(pass_id=pass_id, matched=matched, seconds=seconds)
        self._check_clocks(images, passes)
        self._check(rows, images, probes)
        self._check_assigned(rows, passes)
        absent = {name: None for name in ("time", "camera") if name not in rows}
        return rows.assign(**absent)[ALERT_LOG.names].reset_index(drop=True)

    def _check(self, rows: pd.DataFrame, images: pd.DataFrame, probes: pd.DataFrame) -> None:
        told = images["acquired"].fillna(True).astype(bool)
        watched = images["role"] != "probe"
        watchlist = images.loc[watched, "image_id"]
        enrolled = images.loc[watched & told, "image_id"]
        failed = images.loc[watched & ~told, "image_id"]
        seen = probes.loc[told[probes.index], "pass_id"]
        pairs = rows[["pass_id", "reference_id"]].drop_duplicates().dropna()
        number = rows["pass_id"].map(pairs["pass_id"].value_counts()).fillna(0)
        reference, passed = rows["reference_id"], rows["pass_id"]
        unknown = set(reference[~reference.isin(watchlist)])
        people = set(images.loc[watched, "subject_id"])
        checks = [
            (
                "reference_id is not in the manifest of the watchlist"
                + (
                    " (it is a subject_id there: name the image_id of the reference)"
                    if unknown and unknown <= people
                    else near_name(reference[~reference.isin(watchlist)], watchlist)
                    or " (add its row there, or leave out the alert)"
                ),
                ~reference.isin(enrolled) & ~reference.isin(failed),
            ),
            (
                "the manifest says that this reference was not enrolled (correct acquired there, "
                "or reference_id here)",
                reference.isin(failed),
            ),
            (
                "the log of passes says that this pass was not acquired (correct acquired there, "
                "or pass_id or time here)",
                passed.notna() & ~passed.isin(seen),
            ),
            (
                f"the pass has alerts about more than {self.at_most:,} references "
                "(matcher.at_most; 0: the log names all that reach the floor)",
                (number > self.at_most) & (self.at_most > 0),
            ),
        ]
        refuse(self._path, self._rows, checks)

    def _cells(self) -> tuple[pd.Series, pd.Series, pd.Series]:
        """Return the pass, the time and the camera that each alert names; empty: none."""
        nothing = pd.Series("", self._rows.index)
        named, text, camera = (
            self._rows.get(one, nothing) for one in ("pass_id", "time", "camera")
        )
        return named, text, camera

    def _check_clocks(self, images: pd.DataFrame, passes: pd.DataFrame) -> None:
        """Refuse alerts that fit the passes of others because of their clock."""
        named, text, camera = self._cells()
        subject = images[images["role"] != "probe"].set_index("image_id")["subject_id"]
        alerts = pd.DataFrame(
            {
                "subject_id": self._rows["reference_id"].map(subject),
                "camera": alike(camera),
                "time": self._times(text),
            }
        )[(named == "").to_numpy(bool)]
        passed = pd.DataFrame(
            {
                "subject_id": passes["subject_id"],
                "camera": alike(passes["camera"].fillna("")),
                "time": self._times(passes["captured_at"].fillna("")),
            }
        )
        shift = clock_shift(alerts, passed, self._within)
        if shift is not None and shift.certain and abs(shift.seconds) > self._within / 2:
            late = "later" if shift.seconds > 0 else "earlier"
            raise MatcherError(
                f"{self._path}: {shift.said(self._within)}. "
                f"{several(shift.fitting, 'alert')} of {shift.alerts:,} would belong to a pass of "
                f"the person they name if alerts were {abs(shift.seconds):,.0f} seconds "
                f"{late} than passes; with the times as they are, {shift.fitting_now:,} do. Write "
                "all times with their time zone, such as +01:00, and correct the times of clocks "
                "that were wrong. If alerts really come that late, increase matcher.within "
                "(seconds)."
            )

    def _check_assigned(self, rows: pd.DataFrame, passes: pd.DataFrame) -> None:
        """Refuse alerts that belong to no pass."""
        named, text, camera = self._cells()
        doubtful = rows["matched"] == SEVERAL
        if doubtful.sum() > LARGEST_SHARE_IN_DOUBT * len(rows):
            said = (
                f"{several(int(doubtful.sum()), 'alert')} of {len(rows):,} could belong to several "
                "passes, because people passed a camera at the same time or a clock was put back. "
                "People whom the system recognised would count as missed. Name the pass of each "
                "alert (column pass_id), give times with seconds and a time zone, or leave out the "
                "passes concerned"
            )
            refuse(self._path, self._rows, [(said, doubtful)])
        if len(rows) and rows["pass_id"].isna().all():
            raise MatcherError(
                f"{self._path}: none of the {several(len(rows), 'alert')} belongs to a pass. "
                + self._why_none(named, text, camera, passes)
            )

    def _why_none(
        self, named: pd.Series, text: pd.Series, camera: pd.Series, passes: pd.DataFrame
    ) -> str:
        said = [
            f"{name} of the alerts: {_first(own)}; of the log of passes: {_first(other)}"
            + near_name(own.unique(), other.unique(), "the log of passes")
            for name, own, other in (
                ("Pass_id", named[named != ""], passes["pass_id"]),
                ("Cameras", camera[camera != ""], passes["camera"].dropna()),
                ("Times", text[text != ""], passes["captured_at"].dropna()),
            )
            if len(own)
        ]
        said += [
            f"Column '{name}' holds pass_ids of the log of passes: if each alert belongs to the "
            f"pass with that name, give 'matcher.columns={{pass_id: {name}}}'"
            for name in columns_with(self._path, passes["pass_id"])
        ] or ["Correct the names in one of the two files, or increase matcher.within (seconds)"]
        return ". ".join(said) + "."

    def _places(
        self, passes: pd.DataFrame
    ) -> tuple[NDArray[np.intp], NDArray[np.object_], NDArray[np.float64]]:
        """Return the row of each alert's pass (-1: none), how it was found, seconds after it."""
        rows = self._rows
        named, text, camera = self._cells()
        at, began = self._times(text), self._times(passes["captured_at"].fillna(""))
        by_time = (named == "").to_numpy(bool)
        refuse(
            self._path,
            rows,
            [(self._no_time(), pd.Series(by_time & np.isnat(at), rows.index))],
        )
        place = pd.Index(passes["pass_id"]).get_indexer(pd.Index(named)).astype(np.intp)
        matched = np.where(place < 0, UNKNOWN_PASS, NAMED).astype(object)
        place[by_time], matched[by_time] = nearest_pass(
            at[by_time],
            alike(camera[by_time]).to_numpy(str),
            began,
            alike(passes["camera"].fillna("")).to_numpy(str),
            np.timedelta64(round(self._within * 1e9), "ns"),
        )
        since = np.full(len(rows), np.timedelta64("NaT"), "timedelta64[ns]")
        since[place >= 0] = at[place >= 0] - began[place[place >= 0]]
        return place, matched, since / np.timedelta64(1, "s")

    def _no_time(self) -> str:
        """Say why alerts cannot be assigned by time."""
        if "time" in self._rows or not self._others:
            return NO_TIME
        return NO_TIMES.format(some(self._others, MOST_NAMES))

    def _times(self, text: pd.Series) -> NDArray[np.datetime64]:
        """Return times in UTC. Times without a time zone are taken to be on the same clock."""
        zoned = text[text != ""].str.contains(r"(?:[+-]\d\d:?\d\d|Z)$", regex=True)
        self._zones = (*getattr(self, "_zones", ()), *zoned.unique().tolist())
        if len(set(self._zones)) > 1:
            raise MatcherError(
                f"{self._path}: some times of alerts or passes have a time zone and some have "
                "none, so they cannot be compared. Write all of them with one, such as +00:00."
            )
        times = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True)
        return times.dt.tz_convert(None).to_numpy("datetime64[ns]")


def _first(values: pd.Series) -> str:
    """Return the first different values."""
    return some(values.unique()) or "none"
