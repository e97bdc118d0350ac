"""Sentences of letters, press and Parliament: why the study does not say them, never that it does.

The sentences are those that people have sorted (`examples.csv`): the checker says of them what they
said, and some are tried here, with their reasons. How it reads what it has not met is measured by
the 200 sentences of `unseen.csv`, which may not be learned from.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from lfr_eval.contract.folder import StudyFolder
from lfr_eval.finished.claims import Sentences, Verdict, check_claim, read_sentences
from lfr_eval.finished.claims.evidence import Reading, contradicting, direction, on_subjects
from lfr_eval.finished.claims.figures import figures_of
from lfr_eval.finished.claims.learned import Example, read_examples
from lfr_eval.finished.claims.polarity import Polarity
from lfr_eval.finished.claims.subjects import Subjects, subjects_of
from lfr_eval.finished.claims.wording import in_plain
from tests.claims.npl_like import npl_like

EXAMPLES = read_examples()
KNOWN = EXAMPLES[::30]
ON_GROUPS = {
    "alike": {"equality"},
    "difference": {"difference"},
    "both": {"equality", "difference"},
    "open": {"study"},
}
CLAIMS = {"alike", "difference", "both"}
EXACT = {"contradicted", "mixed", "number", "setting", "wording", "altered", "beyond"}
TWO = ("more", "fewer")
BESIDE = {"accuracy", "study"}
"""Reasons that follow from the study's tables, or that may stand beside every other."""


@pytest.fixture(scope="module")
def study() -> Sentences:
    return npl_like()


@pytest.fixture(scope="module")
def verdicts(study: Sentences) -> dict[str, Verdict]:
    return {one.sentence: check_claim(one.sentence, study) for one in KNOWN}


def polarity(says: str) -> str:
    return says if says in ON_GROUPS else "none"


def right(one: Example, got: str) -> bool:
    """Whether a sentence that claims neither may be told as that alone."""
    return got == polarity(one.says) or (got == "neither" and one.says not in CLAIMS)


def asks(one: Example) -> bool:
    return one.sentence.rstrip(' "”)').endswith("?")


def test_the_examples_are_many_and_say_where_they_come_from() -> None:
    assert len(EXAMPLES) == len({one.sentence for one in EXAMPLES}) >= 1000
    assert all(one.source for one in EXAMPLES)
    assert sum("near-real" not in one.source.lower() for one in EXAMPLES) >= 4


def test_what_a_sentence_says_of_groups_is_read_right(verdicts: dict[str, Verdict]) -> None:
    wrong = {
        one.sentence: verdicts[one.sentence].polarity
        for one in KNOWN
        if not asks(one) and not right(one, verdicts[one.sentence].polarity)
    }
    assert not wrong


def test_the_reasons_are_those_of_the_definitions(verdicts: dict[str, Verdict]) -> None:
    wrong = []
    for one in KNOWN:
        kinds = {reason.kind for reason in verdicts[one.sentence].reasons}
        required = {"beyond"} if asks(one) else ON_GROUPS.get(one.says, {one.says} - {"rate"})
        beside = EXACT | (BESIDE if one.says in ON_GROUPS else set())
        if not required <= kinds <= required | beside:
            wrong.append((one.sentence, kinds ^ required))
    assert len(wrong) <= 0.05 * len(verdicts), wrong


def test_no_sentence_is_accepted_and_each_has_a_reason(verdicts: dict[str, Verdict]) -> None:
    for verdict in verdicts.values():
        assert verdict.quoted is None
        assert verdict.reasons


