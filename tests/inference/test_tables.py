"""The two tables: their schema, their rows, and what odd inputs become."""

import numpy as np
import pandas as pd
import pytest

from lfr_eval.contract.tables import FINDINGS, RATES, UNKNOWN
from lfr_eval.contract.trials import PairTrials, PersonTrials
from lfr_eval.inference import Plan, finding_table, rate_table
from lfr_eval.inference.precision import ENOUGH_EVENTS
from lfr_eval.inference.repeats import correlation_bound

from .builders import brute_pairs, labels, random_pairs, random_persons

THRESHOLDS = (0.3, 0.2, 0.5)
PLAN = Plan(primary_thresholds=(0.3,))


@pytest.fixture(scope="module")
def study():
    pairs, probe, reference, score, _ = random_pairs(60, 1)
    return [pairs, random_persons(60, 1)], labels(60), (probe, reference, score)


def test_rates_conform_and_start_with_everybody(study):
    trials, people, _ = study
    table = rate_table(trials, people, PLAN.factors, THRESHOLDS, PLAN)
    assert list(table.columns) == RATES.names
    assert table["factor"].iloc[0] == "overall"
    assert list(table["threshold"].iloc[:3]) == [0.2, 0.3, 0.5]
    assert UNKNOWN in set(table.loc[table["factor"] == "ethnicity", "group"])


def test_rates_within_and_across_groups_add_up_to_all_comparisons(study):
    trials, people, (_, _, score) = study
    table = rate_table(trials[:1], people, ["ethnicity"], [0.3], PLAN)
    table = table[table["factor"] == "ethnicity"]
    within = table[table["group"] == table["counterpart"]]
    across = table[table["group"] != table["counterpart"]]
    assert within["trials"].sum() + across["trials"].sum() / 2 == len(score)
    assert within["events"].sum() + across["events"].sum() / 2 == np.sum(score >= 0.3)


@pytest.mark.parametrize("images", ["one", "crossed"])
def test_rates_across_groups_against_brute_force(images):
    trials, probe, reference, score, _ = random_pairs(30, 8, images=images, corrections=10)
    people = labels(30, 8)
    table = rate_table([trials], people, ["gender"], [0.3], PLAN)
    gender = people["gender"].to_numpy()
    for row in table[table["group"] != table["counterpart"]].itertuples():
        a, b = gender[probe] == row.group, gender[reference] == row.counterpart
        keep = a & b
        if images == "one":
            keep |= (gender[reference] == row.group) & (gender[probe] == row.counterpart)
        assert (row.trials, row.events) == (keep.sum(), (score[keep] >= np.float32(0.3)).sum())
        shifted = np.where(gender == row.counterpart, 0, 1)
        expected = brute_pairs(probe[keep], reference[keep], score[keep], shifted < 2, 0.3)
        p = row.rate
        own = p * (1 - p) / expected[2]
        bounded = _few(row, keep, probe, reference, score) if row.events < ENOUGH_EVENTS else np.inf
        assert row.effective_trials == pytest.approx(min(own, bounded))


def _few(row, keep, probe, reference, score):
    """Effective trials of few events: what the pairs of people that they come from allow."""
    event = keep & (score >= np.float32(0.3))
    pairs = min(len(np.unique(side[keep])) for side in (probe, reference))
    touched = sum(len(np.unique(side[event])) for side in (probe, reference)) / 2
    given = np.array([[row.events], [touched], [row.trials / pairs]], float)
    return row.trials / (1 + (row.trials / pairs - 1) * correlation_bound(*given)[0])


def test_people_who_are_found_have_the_interval_of_those_who_are_missed(study):
    _, people, _ = study
    rng = np.random.default_rng(4)
    person = np.repeat(np.arange(60), 8)
    score = (0.6 + rng.normal(0, 0.1, 60)[person] + rng.normal(0, 0.1, 480)).astype(np.float32)
    tables = [
        rate_table(
            [PersonTrials(metric, 60, person, score, found, 100)],
            people, ["ethnicity"], [0.3, 0.45, 0.7], PLAN, bands=True,
        )
        for metric, found in (("TPIR", True), ("FNIR", False))
    ]  # fmt: skip
    hits, misses = tables
    assert list(hits["events"] + misses["events"]) == list(hits["trials"])
    for low, high in (("lower", "upper"), ("upper", "lower"), ("band_lower", "band_upper")):
        assert hits[low].to_numpy(float) == pytest.approx(
            1 - misses[high].to_numpy(float), nan_ok=True
        )
    everybody = hits[hits["group"] == hits["group"].iloc[0]]
    assert list(everybody["subjects_with_event"]) == [
        len(set(person[score >= np.float32(step)])) for step in (0.3, 0.45, 0.7)
    ]


