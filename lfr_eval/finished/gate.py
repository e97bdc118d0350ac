"""Engine: a model version, its study, its approvals and a policy in; may it go live, and why not.

Every requirement is checked, so that all reasons are known at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.config import PolicyConfig
from lfr_eval.contract.columns import aligned
from lfr_eval.contract.decisions import Approval, doubted
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.ledger import Entry
from lfr_eval.contract.names import group_words
from lfr_eval.contract.spelling import is_group
from lfr_eval.contract.tables import FINDINGS, RATES
from lfr_eval.contract.thresholds import same_threshold
from lfr_eval.contract.words import one_in, ratio, threshold_text
from lfr_eval.finished.approvals import (
    describes,
    sealed_anew,
    standing,
    studies_with,
    unknown_to_registry,
)
from lfr_eval.registry.parity_records import ParityError, ParityRecord, bare, newest_checks
from lfr_eval.registry.versions import Version

STUDY_HASH = "last_study"
"""Tag of a version: the study that tested it."""


@dataclass(frozen=True)
class Check:
    """One requirement: what was wanted, what was found, and whether that will do."""

    name: str
    wanted: str
    found: str
    passed: bool


@dataclass(frozen=True)
class Case:
    """What a version is judged by.

    Attributes
    ----------
    study
        The study of the version; None if there is none in the folder of studies.
    decisions
        What was decided about the version, in order.
    """

    version: Version
    study: StudyFolder | None
    decisions: Sequence[tuple[Approval, Entry]]
    policy: PolicyConfig
    day: date

    @property
    def threshold(self) -> float | None:
        """Where it will run: the policy's threshold, or that of the last approval."""
        if self.policy.threshold is not None:
            return self.policy.threshold
        approved = [approval for approval, _ in self.decisions if not approval.withdrawn]
        return approved[-1].threshold if approved else None


def study_of(
    version: Version, decisions: Sequence[tuple[Approval, Entry]], studies: Path
) -> StudyFolder | None:
    """Return the study that the last decision, or else the registry, names for a version."""
    wanted = decisions[-1][0].study_hash if decisions else version.tags.get(STUDY_HASH)
    if not wanted:
        return None
    return next(studies_with(wanted, studies), None) or sealed_anew(wanted, studies)


def judge(case: Case) -> list[Check]:
    """Check every requirement of the policy."""
    return [*_evidence(case), *_agreement(case)]


def as_table(checks: Sequence[Check]) -> str:
    """Return the checks for the person at the terminal."""
    rows = [("yes" if c.passed else "NO", c.name, c.wanted, c.found) for c in checks]
    return "\n".join(aligned(("", "requirement", "wanted", "found"), rows))


def as_json(version: Version, checks: Sequence[Check]) -> str:
    """Return the checks for a machine."""
    return json.dumps(
        {
            "version": str(version),
            "passed": all(check.passed for check in checks),
            "checks": [vars(check) for check in checks],
        },
        indent=2,
    )


def _evidence(case: Case) -> Iterator[Check]:
    study, policy = case.study, case.policy
    if study is None:
        yield Check("study", "a study of this version", "none in the folder of studies", False)
        return
    changed = study.verify()
    withdrawn = study.provenance().withdrawn
    found = f"{study.path.name}. {withdrawn}" if withdrawn else study.path.name
    yield Check("study", "as it was sealed", changed[0] if changed else found, not changed)
    about = study.record()
    found = about.matcher.fingerprint[:12]
    yield Check("matcher", case.version.fingerprint[:12], found, describes(about, case.version))
    yield Check("people", "real", "simulated" if about.simulated else "real", not about.simulated)
    yield _study_age(datetime.fromisoformat(about.finished).date(), case)
    if case.threshold is None:
        yield Check("threshold", "one to judge at", "neither in the policy nor approved", False)
        return
    rates, findings = (_at(study.read(table), case) for table in (RATES, FINDINGS))
    yield _fpir(rates, policy)
    yield from _differences(findings, policy)
    if policy.registration != "any":
        yield from _registration(findings)


