"""Rates by condition of trials, and conditions compared on the same people."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lfr_eval.contract.trials import PersonTrials, condition_of
from lfr_eval.inference import Plan, finding_table, rate_table
from lfr_eval.inference.factors import cross, units_of
from lfr_eval.inference.paired import PairedTrials, exchangeable_variance, paired_sides
from lfr_eval.inference.precision import ENOUGH_EVENTS, Lenders, precision_of

from .builders import labels, pairs_of, random_pairs, random_persons, side_by_side

STEPS = np.array([-0.2, 0.0, 0.3])


def with_cameras(trials: PersonTrials, seed: int, cameras: int = 2) -> PersonTrials:
    rng = np.random.default_rng(seed)
    camera = pd.Series(rng.integers(0, cameras, len(trials.person))).map("camera{}".format)
    light = pd.Series(rng.choice(["day", "night"], len(trials.person)))
    conditions = (condition_of("camera", camera), condition_of("light", light))
    return PersonTrials(**{**vars(trials), "conditions": conditions})


def plan_of(*factors: str, **settings: object) -> Plan:
    given = {"primary_thresholds": (0.0,), **settings}
    return Plan(factors=factors, **given)  # type: ignore[arg-type]


def passes(
    seed: int,
    *,
    people: int = 60,
    each: int = 6,
    base: float = 0.1,
    ratio: float = 1.0,
    uneven: float = 0.5,
    odd: float = 0.0,
    confounded: float = 0.0,
) -> PersonTrials:
    """Passes of people who differ; camera south errs `ratio` times as often as north.

    `odd` is the share of people whose own two cameras differ although cameras do not on average,
    `confounded` how much more often people who err often pass south.
    """
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), each)
    tendency = rng.gamma(2.0, 0.5, people)
    chance_south = np.clip(uneven + confounded * np.sign(tendency - 1.0), 0.02, 0.98)
    south = rng.random(len(person)) < chance_south[person]
    swing = np.where(rng.random(people) < odd, rng.choice([-0.9, 0.9], people), 0.0)
    chance = (
        base * tendency[person] * np.where(south, ratio * (1 + swing[person]), 1 - swing[person])
    )
    event = rng.random(len(person)) < np.clip(chance, 0, 1)
    camera = condition_of("camera", pd.Series(np.where(south, "south", "north")))
    return PersonTrials(
        "FPIR", people, person, event.astype(np.float32), True, 1000,
        reference=rng.integers(0, 15, len(person)), conditions=(camera,),
    )  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), factor=st.sampled_from(
    ["camera", "camera x ethnicity", "ethnicity x camera", "camera x light x gender"]))  # fmt: skip
def test_rates_by_condition_are_those_of_plain_counting(seed: int, factor: str) -> None:
    trials, people = with_cameras(random_persons(20, seed), seed, 3), labels(20, seed)
    if not len(trials.person):
        return
    table = rate_table([trials], people, [factor], STEPS, Plan())
    table = table[table["factor"] == factor].set_index(["group", "threshold"])
    values = {one.factor: np.array(one.names)[one.codes] for one in trials.conditions}
    values |= {c: people[c].fillna("unknown").to_numpy(str)[trials.person] for c in people}
    name = np.array(
        [" x ".join(row) for row in zip(*(values[p] for p in factor.split(" x ")), strict=True)]
    )
    assert set(name) <= set(table.index.get_level_values(0))
    assert table["trials"].groupby("threshold").sum().unique().tolist() == [len(name)]
    for group, threshold in table.index:
        mine = name == group
        event = mine & (trials.score >= np.float32(threshold))
        row = table.loc[(group, threshold)]
        assert row["trials"] == mine.sum()
        assert row["events"] == event.sum()
        assert row["subjects"] == len(set(trials.person[mine]))
        assert row["subjects_with_event"] == len(set(trials.person[event]))


def test_a_condition_has_the_interval_of_its_own_trials() -> None:
    trials, people = with_cameras(random_persons(40, 4), 4), labels(40)
    table = rate_table([trials], people, ["camera"], STEPS, Plan())
    camera = trials.conditions[0]
    for code, name in enumerate(camera.names):
        keep = camera.codes == code
        alone = PersonTrials(
            "FPIR", 40, trials.person[keep], trials.score[keep], True, 500,
            reference=trials.reference[keep],
        )  # fmt: skip
        expected = rate_table([alone], people, [], STEPS, Plan())
        mine = table[table["group"] == name]
        columns = ["events", "trials", "lower", "upper", "effective_trials"]
        np.testing.assert_allclose(mine[columns].astype(float), expected[columns].astype(float))


def test_trials_without_the_condition_have_no_rates_by_it() -> None:
    trials, people = with_cameras(random_persons(30, 1), 1), labels(30)
    pairs, *_ = random_pairs(30, 1)
    table = rate_table([trials, pairs], people, ["camera x gender", "gender"], [0.3], Plan())
    assert set(table.loc[table["factor"] == "camera x gender", "metric"]) == {"FPIR"}
    assert set(table.loc[table["factor"] == "gender", "metric"]) == {"FPIR", "FMR"}
    found = finding_table([trials, pairs], people, [0.3], plan_of("camera", "gender"))
    assert set(found.loc[found["factor"] == "camera", "metric"]) == {"FPIR"}
    with pytest.raises(KeyError, match=r"No factor \['weather'\]"):
        rate_table([trials], people, ["weather"], [0.3], Plan())


def counted(trials: PersonTrials, within: np.ndarray | None = None) -> PairedTrials:
    camera = trials.conditions[0]
    return PairedTrials.of(trials, np.array([0.5]), camera.codes, len(camera.names), within)


def test_the_difference_within_people_by_hand() -> None:
    trials = passes(3, ratio=2.0)
    camera, event = trials.conditions[0].codes, trials.score >= 0.5
    scored, weights = np.zeros((60, 2)), np.zeros(60)
    exchangeable = 0.0
    for i in range(60):
        a = [event[(trials.person == i) & (camera == c)].sum() for c in (0, 1)]
        m = [np.sum((trials.person == i) & (camera == c)) for c in (0, 1)]
        n = sum(m)
        weights[i] = m[0] * m[1] / n
        scored[i] = a[0] * m[1] / n, a[1] * m[0] / n
        exchangeable += m[0] * m[1] * sum(a) * (n - sum(a)) / (n**2 * (n - 1))
    rate = scored.sum(axis=0) / weights.sum()
    found = paired_sides(counted(trials), 0, True)
    assert found is not None
    np.testing.assert_allclose([found.a.rate[0, 0], found.b.rate[0, 0]], rate)
    both = np.sum(weights > 0)
    # Leaving one person out at a time.
    without = (scored.sum(axis=0) - scored) / (weights.sum() - weights)[:, None]
    residual = np.where(weights[:, None] > 0, (without - rate) * weights.sum(), 0.0)
    larger = (both - 1) / both * np.sum(residual**2, axis=0)
    difference = (both - 1) / both * np.sum((residual[:, 0] - residual[:, 1]) ** 2)
    spread = [one.variance[0, 0] for one in (found.a, found.b)]
    np.testing.assert_allclose(spread, larger / weights.sum() ** 2)
    covariance = (larger.sum() - max(difference, exchangeable)) / 2
    assert found.correlation[0, 0] == pytest.approx(covariance / np.sqrt(np.prod(larger)))
    assert found.people == both


def test_few_people_who_differ_decide_nothing() -> None:
    """Five people of forty differ, all in one direction: the exact sign test says 0.06."""
    events = np.zeros((40, 2))
    events[:20] = 1
    events[20:25, 0] = 1
    camera = condition_of("camera", pd.Series(np.tile(["north", "south"], 40)))
    trials = PersonTrials(
        "FPIR", 40, np.repeat(np.arange(40), 2), events.reshape(-1).astype(np.float32), True, 9,
        conditions=(camera,),
    )  # fmt: skip
    assert verdict(trials) == "untestable"
    events[25:32, 0] = 1
    more = PersonTrials(**{**vars(trials), "score": events.reshape(-1).astype(np.float32)})
    assert verdict(more) == "different"


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"base": 0.02},
        {"uneven": 0.2},
        {"odd": 0.7, "base": 0.25},
        {"confounded": 0.35},
    ],
    ids=["plain", "rare", "uneven", "people who differ by camera", "confounded"],
)
def test_the_level_holds(settings: dict[str, float]) -> None:
    # Three standard errors of 5 % in 200 repetitions are 4.6 points.
    assert share_different(200, **settings) <= 0.05 + 0.046


def verdict(trials: PersonTrials) -> str:
    people = pd.DataFrame({"gender": ["female", "male"] * (trials.people // 2)})
    found = finding_table([trials], people, [0.5], plan_of("camera", primary_thresholds=(0.5,)))
    return str(found["verdict"].iloc[1])


def share_different(repetitions: int, **settings: object) -> float:
    studies = [passes(seed, **settings) for seed in range(repetitions)]  # type: ignore[arg-type]
    people = pd.DataFrame({"gender": ["female", "male"] * (studies[0].people // 2)})
    plan = plan_of("camera", primary_thresholds=(0.5,))
    found = pairs_of(finding_table(side_by_side(studies), people, [0.5], plan))
    assert len(found) == repetitions
    return float((found["p_value"] < 0.05).mean())


def test_a_worse_camera_is_found_and_its_ratio_is_right() -> None:
    assert share_different(20, ratio=3.0, base=0.12) > 0.8
    trials = passes(1, ratio=3.0, base=0.12, people=300)
    plan = plan_of("camera", reference_groups={"camera": "north"})
    row = finding_table([trials], labels(300), [0.5], plan).iloc[1]
    assert row["ratio_lower"] < 3.0 < row["ratio_upper"]
    assert row["ratio_upper"] / row["ratio_lower"] < 2.5


@pytest.mark.slow
def test_the_interval_of_the_ratio_covers() -> None:
    plan = plan_of("camera", reference_groups={"camera": "north"})
    people = labels(80)
    studies = [passes(seed, people=80, ratio=2.0, base=0.1, confounded=0.2) for seed in range(200)]
    found = pairs_of(finding_table(side_by_side(studies), people, [0.5], plan))
    assert len(found) == 200
    inside = (found["ratio_lower"] <= 2.0) & (found["ratio_upper"] >= 2.0)
    print(f"coverage at 95 %, 200 repetitions: {np.mean(inside):.3f}")
    assert 0.95 - 0.046 <= np.mean(inside) <= 0.99


def test_pairing_narrows_and_confounding_does_not_mislead() -> None:
    assert share_different(20, confounded=0.45, base=0.25, each=10) <= 3 / 20
    naive = []
    for seed in range(20):
        trials = passes(seed, confounded=0.45, base=0.25, each=10)
        camera, event = trials.conditions[0].codes, trials.score >= 0.5
        table = [[np.sum(event[camera == c]), np.sum(~event[camera == c])] for c in (0, 1)]
        naive.append(stats.fisher_exact(table).pvalue < 0.05)
    assert np.mean(naive) > 0.5


def test_the_sentence_speaks_of_passes() -> None:
    trials = passes(2, ratio=4.0, base=0.15)
    found = finding_table([trials], labels(60), [0.5], plan_of("camera", primary_thresholds=(0.5,)))
    omnibus, pair = found["statement"].iloc[:2]
    assert omnibus.startswith(
        "At threshold 0.50 and with this watchlist of 1,000, false alert rates differed between "
        "passes by camera, among the same people (p = "
    )
    assert "passes with camera" in pair
    assert "set off false alerts" in pair
    assert "times as often as passes with camera" in pair
    assert ", among the same people (95 % interval" in pair
    assert "subjects" not in pair
    assert found["test"].iloc[1] == (
        "interval of each rate, combined by MOVER, for this watchlist; the same people"
    )


def test_crossed_with_a_label_it_compares_groups_and_cameras() -> None:
    trials, people = with_cameras(random_persons(60, 7), 7), labels(60, 7)
    plan = plan_of("camera x gender", reference_groups={"camera x gender": "camera0 x male"})
    found = finding_table([trials], people, [0.0], plan)
    pairs = list(zip(found["group_a"], found["group_b"], strict=True))
    assert pairs == [
        ("camera0 x female", "camera0 x male"),
        ("camera1 x female", "camera1 x male"),
        ("camera1 x female", "camera0 x female"),
        ("camera1 x male", "camera0 x male"),
    ]
    assert found["finding_id"].is_unique
    assert "women with camera camera0 had false alerts" in found["statement"].iloc[0]
    assert "passes of women with camera camera1" in found["statement"].iloc[2]
    alone = trials.conditions[0].codes == 0
    part = PersonTrials("FPIR", 60, trials.person[alone], trials.score[alone], True, 500,
                        reference=trials.reference[alone])  # fmt: skip
    own = finding_table([part], people, [0.0],
                        plan_of("gender", reference_groups={"gender": "male"}))  # fmt: skip
    for column in ("rate_a", "rate_b", "ratio", "p_value"):
        assert found[column].iloc[0] == pytest.approx(own[column].iloc[1], nan_ok=True)


def test_three_cameras_have_an_omnibus_pairs_and_rests() -> None:
    trials = with_cameras(random_persons(60, 9), 9, 3)
    found = finding_table([trials], labels(60), [0.0], plan_of("camera"))
    assert found["group_b"].tolist().count("rest") == 3
    assert found["group_a"].iloc[0] == "*"
    assert len(found) == 6
    assert "all other passes" in found["statement"].iloc[-1]


def test_cameras_that_nobody_shares_are_compared_on_different_people() -> None:
    trials = random_persons(60, 2)
    camera = condition_of("camera", pd.Series(np.where(trials.person % 2, "north", "south")))
    trials = PersonTrials(**{**vars(trials), "conditions": (camera,)})
    found = finding_table([trials], labels(60), [0.0], plan_of("camera"))
    assert ", on different people (" in found["statement"].iloc[1]
    assert found["test"].iloc[1].endswith("variance over people")
    people = labels(60).assign(site=np.where(np.arange(60) % 2, "north", "south"))
    as_label = finding_table([trials], people, [0.0], plan_of("site"))
    assert found["p_value"].iloc[1] == as_label["p_value"].iloc[1]


def test_nobody_with_both_of_three_sites_cannot_be_compared() -> None:
    person = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    site = condition_of("site", pd.Series(list("abababcc")))
    trials = PersonTrials("FPIR", 4, person, np.ones(8, np.float32), True, 9, conditions=(site,))
    plan = plan_of("site", reference_groups={"site": "a"})
    row = finding_table([trials], labels(4), [0.5], plan).iloc[2]
    assert row["verdict"] == "untestable"
    assert row["statement"].endswith(
        "passes with site c and passes with site a cannot be compared: nobody has passes of both. "
        "(Exploratory.)"
    )


def test_within_a_control_condition_only_its_own_passes_are_exchanged() -> None:
    trials = with_cameras(random_persons(60, 6), 6)
    camera, light = trials.conditions
    found = finding_table([trials], labels(60), [0.0], plan_of("camera", strata=("light",))).iloc[1]
    assert found["test"].endswith("the same people, within light")
    assert ", among the same people, with the same light (" in found["statement"]
    apart = trials.person * 2 + light.codes
    by_light = PersonTrials("FPIR", 120, apart, trials.score, True, 500, conditions=(camera,))
    expected = paired_sides(PairedTrials.of(by_light, np.array([0.0]), camera.codes, 2), 0, True)
    assert expected is not None
    names = [found["group_a"], found["group_b"]]
    rates = dict(zip(camera.names, (expected.a.rate[0, 0], expected.b.rate[0, 0]), strict=True))
    assert [found["rate_a"], found["rate_b"]] == pytest.approx([rates[name] for name in names])


def test_other_watchlists_can_only_weaken_a_claim() -> None:
    trials, people = passes(2, ratio=3.0), labels(60)
    fixed, random = (
        finding_table([trials], people, [0.5], plan_of("camera", watchlist=kind)).iloc[1]
        for kind in ("fixed", "random")
    )
    assert random["p_value"] >= fixed["p_value"]
    assert random["ratio"] == pytest.approx(fixed["ratio"])


def test_too_many_conditions_are_refused() -> None:
    trials = random_persons(60, 3)
    each = condition_of("moment", pd.Series(np.arange(len(trials.person)).astype(str)))
    odd = PersonTrials(**{**vars(trials), "conditions": (each,)})
    with pytest.raises(ValueError, match="at most 50 conditions"):
        finding_table([odd], labels(60), [0.0], plan_of("moment"))


def test_names_follow_the_order_of_the_factor() -> None:
    trials, people = with_cameras(random_persons(10, 1), 1), labels(10)
    crossing = cross(trials, people, "light x gender x camera")
    assert crossing is not None
    assert crossing.name("female", "day x camera1") == "day x female x camera1"
    units = units_of(trials, people, "camera")
    assert units is not None
    assert units[0].people == 20


def test_few_events_borrow_how_alike_the_same_people_are_under_two_conditions():
    rng = np.random.default_rng(3)
    person = np.tile(np.repeat(np.arange(150), 4), 2)
    south = np.repeat([0, 1], 600)
    chance = rng.beta(0.1, 1.6, 150)[person]
    score = np.log(np.maximum(chance, 1e-300) / rng.random(len(person)))
    trials = PersonTrials("FPIR", 150, person, score.astype(np.float32), True, 100)
    steps, grid = np.array([0.0, 1.5]), np.array([-2.0, -1.0, 0.0])
    here, there = (PairedTrials.of(trials, one, south, 2) for one in (steps, grid))
    lending = paired_sides(there, 0, True)
    alone = paired_sides(here, 0, True)
    found = paired_sides(here, 0, True, lending=lending, lenders=Lenders(steps, grid))
    few = np.minimum(found.a.events, found.b.events)[0] < ENOUGH_EVENTS
    assert few.tolist() == [False, True]
    # With ten events the own correlation; with fewer that of the nearest lower score with ten.
    assert found.correlation[0, 0] == alone.correlation[0, 0] > 0.3
    assert alone.correlation[0, 1] <= 0
    assert 0 < found.correlation[0, 1] <= lending.correlation[0, 2]
    assert found.degrees[1] == lending.degrees[2]
    # The difference keeps at least the variance that the people's own passes have.
    a, b = precision_of(found.a), precision_of(found.b)
    spread = np.sqrt(a.variance * b.variance)
    left = (a.variance + b.variance - 2 * found.correlation * spread)[0]
    weight = here.trials[:, 0] * here.trials[:, 1] / here.trials.sum(axis=1)
    assert np.all(left >= exchangeable_variance(here, 0) / weight.sum() ** 2 * (1 - 1e-9))
