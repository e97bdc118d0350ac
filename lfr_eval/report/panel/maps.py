"""Stage report: evidence maps (YAML in, frozen rows out): what is asked, and what answers it.

A map is data: it names pieces of evidence, findings, tables and fields of the study record, and
says what no study can give. The shipped ones lie in `report/maps/`; anybody can write another.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.reading import ReadingError
from lfr_eval.contract.record import StudyRecord
from lfr_eval.contract.tables import AFTERWARDS, ALL, EXCLUSIONS, FURTHER, OF_DESIGNS, VERDICTS
from lfr_eval.contract.validation import problems_of
from lfr_eval.contract.vocabulary import METRICS
from lfr_eval.contract.yaml_reading import read_yaml, yaml_value
from lfr_eval.report.instruments import EvidenceMap, Give, Item
from lfr_eval.report.panel.evidence import EVIDENCE

SHIPPED = (
    *("ethics_panel", "bridges", "equality", "data_protection", "surveillance_camera_code"),
    *("iso_19795_1", "iso_19795_10", "ai_act_annex_iv", "transparency_record"),
)
"""Files of the shipped maps, in the order of the report."""
TABLES = frozenset(table.name for table in (*ALL, *FURTHER, *AFTERWARDS, *OF_DESIGNS, EXCLUSIONS))


class EvidenceMapError(MendableError, ValueError):
    """An evidence map cannot be used; the message names the file and every problem."""


@cache
def shipped_maps() -> tuple[EvidenceMap, ...]:
    """Return the shipped maps."""
    folder = files("lfr_eval.report") / "maps"
    return tuple(
        to_map(yaml_value((folder / f"{name}.yaml").read_text("utf-8")), f"{name}.yaml")
        for name in SHIPPED
    )


def read_maps(paths: Iterable[Path]) -> tuple[EvidenceMap, ...]:
    """Read maps of one's own.

    An EvidenceMapError names every problem of a file that cannot be read or holds no map.
    """
    try:
        found = tuple(to_map(read_yaml(path), str(path)) for path in paths)
    except ReadingError as error:
        raise EvidenceMapError(str(error)) from error
    names = [each.name for each in (*shipped_maps(), *found)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise EvidenceMapError(
            f"Two evidence maps have the name '{twice[0]}'. Give yours another `name`."
        )
    return found


def to_map(content: object, where: str) -> EvidenceMap:
    """Return the map that the content of a file describes; `where` is its file, for the error."""
    try:
        found = EvidenceMap.model_validate_json(json.dumps(content, default=str))
    except ValidationError as error:
        raise EvidenceMapError(f"{where} is not an evidence map: {problems_of(error)}.") from None
    if problems := [problem for item in found.items for problem in _problems(item)]:
        raise EvidenceMapError(f"{where} is not an evidence map: {'; '.join(problems)}.")
    return found


def _problems(item: Item) -> Iterable[str]:
    if not (item.gives or item.lacks or item.because):
        yield f"'{item.item}' has no answer: give it `gives`, `lacks` or `because`"
    for give in (*item.gives, *(each for each in item.lacks if isinstance(each, Give))):
        kinds = (give.evidence, give.findings, give.table, give.field)
        named = sum(kind is not None for kind in kinds)
        if named > 1 or not (named or give.says):
            yield f"'{item.item}' must name one of evidence, findings, table, field or says"
        if give.field is not None and not is_field(give.field):
            yield f"'{item.item}' names the field '{give.field}', which no study record has"
        chosen = give.findings or {}
        asked: list[tuple[str, Iterable[str], Collection[str]]] = [
            ("piece of evidence", [give.evidence] if give.evidence else [], EVIDENCE),
            ("table", [give.table] if give.table else [], TABLES),
            ("choice of findings", chosen, ("metric", "factor", "verdict")),
            ("metric", chosen.get("metric", ()), METRICS),
            ("verdict", chosen.get("verdict", ()), VERDICTS),
        ]
        for kind, names, known in asked:
            there = f"there are: {', '.join(sorted(known))}"
            yield from (f"'{item.item}' names the {kind} '{name}'; {there}"
                        for name in names if name not in known)  # fmt: skip


def is_field(path: str) -> bool:
    """Whether study records have a field of this dotted name."""
    kind: Any = StudyRecord
    for part in path.split("."):
        if kind is None or part not in kind.model_fields:
            return False
        kind = _model_in(kind.model_fields[part].annotation)
    return True


def _model_in(annotation: Any) -> Any:
    """Return the kind of part that a field holds, alone or in a list; None: plain values."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _model_in(each))), None)
