"""A reduced acceptance benchmark: groups that are unlike, and nothing claimed of those alike.

The first edition made a permutation of people the test between groups. The last two tests run such
a permutation on the same studies, and it fails where the method must not.
"""

import numpy as np
import pytest

from benchmarks.acceptance import studies
from benchmarks.acceptance.afterwards import PARTS, findings, two_groups
from benchmarks.acceptance.afterwards import judge as judge_afterwards
from benchmarks.acceptance.cells import cells
from benchmarks.acceptance.chosen import populations
from benchmarks.acceptance.counting import of_matches, of_passes
from benchmarks.acceptance.images import Album, counted, matches_of
from benchmarks.acceptance.judging import judge, omnibus_p
from benchmarks.acceptance.methods import shuffled_people, shuffled_people_of_pairs
from benchmarks.worlds import (
    LEVELS,
    PASSES,
    beta_rates,
    matches_across,
    matches_within,
    passes_of,
    tendencies,
)
from lfr_eval.contract.trials import PairTrials, PersonTrials
from lfr_eval.inference import finding_table
from lfr_eval.inference.cells import MOST_PEOPLE
from lfr_eval.inference.pairs import PairCounter
from lfr_eval.inference.persons import PersonCounter

CELLS = {cell.name: cell for cell in cells()}
NULL = (
    "passes 66 v 266, rate 0.02, beta 0.6 v 0.05",
    "passes 30 v 1000, rate 0.02, constant 0.05 v 0.6",
    "passes 300 v 60, rate 0.005, beta 0.2 v 0.2",
    "passes 266 v 66, rate 0.02, beta 0.4 v 0.05, unequal passes",
    "passes 8 v 8, rate 0.2, beta 0.6 v 0.05, 50 passes each",
    "comparisons 300 v 60, 10 expected, lambs in one",
    "comparisons 60 v 300, 40 expected, lambs in both",
    "comparisons 67 v 67, 4 expected, no lambs",
    "comparisons 20 v 20, 4 images each, rate 0.01, heavy lambs in one",
    "comparisons 50 v 50, 1 to 60 images, rate 0.01, lambs in one, correlation with images 0.6",
)


@pytest.mark.parametrize("name", NULL)
def test_groups_that_are_unlike_but_equal_are_not_told_apart(name):
    judged = judge(CELLS[name], 600)
    assert judged.failures == []
    assert judged.contradictions == 0


@pytest.mark.parametrize(
    "name",
    [
        "passes 100 v 100, rate 0.02, ratio 3.0",
        "comparisons 67 v 67, 10 expected, ratio 3.0",
        "passes 300 v 1000, ratio at the margin, beta 0.05 v 0.0",
        "passes 100 v 400, rates 0.08 and 0.03, beta 0.05 v 0.3",
        "comparisons 67 v 67, 80 and 20 expected, lambs in one",
    ],
)
def test_power_and_equivalence(name):
    assert judge(CELLS[name], 400).failures == []


def test_chi_square_on_trials_fails_where_ours_does_not():
    judged = judge(CELLS["comparisons 60 v 300, 40 expected, lambs in both"], 400)
    assert judged.rejected["chi-square on trials"] > 0.15
    assert judged.rejected["ours"] < 0.065 + 2 * judged.error(0.065)


def test_passes_are_counted_as_the_package_counts_them():
    rng = np.random.default_rng(1)
    events = passes_of(rng, 1, 40, beta_rates(0.05, 0.2))
    reached = np.arange(PASSES) < events[:, 0, :, None]
    score = reached.sum(axis=0).astype(np.float32)
    person = np.repeat(np.arange(40), PASSES)
    trials = PersonTrials("FPIR", 40, person, score.ravel(), True)
    counter = PersonCounter.of(trials, np.arange(1.0, len(LEVELS) + 1))
    compare(of_passes(events), counter)


def test_comparisons_are_counted_as_the_package_counts_them():
    rng = np.random.default_rng(2)
    found = matches_within(rng, 0.02, tendencies(rng, ("lognormal", 0.8), (1, 50)))
    score = (found.level + 1).astype(np.float32)
    one = np.ones(50, int)
    trials = PairTrials(50, found.first, found.second, score, 1.0, one, one, one)
    compare(of_matches(found), PairCounter.of(trials, np.arange(1.0, len(LEVELS) + 1)))


def test_comparisons_of_several_images_are_counted_as_the_package_counts_them():
    rng = np.random.default_rng(5)
    images, tendency = Album(("lognormal", 0.8), 3, 0.9).draw(rng, (1, 30))
    found = matches_of(rng, images, tendency, [0.08, 0.04, 0.02, 0.01])
    first, second = np.triu_indices(30, 1)
    level, pair = np.nonzero(found[0] - np.append(found[0, 1:], np.zeros((1, len(first)), int), 0))
    times = (found[0] - np.append(found[0, 1:], np.zeros((1, len(first)), int), 0))[level, pair]
    ends, score = (np.repeat(one[pair], times) for one in (first, second)), np.repeat(level, times)
    trials = PairTrials(30, *ends, score.astype(np.float32), 0.0, *(images[0],) * 3)
    compare(counted(images, found), PairCounter.of(trials, np.arange(4.0)))


