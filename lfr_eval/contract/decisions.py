"""Shared by engine and report: what a decision says, and where decisions are recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

LEDGER = "approvals.jsonl"


@dataclass(frozen=True)
class Approval:
    """What was decided.

    Attributes
    ----------
    decided
        When, ISO 8601, UTC.
    approver, role
        Who decided, and as what.
    proposer
        Who asked; somebody else.
    study, study_hash
        The evidence.
    findings
        Finding id -> verdict of the planned comparisons at this threshold.
    expires
        Last day on which it holds; None: none was set.
    withdrawn
        Whether it takes back earlier approvals of the version at the threshold.
    """

    decided: str
    model: str
    version: str
    fingerprint: str
    threshold: float
    approver: str
    role: str
    proposer: str
    study: str
    study_hash: str
    findings: Mapping[str, str]
    conditions: tuple[str, ...]
    expires: str | None = None
    withdrawn: bool = False

    def holds(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.expires is None or day <= date.fromisoformat(self.expires)


def ledger_path(studies: Path, approvals: str | None) -> Path:
    """Return where approvals are recorded."""
    return Path(approvals).expanduser() if approvals else studies.expanduser() / LEDGER


def to_approval(values: Mapping[str, Any]) -> Approval:
    """Return what an entry of the ledger says.

    Raises
    ------
    TypeError
        If it does not hold what a decision holds.
    """
    own = {each.name: values[each.name] for each in fields(Approval) if each.name in values}
    if not isinstance(own.get("conditions"), list):
        raise TypeError("conditions must be a list")
    if type(own.get("threshold")) not in (int, float):
        raise TypeError("threshold must be a number")
    return Approval(**{**own, "conditions": tuple(own["conditions"])})
