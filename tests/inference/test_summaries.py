"""Equity measures, modelled tails, person-level tests and the functions on plain arrays."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lfr_eval.contract.tables import EQUITY, MODELLED, PERSON_TESTS
from lfr_eval.contract.trials import PairTrials, PersonTrials, group_people
from lfr_eval.inference import (
    Plan,
    compare_groups,
    detectable_ratio,
    equity_summary,
    equity_table,
    modelled_table,
    person_test_table,
    rates_by_group,
)
from lfr_eval.inference.bootstrap import bootstrap_rates, draw_alone, draw_together, person_weights
from lfr_eval.inference.counting import counter_of
from lfr_eval.inference.equity_measures import (
    MEASURES,
    gini,
    log_spread,
    worst_to_best,
    worst_to_mean,
)

from .builders import labels, random_pairs, random_persons

FACTORS = ("gender",)
PLAN = Plan(factors=FACTORS)


def test_measures_of_known_rates():
    rates = np.array([0.01, 0.02, 0.04])
    assert worst_to_best(rates) == pytest.approx(4)
    assert worst_to_mean(rates) == pytest.approx(2)
    assert log_spread(rates) == pytest.approx(np.log(2))
    pairs = [abs(a - b) for a in rates for b in rates]
    assert gini(rates) == pytest.approx(3 / 2 * sum(pairs) / (2 * 9 * rates.mean()))


def test_fdr_hides_a_ratio_of_137():
    fdr = next(measure for measure in MEASURES if measure.name == "FDR")
    value = fdr.of(np.array([0.0004, 0.055]), np.array([0.05, 0.05]))
    assert value == pytest.approx(0.973, abs=5e-4)
    assert "0.973" in fdr.caveat


def test_measures_without_events_are_undefined_or_infinite():
    assert np.isinf(worst_to_best(np.array([0.0, 0.1])))
    assert np.isnan(worst_to_best(np.zeros(2)))
    assert np.isinf(worst_to_mean(np.array([0.0, 0.1])))
    assert np.isinf(log_spread(np.array([0.0, 0.1])))
    assert np.isnan(gini(np.zeros(3)))


@pytest.mark.parametrize("images", ["one", "mixed"])
def test_bootstrap_of_pairs_by_brute_force(images):
    trials, probe, reference, score, _ = random_pairs(20, 3, images=images, corrections=5)
    people = labels(20, 3)
    grouping = group_people(people, "gender")
    drawn = draw_alone(20, 50, 1)
    weights = drawn.weights
    steps = np.array([0.25, 0.4])
    observed, redrawn = bootstrap_rates(trials, grouping, steps, drawn)
    raw = np.empty_like(redrawn)
    for group in range(2):
        keep = (grouping.codes[probe] == group) & (grouping.codes[reference] == group)
        weight = weights[:, probe[keep]] * weights[:, reference[keep]]
        for step, threshold in enumerate(steps):
            hit = score[keep] >= np.float32(threshold)
            assert observed[group, step] == pytest.approx(hit.mean())
            raw[:, group, step] = (weight * hit).sum(axis=1) / weight.sum(axis=1)
    cells = counter_of(trials, steps).count(grouping.codes, 2)
    spread = np.maximum(raw.var(axis=0), 1e-12)
    shrink = np.minimum(np.sqrt(cells.variance / spread), 1)
    np.testing.assert_allclose(redrawn, observed + shrink * (raw - observed), rtol=1e-4)


@pytest.mark.parametrize("people", [1, 7, 50_000])
def test_people_drawn_at_once_are_those_drawn_one_replicate_after_the_other(people):
    rng = np.random.default_rng([3, people])
    drawn = person_weights(people, 5, 3)
    for row in drawn:
        expected = np.bincount(rng.integers(people, size=people), minlength=people)
        assert np.array_equal(row, expected)


def test_people_drawn_together_vary_as_people_drawn_alone():
    rng = np.random.default_rng(8)
    people = labels(300, 3)
    grouping, steps = group_people(people, "gender"), np.array([0.25, 0.4])
    trials = PersonTrials("FPIR", 300, rng.integers(300, size=500), rng.random(500), True)
    alone = draw_alone(300, 4000, 1)
    together = draw_together([trials], grouping, steps, 4000, 1)
    assert len(together.people) < 60
    assert set(together.weights.sum(axis=1).tolist()) == {300.0}
    (observed, one), (same, other) = (
        bootstrap_rates(trials, grouping, steps, drawn) for drawn in (alone, together)
    )
    np.testing.assert_array_equal(observed, same)
    np.testing.assert_allclose(one.mean(axis=0), other.mean(axis=0), rtol=0.01)
    np.testing.assert_allclose(one.std(axis=0), other.std(axis=0), rtol=0.05)
    covariance = [np.cov(drawn[:, 0].T)[0, 1] for drawn in (one, other)]
    assert covariance[0] == pytest.approx(covariance[1], rel=0.08)


def test_equity_table_has_every_measure_with_its_caveat():
    trials = [random_persons(60, 1, metric="FPIR"), random_persons(60, 1, metric="FNIR")]
    table = equity_table(trials, labels(60), ["gender", "ethnicity"], [0.2, 0.4], PLAN, 300)
    assert list(table.columns) == EQUITY.names
    assert set(table["measure"]) == {measure.name for measure in MEASURES}
    assert table["caveat"].str.len().min() > 10
    defined = table[table["value"].notna()]
    assert (defined["lower"] <= defined["value"] + 1e-9).all()
    assert (defined["upper"] >= defined["value"] - 1e-9).all()


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_garbe_has_the_weight_of_the_plan_and_states_it(weight):
    trials = [random_persons(60, 1, metric="FPIR"), random_persons(60, 2, metric="FNIR")]
    plan = Plan(factors=FACTORS, garbe_weight=weight)
    table = equity_table(trials, labels(60), ["gender"], [0.2], plan, 300)
    both = table.set_index(["measure", "metric"])
    parts = [both.loc[("Gini", metric), "value"] for metric in ("FPIR", "FNIR")]
    garbe = both.loc[("GARBE", "FPIR + FNIR")]
    assert garbe["value"] == pytest.approx(weight * parts[0] + (1 - weight) * parts[1])
    assert f"weight {weight:g} on false positives" in garbe["definition"]
    assert garbe["lower"] <= garbe["value"] <= garbe["upper"]


def test_a_weight_beyond_its_range_is_refused():
    with pytest.raises(ValueError, match="'garbe_weight' parameter"):
        Plan(factors=FACTORS, garbe_weight=1.5)


def test_equity_of_a_silent_group_is_undefined_with_a_bound():
    person = np.arange(80)
    event = (person >= 40) & (person % 4 == 0)
    table = equity_summary(event, person, np.where(person < 40, "a", "b"), replicates=300)
    row = table[table["measure"] == "worst/best"].iloc[0]
    assert np.isnan(row["value"])
    # 10 events of 40 people against a rate that 40 people without event leave open.
    observed = 0.25 / (1 - 0.05 ** (1 / 40))
    assert 1 < row["lower"] < observed
    assert np.isinf(row["upper"])
    spread = table[table["measure"] == "log-ratio spread"].iloc[0]
    assert np.isnan(spread["value"])
    assert 0 < spread["lower"] < np.log(observed) / np.sqrt(2)
    assert np.isinf(spread["upper"])


def test_a_silent_group_that_may_be_alike_leaves_no_upper_end():
    person = np.arange(60)
    table = equity_summary(person == 59, person, np.where(person < 40, "a", "b"), replicates=50)
    spread = table.set_index("measure").loc["log-ratio spread"]
    assert spread["lower"] == 0
    assert np.isinf(spread["upper"])


def test_without_any_event_no_measure_claims_equality():
    person = np.arange(80)
    nothing = np.zeros(80, bool)
    table = equity_summary(nothing, person, np.where(person < 40, "a", "b"), replicates=300)
    assert table[["value", "lower", "upper"]].isna().all(axis=None)


def normal_scores(people: int, seed: int, floor: float) -> PairTrials:
    rng = np.random.default_rng(seed)
    first, second = np.triu_indices(people, 1)
    score = rng.standard_normal(len(first)).astype(np.float32)
    one, hit = np.ones(people, int), score >= floor
    return PairTrials(people, first[hit], second[hit], score[hit], floor, one, one, one)


def test_modelled_rates_cover_the_truth_and_refuse_beyond_two_decades():
    people = pd.DataFrame({"g": ["x"] * 200})
    thresholds = [float(stats.norm.isf(10.0**-power)) for power in (2, 5, 6, 12)]
    covered = []
    for seed in range(1, 11):
        trials = normal_scores(200, seed, 1.5)
        table = modelled_table(trials, people, ["g"], thresholds, PLAN, 200)
        assert list(table.columns) == MODELLED.names
        assert len(table) == 3
        for row, truth in zip(table.iloc[:2].itertuples(), (1e-5, 1e-6), strict=True):
            covered.append(pd.notna(row.refused) or row.lower <= truth <= row.upper)
        assert pd.isna(table["refused"].iloc[0])
    assert sum(covered) >= 15
    assert "two decades" in table["refused"].iloc[2].replace("2 decades", "two decades")
    assert np.isnan(table["rate"].iloc[2])


def test_modelled_rates_are_refused_without_enough_scores():
    trials = normal_scores(30, 1, 1.7)
    people = pd.DataFrame({"g": ["x"] * 30})
    table = modelled_table(trials, people, ["g"], [4.0], PLAN, 50)
    assert "fewer than 60 scores" in table["refused"].iloc[0]


def searches(people: int, passes: int, seed: int) -> PersonTrials:
    """Passes of correlated people: each score is the highest of 1,000 normal ones."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), passes)
    latent = 0.5 * rng.standard_normal(people)[person]
    latent = latent + np.sqrt(0.75) * rng.standard_normal(len(person))
    score = stats.norm.isf(-np.expm1(stats.norm.logcdf(latent) / 1000)).astype(np.float32)
    score[::50] = -np.inf
    return PersonTrials("FPIR", people, person, score, True, 1000)


