"""Engine: matches in, alerts and operators' decisions as JSON lines out.

Each alert is one line, written to disk before the next frame is processed. A line names the
watchlist reference and never holds a picture or a template. Decisions have a file of their own.
Both files are only appended to.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.reading import ReadingError, json_value, regular_file
from lfr_eval.engine.tracks import Track

ALERTS, DECISIONS = "alerts.jsonl", "decisions.jsonl"
JUDGEMENTS = ("true", "false")


_KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "float": (int, float),
    "int": (int,),
    "bool": (bool,),
}
Line = TypeVar("Line", "Alert", "Decision")


class DecisionError(MendableError, ValueError):
    """An operator's decision could not be recorded."""


@dataclass(frozen=True)
class Alert:
    """A face that reached the threshold.

    Attributes
    ----------
    alert_id
        Unique.
    time
        Seconds since the source's start.
    at
        When the alert was raised, ISO 8601, UTC.
    frame, track
        Number of the frame and of the pass.
    reference_id
        The watchlist reference.
    score, threshold
        On the matcher's scale.
    model
        The registered version, NAME/VERSION.
    """

    alert_id: str
    time: float
    at: str
    frame: int
    track: int
    reference_id: str
    score: float
    threshold: float
    model: str


@dataclass(frozen=True)
class Decision:
    """An operator's decision about an alert.

    Attributes
    ----------
    decision
        `true`: the face is the reference's person; `false`: it is not.
    confirmed
        Whether that was established by speaking to the person.
    groups
        Factor and group of the person, where recorded.
    """

    alert_id: str
    decision: str
    confirmed: bool
    by: str
    at: str
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Suppression:
    """Suppresses repeats: one alert per watchlist person in each pass and each cooldown.

    Attributes
    ----------
    cooldown
        Seconds after an alert during which the same person raises no other alert.
    last
        Watchlist person -> time of the last alert, seconds.
    """

    cooldown: float
    last: dict[str, float] = field(default_factory=dict)

    def allows(self, track: Track, person: str, time: float) -> bool:
        """Return whether a match raises an alert, and remember it so that its repeats do not."""
        recent = person in self.last and time - self.last[person] < self.cooldown
        if person in track.alerted or recent:
            return False
        track.alerted.add(person)
        self.last[person] = time
        return True


@dataclass(frozen=True)
class AlertFile:
    """The alerts of a deployment: a first line about it, then one line per alert."""

    path: Path

    def begin(self, about: Mapping[str, object]) -> None:
        """Write the line about the deployment. Each time it is resumed, another line is written."""
        append(self.path, {"kind": "deployment", **about})

    def add(self, alert: Alert) -> None:
        """Write an alert."""
        append(self.path, {"kind": "alert", **asdict(alert)})

    def read(self) -> list[Alert]:
        """Return the alerts so far."""
        lines = [line for line in read_lines(self.path) if line.get("kind") == "alert"]
        return [
            _made(Alert, {k: v for k, v in line.items() if k != "kind"}, self.path)
            for line in lines
        ]


def decide(
    alerts: Path,
    alert_id: str,
    decision: str,
    confirmed: bool,
    by: str,
    groups: Mapping[str, str] | None = None,
) -> Decision:
    """Append an operator's decision to the file beside the alerts. The last decision counts.

    Raises
    ------
    DecisionError
        If there is no such alert, or the decision is neither true nor false.
    """
    known = [alert.alert_id for alert in AlertFile(alerts).read()]
    problems = []
    if alert_id not in known:
        problems.append(f"{alerts} has no alert '{alert_id}' among its {len(known)} alerts")
    if decision not in JUDGEMENTS:
        problems.append(f"--decision must be {' or '.join(JUDGEMENTS)} (got '{decision}')")
    if not by.strip():
        problems.append("--by must name the person who decided")
    if problems:
        raise DecisionError("The decision was not recorded: " + "; ".join(problems) + ".")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    made = Decision(alert_id, decision, confirmed, by, now, dict(groups or {}))
    append(alerts.with_name(DECISIONS), asdict(made))
    return made


def read_decisions(alerts: Path) -> dict[str, Decision]:
    """Return the last decision about each alert."""
    file = alerts.with_name(DECISIONS)
    made = [_made(Decision, line, file) for line in read_lines(file)]
    return {decision.alert_id: decision for decision in made}


def _made(kind: type[Line], line: Mapping[str, Any], path: Path) -> Line:
    """Return what a line says.

    Raises
    ------
    DecisionError
        If it says something else: it must not be dropped in silence.
    """
    try:
        found = kind(**line)
    except TypeError as error:
        raise DecisionError(_is_no(kind, line, path)) from error
    for each in fields(found):
        if not isinstance(getattr(found, each.name), _KINDS.get(str(each.type), (Mapping,))):
            raise DecisionError(_is_no(kind, line, path))
    return found


def _is_no(kind: type, line: Mapping[str, Any], path: Path) -> str:
    said = json.dumps(line, ensure_ascii=False, default=str)[:80]
    return (
        f"{path} holds a line that is not {kind.__name__.lower()}: {said}. Restore the file from "
        "a copy, or take the line out."
    )


def append(path: Path, value: Mapping[str, object]) -> None:
    """Append a JSON line and wait until it is on the disk.

    If a crash left an incomplete line, it is ended first, so that the new line stands alone.
    """
    with path.open("ab+") as file:
        if file.tell() and _last_byte(path) != b"\n":
            file.write(b"\n")
        file.write(json.dumps(value, ensure_ascii=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSON-lines file, skipping a line that a crash left incomplete."""
    if not path.exists():
        return []
    values = []
    with os.fdopen(regular_file(path), "rb") as stream:
        # Not splitlines: a name may hold U+2028, which ends no line of JSON.
        for line in stream.read().split(b"\n"):
            with suppress(ReadingError):
                value = json_value(line)
                if isinstance(value, dict):
                    values.append(value)
    return values


def _last_byte(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1)
