"""Stage report: evidence maps filled with what a study has (maps and view model in, answers out).

Every item gets an answer: findings, tables and fields of the study record, or why there is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lfr_eval.contract.names import factor_words
from lfr_eval.contract.tables import CROSS
from lfr_eval.contract.words import count, joined, number, spoken_threshold
from lfr_eval.report.instruments import EvidenceMap, Give, Item
from lfr_eval.report.model import Report
from lfr_eval.report.panel.evidence import EVIDENCE, software
from lfr_eval.report.words import is_stated


@dataclass(frozen=True)
class Answer:
    """One thing asked for, and what the study has to say to it.

    Attributes
    ----------
    asks
        What is asked, in words; empty where the title says it.
    source
        Where that was read, or by whom it must be checked; empty for titles that quote nobody.
    gives, lacks
        Sentences: the evidence of this study, and what it has no evidence of.
    findings, tables, fields
        Where the evidence stands: ids of findings, tables, and fields of the study record.
    """

    title: str
    asks: str
    source: str
    check: str
    gives: tuple[str, ...]
    lacks: tuple[str, ...]
    findings: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()

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


@dataclass(frozen=True)
class Annex:
    """An instrument, item by item, with what the study gives to each and what it does not."""

    name: str
    title: str
    lead: str
    printed: bool
    headings: tuple[Answer, ...]


@dataclass(frozen=True)
class _Given:
    says: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


def to_annex(evidence_map: EvidenceMap, report: Report) -> Annex:
    """Fill an evidence map."""
    return Annex(
        evidence_map.name,
        evidence_map.title,
        evidence_map.lead,
        evidence_map.printed,
        tuple(_answer(item, evidence_map, report) for item in evidence_map.items),
    )


def _answer(item: Item, of: EvidenceMap, report: Report) -> Answer:
    found = [(give, each) for give in item.gives if (each := _given(give, report)).says]
    # A sentence that nothing was done is no evidence that it was.
    absent = [each for give, each in found if _is_absent(give, report)]
    given = [each for give, each in found if not _is_absent(give, report)]
    lacks = tuple(
        sentence
        for each in item.lacks
        for sentence in ((each,) if isinstance(each, str) else _given(each, report).says)
    )
    said = tuple(sentence for each in absent for sentence in each.says)
    if not given and item.because and not absent:
        lacks = (item.because,)
    if report.record.simulated and any(each.tables for each in given):
        said = (*software(report), *said)
    lacks = tuple(dict.fromkeys((*said, *lacks)))
    if not given and not lacks:
        lacks = (f"Not given, because the study has none of: {_named(item)}.",)
    asks = bool(item.asks)
    return Answer(
        title=item.item,
        asks=item.asks,
        source=(item.source or of.source) if asks else "",
        check=item.check or of.check,
        gives=tuple(dict.fromkeys(sentence for each in given for sentence in each.says)),
        lacks=lacks,
        findings=tuple(dict.fromkeys(name for each in given for name in each.findings)),
        tables=tuple(dict.fromkeys(name for each in given for name in each.tables)),
        fields=tuple(dict.fromkeys(name for each in given for name in each.fields)),
    )


def _is_absent(give: Give, report: Report) -> bool:
    return give.evidence is not None and EVIDENCE[give.evidence].absent(report)


def _named(item: Item) -> str:
    names = [
        f"table {give.table}" if give.table else give.field or give.evidence or "primary findings"
        for give in item.gives
    ]
    return ", ".join(names)


def _given(give: Give, report: Report) -> _Given:
    if give.evidence is not None:
        piece = EVIDENCE[give.evidence]
        ids = tuple(each.finding_id for each in report.compared) if piece.findings else ()
        fields = tuple(name for name in piece.fields if _values(report, name))
        tables = tuple(name for name in piece.tables if name in report.tables)
        return _Given(piece.says(report), ids, tables, fields)
    if give.findings is not None:
        chosen = [
            each
            for each in report.compared
            if all(getattr(each, key) in values for key, values in give.findings.items())
        ]
        return _Given(
            tuple(each.statement for each in chosen),
            tuple(each.finding_id for each in chosen),
            ("findings",) if chosen else (),
        )
    if give.table is not None:
        if give.table not in report.tables:
            return _Given()
        return _Given((give.says or f"See table {give.table}.",), tables=(give.table,))
    if give.field is not None:
        found = list(dict.fromkeys(_values(report, give.field)))
        values = joined(found) if max(map(len, found), default=0) < 30 else "; ".join(found)
        if not values:
            return _Given()
        sentence = (give.says or f"{give.field}: {{}}.").replace("{}", values.rstrip("."))
        return _Given((sentence,), fields=(give.field,))
    return _Given((give.says or "",))


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
                "items": [
                    {**asdict(answer), "standing": answer.standing} for answer in annex.headings
                ],
            }
            for annex in (to_annex(each, report) for each in report.maps)
        ],
    }