def test_modelled_false_alert_rates_cover_the_truth_and_keep_failures_to_acquire():
    trials, people = searches(300, 10, 3), pd.DataFrame({"g": ["x"] * 300})
    rates = np.array([3e-3, 3e-5, 3e-6, 3e-12])
    thresholds = stats.norm.isf(-np.expm1(np.log1p(-rates) / 1000))
    table = modelled_table(trials, people, ["g"], thresholds.tolist(), PLAN, 200)
    assert set(table["metric"]) == {"FPIR"}
    assert set(table["watchlist_size"]) == {1000}
    used = table[table["refused"].isna()]
    near = used[np.isclose(used["threshold"], thresholds[1])].iloc[0]
    assert near["lower"] <= 0.98 * 3e-5 <= near["upper"]
    assert near["exceedances"] <= 0.3 * 3000
    assert "decades beyond" in table["refused"].iloc[-1]


def test_modelled_false_alert_rates_are_refused_without_enough_passes():
    people = pd.DataFrame({"g": ["x"] * 15})
    table = modelled_table(searches(15, 10, 3), people, ["g"], [5.0], PLAN, 50)
    assert "fewer than 60 scores" in table["refused"].iloc[0]
    assert np.isnan(table["rate"].iloc[0])


def test_only_false_matches_and_false_alerts_are_modelled():
    with pytest.raises(ValueError, match=r"must be of FMR or FPIR\. Got FNMR instead"):
        modelled_table(random_persons(20, 1, metric="FNMR"), labels(20), ["gender"], [0.4], PLAN)


