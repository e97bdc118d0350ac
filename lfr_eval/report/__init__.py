"""Stage report: a study folder in, one page for people who decide out, and what is printed of it.

The page needs no network and no JavaScript, and says nothing that the study's tables do not.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lfr_eval.contract.folder import ANNEX, BRIEF, CONFORMANCE, PDF

if TYPE_CHECKING:
    from lfr_eval.report.brief import Brief

__all__ = ["PAPERS", "answer", "brief_texts", "notes", "render", "three_lines"]

PAPERS = {"brief": BRIEF, "report": PDF, "annex": ANNEX}
"""What is printed: two pages for everybody, what a panel keeps, and the complete tables."""


def render(
    study: Path,
    destination: Path | None = None,
    papers: Sequence[str] = (),
    ledger: Path | None = None,
) -> Path:
    """Write the report of a study, and `conformance.json`: the answer, and filled evidence maps.

    Nothing but the study folder and the ledger is read.

    Parameters
    ----------
    destination
        The file to write; `report.html` in the study folder by default.
    papers
        PDFs to write beside it: keys of `PAPERS`.
    ledger
        Where decisions are recorded; `approvals.jsonl` beside the study folder by default.

    Returns
    -------
    pathlib.Path
        The page written.

    Raises
    ------
    lfr_eval.contract.record.StudyRecordError
        If `study.json` or a table that every report needs is missing or incomplete.
    lfr_eval.contract.tables.TableError
        If a table does not have its documented columns.
    """
    # Typesetting takes a second to import, which `lfr-eval --help` must not pay.
    from lfr_eval.contract.writing import json_text
    from lfr_eval.report.brief import to_brief
    from lfr_eval.report.letters import stand_in_words
    from lfr_eval.report.page import to_html, write
    from lfr_eval.report.panel import conformance
    from lfr_eval.report.reading import read_report

    report = read_report(study, ledger)
    page = destination or study / "report.html"
    brief = to_brief(report)
    said: dict[str, Sequence[str]] = {"answer": _paragraphs(brief), "cannot_tell": brief.cannot}
    said["other_error"] = brief.other
    if papers:
        said["notes"] = [each for each in [stand_in_words(report.stand_ins, shown=True)] if each]
    write(json_text(conformance(report) | said), page.with_name(CONFORMANCE))
    if papers:
        from lfr_eval.report.paper import to_document, to_pdf

        for kind in papers:
            write(to_pdf(to_document(report, kind)), page.with_name(PAPERS[kind]))
    return write(to_html(report), page)


def three_lines(study: Path) -> tuple[str, ...]:
    """Return the answer of a study in three lines: both kinds of error, and what it cannot tell.

    They are those of the report that was made last: nothing is computed again.
    """
    said = _said(study)
    first, *rest = said["answer"]
    limit = said["cannot_tell"][0]
    other = str(said.get("other_error", rest[-1] if rest else ""))
    return (first, other, f"It cannot tell {limit[0].lower()}{limit[1:]}")


def notes(study: Path) -> tuple[str, ...]:
    """Return what must be known of the PDFs that were made last."""
    return tuple(_said(study).get("notes", ()))


def answer(study: Path) -> tuple[str, ...]:
    """Return the answer that the brief of a study gives; each paragraph may be quoted whole."""
    return _paragraphs(_brief(study))


def brief_texts(study: Path) -> dict[str, str]:
    """Return what the brief of a study says, by names: its answer first, then all beside it."""
    brief = _brief(study)
    facts = [text for _, text in (*brief.facts, *brief.trust)]
    several = {"": _paragraphs(brief), "crowd-": brief.crowd, "limit-": brief.cannot}
    told = {
        f"brief-{name}{number}": text
        for name, texts in (several | {"fact-": facts}).items()
        for number, text in enumerate(texts, 1)
    }
    return told | ({"brief-warning": brief.warning} if brief.warning else {})


def _brief(study: Path) -> Brief:
    from lfr_eval.report.brief import to_brief
    from lfr_eval.report.reading import read_report

    return to_brief(read_report(study))


def _said(study: Path) -> dict[str, Sequence[str]]:
    said: dict[str, Sequence[str]] = json.loads((study / CONFORMANCE).read_text("utf-8"))
    return said


def _paragraphs(brief: Brief) -> tuple[str, ...]:
    """Return the answer of a brief; the first paragraph ends with what it rests on."""
    first, *rest = brief.answer
    return (" ".join(text for text in (first, brief.chosen, brief.caveat) if text), *rest)