def test_sentences_that_the_checker_never_learned_from(study: Sentences) -> None:
    with (Path(__file__).parent / "unseen.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 200
    assert not {row["sentence"] for row in rows} & {one.sentence for one in EXAMPLES}
    read = wrong = reasoned = 0
    for row in rows:
        verdict = check_claim(row["sentence"], study)
        assert verdict.quoted is None
        assert {verdict.polarity, row["polarity"]} != {"alike", "difference"}
        good = verdict.polarity == row["polarity"]
        good |= verdict.polarity == "neither" and row["polarity"] in ("open", "none")
        read += good
        wrong += not good and verdict.polarity != "unclear"
        required = set(row["reasons"].split("&"))
        kinds = {reason.kind for reason in verdict.reasons}
        reasoned += good and required <= kinds <= required | EXACT | set(row["also"].split("|"))
    assert read >= 150
    assert wrong <= 3
    assert reasoned >= 0.9 * read


def test_reasons_that_no_reading_changes_are_told(study: Sentences) -> None:
    told = {
        "Nobody denies that it is not unfair to women, but it was a small sample.": "study",
        "Five of the alerts were of Black men, not that it is anything but unfair.": "share",
        "It cries wolf once in every 250 faces.": "number",
        "The chance of a false alert at our operating threshold is one in 6,000.": "setting",
        "The Home Secretary is to double the number of camera vans.": "beyond",
    }
    for sentence, kind in told.items():
        assert kind in {one.kind for one in check_claim(sentence, study).reasons}


@pytest.mark.parametrize(
    ("says", "command"),
    [
        ("0.62 is a safe setting.", "lfr-eval thresholds"),
        ("We recommend a threshold of 0.62.", "lfr-eval thresholds"),
        ("The panel approved the system in May.", "lfr-eval approvals"),
        ("The new version has passed the equality gate.", "lfr-eval gate"),
        ("The vans made 410 arrests last year.", "lfr-eval deployments report"),
        ("There were no false alerts at any deployment last year.", "lfr-eval deployments report"),
    ],
)
def test_what_no_study_says_is_told_with_the_command_that_does(
    study: Sentences, says: str, command: str
) -> None:
    verdict = check_claim(says, study)
    assert verdict.polarity not in CLAIMS
    told = " ".join(reason.text for reason in verdict.reasons)
    assert command in told
    if "0.62" in says:
        assert verdict.nearest is not None
        assert "0.62" in verdict.nearest.text


def test_no_sentence_is_accepted_by_another_study(small: StudyFolder) -> None:
    sentences = read_sentences(small)
    for one in EXAMPLES[::120]:
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
    for word, says, kind in (("not ", "alike", "equality"), ("", "difference", "difference")):
        verdict = check_claim(claim.format(word), study)
        assert verdict.polarity == says
        assert kind in {reason.kind for reason in verdict.reasons}
        assert "names no threshold" in " ".join(reason.text for reason in verdict.reasons)


@pytest.mark.parametrize(
    "claim",
    [
        "It is not the case that women are not treated unfairly by it.",
        "It is a stretch, to put it kindly, to say that the van has it in for young black men.",
        "I would be lying if I said our model was as good on teenage girls as on grown men.",
    ],
)
def test_what_cannot_be_read_is_answered_for_each_reading(study: Sentences, claim: str) -> None:
    verdict = check_claim(claim, study)
    assert verdict.reading == "the checker cannot tell what this sentence says"
    (why,) = [one.text for one in verdict.reasons if one.kind == "unreadable"]
    assert "If it means that groups differ: It claims a difference" in why
    assert "If it means that groups do not differ: It claims that groups do not differ" in why
    assert "setting" in {one.kind for one in verdict.reasons}
    assert verdict.nearest is not None
    assert verdict.others
    assert len({verdict.nearest, *verdict.others}) == 1 + len(verdict.others)


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
        ("Black people had 4.5 times the false alert rate of White people.", "black"),
    ],
)
def test_the_group_that_a_claim_has_worse_off(study: Sentences, says: str, worse: str) -> None:
    against, other = direction(reading_of(says, study))
    assert against == (worse,)
    assert set(other) == {"black", "white"} - {worse}


def test_only_the_reverse_of_a_finding_is_contradicted(study: Sentences) -> None:
    claim = "The system makes {} mistakes with Black people than with White people at 0.56."
    more, fewer = (contradicting(reading_of(claim.format(w), study), study) for w in TWO)
    assert more is None
    assert fewer is not None
    assert {fewer["group_a"], fewer["group_b"]} == {"black", "white"}


def test_pairs_of_crossed_groups_stay_apart(study: Sentences) -> None:
    pairs = [("black x men", "white x men"), ("black x women", "white x women")]
    pairs.append(("black x men", "asian x men"))
    findings = study.findings.head(3).assign(
        group_a=[a for a, _ in pairs], group_b=[b for _, b in pairs]
    )
    named = sorted({one for pair in pairs for one in pair})
    rates = study.rates.head(len(named)).assign(factor="ethnicity x gender", group=named)
    crossed = replace(study, findings=findings, rates=rates)
    told = Subjects(pairs[0], (), frozenset(), frozenset(), {})
    found = on_subjects(told, crossed)[["group_a", "group_b"]]
    assert [tuple(row) for row in found.itertuples(index=False)] == [pairs[0]]


def reading_of(says: str, study: Sentences) -> Reading:
    plain = in_plain(says)
    subjects = subjects_of(plain, study.groups)
    figures = figures_of(plain, study.rates, study.findings)
    return Reading(plain, Polarity("difference"), "", subjects, figures)
