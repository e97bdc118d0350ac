"""Stage report: the view model in, the templates' text out.

The page and the printed document are made of the same chapters: what one says, the other says.
A chapter leaves out on paper what needs a screen.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from lfr_eval.contract import names, words
from lfr_eval.report import words as labels
from lfr_eval.report.brief import to_brief
from lfr_eval.report.calibration import read_calibration, summarise
from lfr_eval.report.findings import VERDICTS, WITHHELD, Verdict
from lfr_eval.report.limits import further_limits
from lfr_eval.report.model import Report
from lfr_eval.report.modelled import spoken_decades
from lfr_eval.report.panel import to_panel
from lfr_eval.report.picture import FEWEST
from lfr_eval.report.truth import is_inside

TEMPLATES = Path(__file__).parent / "templates"


def fill(template: str, report: Report, paper: bool, **further: object) -> str:
    """Return a template filled with a report.

    Parameters
    ----------
    paper
        Whether it is printed: without controls, and without what is shown on pointing.
    further
        Values of this template alone.
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
            verdicts=verdicts_of(report),
            further_limits=further_limits(report),
            panel=to_panel(report),
            brief=to_brief(report),
            fewest=FEWEST,
            spoken_decades=spoken_decades,
            is_inside=is_inside,
            **further,
        )
    )


def verdicts_of(report: Report) -> tuple[Verdict, ...]:
    """Return the verdicts that a report explains."""
    return VERDICTS if report.publication is None else (*VERDICTS, WITHHELD)


def source(name: str) -> str:
    """Return the text of a file beside the templates."""
    return (TEMPLATES / name).read_text("utf-8").strip()


@cache
def environment(package: str = "lfr_eval.report") -> Environment:
    """Return the templates, compiled once a process: a study renders its report more than once.

    Parameters
    ----------
    package
        Another package with templates beside its modules, which may use those of the report.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("lfr_eval.report"), PackageLoader(package, ".")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    globals_: dict[str, Any] = environment.globals
    globals_ |= {"words": words, "names": names, "labels": labels}
    globals_ |= {"at": labels.at, "setting": labels.setting}
    return environment
