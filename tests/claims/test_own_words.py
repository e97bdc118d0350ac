"""A tool recognises its own words: whole texts of a study, and exactly what a part leaves out."""

from __future__ import annotations

from itertools import combinations

import pytest

from lfr_eval.contract.folder import StudyFolder
from lfr_eval.finished.claims import Sentences, check_claim, read_sentences
from lfr_eval.finished.claims.wording import sentences_in, words_of
from lfr_eval.report import answer
from tests.claims.mutations import MUTATIONS, spoiled
from tests.claims.npl_like import npl_like


@pytest.fixture(scope="module")
def sentences(small: StudyFolder) -> Sentences:
    return read_sentences(small)


@pytest.fixture(scope="module")
def study() -> Sentences:
    return npl_like()


@pytest.mark.parametrize("joined", [" ", "\n\n", "\n• "])
def test_the_whole_answer_of_the_brief(
    small: StudyFolder, sentences: Sentences, joined: str
) -> None:
    told = answer(small.path)
    quoted = check_claim(joined.join(told), sentences).quoted
    assert quoted is not None
    assert quoted.id == ", ".join(f"brief-{n}" for n in range(1, len(told) + 1))


def test_every_part_of_the_answer(small: StudyFolder, sentences: Sentences) -> None:
    tried = 0
    for number, paragraph in enumerate(answer(small.path), 1):
        parts = sentences_in(paragraph)
        for size in range(1, len(parts)):
            for kept in combinations(range(len(parts)), size):
                claim = "\n".join(parts[at] for at in kept)
                left = " ".join(one for at, one in enumerate(parts) if at not in kept)
                verdict = check_claim(claim, sentences)
                (why,) = verdict.reasons
                assert verdict.quoted is None
                assert why.kind == "altered"
                assert why.text == f"It quotes brief-{number}, but it leaves out: “{left}”"
                assert verdict.nearest is not None
                assert verdict.nearest.text == paragraph
                tried += 1
    assert tried > 10


def test_sentences_in_another_order(sentences: Sentences) -> None:
    text = next(one.text for one in sentences.all if len(sentences_in(one.text)) > 2)
    (why,) = check_claim(" ".join(sentences_in(text)[::-1]), sentences).reasons
    assert "in another order" in why.text


def test_what_is_of_two_settings_is_not_quoted_together(sentences: Sentences) -> None:
    finding = next(one for one in sentences.all if one.verdict == "inconclusive")
    brief = next(one for one in sentences.all if one.id == "brief-2")
    (why,) = check_claim(f"{finding.text} {brief.text}", sentences).reasons
    assert "Quote them separately" in why.text
    other = next(one for one in sentences.all if one.verdict == "untestable")
    assert check_claim(f"{finding.text} {other.text}", sentences).quoted is not None


def test_every_mutation_of_a_finding_or_a_rate_is_told(study: Sentences) -> None:
    genuine = {tuple(words_of(one.text)) for one in study.all}
    wrong, tried = [], 0
    for verdict in ("different", "equivalent", "inconclusive", "untestable", ""):
        for one in [one for one in study.all if one.verdict == verdict][::7]:
            for mutation, claim in spoiled(one.text):
                if tuple(words_of(claim)) in genuine:
                    continue
                tried += 1
                found = check_claim(claim, study)
                assert found.quoted is None
                told = " ".join(reason.text for reason in found.reasons)
                due = {reason.kind for reason in found.reasons} & mutation.kinds
                if not due or not any(word in told for word in mutation.words or ("",)):
                    wrong.append((mutation.name, claim, told))
    assert tried > 100
    assert not wrong


def test_every_mutation_of_the_brief_is_told(small: StudyFolder, sentences: Sentences) -> None:
    names = set()
    for paragraph in answer(small.path):
        for mutation, claim in spoiled(paragraph):
            found = check_claim(claim, sentences)
            assert found.quoted is None
            kinds = {reason.kind for reason in found.reasons}
            assert kinds & mutation.kinds, (mutation.name, kinds, claim)
            names.add(mutation.name)
    assert len(names) > len(MUTATIONS) // 4


@pytest.mark.parametrize(
    ("claim", "wrong"),
    [
        ("At 0.60 and a watchlist of 10,000, 1 in 6,000 people set off a false alert.", "people"),
        ("At 0.60 and a watchlist of 10,000, 1 in 6,000 alerts is false.", "alerts"),
        ("At 0.60 and a watchlist of 10,000, 1 in 6,000 passes set off a false alert.", ""),
        ("At 0.60 and a watchlist of 10,000, 7 of 400 people set off a false alert.", ""),
        ("At 0.60 and a watchlist of 10,000, 7 of 42,000 people set off a false alert.", "people"),
    ],
)
def test_the_unit_of_a_figure(claim: str, wrong: str, study: Sentences) -> None:
    told = [one.text for one in check_claim(claim, study).reasons if "wrong unit" in one.text]
    assert len(told) == bool(wrong)
    assert all(f"it says “{wrong}" in one for one in told)
