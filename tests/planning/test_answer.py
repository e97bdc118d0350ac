"""Questions of the planner: what they answer, how numbers agree, what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lfr_eval.cli import main as cli
from lfr_eval.inference import detectable_ratio
from lfr_eval.planning.answer import FISHER, THIS_TEST, TWO_PROPORTIONS, answer, cases_of
from lfr_eval.planning.dependence import correlation_of, rate_at, rate_of_people
from lfr_eval.planning.question import PlanningError, Question, read_rate
from lfr_eval.planning.sample import (
    Setting,
    difference_power,
    equivalence_power,
    normal_people,
    people_needed,
    ratio_found,
)
from lfr_eval.planning.simulation import Design, simulate_power


def rows_of(**asked: object) -> list[dict[str, object]]:
    frame = answer(cases_of(Question(**asked))).rows  # type: ignore[arg-type]
    return frame.to_dict("records")


def test_people_for_a_ratio_by_three_methods() -> None:
    rows = rows_of(rate=1 / 6000, ratios=(2, 3, 5))
    normal = [row["people"] for row in rows if row["method"] == TWO_PROPORTIONS]
    assert [round(float(str(n))) for n in normal] == [141_243, 47_076, 17_650]
    for ratio in (2, 3, 5):
        own, fisher = (
            next(float(str(r["people"])) for r in rows if r["method"] == m and r["ratio"] == ratio)
            for m in (THIS_TEST, FISHER)
        )
        assert 0.85 * normal[(2, 3, 5).index(ratio)] < own < fisher < 1.25 * own


def test_what_is_planned_is_what_a_report_would_call_detectable() -> None:
    people = people_needed(lambda n: difference_power(Setting(1 / 6000, 1, 1.0, 0.05), n, 2), 0.8)
    # The report rounds to the safe side: its exact test counts ties in full.
    assert 2.0 <= detectable_ratio(1 / 6000, people, people) <= 2.1


def test_power_ratio_and_people_are_inverse_to_one_another() -> None:
    setting = Setting(0.002, 10, 2.8, 0.025)
    people = people_needed(lambda n: difference_power(setting, n, 3), 0.8)
    assert difference_power(setting, people, 3).value >= 0.8
    assert difference_power(setting, 0.97 * people, 3).value < 0.8
    assert ratio_found(lambda r: difference_power(setting, people, r), 0.8) == pytest.approx(
        3, rel=0.02
    )


def test_listing_and_the_normal_curve_meet_where_events_are_many() -> None:
    setting = Setting(0.01, 1, 1.0, 0.05)
    people = normal_people(setting, 1.2, 0.8)
    assert 900 < people * 0.022 < 1_000
    assert difference_power(setting, people, 1.2).value == pytest.approx(0.8, abs=0.01)
    below, above = (equivalence_power(setting, n, 1.2) for n in (49_900, 50_100))
    assert (below.evidence, above.evidence) == ("enumerated", "normal approximation")
    assert below.value == pytest.approx(above.value, abs=0.01)


def test_unstated_dependence_is_answered_at_both_ends() -> None:
    people = {
        row["case"]: row["people"]
        for row in rows_of(rate=0.001, ratios=(3,), passes=10)
        if row["method"] == THIS_TEST
    }
    ends = people["passes independent"], people["passes repeat one another"]
    assert float(str(ends[1])) == pytest.approx(10 * float(str(ends[0])), rel=0.1)


def test_several_groups_need_more_people_than_two_and_less_than_equal_shares_would() -> None:
    setting = Setting(0.02, 1, 1.0, 0.05)
    two, four = (
        difference_power(replace(setting, groups=groups), 800, 2).value for groups in (2, 4)
    )
    shared = difference_power(replace(setting, alpha=0.05 / 3), 800, 2).value
    assert shared + 0.03 < four < two - 0.03
    # Two more comparisons are shown to be equivalent, too: Holm's procedure asks for more.
    two, four = (
        equivalence_power(replace(setting, rate=0.2, groups=groups), 800, 1.3).value
        for groups in (2, 4)
    )
    assert 0.3 < four < two - 0.05


@pytest.mark.parametrize("groups", [3, 6])
def test_drawing_and_the_normal_curve_meet_for_several_groups(groups: int) -> None:
    setting = Setting(0.3, 1, 1.0, 0.05, groups=groups)
    drawn, normal = (difference_power(setting, people, 1.22) for people in (1_495, 1_505))
    assert (drawn.evidence, normal.evidence) == ("drawn", "normal approximation")
    assert drawn.value == pytest.approx(normal.value, abs=0.04)
    few, many = (equivalence_power(setting, people, 1.2) for people in (1_660, 1_670))
    assert (few.evidence, many.evidence) == ("drawn", "normal approximation")
    assert few.value == pytest.approx(many.value, abs=0.04)


def test_fillers_give_more_events_than_the_watchlist() -> None:
    # One pass each: with ten, studies would have to be drawn.
    asked = {"rate": 0.0017, "people": 400, "passes": 1, "watchlist": 10_000}
    row = rows_of(**asked, fillers=178_000)[-1]
    assert row["events_lower"] == pytest.approx(12.1, abs=0.01)
    assert 1 / float(str(row["bound"])) == pytest.approx(2_386, abs=1)
    closed = rows_of(**asked, fillers=178_000, scaling="closed")[-1]
    assert float(str(closed["searched_rate"])) < float(str(row["searched_rate"]))
    with pytest.raises(PlanningError, match="use --scaling closed"):
        rows_of(rate=0.1, people=400, watchlist=1_000, fillers=178_000)


@given(rate=st.floats(1e-6, 0.5), passes=st.integers(2, 20), effect=st.floats(1, 20))
@settings(max_examples=60, deadline=None)
def test_people_with_an_event_lie_between_both_ends(
    rate: float, passes: int, effect: float
) -> None:
    share = rate_of_people(rate, passes, min(effect, passes))
    assert rate * (1 - 1e-9) <= share <= 1 - (1 - rate) ** passes + 1e-9
    assert 0 <= correlation_of(effect, passes) <= 1


def test_beta_binomial_people_are_those_of_a_simulation() -> None:
    rng = np.random.default_rng(5)
    both = 1 / 0.3 - 1
    chance = rng.beta(0.05 * both, 0.95 * both, 200_000)
    seen = (rng.binomial(8, chance) > 0).mean()
    assert rate_of_people(0.05, 8, 1 + 7 * 0.3) == pytest.approx(seen, abs=0.003)


def test_scaling_there_and_back() -> None:
    for scaling in ("linear", "closed"):
        assert rate_at(rate_at(0.001, 1e4, 178e3, scaling), 178e3, 1e4, scaling) == pytest.approx(
            0.001
        )


@pytest.mark.parametrize(
    ("text", "rate"), [("1/6000", 1 / 6000), ("0.017%", 0.00017), ("0.5 %", 0.005), ("0.01", 0.01)]
)
def test_rates_are_read(text: str, rate: float) -> None:
    assert read_rate(text) == pytest.approx(rate)


def test_simulation_stands_beside_the_listing(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["plan", "--rate", "0.05", "--ratio", "6", "--simulate", "6", "--groups", "3"]
    assert cli.main([*words, "--json"]) == cli.OK
    rows = json.loads(capsys.readouterr().out)["rows"]
    (simulated,) = [row for row in rows if row["evidence"] == "simulated"]
    (drawn,) = [row for row in rows if (row["method"], row["evidence"]) == (THIS_TEST, "drawn")]
    assert simulated["people"] == drawn["people"]
    assert simulated["power"] >= 0.3
    with pytest.raises(PlanningError, match="trials a study"):
        simulate_power(Design(10**6, 3, 10, 0.01, 2, 1.0, 1.5, 0.05), 1)


def test_everything_wrong_is_said_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    words = "--rate 2 --ratio 0.5 --groups 1 --power 80 --fillers 5 --correlation 3"
    assert cli.main(["plan", *words.split()]) == cli.UNUSABLE
    said = capsys.readouterr().err
    for option in ("--rate", "--ratio", "--groups", "--power", "--fillers", "--correlation"):
        assert option in said, option
    assert cli.main(["plan"]) == cli.UNUSABLE
    assert "give --rate" in capsys.readouterr().err
    assert cli.main(["plan", "--rate", "one"]) == cli.UNUSABLE
    assert "write 1/6000" in capsys.readouterr().err


def test_the_command_prints_a_table_json_and_csv(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["plan", "--rate", "1/6000", "--ratio", "2"]
    assert cli.main(words) == cli.OK
    said = capsys.readouterr().out
    assert "141,243" in said
    assert "normal approximation" in said
    assert "enumerated" in said
    cli.main([*words, "--json"])
    content = json.loads(capsys.readouterr().out)
    assert content["question"]["ratios"] == [2.0]
    assert round(content["rows"][0]["people"]) == 141_243
    cli.main([*words, "--csv"])
    assert capsys.readouterr().out.count("\n") == 4
    cli.main(["plan", "published"])
    assert "1 in 23,776" in capsys.readouterr().out


def test_curves_are_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["plan", "--rate", "0.05", "--ratio", "3", "--passes", "4", "--correlation", "0.2"]
    assert cli.main([*words, "--figure", str(tmp_path / "plan.svg")]) == cli.OK
    assert (tmp_path / "plan.svg").stat().st_size > 5_000
    # The same without a rate: one panel, and nothing to draw studies of.
    assert cli.main(["plan", "--people", "400", "--figure", str(tmp_path / "plan.png")]) == cli.OK
    assert (tmp_path / "plan.png").stat().st_size > 5_000
    assert cli.main([*words, "--figure", str(tmp_path / "plan.doc")]) == cli.UNUSABLE
    assert "must end in" in capsys.readouterr().err
