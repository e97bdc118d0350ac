"""Shared by engine and report: what a decision says, and where decisions are recorded."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from lfr_eval.contract.ledger import HOLDER, REVOCATION, Entry, Holder, LedgerError
from lfr_eval.contract.persons import perhaps_one, same_person

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
    external
        Whether the system is in no registry: `model` and `version` are what people call it.
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
    external: bool = False

    @property
    def decided_on(self) -> date:
        """The day on which it was decided, UTC."""
        return _utc_day(self.decided)

    def holds(self, day: date) -> bool:
        """Whether it is in force on a day, which is none before it was decided."""
        last = date.max if self.expires is None else date.fromisoformat(self.expires)
        return self.decided_on <= day <= last


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
    if not _are_texts(own.get("conditions")):
        raise TypeError("conditions must be a list of texts")
    if type(own.get("threshold")) not in (int, float) or not math.isfinite(own["threshold"]):
        raise TypeError("threshold must be a number")
    findings = own.get("findings")
    if not isinstance(findings, dict) or not _are_texts([*findings.values()]):
        raise TypeError("findings must be a mapping of texts")
    for name in ("withdrawn", "external"):
        if type(own.get(name, False)) is not bool:
            raise TypeError(f"{name} must be true or false")
    for name in TEXTS:
        if not isinstance(own.get(name), str):
            raise TypeError(f"{name} must be a text")
    if own.get("expires") is not None:
        _read("expires", own["expires"], date.fromisoformat)
    _read("decided", own["decided"], _utc_day)
    return Approval(**{**own, "conditions": tuple(own["conditions"])})


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _utc_day(time: str) -> date:
    read = datetime.fromisoformat(time)
    return (read if read.tzinfo is None else read.astimezone(UTC)).date()


TEXTS = (
    *("decided", "model", "version", "fingerprint", "approver", "role", "proposer"),
    *("study", "study_hash"),
)


def _read(name: str, text: Any, reader: Callable[[str], object]) -> None:
    try:
        reader(text)
    except (ValueError, TypeError, OverflowError):
        raise TypeError(f"{name} must be a day, not {text!r}") from None


def discounted(approval: Approval, entry: Entry, keys: Mapping[str, Holder]) -> str | None:
    """Return why a decision does not count; None if it does.

    Where keys are registered, an unsigned line is anybody's. One that takes an approval back counts
    all the same: it errs on the safe side.

    Parameters
    ----------
    keys
        Who holds the keys of the ledger, by fingerprint.
    """
    if approval.withdrawn:
        return None
    if not keys:
        own = same_person(approval.approver, approval.proposer)
        return "the proposer approved it" if own else None
    if entry.revoked is not None:
        return f"signed with the revoked key {entry.revoked[:16]}"
    holder = keys.get(entry.signer or "")
    if holder is None:
        return "unsigned, but this ledger accepts only signed decisions"
    if not same_person(holder.name, approval.approver):
        return f"signed with the key of {holder.name}, who is not the approver"
    if not same_role(holder.role, approval.role):
        return f"the key is registered for the role {holder.role}"
    if same_person(holder.name, approval.proposer):
        return "the proposer signed it"
    return None


def doubted(decisions: Iterable[Approval], study_hash: str) -> str:
    """Say which of those who proposed or approved on a study may be one person; empty if none."""
    return perhaps_one(
        name
        for each in decisions
        if each.study_hash == study_hash and not each.withdrawn
        for name in (each.proposer, each.approver)
    )


def signing(entry: Entry, why: str | None) -> str:
    """Return how a decision is signed, in words.

    Parameters
    ----------
    why
        Why it does not count, as `discounted` returns it.
    """
    if why is not None:
        return f"does not count: {why}"
    return "unsigned" if entry.signer is None else f"signed with the key {entry.signer[:16]}"


def same_role(first: str, second: str) -> bool:
    """Return whether two roles are the same, whatever their capitals and spaces."""
    return first.casefold().split() == second.casefold().split()


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
