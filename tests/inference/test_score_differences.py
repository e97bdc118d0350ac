"""Differences of scores: oracles, unlike groups, and sentences that agree with their intervals."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lfr_eval.contract.trials import PersonTrials
from lfr_eval.contract.vocabulary import SCORES
from lfr_eval.inference import Plan, finding_table, score_difference_table
from lfr_eval.inference.ends import lower_ends, upper_ends
from lfr_eval.inference.score_differences import MATED, NON_MATED, SEARCH, ScoreKind
from lfr_eval.inference.score_evidence import (
    Scores,
    difference_ends,
    equivalence_p,
    mean_of,
    p_value,
    quantile_of,
    share_of,
)


def of_people(rng: np.random.Generator, n: int, each: int, shared: float) -> Scores:
    """Scores of people: a person's own level, and noise."""
    person = np.repeat(np.arange(n), each)
    level = rng.standard_normal(n) * shared
    return Scores(person, person, level[person] + rng.standard_normal(len(person)))


def of_pairs(rng: np.random.Generator, n: int, shared: float) -> Scores:
    """Scores of all pairs of people: both people's own levels, and noise."""
    i, j = np.triu_indices(n, 1)
    level = rng.standard_normal(n) * shared
    return Scores(i, j, level[i] + level[j] + rng.standard_normal(len(i)))


def test_the_mean_of_people_is_statsmodels_clustered_mean() -> None:
    scores = of_people(np.random.default_rng(1), 40, 5, 1.0)
    fitted = sm.OLS(scores.score, np.ones(len(scores.score))).fit(
        cov_type="cluster", cov_kwds={"groups": scores.first, "use_correction": False}
    )
    mean = mean_of(scores)
    assert mean.value == pytest.approx(fitted.params[0], rel=1e-9)
    assert mean.error == pytest.approx(fitted.bse[0] * np.sqrt(40 / 39), rel=1e-9)


def test_the_variance_of_pairs_is_the_sum_over_pairs_that_share_somebody() -> None:
    scores = of_pairs(np.random.default_rng(2), 14, 1.0)
    residual = scores.score - scores.score.mean()
    total = 0.0
    for k, (a, b) in enumerate(zip(scores.first, scores.second, strict=True)):
        for m, (c, d) in enumerate(zip(scores.first, scores.second, strict=True)):
            if {a, b} & {c, d}:
                total += residual[k] * residual[m]
    expected = np.sqrt(total * 14 * 13 / (12 * 11)) / len(residual)
    assert mean_of(scores).error == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("people", [8, 12, 20, 60])
def test_the_correction_makes_the_variance_of_pairs_right(people: int) -> None:
    rng = np.random.default_rng(3)
    means = [mean_of(of_pairs(rng, people, 1.0)) for _ in range(1500)]
    estimated = np.mean([each.error**2 for each in means])
    assert estimated == pytest.approx(np.var([each.value for each in means]), rel=0.15)


def test_an_end_is_farther_on_the_side_of_the_few_who_add_most() -> None:
    person, level = np.arange(8), np.array([0.025])
    for sign in (1, -1):
        score = sign * np.array([0.0, 0.1, 0.2, 0.3, 0.5, 0.8, 1.5, 4.0])
        mean = mean_of(Scores(person, person, score))
        student = -stats.t.ppf(0.025, mean.degrees) * score.std(ddof=1) / np.sqrt(8)
        assert mean.reach(level, upper=sign < 0) == pytest.approx(student)
        # Hall's transformation of that end is Student's quantile.
        t = -mean.reach(level, upper=sign > 0)[0] / mean.error
        a = stats.skew(sign * score, bias=False) / np.sqrt(8)
        hall = t + a * t**2 / 3 + a**2 * t**3 / 27 + a / 6
        assert hall == pytest.approx(stats.t.ppf(0.025, mean.degrees))
        assert -t * mean.error > 1.2 * student
    even = mean_of(Scores(person, person, np.arange(8.0)))
    assert even.reach(level, upper=True) == pytest.approx(even.reach(level, upper=False))


def test_few_people_with_skewed_tendencies_are_seldom_called_different() -> None:
    rng, claims = np.random.default_rng(6), 0
    for _ in range(150):
        person = np.repeat(np.arange(8), 8)
        own = rng.exponential(size=8)[person] + 0.5 * rng.standard_normal(64)
        one, other = Scores(person, person, own), of_people(rng, 200, 1, 0.5)
        claims += p_value(mean_of(one), mean_of(replace(other, score=other.score + 1))) < 0.05
    # 12 % with Student's interval alone; 5 % of 150 have a standard error of 1.8 points.
    assert claims / 150 <= 0.09


