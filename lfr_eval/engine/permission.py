"""Engine: whether it may start at a threshold: somebody approved it, or it was told in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.ledger import Ledger
from lfr_eval.contract.words import threshold_text
from lfr_eval.finished.approvals import approvals, standing
from lfr_eval.registry.versions import Version

SENTENCE = "I accept to run at a threshold that nobody approved"


class NotApprovedError(MendableError, PermissionError):
    """Nobody approved this threshold for this version."""


@dataclass(frozen=True)
class Permission:
    """Why the engine runs at its threshold.

    Attributes
    ----------
    approved
        False where it was told to run without an approval.
    entry
        SHA-256 of the approval in the ledger; None without one.
    conditions, expires
        What the approval is bound to.
    """

    approved: bool
    entry: str | None = None
    conditions: tuple[str, ...] = ()
    expires: str | None = None


def permit(
    ledger: Ledger, version: Version, threshold: float, said: str | None, day: date | None = None
) -> Permission:
    """Return the permission to run a version at a threshold.

    Parameters
    ----------
    said
        What was given as `unapproved`.
    day
        Today, if not given.

    Raises
    ------
    NotApprovedError
        If there is no approval in force, and `said` is not the sentence that does without.
    LedgerError
        If the ledger was changed.
    """
    decisions = approvals(ledger, version)
    found = standing(decisions, threshold, day or datetime.now(UTC).date())
    if found is not None:
        approval, entry = found
        return Permission(True, entry.sha256, approval.conditions, approval.expires)
    if said == SENTENCE:
        return Permission(False)
    at = threshold_text(threshold)
    known = ", ".join(
        f"{threshold_text(approval.threshold)} ({_state(approval.withdrawn, approval.expires)})"
        for approval, _ in decisions
    )
    raise NotApprovedError(
        f"Nobody approved {version} at {at}; decisions about it in {ledger.path}: "
        f"{known or 'none'}. Have it approved: lfr-eval approve STUDY --threshold "
        f'{at} ... To run all the same, say so: unapproved="{SENTENCE}"'
    )


def _state(withdrawn: bool, expires: str | None) -> str:
    if withdrawn:
        return "withdrawn"
    return f"until {expires}" if expires else "approved"
