"""Stage report: templates filled (view model in, text out).

Pages and papers are made of the same chapters (`*.html.j2`): what one says, the other says. What
is said in sentences has templates of its own (`words/*.txt.j2`), with a sentence on each line.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from lfr_eval.contract import names, tables, words
from lfr_eval.report import words as labels

TEMPLATES = Path(__file__).parent / "templates"
RULES: Any = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
HASH = "\ue000"
"""Stands for # in what goes into a sentence: no printable text holds it."""


def source(name: str) -> str:
    """Return the text of a file beside the templates."""
    return (TEMPLATES / name).read_text("utf-8").strip()


@cache
def environment(package: str = "lfr_eval.report") -> Environment:
    """Return the templates, compiled once a process: a study renders its report more than once.

    Another package may have templates beside its modules, which may use those of the report.
    """
    there = ChoiceLoader([PackageLoader("lfr_eval.report"), PackageLoader(package, ".")])
    return _filled_with_words(Environment(loader=there, autoescape=True, **RULES))


def sentences(template: str, **values: object) -> dict[str, list[str]]:
    """Return the lines of `words/<template>.txt.j2` by the headings (#) above them."""
    found: dict[str, list[str]] = {}
    lines = _words().get_template(f"{template}.txt.j2").render(**values).splitlines()
    for line in filter(None, (" ".join(each.split()) for each in lines)):
        if line.startswith("# "):
            said = found.setdefault(line[2:].replace(HASH, "#"), [])
        else:
            said.append(line.replace(HASH, "#"))
    return found


@cache
def _words() -> Environment:
    """Return the templates of sentences; what goes into them is text and never a heading."""
    loader = PackageLoader("lfr_eval.report", "templates/words")
    protected = Environment(
        loader=loader, finalize=lambda value: str(value).replace("#", HASH), **RULES
    )
    return _filled_with_words(protected)


def _filled_with_words(environment: Environment) -> Environment:
    globals_: dict[str, Any] = environment.globals
    globals_ |= {"words": words, "names": names, "labels": labels, "tables": tables}
    globals_ |= {"at": labels.at, "setting": labels.setting, "math_inf": math.inf}
    environment.filters |= {"factor_words": names.factor_words, "thousands": words.count}
    environment.filters |= {
        "split": str.split,
        "plain_name": lambda one: names.metric_named(one).plain,
    }
    environment.tests |= {"stated": labels.is_stated, "crossed": _is_crossed}
    return environment


def _is_crossed(factor: str) -> bool:
    return tables.CROSS in factor
