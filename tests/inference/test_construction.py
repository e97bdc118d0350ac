"""One construction: intervals, p-values, equivalence and verdicts cannot contradict one another."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from lfr_eval.contract.trials import Condition, PersonTrials, Trials
from lfr_eval.inference import Plan, compare_groups, ends, finding_table, rate_table
from lfr_eval.inference.ends import lower_ends, upper_ends
from lfr_eval.inference.inequality import coefficient_of_variation
from lfr_eval.inference.minimum import enough_evidence
from lfr_eval.inference.mover import Compared, difference_ends, equivalence_p, p_value, ratio_ends
from lfr_eval.inference.persons import PersonCounter
from lfr_eval.inference.precision import Evidence, Precision, independent, precision_of
from lfr_eval.inference.repeats import correlation_bound
from tests.inference.builders import labels, random_pairs, random_persons

from .builders import pairs_of, side_by_side

counts = st.tuples(st.integers(0, 400), st.integers(400, 5000), st.floats(1, 8), st.floats(1, 200))


def side(x: int, n: int, effect: float, degrees: float) -> Precision:
    # An effect above 4 comes from people who resemble many.
    spread = (effect - 1) / x if effect > 4 and x else 0.0
    values = (x, n, effect, degrees, max(effect, 1.0), spread)
    return Precision(*(np.array([float(value)]) for value in values), basis=np.array(["given"]))


@settings(max_examples=300, deadline=None)
@given(a=counts, b=counts, level=st.floats(0.8, 0.999))
def test_p_values_agree_with_the_intervals_they_stand_beside(a, b, level):
    sides = Compared(side(*a), side(*b))
    if not sides.defined[0]:
        return
    p = p_value(sides)[0]
    lower, upper = (end[0] for end in ratio_ends(sides, level))
    below, above = (end[0] for end in difference_ends(sides, level))
    if abs(p - (1 - level)) > 1e-9:
        assert (p < 1 - level) == (lower > 1 or upper < 1) == (below > 0 or above < 0)
    q = equivalence_p(sides, 1.5)[0]
    inner = [end[0] for end in ratio_ends(sides, 1 - 2 * (1 - level))] if level > 0.5 else []
    if inner and abs(q - (1 - level)) > 1e-9:
        assert (q < 1 - level) == (inner[0] > 1 / 1.5 and inner[1] < 1.5)


@settings(max_examples=100, deadline=None)
@given(a=counts)
def test_ends_are_nested_and_hold_the_rate(a):
    one = side(*a)
    levels = np.geomspace(1e-10, 0.45, 60)
    lower = np.array([lower_ends(one, level)[0] for level in levels])
    upper = np.array([upper_ends(one, level)[0] for level in levels])
    assert np.all(np.diff(lower) >= -1e-12)
    assert np.all(np.diff(upper) <= 1e-12)
    assert np.all((lower <= one.rate[0]) & (one.rate[0] <= upper))


def test_the_closed_form_is_the_root_of_the_inequality():
    one, two = side(25, 900, 1.7, 30), side(9, 1100, 2.2, 12)
    lower, upper = ratio_ends(Compared(one, two), 0.95)

    def gap(ratio: float, a: Precision, b: Precision) -> float:
        below, above = a.rate - lower_ends(a, 0.025), upper_ends(b, 0.025) - b.rate
        apart = a.rate - ratio * b.rate
        return float((apart - np.hypot(below, ratio * above))[0])

    assert lower[0] == pytest.approx(optimize.brentq(gap, 1e-6, 3, args=(one, two)))
    assert 1 / upper[0] == pytest.approx(optimize.brentq(gap, 1e-6, 3, args=(two, one)))


def test_independent_events_have_about_the_interval_of_jeffreys():
    for x, n in ((1, 200), (12, 300), (290, 300)):
        cells = independent(np.array([x]), np.array([n]))
        jeffreys = stats.beta.ppf([0.025, 0.975], x + 0.5, n - x + 0.5)
        exact = stats.beta.ppf(0.975, x + 1, n - x), stats.beta.ppf(0.025, x, n - x + 1)
        lower, upper = lower_ends(cells, 0.025)[0], upper_ends(cells, 0.025)[0]
        # Between Jeffreys and Clopper-Pearson, but for a half clump more on the far side.
        assert exact[1] - 1e-9 <= lower <= jeffreys[0] * 1.01
        assert jeffreys[1] * 0.99 <= upper <= exact[0] * 1.15


def test_no_event_is_the_rule_of_three():
    cells = independent(np.array([0.0]), np.array([400.0]))
    assert upper_ends(cells, 0.025)[0] == pytest.approx(1 - 0.05 ** (1 / 400))


def test_mirrored_rates_have_mirrored_lower_ends():
    few, most = side(10, 100, 2, 9), side(90, 100, 2, 9)
    assert lower_ends(few, 0.025)[0] == pytest.approx(1 - upper_ends(most, 0.025)[0])


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_findings_contradict_no_interval(seed):
    rng = np.random.default_rng(seed)
    people = pd.DataFrame(
        {"group": rng.choice(list("abcd"), 160), "sex": rng.choice(["f", "m"], 160)}
    )
    person = np.repeat(np.arange(160), 10)
    weight = rng.gamma(0.5, 2, 160) * np.where(people["group"] == "a", 3, 1)
    score = -rng.exponential(1.0, len(person)) + 0.4 * weight[person]
    trials = PersonTrials("FPIR", 160, person, score.astype(np.float32), True, 100)
    plan = Plan(factors=("group", "sex", "group x sex"), primary_thresholds=(1.0,))
    found = finding_table([trials], people, [0.2, 0.6, 1.0, 1.6], plan)
    pairs = found[found["group_a"] != "*"]
    apart = (pairs["ratio_lower"] > 1) | (pairs["ratio_upper"] < 1)
    primary = pairs["primary"].astype(bool)
    testable = pairs["verdict"] != "untestable"
    claimed = pairs["p_adjusted"] < plan.alpha
    assert np.array_equal(apart[primary & testable], claimed[primary & testable])
    # An exploratory claim is never beside an interval that holds 1.
    assert apart[claimed].all()
    inside = (pairs["equivalence_lower"] > 1 / plan.margin) & (
        pairs["equivalence_upper"] < plan.margin
    )
    assert inside[pairs["verdict"] == "equivalent"].all()
    signed = (pairs["difference_lower"] > 0) | (pairs["difference_upper"] < 0)
    assert np.array_equal(signed[testable], apart[testable])
    assert (pairs.loc[pairs["verdict"] == "different", "fragility"].dropna() >= 1).all()


def evidence(x: list[float], effects: list[float], *, pairs: bool = False) -> Evidence:
    events = np.array([x])
    n, people = 4950.0 if pairs else 1000.0, 100.0
    rate = events / n
    one = np.ones_like(events)
    variance = np.array([effects]) * rate * (1 - rate) / n
    return Evidence(
        events, n * one, variance, 20 * one, one, one, np.array([[people]]), one, one, pairs, True
    )


def test_design_effects_are_borrowed_unscaled_from_the_nearest_threshold_with_enough():
    found = precision_of(evidence([80, 12, 5, 0], [2, 3, 1, 1]))
    assert found.effect[0].tolist() == pytest.approx([2, 3, 3, 3])
    # Its own, if that is larger.
    assert precision_of(evidence([80, 5], [2, 4])).effect[0, 1] == pytest.approx(4)
    # Nothing to borrow: the people of the events bound it, two of them for a comparison; without an
    # event people are the trials, or disjoint pairs of people.
    of_one_person = 1 + 9 * correlation_bound(*np.array([[5.0], [1.0], [10.0]]))[0]
    found = precision_of(evidence([5, 0], [2, 1]))
    assert found.effect[0].tolist() == pytest.approx([of_one_person, 10])
    of_one_pair = 1 + 98 * correlation_bound(*np.array([[5.0], [1.0], [99.0]]))[0]
    few = evidence([5, 0], [2, 1], pairs=True)
    assert precision_of(few).effect[0].tolist() == pytest.approx([of_one_pair, 99])
    # Ten people of five matches are five pairs, and the own variance is the larger one.
    ten = np.full_like(few.events, 10.0)
    assert precision_of(replace(few, affected=ten)).effect[0, 0] == pytest.approx(2)


def test_one_match_among_few_people_does_not_make_their_rate_known():
    # 10 people, 405 comparisons: none seen allows up to 37 %, and one must not mean 1.5 %.
    few = replace(
        evidence([1], [1], pairs=True), people=np.array([[10.0]]), trials=np.array([[405.0]]),
        affected=np.array([[2.0]]),
    )  # fmt: skip
    assert upper_ends(precision_of(few), 0.025)[0, 0] > 0.04


def test_people_who_weigh_unequally_are_as_unlike_as_more_events_show():
    def spread(alike: float, events=(80, 12, 5), effects=(9, 2, 2)) -> np.ndarray:
        found = evidence(events, effects, pairs=True)
        return precision_of(replace(found, alike=np.array([[alike]]))).spread[0]

    n, lender = 100, evidence([80], [9], pairs=True).trials[0, 0]
    own = {x: (1 - x / lender) / x * (n + 10) for x in (12, 80)}
    # All alike: its own, or of few events that of the nearest with ten.
    assert spread(n) == pytest.approx([8 * own[80] / n, own[12] / n, own[12] / n])
    half = np.array([8 * own[80], 8 * own[80], 8 * own[80]]) / (n / 2)
    assert spread(n / 2) == pytest.approx(half)
    between = own[12] + 0.5 * (8 * own[80] - own[12])
    assert spread(n * 0.75)[1:] == pytest.approx([between / (n * 0.75)] * 2)
    # Never less than its own, and nothing where no threshold has ten events.
    assert spread(n / 2, (80, 12), (1, 9))[1] == pytest.approx(8 * own[12] / (n / 2))
    assert spread(n / 2, (5, 2), (2, 2)).tolist() == [0, 0]


def test_below_the_minimum_evidence_nothing_is_tested():
    found = compare_groups([1, 0, 0, 0, 0, 0], range(6), list("abcdef"), reference="b")
    assert set(found["verdict"]) == {"untestable"}
    assert found["p_value"].isna().all()
    assert found["ratio_upper"].isna().all()
    person = np.repeat(np.arange(40), 10)
    # Twenty events of two people.
    two = compare_groups(person < 2, person, np.where(person < 20, "a", "b"))
    assert set(two["verdict"]) == {"untestable"}


def test_one_question_has_one_p_value():
    rng = np.random.default_rng(1)
    person = np.repeat(np.arange(100), 10)
    group = np.where(person < 50, "a", "b")
    event = rng.random(1000) < np.where(person < 50, 0.09, 0.03)
    found = compare_groups(event, person, group)
    assert found["p_value"].iloc[0] == found["p_value"].iloc[1]
    assert found["p_adjusted"].iloc[0] == found["p_adjusted"].iloc[1]
    # People without a label are no group, and change nothing.
    event, person = np.append(event, [1] * 9), np.append(person, np.arange(100, 109))
    more = compare_groups(event, person, np.append(group, [None] * 9))
    # The arithmetic of longer arrays rounds the last digit otherwise.
    assert more["p_value"].iloc[0] == pytest.approx(found["p_value"].iloc[0], rel=1e-12)


def test_clusters_are_the_unit_where_they_are_given():
    """Families of four who share a rate: as people they look like much more evidence."""
    rng = np.random.default_rng(2)
    family, person = np.arange(160) // 4, np.repeat(np.arange(160), 10)
    studies = []
    for _ in range(60):
        rate = rng.beta(0.3, 5.7, 40)[family]
        score = (rng.random(1600) < rate[person]).astype(np.float32)
        studies.append(PersonTrials("FPIR", 160, person, score, True, 100))
    people = pd.DataFrame({"group": np.where(np.arange(160) < 80, "a", "b")})
    plan = Plan(factors=("group",), primary_thresholds=(0.5,))

    def false(people: pd.DataFrame) -> int:
        found = pairs_of(finding_table(side_by_side(studies), people, [0.5], plan))
        assert len(found) == 60
        return int((found["p_value"] < 0.05).sum())

    assert false(people) >= 12
    assert false(people.assign(cluster_id=family)) <= 8


def test_inequality_of_equal_groups_holds_zero():
    rng = np.random.default_rng(3)
    x = rng.binomial(1000, 0.03, (14, 2000)) / 1000
    found = coefficient_of_variation(x, np.full(x.shape, 1000.0), 0.95)
    assert np.mean(found.lower == 0) > 0.96
    apart = x * np.where(np.arange(14) == 0, 3.0, 1.0)[:, None]
    assert np.mean(coefficient_of_variation(apart, np.full(x.shape, 1000.0), 0.95).lower > 0) > 0.95


def test_many_groups_and_thresholds_are_arrays(monkeypatch):
    """Ends are found of all thresholds at once: calls grow with the groups, not with both."""
    rng = np.random.default_rng(4)
    person = np.repeat(np.arange(2000), 10)
    score = rng.normal(0, 1, 2000)[person] + rng.normal(0, 1, 20_000)
    people = pd.DataFrame({"group": rng.integers(0, 14, 2000).astype(str)})
    trials = PersonTrials("FPIR", 2000, person, score.astype(np.float32), True, 100)
    plan = Plan(factors=("group",), primary_thresholds=(2.0,))
    calls = dict.fromkeys((10, 100), 0)
    found_by = ends._ends
    for thresholds in calls:

        def counted(*given, thresholds=thresholds, **more):
            calls[thresholds] += 1
            return found_by(*given, **more)

        monkeypatch.setattr(ends, "_ends", counted)
        found = finding_table([trials], people, np.linspace(0, 4, thresholds).tolist(), plan)
        assert len(found) == thresholds * (1 + 13 + 14)
    assert calls[100] < 3 * calls[10], calls


@pytest.mark.parametrize("kind", ["passes", "misses", "comparisons", "cameras"])
def test_other_thresholds_that_are_listed_change_nothing_at_this_one(kind: str):
    people = labels(60, 3)
    trials: Trials = random_persons(60, 2, metric="FNIR" if kind == "misses" else "FPIR")
    at = -0.7 if kind == "misses" else 0.9
    if kind == "comparisons":
        trials, at = random_pairs(60, 1, floor=0.1)[0], 0.5
        # Scores that lend are listed below the lowest threshold.
        assert len(trials.score) > 0.1 * trials.comparisons
    elif kind == "cameras":
        camera = np.random.default_rng(0).integers(0, 2, len(trials.person))
        trials = replace(trials, conditions=(Condition("camera", ("north", "south"), camera),))
    factors = ("camera", "camera x gender") if kind == "cameras" else ("gender", "ethnicity")
    plan = Plan(factors=factors, watchlist="random")
    low = at - 0.3  # The lowest one says from where on scores are known.
    lists = [[low, at], [low, at - 0.1, at], [low, at - 0.2, at, at + 0.1, at + 0.2]]
    found, rates = [], []
    for listed in lists:
        rows = finding_table([trials], people, listed, plan)
        found.append(rows[np.isclose(rows["threshold"], at)].reset_index(drop=True))
        rows = rate_table([trials], people, factors, listed, plan)
        rates.append(rows[np.isclose(rows["threshold"], at)].reset_index(drop=True))
    pairs = found[0]["group_a"] != "*"
    assert (found[0].loc[pairs, ["events_a", "events_b"]].min(axis=1) < 10).any()
    assert rates[0]["interval"].str.contains("nearest score").any()
    numbers = ["p_value", "p_equivalence", "ratio", "design_effect_a", "degrees_a", "bound_a"]
    for other in found[1:]:
        for name in (one for one in numbers if one in other):
            np.testing.assert_allclose(other[name], found[0][name], rtol=1e-9, err_msg=name)
    for other in rates[1:]:
        for name in ("lower", "upper", "effective_trials"):
            np.testing.assert_allclose(other[name], rates[0][name], rtol=1e-9, err_msg=name)


def of_single_trials(people: int) -> tuple[Evidence, Precision]:
    """0, 1, ... all of so many people with an event in their one trial, one a row."""
    thresholds = np.arange(people, -1, -1) + 0.5
    trials = PersonTrials("x", people, np.arange(people), np.arange(1.0, people + 1), True)
    counter = PersonCounter.of(trials, thresholds)
    everybody = np.zeros(people, np.intp)
    cells, degrees = counter.count(everybody, 1), counter.degrees(everybody, 1)
    x = cells.events.T
    one = np.ones_like(x)
    found = Evidence(
        x, people * one, cells.variance.T, degrees.T, np.minimum(x, 1.0),
        np.minimum(people - x, 1.0), people * one, x, people - x, False, True,
    )  # fmt: skip
    return found, precision_of(found)


@pytest.mark.parametrize(("first", "second"), [(20, 20), (15, 60), (102, 102)])
def test_more_extreme_outcomes_of_single_trials_never_say_less(first: int, second: int):
    (one, a), (two, b) = of_single_trials(first), of_single_trials(second)
    rows, columns = (place.ravel() for place in np.indices((first + 1, second + 1)))
    p = np.nan_to_num(p_value(Compared(a.take(rows), b.take(columns)))[:, 0], nan=1.0)
    p = p.reshape(first + 1, second + 1)
    higher = rows / first > columns / second
    higher = higher.reshape(p.shape)
    both = higher[:-1] & higher[1:]
    assert np.all(p[1:][both] <= p[:-1][both] * 1.01 + 2e-15)
    # 101 of 102 against nobody is no weaker evidence than 88 of 102.
    assert p[-2, 0] <= p[int(0.86 * first), 0]
    # Fisher's test conditions on the total and is a little more careful; never by far.
    for x, y in ((first // 3, 1), (first // 2, second // 10), (first - 1, second // 2)):
        fisher = stats.fisher_exact([[x, first - x], [y, second - y]]).pvalue
        boschloo = stats.boschloo_exact([[x, y], [first - x, second - y]], n=16).pvalue
        assert boschloo / 3 <= p[x, y] <= max(3 * fisher, 2.1e-15) or p[x, y] < 1e-6
    testable = enough_evidence(one.take(rows), two.take(columns)).reshape(p.shape)
    for rate in (0.02, 0.1, 0.3, 0.5, 0.9, 0.98):
        chance = np.outer(
            stats.binom.pmf(np.arange(first + 1), first, rate),
            stats.binom.pmf(np.arange(second + 1), second, rate),
        )
        assert chance[(p < 0.05) & testable].sum() <= 0.055


@pytest.mark.parametrize("spread", [0.01, 0.2, 1.0])
def test_the_upper_end_of_unlike_people_is_that_of_a_gamma_mixture(spread: float):
    """Integrate Poisson counts over gamma-distributed rates."""
    x, n = 12.0, 1e7
    cells = Precision(*(np.array([v]) for v in (x, n, 1.0, 1e9, 0.1, spread)), np.array(["given"]))
    end = upper_ends(cells, 0.025)[0] * n
    rate = np.linspace(0, 1, 20_001)[1:-1]
    rate = stats.gamma.ppf(rate, 1 / spread, scale=end * spread)
    # Half an event more than was seen: between so few, and one more.
    chance = np.mean(stats.poisson.cdf(x, rate)), np.mean(stats.poisson.cdf(x - 1, rate))
    assert np.sqrt(np.prod(chance)) == pytest.approx(0.025, rel=0.02)


@pytest.mark.parametrize("events", [8, 54, 75])
def test_the_upper_end_of_few_unlike_people_leaves_trials_without_an_event(events: int):
    def end(spread: float) -> float:
        values = events, 156, 6.0, 12.0, 12.0, spread
        cells = Precision(*(np.array([float(v)]) for v in values), np.array(["given"]))
        return float(upper_ends(cells, 0.025)[0])

    ends = [end(spread) for spread in (0.0, 0.1, 0.2, 0.4)]
    assert ends == sorted(ends)
    assert ends[0] < ends[-1] < 0.9