def test_a_person_with_two_identities_is_suspected():
    trials = normal_scores(200, 2, 1.5)
    score = trials.score.copy()
    score[0] = 15.0
    odd = replace(trials, score=score)
    table = modelled_table(odd, pd.DataFrame({"g": ["x"] * 200}), ["g"], [5.0], PLAN, 100)
    assert "two identities of one person" in str(table["refused"].iloc[0])


def test_person_test_table():
    trials, people = [random_persons(60, 1)], labels(60)
    table = person_test_table(trials, people, [0.4], Plan(factors=("gender", "ethnicity")))
    assert list(table.columns) == PERSON_TESTS.names
    row = table[(table["factor"] == "gender") & (table["group_a"] != "*")].iloc[0]
    counts = [[row["affected_a"], row["exposed_a"] - row["affected_a"]],
              [row["affected_b"], row["exposed_b"] - row["affected_b"]]]  # fmt: skip
    assert row["fisher"] == pytest.approx(stats.fisher_exact(counts).pvalue)


def test_arrays_of_pairs_are_counted_within_groups():
    person, other = np.triu_indices(8, 1)
    group = np.array(list("aaaabbbb"))
    event = (person == 0) & (other == 1)
    table = rates_by_group(event, person, group[person], other, group[other])
    assert table["trials"].tolist() == [28, 6, 6]
    assert table["events"].tolist() == [1, 1, 0]
    found = compare_groups(event, person, group[person], other, group[other])
    assert set(found["verdict"]) == {"untestable"}
    assert found["ratio_lower"].iloc[1] == 0


