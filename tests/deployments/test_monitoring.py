"""The monitor may be looked at after every deployment, and still finds what is there."""

import json

import numpy as np
import pandas as pd
import pytest

from lfr_eval.contract.tables import RECORDS
from lfr_eval.deployments import DeploymentError
from lfr_eval.deployments.monitoring import above_limit, drifting, order_stakes, stakes
from lfr_eval.deployments.watching import raised_at, watch

LIMIT = 0.001


def simulated(
    rng: np.random.Generator, rate: float, looks: int = 500, spread: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    faces = rng.choice([300.0, 900.0, 2000.0, 12000.0], looks)
    mean = rate * faces * (rng.gamma(1 / spread, spread, looks) if spread else 1.0)
    return rng.poisson(mean).astype(float), faces


@pytest.mark.parametrize("spread", [0.0, 2.0, 10.0])
def test_a_false_alarm_over_five_hundred_looks_is_rarer_than_five_in_a_hundred(
    spread: float,
) -> None:
    rng = np.random.default_rng(3)
    raised = 0
    for _ in range(600):
        events, faces = simulated(rng, LIMIT, spread=spread)
        raised += bool((stakes(events, LIMIT * faces) >= 20).any())
    assert raised / 600 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 600)


def test_an_ordinary_test_after_each_deployment_would_not_hold() -> None:
    from scipy import stats

    rng = np.random.default_rng(3)
    raised = 0
    for _ in range(200):
        events, faces = simulated(rng, LIMIT)
        p = stats.poisson.sf(np.cumsum(events) - 1, LIMIT * np.cumsum(faces))
        raised += bool((p < 0.05).any())
    assert raised / 200 > 0.2


@pytest.mark.parametrize(
    ("times", "limit", "median"), [(2, LIMIT, 10), (3, LIMIT, 6), (5, LIMIT, 4), (2, 1e-4, 40)]
)
def test_a_rate_above_the_limit_is_found_soon(times: int, limit: float, median: int) -> None:
    rng = np.random.default_rng(5)
    found = []
    for _ in range(200):
        events, faces = simulated(rng, times * limit)
        found.append(int(np.argmax(stakes(events, limit * faces) >= 20)) + 1)
    assert np.median(found) <= median


def test_a_false_alert_without_exposure_contradicts_any_limit() -> None:
    assert stakes([0, 1], [0.0, 0.0]).tolist() == [1.0, np.inf]


def records(events: np.ndarray, faces: np.ndarray, **more: object) -> pd.DataFrame:
    days = pd.date_range("2024-01-01", periods=len(events)).strftime("%Y-%m-%d")
    frame = pd.DataFrame(dict.fromkeys(RECORDS.names), index=range(len(events)))
    given = {"record_id": days, "source": "a.csv", "date": days, "false_alerts": events}
    given |= {"faces_seen": faces, "alerts": events + 3, "hours": 5.0} | more
    return RECORDS.conform(frame.assign(**given))


def test_the_day_of_the_alarm_is_the_first_on_which_the_stake_is_large_enough() -> None:
    events = np.array([0, 0, 9, 120, 0])
    alarm = above_limit(records(events, np.full(5, 1000.0)), LIMIT, "per face")
    assert alarm.at == "2024-01-04"
    assert alarm.p_value < 0.05
    assert alarm.sentence.startswith(
        "more false alerts than 1 in 1,000 faces: yes, since 2024-01-04"
    )


def test_deployments_left_out_and_changed_thresholds_are_said() -> None:
    thresholds = [0.6] * 3 + [0.64] * 3
    frame = records(np.array([0, 1, 0, 0, 2, 0]), np.full(6, 1000.0), threshold=thresholds)
    frame.loc[4, "faces_seen"] = None
    (alarm,) = watch(frame, LIMIT, "per face")
    assert alarm.sentence.endswith(
        "1 deployment with 2 false alerts left out: 2024-01-05 (no faces seen). "
        "Thresholds: 0.60 and 0.64."
    )