def compare(evidence, counter):
    everybody = np.zeros(counter.people, int)
    cells = counter.count(everybody, 1)
    extremes = counter.extremes(everybody, 1)
    assert extremes.top.shape[1] == MOST_PEOPLE
    np.testing.assert_allclose(evidence.events, cells.events)
    np.testing.assert_allclose(evidence.variance, cells.variance)
    np.testing.assert_allclose(evidence.degrees, counter.degrees(everybody, 1))
    np.testing.assert_allclose(evidence.largest, extremes.largest)
    np.testing.assert_allclose(evidence.affected, counter.affected(everybody, 1))


def test_shuffling_people_fails_where_their_events_cluster_unequally():
    rng = np.random.default_rng(3)
    draws = (beta_rates(0.02, 0.6), beta_rates(0.02, 0.05))
    one, two = (passes_of(rng, 300, n, draw)[-1] for n, draw in zip((30, 1000), draws, strict=True))
    first_edition = np.mean(shuffled_people(rng, one, two, 99) < 0.05)
    ours = judge(CELLS["passes 30 v 1000, rate 0.02, beta 0.6 v 0.05"], 600).rejected["ours"]
    print(f"permutation of people {first_edition:.3f}, ours {ours:.3f}")
    assert first_edition > 0.2
    assert ours < 0.065 + 2 * np.sqrt(0.065 * 0.935 / 600)


def test_shuffling_people_fails_where_groups_resemble_themselves():
    """Six groups of 40 with equal false match rates within, a tenth of it across."""
    rng = np.random.default_rng(4)
    studies, rate = 120, 2.5 / (40 * 39 / 2)
    tendency = [tendencies(rng, None, (studies, 40)) for _ in range(6)]
    groups = [matches_within(rng, rate, one) for one in tendency]
    across = {
        (g, h): matches_across(rng, rate / 10, tendency[g], tendency[h])
        for g in range(6)
        for h in range(g + 1, 6)
    }
    first_edition = np.mean(shuffled_people_of_pairs(rng, groups, across, 99) < 0.05)
    evidence = [of_matches(one) for one in groups]
    ours = np.mean(
        [omnibus_p([one.take(np.array([study])) for one in evidence]) < 0.05
         for study in range(studies)]
    )  # fmt: skip
    print(f"permutation of people {first_edition:.3f}, ours {ours:.3f}")
    assert first_edition > 0.2
    assert ours < 0.065 + 2 * np.sqrt(0.065 * 0.935 / studies)


AFTERWARDS = {one.name: one for one in populations()}


@pytest.mark.parametrize(
    "name",
    [
        "FMR 1 %, 60 in 15 households of 4, lambs, v 60 alike",
        "FPIR 5 %, 80 pairs of twins, one in each group, correlation 0.9",
        "FPIR 5 %, random watchlists of 40 with wolves, 60 v 140",
        "FPIR groups within two cameras of 2 and 7 %, each passes one, 60 v 110",
        "FNIR 20 %, 18 v 50, 3 to 15 passes, beta 0.4 in both",
    ],
)
def test_populations_chosen_afterwards_are_compared_as_findings_are(name):
    study = AFTERWARDS[name].study(np.random.default_rng(1))
    whole, short = findings(study), two_groups(study)
    whole = whole[whole["comparison"] == "reference"]
    names = ["testable", "correlation", *(f"{part}_{side}" for part in PARTS for side in "ab")]
    for column in names:
        np.testing.assert_allclose(
            short[column].to_numpy(float), whole[column].to_numpy(float), rtol=1e-9
        )


def test_a_difference_planted_in_a_population_is_found_and_its_intervals_hold():
    (row,) = judge_afterwards(AFTERWARDS["FMR 3 and 1 %, 80 v 80, exponential v alike"], 40)
    assert row["differ"] > 0.7
    assert min(row[name] for name in ("first covers", "second covers", "ratio covers")) > 0.8


def test_claims_of_whole_studies_are_those_of_the_findings():
    rng = np.random.default_rng(7)
    people = studies.people_of(rng, 150)
    trials = studies.study(rng, people, planted=8.0)
    found = finding_table(trials, people, studies.THRESHOLDS, studies.PLAN)
    claimed = found[found["primary"].astype(bool) & (found["verdict"] == "different")]
    short = studies.adjusted_rows(trials, people, studies.THRESHOLDS, studies.PLAN)
    short = short[short["claimed"] & short["primary"]]
    assert len(claimed) > 0
    assert sorted(short["finding_id"]) == sorted(claimed["finding_id"])
