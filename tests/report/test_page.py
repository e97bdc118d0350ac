from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lfr_eval.contract.names import group_name
from lfr_eval.contract.record import StudyRecordError
from lfr_eval.report import render
from lfr_eval.report.page import write
from tests.report.builders import PRIMARY, Labels
from tests.report.pages import Element, parse

WriteStudy = Callable[..., Path]
ReadPage = Callable[..., Element]


def rows_of(page: Element, metric: str) -> pd.DataFrame:
    """Return the machine-readable numbers of the rate tables of one metric."""
    found = []
    for table in page.with_id("rates").all("table"):
        if f"({metric})" in table.all("caption")[0].text:
            found += [row.values for row in table.all("tr") if row.all("data")]
    columns = ["events", "trials", "subjects", "subjects_with_event", "rate", "lower", "upper"]
    return pd.DataFrame(found, columns=columns)


@pytest.mark.parametrize("metric", ["FPIR", "TPIR", "FMR", "FNMR", "FTA"])
def test_the_tables_hold_the_numbers_of_the_rates_table(
    study: Path, page: Element, metric: str
) -> None:
    rates = pd.read_parquet(study / "rates.parquet")
    rates = rates[rates["threshold"].isin(PRIMARY) | rates["threshold"].isna()]
    expected = rates[rates["metric"] == metric]
    printed = rows_of(page, metric)
    columns = list(printed.columns)

    def in_order(frame: pd.DataFrame) -> np.ndarray:
        return frame[columns].astype(float).sort_values(columns).to_numpy()

    np.testing.assert_array_equal(in_order(printed), in_order(expected))


def test_the_tables_name_counts_and_rates_as_once_in_so_many(page: Element) -> None:
    text = page.with_id("rates").text
    assert "Everybody 4 3,900 390 4 1 in 975" in text
    assert "White 0 1,300 130 0 none seen in 1,300 at most 1 in 43" in text
    assert "0.0 %" not in text


def test_every_statement_stands_verbatim_with_its_id(study: Path, page: Element) -> None:
    findings = pd.read_parquet(study / "findings.parquet")
    section = page.with_id("comparisons").text
    primary = findings[findings["primary"]]
    assert set(primary["verdict"]) == {"different", "equivalent", "inconclusive", "untestable"}
    for row in primary.itertuples():
        assert row.statement in section
        assert row.finding_id in section


def test_verdicts_are_told_apart_by_word_and_symbol(page: Element) -> None:
    marks = {
        mark.text
        for mark in page.all("span")
        if mark.attributes.get("class", "").startswith("mark ")
    }
    assert marks == {"≠ different", "≈ equivalent", "? inconclusive", "∅ untestable"}


def test_a_simulated_study_is_marked_everywhere(page: Element) -> None:
    captions = page.all("caption", "figcaption")
    assert len(captions) > 25
    assert all(caption.text.startswith("Simulated ") for caption in captions)
    assert page.all("title")[0].text.startswith("Simulated: ")
    assert "Do not quote it about any system or group." in page.text
    assert "In this made-up study" in page.with_id("answer").text


def test_a_real_study_is_marked_nowhere(bare_page: Element) -> None:
    body = bare_page.all("body")[0]
    # How the method was tried on simulated people is said in every report.
    text = body.text.replace("on simulated people", "").lower()
    assert "simulated" not in text
    assert "made-up" not in text
    assert not [each for each in bare_page.walk() if each.attributes.get("id") == "truth"]


def test_nothing_says_planned_where_no_plan_was_registered(page: Element) -> None:
    for word in ("planned", "beforehand", "in advance", "before the test", "SEEN-S"):
        assert word not in page.text


def test_groups_are_called_as_people_write_them(page: Element) -> None:
    ids = [code.text for code in page.all("code")]
    text = page.text
    for each in sorted(ids, key=len, reverse=True):
        text = text.replace(each, "")
    for code in ("female x", "male x", " x white", "black subjects", "white subjects"):
        assert code not in text
    assert "Black women" in page.with_id("groups").text


