"""The gate: one version that meets its policy, and every way not to."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from lfr_eval.cli import main as cli
from lfr_eval.config import ConfigError, PolicyConfig
from lfr_eval.config.chosen import read_policy
from lfr_eval.config.paths import conf_dir
from lfr_eval.contract.decisions import Ruling
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.ledger import Ledger
from lfr_eval.contract.provenance import Provenance
from lfr_eval.engine.permission import NotApprovedError, permit
from lfr_eval.finished.approvals import approvals, approve
from lfr_eval.finished.gate import STUDY_HASH, Case, _fpir, as_json, as_table, judge, study_of
from lfr_eval.registry.parity_records import TAG, ParityRecord
from lfr_eval.registry.versions import APPROVAL, Version
from tests.engine.studies import FINGERPRINT, THRESHOLD, sealed

DAY = date(2026, 6, 1)


CAMERA_ROOM = "http://camera-room:5000/invocations"


def parity(
    holds: bool = True,
    fingerprint: str = FINGERPRINT,
    endpoint: str = CAMERA_ROOM,
    at: str = "2026-05-20T10:00:00+00:00",
) -> dict[str, str]:
    record = ParityRecord(
        holds=holds,
        model="models:/lfr-matcher/3",
        fingerprint=fingerprint,
        endpoint=endpoint,
        served_fingerprint=fingerprint,
        tolerance=1e-5,
        probes=40,
        templates=40,
        probes_sha256="0" * 64,
        largest_difference=0.0,
        least_cosine=1.0,
        differences=() if holds else ("in what runs, margin is 0 instead of 14", "and more"),
        at=at,
    )
    return {record.tag: record.as_tag()}


VERSION = Version("lfr-matcher", "3", FINGERPRINT, parity())


def case(tmp_path: Path, policy: PolicyConfig | None = None, **study: object) -> Case:
    folder = sealed(tmp_path / "studies" / "trial", **study)
    ledger = Ledger(tmp_path / "approvals.jsonl")
    real = StudyFolder(folder.path)
    if not study.get("simulated"):
        approve(ledger, real, VERSION, Ruling(THRESHOLD, "Dr Grey", "panel", "Sergeant Brown"))
    decisions = [
        (replace(approval, decided="2026-05-31T10:00:00+00:00"), entry)
        for approval, entry in approvals(ledger, VERSION)
    ]
    known = {APPROVAL: decisions[-1][1].sha256} if decisions else {}
    version = replace(VERSION, tags={**VERSION.tags, **known})
    return Case(version, real, decisions, policy or PolicyConfig(), DAY)


def tagged(judged: Case, tags: dict[str, str]) -> Version:
    return replace(VERSION, tags={**judged.version.tags, **tags})


def failed(judged: Case) -> list[str]:
    return [check.name for check in judge(judged) if not check.passed]


def test_a_version_that_meets_its_policy_passes(tmp_path: Path) -> None:
    checks = judge(case(tmp_path))
    assert all(check.passed for check in checks), as_table(checks)
    assert [check.name for check in checks] == [
        *("study", "matcher", "people", "age", "FPIR at 10,000", "worst ratio"),
        *("parity", "approval", "approved study"),
    ]
    assert "1 in 2,000 (everybody, 2 in 13,000)" in as_table(checks)


@pytest.mark.parametrize(
    ("study", "reason"),
    [
        ({"upper": 0.0011}, "FPIR at 10,000"),
        ({"upper": None}, "FPIR at 10,000"),
        ({"ratio": (0.7, 2.1)}, "worst ratio"),
        ({"ratio": (0.4, 1.2)}, "worst ratio"),
        ({"ratio": (None, None)}, "worst ratio"),
        ({"ratio": (0.0, 1.5)}, "worst ratio"),
        ({"finished": "2025-05-31T09:00:00+00:00"}, "age"),
    ],
)
def test_each_limit_of_the_evidence_is_a_reason(
    tmp_path: Path, study: dict[str, object], reason: str
) -> None:
    assert failed(case(tmp_path, **study)) == [reason]


def test_people_without_a_label_are_no_group_of_the_gate() -> None:
    """Their wide interval decides nothing, and where nobody has a label, there is no evidence."""
    rates = pd.DataFrame(
        {
            "factor": ["overall", "gender", "gender"],
            "group": ["everybody", "female", "unknown"],
            "upper": [0.001, 0.002, 0.5],
            "events": [1, 1, 0],
            "trials": [5_000, 3_000, 4],
        }
    )
    policy = PolicyConfig(max_fpir=0.003, factors=["overall", "gender"])
    assert _fpir(rates, policy).passed
    nobody = _fpir(rates[rates["group"] != "female"], policy)
    assert not nobody.passed
    assert "no rate at that size and threshold of gender" in nobody.found


@pytest.mark.parametrize(
    ("policy", "reasons"),
    [
        (PolicyConfig(watchlist_size=10_001), ["FPIR at 10,001", "worst ratio"]),
        (PolicyConfig(watchlist_size=5_000), []),
        (PolicyConfig(factors=["overall", "age_band"]), ["FPIR at 10,000", "worst ratio"]),
        (PolicyConfig(roles=["commissioner"]), ["approver"]),
        (PolicyConfig(roles=["commissioner", "panel"]), []),
        (PolicyConfig(threshold=0.6), ["FPIR at 10,000", "worst ratio", "approval"]),
    ],
)
def test_each_requirement_of_the_policy_counts(
    tmp_path: Path, policy: PolicyConfig, reasons: list[str]
) -> None:
    found = failed(case(tmp_path, policy))
    assert set(reasons) <= set(found)
    assert bool(found) == bool(reasons)


def test_parity_and_approval_are_asked_for_unless_the_policy_does_without(tmp_path: Path) -> None:
    judged = case(tmp_path)
    never = replace(judged, version=replace(VERSION, tags={}), decisions=[])
    assert failed(never) == ["threshold", "parity", "approval"]
    lax = PolicyConfig(parity=False, approval=False, threshold=THRESHOLD)
    assert failed(replace(never, policy=lax)) == []
    for tags, said in (
        (parity(holds=False), "in what runs, margin is 0 instead of 14"),
        (parity(fingerprint="ff" * 32), "checked for another matcher, ffffffffffff"),
        ({TAG: "passed"}, "The tag 'parity' is not a valid record of a parity check"),
    ):
        (check,) = [c for c in judge(replace(judged, version=tagged(judged, tags))) if not c.passed]
        assert check.name == "parity"
        assert said in check.found


SPARE = "http://spare:5000/invocations"


def parities(judged: Case, tags: dict[str, str], **policy: object) -> list[tuple[str, bool]]:
    version = replace(VERSION, tags=tags)
    asked = replace(judged, version=version, policy=replace(judged.policy, **policy))
    return [(check.found, check.passed) for check in judge(asked) if check.name == "parity"]


def test_a_failed_check_is_not_hidden_by_one_of_another_endpoint(tmp_path: Path) -> None:
    judged = case(tmp_path)
    failed_, later = "2026-05-20T10:00:00+00:00", "2026-05-21T10:00:00+00:00"
    tags = {**parity(holds=False, at=failed_), **parity(endpoint=SPARE, at=later)}
    differs = f"in what runs, margin is 0 instead of 14; {CAMERA_ROOM}"
    same = f"none, 2026-05-21, 40 pictures; {SPARE}"
    assert parities(judged, tags) == [(differs, False), (same, True)]
    # The policy may say which one will run.
    assert parities(judged, tags, parity_endpoint=SPARE) == [(same, True)]
    assert parities(judged, tags, parity_endpoint=CAMERA_ROOM) == [(differs, False)]
    assert parities(judged, tags, parity_endpoint="http://new") == [("never checked", False)]
    # What was mended is checked again.
    mended = {**tags, **parity(at="2026-05-22T10:00:00+00:00")}
    assert [passed for _, passed in parities(judged, mended)] == [True, True]
    # A tag without an endpoint's hash is read as well; of one endpoint the newest check counts.
    (older,) = parity(holds=False).values()
    assert parities(judged, {TAG: older, **parity(at=later)}) == [
        (f"none, 2026-05-21, 40 pictures; {CAMERA_ROOM}", True)
    ]


def test_a_check_that_passed_grows_old(tmp_path: Path) -> None:
    judged = case(tmp_path)
    old = parity(endpoint=SPARE, at="2026-04-30T23:59:59+00:00")
    assert parities(judged, {**old, **parity()}, parity_max_age_days=31) == [
        (f"none, 2026-05-20, 40 pictures; {CAMERA_ROOM}", True)
    ]
    assert parities(judged, old, parity_max_age_days=31) == [("last checked on 2026-04-30", False)]
    assert parities(judged, old, parity_max_age_days=32)[0][1] is True
    # A clock that was wrong must not make a check that never grows old.
    assert parities(judged, parity(at="2099-01-01T00:00:00+00:00")) == [
        ("last checked on 2099-01-01", False)
    ]


@pytest.mark.parametrize("at", ["2026-04-10T10:00:00+00:00", "2099-01-01T00:00:00+00:00"])
def test_a_check_that_failed_stands_until_its_endpoint_is_checked_again(
    tmp_path: Path, at: str
) -> None:
    judged = case(tmp_path, read_policy(["policy=strict"]), registered="as registered")
    limit = judged.policy.parity_max_age_days
    assert (DAY - date(2026, 4, 10)).days == 52 > limit
    good = parity(at="2026-05-30T10:00:00+00:00")
    same = ("none, 2026-05-30, 40 pictures; " + CAMERA_ROOM, True)
    tags = {**parity(endpoint=SPARE, at=at, holds=False), **good}
    differs = (f"in what runs, margin is 0 instead of 14; {SPARE}", False)
    assert sorted(parities(judged, tags)) == [differs, same]
    assert failed(replace(judged, version=tagged(judged, tags))) == ["parity"]
    assert parities(judged, tags, parity_endpoint=CAMERA_ROOM) == [same]
    # Another check of the endpoint takes the tag of the last.
    again = {**tags, **parity(endpoint=SPARE, at="2026-05-31T10:00:00+00:00")}
    assert [passed for _, passed in parities(judged, again)] == [True, True]


def test_a_slash_at_the_end_makes_no_other_endpoint(tmp_path: Path) -> None:
    judged = case(tmp_path)
    said = (f"none, 2026-05-20, 40 pictures; {CAMERA_ROOM}", True)
    assert parities(judged, parity(), parity_endpoint=f"{CAMERA_ROOM}/") == [said]
    slashed = parity(endpoint=f"{CAMERA_ROOM}/", at="2026-05-19T10:00:00+00:00", holds=False)
    assert slashed.keys() == parity().keys()
    assert not parities(judged, slashed, parity_endpoint=CAMERA_ROOM)[0][1]
    # Tags of before stood under the address as it was written.
    assert parities(judged, {"parity_0123456789ab": slashed.popitem()[1], **parity()}) == [said]


def test_a_study_of_a_day_to_come_is_not_current(tmp_path: Path) -> None:
    judged = case(tmp_path, finished="2026-06-02T09:00:00+00:00")
    (check,) = [check for check in judge(judged) if not check.passed]
    assert (check.name, check.found) == ("age", "finished on 2026-06-02, a date in the future")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("none", "no plan was frozen"),
        ("deviating", "deviating"),
        ("registered after results", "registered after results"),
    ],
)
def test_the_strict_policy_wants_findings_that_were_planned(
    tmp_path: Path, state: str, said: str
) -> None:
    strict = read_policy(["policy=strict"])
    assert strict.registration == "as_registered"
    planned = case(tmp_path / "planned", strict, registered="as registered")
    assert failed(planned) == []
    assert "3 findings as registered" in as_table(judge(planned))
    other = case(tmp_path / "other", strict, registered=state)
    reasons = [check.found for check in judge(other) if not check.passed]
    assert len(reasons) == 3
    assert f"F-10000-female (women v men): {said}" in reasons
    assert f"F-10000-black (Black people v White people): {said}" in reasons
    assert failed(replace(other, policy=replace(strict, registration="any"))) == []
    none = replace(other, policy=replace(strict, factors=["overall"]))
    assert "registration" in failed(none)


def test_an_approval_that_expired_or_was_withdrawn_is_none(tmp_path: Path) -> None:
    judged = case(tmp_path)
    (approval, entry) = judged.decisions[0]
    expired = replace(judged, decisions=[(replace(approval, expires="2026-05-31"), entry)])
    assert [c.found for c in judge(expired) if not c.passed] == ["expired"]
    withdrawn = [*judged.decisions, (replace(approval, withdrawn=True), entry)]
    assert [c.found for c in judge(replace(judged, decisions=withdrawn)) if not c.passed] == [
        "withdrawn"
    ]
    other = replace(judged, decisions=[(replace(approval, study_hash="00" * 32), entry)])
    assert failed(other) == ["approved study"]


def test_no_study_a_changed_one_another_matchers_or_a_simulated_one_fails(tmp_path: Path) -> None:
    judged = case(tmp_path)
    assert failed(replace(judged, study=None)) == ["study"]
    other = replace(judged, version=replace(judged.version, fingerprint="ff" * 32))
    assert failed(other) == ["matcher", "parity"]
    assert judged.study is not None
    (judged.study.path / "cohort.parquet").write_bytes(b"changed")
    assert failed(judged) == ["study"]
    simulated = case(tmp_path / "other", PolicyConfig(threshold=THRESHOLD), simulated=True)
    assert failed(simulated) == ["people", "approval"]


def test_the_study_is_found_by_its_hash(tmp_path: Path) -> None:
    judged = case(tmp_path)
    studies = tmp_path / "studies"
    sealed(studies / "another", upper=0.5)
    (studies / "unfinished").mkdir()
    assert judged.study is not None
    assert study_of(VERSION, judged.decisions, studies) == judged.study
    tagged = replace(VERSION, tags={**parity(), STUDY_HASH: judged.study.study_hash()})
    assert study_of(tagged, [], studies) == judged.study
    assert study_of(VERSION, [], studies) is None


def test_machines_get_all_reasons(tmp_path: Path) -> None:
    judged = case(tmp_path, upper=0.5)
    said = json.loads(as_json(VERSION, judge(judged)))
    assert (said["version"], said["passed"]) == ("lfr-matcher/3", False)
    assert [check["name"] for check in said["checks"] if not check["passed"]] == ["FPIR at 10,000"]


def test_policies_are_read_by_name_or_file_with_values_on_top(tmp_path: Path) -> None:
    for shipped in (conf_dir() / "policy").glob("*.yaml"):
        assert read_policy([f"policy={shipped.stem}"]) == read_policy([f"policy={shipped}"])
    assert read_policy([]) == PolicyConfig()
    own = tmp_path / "ours.yaml"
    own.write_text("max_fpir: 0.0001\nroles: [panel]\n")
    policy = read_policy([f"policy={own}", "max_ratio=3"])
    assert (policy.max_fpir, policy.max_ratio, policy.roles) == (0.0001, 3.0, ["panel"])
    own.write_text("max_fpr: 0.0001\n")
    with pytest.raises(ConfigError, match="max_fpr"):
        read_policy([f"policy={own}"])
    for content in (b"roles: [panel", b"roles: ['\xff']"):
        own.write_bytes(content)
        with pytest.raises(ConfigError, match=r"ours\.yaml"):
            read_policy([f"policy={own}"])
    with pytest.raises(
        ConfigError, match=r"no policy=lax\. Give a file, or one of default, strict"
    ):
        read_policy(["policy=lax"])
    with pytest.raises(ConfigError, match="registration must be any or as_registered"):
        read_policy(["registration=soon"])
    with pytest.raises(ConfigError, match="max_age_days"):
        read_policy(["max_age_days=soon"])


def test_a_study_sealed_anew_after_a_withdrawal_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    judged = case(tmp_path)
    assert judged.study is not None
    before = judged.study.study_hash()
    gone = {"at": "2026-05-31T12:00:00+00:00", "what": "-", "study_hash_before": before}
    held = judged.study.provenance().content()
    record = judged.study.path / "study.json"
    record.write_text(f"{record.read_text()} ")
    judged.study.seal(Provenance.of({**held, "withdrawals": [gone]}))
    studies = judged.study.path.parent
    found = study_of(judged.version, judged.decisions, studies)
    assert found == judged.study
    said = (
        "One person was withdrawn on 31 May 2026, and the study was sealed anew (earlier hash: "
        f"{before[:16]}...)"
    )
    checks = {check.name: check for check in judge(replace(judged, study=found))}
    assert said in checks["study"].found
    assert checks["study"].passed
    assert not checks["approved study"].passed
    assert "approve the study as it is now" in checks["approved study"].found
    with pytest.raises(NotApprovedError) as refused:
        permit(
            Ledger(tmp_path / "approvals.jsonl"), judged.version, THRESHOLD, None, studies=studies
        )
    assert said in str(refused.value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "approvals.jsonl").rename(studies / "approvals.jsonl")
    assert cli.main(["approvals"]) == cli.OK
    printed = capsys.readouterr().out
    assert said in printed
    assert judged.study.study_hash() in printed
