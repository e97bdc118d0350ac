"""Studies side by side: matched where they should be, tested by what is known of their people."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.acceptance.matchers import UNLIKE, World, draw, judge, worlds
from lfr_eval.cli import main as cli
from lfr_eval.config import ConfigError
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.tables import STUDIES_COMPARED
from lfr_eval.contract.trials import Grouping, PairTrials, PersonTrials, Trials, rearranged
from lfr_eval.finished.comparing.beside import INDEPENDENT, NONE, PAIRED, Asked, compare
from lfr_eval.finished.comparing.matching import match
from lfr_eval.finished.comparing.page import to_html
from lfr_eval.finished.comparing.words import answers, caveats
from lfr_eval.finished.finished import Finished, read_finished
from lfr_eval.inference.at_one_rate import AtOneRate, at_one_rate, sides_at_one_rate


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


def at(
    deciding: Trials, compared: Trials, target: float, codes: np.ndarray, names: tuple[str, ...]
) -> AtOneRate:
    cut = match(deciding, target, "study")
    return at_one_rate(deciding, compared, Grouping("group", names, codes), cut.grid, cut.place)


def test_with_a_threshold_that_nothing_moves_the_variance_is_that_of_the_rate() -> None:
    rng = np.random.default_rng(4)
    alerts, _ = searches(rng, 40, 3)
    # Scores that are all above or all below every threshold: the slope is 0.
    flat = replace(alerts, metric="TPIR", score=np.where(rng.random(120) < 0.3, 9.0, -9.0))
    codes = np.zeros(40, np.intp)
    found = at(alerts, flat, 0.2, codes, ("everybody",)).evidence
    events = np.bincount(flat.person, flat.score > 0, 40)
    residual = events - 3 * events.sum() / 120
    wanted = 40 / 39 * np.sum(residual**2) / 120**2
    np.testing.assert_allclose(found.variance, wanted)


def test_a_rate_that_is_matched_by_design_has_no_variance() -> None:
    alerts, _ = searches(np.random.default_rng(4), 40, 3)
    found = at(alerts, alerts, 0.2, np.zeros(40, np.intp), ("everybody",)).evidence
    np.testing.assert_allclose(found.variance, 0, atol=1e-12)


@pytest.mark.parametrize("kind", ["passes", "comparisons"])
def test_variance_and_correlation_are_those_of_many_studies(kind: str) -> None:
    world = World("FMR" if kind == "comparisons" else "searches", (60, 60), 0.05, UNLIKE)
    codes = np.repeat([0, 1], world.sizes).astype(np.intp)
    rng, rates, estimates = np.random.default_rng(1), [], []
    for _ in range(150):
        sides = [
            at(each[0], each[-1], world.target, codes, ("first", "second"))
            for each in draw(rng, world)
        ]
        rates.append([one.evidence.rate[:, one.here] for one in sides])
        compared = sides_at_one_rate(sides[0], sides[1], paired=True)
        spread = [one.evidence.variance[:, one.here] for one in sides]
        estimates.append([*spread, compared.correlation * np.sqrt(spread[0] * spread[1])])
    seen, mean = np.array(rates), np.array(estimates).mean(axis=0)
    for side in (0, 1):
        np.testing.assert_allclose(mean[side], seen[:, side].var(axis=0), rtol=0.4)
    difference = (seen[:, 0] - seen[:, 1]).var(axis=0)
    np.testing.assert_allclose(mean[0] + mean[1] - 2 * mean[2], difference, rtol=0.4)


@pytest.mark.parametrize("kind", ["passes", "comparisons"])
def test_few_events_borrow_how_the_same_people_err_in_both_studies(kind: str) -> None:
    world = World("FMR" if kind == "comparisons" else "searches", (60, 60), 0.02, UNLIKE, 0.95)
    if kind == "comparisons":
        world = replace(world, target=0.003)
    codes, names = np.repeat([0, 1], world.sizes).astype(np.intp), ("first", "second")
    one, other = (each[0] for each in draw(np.random.default_rng(6), world))
    few, enough = (
        [at(trials, trials, target, codes, names) for trials in (one, other)]
        for target in (world.target, 8 * world.target)
    )
    events = np.stack([side.evidence.events[:, side.here] for side in few])
    borrowed = events.min(axis=0) < 10
    assert borrowed.any()
    sides, wide = (sides_at_one_rate(*each, paired=True) for each in (few, enough))
    # Where each has ten events the correlation is that of the residuals.
    shared = np.sum(np.prod([one.residuals[:, :, one.here] for one in enough], axis=0), axis=1)
    if kind == "passes":
        own = shared / np.sqrt(wide.a.variance * wide.b.variance)
        np.testing.assert_allclose(wide.correlation, own)
    # Where one has fewer it is borrowed, and the difference has no less than its own variance.
    assert np.all(np.asarray(sides.correlation)[borrowed] > 0.1)
    first, second = sides.a.variance, sides.b.variance
    left = first + second - 2 * sides.correlation * np.sqrt(first * second)
    own = np.stack([one.residuals[:, :, one.here] for one in few])
    if kind == "passes":
        # Of people of the other group a factor near 1 is left out here.
        assert np.all(left >= np.sum((own[0] - own[1]) ** 2, axis=1) * 0.98)
    assert np.all(sides_at_one_rate(*few, paired=False).correlation == 0)


def test_pairs_of_people_are_counted_by_brute_force() -> None:
    rng, people = np.random.default_rng(8), 14
    first, second = np.triu_indices(people, 1)
    one = np.ones(people, np.intp)
    score = rng.normal(size=len(first)).astype(np.float32)
    kept = score > -0.5
    trials = PairTrials(people, first[kept], second[kept], score[kept], -0.5, one, one, one)
    codes = (np.arange(people) % 2).astype(np.intp)
    cut = match(trials, 0.2, "study")
    found = at(trials, trials, 0.2, codes, ("a", "b"))
    below, above = cut.grid[cut.place - 1], cut.grid[cut.place + 1]
    for group in (0, 1):
        inside = (codes[first] == group) & (codes[second] == group)
        slope = np.mean((score >= below)[inside]) - np.mean((score >= above)[inside])
        slope /= np.mean(score >= below) - np.mean(score >= above)
        hit = score >= cut.threshold
        weight = inside / inside.sum() - slope / len(first)
        mean = np.where(inside, hit[inside].mean(), hit[~inside].mean())
        residual = weight * (hit - mean)
        of_person = np.bincount(first, residual, people) + np.bincount(second, residual, people)
        # Each group's people are as many as they are: its mean residual says nothing.
        for other in (0, 1):
            of_person[codes == other] -= of_person[codes == other].mean()
        n = np.count_nonzero(codes == group)
        few = n * (n - 1) / ((n - 2) * (n - 3))
        wanted = few * (np.sum(of_person**2) - np.sum(residual**2))
        wanted = max(wanted, np.sum(residual**2))
        assert found.evidence.variance[group, cut.place] == pytest.approx(wanted, rel=0.02)


@pytest.mark.parametrize("name", ["60 and 60 same", "60 and 240 other"])
@pytest.mark.slow
def test_matchers_that_differ_only_in_how_people_cluster_are_not_told_apart(name: str) -> None:
    for world in worlds():
        if name in world.name and world.clustering == UNLIKE and not world.worse:
            for found in judge(world, 80):
                # 5 % of 80 have a standard error of 2.4 points.
                assert found.rejected <= 0.12, (world.name, found)
                assert found.covered >= 0.88, (world.name, found)


@pytest.mark.slow
def test_a_difference_of_few_events_is_found_more_often_with_what_is_lent() -> None:
    world = World("searches", (60, 60), 0.05, UNLIKE, 0.9, worse=0.5)
    found = judge(world, 100)
    assert all(one.rejected >= one.unlent for one in found)
    assert sum(one.rejected - one.unlent for one in found) >= 0.08


def test_a_better_matcher_is_found() -> None:
    world = World("searches", (100, 100), 0.1, UNLIKE, better=0.8)
    found = {one.what: one.rejected for one in judge(world, 20)}
    assert found["TPIR, first"] > 0.8
    assert found["TPIR, second"] > 0.8


def test_order_of_people_does_not_matter(study: Finished) -> None:
    asked = Asked("FPIR", 0.2, same_people=True)
    order = np.random.default_rng(1).permutation(len(study.people)).astype(np.intp)
    shuffled = replace(
        study,
        record=study.record.model_copy(update={"data_digest": "another"}),
        people=study.people.iloc[order],
        trials=tuple(rearranged(one, order) for one in study.trials),
    )
    found = compare([study, shuffled], asked).differences
    assert found["difference"].abs().max() == 0


def test_a_study_beside_itself_does_not_differ(study: Finished) -> None:
    found = compare([study, study], Asked("FPIR", 0.1))
    assert found.paired == ("the same data digest",)
    table = found.differences
    assert table["difference"].abs().max() == 0
    # Nobody's outcome differs, so nothing is tested; intervals still say what remains possible.
    assert table["p_value"].isna().all()
    assert table["test"].eq(NONE).all()
    known = table[table["lower"].notna()]
    assert len(known)
    assert (known["lower"] < 0).all()
    assert (known["upper"] > 0).all()
    assert set(table["metric"]) == {"FPIR", "TPIR"}
    STUDIES_COMPARED.conform(table)


def test_other_people_make_independent_studies_unless_stated(study: Finished) -> None:
    renamed = study.people.set_axis([f"other-{name}" for name in study.people.index])
    about = study.record.model_copy(update={"data_digest": "another"})
    other = replace(study, record=about, people=renamed)
    asked = Asked("FPIR", 0.2)
    found = compare([study, other], asked)
    assert found.paired == (None,)
    assert INDEPENDENT in set(found.differences["test"])
    same_names = replace(study, record=about)
    unstated = compare([study, same_names], asked)
    assert unstated.paired == (None,)
    remedy = "60 of its 60 subject ids are also in study 1: if they are the same people, add"
    assert remedy in " ".join(caveats(unstated))
    assert "--same-people" not in " ".join(caveats(found))
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
    found = compare([study, noisy], Asked("FPIR", 0.2))
    tested = found.differences[found.differences["p_value"].notna()]
    assert set(tested["test"]) == {PAIRED}
    assert (tested["p_adjusted"] >= tested["p_value"]).all()
    by_design = found.differences.iloc[0]
    assert (by_design["metric"], by_design["group"]) == ("FPIR", "everybody")
    assert pd.isna(by_design["p_value"])


def test_studies_without_a_group_in_common_compare_everybody_only(study: Finished) -> None:
    """Other factors, or other groups of one factor; one after the other is `study 1`."""
    renamed = study.people.assign(gender=study.people["gender"] + " (other)")
    about = study.record.model_copy(update={"data_digest": "another"})
    other = replace(study, record=about, people=renamed.drop(columns="ethnicity"))
    for sides in ((study, other), (other, study)):
        found = compare(list(sides), Asked("FPIR", 0.2))
        assert set(found.differences["group"]) == {"everybody"}
        said = " ".join(caveats(found))
        assert "no groups by gender" in said
        assert "left out of the comparison" in said
        (answer,) = answers(found)
        assert answer.startswith("Study 2 against study 1: recognition ")
        assert answer.endswith("groups for which a difference was shown: none.")


def test_hostile_names_are_escaped(study: Finished) -> None:
    matcher = study.record.matcher.model_copy(update={"name": "<script>x</script>"})
    about = study.record.model_copy(update={"matcher": matcher})
    hostile = replace(study, record=about)
    found = compare([study, hostile], Asked("FPIR", 0.2))
    page = to_html(found)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_command_writes_a_page_and_tables(
    small: StudyFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--at-fmr", "1/3000", "--out", str(tmp_path)]
    assert cli.main(["compare", str(small.path), str(small.path), *words]) == cli.OK
    said = capsys.readouterr().out
    assert "1 in 3,000" in said
    assert "tests are paired" in said
    page = (tmp_path / "compared.html").read_text()
    assert 'class="bar"' in page
    assert "Black women" in page
    assert small.study_hash() in page
    assert "http" not in page.replace("http-equiv", "")
    assert len(STUDIES_COMPARED.conform(pd.read_csv(tmp_path / "compared.csv")))
    assert cli.main(["compare", str(small.path), *words]) == cli.UNUSABLE
    assert "two studies or more" in capsys.readouterr().err
