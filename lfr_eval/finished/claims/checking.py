"""A claim against the sentences of a study."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from lfr_eval.finished.claims.mixing import misplaced_figures
from lfr_eval.finished.claims.quotable import Quotable, Sentences
from lfr_eval.finished.claims.wording import alikeness, differences, words_of

COMPARED = 40
"""Sentences that share most words with a claim; the order of words is looked at in these only."""

NEAR = 0.35
"""A sentence less alike than this says something else; its differences would explain nothing."""

ALIKE = re.compile(
    r"\b(unbiased|no (\w+ ){0,2}(bias|difference|disparity|discrimination)|(is|are) (fair|equal)"
    r"|(not|n't) (biased|differ|discriminate)|free (of|from) bias|without bias|same (rate|for all)"
    r"|alike|equally|equitabl[ey])\b"
)
"""Words by which people say that groups do not differ."""


@dataclass(frozen=True)
class Verdict:
    """What can be said of a claim.

    Attributes
    ----------
    quoted
        The sentence that the claim is, word for word; None if it is none.
    nearest
        The sentence that it is most like; None if it is like none.
    problems
        How it differs from the nearest, and what else is wrong with it, one sentence each.
    """

    quoted: Quotable | None
    nearest: Quotable | None
    problems: tuple[str, ...]


def check_claim(claim: str, sentences: Sentences) -> Verdict:
    """Say whether a claim is a quotable sentence of a study, or how it differs.

    Parameters
    ----------
    claim
        One sentence, or several that stand together in one finding's statement. Typography does
        not matter.
    """
    words = words_of(claim)
    for sentence, those in zip(sentences.all, sentences.words, strict=True):
        if those == words:
            return Verdict(sentence, sentence, ())
    nearest, those = _nearest(words, sentences)
    problems = [*_overclaims(words, sentences.findings), *misplaced_figures(claim, sentences.rates)]
    if nearest is not None:
        problems += [f"Beside {nearest.id}, {one}." for one in differences(words, those)]
    return Verdict(None, nearest, tuple(dict.fromkeys(problems)))


def _nearest(words: list[str], sentences: Sentences) -> tuple[Quotable | None, list[str]]:
    bag, worded = Counter(words), sentences.words
    shared = [2 * (bag & Counter(those)).total() / (len(words) + len(those)) for those in worded]
    best = sorted(range(len(worded)), key=lambda number: -shared[number])[:COMPARED]
    alike = {number: alikeness(words, worded[number]) for number in best}
    found = max(alike, key=lambda number: alike[number], default=None)
    if found is None or alike[found] < NEAR:
        return None, []
    return sentences.all[found], worded[found]


def _overclaims(words: list[str], findings: pd.DataFrame) -> Iterator[str]:
    if not ALIKE.search(" ".join(words)):
        return
    primary = findings[findings["primary"].fillna(False).to_numpy(bool)]
    verdicts = primary["verdict"].value_counts()
    counted = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
    yield (
        "It says that groups do not differ, in words that no sentence of the study supports: of "
        f"{len(primary)} primary comparisons {counted}. Only an equivalence that names its "
        "groups, threshold and margin says so; a difference that was not shown is no evidence "
        "that there is none."
    )
