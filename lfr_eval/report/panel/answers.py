"""Stage report: evidence maps filled with what a study has (maps and view model in, answers out).

Every item gets an answer: findings, tables and fields of the study record, or why there is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from lfr_eval.contract.names import factor_words
from lfr_eval.contract.tables import CROSS
from lfr_eval.contract.words import count, joined, number, spoken_threshold
from lfr_eval.report.instruments import EvidenceMap, Give, Item
from lfr_eval.report.model import Report
from lfr_eval.report.panel.evidence import EVIDENCE, pieces_of
from lfr_eval.report.words import is_stated


class Answer(NamedTuple):
    """One thing asked for, and what the study has to say to it.

    `asks` is empty where the title says what is asked; it was read in `source`, or must be checked.
    `gives` and `lacks` are sentences: the evidence of this study, and what it has none of. The
    evidence stands in `findings` (their ids), `tables`, and `fields` of the study record.
    """

    title: str
    asks: str
    source: str
    check: str
    gives: tuple[str, ...]
    lacks: tuple[str, ...]
    findings: tuple[str, ...]
    tables: tuple[str, ...]
    fields: tuple[str, ...]

    @property
    def standing(self) -> str:
        """Whether evidence is given: `given`, `in part` or `not given`."""
        if not self.gives:
            return "not given"
        return "in part" if self.lacks else "given"

    @property
    def where(self) -> str:
        """Where the evidence stands, in words; empty where there is none."""
        tables = [
            f"{name} ({count(len(self.findings))} rows)" if name == "findings" else name
            for name in self.tables
        ]
        parts = (
            f"table{'s' * (len(tables) > 1)} {joined(tables)}" if tables else "",
            f"study.json ({', '.join(self.fields)})" if self.fields else "",
        )
        return "; ".join(part for part in parts if part)


class Annex(NamedTuple):
    """An instrument, item by item, with what the study gives to each and what it does not."""

    name: str
    title: str
    lead: str
    printed: bool
    headings: list[Answer]


Pieces = Mapping[str, Sequence[str]]
"""The sentences of each piece of evidence."""


class _Given(NamedTuple):
    says: Sequence[str] = ()
    findings: Sequence[str] = ()
    tables: Sequence[str] = ()
    fields: Sequence[str] = ()


def to_annex(of: EvidenceMap, report: Report, pieces: Pieces) -> Annex:
    """Fill an evidence map."""
    headings = [_answer(item, of, report, pieces) for item in of.items]
    return Annex(of.name, of.title, of.lead, of.printed, headings)


def _answer(item: Item, of: EvidenceMap, report: Report, pieces: Pieces) -> Answer:
    found = [(give, each) for give in item.gives if (each := _given(give, report, pieces)).says]
    # A sentence that nothing was done is no evidence that it was.
    absent = [
        sentence for give, each in found if _is_absent(give, report) for sentence in each.says
    ]
    given = [each for give, each in found if not _is_absent(give, report)]
    said = [
        (each,) if isinstance(each, str) else _given(each, report, pieces).says
        for each in item.lacks
    ]
    lacks = [*absent, *(sentence for each in said for sentence in each)]
    if not given and item.because and not absent:
        lacks = [item.because]
    if report.record.simulated and any(each.tables for each in given):
        lacks = [*pieces["software"], *lacks]
    if not given and not lacks:
        lacks = [f"Not given, because the study has none of: {_named(item)}."]
    gives, findings, tables, fields = (
        tuple(dict.fromkeys(text for each in given for text in getattr(each, part)))
        for part in _Given._fields
    )
    lacking = tuple(dict.fromkeys(lacks))
    source, check = (item.source or of.source) if item.asks else "", item.check or of.check
    return Answer(item.item, item.asks, source, check, gives, lacking, findings, tables, fields)


def _is_absent(give: Give, report: Report) -> bool:
    return give.evidence is not None and EVIDENCE[give.evidence].absent(report)


def _named(item: Item) -> str:
    return ", ".join(
        f"table {give.table}" if give.table else give.field or give.evidence or "primary findings"
        for give in item.gives
    )


def _given(give: Give, report: Report, pieces: Pieces) -> _Given:
    if give.evidence is not None:
        piece = EVIDENCE[give.evidence]
        ids = [each.finding_id for each in report.compared] if piece.findings else []
        tables = [name for name in piece.tables if name in report.tables]
        fields = [name for name in piece.fields if _values(report, name)]
        return _Given(pieces[give.evidence], ids, tables, fields)
    if give.findings is not None:
        chosen = {
            each.finding_id: each.statement
            for each in report.compared
            if all(getattr(each, key) in values for key, values in give.findings.items())
        }
        return _Given([*chosen.values()], [*chosen], ["findings"] if chosen else [])
    if give.table is not None:
        says = [give.says or f"See table {give.table}."]
        return _Given(says, tables=[give.table]) if give.table in report.tables else _Given()
    if give.field is not None:
        found = list(dict.fromkeys(_values(report, give.field)))
        values = joined(found) if max(map(len, found), default=0) < 30 else "; ".join(found)
        said = (give.says or f"{give.field}: {{}}.").replace("{}", values.rstrip("."))
        return _Given([said], fields=[give.field]) if values else _Given()
    return _Given([give.says or ""])


def _values(report: Report, path: str) -> tuple[str, ...]:
    """Return what a field of the study record holds, in words; none where it is empty."""
    found: list[object] = [report.record]
    for part in path.split("."):
        found = [getattr(each, part) for one in found for each in _each(one)]
    said = spoken_threshold if path.startswith("thresholds.") else number
    return tuple(
        said(each) if isinstance(each, float) else _words(each)
        for one in found
        for each in _each(one)
        if each not in ("", None) and is_stated(str(each))
    )


def _each(value: object) -> Iterator[Any]:
    if isinstance(value, tuple):
        yield from value
    elif isinstance(value, Mapping):
        yield from (f"{key}: {_words(each)}" for key, each in value.items())
    elif value is not None:
        yield value


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return count(value)
    return factor_words(str(value)) if CROSS in str(value) else str(value)


def conformance(report: Report) -> dict[str, Any]:
    """Return what `conformance.json` holds: every item of every map with its answer."""
    pieces = pieces_of(report).evidence
    return {
        "format": 1,
        "study": report.record.study,
        "study_hash": report.provenance.study_hash,
        "simulated": report.record.simulated,
        "instruments": [
            {
                "name": annex.name,
                "title": annex.title,
                "about": annex.lead,
                "items": [each._asdict() | {"standing": each.standing} for each in annex.headings],
            }
            for annex in (to_annex(each, report, pieces) for each in report.maps)
        ],
    }
