"""Stage report: a study folder in, one self-contained page for people who decide out, and a PDF.

The page needs no network and no JavaScript, and says nothing that the study's tables do not.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["render"]


def render(
    study: Path,
    destination: Path | None = None,
    pdf: Path | None = None,
    ledger: Path | None = None,
) -> Path:
    """Write the report of a study.

    Parameters
    ----------
    study
        The study folder: `study.json`, the stage tables as `<table>.parquet`, and
        `provenance.json` if it exists. Nothing but it and the ledger is read.
    destination
        The file to write; `report.html` in the study folder by default.
    pdf
        The PDF to write beside it; None for none.
    ledger
        Where decisions are recorded; `approvals.jsonl` beside the study folder by default.

    Returns
    -------
    pathlib.Path
        The page written.

    Raises
    ------
    lfr_eval.report.record.StudyRecordError
        If `study.json` or a table that every report needs is missing or incomplete.
    lfr_eval.contract.tables.TableError
        If a table does not have its documented columns.
    """
    # Drawing and typesetting take a second to import, which `lfr-eval --help` must not pay.
    from lfr_eval.report.drawings import draw_charts
    from lfr_eval.report.page import to_html, write
    from lfr_eval.report.reading import read_report

    report = read_report(study, ledger)
    charts = draw_charts(report)
    if pdf is not None:
        from lfr_eval.report.document import to_document
        from lfr_eval.report.pdf import to_pdf

        write(to_pdf(to_document(report, charts)), pdf)
    return write(to_html(report, charts), destination or study / "report.html")