UNLIKE = [
    ("people", (60, 4, 2.0), (60, 4, 0.2)),
    ("people", (30, 10, 0.2), (266, 10, 2.0)),
    ("pairs", (60, 0.8), (60, 0.1)),
    ("pairs", (12, 0.5), (66, 0.2)),
    ("pairs", (30, 0.8), (200, 0.1)),
]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "a", "b"), UNLIKE)
def test_equal_means_of_unlike_groups_differ_at_the_nominal_level(
    kind: str, a: tuple[float, ...], b: tuple[float, ...]
) -> None:
    rng, draw = np.random.default_rng(5), {"people": of_people, "pairs": of_pairs}[kind]
    size = 500
    inside = 0
    for _ in range(size):
        one, other = mean_of(draw(rng, *a)), mean_of(draw(rng, *b))  # type: ignore[operator]
        lower, upper = difference_ends(one, other, 0.95)
        inside += lower <= 0 <= upper
    # Goal 93.5 to 97 %, with two standard errors of 500 repetitions.
    assert 0.915 <= inside / size <= 0.985


def test_a_test_that_takes_pairs_as_independent_would_not_hold() -> None:
    rng = np.random.default_rng(5)
    inside = 0
    for _ in range(200):
        one, other = of_pairs(rng, 60, 0.8).score, of_pairs(rng, 60, 0.1).score
        error = np.sqrt(one.var() / len(one) + other.var() / len(other))
        inside += abs(one.mean() - other.mean()) < 1.96 * error
    assert inside / 200 < 0.6


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["mean", "q95"]), st.floats(-1, 1))
def test_p_is_below_alpha_exactly_where_zero_lies_outside(seed: int, kind: str, by: float) -> None:
    rng = np.random.default_rng(seed)
    one, other = of_people(rng, 30, 10, 0.5), of_people(rng, 40, 10, 1.0)
    one = Scores(one.first, one.second, one.score + by)
    if kind == "mean":
        a, b = mean_of(one), mean_of(other)
    else:
        a, b = quantile_of(one, 0.05), quantile_of(other, 0.05)  # type: ignore[assignment]
    lower, upper = difference_ends(a, b, 0.95)
    assert (p_value(a, b) < 0.05) == (not lower <= 0 <= upper)
    low, high = difference_ends(a, b, 0.90)
    if abs(high - 1.5) > 1e-9 and abs(low + 1.5) > 1e-9:
        assert (equivalence_p(a, b, 1.5) < 0.05) == (low > -1.5 and high < 1.5)


def test_a_quantile_is_numpys_and_its_interval_covers_it() -> None:
    rng = np.random.default_rng(7)
    scores = of_people(rng, 200, 10, 0.5)
    found = quantile_of(scores, 0.05)
    assert found is not None
    assert found.value == np.sort(scores.score)[-101]
    truth = np.quantile(of_people(rng, 100_000, 10, 0.5).score, 0.95)
    inside = 0
    for _ in range(150):
        each = quantile_of(of_people(rng, 100, 10, 0.5), 0.05)
        assert each is not None
        low = each.value - each.reach(np.array(0.025), upper=False)
        inside += low <= truth <= each.value + each.reach(np.array(0.025), upper=True)
    assert inside / 150 >= 0.90


def test_the_ends_of_a_quantile_are_those_of_the_grid_whatever_was_asked_before() -> None:
    rng = np.random.default_rng(9)
    found = quantile_of(of_people(rng, 120, 6, 0.8), 0.1)
    assert found is not None
    for level in (10 ** -rng.uniform(0.31, 14, 60)).tolist():
        out = found.grid[(found.grid > found.value) & (upper_ends(found.exceeding, level)[0] < 0.1)]
        expected = out[0] - found.value if len(out) else np.inf
        assert found.reach(np.array(level), upper=True) == expected
        out = found.grid[(found.grid < found.value) & (lower_ends(found.exceeding, level)[0] > 0.1)]
        expected = found.value - out[-1] if len(out) else np.inf
        assert found.reach(np.array(level), upper=False) == expected


