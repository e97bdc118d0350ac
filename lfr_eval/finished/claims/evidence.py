"""The findings that a claim is about: which show a difference, which say the contrary.

In: what a claim reads as, and the findings of a study. Out: rows of the findings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lfr_eval.contract.tables import CROSS
from lfr_eval.finished.claims.figures import Figures, at, told_ratio
from lfr_eval.finished.claims.learned import BEYOND
from lfr_eval.finished.claims.polarity import ALIKE, BOTH, DIFFERENCE, Polarity
from lfr_eval.finished.claims.quotable import Quotable, Sentences, rate_id
from lfr_eval.finished.claims.subjects import Subjects

IN_USE = re.compile(
    r"\b(?:(?:threshold|setting)s? (?:that (?:is|was) )?(?:used|in use|now in use)|(?:operational|"
    r"operating|current|present|default|chosen|recommended|approved|live) (?:face-match )?(?:"
    r"thresholds?|settings?)|(?:threshold|setting)s? we (?:use|run))(?!\w)"
)
"""A threshold that is meant and not named."""

_QUESTION = re.compile(r"\?[\"' )]*$")
_THAN = re.compile(r" than | outnumber\w* | times (?:as (?:\w+ ){1,12}?as|the (?:\w+ ){1,5}?of) ")
_LESS = re.compile(r"\b(?:less|fewer|lower|better|easier|smaller)\b")
_FOUND = re.compile(r"\b(?:identified|recogni[sz]ed|spotted|found|picked up|matched correctly)\b")
_HARD = re.compile(r"\b(?:harder|more difficult|easier)\b")
_GOOD = re.compile(r"\b(?:accura|reliab|effective|fair|correct|success)\w*")
_GRADED = re.compile(r"\b(?:better|worse)\b")


@dataclass(frozen=True)
class Reading:
    """What a claim reads as.

    Attributes
    ----------
    topic
        What it is about where it says nothing of groups, as `learned.py` names it; else empty.
    """

    plain: str
    polarity: Polarity
    topic: str
    subjects: Subjects
    figures: Figures

    @property
    def is_question(self) -> bool:
        """Whether it asks."""
        return _QUESTION.search(self.plain) is not None

    @property
    def is_about_groups(self) -> bool:
        """Whether it says that groups differ or that they do not, or may say so."""
        claims = (DIFFERENCE, ALIKE, BOTH)
        return self.polarity.value in claims or any(one in claims for one in self.polarity.unsure)

    @property
    def has_figures(self) -> bool:
        """Whether it has figures that may be error rates; "twice as many vans" has none."""
        told = self.figures
        return told.several > 0 and (self.topic != BEYOND or bool(told.rates or told.counts))


def about(reading: Reading, sentences: Sentences, everywhere: bool = False) -> pd.DataFrame:
    """Return the findings that a claim is about.

    Parameters
    ----------
    everywhere
        Whether findings at other settings than the claim names count too.
    """
    found = on_subjects(reading.subjects, sentences)
    if everywhere:
        return found
    keep = at(found["threshold"], thresholds(reading, sentences))
    keep &= at(found["watchlist_size"].astype("Float64"), reading.figures.sizes)
    return found[keep]


def on_subjects(told: Subjects, sentences: Sentences) -> pd.DataFrame:
    """Return the findings on these groups, factors and kinds of error, at whatever setting."""
    findings = sentences.findings
    keep = np.ones(len(findings), bool)
    a, b = findings["group_a"], findings["group_b"]
    alone = [group for group in told.groups if CROSS not in group] or told.groups
    if told.groups:
        first, second = a.isin(told.groups).to_numpy(bool), b.isin(told.groups).to_numpy(bool)
        one_factor = len({f for f, group in sentences.groups if group in alone}) == 1
        keep &= (first & second) if len(alone) > 1 and one_factor else (first | second)
    elif told.factors:
        keep &= findings["factor"].isin(told.factors).to_numpy(bool)
    if told.metrics:
        keep &= findings["metric"].isin(told.metrics).to_numpy(bool)
    return findings[keep]


def thresholds(reading: Reading, sentences: Sentences) -> tuple[float, ...]:
    """Return the thresholds that a claim names, or the one in use where it means that."""
    if reading.figures.thresholds:
        return reading.figures.thresholds
    if sentences.operating is not None and IN_USE.search(reading.plain):
        return (sentences.operating,)
    return ()


def contradicting(reading: Reading, sentences: Sentences) -> pd.Series | None:
    """Return the finding that says the contrary of a claim; None where none does."""
    found = about(reading, sentences)
    shown = found[(found["verdict"] == "different")]
    worse, better = direction(reading)
    if reading.polarity.value == ALIKE:
        if worse and better:
            shown = shown[_runs(shown, worse, better)]
        return _first(shown)
    if reading.polarity.value == DIFFERENCE:
        if worse and better and not _runs(shown, worse, better).any():
            return _first(shown[_runs(shown, better, worse)])
        claimed = told_ratio(reading.plain)
        equal = found[(found["verdict"] == "equivalent")]
        if claimed and claimed > 0:
            beyond = np.maximum(claimed, 1 / claimed) > equal["margin"].to_numpy(float)
            return _first(equal[beyond]) if not len(shown) else None
    return None


def supporting(reading: Reading, sentences: Sentences) -> pd.Series | None:
    """Return a finding that shows the difference a claim names, at its setting; else None."""
    shown = about(reading, sentences)
    shown = shown[(shown["verdict"] == "different") & (shown["group_a"] != "*")]
    worse, better = direction(reading)
    if not worse or not better:
        return None
    pairs = [(a, b) for a in worse for b in better]
    rows = [shown[_runs(shown, (a,), (b,))] for a, b in pairs]
    return _first(rows[0]) if all(map(len, rows)) else None


def _runs(found: pd.DataFrame, worse: tuple[str, ...], better: tuple[str, ...]) -> np.ndarray:
    """Return whether each finding has the worse groups worse than the better ones."""
    a, b = found["group_a"], found["group_b"]
    higher = found["rate_a"].to_numpy(float) > found["rate_b"].to_numpy(float)
    one = a.isin(worse) & b.isin(better)
    other = a.isin(better) & b.isin(worse)
    return (one.to_numpy(bool) & higher) | (other.to_numpy(bool) & ~higher)


def direction(reading: Reading) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the groups that a claim has worse off and those better off; empty where unclear."""
    than = _THAN.search(reading.plain)
    if than is None:
        return (), ()
    head = reading.plain[: than.start()]
    first = tuple(g for g in reading.subjects.groups if reading.subjects.places[g] < than.start())
    second = tuple(g for g in reading.subjects.groups if g not in first)
    if not first or not second:
        return (), ()
    turned = bool(_LESS.search(head))
    if _FOUND.search(reading.plain) and not _HARD.search(head):
        turned ^= "misidentif" not in reading.plain and "FPIR" not in reading.subjects.metrics
    elif _GOOD.search(head) and not _GRADED.search(head):
        turned = not turned
    return (second, first) if turned else (first, second)


