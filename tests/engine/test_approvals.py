"""Who may approve what, on which evidence; and that the engine asks."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lfr_eval.contract.decisions import Approval, Ruling, ledger_path
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.ledger import Entry, Ledger
from lfr_eval.contract.record import LiveEngine
from lfr_eval.engine.permission import SENTENCE, NotApprovedError, Permission, permit
from lfr_eval.finished.approvals import approvals, approve, describes, not_shown, standing
from lfr_eval.finished.approvers import ApprovalError
from lfr_eval.registry.versions import Version
from tests.engine.studies import FINGERPRINT, THRESHOLD, sealed

VERSION = Version("lfr-matcher", "3", FINGERPRINT)
TODAY = datetime.now(UTC).date()
TOMORROW = (TODAY + timedelta(days=1)).isoformat()


def approved(ledger: Ledger, study: StudyFolder, **values: object) -> tuple[Approval, Entry]:
    given: dict[str, Any] = {
        "threshold": THRESHOLD,
        "approver": "Dr Grey",
        "role": "panel",
        "proposer": "Sergeant Brown",
        **values,
    }
    version = given.pop("version", VERSION)
    return approve(ledger, study, version, Ruling(**given))


def test_a_decision_records_who_when_on_what_and_how_long(
    ledger: Ledger, study: StudyFolder
) -> None:
    approval, entry = approved(
        ledger, study, conditions=("daylight only", "a sign at each end"), expires=TOMORROW
    )
    assert entry.number == 1
    kept = json.loads(ledger.path.read_text())
    assert kept["approver"] == "Dr Grey"
    assert (kept["role"], kept["proposer"]) == ("panel", "Sergeant Brown")
    assert kept["conditions"] == ["daylight only", "a sign at each end"]
    assert kept["study_hash"] == study.study_hash()
    assert kept["findings"]["F-10000-black"] == "inconclusive"
    assert len(kept["findings"]) == 6
    assert datetime.fromisoformat(kept["decided"]).date() == TODAY
    assert approvals(ledger, VERSION) == [(approval, entry)]
    assert approvals(ledger, Version("lfr-matcher", "4", FINGERPRINT)) == []


def test_everything_that_forbids_a_decision_is_said_at_once(
    ledger: Ledger, study: StudyFolder
) -> None:
    (study.path / "rates.parquet").write_bytes(b"changed")
    with pytest.raises(ApprovalError) as caught:
        approved(
            ledger,
            study,
            version=Version("other", "1", "ff" * 32),
            threshold=0.99,
            approver="  sergeant   BROWN ",
            role=" ",
            expires="2020-01-01",
        )
    said = str(caught.value)
    for part in (
        "rates.parquet was changed",
        "The study tested the matcher 5f2b5f2b5f2b, and other/1 is ffffffffffff",
        "says nothing at 0.99. The nearest of its",
        "The proposer and the approver are the same person",
        "The approver's role is not named",
        "The expiry 2020-01-01 is past",
    ):
        assert part in said
    assert not ledger.path.exists()


def test_a_number_is_no_name_beside_one(ledger: Ledger, study: StudyFolder) -> None:
    with pytest.raises(ApprovalError, match=r"'PC1234' and '.+' may be the same person"):
        approved(ledger, study, approver="PC1234")
    with pytest.raises(ApprovalError, match="are the same person"):
        approved(ledger, study, approver="PC1234 B\u027eown")
    assert not ledger.path.exists()


def test_a_study_of_an_endpoint_counts_where_parity_was_found(study: StudyFolder) -> None:
    about = study.record()
    assert describes(about, VERSION)
    matcher = about.matcher.model_copy(update={"fingerprint": "ee" * 32})
    other = about.model_copy(update={"matcher": matcher})
    live = LiveEngine(
        described=True,
        statement="It is what runs.",
        version="lfr-matcher/3",
        fingerprint=FINGERPRINT,
        endpoint="http://h/invocations",
        checked="2026-05-01T12:00:00+00:00",
    )
    checked = other.model_copy(update={"live_engine": live})
    failed = live.model_copy(update={"described": False})
    assert not describes(other, VERSION)
    assert describes(checked, VERSION)
    assert not describes(other.model_copy(update={"live_engine": failed}), VERSION)
    assert not describes(checked, Version("lfr-matcher", "4", FINGERPRINT))
    assert not describes(checked, Version("lfr-matcher", "3", "00" * 32))


def test_a_simulated_study_is_no_evidence(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(ApprovalError, match="no evidence about any matcher"):
        approved(ledger, sealed(tmp_path / "simulated", simulated=True))


def test_the_last_decision_at_a_threshold_counts(ledger: Ledger, study: StudyFolder) -> None:
    approved(ledger, study, expires=TOMORROW)
    decisions = approvals(ledger, VERSION)
    assert standing(decisions, THRESHOLD, TODAY) == decisions[0]
    assert standing(decisions, THRESHOLD, date.fromisoformat(TOMORROW)) is not None
    assert standing(decisions, THRESHOLD, date.fromisoformat(TOMORROW) + timedelta(1)) is None
    assert standing(decisions, 0.6, TODAY) is None
    approved(ledger, study, withdrawn=True)
    assert standing(approvals(ledger, VERSION), THRESHOLD, TODAY) is None
    approved(ledger, study)
    assert standing(approvals(ledger, VERSION), THRESHOLD, TODAY) is not None


def test_the_same_decision_is_entered_once(ledger: Ledger, study: StudyFolder) -> None:
    """As after a kill between the entry and the registry; a changed mind is another decision."""
    first = approved(ledger, study)
    assert approved(ledger, study) == first
    approved(ledger, study, approver="Dr White")
    assert approved(ledger, study) == first
    assert approved(ledger, study, expires=TOMORROW)[1].number == 3
    assert approved(ledger, study)[1].number == 4
    for _ in range(2):
        assert approved(ledger, study, withdrawn=True)[1].number == 5
    assert approved(ledger, study)[1].number == 6


def test_the_engine_starts_only_where_somebody_approved(ledger: Ledger, study: StudyFolder) -> None:
    with pytest.raises(NotApprovedError, match=r"Decisions in .*: none\."):
        permit(ledger, VERSION, THRESHOLD, None)
    _, entry = approved(ledger, study, conditions=("daylight only",))
    assert permit(ledger, VERSION, THRESHOLD, None) == Permission(
        True, entry.sha256, ("daylight only",), None
    )
    with pytest.raises(NotApprovedError, match=r"at 0\.60\. .*0\.64 \(approved\)"):
        permit(ledger, VERSION, 0.6, None)
    # All digits: two thresholds must not read as one.
    with pytest.raises(
        NotApprovedError, match=r"at 0\.64000001\..*0\.64 .*--threshold 0\.64000001 "
    ):
        permit(ledger, VERSION, 0.64000001, None)
    with pytest.raises(NotApprovedError):
        permit(ledger, Version("lfr-matcher", "4", FINGERPRINT), THRESHOLD, None)
    with pytest.raises(NotApprovedError):
        permit(ledger, Version("lfr-matcher", "3", "ff" * 32), THRESHOLD, None)


@pytest.mark.parametrize("said", ["yes", "true", SENTENCE.lower(), SENTENCE + "!"])
def test_it_is_told_otherwise_in_so_many_words_only(ledger: Ledger, said: str) -> None:
    with pytest.raises(NotApprovedError, match=SENTENCE):
        permit(ledger, VERSION, THRESHOLD, said)
    assert permit(ledger, VERSION, THRESHOLD, SENTENCE) == Permission(False)


def test_the_ledger_stands_beside_the_studies_or_where_it_is_put(tmp_path: Path) -> None:
    assert ledger_path(tmp_path, None) == tmp_path / "approvals.jsonl"
    assert ledger_path(tmp_path, "/elsewhere/a.jsonl") == Path("/elsewhere/a.jsonl")


def test_what_the_study_could_not_show_is_said_when_it_is_approved(
    ledger: Ledger, study: StudyFolder
) -> None:
    approval, _ = approved(ledger, study)
    assert not_shown(approval, study.record()) == (
        "The study decided none of its 6 primary comparisons of groups at this threshold: they are "
        "inconclusive, so it does not show whether groups are treated alike. No plan was "
        "registered before it."
    )
    decided = {**approval.findings, "F-10000-black": "different"}
    assert not_shown(replace(approval, findings=decided), study.record()) == ""
    none = not_shown(replace(approval, findings={}), study.record())
    assert "has no primary comparison of groups at this threshold" in none
    assert not_shown(replace(approval, withdrawn=True), study.record()) == ""