def test_what_a_reader_may_not_want_is_folded_away(page: Element) -> None:
    """What is found in no closed part, in words: the browser's tests count what is seen."""

    def words(element: Element) -> int:
        if element.tag == "script" or "hidden" in element.attributes:
            return 0
        parts = element.children
        if element.tag == "details" and "open" not in element.attributes:
            parts = element.all("summary")[:1]
        return sum(len(p.split()) if isinstance(p, str) else words(p) for p in parts)

    assert words(page.all("body")[0]) < 6_000


def test_measured_rates_stand_beside_the_true_ones_with_the_count(
    study: Path, page: Element
) -> None:
    rates, truth = (pd.read_parquet(study / f"{name}.parquet") for name in ("rates", "truth"))
    both = rates.assign(true=truth["rate"])
    both = both[both["threshold"].isin(PRIMARY) | both["threshold"].isna()]
    inside = ((both["lower"] <= both["true"]) & (both["true"] <= both["upper"])).sum()
    text = page.with_id("truth").text
    assert f"{inside} of {len(both)} intervals contain the true rate" in text


def test_the_page_refers_to_nothing_outside_itself(study: Path, page: Element) -> None:
    source = (study / "report.html").read_text("utf-8")
    assert not re.search(r"(?i)https?:|//[a-z]|@import|\burl\((?!#)|\bsrc=", source)
    names = [each.attributes["id"] for each in page.walk() if "id" in each.attributes]
    assert len(names) == len(set(names))
    for element in page.walk():
        for attribute in ("href", "aria-labelledby"):
            for name in element.attributes.get(attribute, "").split():
                assert name.removeprefix("#") in names


def test_people_images_and_places_stay_in_the_study_folder(study: Path) -> None:
    source = (study / "report.html").read_text("utf-8")
    for secret in ("PERSON-", "IMAGE-", "PASS-", ".jpg", "/home/", "mlflow.db", "evaluators-"):
        assert secret not in source


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; DROP TABLE people; --",
    "$\\frac{a}{b}$",
    "$unclosed",
    "_{x}^{y}",
    "</svg></style></title>",
    "{{ 7 * 7 }}{% raw %}",
    "-->]]>",
    "&lt;b&gt; &amp;",
    "=HYPERLINK(1)",
    "\u202etnacifingis",
    "line\nbreak\ttab",
    "emoji 👩🏽‍🦱 漢字 नाम",
    "x" * 300,
)


def test_hostile_labels_are_text_and_nothing_else(read_page: ReadPage, page: Element) -> None:
    labels = Labels(genders=HOSTILE[:1], ethnicities=HOSTILE[1:], crossed=False)
    attacked = read_page(
        labels=labels,
        title=HOSTILE[0],
        thresholds=PRIMARY,
        sizes=[1_000],
        only=["cohort", "rates", "findings", "acquisition", "equity", "modelled", "person_tests"],
    )

    def kinds(page: Element) -> set[tuple[str, frozenset[str]]]:
        return {(each.tag, frozenset(each.attributes)) for each in page.walk()}

    assert kinds(attacked) <= kinds(page)
    assert attacked.all("h1")[0].text == HOSTILE[0]
    drawn = [text.text for chart in attacked.all("svg") for text in chart.all("text")]
    assert "$\\frac{a}{b}$" in " ".join(drawn)
    tables = attacked.with_id("rates").text
    for name in HOSTILE:
        assert " ".join(group_name(name.replace("\u202e", "\ufffd")).split()) in tables
    assert "\u202e" not in attacked.text
    known = {"svg", "g", "path", "text", "circle"}
    for chart in attacked.all("svg"):
        assert {each.tag for each in chart.walk()} <= known


