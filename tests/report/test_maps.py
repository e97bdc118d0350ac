"""Evidence maps: every item of every instrument has an answer that can be looked up."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lfr_eval.contract.folder import CONFORMANCE, FolderError, StudyFolder
from lfr_eval.report.panel.answers import conformance
from lfr_eval.report.panel.maps import EvidenceMapError, is_field, read_maps, shipped_maps
from lfr_eval.report.reading import read_report
from lfr_eval.study.sealing import render_again
from tests.report.pages import parse
from tests.studies import places, run

STUDIES = {
    "npl_2023": (
        *("experiment=npl_2023", "dataset.people=60", "dataset.passes=4", "dataset.fillers=300"),
        *("design.watchlist_sizes=[100,300]", "inference.primary_watchlist_sizes=[300]"),
        *("thresholds.values=[0.4,0.45]", "thresholds.operating=0.4", "thresholds.primary=null"),
    ),
    "london": (
        *("experiment=london", "matcher=null_matcher", "design.watchlist_sizes=[100,500]"),
        *("thresholds.values=[0.1,0.2]", "thresholds.operating=0.2"),
    ),
}
OWN = """
name: borough
title: Questions of a borough
lead: Asked by a councillor.
source: read in the minutes
items:
  - item: "1"
    asks: Which groups differ?
    gives: [{findings: {metric: [FPIR], factor: [ethnicity]}}, {table: field}]
  - item: "2"
    asks: <b>What did the street show?</b>
    check: by a person
    gives: [{table: field}]
