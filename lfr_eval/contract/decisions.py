"""Shared by engine and report: what a decision says, and where decisions are recorded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from lfr_eval.contract.ledger import HOLDER, REVOCATION, Entry, LedgerError

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
        Finding id -> verdict of the primary comparisons at this threshold.
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


@dataclass(frozen=True)
class Ruling:
    """What a panel rules on a threshold."""

    threshold: float
    """The threshold that is decided on."""
    approver: str
    """Who decides."""
    role: str
    """As what they decide, such as panel."""
    proposer: str
    """Who asks; another person."""
    conditions: tuple[str, ...] = ()
    """A condition of the approval; may be repeated."""
    expires: str | None = None
    """Last day on which it holds, as 2024-09-01."""
    withdrawn: bool = False
    """Take an earlier approval back."""


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
    if type(own.get("threshold")) not in (int, float) or not math.isfinite(own["threshold"]):
        raise TypeError("threshold must be a number")
    if not isinstance(own.get("findings"), dict):
        raise TypeError("findings must be a mapping")
    if type(own.get("withdrawn", False)) is not bool:
        raise TypeError("withdrawn must be true or false")
    for name in TEXTS:
        if not isinstance(own.get(name), str):
            raise TypeError(f"{name} must be a text")
    if own.get("expires") is not None:
        _day(own["expires"])
    return Approval(**{**own, "conditions": tuple(own["conditions"])})


TEXTS = (
    *("decided", "model", "version", "fingerprint", "approver", "role", "proposer"),
    *("study", "study_hash"),
)


def _day(text: object) -> None:
    try:
        date.fromisoformat(str(text))
    except ValueError:
        raise TypeError(f"expires must be a day, not {text!r}") from None


def decisions_of(
    entries: Sequence[Entry], ledger: str = "The ledger"
) -> list[tuple[Approval, Entry]]:
    """Return the decisions among the entries of a ledger; the others bring in or revoke keys.

    Parameters
    ----------
    ledger
        Name of the file, for messages.

    Raises
    ------
    LedgerError
        If an entry is neither.
    """
    found = []
    for entry in entries:
        if entry.values.get("kind") in (HOLDER, REVOCATION):
            continue
        try:
            found.append((to_approval(entry.values), entry))
        except TypeError as error:
            raise LedgerError(
                f"{ledger}, line {entry.number}, is not a decision ({error}): restore the file "
                "from a copy, or move it away."
            ) from None
    return found
