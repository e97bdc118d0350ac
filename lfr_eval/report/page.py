"""Stage report: the view model in, one HTML page out, written aside and then renamed."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from lfr_eval.contract.words import unbroken
from lfr_eval.contract.writing import write_bytes
from lfr_eval.report.brief import to_brief
from lfr_eval.report.brief.around import limits
from lfr_eval.report.calibration import read_calibration, summarise
from lfr_eval.report.findings import VERDICTS, WITHHELD
from lfr_eval.report.further import further_charts
from lfr_eval.report.model import Report
from lfr_eval.report.modelled import spoken_decades
from lfr_eval.report.panel import to_panel
from lfr_eval.report.people import BY_WHOSE_WORD
from lfr_eval.report.picture import FEWEST
from lfr_eval.report.rates import records
from lfr_eval.report.templating import environment, source
from lfr_eval.report.truth import is_inside
from lfr_eval.report.withheld import ATTEMPTED


def fill(template: str, report: Report, paper: bool, **further: object) -> str:
    """Return a template filled with a report, and with further values of this template alone.

    On `paper` it has no controls, and nothing that is shown on pointing.
    """
    cells = read_calibration()
    return (
        environment()
        .get_template(template)
        .render(
            report=report,
            record=report.record,
            paper=paper,
            calibration=cells,
            calibrated=summarise(cells),
            verdicts=VERDICTS if report.publication is None else (*VERDICTS, WITHHELD),
            further_limits=limits(report)["further"],
            panel=to_panel(report),
            brief=to_brief(report),
            attempted=ATTEMPTED,
            by_whose_word=BY_WHOSE_WORD,
            fewest=FEWEST,
            spoken_decades=spoken_decades,
            is_inside=is_inside,
            records=records,
            **further,
        )
    )


def to_html(report: Report) -> str:
    """Return the whole page."""
    # Names of the script stay out of the page's other globals.
    script = f"(() => {{\n{source('page.js')}\n}})();"
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    page = fill(
        "page.html.j2",
        report,
        paper=False,
        further=further_charts(report),
        data=Markup(to_json(report.explorer.data if report.explorer else {})),
        style=Markup(source("style.css")),
        script=Markup(script),
        script_digest=digest,
    )
    return unbroken(page)


def write(page: str | bytes, destination: Path) -> Path:
    """Write a report whole or not at all; unlike a study's tables, it is no private file."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(destination, page.encode("utf-8") if isinstance(page, str) else page)
    mask = os.umask(0)
    os.umask(mask)
    destination.chmod(0o666 & ~mask)
    return destination


def to_json(content: Mapping[str, Any]) -> str:
    """Return JSON that may stand inside an HTML script element.

    `<`, `>` and `&` are escaped, so that no text of a study can end the element or open another.
    """
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
