"""A claim is a sentence of the study word for word, or it is told how it differs."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lfr_eval.cli import main as cli
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.tables import FINDINGS, RATES
from lfr_eval.contract.words import ratio
from lfr_eval.finished.claims import Quotable, Sentences, check_claim, read_sentences
from lfr_eval.finished.claims.figures import figures_of, misplaced
from lfr_eval.finished.claims.subjects import subjects_of
from lfr_eval.finished.claims.wording import in_plain, words_of
from lfr_eval.inference.rate_statements import rate_statement
from lfr_eval.report import answer
from tests.claims.npl_like import npl_like


@pytest.fixture(scope="module")
def sentences(small: StudyFolder) -> Sentences:
    return read_sentences(small)


def problems(claim: str, sentences: Sentences) -> str:
    verdict = check_claim(claim, sentences)
    assert verdict.quoted is None
    return " ".join(reason.text for reason in verdict.reasons)


def of(sentences: Sentences, verdict: str, words: str = "") -> Quotable:
    return next(one for one in sentences.all if one.verdict == verdict and words in one.text)


@pytest.mark.parametrize("untold", ["unknown", "prefer not to say"])
def test_people_who_told_no_label_are_no_group_of_a_sentence(untold: str) -> None:
    groups = [("gender", "male"), ("gender", untold), ("gender x ethnicity", f"{untold} x white")]
    said = f"{untold} people had more false alerts than men, and {untold} White people fewer"
    assert subjects_of(in_plain(said), groups).groups == ("male",)


def test_every_sentence_of_the_study_is_recognised(
    small: StudyFolder, sentences: Sentences
) -> None:
    assert {one.id for one in sentences.all} >= set(small.read(FINDINGS)["finding_id"])
    for one in sentences.all[:: max(1, len(sentences.all) // 40)]:
        found = check_claim(one.text, sentences).quoted
        # Two findings may say the same words, such as that nothing could be tested.
        assert found is not None
        assert words_of(found.text) == words_of(one.text)


def test_the_answer_of_the_brief_may_be_quoted_whole(
    small: StudyFolder, sentences: Sentences
) -> None:
    told = answer(small.path)
    assert len(told) >= 2
    for number, paragraph in enumerate(told, 1):
        assert check_claim(paragraph, sentences).quoted == Quotable(f"brief-{number}", paragraph)
        first, stop, bound = paragraph.partition(". ")
        # Without the sentence that bounds it, it would be stronger than its evidence.
        assert not bound or check_claim(first + stop, sentences).quoted is None


def test_typography_does_not_matter(sentences: Sentences) -> None:
    text = of(sentences, "inconclusive", "nor rules one out").text
    worn = text.upper().replace(" ", "  ").replace("-", "–").replace(" %", "%").rstrip(".")
    assert check_claim(f"“{worn}”", sentences).quoted is not None


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_a_changed_word_is_never_accepted(sentences: Sentences, data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(sentences.all)).text
    words = text.split()
    place = data.draw(st.integers(0, len(words) - 1))
    other = data.draw(st.sampled_from(["", "not", "0.64", "white", "7", "only", "below"]))
    claim = " ".join([*words[:place], other, *words[place + 1 :]])
    genuine = {tuple(words_of(one.text)) for one in sentences.all}
    found = check_claim(claim, sentences)
    assert (found.quoted is not None) == (tuple(words_of(claim)) in genuine)
    assert found.quoted is not None or found.reasons


def test_a_lost_not(sentences: Sentences) -> None:
    text = of(sentences, "inconclusive", "was not shown").text
    said = problems(text.replace("was not shown", "was shown"), sentences)
    assert "it drops the “not”" in said


def test_an_added_not(sentences: Sentences) -> None:
    text = of(sentences, "inconclusive", "times as often").text
    said = problems(text.replace(" had ", " had not ", 1), sentences)
    assert "it adds the “not”" in said


def test_another_number_and_another_group(
    sentences: Sentences,
) -> None:
    text = of(sentences, "inconclusive", "women").text
    said = problems(text.replace("threshold 0.40", "threshold 0.64"), sentences)
    assert "it says “0.64” where the study says “0.40”" in said
    said = problems(text.replace("women", "Asian", 1), sentences)
    assert "“asian” where the study says “women”" in said


def test_a_caveat_left_out(sentences: Sentences) -> None:
    text = of(sentences, "inconclusive", "Anything from").text
    said = problems(text.split(" Anything from")[0], sentences)
    assert "but it leaves out: “Anything from" in said


@pytest.mark.parametrize(
    "claim",
    [
        "The system has no bias.",
        "There is no statistically significant difference between groups.",
        "The matcher isn't biased at the settings used.",
        "It treats everybody equally.",
    ],
)
def test_a_sentence_stronger_than_its_evidence(claim: str, sentences: Sentences) -> None:
    said = problems(claim, sentences)
    assert "says the opposite" in said or "primary comparison" in said
    assert "Only an equivalence that names its groups, threshold and margin" in said


def test_the_tpir_of_one_threshold_beside_the_fpir_of_another() -> None:
    rates = pd.concat([rate("TPIR", 0.60, 3560, 4000), rate("FPIR", 0.60, 7, 42_000)])
    rates = pd.concat([rates, rate("TPIR", 0.64, 3120, 4000), rate("FPIR", 0.64, 1, 60_000)])
    mixed = "It finds 89 % of those sought and wrongly alerts for 1 in 60,000."
    (said,) = settings_mixed(mixed, rates)
    assert "89 % and 1 in 60000 are not from the same setting" in said
    assert "the TPIR (89 %) at threshold 0.60" in said
    assert "the FPIR (1 in 60,000) at threshold 0.64" in said
    # As officials have said of the threshold in use: the figures of another one.
    (first, second) = settings_mixed("At 0.64: 89 % found, 1 in 6,000 alerts false", rates)
    assert first.startswith("89 % is the TPIR (89 %) at threshold 0.60")
    assert second.startswith("1 in 6000 is the FPIR (1 in 6,000) at threshold 0.60")
    assert not settings_mixed("At 0.60: 89 % found, 1 in 6,000 alerts false", rates)


def test_figures_of_two_watchlist_sizes() -> None:
    rates = pd.concat([rate("FPIR", 0.60, 7, 42_000), rate("FPIR", 0.60, 7, 420_000, 1000)])
    (said,) = settings_mixed("1 in 60,000 on a watchlist of 10,000", rates)
    assert "1 in 60000 is the FPIR (1 in 60,000) at threshold 0.60 and a watchlist of 1,000" in said


def test_a_ratio_of_another_setting_is_told_with_the_one_that_is_there(
    sentences: Sentences,
) -> None:
    rows = sentences.findings
    rows = rows[(rows["metric"] == "FPIR") & (rows["group_a"] == "black") & (rows["ratio"] > 0)]
    rows = rows[rows["group_b"] == "white"].drop_duplicates("ratio")
    here, there = rows.iloc[0], rows.iloc[-1]
    size = int(here["watchlist_size"])
    claim = (
        f"At threshold {here['threshold']:.2f} and a watchlist of {size}, Black people set off a "
        "false alert {} times as often as White people."
    )
    said = problems(claim.format(ratio(there["ratio"])), sentences)
    setting = f"At threshold {here['threshold']:.2f} and a watchlist of {size} the ratio is "
    assert f"{setting}{ratio(here['ratio'])} times (FPIR, Black people against White" in said
    assert (
        f"{ratio(there['ratio'])} times is the ratio at threshold {there['threshold']:.2f}" in said
    )
    assert "its ratio at" not in problems(claim.format(ratio(here["ratio"])), sentences)


def test_a_rate_without_events_is_quoted_as_a_bound() -> None:
    row = rate("FPIR", 0.64, 0, 4000).iloc[0]
    assert rate_statement(row.to_dict()) == (
        "At threshold 0.64 and with this watchlist of 10,000, no false alert was seen in 4,000 "
        "recognition opportunities of 400 people (all people); the false alert rate is below "
        "1 in 100 (95 % confidence)."
    )


def test_wider_people_are_told_by_the_groups_that_a_census_divides_them_into(
    sentences: Sentences,
) -> None:
    wider = "Black, Black British, Caribbean or African"
    census = {"African": f"{wider}: African", "Caribbean": f"{wider}: Caribbean"}
    census |= {"Mixed Black": "Mixed or multiple ethnic groups: White and Black African"}
    rates = pd.concat(sentences.rates.assign(factor="ethnicity", group=label) for label in census)
    of_census = replace(sentences, rates=rates, full_names=census)
    said = problems("Black people are falsely matched more often than others.", of_census)
    assert "figures for African and Caribbean, and none for 'black' as a whole" in said
    assert "not a group of this study" not in said
    said = problems("Chinese people are falsely matched more often.", of_census)
    assert "not a group of this study: chinese" in said


def test_the_command(
    small: StudyFolder, sentences: Sentences, capsys: pytest.CaptureFixture[str]
) -> None:
    text = of(sentences, "inconclusive", "was not shown").text
    assert cli.main(["verify", "--claim", text, str(small.path)]) == 0
    assert "word for word" in capsys.readouterr().out
    assert cli.main(["verify", "--claim", "There is no bias.", str(small.path)]) == 1
    assert cli.main(["verify", "--claim", "26 of 26 of " * 20_000, str(small.path)]) == 2
    said = capsys.readouterr().out
    assert said.index("This study is simulated") < said.index("The study does not say so.")
    assert "As it is read: it says that groups do not differ." in said
    assert "It does not recognise sentences of thresholds, gate, approvals" in said
    assert "What the study lets you say (" in said
    nearest = check_claim("There is no bias.", sentences).nearest
    assert nearest is not None
    assert said.count(nearest.text) == 1


def settings_mixed(claim: str, rates: pd.DataFrame) -> list[str]:
    return list(misplaced(figures_of(in_plain(claim), rates, FINDINGS.build([]))))


def rate(
    metric: str, threshold: float, events: int, trials: int, size: int = 10_000
) -> pd.DataFrame:
    """A row of the table `rates`, of everybody."""
    return RATES.build(
        [
            (
                *(metric, threshold, size, None, "overall", "everybody", None),
                *(events, trials, 400, min(events, 400), events / trials),
                *(0.0, 0.01, 0.95, float(trials), "Wilson"),
            )
        ]
    )


@pytest.mark.parametrize(("more", "is_share"), [(0, False), (1, True)])
def test_counts_that_a_table_holds_are_no_share_of_the_alerts(more: int, is_share: bool) -> None:
    rates = npl_like().rates
    row = rates[(rates["metric"] == "FPIR") & (rates["group"] == "black") & (rates["events"] > 1)]
    first = row.iloc[0]
    claim = (
        f"At threshold {first['threshold']:.2f}, {first['events'] + more:.0f} of "
        f"{first['trials']:,.0f} comparisons of Black people were false matches."
    )
    kinds = {reason.kind for reason in check_claim(claim, npl_like()).reasons}
    assert ("share" in kinds) == is_share