@pytest.mark.parametrize(
    ("false", "said"),
    [(None, "an unknown number of"), (0, "0"), (2, "2"), ((None, 2), "at least 2")],
)
def test_false_alerts_that_nobody_counted_are_not_none(false: object, said: str) -> None:
    held = list(false) if isinstance(false, tuple) else [false]
    frame = records(np.zeros(9), np.full(9, 1000.0))
    frame.loc[: len(held) - 1, "false_alerts"] = pd.array(held, dtype="Int64")
    frame.loc[: len(held) - 1, "date"] = None
    (alarm,) = watch(frame, LIMIT, "per face")
    assert f"deployment{'s' * (len(held) > 1)} with {said} false alerts left out" in alarm.sentence


def test_a_watchlist_that_grows_is_no_drift() -> None:
    """False alerts per face are in proportion to it; of alerts, as many are false as before."""
    rng = np.random.default_rng(4)
    size = np.linspace(6_000, 18_000, 300).round()
    frame = records(rng.poisson(size / 4_000).astype(float), np.full(300, 1000.0))
    grown = drifting(frame.assign(watchlist_size=size.astype(int)), "per face")
    unknown, alerts = drifting(frame, "per face"), drifting(frame, "per alert")
    assert grown is not None
    assert unknown is not None
    assert alerts is not None
    assert (grown.raised, unknown.raised) == (False, True)
    assert grown.question.endswith(
        "earlier deployments, in proportion to the size of the watchlist"
    )
    assert "watchlist" not in unknown.question + alerts.question


def test_drift_is_told_from_the_first_deployments_and_not_without_them() -> None:
    rng = np.random.default_rng(2)
    before, after = rng.poisson(1.0, 20), rng.poisson(6.0, 40)
    worse = records(np.r_[before, after].astype(float), np.full(60, 1000.0))
    same = records(rng.poisson(1.0, 60).astype(float), np.full(60, 1000.0))
    found, none = drifting(worse, "per face"), drifting(same, "per face")
    assert found is not None
    assert found.raised
    assert none is not None
    assert not none.raised
    assert drifting(worse.head(20), "per face") is None


@pytest.mark.parametrize("world", ["alike", "differing", "bursts", "larger crowds"])
def test_no_question_at_all_raises_a_false_alarm_too_often(world: str) -> None:
    """Deployments that differ are no drift, and the questions share the error."""
    rng = np.random.default_rng(8)
    raised = 0
    for _ in range(100):
        events, faces = simulated(rng, LIMIT, 150, 10.0 if world == "differing" else 0.0)
        if world == "bursts":
            events = rng.poisson(LIMIT * faces * 100 * (rng.random(150) < 0.01)).astype(float)
        if world == "larger crowds":
            faces = faces * np.linspace(1, 10, 150)
            events = rng.poisson(LIMIT * faces).astype(float)
        above, drift = stakes(events, LIMIT * faces), order_stakes(events, faces)
        raised += bool((above >= 40).any() or (drift >= 40).any())
    assert raised / 100 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 100)


def test_all_questions_share_one_chance_of_a_false_alarm() -> None:
    groups = json.dumps({"ethnicity": {"Black": 1, "White": 1}})
    frame = records(np.full(25, 2.0), np.full(25, 50_000.0), false_by_group=groups)
    alarms = watch(frame, LIMIT, "per face", shares={"black": 0.3, "white": 0.4})
    assert [alarm.alpha for alarm in alarms] == [0.05 / 4] * 4
    assert "p-value is at most 0.0125" in raised_at(alarms)


def test_one_group_over_represented_is_found_only_with_its_share_stated() -> None:
    groups = json.dumps({"ethnicity": {"Black": 4, "White": 1}})
    frame = records(np.full(10, 5.0), np.full(10, 50_000.0), false_by_group=groups)
    alarms = watch(frame, LIMIT, "per face", shares={"black": 0.3})
    assert [alarm.raised for alarm in alarms] == [False, True]
    assert "assumed to be 30 % of the faces seen" in alarms[1].sentence
    with pytest.raises(
        DeploymentError, match="No record holds the false alerts of a group 'Green'"
    ):
        watch(frame, LIMIT, "per face", shares={"Green": 0.3})


def test_impossible_values_are_named_together() -> None:
    with pytest.raises(DeploymentError, match=r"--limit -1.*--alpha 2.*share of 3"):
        watch(records(np.ones(3), np.ones(3)), -1, "per face", alpha=2, shares={"a": 3})
