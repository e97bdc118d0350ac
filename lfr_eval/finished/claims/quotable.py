"""What may be quoted from a study: sentences of its findings, its rates and its brief."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from typing import Any

import pandas as pd

from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.tables import ADJUSTED, FINDINGS, OVERALL, RATES, SCORE_DIFFERENCES
from lfr_eval.contract.words import threshold_text
from lfr_eval.finished.claims.wording import Words, parts_of
from lfr_eval.inference.rate_statements import rate_statement
from lfr_eval.report import brief_texts


@dataclass(frozen=True)
class Quotable:
    """One sentence, or several that stand together.

    Attributes
    ----------
    id
        The finding's id, one made of a rate's metric, size, threshold and groups, or a paragraph's
        name and number in the brief.
    text
        As it may be quoted, whole.
    verdict
        Of a finding; otherwise empty.
    """

    id: str
    text: str
    verdict: str = ""


@dataclass(frozen=True)
class Sentences:
    """What a study says.

    Attributes
    ----------
    all
        Every sentence that may be quoted: findings first, the brief's paragraphs last.
    parts
        The words of each of their sentences.
    findings, rates
        The tables that they are made from.
    operating
        The threshold in use; None where the study names none.
    simulated
        Whether nobody in the study exists.
    full_names
        Label -> what it is short for, where the study shortened it.
    """

    all: tuple[Quotable, ...]
    parts: tuple[tuple[Words, ...], ...]
    findings: pd.DataFrame
    rates: pd.DataFrame
    operating: float | None = None
    simulated: bool = False
    full_names: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def holders(self) -> dict[Words, list[int]]:
        """Every single sentence, and the numbers of the texts that hold it."""
        held: dict[Words, list[int]] = {}
        for number, parts in enumerate(self.parts):
            for part in dict.fromkeys(parts):
                held.setdefault(part, []).append(number)
        return held

    @cached_property
    def bags(self) -> dict[Words, frozenset[str]]:
        """Every single sentence, and its words each once."""
        return {part: frozenset(part) for part in self.holders}

    @cached_property
    def groups(self) -> list[tuple[str, str]]:
        """Factor and label of every group."""
        pairs = self.rates[["factor", "group"]].drop_duplicates().to_numpy(object).tolist()
        return [(factor, group) for factor, group in pairs if factor != OVERALL]

    def within(self, people: str) -> list[str]:
        """Return the groups whose full names begin with wider people, as in "Asian: Indian"."""
        wider = re.compile(rf"\b{re.escape(people.split()[0].removesuffix('s'))}\b")
        known = {label for _, label in self.groups}
        return [
            label
            for label, full in self.full_names.items()
            if label in known and ":" in full and wider.search(full.partition(":")[0].lower())
        ]

    def of(self, name: str) -> Quotable:
        """Return the sentence with this id."""
        return next(one for one in self.all if one.id == name)


def read_sentences(folder: StudyFolder) -> Sentences:
    """Return the sentences of a study that may be quoted."""
    record = folder.record()
    beside = {
        f"{table.name}-{number}": text
        for table in (ADJUSTED, SCORE_DIFFERENCES)
        if folder.file(table).is_file()
        for number, text in enumerate(folder.read(table)["statement"].dropna(), 1)
    }
    found = sentences_of(
        folder.read(FINDINGS),
        folder.read(RATES),
        record.thresholds.operating,
        record.simulated,
        beside | brief_texts(folder.path),
    )
    names = (each.items() for each in record.label_names.values())
    return replace(found, full_names=dict(chain.from_iterable(names)))


def sentences_of(
    findings: pd.DataFrame,
    rates: pd.DataFrame,
    operating: float | None = None,
    simulated: bool = False,
    beside: Mapping[str, str] | None = None,
) -> Sentences:
    """Return the sentences that these tables say, and the texts `beside` them by their names."""
    told = (Quotable(name, text) for name, text in (beside or {}).items())
    every = (*_findings(findings), *_rates(rates), *told)
    parts = tuple(parts_of(one.text) for one in every)
    return Sentences(every, parts, findings, rates, operating, simulated)


def _findings(findings: pd.DataFrame) -> Iterator[Quotable]:
    columns = ["finding_id", "statement", "verdict", "absolute_statement"]
    for name, text, verdict, absolute in findings[columns].to_numpy(object).tolist():
        yield Quotable(name, text, verdict)
        if isinstance(absolute, str):
            yield Quotable(f"{name}-absolute", absolute)


def _rates(rates: pd.DataFrame) -> Iterator[Quotable]:
    for row in rates.to_dict("records"):
        if text := rate_statement(row):
            yield Quotable(rate_id(row), text)


def rate_id(rate: Mapping[Any, Any]) -> str:
    """Return the id of a rate's sentence."""
    parts = [rate["metric"].lower()]
    if pd.notna(rate["watchlist_size"]):
        parts.append(f"n{int(rate['watchlist_size'])}")
    if pd.notna(rate["threshold"]):
        parts.append(f"t{threshold_text(float(rate['threshold']))}")
    if pd.notna(rate["rank"]):
        parts.append(f"r{int(rate['rank'])}")
    parts += [rate["factor"].replace(" x ", "*"), rate["group"].replace(" x ", "*")]
    if pd.notna(rate["counterpart"]) and rate["counterpart"] != rate["group"]:
        parts.append(rate["counterpart"].replace(" x ", "*"))
    return "rate-" + "-".join(parts)
