"""The report of a study and its seal: each says what the other is (a study folder in and out)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from lfr_eval.contract.decisions import ledger_path
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.keys import Key, read_key
from lfr_eval.contract.provenance import Provenance
from lfr_eval.contract.sealing import seal
from lfr_eval.contract.swapping import PROVENANCE, REPORT, REPORTS, replacing, view
from lfr_eval.report import render
from lfr_eval.report.panel.maps import read_maps


def report_and_seal(
    folder: StudyFolder,
    run: Provenance,
    approvals: str | None,
    changed: Mapping[str, bytes] | None = None,
    annex: bool = False,
) -> None:
    """Render the report of a study, with the decisions on it, and seal the folder.

    The report quotes the study hash, and the seal covers the report: the seal is made twice, aside,
    and then all new files come into place at once.

    Parameters
    ----------
    changed
        Files that join the study with this report, or take the place of those there: name to
        content.
    annex
        Whether the complete tables are printed too.
    """
    files, key = dict(changed or {}), sealing_key()
    names = (*REPORTS, PROVENANCE, *files)
    with replacing(folder.path, names) as aside:
        for name, content in files.items():
            (aside / name).write_bytes(content)
        seal(folder.path, run.content(), aside, names)
        papers = ("brief", "report", *(["annex"] if annex else [])) if _wants_pdf(run) else ()
        place = view(folder.path, aside, names)
        ledger = ledger_path(folder.path.resolve().parent, approvals)
        try:
            render(place, aside / REPORT, papers, ledger)
        except MendableError as error:
            error.args = (str(error).replace(str(place), str(folder.path)),)
            raise
        shutil.rmtree(place)
        seal(folder.path, run.content(), aside, names, key)


def sealing_key() -> Key | None:
    """Return the key that signs seals, if `LFR_EVAL_KEY` names one.

    Raises
    ------
    SigningError
        If it cannot be used.
    """
    file = os.environ.get("LFR_EVAL_KEY")
    return read_key(Path(file).expanduser()) if file else None


def _wants_pdf(run: Provenance) -> bool:
    """Whether a study asked for a PDF; those made before there was one did not refuse it."""
    report = run.config.get("report")
    return not isinstance(report, Mapping) or report.get("pdf") is not False


def render_again(
    folder: StudyFolder,
    approvals: str | None = None,
    annex: bool = False,
    maps: Sequence[Path] = (),
) -> None:
    """Render the report of a finished study from its folder, after checking the folder.

    Parameters
    ----------
    maps
        Evidence maps to keep with the study, in the place of those that were given before.

    Raises
    ------
    FolderError
        If the study is not finished, or a file other than the report was changed: sealing it
        again would hide that.
    """
    with folder.locked():
        folder.check_whole(REPORTS)
        run = folder.provenance()
        if maps:
            own = [each.model_dump(mode="json", exclude_defaults=True) for each in read_maps(maps)]
            run = run.model_copy(update={"evidence_maps": tuple(own)})
        report_and_seal(folder, run, approvals, annex=annex)
