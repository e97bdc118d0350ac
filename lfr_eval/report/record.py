"""Stage report: what the study was (`study.json` in, frozen dataclasses out).

The study writes one JSON file about itself. This module is the one place of the report that knows
its fields; whatever is missing or of another type is named, all of it at once.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lfr_eval.report.words import clean

STUDY_FILE = "study.json"


class StudyRecordError(ValueError):
    """The study folder does not hold what a report needs; the message lists every problem."""


@dataclass(frozen=True)
class Matcher:
    """The matcher under test."""

    name: str
    fingerprint: str
    description: str
    score_range: tuple[float | None, ...] | None


@dataclass(frozen=True)
class Dataset:
    """A dataset card: where the faces come from, and what may be concluded from them."""

    name: str
    title: str
    origin: str | None
    licence: str | None
    consent: str | None
    lawful_basis: str | None
    label_source: Mapping[str, str]
    limits: tuple[str, ...]
    citation: str | None
    label_scheme: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Design:
    """Who was compared with whom."""

    name: str
    description: str
    watchlist_sizes: tuple[int, ...]
    watchlist_members: str | None
    watchlist_composition: str | None = None


@dataclass(frozen=True)
class Thresholds:
    """The thresholds swept, those that the plan names, and the one in operation."""

    values: tuple[float, ...]
    primary: tuple[float, ...]
    operating: float | None
    origin: str | None

    @property
    def tabulated(self) -> tuple[float, ...]:
        """Thresholds of the tables: the primary ones and the operating one, in order."""
        chosen = set(self.primary)
        if self.operating is not None:
            chosen.add(self.operating)
        return tuple(sorted(chosen))

    @property
    def headline(self) -> tuple[float, ...]:
        """Thresholds of the first screen: the operating one, or else all primary ones."""
        return self.tabulated if self.operating is None else (self.operating,)


@dataclass(frozen=True)
class Inference:
    """The settings of the intervals and tests."""

    level: float
    alpha: float
    margin: float
    permutations: int
    seed: int
    reference_groups: Mapping[str, str] = field(default_factory=dict)
    adjustment: str | None = None
    power: float = 0.8


@dataclass(frozen=True)
class Exclusion:
    """Images and people that the registered plan leaves out, for one reason."""

    reason: str
    images: int
    people: int


@dataclass(frozen=True)
class Registration:
    """The plan that was frozen, and how the study stands to it."""

    state: str
    registered_at: str
    seal: str
    plan_sha256: str
    title: str
    hypotheses: tuple[str, ...]
    who: str
    stopping: str
    recruitment: str
    data_registered: bool
    after_results: tuple[str, ...]
    code: str
    differences: tuple[str, ...]
    reason: str | None
    exclusions: tuple[Exclusion, ...]


@dataclass(frozen=True)
class LiveEngine:
    """Whether the matcher under test is what runs live, in a sentence."""

    described: bool
    statement: str


@dataclass(frozen=True)
class StudyRecord:
    """A study's account of itself.

    Attributes
    ----------
    conditions
        The factors' parts that are conditions of passes, not of people.
    capture
        How still images were degraded to simulated passes, in words; None where they were not.
    """

    title: str
    question: str
    study: str
    simulated: bool
    matcher: Matcher
    datasets: tuple[Dataset, ...]
    design: Design
    thresholds: Thresholds
    factors: tuple[str, ...]
    inference: Inference
    notes: tuple[str, ...]
    data_digest: str
    started: str
    finished: str | None = None
    registration: Registration | None = None
    live_engine: LiveEngine | None = None
    conditions: tuple[str, ...] = ()
    capture: str | None = None

    @property
    def mark(self) -> str | None:
        """What every chart and table of the study is marked with; None for real captures."""
        if self.simulated:
            return "Simulated"
        return "Simulated capture" if self.capture else None


def read_record(study: Path) -> StudyRecord:
    """Read `study.json`.

    Raises
    ------
    StudyRecordError
        If the file is missing or not JSON, or a field is missing or of another type.
    """
    content = read_json(study / STUDY_FILE)
    problems: list[str] = []
    record = _build(StudyRecord, content, "", problems)
    if problems:
        raise StudyRecordError(f"{STUDY_FILE}: " + "; ".join(problems) + ".")
    return typing.cast(StudyRecord, record)


def read_json(file: Path) -> object:
    """Read a JSON file of the study folder, or say which file cannot be read."""
    try:
        return json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise StudyRecordError(f"{file.name} is missing from the study folder.") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise StudyRecordError(f"{file.name} is not valid JSON: {error}.") from error


def _build(kind: Any, content: object, where: str, problems: list[str]) -> object:
    """Return `content` as `kind`, adding to `problems` whatever does not fit."""
    if dataclasses.is_dataclass(kind):
        return _build_dataclass(kind, content, where, problems)
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        if content is None:
            return None
        (kind,) = (option for option in typing.get_args(kind) if option is not types.NoneType)
        return _build(kind, content, where, problems)
    if origin is tuple and isinstance(content, list):
        item = typing.get_args(kind)[0]
        return tuple(
            _build(item, value, f"{where}[{place}]", problems)
            for place, value in enumerate(content)
        )
    if origin is Mapping and isinstance(content, dict):
        return {clean(str(key)): clean(str(value)) for key, value in content.items()}
    if kind is str and isinstance(content, str):
        return clean(content)
    if kind is float and isinstance(content, int | float) and not isinstance(content, bool):
        return float(content)
    if kind in (int, bool) and type(content) is kind:
        return content
    name = {tuple: "a list", Mapping: "an object"}.get(origin, getattr(kind, "__name__", str(kind)))
    problems.append(f"field '{where}' must be {name}, not {json.dumps(content)[:60]}")
    return None


def _build_dataclass(kind: Any, content: object, where: str, problems: list[str]) -> object:
    if not isinstance(content, dict):
        problems.append(f"{f'field {where!r}' if where else 'the file'} must be an object")
        return None
    hints = typing.get_type_hints(kind)
    values: dict[str, object] = {}
    for each in dataclasses.fields(kind):
        place = f"{where}.{each.name}" if where else each.name
        if each.name in content:
            values[each.name] = _build(hints[each.name], content[each.name], place, problems)
        elif each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING:
            problems.append(f"field '{place}' is missing")
            values[each.name] = None
    return kind(**values)
