"""Sentences of letters, press and Parliament: why the study does not say them, never that it does.

`corpus.csv` holds, for each sentence, what it says of differences between groups, the kinds of
reason that must be given and those that may be given besides. `part` says how it came in: the
`first` and `held out` sentences were written before any rule, the rules were made with the first
only; the others were written `afterwards` and tried before the rules were mended. The last 200 of
them were written in five sets of 40 by somebody who had not seen the rules: press; Parliament;
police and vendors; courts and abstracts; everyday speech with traps. At the first trial of these
sets the right reasons were given for 16, 27, 26, 33 and 23 of 40 sentences and the right polarity
for 23, 33, 30, 34 and 28; none was accepted. One label of theirs was corrected: "nine in ten" is
what 89 % rounds to, so its reason is the setting, with which the first set had 17. Of the older
labels "shown to have no bias" now claims equality, and four say differently what can be read.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lfr_eval.contract.folder import StudyFolder
from lfr_eval.finished.claims import Sentences, Verdict, check_claim, read_sentences
from tests.claims.npl_like import npl_like


@dataclass(frozen=True)
class Said:
    """A row of the corpus."""

    sentence: str
    source: str
    polarity: str
    required: frozenset[str]
    allowed: frozenset[str]
    part: str


def read_corpus() -> Iterator[Said]:
    with (Path(__file__).parent / "corpus.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            required = frozenset(row["required"].split("&"))
            allowed = frozenset(row["allowed"].split("|")) - {""}
            said = (row["sentence"], row["source"], row["polarity"])
            yield Said(*said, required, allowed, row["part"])


CORPUS = tuple(read_corpus())


@pytest.fixture(scope="module")
def study() -> Sentences:
    return npl_like()


@pytest.fixture(scope="module")
def verdicts(study: Sentences) -> dict[str, Verdict]:
    return {said.sentence: check_claim(said.sentence, study) for said in CORPUS}


def test_the_corpus_is_large_and_says_where_it_comes_from() -> None:
    assert len(CORPUS) == len({one.sentence for one in CORPUS}) >= 440
    assert all(one.source and one.required for one in CORPUS)
    assert sum("near-real" not in one.source.lower() for one in CORPUS) >= 4


@pytest.mark.parametrize("said", CORPUS, ids=lambda said: said.sentence[:60])
def test_what_a_sentence_says_of_groups_is_read_right(
    said: Said, verdicts: dict[str, Verdict]
) -> None:
    verdict = verdicts[said.sentence]
    assert verdict.quoted is None
    assert verdict.reasons
    assert verdict.polarity == said.polarity


def test_the_reasons_are_right_in_95_of_100(verdicts: dict[str, Verdict]) -> None:
    wrong = []
    for said in CORPUS:
        kinds = {reason.kind for reason in verdicts[said.sentence].reasons}
        if not said.required <= kinds <= said.required | said.allowed:
            wrong.append((said.sentence, kinds ^ said.required))
    assert len(wrong) <= 0.05 * len(CORPUS), wrong


def test_no_sentence_is_accepted_by_another_study(small: StudyFolder) -> None:
    sentences = read_sentences(small)
    for said in CORPUS[::16]:
        verdict = check_claim(said.sentence, sentences)
        assert verdict.simulated
        assert verdict.quoted is None
        assert verdict.reasons


def test_a_finding_that_says_the_contrary_is_named(study: Sentences) -> None:
    verdict = check_claim("The software used does not have a racial bias.", study)
    (against,) = [one.text for one in verdict.reasons if one.kind == "contradicted"]
    assert "fpir-n10000-t0.56-ethnicity-black-white" in against
    assert verdict.nearest is not None
    assert verdict.nearest.text in against


def test_the_table_that_holds_another_number_is_named(study: Sentences) -> None:
    verdict = check_claim("At 0.60 the false alert rate of Black people was 5.5 %.", study)
    (other,) = [one.text for one in verdict.reasons if one.kind == "number"]
    assert "No table of the study holds “5.5 %”" in other
    assert "the FPIR of Black people (1 in 2,790) at threshold 0.60" in other


def test_with_its_not_and_without(study: Sentences) -> None:
    claim = "At the threshold used, the technology does {}lead to statistically significant bias."
    assert check_claim(claim.format("not "), study).polarity == "alike"
    assert check_claim(claim.format(""), study).polarity == "difference"


def test_what_points_both_ways_is_said_to_and_both_readings_are_answered(study: Sentences) -> None:
    verdict = check_claim("The gap between Black and White people has narrowed.", study)
    assert verdict.reading == "the checker cannot tell which way this sentence points"
    (why,) = [one.text for one in verdict.reasons if one.kind == "unreadable"]
    assert "If it means that groups differ: It claims a difference" in why
    assert "If it means that they do not: It claims that groups do not differ" in why
    # Groups and a kind of error are named, but with no word that is known to compare.
    assert check_claim("Black faces confuse the cameras.", study).polarity == "unclear"
