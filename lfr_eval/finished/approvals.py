"""Approvals: a study, a threshold and two people in; a recorded decision on a model version out.

Where the ledger knows keys of approvers, only decisions that they signed count.
A ledger without keys works too, and everything that rests on it says that it is unsigned.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from lfr_eval.contract.decisions import Approval, Ruling, decisions_of, discounted
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.folder import PROVENANCE, StudyFolder
from lfr_eval.contract.keys import Key
from lfr_eval.contract.ledger import Entry, Ledger, holders, revoked_in
from lfr_eval.contract.persons import named, same_person
from lfr_eval.contract.record import StudyRecord
from lfr_eval.contract.spelling import skeleton
from lfr_eval.contract.tables import FINDINGS
from lfr_eval.contract.tested import tie
from lfr_eval.contract.thresholds import same_threshold
from lfr_eval.contract.words import several, threshold_text
from lfr_eval.finished.approvers import ApprovalError, is_named, may_sign
from lfr_eval.registry.versions import APPROVAL, LATEST, Version


@dataclass(frozen=True)
class System:
    """A system that is in no registry, because its study knows it by a file of its results.

    Attributes
    ----------
    fingerprint
        Of the file and of how it was read; it says nothing of the system itself.
    """

    name: str
    version: str
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def system_of(about: StudyRecord, called: str | None) -> System:
    """Return the system that a study knows by a file of its results.

    Parameters
    ----------
    called
        Its name and version, such as 'NeoFace 4.1'; None: as the study calls it.

    Raises
    ------
    ApprovalError
        If the study ran the matcher itself, calls the system otherwise, or no version is named.
    """
    if about.matcher.evidence == "pictures":
        raise ApprovalError(
            "--system is for systems that a study knows only by a file of their results. This "
            f"study ran the matcher '{about.matcher.name}' itself: register it with lfr-eval "
            "engine register, and give --model instead."
        )
    own = about.matcher.system
    name, _, version = " ".join((called or own or "").split()).rpartition(" ")
    if not name or not re.search(r"\d", version):
        said = "does not name the system" if own is None else f"calls the system '{own}'"
        raise ApprovalError(
            f"The study {said}. Its approval needs a name and a version, the version last: give "
            "--system 'NAME VERSION', such as --system 'NeoFace 4.1'."
        )
    if own is not None and not f"{skeleton(f'{name} {version}')} ".startswith(f"{skeleton(own)} "):
        raise ApprovalError(
            f"The study is about '{own}', not '{name} {version}'. Leave out --system, or run the "
            "study with the right report.system."
        )
    return System(name, version, about.matcher.fingerprint)


def approve(
    ledger: Ledger,
    folder: StudyFolder,
    version: Version | System,
    ruling: Ruling,
    key: Key | None = None,
) -> tuple[Approval, Entry]:
    """Record a decision, or find that it is recorded already, by this person with this key.

    Parameters
    ----------
    key
        The approver's; needed where the ledger knows keys.

    Raises
    ------
    ApprovalError
        If the study is not as it was sealed, tested another matcher or another threshold, the
        proposer is the approver, or the expiry is not in the future.
    LedgerError
        If an earlier entry was changed.
    """
    today, about = datetime.now(UTC).date(), folder.record()
    threshold, approver, proposer = ruling.threshold, ruling.approver, ruling.proposer
    thresholds = about.thresholds.values
    problems = list(folder.verify())
    if about.simulated and not ruling.withdrawn:
        problems.append("The study is simulated: it is no evidence about any matcher.")
    if not describes(about, version):
        problems.append(
            f"The study tested the matcher {about.matcher.fingerprint[:12]}, and "
            f"{version} is {version.fingerprint[:12]}."
        )
    if not any(same_threshold(value, threshold) for value in thresholds):
        nearest = sorted(sorted(thresholds, key=lambda value: abs(value - threshold))[:2])
        problems.append(
            f"The study says nothing at {threshold_text(threshold)}. The nearest of its "
            f"{several(len(thresholds), 'threshold')}: "
            f"{' and '.join(threshold_text(value) for value in nearest)}."
        )
    entries = ledger.entries()
    problems += may_sign(holders(entries), revoked_in(entries), key, approver, ruling.role)
    if same_person(approver, proposer):
        problems.append(f"The proposer and the approver are the same person, '{approver}'.")
    elif approver.strip() and proposer.strip() and named(approver) != named(proposer):
        problems.append(
            f"'{approver}' and '{proposer}' may be the same person, because one of them is a "
            "number without a name. Give both names."
        )
    problems += [f"The {name} is not named." for name in _unnamed(ruling)]
    problems += _expiry(ruling.expires, today)
    if problems:
        raise ApprovalError("The decision was not recorded. " + " ".join(problems))
    approval = Approval(
        decided=datetime.now(UTC).isoformat(timespec="seconds"),
        model=version.name,
        version=version.version,
        fingerprint=version.fingerprint,
        threshold=threshold,
        approver=approver.strip(),
        role=ruling.role.strip(),
        proposer=proposer.strip(),
        study=folder.path.name,
        study_hash=folder.study_hash(),
        findings=_verdicts(folder, threshold),
        conditions=ruling.conditions,
        expires=ruling.expires,
        withdrawn=ruling.withdrawn,
        external=isinstance(version, System),
    )
    return _recorded(approval, entries, key) or (approval, ledger.append(asdict(approval), key))


def not_shown(approval: Approval, about: StudyRecord) -> str:
    """Say what a study could not show of a threshold that it approves; empty where it could."""
    verdicts = set(approval.findings.values())
    if approval.withdrawn or verdicts & {"different", "equivalent"}:
        return ""
    number = several(len(approval.findings), "primary comparison")
    none = "has no primary comparison of groups at this threshold"
    open_ = f"decided none of its {number} of groups at this threshold: they are "
    plan = "" if about.registration else " No plan was registered before it."
    return (
        f"The study {open_ + ' or '.join(sorted(verdicts)) if verdicts else none}, so it does not "
        f"show whether groups are treated alike.{plan}"
    )


def _recorded(
    approval: Approval, entries: Sequence[Entry], key: Key | None
) -> tuple[Approval, Entry] | None:
    """Return the entry of the same decision, made before a kill, unless it was taken back since."""
    for earlier, entry in reversed(decisions_of(entries)):
        about_same = earlier.model == approval.model and earlier.version == approval.version
        if not (about_same and same_threshold(earlier.threshold, approval.threshold)):
            continue
        same_signer = entry.signer == (None if key is None else key.fingerprint)
        if same_signer and replace(earlier, decided=approval.decided) == approval:
            return earlier, entry
        other_study = earlier.study_hash != approval.study_hash
        changed_mind = same_person(earlier.approver, approval.approver)
        if other_study or changed_mind or earlier.withdrawn != approval.withdrawn:
            return None
    return None


def describes(about: StudyRecord, version: Version | System) -> bool:
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
    keys = holders(entries)
    identity = (version.name, version.version, version.fingerprint)
    return [
        (approval, entry)
        for approval, entry in decisions_of(entries)
        if (approval.model, approval.version, approval.fingerprint) == identity
        and not approval.external
        and discounted(approval, entry, keys) is None
    ]


def unknown_to_registry(
    entry: Entry, decisions: Sequence[tuple[Approval, Entry]], version: Version
) -> str | None:
    """Return why an unsigned entry is not believed; None if the registry knows it, or it is signed.

    Parameters
    ----------
    decisions
        About the version, as `approvals` returns them.
    """
    tagged = version.tags.get(APPROVAL)
    known = next((one.number for _, one in decisions if one.sha256 == tagged), 0)
    if entry.signer is not None or entry.number <= known:
        return None
    return (
        f"Entry {entry.number} is unsigned and unknown to the registry. lfr-eval approve would "
        "have recorded it there."
    )


def standing(
    decisions: Sequence[tuple[Approval, Entry]],
    threshold: float,
    day: date,
    signatures: int = 0,
    signers: Collection[str] = (),
    roles: Collection[str] = (),
) -> tuple[Approval, Entry] | None:
    """Return the approval in force at a threshold, if there is one: the last decision counts.

    Parameters
    ----------
    decisions
        About one version, as `approvals` returns them.
    day
        Today, UTC.
    signatures
        How many approvers must have signed, on the same study and conditions, each with a key of
        their own. 0: an unsigned decision counts too.
    signers
        Fingerprints of the keys that count, or their beginnings (16 digits at least); empty: every
        registered key.
    roles
        Roles in which approvers must have signed; empty: any.
    """
    at = [one for one in decisions if same_threshold(one[0].threshold, threshold)]
    if not at or at[-1][0].withdrawn or not at[-1][0].holds(day):
        return None
    taken_back = [place for place, one in enumerate(at) if one[0].withdrawn]
    since = at[taken_back[-1] + 1 :] if taken_back else at
    last = since[-1]
    if not signatures and not signers:
        return last
    terms = (last[0].study_hash, set(last[0].conditions))
    together = [one for one in since if (one[0].study_hash, set(one[0].conditions)) == terms]
    signed: list[str] = []
    for approval, entry in together:
        counts = (
            entry.signer is not None
            and approval.holds(day)
            and (not roles or approval.role in roles)
            and (not signers or any(is_named(one, entry.signer) for one in signers))
            and not any(same_person(approval.approver, other.proposer) for other, _ in together)
        )
        # Somebody whose first key was lost and revoked has signed with two, and is one person.
        if counts and not any(same_person(approval.approver, other) for other in signed):
            signed.append(approval.approver)
    return last if len(signed) >= max(1, signatures) else None


def decided_on(approval: Approval, studies: Path) -> StudyFolder | None:
    """Return the finished study that an approval rests on, as it was sealed, if it is there."""
    for folder in studies_with(approval.study_hash, studies):
        with suppress(MendableError, KeyError, TypeError):
            if not folder.verify():
                return folder
    return None


def studies_with(study_hash: str, studies: Path) -> Iterator[StudyFolder]:
    """Yield the studies of a folder that say that they have a hash."""
    yield from _studies(studies, lambda folder: folder.study_hash() == study_hash)


def sealed_anew(study_hash: str, studies: Path) -> StudyFolder | None:
    """Return the study that had a hash before somebody was withdrawn from it, if it is there."""

    def had_it(folder: StudyFolder) -> bool:
        before = folder.provenance().withdrawals
        return any(each.study_hash_before == study_hash for each in before)

    return next(_studies(studies, had_it), None)


def _studies(studies: Path, suits: Callable[[StudyFolder], bool]) -> Iterator[StudyFolder]:
    """Yield the studies of a folder that can be read and suit."""
    for file in sorted(studies.expanduser().glob(f"*/{PROVENANCE}")):
        folder = StudyFolder(file.parent)
        with suppress(MendableError, KeyError, TypeError, ValueError):
            if suits(folder):
                yield folder


def _unnamed(ruling: Ruling) -> list[str]:
    given = {
        "approver": ruling.approver,
        "approver's role": ruling.role,
        "proposer": ruling.proposer,
    }
    return [name for name, value in given.items() if not value.strip()]


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
    at = same_threshold(findings["threshold"], threshold)
    chosen = findings[at.fillna(False) & findings["primary"].fillna(False)]
    return dict(zip(chosen["finding_id"], chosen["verdict"], strict=True))


def ledger_tags(ledger: Ledger) -> Mapping[tuple[str, str, str], Mapping[str, str]]:
    """Return what the pages of the versions say that a ledger decided on.

    The page names the last entry of the ledger, and the last decision on the version, so that a
    ledger is noticed from whose end entries were cut, and has the words of the last decision at
    each threshold. Nothing else goes in, so that a command that is run again takes nothing back.

    Returns
    -------
        Name, version and fingerprint -> tags.
    """
    entries = ledger.entries()
    found: dict[tuple[str, str, str], dict[str, str]] = {}
    keys = holders(entries)
    for approval, entry in decisions_of(entries):
        if not approval.external and discounted(approval, entry, keys) is None:
            version = (approval.model, approval.version, approval.fingerprint)
            tags = found.setdefault(version, {})
            tags |= {**_words(approval), APPROVAL: entry.sha256, LATEST: entries[-1].sha256}
    return found


def _words(approval: Approval) -> dict[str, str]:
    said = (
        "withdrawn"
        if approval.withdrawn
        else f"approved until {approval.expires or 'further notice'}"
    )
    # The names of tags hold no plus, and two thresholds must not share one.
    plain = np.format_float_positional(approval.threshold, trim="-")
    name = f"approval_{plain}".replace(".", "_")
    return {
        name: f"{said}; {approval.approver} ({approval.role}), {approval.decided}; study "
        f"{approval.study_hash}; conditions: {'; '.join(approval.conditions) or 'none'}",
    }