def test_people_counted_together_give_the_quantile_of_people_counted_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(2)
    owner = rng.integers(1500, size=2000)
    scores = Scores(owner, owner, rng.normal(size=2000))
    alone = quantile_of(scores, 0.05)
    monkeypatch.setattr("lfr_eval.inference.score_evidence.MOST_ALONE", 0)
    together = quantile_of(scores, 0.05)
    assert alone is not None
    assert together is not None
    for level in np.array([[0.025], [0.2]]):
        for upper in (False, True):
            assert together.reach(level, upper) == pytest.approx(alone.reach(level, upper))


def test_too_few_scores_beyond_a_quantile_give_none() -> None:
    scores = of_people(np.random.default_rng(1), 30, 10, 0.5)
    assert quantile_of(scores, 0.01) is None
    assert quantile_of(scores, 0.05) is not None


@pytest.mark.parametrize("stated", [0.8, 1.6])
def test_the_share_from_a_stated_score_on_is_the_rate_at_that_threshold(stated: float) -> None:
    rng = np.random.default_rng(4)
    sides = [of_people(rng, n, 6, shared) for n, shared in ((50, 1.0), (90, 0.2))]
    shares = [share_of(side, stated) for side in sides]
    assert [one.value for one in shares] == [np.mean(side.score >= stated) for side in sides]
    person = np.concatenate([sides[0].first, sides[1].first + 50])
    score = np.concatenate([side.score for side in sides])
    people = pd.DataFrame({"group": np.repeat(["a", "b"], (50, 90))})
    plan = Plan(factors=("group",), reference_groups={"group": "b"}, primary_thresholds=(stated,))
    trials = PersonTrials("FPIR", 140, person, score, True, 100)
    found = finding_table([trials], people, [stated], plan)
    row = found[(found["group_a"] == "a") & (found["group_b"] == "b")].iloc[0]
    ends = difference_ends(shares[0], shares[1], row["level"])
    assert ends == pytest.approx((row["difference_lower"], row["difference_upper"]), rel=1e-9)
    assert p_value(shares[0], shares[1]) == pytest.approx(row["p_value"], rel=1e-6)


def study(seed: int, shift: float = 0.0, n: int = 60) -> tuple[list[ScoreKind], pd.DataFrame]:
    """Three unlike ethnicities and two genders; the last ethnicity's pairs score higher."""
    rng = np.random.default_rng(seed)
    people = pd.DataFrame(
        {
            "gender": np.tile(["female", "male"], 3 * n // 2),
            "ethnicity": np.repeat(["asian", "white", "black"], n),
        },
        index=[f"p{k}" for k in range(3 * n)],
    )
    level = rng.standard_normal(3 * n) * np.repeat([0.2, 0.1, 0.6], n)
    i, j = np.triu_indices(3 * n, 1)
    same = people["ethnicity"].to_numpy()[i] == people["ethnicity"].to_numpy()[j]
    black = same & (people["ethnicity"].to_numpy()[i] == "black")
    # People of one ethnicity resemble one another more: homophily, equal in every group.
    score = level[i] + level[j] + rng.standard_normal(len(i)) + 0.8 * same + shift * black
    own = np.repeat(np.arange(3 * n), 2)
    mated = ScoreKind(MATED, own, own, 3 + rng.standard_normal(len(own)))
    return [ScoreKind(NON_MATED, i, j, score), mated], people


def plan() -> Plan:
    factors = ("gender", "ethnicity", "gender x ethnicity")
    references = {"gender": "male", "ethnicity": "white"}
    return Plan(
        factors=factors, reference_groups=references, primary_metrics=("FPIR", "FNIR", SCORES)
    )


def test_no_sentence_contradicts_its_interval() -> None:
    kinds, people = study(1, shift=1.0)
    table = score_difference_table(kinds, people, replace(plan(), stated_scores=(2.5, 9)))
    told = table[table["statistic"] == "above 2.5"]["statement"]
    assert told.str.contains("the share of scores at or above 2.5 is .* per 1,?0+ higher").any()
    outside = (table["difference_lower"] > 0) | (table["difference_upper"] < 0)
    tested = table["verdict"] != "untestable"
    assert ((table["verdict"] == "different") == outside)[tested].all()
    assert table["statement"].str.contains("A difference of scores is not an error rate.").all()
    assert "different" in set(table["verdict"])
    assert not table["statement"].str.contains("significant|∞").any()


def test_a_planted_difference_is_found_and_named() -> None:
    kinds, people = study(1, shift=1.0)
    table = score_difference_table(kinds, people, plan())
    row = table[(table["kind"] == NON_MATED) & (table["group_a"] == "black")].iloc[0]
    assert (row["verdict"], row["primary"]) == ("different", True)
    assert row["difference_lower"] < 1.0 < row["difference_upper"]
    assert "higher for Black people than for White people" in row["statement"]


@pytest.mark.slow
def test_a_study_without_difference_rarely_claims_a_primary_one() -> None:
    claims = 0
    for seed in range(50):
        table = score_difference_table(*study(seed, n=30), plan())
        primary = table[table["primary"]]
        claims += bool((primary["verdict"] == "different").any())
    assert claims / 50 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 50)


