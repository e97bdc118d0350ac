"""Alerts of a live system that is a black box (a log in, alerts by recognition opportunity out).

The system reports whom it recognised, but no score below its floor. Each alert belongs to the pass
that it names, or to the nearest pass in time at the same camera. `comparison.logged` makes searches
of the alerts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd

from lfr_eval.config.signatures import AtLeast
from lfr_eval.contract.dates import Order, read_times
from lfr_eval.contract.folder import sha256_of
from lfr_eval.contract.spelling import skeleton
from lfr_eval.contract.tables import ALERT_LOG
from lfr_eval.contract.words import joined, several, some, threshold_text
from lfr_eval.matchers import MatcherCard, MatcherError
from lfr_eval.matchers.number_format import Decimal, read_numbers
from lfr_eval.matchers.other_spellings import near_name
from lfr_eval.matchers.passes import Assignment
from lfr_eval.matchers.rows import OTHERS, read_rows, refuse
from lfr_eval.matchers.vendor_files import LINES, NOTES, ROW, read_frame

REQUIRED = ("reference_id", "score")
OPTIONAL = ("pass_id", "time", "camera", "kind", "at", "threshold")

STATUS = frozenset(
    (
        *("status", "state", "event", "type", "action", "retracted", "cancelled", "canceled"),
        *("deleted", "withdrawn", "valid", "void", "test", "suppressed"),
    )
)
"""Names of columns by which a log may retract an alert, with or without `alert`."""

DATES = "say how the file writes days: matcher.dates=day-first or matcher.dates=month-first"


def are_ranks(columns: Mapping[str, str] | None, higher_is: str | None) -> bool:
    """Whether the score of a log is a rank, by the name of its column."""
    named = skeleton((columns or {}).get("score", "score")).split()
    return higher_is == "worse" and "rank" in named


def longest_list(at_most: int, floor: float, ranks: bool) -> int:
    """Return how many references a log names for one pass at most; 0: any number.

    Ranks down to the floor are a list of that length, and tell nothing of others.
    """
    return at_most or (int(-floor) if ranks else 0)


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
        self.ranks = are_ranks(columns, higher_is)
        self.floor, self.at_most = floor, longest_list(at_most, floor, self.ranks)
        self._path, self._within = path, within
        rows = read_rows(path, REQUIRED, OPTIONAL, columns, may_be_empty=True)
        others = tuple(rows.attrs[OTHERS])
        self.told = (*rows.attrs[NOTES], *_status(path, others))
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
        self._rows.attrs[OTHERS] = others
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
        assignment = Assignment.of(self._path, self._within, self._rows, passes)
        place, matched, seconds = assignment.places()
        pass_id = passes["pass_id"].reindex(place).array
        rows = self._rows.assign(pass_id=pass_id, matched=matched, seconds=seconds)
        subject = images[images["role"] != "probe"].set_index("image_id")["subject_id"]
        assignment.check_clocks(rows["reference_id"].map(subject), passes["subject_id"])
        self._check(rows, images, probes)
        assignment.check_assigned(place, matched)
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


def _status(path: Path, names: Sequence[str]) -> Iterator[str]:
    """Say that a column which may retract alerts is not read, and what it holds."""
    suspects = [name for name in names if STATUS & {skeleton(name).removeprefix("alert ")} and name]
    frame = read_frame(path) if suspects else pd.DataFrame()
    for name in suspects:
        counts = frame[name].astype("string").fillna("").str.strip().value_counts()
        if len(counts) > 1:
            held = some(list(counts.items()), say=lambda one: f"{one[0] or 'empty'}: {one[1]:,}")
            yield (
                f"Column '{name}' of the log of alerts is not read ({held}), so every row counts "
                "as an alert. Delete rows that are not alerts or that the system retracted."
            )
