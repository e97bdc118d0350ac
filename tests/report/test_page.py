from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lfr_eval.report import render
from lfr_eval.report.page import write
from lfr_eval.report.record import StudyRecordError
from tests.report.builders import OPERATING, PRIMARY, SIZES, Labels
from tests.report.pages import Element

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
    assert "everybody 4 3,900 390 4 1 in 975 1.03 × 10⁻³" in text
    assert "white 0 1,300 130 0 no event in 1,300 0 at most 1 in 43.8" in text
    assert "0.0 %" not in text


def test_every_planned_statement_stands_verbatim_with_its_id(study: Path, page: Element) -> None:
    findings = pd.read_parquet(study / "findings.parquet")
    section = page.with_id("findings").text
    primary = findings[findings["primary"]]
    assert set(primary["verdict"]) == {"different", "equivalent", "inconclusive", "untestable"}
    for row in primary.itertuples():
        assert f"{row.statement} {row.finding_id}" in section


def test_the_answer_quotes_the_statements_at_the_operating_threshold_alone(
    study: Path, page: Element
) -> None:
    findings = pd.read_parquet(study / "findings.parquet")
    answer = page.with_id("answer").text
    for row in findings[findings["primary"]].itertuples():
        assert (row.statement in answer) == (row.threshold == OPERATING)


def test_no_result_without_difference_stands_without_what_remains_possible(
    page: Element,
) -> None:
    for item in page.with_id("answer").all("li"):
        if item.attributes.get("class") == "finding" and not item.text.startswith("≠ different"):
            assert re.search("remains possible", item.text)


def test_verdicts_are_told_apart_by_word_and_symbol(page: Element) -> None:
    marks = {
        mark.text
        for mark in page.all("span")
        if mark.attributes.get("class", "").startswith("mark ")
    }
    assert marks == {"≠ different", "≈ equivalent", "? inconclusive", "∅ untestable"}


def test_false_alerts_and_recognition_are_quoted_from_one_setting(page: Element) -> None:
    answer = page.with_id("answer")
    headings = [heading.text for heading in answer.all("h3")]
    for size in SIZES:
        at = f"threshold {OPERATING}, watchlist of {size:,}"
        assert f"False alerts and recognition at {at}" in headings


def test_a_study_without_operating_threshold_says_so(bare_page: Element) -> None:
    answer = bare_page.with_id("answer").text
    assert "No operating threshold is declared. The plan names 0.56, 0.60, 0.64." in answer


def test_an_operating_threshold_that_was_not_swept_gets_no_rates_of_another(
    small_page: Element,
) -> None:
    answer = small_page.with_id("answer").text
    assert "The study holds no rate at the operating threshold 0.90" in answer
    assert "planned no comparison between groups here" in answer


def test_a_simulated_study_is_marked_everywhere(page: Element) -> None:
    method = page.with_id("calibration").all("figcaption", "svg")
    captions = [each for each in page.all("caption", "figcaption") if each not in method]
    assert len(captions) > 40
    assert all(caption.text.startswith("Simulated ") for caption in captions)
    charts = [each for each in page.all("svg") if each not in method]
    assert charts
    for chart in charts:
        assert chart.all("title")[0].text.startswith("Simulated: ")
        assert "SIMULATED" in [text.text for text in chart.all("text")]
    assert page.all("title")[0].text.startswith("Simulated: ")
    assert "Nothing on this page may be quoted" in page.text


def test_a_real_study_is_marked_nowhere(bare_page: Element) -> None:
    body = bare_page.all("body")[0]
    # How the method was tried on simulated people is said in every report.
    of_the_method = bare_page.with_id("calibration").text
    assert "simulated" not in body.text.replace(of_the_method, "").lower()
    assert not [each for each in bare_page.walk() if each.attributes.get("id") == "truth"]


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
    assert all(" ".join(name.replace("\u202e", "\ufffd").split()) in tables for name in HOSTILE)
    assert "\u202e" not in attacked.text
    known = {
        "svg",
        "title",
        "desc",
        "defs",
        "g",
        "path",
        "use",
        "text",
        "tspan",
        "clippath",
        "rect",
    }
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
        assert chart.all("title")[0].text
        assert chart.all("desc")[0].text


def test_exploratory_findings_are_folded_away_and_named_so(study: Path, page: Element) -> None:
    (folded,) = [d for d in page.all("details") if "Exploratory" in d.all("summary")[0].text]
    assert "open" not in folded.attributes
    assert all("Exploratory:" in caption.text for caption in folded.all("caption"))
    findings = pd.read_parquet(study / "findings.parquet")
    elsewhere = findings[findings["threshold"] == 0.58]
    assert len(elsewhere)
    text = page.text
    assert not any(statement in text for statement in elsewhere["statement"])


def test_a_group_without_events_is_drawn_by_its_bound(page: Element) -> None:
    curves = page.with_id("curves")
    with_bound = [c for c in curves.all("svg") if "upper bounds" in c.all("desc")[0].text]
    assert with_bound
    assert any("no event: upper bound" in [t.text for t in c.all("text")] for c in with_bound)


def test_the_people_are_counted_by_group_and_role(page: Element) -> None:
    people = page.with_id("people").text
    assert "everybody 390 390 3,900 3,900 300 19 of 4,590" in people
    assert "unknown 6 6 60 60 0" in people
    assert "no face detected: 10" in people
    assert "self defined" in people


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


def test_fourteen_groups_and_two_hundred_thresholds_are_no_burden(write_study: WriteStudy) -> None:
    labels = Labels(ethnicities=[f"group {place}" for place in range(7)])
    sweep = sorted({*PRIMARY, *(round(0.4 + 0.0015 * step, 4) for step in range(200))})
    study = write_study(labels=labels, thresholds=sweep)
    page = render(study)
    assert page.stat().st_size < 3_000_000


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