def test_the_page_is_built_for_everybody(page: Element) -> None:
    assert page.all("html")[0].attributes["lang"] == "en-GB"
    assert len(page.all("h1")) == 1
    assert page.all("a")[0].attributes["href"] == "#report"
    for table in page.all("table"):
        assert table.all("caption")
        assert all("scope" in heading.attributes for heading in table.all("th"))
    for chart in page.all("svg"):
        assert chart.attributes["role"] == "img"
        assert chart.attributes["aria-label"]


def test_the_people_are_counted_by_group_and_role(page: Element) -> None:
    people = page.with_id("people").text
    assert "Everybody 390 390 3,900 3,900 300 19 of 4,590" in people
    assert "No label 6 6 60 60 0" in people
    assert "no face detected (10 images)" in people
    assert "their own" in people


def test_provenance_shows_hashes_and_withholds_places(page: Element) -> None:
    section = page.with_id("provenance").text
    assert "c0ffee" * 10 in section
    assert "11" * 32 in section
    assert "lfr-eval verify STUDY" in section
    assert "dataset.path (not shown" in section
    assert "tracking.uri (not shown" in section
    assert "hostname (not shown" in section
    assert "numpy 2.4.1" in section


def test_a_study_without_provenance_shows_what_it_knows(bare_page: Element) -> None:
    section = bare_page.with_id("provenance").text
    assert "before the hashes were recorded" in section
    assert "ab12" * 16 in section


def test_cohort_rates_and_findings_are_enough(bare_page: Element) -> None:
    assert "does not record in which images no usable face was found" in bare_page.text
    assert "does not record the distribution of its scores" in bare_page.text


def test_rendering_twice_gives_the_same_bytes(small_study: Path, tmp_path: Path) -> None:
    again = render(small_study, tmp_path / "folder" / "again.html")
    assert again.read_bytes() == (small_study / "report.html").read_bytes()


def test_a_page_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text("the old page", "utf-8")
    with pytest.raises(UnicodeEncodeError):
        write("half \ud800 a page", file)
    assert file.read_text("utf-8") == "the old page"
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]


def test_the_script_is_the_only_one_that_may_run(page: Element) -> None:
    kinds = [script.attributes.get("type", "runs") for script in page.all("script")]
    assert kinds == ["application/json", "runs"]
    (policy,) = [m for m in page.all("meta") if "http-equiv" in m.attributes]
    assert "default-src 'none'" in policy.attributes["content"]
    assert "script-src 'sha256-" in policy.attributes["content"]
    assert not any(name.startswith("on") for each in page.walk() for name in each.attributes)


def test_a_record_that_lacks_fields_is_refused_with_all_of_them(write_study: WriteStudy) -> None:
    study = write_study(only=[])
    record = json.loads((study / "study.json").read_text("utf-8"))
    del record["matcher"]["fingerprint"]
    record["simulated"] = "yes"
    (study / "study.json").write_text(json.dumps(record), "utf-8")
    message = (
        "field 'simulated' must be true or false, not \"yes\"; "
        "field 'matcher.fingerprint' is missing"
    )
    with pytest.raises(StudyRecordError, match=re.escape(message)):
        render(study)


def test_a_missing_table_is_named(write_study: WriteStudy) -> None:
    with pytest.raises(StudyRecordError, match=r"findings\.parquet is missing"):
        render(write_study(only=["cohort", "rates"]))


def test_what_the_register_of_sharing_said_is_told(write_study: WriteStudy, page: Element) -> None:
    assert "shared with whom" not in page.with_id("people").text
    folder = write_study(thresholds=PRIMARY, sizes=[1_000])
    record = json.loads((folder / "study.json").read_text("utf-8"))
    said = ["As far as this register knows (3 entries).", "Acme <b>Ltd</b> received 7 images."]
    record["datasets"][0]["sharing"] = {
        "file": "sharing.jsonl", "entries": 3, "head": "ab" * 32, "said": said
    }  # fmt: skip
    (folder / "study.json").write_text(json.dumps(record), "utf-8")
    shown = parse(render(folder)).with_id("people").text
    assert all(sentence in shown for sentence in said)
    assert "ab" * 32 in shown
