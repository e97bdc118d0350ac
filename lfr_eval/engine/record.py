"""Engine: the record of a deployment, which brings field evidence into a report."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from lfr_eval.config import EngineConfig
from lfr_eval.contract.folder import write_json
from lfr_eval.contract.reading import read_json
from lfr_eval.contract.words import several, threshold_text
from lfr_eval.deployments import DECIDED, RECORD
from lfr_eval.engine.alerts import ALERTS, Alert, AlertFile, read_decisions
from lfr_eval.engine.counts import State, counting_rule
from lfr_eval.engine.permission import Permission
from lfr_eval.engine.watchlist import Watchlist


class Model(Protocol):
    """A registered matcher as records name it."""

    @property
    def name(self) -> str:
        """Registered name."""

    @property
    def version(self) -> str:
        """Registered version."""

    @property
    def fingerprint(self) -> str:
        """The matcher's fingerprint."""


def now() -> str:
    """Return the time, ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def describe(
    config: EngineConfig, name: str, watchlist: Watchlist, model: Model, permission: Permission
) -> dict[str, Any]:
    """Return what is known of a deployment before it starts, without place, path or person."""
    return {
        "deployment_id": name,
        "threshold": config.threshold,
        "model_version": f"{model.name}/{model.version}",
        "matcher_fingerprint": model.fingerprint,
        "watchlist_size": watchlist.size,
        "watchlist_composition": watchlist.composition(),
        "failures_to_enrol": len(watchlist.failed),
        "counting_rule": counting_rule(config.gap, config.overlap),
        "cooldown": config.cooldown,
        "retention": asdict(config.retention),
        "permission": asdict(permission),
    }


def write_record(folder: Path, state: State, about: dict[str, Any]) -> None:
    """Write the record of a deployment, with the decisions recorded so far."""
    counts = state.counts
    write_json(
        folder / RECORD,
        {
            **about,
            "date": state.started[:10],
            "started": state.started,
            "hours": state.watched / 3600,
            "ended": state.ended,
            "faces_seen": counts.tracks,
            "alerts": counts.alerts,
            "repeats_suppressed": counts.repeats,
            "detections": counts.detections,
            "frames": counts.frames,
            "frames_corrupted": counts.corrupted,
            "frames_dropped": counts.dropped,
            "breaks": counts.breaks,
            "retained_faces_overdue": counts.overdue,
            "latency_ms": counts.percentiles(),
            **decided(folder),
        },
    )


def update_record(folder: Path) -> dict[str, Any]:
    """Write the recorded decisions into the record of a deployment, and return it."""
    record = {**read_json(folder / RECORD), **decided(folder)}
    write_json(folder / RECORD, record)
    return record


def decided(folder: Path) -> dict[str, Any]:
    """Count operators' decisions, in total and by recorded group."""
    known = {alert.alert_id for alert in AlertFile(folder / ALERTS).read()}
    decisions = [
        decision
        for alert_id, decision in read_decisions(folder / ALERTS).items()
        if alert_id in known
    ]
    kinds = Counter(
        f"{decision.decision}_{'confirmed' if decision.confirmed else 'unconfirmed'}"
        for decision in decisions
    )
    groups = Counter(
        f"{decision.decision}/{factor}/{group}"
        for decision in decisions
        for factor, group in decision.groups.items()
    )
    return {**{kind: kinds[kind] for kind in DECIDED}, "decisions_by_group": dict(groups)}


def announced(alert: Alert, named: bool) -> str:
    """Return an alert in a line, as it is raised.

    Parameters
    ----------
    named
        Whether the line may name the watchlist reference: on a terminal, never in a log.
    """
    shown = "".join(sign if sign.isprintable() else "?" for sign in alert.reference_id)
    who = f", reference '{shown}'" if named else ""
    return f"Alert:       {alert.alert_id} at {alert.time:.1f} s{who}"


def printed(folder: Path) -> str:
    """Return the record of a deployment as text for the terminal."""
    record = read_json(folder / RECORD)
    latency = ", ".join(f"{name} {value} ms" for name, value in record["latency_ms"].items())
    overdue = record["retained_faces_overdue"]
    state = record["ended"] or "interrupted; run the same command again to continue"
    return "\n".join(
        [
            f"Deployment:  {folder}",
            f"             {state}; {record['hours'] * 3600:.1f} s watched",
            f"Alerts:      {record['alerts']} at {threshold_text(record['threshold'])}, "
            f"{record['repeats_suppressed']} repeats suppressed",
            f"Faces seen:  {several(record['faces_seen'], 'pass', 'passes')} "
            f"({several(record['detections'], 'detection')})",
            f"Frames:      {record['frames']} looked at, {record['frames_corrupted']} corrupted, "
            f"{record['frames_dropped']} dropped; {record['breaks']} interruptions of the source",
            f"Latency:     {latency or 'no frame'} (a decoded frame to its decisions)",
            *([f"Overdue:     {several(overdue, 'retained face')} not deleted"] if overdue else []),
        ]
    )