"""


@pytest.fixture(
    scope="module",
    params=["rehearsal", "npl_2023", pytest.param("london", marks=pytest.mark.mirror)],
)
def study(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "rehearsal":
        small = request.getfixturevalue("small")
        return StudyFolder(shutil.copytree(small.path, folder / small.path.name))
    words = list(STUDIES[request.param])
    if request.param == "london":
        words += places(request.getfixturevalue("faces"))[1:]
    return run(folder, *words)


def filled(study: StudyFolder) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((study.path / CONFORMANCE).read_text("utf-8"))
    return content


def by_title(content: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (each["name"], item["title"]): item
        for each in content["instruments"]
        for item in each["items"]
    }


def test_no_item_is_without_an_answer(study: StudyFolder) -> None:
    content = filled(study)
    assert content["study_hash"] == study.study_hash()
    assert [each["name"] for each in content["instruments"]] == [
        each.name for each in shipped_maps()
    ]
    known = set(pd.read_parquet(study.path / "findings.parquet")["finding_id"])
    for instrument in content["instruments"]:
        for item in instrument["items"]:
            assert item["gives"] or item["lacks"], item
            assert item["standing"] == "not given" or item["gives"]
            assert set(item["findings"]) <= known
            assert all((study.path / f"{table}.parquet").is_file() for table in item["tables"])
            assert all(is_field(name) for name in item["fields"])
            # Each shipped item says in words of its own why nothing is given.
            assert not any("the study has none of" in sentence for sentence in item["lacks"])


def test_what_was_not_done_is_not_counted_as_given(study: StudyFolder) -> None:
    content = filled(study)
    gives = [
        text for each in content["instruments"] for item in each["items"] for text in item["gives"]
    ]
    assert not [text for text in gives if text.startswith(("No ", "The study hash was not"))]
    items = by_title(content)
    assert items["iso-19795-1", "Deviations"]["standing"] == "not given"
    assert items["iso-19795-1", "Deviations"]["lacks"][0].startswith("No plan was put on record")
    # The software is simulated in these studies, and a null matcher elsewhere.
    provider = items["ai-act-annex-iv", "1"]
    assert (provider["standing"] == "not given") == content["simulated"]


def test_what_is_simulated_is_nowhere_given_as_measured(study: StudyFolder) -> None:
    content = filled(study)
    for item in by_title(content).values():
        if content["simulated"] and item["tables"]:
            assert item["standing"] == "in part"
            assert item["lacks"][0].startswith("No real software was tested")


def test_no_answer_speaks_of_another_threshold(study: StudyFolder) -> None:
    asked = by_title(filled(study))["iso-19795-10", "Threshold settings"]["gives"]
    operating = study.record().thresholds.operating
    assert asked[0] == f"The operating setting of the study is threshold {operating:.2f}."
    assert not any("0.60 was" in sentence for sentence in asked) or operating == 0.6


def test_wording_that_nobody_read_is_marked() -> None:
    for each in shipped_maps():
        for item in each.items:
            read = item.source or each.source
            assert not item.asks or read
            assert (item.check or each.check) == "by a person" or "not read" not in read


def test_a_map_of_ones_own_is_filled_and_kept(study: StudyFolder, tmp_path: Path) -> None:
    own = tmp_path / "borough.yaml"
    own.write_text(OWN, "utf-8")
    before = study.study_hash()
    render_again(study, maps=[own])
    own.unlink()
    render_again(study)
    assert study.verify() == []
    assert study.study_hash() == before
    borough = filled(study)["instruments"][-1]
    assert borough["title"] == "Questions of a borough"
    first, second = borough["items"]
    assert first["findings"]
    assert all(name.startswith("fpir-") for name in first["findings"])
    assert second["standing"] == "not given"
    assert second["lacks"] == ["Not given, because the study has none of: table field."]
    shown = parse(study.path / "report.html").with_id("panel-borough").text
    assert "<b>What did the street show?</b>" in shown
    assert "wording to be checked by a person" in shown


def test_a_map_that_cannot_be_used_is_refused_with_every_problem(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(
        "name: own\ntitle: T\nlead: L\nitems:\n"
        "  - {item: a, gives: [{table: rate}, {field: matcher.nam}, {evidence: x}]}\n"
        "  - {item: b}\n"
        "  - {item: c, gives: [{findings: {metric: [FPR]}}, {table: rates, field: title}]}\n",
        "utf-8",
    )
    with pytest.raises(EvidenceMapError) as refused:
        read_maps([wrong])
    said = str(refused.value)
    for problem in (
        "'a' names the table 'rate'; there are: acquisition, adjusted, alert_log",
        "'a' names the field 'matcher.nam', which no study record has",
        "'a' names the piece of evidence 'x'",
        "'b' has no answer",
        "'c' names the metric 'FPR'",
        "'c' must name one of evidence, findings, table, field or says",
    ):
        assert problem in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: bridges\ntitle: T\nlead: L\nitems: [{item: a, because: b}]", "Two evidence maps"),
        ("name: x\ntitel: T\nlead: L\nitems: [{item: a, because: b}]", "field 'title' is missing"),
        ("[" * 5_000, "nested deeper"),
        ("a: !!python/object/apply:os.system [ls]", "tag"),
    ],
)
def test_a_file_that_is_no_map_ends_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "map.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(EvidenceMapError, match=said):
        read_maps([file])


def test_an_evidence_map_does_not_hide_that_a_study_was_changed(
    small: StudyFolder, tmp_path: Path
) -> None:
    folder = StudyFolder(shutil.copytree(small.path, tmp_path / "study"))
    (folder.path / "study.json").write_text("{}", "utf-8")
    own = tmp_path / "borough.yaml"
    own.write_text(OWN, "utf-8")
    with pytest.raises(FolderError, match=r"study\.json was changed"):
        render_again(folder, maps=[own])


def test_a_file_of_scores_does_not_answer_what_only_pictures_do(small: StudyFolder) -> None:
    """It names no software, tells nothing of how it works, and knows no image without a face."""
    report = read_report(small.path)
    matcher = report.record.matcher.model_copy(
        update={"evidence": "scores", "system": None, "description": "scores from a file"}
    )
    record = report.record.model_copy(update={"matcher": matcher, "simulated": False})
    groups = tuple(dataclasses.replace(each, failed=0) for each in report.people.groups)
    scored = dataclasses.replace(
        report, record=record, people=dataclasses.replace(report.people, groups=groups)
    )
    items = by_title(conformance(scored))
    assert items["iso-19795-1", "System tested"]["standing"] == "not given"
    assert items["ai-act-annex-iv", "1"]["standing"] == "not given"
    assert items["ai-act-annex-iv", "2(a) to (c)"]["standing"] == "not given"
    assert items["transparency-record", "Tool specification and performance (2.4)"]["lacks"]
    for name in ("iso-19795-1", "iso-19795-10"):
        item = items[name, "Failure to enrol and to acquire"]
        assert item["standing"] == "not given"
        assert "known only from the file" in item["lacks"][0]
    specified = items["transparency-record", "Tool specification and performance (2.4)"]
    assert specified["standing"] == "in part"


def test_pairs_show_nothing_of_a_watchlist_and_counts_nothing_of_labels(small: StudyFolder) -> None:
    report = read_report(small.path)
    pairs = tuple(dataclasses.replace(each, watchlist_size=None) for each in report.quotes)
    unlabelled = tuple(
        each.model_copy(update={"label_source": {}}) for each in report.record.datasets
    )
    record = report.record.model_copy(update={"datasets": unlabelled})
    searched = by_title(conformance(report))
    compared = by_title(conformance(dataclasses.replace(report, quotes=pairs, record=record)))
    for of_watchlist in (
        *(("ethics-panel", "Condition 1"), ("ethics-panel", "Condition 3")),
        *(("data-protection", "Accuracy"), ("surveillance-camera-code", "Principle 11")),
        *(("ai-act-annex-iv", "2(g)"), ("ai-act-annex-iv", "3")),
    ):
        said = "compared in pairs, without a watchlist."
        assert any(text.endswith(said) for text in compared[of_watchlist]["lacks"])
        assert not any(text.endswith(said) for text in searched[of_watchlist]["lacks"])
    membership = "iso-19795-10", "Group membership"
    assert searched[membership]["standing"] == "given"
    assert compared[membership]["standing"] == "not given"
