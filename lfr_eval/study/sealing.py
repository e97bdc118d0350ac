"""The report of a study and its seal: each says what the other is (a study folder in and out)."""

from __future__ import annotations

from lfr_eval.contract.decisions import ledger_path
from lfr_eval.contract.folder import PDF, REPORT, FolderError, StudyFolder
from lfr_eval.report import render


def report_and_seal(folder: StudyFolder, run: dict[str, object], approvals: str | None) -> None:
    """Render the report of a study, with the decisions on it, and seal the folder.

    Sealed twice: the report quotes the study hash, and the seal covers the report.
    """
    for file in (REPORT, PDF):
        (folder.path / file).unlink(missing_ok=True)
    folder.seal(run)
    pdf = folder.path / PDF if _wants_pdf(run) else None
    render(folder.path, pdf=pdf, ledger=ledger_path(folder.path.parent, approvals))
    folder.seal(run)


def _wants_pdf(run: dict[str, object]) -> bool:
    """Whether a study asked for a PDF; those made before there was one did not refuse it."""
    config = run.get("config")
    report = config.get("report") if isinstance(config, dict) else None
    return not isinstance(report, dict) or report.get("pdf") is not False


def render_again(folder: StudyFolder, approvals: str | None = None) -> None:
    """Render the report of a finished study from its folder, after checking the folder.

    Raises
    ------
    FolderError
        If the study is not finished, or a file other than the report was changed: sealing it
        again would hide that.
    """
    with folder.locked():
        changed = [problem for problem in folder.verify() if not problem.startswith((REPORT, PDF))]
        if changed:
            raise FolderError(f"{folder.path} is not as it was sealed: " + " ".join(changed))
        report_and_seal(folder, folder.provenance(), approvals)