def test_findings_conform_and_cover_every_comparison(study):
    trials, people, _ = study
    table = finding_table(trials, people, THRESHOLDS, PLAN)
    assert list(table.columns) == FINDINGS.names
    assert table["finding_id"].is_unique
    one = table[(table["metric"] == "FMR") & (table["threshold"] == 0.3)]
    counts = one.groupby("factor")["group_b"].value_counts()
    assert counts["gender", "*"] == 1
    assert len(one[one["factor"] == "gender"]) == 2
    # People without a label are no group.
    assert counts["ethnicity", "rest"] == 3
    assert len(one[(one["factor"] == "ethnicity") & ~one["group_b"].isin(["*", "rest"])]) == 2
    assert set(table.loc[table["primary"], "threshold"]) == {0.3}
    assert not table.loc[table["group_b"] == "rest", "primary"].any()


def test_findings_are_the_same_for_the_same_seed_and_any_order_of_thresholds(study):
    trials, people, _ = study
    first = finding_table(trials, people, THRESHOLDS, PLAN)
    again = finding_table(trials, people, sorted(THRESHOLDS), PLAN)
    pd.testing.assert_frame_equal(first, again)


def test_trials_of_other_people_are_refused(study):
    trials, people, _ = study
    with pytest.raises(ValueError, match="are about 60 people, but the people's labels have 10"):
        rate_table(trials, people.head(10), [], THRESHOLDS, PLAN)
    with pytest.raises(ValueError, match="are about 60 people, but the people's labels have 10"):
        finding_table(trials, people.head(10), THRESHOLDS, PLAN)


def test_an_unknown_reference_group_is_refused(study):
    trials, people, _ = study
    plan = Plan(reference_groups={"gender": "nobody"})
    with pytest.raises(ValueError, match=r"The reference group of 'gender' must be among"):
        finding_table(trials, people, THRESHOLDS, plan)


def test_no_event_anywhere_is_untestable_with_two_bounds():
    one = np.ones(40, int)
    nobody = np.empty(0, np.intp)
    trials = PairTrials(40, nobody, nobody, np.empty(0, np.float32), 0.2, one, one, one)
    people = pd.DataFrame({"gender": ["female"] * 20 + ["male"] * 20})
    plan = Plan(factors=("gender",))
    table = finding_table([trials], people, [0.5], plan)
    assert set(table["verdict"]) == {"untestable"}
    assert table["p_value"].isna().all()
    assert "The rates may still be as high as 1 in 3.8 and" in table["statement"].iloc[1]
    rates = rate_table([trials], people, ["gender"], [0.5], plan)
    assert rates["upper"].iloc[0] == pytest.approx(1 - 0.05 ** (1 / 20))


def test_every_trial_an_event_bounds_the_rate_from_below():
    person = np.repeat(np.arange(30), 3)
    trials = PersonTrials("TPIR", 30, person, np.ones(90, np.float32), True, 100)
    rates = rate_table([trials], pd.DataFrame({"g": ["a"] * 30}), [], [0.5], PLAN)
    assert rates["rate"].iloc[0] == 1
    assert rates["lower"].iloc[0] == pytest.approx(0.05 ** (1 / 30))
    assert rates["upper"].iloc[0] == 1


def test_a_group_of_one_person_has_no_comparison_and_says_so():
    trials, *_ = random_pairs(20, 2)
    people = pd.DataFrame({"gender": ["female"] + ["male"] * 19})
    plan = Plan(factors=("gender",))
    rates = rate_table([trials], people, ["gender"], [0.3], plan)
    alone = rates[(rates["group"] == "female") & (rates["counterpart"] == "female")].iloc[0]
    assert alone["trials"] == 0
    assert alone["interval"] == "no trial"
    assert np.isnan(alone["rate"])
    findings = finding_table([trials], people, [0.3], plan)
    assert set(findings["verdict"]) == {"untestable"}
    assert "there was no trial of women" in findings["statement"].iloc[1]


def test_failures_to_acquire_have_no_threshold():
    score = np.where(np.arange(40) % 7 == 0, -np.inf, np.inf)
    trials = PersonTrials("FTA", 40, np.arange(40), score, False, has_threshold=False)
    table = rate_table([trials], labels(40), ["gender"], [0.3, 0.5], PLAN)
    assert table["threshold"].isna().all()
    assert table["events"].iloc[0] == 6
    findings = finding_table([trials], labels(40), [0.3, 0.5], PLAN)
    assert len(findings) == findings["finding_id"].nunique()