def test_bad_arrays_are_refused():
    with pytest.raises(ValueError, match="All arrays must have one element per trial"):
        rates_by_group([1, 0], [1, 2, 3], ["a", "b"])
    with pytest.raises(ValueError, match="The 'group' of a person must be one"):
        rates_by_group([1, 0], [1, 1], ["a", "b"])
    with pytest.raises(ValueError, match="'other' and 'other_group' must be given together"):
        rates_by_group([1, 0], [1, 1], ["a", "a"], [2, 2])
    with pytest.raises(ValueError, match="must be somebody else"):
        rates_by_group([1, 0], [1, 1], ["a", "a"], [1, 2], ["a", "a"])
    with pytest.raises(ValueError, match="The 'base_rate' parameter of detectable_ratio"):
        detectable_ratio(0, 10, 10)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"level": 1.5}, "The 'level' parameter of Plan must be a float in the range"),
        ({"margin": 1.0}, "The 'margin' parameter of Plan must be a ratio above 1. Got 1.0"),
        ({"watchlist": "any"}, "The 'watchlist' parameter of Plan must be among"),
        ({"margin": np.inf}, "The 'margin' parameter of Plan must be a ratio above 1. Got inf"),
        ({"seed": True}, "The 'seed' parameter of Plan must be an int of at least 0. Got True"),
        ({"factors": "gender"}, "The 'factors' parameter of Plan must be a sequence"),
        ({"factors": None}, "The 'factors' parameter of Plan must be a sequence. Got None"),
        ({"strata": (1,)}, "The 'strata' parameter of Plan must be a sequence of names"),
        ({"primary_thresholds": 0.5}, "The 'primary_thresholds' parameter of Plan must be a seq"),
        ({"primary_thresholds": ("0.5",)}, "'primary_thresholds' parameter of Plan must be a seq"),
        ({"stated_scores": (np.nan,)}, "The 'stated_scores' parameter of Plan must be a sequence"),
        ({"reference_groups": None}, "The 'reference_groups' parameter of Plan must be a mapping"),
        ({"primary_metrics": ("XYZ",)}, "The 'primary_metrics' parameter of Plan"),
        ({"reference_groups": {"age": "x"}}, "The 'reference_groups' parameter of Plan"),
    ],
)
def test_plans_are_checked(changes, message):
    with pytest.raises(ValueError, match=message):
        Plan(**changes)


def test_published_tests_leave_out_comparisons_and_searches_without_end(monkeypatch):
    pairs, *_ = random_pairs(40, 2)
    plan = Plan(factors=("gender",))
    assert person_test_table([pairs], labels(40), [0.4], plan).empty
    score = np.tile([1, 0, 0, 0], 1250).astype(np.float32)
    many = PersonTrials("FPIR", 5000, np.arange(5000), score, True)
    # SciPy's search would list every table of 5,000 people.
    monkeypatch.setattr("scipy.stats.boschloo_exact", None)
    row = person_test_table([many], labels(5000), [0.5], plan).iloc[1]
    assert np.isnan(row["boschloo"])
    assert 0 < row["fisher"] < 1


@pytest.mark.parametrize("times", [1, 3])
def test_intervals_without_sampling_variance_hold_the_truth(times):
    """Six groups of passes, one at `times` the rate: the observed values are far too high."""
    rng = np.random.default_rng(5)
    truth = pd.Series(
        {"Gini": (times - 1) / (times + 5), "log-ratio spread": np.log(times) / np.sqrt(6)}
    )
    people = pd.DataFrame({"g": np.tile(list("abcdef"), 40)})
    rate = np.repeat(np.where(people["g"] == "a", 0.02 * times, 0.02), 10)
    held = []
    for _ in range(20):
        score = (rng.random(2400) < rate).astype(np.float32)
        trials = PersonTrials("FPIR", 240, np.repeat(np.arange(240), 10), score, True, 100)
        table = equity_table([trials], people, ["g"], [0.5], Plan(factors=("g",)), replicates=50)
        rows = table.set_index("measure").loc[truth.index]
        held.append((rows["lower"] <= truth) & (truth <= rows["upper"]))
        assert times > 1 or (rows["value"] > 0.02).all()
    assert np.mean(held, axis=0).min() >= 0.85
