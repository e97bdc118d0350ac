"""Stage report: the view model in, one HTML page out, written aside and then renamed."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

from markupsafe import Markup

from lfr_eval.contract.names import METRICS
from lfr_eval.report.drawings import Charts
from lfr_eval.report.model import Report
from lfr_eval.report.numbers import charts_in
from lfr_eval.report.sweep import to_json
from lfr_eval.report.templating import fill, source, verdicts_of

SCRIPTS = ("printing", "words", "tables", "evidence", "explore", "crowd", "start")
"""Parts of the page's script, in order."""


def to_html(report: Report, charts: Charts) -> str:
    """Return the whole page."""
    parts = "\n".join(source(f"script/{name}.js") for name in SCRIPTS)
    # Names of one script's parts stay out of the page's other globals.
    script = f"(() => {{\n{parts}\n}})();"
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return fill(
        "page.html.j2",
        report,
        charts,
        paper=False,
        data=Markup(to_json(page_data(report, charts))),
        style=Markup(source("style.css")),
        script=Markup(script),
        script_digest=digest,
    )


def write(page: str | bytes, destination: Path) -> Path:
    """Write a report so that a reader finds the old one or the new one, never half of one."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=destination.parent, prefix=f".{destination.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(page.encode("utf-8") if isinstance(page, str) else page)
        # mkstemp makes a private file; a report is as readable as other files of the study.
        mask = os.umask(0)
        os.umask(mask)
        Path(aside).chmod(0o666 & ~mask)
        Path(aside).replace(destination)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
    return destination


def page_data(report: Report, charts: Charts) -> dict[str, Any]:
    """Return everything that the page's script may show: the sweep, and numbers behind charts."""
    data = {} if report.explorer is None else dict(report.explorer.data)
    data["marks"] = {each.name: each.symbol for each in verdicts_of(report)}
    data["published"] = report.publication is not None
    data["mark"] = report.record.mark
    data["study"] = report.record.study
    data["metrics"] = {each.code: [each.plain, each.trial] for each in METRICS}
    data["tables"] = {
        chart.name: dict(chart.table) for chart in charts_in(charts) if chart.table is not None
    }
    return data
