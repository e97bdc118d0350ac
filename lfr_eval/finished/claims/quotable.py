"""What may be quoted from a study: sentences of its findings, its rates and its brief."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.tables import FINDINGS, OVERALL, RATES
from lfr_eval.contract.words import threshold_text
from lfr_eval.finished.claims.wording import words_of
from lfr_eval.inference.rate_statements import rate_statement
from lfr_eval.report import answer


@dataclass(frozen=True)
class Quotable:
    """One sentence, or several that stand together.

    Attributes
    ----------
    id
        The finding's id, one made of a rate's metric, size, threshold and groups, or a paragraph's
        number in the brief.
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
    words
        The words of each.
    findings, rates
        The tables that they are made from.
    operating
        The threshold in use; None where the study names none.
    simulated
        Whether nobody in the study exists.
    titles
        What the study and its datasets are called, in lower case.
    """

    all: tuple[Quotable, ...]
    words: tuple[list[str], ...]
    findings: pd.DataFrame
    rates: pd.DataFrame
    operating: float | None = None
    simulated: bool = False
    titles: str = ""

    @cached_property
    def distinct(self) -> tuple[frozenset[str], ...]:
        """The words of each sentence, each once."""
        return tuple(map(frozenset, self.words))

    @cached_property
    def groups(self) -> list[tuple[str, str]]:
        """Factor and label of every group."""
        pairs = self.rates[["factor", "group"]].drop_duplicates().to_numpy(object).tolist()
        return [(factor, group) for factor, group in pairs if factor != OVERALL]

    def of(self, name: str) -> Quotable:
        """Return the sentence with this id."""
        return next(one for one in self.all if one.id == name)


def read_sentences(folder: StudyFolder) -> Sentences:
    """Return the sentences of a study that may be quoted."""
    record = folder.record()
    titles = " ".join([record.title, *(f"{one.name} {one.title}" for one in record.datasets)])
    return sentences_of(
        folder.read(FINDINGS),
        folder.read(RATES),
        record.thresholds.operating,
        record.simulated,
        titles.lower(),
        answer(folder.path),
    )


def sentences_of(
    findings: pd.DataFrame,
    rates: pd.DataFrame,
    operating: float | None = None,
    simulated: bool = False,
    titles: str = "",
    brief: Sequence[str] = (),
) -> Sentences:
    """Return the sentences that these tables say, and the paragraphs of the brief's answer."""
    told = (Quotable(f"brief-{number}", text) for number, text in enumerate(brief, 1))
    every = (*_findings(findings), *_rates(rates), *told)
    words = tuple(words_of(one.text) for one in every)
    return Sentences(every, words, findings, rates, operating, simulated, titles)


def _findings(findings: pd.DataFrame) -> Iterator[Quotable]:
    columns = ["finding_id", "statement", "verdict"]
    for name, text, verdict in findings[columns].to_numpy(object).tolist():
        yield Quotable(name, text, verdict)


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