def _study_age(finished: date, case: Case) -> Check:
    age, limit = (case.day - finished).days, case.policy.max_age_days
    # A study with a date in the future was finished by a wrong clock: its age is not known.
    found = f"{age} days" if age >= 0 else f"finished on {finished}, a date in the future"
    return Check("age", f"at most {limit} days", found, 0 <= age <= limit)


def _at(frame: pd.DataFrame, case: Case) -> pd.DataFrame:
    """Return FPIR at the threshold, at the policy's watchlist size or the next larger one."""
    assert case.threshold is not None
    chosen = frame[
        (frame["metric"] == "FPIR")
        & (same_threshold(frame["threshold"], case.threshold)).fillna(False)
        & (frame["watchlist_size"] >= case.policy.watchlist_size).fillna(False)
        & frame["factor"].isin(case.policy.factors)
    ]
    smallest = chosen["watchlist_size"] == chosen["watchlist_size"].min()
    return pd.DataFrame(chosen[smallest])


def _fpir(rates: pd.DataFrame, policy: PolicyConfig) -> Check:
    wanted = f"at most {one_in(policy.max_fpir)} in every group"
    name = f"FPIR at {policy.watchlist_size:,}"
    # People who told no label are no group: they count among everybody.
    rates = rates[rates["group"].map(is_group).to_numpy(bool)]
    absent = [factor for factor in policy.factors if factor not in set(rates["factor"])]
    if absent:
        return Check(
            name, wanted, f"no rate at that size and threshold of {', '.join(absent)}", False
        )
    bounds = rates["upper"].fillna(np.inf).to_numpy(float)
    worst, upper = rates.iloc[int(bounds.argmax())], float(bounds.max())
    found = one_in(upper, "up") if np.isfinite(upper) else "no bound"
    found += f" ({worst['group']}, {worst['events']} in {worst['trials']:,})"
    return Check(name, wanted, found, upper <= policy.max_fpir)


def _differences(findings: pd.DataFrame, policy: PolicyConfig) -> Iterator[Check]:
    pairs = findings[(findings["group_a"] != "*") & findings["primary"].fillna(False)]
    wanted = f"at most {policy.max_ratio:g}, interval included"
    if pairs.empty:
        none = "no primary comparison at that size and threshold"
        yield Check("worst ratio", wanted, none, False)
        return
    lower, upper = (pairs[name].to_numpy(float) for name in ("ratio_lower", "ratio_upper"))
    bounded = np.isfinite(upper) & (lower > 0)
    bound = np.where(bounded, np.maximum(upper, 1 / np.where(bounded, lower, 1.0)), np.inf)
    yield _worst("worst ratio", wanted, pairs, bound, policy.max_ratio)


def _registration(findings: pd.DataFrame) -> Iterator[Check]:
    """Check that what was judged stands in a registered plan, one reason for each that does not.

    Whether a plan was kept to is a matter of every finding: one that was added afterwards, or
    found by another analysis, is no test of what was promised.
    """
    judged = findings[findings["primary"].fillna(False)]
    wanted = "as registered"
    if judged.empty:
        yield Check("registration", wanted, "no primary finding at that size and threshold", False)
        return
    other = judged[judged["registered"] != wanted]
    if other.empty:
        yield Check("registration", wanted, f"{len(judged)} findings {wanted}", True)
    for _, row in other.iterrows():
        groups = "all groups" if row["group_a"] == "*" else _sides(row)
        state = "no plan was frozen" if row["registered"] == "none" else row["registered"]
        yield Check("registration", wanted, f"{row['finding_id']} ({groups}): {state}", False)


