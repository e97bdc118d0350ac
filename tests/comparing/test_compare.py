"""Studies side by side: matched where they should be, tested by what is known of their people."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lfr_eval.cli import main as cli
from lfr_eval.config import ConfigError
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.tables import STUDIES_COMPARED
from lfr_eval.contract.trials import Grouping, PairTrials, PersonTrials
from lfr_eval.finished.comparing.beside import SWAP, WALD, Asked, compare
from lfr_eval.finished.comparing.matching import match
from lfr_eval.finished.comparing.page import to_html
from lfr_eval.finished.comparing.redrawing import redraw
from lfr_eval.finished.comparing.swapping import on_common_scale, swap_test
from lfr_eval.finished.finished import Finished, read_finished
from lfr_eval.inference.bootstrap import person_weights


@pytest.fixture(scope="module")
def study(small: StudyFolder) -> Finished:
    return read_finished(small.path)


def searches(
    rng: np.random.Generator, people: int, passes: int, better: float = 0.0
) -> tuple[PersonTrials, PersonTrials]:
    """Trials of FPIR and TPIR of people who differ; mated scores `better` by so much."""
    person = np.repeat(np.arange(people), passes)

    def trials(metric: str, mean: float) -> PersonTrials:
        each = rng.normal(0, 0.7, people)[person] + rng.normal(0, 1, len(person))
        return PersonTrials(metric, people, person, (mean + each).astype(np.float32), True, 100)

    return trials("FPIR", 0.0), trials("TPIR", 2.0 + better)


@pytest.mark.parametrize("target", [0.02, 0.11, 0.5])
def test_a_study_is_cut_at_the_lowest_threshold_that_keeps_to_the_rate(target: float) -> None:
    alerts, _ = searches(np.random.default_rng(1), 50, 4)
    found = match(alerts, target, "study")
    assert found.events == alerts.events(found.threshold).sum() <= target * 200
    below = float(np.nextafter(np.float32(found.threshold), np.float32(-np.inf)))
    assert alerts.events(below).sum() > target * 200


def test_a_rate_of_less_than_one_event_cannot_be_matched() -> None:
    alerts, _ = searches(np.random.default_rng(1), 50, 4)
    with pytest.raises(ConfigError, match="less than one event"):
        match(alerts, 0.001, "study")


def test_one_pass_and_given_thresholds_make_scipys_paired_permutation_test() -> None:
    rng = np.random.default_rng(4)
    first, second = searches(rng, 14, 1), searches(rng, 14, 1, better=-1.5)
    sides = [on_common_scale(*each) for each in (first, second)]
    codes = np.zeros(14, np.intp)
    statistic, p_value = swap_test(sides[0], sides[1], codes, 1, 0.3, 4_999, 2, match_again=False)
    events = []
    for alerts, found in (first, second):
        at = match(alerts, 0.3, "study").threshold
        events.append(found.events(at).astype(float))

    def studentised(a: np.ndarray, b: np.ndarray, axis: int) -> np.ndarray:
        difference = b - a
        mean, spread = difference.mean(axis), difference.std(axis, ddof=1)
        known = np.where(spread > 0, spread, 1.0)
        return np.where(spread > 0, mean * np.sqrt(14) / known, mean * 1e6)

    exact = stats.permutation_test(
        (events[0], events[1]), studentised, permutation_type="samples", n_resamples=np.inf, axis=0
    )
    assert statistic[0] == pytest.approx(exact.statistic)
    # SciPy counts every tie as reached; here it counts half.
    drawn, observed = np.abs(exact.null_distribution), abs(exact.statistic)
    reached, above = drawn >= observed - 1e-6, drawn > observed + 1e-6
    assert 0.001 < exact.pvalue < 0.5
    assert p_value[0] == pytest.approx((reached.mean() + above.mean()) / 2, abs=0.02)


@pytest.mark.slow
def test_identical_matchers_differ_in_5_percent_of_pairs() -> None:
    rng, pairs = np.random.default_rng(11), 300
    codes = (np.arange(60) % 2).astype(np.intp)
    rejected = np.zeros(4)
    for number in range(pairs):
        first, second = searches(rng, 60, 3), searches(rng, 60, 3)
        for place, which in ((0, 1), (2, 0)):  # TPIR, then FPIR, of two groups each
            sides = [on_common_scale(each[0], each[which]) for each in (first, second)]
            _, p_value = swap_test(sides[0], sides[1], codes, 2, 0.1, 99, number)
            rejected[place : place + 2] += p_value <= 0.05
    print(rejected / pairs)
    # 5 % of 300 have a standard error of 1.3 points.
    assert np.all(rejected / pairs <= 0.09)
    assert np.all(rejected / pairs >= 0.01)


@pytest.mark.slow
def test_identical_matchers_seldom_differ_in_false_matches() -> None:
    rng, people, pairs = np.random.default_rng(1), 100, 200
    first, second = np.triu_indices(people, 1)
    one = np.ones(people, np.intp)
    grouping = Grouping("group", ("a", "b"), (np.arange(people) % 2).astype(np.intp))

    def study(identity: np.ndarray) -> PairTrials:
        template = identity + rng.normal(0, 0.6, identity.shape)
        template /= np.linalg.norm(template, axis=1, keepdims=True)
        score = np.einsum("ij,ij->i", template[first], template[second]).astype(np.float32)
        kept = score > np.median(score)
        hits = (first[kept], second[kept], score[kept])
        return PairTrials(people, *hits, float(score[kept].min()), one, one, one)

    rejected = np.zeros(2)
    for number in range(pairs):
        identity = rng.normal(size=(people, 16)) + 0.3 * rng.normal(size=16)
        weights = person_weights(people, 300, number)
        drawn = [
            redraw(trials, trials, match(trials, 0.02, "study"), 0.02, grouping, weights)
            for trials in (study(identity), study(identity))
        ]
        for group in (0, 1):
            a, b = (each.observed[group] for each in drawn)
            ratios = np.log(drawn[1].replicates[:, group] / drawn[0].replicates[:, group])
            rejected[group] += abs(np.log(b / a)) > 1.96 * ratios.std(ddof=1)
    print(rejected / pairs)
    # It errs on the careful side. 9 % is above 5 % by nearly three standard errors.
    assert np.all(rejected / pairs <= 0.09)


@pytest.mark.slow
def test_studies_of_other_people_seldom_differ_by_chance() -> None:
    rng, people, pairs = np.random.default_rng(3), 100, 150
    grouping = Grouping("group", ("a", "b"), (np.arange(people) % 2).astype(np.intp))
    rejected = np.zeros(2)
    for number in range(pairs):
        studies = searches(rng, people, 3), searches(rng, people, 3)
        weights = [person_weights(people, 200, 2 * number + side) for side in (0, 1)]
        for place in (0, 1):  # FPIR, then TPIR
            drawn = [
                redraw(both[0], both[place], match(both[0], 0.2, "study"), 0.2, grouping, weight)
                for both, weight in zip(studies, weights, strict=True)
            ]
            a, b = (each.observed[0] for each in drawn)
            ratios = np.log(drawn[1].replicates[:, 0] / drawn[0].replicates[:, 0])
            rejected[place] += abs(np.log(b / a)) > 1.96 * ratios.std(ddof=1)
    print(rejected / pairs)
    # 5 % of 150 have a standard error of 1.8 points.
    assert np.all(rejected / pairs <= 0.10)


def test_a_better_matcher_is_found() -> None:
    rng = np.random.default_rng(5)
    first, second = searches(rng, 80, 3), searches(rng, 80, 3, better=1.2)
    sides = [on_common_scale(*each) for each in (first, second)]
    statistic, p_value = swap_test(sides[0], sides[1], np.zeros(80, np.intp), 1, 0.05, 199, 1)
    assert statistic[0] > 3
    assert p_value[0] < 0.02


def test_a_study_beside_itself_does_not_differ(study: Finished) -> None:
    found = compare([study, study], Asked("FPIR", 0.1, replicates=100, permutations=99))
    assert found.paired == ("the same data digest",)
    table = found.differences
    assert table["difference"].abs().max() == 0
    certain = table["rate"].isin([0.0, 1.0]) & (table["rate_first"] == table["rate"])
    # What is 0 or 1 in both stays so in every replicate: that bounds nothing.
    assert table.loc[certain, ["lower", "p_value"]].isna().all(axis=None)
    assert table["p_value"].dropna().min() > 0.4
    assert table.loc[table["p_value"].notna(), "test"].eq(SWAP).all()
    assert set(table["metric"]) == {"FPIR", "TPIR"}
    STUDIES_COMPARED.conform(table)


def test_other_people_make_independent_studies_unless_stated(study: Finished) -> None:
    renamed = study.people.set_axis([f"other-{name}" for name in study.people.index])
    about = study.record.model_copy(update={"data_digest": "another"})
    other = replace(study, record=about, people=renamed)
    asked = Asked("FPIR", 0.2, replicates=100, permutations=99)
    found = compare([study, other], asked)
    assert found.paired == (None,)
    assert WALD in set(found.differences["test"])
    same_names = replace(study, record=about)
    assert compare([study, same_names], asked).paired == (None,)
    stated = compare([study, same_names], replace(asked, same_people=True))
    assert "60 subject ids" in str(stated.paired[0])


def test_paired_studies_are_tested_within_people(study: Finished) -> None:
    rng = np.random.default_rng(3)
    trials = tuple(
        replace(one, score=one.score + rng.normal(0, 0.05, len(one.score)).astype(np.float32))
        if isinstance(one, PersonTrials) and one.metric in ("FPIR", "TPIR")
        else one
        for one in study.trials
    )
    noisy = replace(study, trials=trials)
    found = compare([study, noisy], Asked("FPIR", 0.2, replicates=100, permutations=99))
    tested = found.differences[found.differences["p_value"].notna()]
    assert set(tested["test"]) == {SWAP}
    assert (tested["p_adjusted"] >= tested["p_value"]).all()
    by_design = found.differences.iloc[0]
    assert (by_design["metric"], by_design["group"]) == ("FPIR", "everybody")
    assert pd.isna(by_design["p_value"])


def test_hostile_names_are_escaped(study: Finished) -> None:
    matcher = study.record.matcher.model_copy(update={"name": "<script>x</script>"})
    about = study.record.model_copy(update={"matcher": matcher})
    hostile = replace(study, record=about)
    found = compare([study, hostile], Asked("FPIR", 0.2, replicates=50, permutations=19))
    page = to_html(found)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_command_writes_a_page_and_tables(
    small: StudyFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--at-fmr", "1/3000", "--permutations", "19", "--out", str(tmp_path)]
    assert cli.main(["compare", str(small.path), str(small.path), *words]) == cli.OK
    said = capsys.readouterr().out
    assert "1 in 3,000" in said
    assert "tests are paired" in said
    page = (tmp_path / "compared.html").read_text()
    assert "<svg" in page
    assert small.study_hash() in page
    assert "http" not in page.replace("http-equiv", "")
    assert len(STUDIES_COMPARED.conform(pd.read_csv(tmp_path / "compared.csv")))
    assert cli.main(["compare", str(small.path), *words]) == cli.UNUSABLE
    assert "two studies or more" in capsys.readouterr().err
