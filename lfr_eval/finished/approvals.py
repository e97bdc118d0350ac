"""Engine: a study, a threshold and two people in; a recorded decision about a model version out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime

from lfr_eval.contract.decisions import Approval, to_approval
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.ledger import Entry, Ledger
from lfr_eval.contract.record import StudyRecord
from lfr_eval.contract.tables import FINDINGS
from lfr_eval.contract.tested import tie
from lfr_eval.contract.words import threshold_text
from lfr_eval.registry.versions import Version

SAME = 1e-9
"""Thresholds that differ by less are one."""


class ApprovalError(MendableError, ValueError):
    """A decision cannot be recorded; the message lists every reason."""


def approve(
    ledger: Ledger,
    folder: StudyFolder,
    version: Version,
    threshold: float,
    approver: str,
    role: str,
    proposer: str,
    conditions: Sequence[str] = (),
    expires: str | None = None,
    withdrawn: bool = False,
) -> tuple[Approval, Entry]:
    """Record a decision.

    Raises
    ------
    ApprovalError
        If the study is not as it was sealed, tested another matcher or another threshold, the
        proposer is the approver, or the expiry is no day to come.
    LedgerError
        If an earlier entry was changed.
    """
    today, about = datetime.now(UTC).date(), folder.record()
    thresholds = about.thresholds.values
    problems = list(folder.verify())
    if about.simulated and not withdrawn:
        problems.append("The study is simulated: it is no evidence about any matcher.")
    if not describes(about, version):
        problems.append(
            f"The study tested the matcher {about.matcher.fingerprint[:12]}, and "
            f"{version} is {version.fingerprint[:12]}."
        )
    if not any(abs(value - threshold) <= SAME for value in thresholds):
        problems.append(
            f"The study says nothing at {threshold_text(threshold)}: its thresholds are "
            f"{', '.join(threshold_text(value) for value in thresholds)}."
        )
    if _same_person(approver, proposer):
        problems.append(f"The proposer and the approver are the same person, '{approver}'.")
    problems += [f"The {name} is not named." for name, given in _named(approver, role, proposer)]
    problems += _expiry(expires, today)
    if problems:
        raise ApprovalError("The decision was not recorded. " + " ".join(problems))
    approval = Approval(
        decided=datetime.now(UTC).isoformat(timespec="seconds"),
        model=version.name,
        version=version.version,
        fingerprint=version.fingerprint,
        threshold=threshold,
        approver=approver.strip(),
        role=role.strip(),
        proposer=proposer.strip(),
        study=folder.path.name,
        study_hash=folder.study_hash(),
        findings=_verdicts(folder, threshold),
        conditions=tuple(conditions),
        expires=expires,
        withdrawn=withdrawn,
    )
    return approval, ledger.append(asdict(approval))


def describes(about: StudyRecord, version: Version) -> bool:
    """Whether a study tested a version: its very matcher, or an endpoint found equal to it.

    Parameters
    ----------
    about
        The study's record.
    """
    return tie(about, str(version), version.fingerprint).holds


def approvals(ledger: Ledger, version: Version) -> list[tuple[Approval, Entry]]:
    """Return the decisions about a version, in order.

    Raises
    ------
    LedgerError
        If an entry was changed, or the one that the version's tag names is gone.
    """
    entries = ledger.entries()
    version.check_recorded({entry.sha256 for entry in entries}, ledger.path)
    found = [(to_approval(entry.values), entry) for entry in entries]
    identity = (version.name, version.version, version.fingerprint)
    return [
        (approval, entry)
        for approval, entry in found
        if (approval.model, approval.version, approval.fingerprint) == identity
    ]


def standing(
    decisions: Sequence[tuple[Approval, Entry]], threshold: float, day: date
) -> tuple[Approval, Entry] | None:
    """Return the approval in force at a threshold, if there is one: the last decision counts."""
    at = [one for one in decisions if abs(one[0].threshold - threshold) <= SAME]
    if not at or at[-1][0].withdrawn or not at[-1][0].holds(day):
        return None
    return at[-1]


def _same_person(first: str, second: str) -> bool:
    return " ".join(first.casefold().split()) == " ".join(second.casefold().split())


def _named(approver: str, role: str, proposer: str) -> list[tuple[str, str]]:
    given = {"approver": approver, "approver's role": role, "proposer": proposer}
    return [(name, value) for name, value in given.items() if not value.strip()]


def _expiry(expires: str | None, today: date) -> list[str]:
    if expires is None:
        return []
    try:
        passed = date.fromisoformat(expires) < today
    except ValueError:
        return [f"The expiry is '{expires}'; give a day such as {today}."]
    return [f"The expiry {expires} is past."] if passed else []


def _verdicts(folder: StudyFolder, threshold: float) -> dict[str, str]:
    findings = folder.read(FINDINGS)
    at = (findings["threshold"] - threshold).abs() <= SAME
    chosen = findings[at.fillna(False) & findings["primary"].fillna(False)]
    return dict(zip(chosen["finding_id"], chosen["verdict"], strict=True))