def _worst(
    name: str, wanted: str, pairs: pd.DataFrame, values: NDArray[np.float64], limit: float
) -> Check:
    row, value = pairs.iloc[int(values.argmax())], float(values.max())
    found = ratio(value, "up") if np.isfinite(value) else "no bound"
    groups = f"{_sides(row)}, {row['verdict']}"
    return Check(name, wanted, f"{found} ({groups})", value <= limit)


def _sides(row: pd.Series) -> str:
    a, b = (group_words(row[name], row["factor"]) for name in ("group_a", "group_b"))
    return f"{a} v {b}"


def _agreement(case: Case) -> Iterator[Check]:
    policy = case.policy
    if policy.parity:
        yield from _parity(case)
    if not policy.approval:
        return
    if case.threshold is None:
        yield Check("approval", "in force", "none", False)
        return
    stands = standing(
        case.decisions,
        case.threshold,
        case.day,
        policy.signatures,
        policy.signers,
        policy.roles,
    )
    wanted = f"in force at {threshold_text(case.threshold)}"
    if stands is None:
        at = [a for a, _ in case.decisions if same_threshold(a.threshold, case.threshold)]
        why = "never approved" if not at else "withdrawn" if at[-1].withdrawn else "expired"
        if at and not at[-1].withdrawn and at[-1].holds(case.day):
            why = "not signed as the policy asks"
        yield Check("approval", wanted, why, False)
        return
    approval, entry = stands
    unknown = unknown_to_registry(entry, case.decisions, case.version)
    if unknown is not None:
        yield Check("approval", wanted, unknown, False)
        return
    signing = "unsigned" if entry.signer is None else f"signed {entry.signer[:16]}"
    said = f"{approval.approver} ({approval.role}), {approval.decided[:10]}, {signing}"
    if doubt := doubted((one for one, _ in case.decisions), approval.study_hash):
        said += f". {doubt}"
    yield Check("approval", wanted, said, True)
    if policy.roles:
        yield Check(
            "approver", " or ".join(policy.roles), approval.role, approval.role in policy.roles
        )
    if case.study is not None:
        same = approval.study_hash == case.study.study_hash()
        before = case.study.provenance().withdrawals
        found = approval.study
        if any(each.study_hash_before == approval.study_hash for each in before):
            found += " before the withdrawal: approve the study as it is now"
        yield Check("approved study", "the study judged", found, same)


def _parity(case: Case) -> Iterator[Check]:
    """Check what the newest comparison with each endpoint found, as far as the policy goes."""
    version, policy, wanted = case.version, case.policy, "no difference from what runs"
    try:
        checks = newest_checks(version.tags)
    except ParityError as error:
        yield Check("parity", wanted, str(error), False)
        return
    if policy.parity_endpoint is not None:
        wanted += f" at {policy.parity_endpoint}"
        asked = bare(policy.parity_endpoint)
        checks = [check for check in checks if bare(check.endpoint) == asked]
    current = [
        check
        for check in checks
        # Time mends nothing: a failure stands until its endpoint is checked again and holds. A pass
        # with a date in the future was made by a wrong clock: its age is not known.
        if not check.holds or 0 <= _age(check, case.day) <= policy.parity_max_age_days
    ]
    if not current:
        last = f"last checked on {checks[-1].checked:%Y-%m-%d}" if checks else "never checked"
        yield Check("parity", f"{wanted}, {policy.parity_max_age_days} days at most", last, False)
    for check in current:
        if check.fingerprint != version.fingerprint:
            found = f"checked for another matcher, {check.fingerprint[:12]}"
        elif check.holds:
            found = f"none, {check.checked:%Y-%m-%d}, {check.probes} pictures"
        else:
            found = "; ".join(check.differences[:1]) or "differences"
        passed = check.holds and check.fingerprint == version.fingerprint
        yield Check("parity", wanted, f"{found}; {check.endpoint}", passed)


def _age(check: ParityRecord, day: date) -> int:
    return (day - check.checked.astimezone(UTC).date()).days
