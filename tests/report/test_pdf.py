"""The PDF: the numbers and sentences of the tables, extracted; names are never commands."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from pypdf import PdfReader

from lfr_eval.contract import words as numbers
from lfr_eval.report import render, words
from lfr_eval.report.panel import to_panel
from lfr_eval.report.reading import read_report
from tests.report.builders import OPERATING, PRIMARY, Labels
from tests.report.test_page import HOSTILE

WriteStudy = Callable[..., Path]
SYMBOLS = {"different": "≠", "equivalent": "≈", "inconclusive": "?", "untestable": "∅"}
COMMANDS = (
    '#panic("typeset")',
    "#sys.inputs",
    "*bold* _slanted_",
    "@reference <label>",
    "= Heading",
    "// comment",
    "#import \"x\": *",
)  # fmt: skip


def text_of(file: Path) -> str:
    """Return the text of a PDF without any white space, which lines and cells break anywhere."""
    return squeezed(" ".join(page.extract_text() for page in PdfReader(file).pages))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.fixture(scope="module")
def text(pdf: Path) -> str:
    return text_of(pdf)


def test_it_holds_the_numbers_of_the_rates_table(study: Path, text: str) -> None:
    rates = pd.read_parquet(study / "rates.parquet")
    chosen = rates[rates["threshold"].isin(PRIMARY) | rates["threshold"].isna()]
    assert len(chosen) > 200
    for row in chosen.itertuples():
        metric = words.metric_named(str(row.metric))
        counts = (row.events, row.trials, row.subjects, row.subjects_with_event)
        rate = words.spoken_rate(metric, row.rate)
        if row.events == 0 and not metric.is_success:
            rate = f"no event in {row.trials:,}"
        line = f"{row.group} {' '.join(f'{number:,}' for number in counts)} {rate}"
        line += numbers.scientific(row.rate)
        assert squeezed(line) in text
        upper = words.spoken_rate(metric, row.upper, "up")
        assert squeezed(f"{line} {_lower(metric, row.lower)} {upper}") in text


def _lower(metric: words.Metric, lower: float) -> str:
    if lower <= 0 and not metric.is_success:
        return "at most"
    return f"{words.spoken_rate(metric, lower, 'down')} to"


def test_it_holds_every_finding_with_id_verdict_ratio_interval_and_sentence(
    study: Path, text: str
) -> None:
    findings = pd.read_parquet(study / "findings.parquet")
    chosen = findings[findings["threshold"].isin(PRIMARY) | findings["threshold"].isna()]
    assert set(chosen["verdict"]) == set(SYMBOLS)
    assert set(chosen["primary"]) == {True, False}
    for row in chosen.itertuples():
        figures = [numbers.p_value(_number(row.p_value)), numbers.p_value(_number(row.p_adjusted))]
        figures.append(numbers.ratio(_possible(row.ratio_lower, row.ratio_upper), "up"))
        ratio = "–"
        if not pd.isna(row.ratio):
            low, high = numbers.ratio(row.ratio_lower, "down"), numbers.ratio(row.ratio_upper, "up")
            ratio = f"{numbers.ratio(row.ratio)} {low} to {high}"
        compared = f"{row.group_a} compared with {row.group_b}"
        if row.group_a == "*":
            compared = f"all groups of {row.factor} at once"
        # A cell that stands beside two rows is drawn after the first of them.
        said = f"{ratio} {' '.join(figures)} {compared} {row.statement} {row.finding_id}"
        assert squeezed(said) in text, row.finding_id
        before = text[: text.index(squeezed(said))]
        mark = max(before.rfind(squeezed(f"{symbol} {name}")) for name, symbol in SYMBOLS.items())
        assert before[mark:].startswith(squeezed(f"{SYMBOLS[row.verdict]} {row.verdict}"))
        # Only the two groups' rates stand between the verdict and the ratio.
        assert len(before) - mark < 90


def _possible(lower: float, upper: float) -> float | None:
    if pd.isna(lower) or lower <= 0 or not math.isfinite(upper):
        return None
    most = max(upper, 1 / lower)
    return most if most < 1000 else None


def _number(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


def test_the_answer_holds_the_statements_with_mark_and_id(study: Path, text: str) -> None:
    findings = pd.read_parquet(study / "findings.parquet")
    answer = text[
        text.index(squeezed("1 The answer What was tested")) : text.rindex("Inplainwords")
    ]
    for row in findings[findings["primary"] & (findings["threshold"] == OPERATING)].itertuples():
        assert squeezed(f"{SYMBOLS[row.verdict]} {row.verdict} {row.statement}") in answer
        assert squeezed(row.finding_id) in answer


def test_it_holds_the_panel_material_of_the_page(study: Path, text: str) -> None:
    panel = to_panel(read_report(study))
    assert squeezed(panel.summary[0]) in text
    for question in panel.questions:
        assert squeezed(question.text) in text
    for annex in panel.annexes:
        assert squeezed(annex.title) in text
    assert squeezed("What was promised No plan was registered before the results.") in text
    assert squeezed("SIMULATED STUDY – NO REAL PEOPLE") in text


def test_people_images_and_places_stay_in_the_study_folder(text: str) -> None:
    for secret in ("PERSON-", "IMAGE-", "PASS-", ".jpg", "/home/", "mlflow.db", "evaluators-"):
        assert secret not in text


def test_names_are_text_and_never_commands(write_study: WriteStudy, tmp_path: Path) -> None:
    labels = Labels(genders=COMMANDS[:1], ethnicities=(*COMMANDS[1:], *HOSTILE), crossed=False)
    folder = write_study(
        labels=labels,
        title=COMMANDS[0],
        thresholds=PRIMARY,
        sizes=[1_000],
        only=["cohort", "rates", "findings"],
    )
    render(folder, tmp_path / "report.html", pdf=tmp_path / "report.pdf")
    shown = text_of(tmp_path / "report.pdf")
    for name in (*COMMANDS, HOSTILE[0], HOSTILE[3], HOSTILE[7]):
        assert squeezed(name) in shown
    metadata = PdfReader(tmp_path / "report.pdf").metadata
    assert metadata is not None
    assert metadata.title == COMMANDS[0]


def test_characters_without_a_glyph_are_marked_and_not_dropped(
    write_study: WriteStudy, tmp_path: Path
) -> None:
    folder = write_study(
        title="漢字 study", thresholds=PRIMARY, only=["cohort", "rates", "findings"]
    )
    render(folder, tmp_path / "report.html", pdf=tmp_path / "report.pdf")
    metadata = PdfReader(tmp_path / "report.pdf").metadata
    assert metadata is not None
    assert metadata.title == "\ufffd\ufffd study"


def test_typesetting_twice_gives_the_same_bytes(small_study: Path, tmp_path: Path) -> None:
    for name in ("once", "again"):
        render(small_study, tmp_path / "report.html", pdf=tmp_path / f"{name}.pdf")
    assert (tmp_path / "once.pdf").read_bytes() == (tmp_path / "again.pdf").read_bytes()
