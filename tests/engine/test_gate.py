"""The gate: one version that meets its policy, and every way not to."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from lfr_eval.composition import conf_dir
from lfr_eval.config import ConfigError, PolicyConfig
from lfr_eval.engine.approvals import approvals, approve
from lfr_eval.engine.gate import PARITY, STUDY_HASH, Case, as_json, as_table, judge, study_of
from lfr_eval.engine.ledger import Ledger
from lfr_eval.engine.versions import Version
from lfr_eval.engine_composition import read_policy
from lfr_eval.folder import StudyFolder
from tests.engine.studies import FINGERPRINT, THRESHOLD, sealed

DAY = date(2026, 6, 1)


def parity(holds: bool = True, fingerprint: str = FINGERPRINT) -> dict[str, str]:
    record = {
        "holds": holds,
        "fingerprint": fingerprint,
        "differences": [] if holds else ["in what runs, margin is 0 instead of 14", "and more"],
        "probes": 40,
        "at": "2026-05-20T10:00:00+00:00",
    }
    return {PARITY: json.dumps(record)}


VERSION = Version("lfr-matcher", "3", FINGERPRINT, parity())


def case(tmp_path: Path, policy: PolicyConfig | None = None, **study: object) -> Case:
    folder = sealed(tmp_path / "studies" / "trial", **study)
    ledger = Ledger(tmp_path / "approvals.jsonl")
    real = StudyFolder(folder.path)
    if not study.get("simulated"):
        approve(ledger, real, VERSION, THRESHOLD, "Dr Grey", "panel", "Sergeant Brown")
    return Case(VERSION, real, approvals(ledger, VERSION), policy or PolicyConfig(), DAY)


def failed(judged: Case) -> list[str]:
    return [check.name for check in judge(judged) if not check.passed]


def test_a_version_that_meets_its_policy_passes(tmp_path: Path) -> None:
    checks = judge(case(tmp_path))
    assert all(check.passed for check in checks), as_table(checks)
    assert [check.name for check in checks] == [
        *("study", "matcher", "people", "age", "FPIR at 10,000", "worst ratio"),
        *("detectable ratio", "parity", "approval", "approved study"),
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
        ({"detectable": 2.1}, "detectable ratio"),
        ({"detectable": None}, "detectable ratio"),
        ({"detectable": None, "verdict": "untestable"}, "detectable ratio"),
        ({"finished": "2025-05-31T09:00:00+00:00"}, "age"),
    ],
)
def test_each_limit_of_the_evidence_is_a_reason(
    tmp_path: Path, study: dict[str, object], reason: str
) -> None:
    assert failed(case(tmp_path, **study)) == [reason]


def test_an_equivalence_that_was_shown_needs_no_more_power(tmp_path: Path) -> None:
    assert failed(case(tmp_path, verdict="equivalent", detectable=None)) == []


@pytest.mark.parametrize(
    ("policy", "reasons"),
    [
        (
            PolicyConfig(watchlist_size=10_001),
            ["FPIR at 10,001", "worst ratio", "detectable ratio"],
        ),
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
        ({PARITY: "passed"}, "is no record of a check"),
    ):
        (check,) = [
            c for c in judge(replace(judged, version=replace(VERSION, tags=tags))) if not c.passed
        ]
        assert check.name == "parity"
        assert said in check.found


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
    other = replace(judged, version=replace(VERSION, fingerprint="ff" * 32))
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
    with pytest.raises(ConfigError, match="no policy 'strict': give a file, or one of default"):
        read_policy(["policy=strict"])
    with pytest.raises(ConfigError, match="max_age_days"):
        read_policy(["max_age_days=soon"])
