"""Sentences of letters, press and Parliament: why the study does not say them, never that it does.

The sentences are those that the checker learned from (`benchmarks/claims/examples.csv`). How it
reads voices that it has not met is measured by `python -m benchmarks.claims --measure`, and here
by the 200 sentences of `unseen.csv`. Nothing is learned from either.
"""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest

from benchmarks.claims.examples import HELD_OUT, Example, joined, read_examples, varied
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.finished.claims import Sentences, Verdict, check_claim, read_sentences
from lfr_eval.finished.claims.evidence import Reading, direction
from lfr_eval.finished.claims.figures import figures_of
from lfr_eval.finished.claims.learned import ALIKE, BOTH, DIFFERENCE, NEITHER, REASONS, UNCLEAR
from lfr_eval.finished.claims.subjects import subjects_of
from lfr_eval.finished.claims.wording import in_plain
from tests.claims.npl_like import npl_like

EXAMPLES = read_examples()
KNOWN = [*EXAMPLES[:120:2], *EXAMPLES[120::60]]
ON_GROUPS = {
    ALIKE: {"equality"},
    DIFFERENCE: {"difference"},
    BOTH: {"equality", "difference"},
    NEITHER: set(),
}
BY_TABLES = {"contradicted", "mixed", "number", "setting", "wording", "altered"}
"""Reasons that follow from the study's tables."""


@pytest.fixture(scope="module")
def study() -> Sentences:
    return npl_like()


@pytest.fixture(scope="module")
def verdicts(study: Sentences) -> dict[str, Verdict]:
    return {one.sentence: check_claim(one.sentence, study) for one in KNOWN}


def kinds_of(verdict: Verdict) -> set[str]:
    kinds = {reason.kind for reason in verdict.reasons}
    return (kinds - BY_TABLES) | ({"rate"} if kinds & BY_TABLES else set())


def test_the_examples_are_many_and_say_where_they_come_from() -> None:
    assert len(EXAMPLES) == len({one.sentence for one in EXAMPLES}) >= 5000
    assert all(one.source for one in EXAMPLES)
    assert {one.reading for one in EXAMPLES} == set(ON_GROUPS)
    assert sum("near-real" not in one.source.lower() for one in EXAMPLES) >= 4


def test_what_a_sentence_says_of_groups_is_read_right(verdicts: dict[str, Verdict]) -> None:
    read = {one.sentence: (one.reading, verdicts[one.sentence].polarity) for one in KNOWN}
    unclear = [sentence for sentence, (_, got) in read.items() if got == UNCLEAR]
    wrong = [each for each in read.items() if each[1][1] not in (each[1][0], UNCLEAR)]
    assert len(wrong) <= 0.01 * len(KNOWN), wrong
    assert len(unclear) <= 0.05 * len(KNOWN), unclear


def test_the_reasons_are_those_of_the_definitions(verdicts: dict[str, Verdict]) -> None:
    wrong = []
    told = [one for one in KNOWN if verdicts[one.sentence].polarity != UNCLEAR]
    for one in told:
        kinds = kinds_of(verdicts[one.sentence])
        must = {name for name, y in zip(REASONS, one.reasons, strict=True) if y == 1}
        may = {name for name, y in zip(REASONS, one.reasons, strict=True) if y is None}
        if one.sentence.rstrip(' "”)').endswith("?"):
            must &= {"beyond"}
        must |= ON_GROUPS[one.reading]
        if not must <= kinds <= must | may | {"rate", "beyond"}:
            wrong.append((one.sentence, kinds ^ must))
    assert len(wrong) <= 0.05 * len(told), wrong


def test_no_sentence_is_accepted_and_each_has_a_reason(verdicts: dict[str, Verdict]) -> None:
    for verdict in verdicts.values():
        assert verdict.quoted is None
        assert verdict.reasons