def _first(found: pd.DataFrame) -> pd.Series | None:
    if found.empty:
        return None
    pairs = (found["group_a"] != "*").to_numpy(bool)
    order = np.lexsort(
        (found["p_adjusted"].to_numpy(float), ~pairs, ~found["primary"].to_numpy(bool))
    )
    first: pd.Series = found.iloc[order[0]]
    return first


def nearest(reading: Reading, sentences: Sentences, most: int = 1) -> list[Quotable]:
    """Return the sentences that say what the study has on a claim's matter, the nearest first."""
    told = reading.subjects
    if reading.is_about_groups or (told.factors and not reading.figures.rates):
        found = about(reading, sentences)
        found = found if len(found) else about(reading, sentences, everywhere=True)
        if len(found):
            best = _best(found, reading, sentences, "group_a", most)
            return [sentences.of(name) for name in best["finding_id"]]
    named = reading.figures.several or reading.figures.thresholds
    if not (told.metrics or named or reading.is_about_groups):
        return []
    rates = sentences.rates[sentences.rates["trials"] > 0]
    wanted = set(told.groups) or {"everybody"}
    kept = rates[rates["group"].isin(wanted) & rates["counterpart"].isna()]
    if told.metrics and kept["metric"].isin(told.metrics).any():
        kept = kept[kept["metric"].isin(told.metrics)]
    ids = {one.id for one in sentences.all}
    kept = kept[[rate_id(row) in ids for row in kept.to_dict("records")]] if len(kept) else kept
    if kept.empty:
        return []
    best = _best(kept, reading, sentences, None, most)
    return [sentences.of(rate_id(row)) for row in best.to_dict("records")]


def _best(
    found: pd.DataFrame, reading: Reading, sentences: Sentences, pairs: str | None, most: int
) -> pd.DataFrame:
    """Return the rows nearest to the claim's setting, else to the one in use."""
    named = thresholds(reading, sentences) or tuple(
        () if sentences.operating is None else (sentences.operating,)
    )
    sizes = reading.figures.sizes or tuple(
        sentences.rates["watchlist_size"].dropna().astype(float).unique()[-1:]
    )
    score = 4.0 * at(found["threshold"], named) + 2.0 * at(
        found["watchlist_size"].astype("Float64"), sizes
    )
    score += 1.0 * found["metric"].isin(["FPIR", "FMR"]).to_numpy(float)
    if pairs:
        wants_pair = bool(reading.subjects.groups)
        score += 1.5 * ((found[pairs] != "*").to_numpy(bool) == wants_pair)
        score += 1.0 * found["primary"].to_numpy(float)
        if reading.polarity.value == DIFFERENCE:
            score += 1.5 * (found["verdict"] == "different").to_numpy(float)
    return found.iloc[np.argsort(-score, kind="stable")[:most]]