def test_mean_scores_are_primary_only_where_a_plan_names_them() -> None:
    kinds, people = study(1, shift=1.0)
    table = score_difference_table(kinds, people, replace(plan(), primary_metrics=()))
    assert not table["primary"].any()
    assert table["statement"].str.endswith("(Exploratory.)").all()
    assert (table["verdict"] == "different").any()
    some = replace(plan(), primary_factors=("ethnicity",))
    primary = score_difference_table(kinds, people, some).query("primary")
    assert set(primary["factor"]) == {"ethnicity"}
    assert set(primary["statistic"]) == {"mean"}


def test_rates_and_mean_scores_share_the_level_of_a_study() -> None:
    # With a level of 5 % each, nearly 10 % of studies without any difference would claim one.
    rng = np.random.default_rng(5)
    person = np.repeat(np.arange(80), 10)
    people = pd.DataFrame({"gender": np.repeat(["female", "male"], 40)})
    given = Plan(factors=("gender",), primary_metrics=("FPIR", SCORES), primary_thresholds=(1.0,))
    score = rng.standard_normal(800).astype(np.float32)
    trials = [PersonTrials("FPIR", 80, person, score, True, 100)]
    rates = finding_table(trials, people, [1.0], given).query("primary and group_a != '*'")
    kinds = [ScoreKind(SEARCH, person, person, score, 100)]
    scores = score_difference_table(kinds, people, given).query("primary")
    assert len(rates) == len(scores) == 1
    assert {*rates["verdict"], *scores["verdict"]} <= {"inconclusive", "equivalent"}
    assert (1 - rates["level"].item()) + (1 - scores["level"].item()) == pytest.approx(0.05)
    # An adjusted p-value below alpha is a p-value below the row's own level.
    assert rates["p_adjusted"].item() == pytest.approx(min(2 * rates["p_value"].item(), 1))
    assert scores["p_adjusted"].item() == pytest.approx(min(2 * scores["p_value"].item(), 1))


def test_findings_beside_primary_scores_agree_with_their_intervals() -> None:
    rng = np.random.default_rng(3)
    person = np.repeat(np.arange(80), 10)
    people = pd.DataFrame({"gender": np.repeat(["female", "male"], 40)})
    alert = (rng.random(800) < np.repeat([0.15, 0.05], 400)).astype(np.float32)
    trials = [PersonTrials("FPIR", 80, person, alert, True, 100)]
    alone = Plan(
        factors=("gender",), primary_metrics=("FPIR",), primary_thresholds=(0.5,), margin=9.0
    )
    beside = replace(alone, primary_metrics=("FPIR", SCORES))
    first, second = (finding_table(trials, people, [0.5], one).iloc[-1] for one in (alone, beside))
    assert second["p_adjusted"] == pytest.approx(2 * first["p_adjusted"])
    assert second["p_equivalence_adjusted"] == pytest.approx(2 * first["p_equivalence_adjusted"])
    assert second["level"] == pytest.approx((1 + first["level"]) / 2)
    assert second["equivalence_level"] == pytest.approx((1 + first["equivalence_level"]) / 2)
    outside = second["ratio_lower"] > 1 or second["ratio_upper"] < 1
    assert outside == (second["p_adjusted"] < 0.05)


def test_groups_of_few_people_and_no_groups_are_not_tested() -> None:
    kinds, people = study(1)
    people.loc[people.index[:5], "ethnicity"] = "roma"
    people.loc[people.index[5:20], "ethnicity"] = "prefer not to say"
    table = score_difference_table(kinds, people, plan())
    assert "prefer not to say" not in set(table["group_a"])
    few = table[(table["group_a"] == "roma") & (table["kind"] == NON_MATED)]
    assert set(few["verdict"]) == {"untestable"}
    assert few["statement"].str.contains("too little was seen").all()