def test_sentences_that_the_checker_never_learned_from(study: Sentences) -> None:
    with (Path(__file__).parent / "unseen.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 200
    assert not {row["sentence"] for row in rows} & {one.sentence for one in EXAMPLES}
    read = turned = wrong = 0
    for row in rows[::2]:
        verdict = check_claim(row["sentence"], study)
        assert verdict.quoted is None
        wanted = row["polarity"] if row["polarity"] in ON_GROUPS else NEITHER
        read += verdict.polarity == wanted
        turned += {verdict.polarity, wanted} == {ALIKE, DIFFERENCE}
        wrong += verdict.polarity not in (wanted, UNCLEAR)
    # docs/report.md has the figures of all 200.
    assert read >= 80
    assert wrong <= 6
    assert turned <= 2


def test_nothing_is_learned_from_the_voices_that_measure_it() -> None:
    left = read_examples(HELD_OUT)
    assert len(left) >= 400
    assert not {one.sentence for one in left} & {one.sentence for one in EXAMPLES}
    voices = {one.source for one in left if not one.source.startswith("Second writer")}
    assert len(voices) >= 20
    assert not voices & {one.source for one in EXAMPLES}


def test_a_varied_sentence_names_others_in_the_same_way() -> None:
    rng = random.Random(0)
    told = {varied("Black women are missed more often than white women at 0.60.", rng)
            for _ in range(60)}  # fmt: skip
    assert len(told) >= 30
    for one in told:
        assert len(one.split()) >= 10
        # Two groups that are compared stay two.
        first, second = one.lower().split(" are missed ")[0], one.lower().split(" than ")[-1]
        assert first.split()[0] != second.split()[0]


def test_two_sentences_joined_claim_what_either_claims() -> None:
    one = Example("Women fare worse.", "a", DIFFERENCE, (0.0, 0.0, 0.0, 0.0))
    other = Example("Race makes no odds.", "b", ALIKE, (0.0, None, 0.0, 0.0))
    about = Example("Few took part.", "c", NEITHER, (0.0, 0.0, 1.0, 0.0))
    rng = random.Random(0)
    assert joined(one, other, rng).reading == BOTH
    assert joined(one, about, rng).reading == DIFFERENCE
    assert joined(about, about, rng).reading == NEITHER
    assert joined(other, about, rng).reasons == (0.0, None, 1.0, 0.0)


def test_no_sentence_is_accepted_by_another_study(small: StudyFolder) -> None:
    sentences = read_sentences(small)
    for one in EXAMPLES[::500]:
        verdict = check_claim(one.sentence, sentences)
        assert verdict.simulated
        assert verdict.quoted is None
        assert verdict.reasons


def test_a_finding_that_says_the_contrary_is_named(study: Sentences) -> None:
    verdict = check_claim("The software used does not have a racial bias.", study)
    (against,) = [one.text for one in verdict.reasons if one.kind == "contradicted"]
    assert "fpir-n10000-t0.56-ethnicity-black-white" in against
    assert verdict.nearest is not None
    assert verdict.nearest.text in against


@pytest.mark.parametrize(
    ("says", "worse"),
    [
        ("The system is less accurate for Black people than for White people.", "black"),
        ("The system is more accurate for Black people than for White people.", "white"),
        ("The system has a lower accuracy for Black people than for White people.", "black"),
        ("The system works better for Black people than for White people.", "white"),
        ("The system is far less fair to Black people than to White people.", "black"),
        ("Black people set off fewer false alerts than White people.", "white"),
        ("Black people are misidentified more often than White people.", "black"),
        ("Black people are recognised less often than White people.", "black"),
    ],
)
def test_the_group_that_a_claim_has_worse_off(study: Sentences, says: str, worse: str) -> None:
    plain = in_plain(says)
    told = Reading(
        plain,
        DIFFERENCE,
        (),
        (),
        subjects_of(plain, study.groups),
        figures_of(plain, study.rates, study.findings),
    )
    against, other = direction(told)
    assert against == (worse,)
    assert set(other) == {"black", "white"} - {worse}


def test_the_table_that_holds_another_number_is_named(study: Sentences) -> None:
    verdict = check_claim("At 0.60 the false alert rate of Black people was 5.5 %.", study)
    (other,) = [one.text for one in verdict.reasons if one.kind == "number"]
    assert "No table of the study holds “5.5 %”" in other
    assert "the FPIR of Black people (1 in 2,790) at threshold 0.60" in other


def test_with_its_not_and_without(study: Sentences) -> None:
    claim = (
        "At the face-match threshold used, the technology does {}lead to statistically significant "
        "bias in relation to gender and race."
    )
    for word, says, kind in (("not ", ALIKE, "equality"), ("", DIFFERENCE, "difference")):
        verdict = check_claim(claim.format(word), study)
        assert verdict.polarity == says
        assert kind in {reason.kind for reason in verdict.reasons}
        assert "names no threshold" in " ".join(reason.text for reason in verdict.reasons)


def test_both_readings_are_answered_where_a_sentence_cannot_be_read(study: Sentences) -> None:
    verdict = check_claim("Women, well, you know.", study)
    assert verdict.reading == "the checker cannot tell which way this sentence points"
    (why,) = [one.text for one in verdict.reasons if one.kind == "unreadable"]
    assert "could be read as saying" in why
    assert why.count("If it means") == 2
