"""Engine: permission to run at a threshold, by an approval or an explicit sentence."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from lfr_eval.config import PolicyConfig
from lfr_eval.contract.decisions import Approval
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.ledger import Entry, Ledger
from lfr_eval.contract.words import threshold_text
from lfr_eval.finished.approvals import (
    approvals,
    decided_on,
    describes,
    sealed_anew,
    standing,
    unknown_to_registry,
)
from lfr_eval.registry.versions import LATEST, Version

SENTENCE = "I accept to run at a threshold that nobody approved"


class NotApprovedError(MendableError, PermissionError):
    """There is no valid approval of this threshold for this version."""


@dataclass(frozen=True)
class Permission:
    """The reason why the engine may run at its threshold.

    Attributes
    ----------
    approved
        False if it was started without an approval.
    entry
        SHA-256 of the approval in the ledger; None without one.
    conditions, expires
        Conditions and expiry of the approval.
    signed
        Whether an approver signed it with a registered key.
    """

    approved: bool
    entry: str | None = None
    conditions: tuple[str, ...] = ()
    expires: str | None = None
    signed: bool = False


def permit(
    ledger: Ledger,
    version: Version,
    threshold: float,
    said: str | None,
    day: date | None = None,
    policy: PolicyConfig | None = None,
    studies: Path | None = None,
) -> Permission:
    """Return the permission to run a version at a threshold.

    Parameters
    ----------
    said
        Value of `unapproved`.
    day
        Default: today.
    policy
        Policy that says which signatures and roles are needed.
    studies
        Folder with the study on which an unsigned approval must rest. A signed approval needs none.

    Raises
    ------
    NotApprovedError
        If there is no approval in force, and `said` is not the sentence that replaces it.
    LedgerError
        If the ledger was changed.
    """
    decisions = approvals(ledger, version)
    asked = policy or PolicyConfig()
    found = standing(
        decisions,
        threshold,
        day or datetime.now(UTC).date(),
        asked.signatures,
        asked.signers,
        asked.roles,
    )
    why = None if found is None else _refused(found, asked, version, decisions, studies)
    why = _set_back(decisions, day or datetime.now(UTC).date()) or why
    if found is not None and why is None:
        approval, entry = found
        signed = entry.signer is not None
        return Permission(True, entry.sha256, approval.conditions, approval.expires, signed)
    if said == SENTENCE:
        return Permission(False)
    at = threshold_text(threshold)
    known = ", ".join(
        f"{threshold_text(approval.threshold)} ({_state(approval.withdrawn, approval.expires)})"
        f"{' unsigned' if entry.signer is None else ' signed'}"
        for approval, entry in decisions
    )
    raise NotApprovedError(
        f"{version} has no valid approval at {at}{_asked(asked)}. Decisions in {ledger.path}: "
        f"{known or 'none'}.{'' if why is None else ' ' + why} To approve it: lfr-eval approve "
        f'STUDY --threshold {at} ... To run without an approval: unapproved="{SENTENCE}"'
    )


def _set_back(decisions: Sequence[tuple[Approval, Entry]], day: date) -> str | None:
    """Return that the clock was set back, perhaps to before an expiry; None if nothing shows it."""
    later = [(one, entry) for one, entry in decisions if one.decided_on > day]
    if not later:
        return None
    approval, entry = later[-1]
    return (
        f"The clock of this machine says {day}, but entry {entry.number} of the ledger "
        f"was made on {approval.decided_on}. Correct the clock."
    )


def _refused(
    found: tuple[Approval, Entry],
    policy: PolicyConfig,
    version: Version,
    decisions: Sequence[tuple[Approval, Entry]],
    studies: Path | None,
) -> str | None:
    """Return why an approval in force is not accepted; None if it is."""
    approval, entry = found
    if policy.roles and approval.role not in policy.roles:
        return (
            f"{approval.approver} approved as {approval.role}, but the policy asks for "
            f"{' or '.join(policy.roles)}."
        )
    if entry.signer is not None or studies is None:
        return None
    unknown = unknown_to_registry(entry, decisions, version)
    if unknown is not None:
        return unknown
    study = decided_on(approval, studies)
    anew = sealed_anew(approval.study_hash, studies) if study is None else None
    if anew is not None:
        return (
            f"The approval is unsigned, and {anew.path.name} has changed since. "
            f"{anew.provenance().withdrawn} Approve the study as it is now."
        )
    if study is None:
        return (
            f"The approval is unsigned, and {studies} has no unchanged study with the hash "
            f"{approval.study_hash[:12]}."
        )
    if not describes(study.record(), version):
        return f"The study of the approval, {study.path.name}, did not test {version}."
    return None


def _asked(policy: PolicyConfig) -> str:
    wanted = policy.signatures or (1 if policy.signers else 0)
    return f" with the {wanted} signatures that the policy asks for" if wanted else ""


def _state(withdrawn: bool, expires: str | None) -> str:
    if withdrawn:
        return "withdrawn"
    return f"until {expires}" if expires else "approved"


def watching(
    ledger: Ledger,
    version: Version,
    threshold: float,
    policy: PolicyConfig,
    studies: Path,
    every: float = 30.0,
) -> Callable[[], None]:
    """Return a function that checks the permission while the engine runs.

    It reads the ledger again at intervals, and at the start of each day (UTC), because an approval
    may expire or be withdrawn.

    Raises
    ------
    NotApprovedError, LedgerError
        By that function, if the approval is no longer in force.
    """
    looked, last = time.monotonic(), datetime.now(UTC).date()
    seen = version

    def check() -> None:
        nonlocal looked, last, seen
        now, today = time.monotonic(), datetime.now(UTC).date()
        if now - looked < every and today == last:
            return
        if today < last:
            raise NotApprovedError(
                f"The clock of this machine was set back from {last} to {today}. Correct it."
            )
        looked, last = now, today
        permit(ledger, seen, threshold, None, today, policy, studies)
        # The registry is asked at the start only: from then on, no entry that was seen may go.
        seen = replace(version, tags={**version.tags, LATEST: ledger.entries()[-1].sha256})

    return check


def unwatched() -> None:
    """Replace `watching` when the engine runs without an approval."""
