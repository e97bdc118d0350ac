"""Factors that share the level: what is planned for one is not what a study of two reaches."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from lfr_eval.cli import main as cli
from lfr_eval.planning import simulation
from lfr_eval.planning.answer import THIS_TEST, answer, cases_of
from lfr_eval.planning.question import Question
from lfr_eval.planning.sample import Setting, difference_power

# So many events that no studies are drawn, which would take seconds.
MANY = {"rate": 0.3, "ratios": (1.1,), "people": 200, "passes": 40, "correlation": 0.0}
ASKED = ["plan", "--rate", "0.02", "--ratio", "3"]


def power_of(groups: int, *factors: str) -> float:
    question = Question(groups=groups, factors=factors, **MANY)  # type: ignore[arg-type]
    rows = answer(cases_of(question)).rows
    at = (rows["method"] == THIS_TEST) & (rows["asked"] == "power")
    return float(rows.loc[at, "power"].iloc[0])


@pytest.mark.parametrize("groups", [2, 4])
def test_two_factors_have_half_the_level_each(groups: int) -> None:
    half = Setting(0.3, 40, 1.0, 0.025, groups=groups, opened=0.8)
    assert power_of(groups, "gender", "site") == difference_power(half, 200, 1.1).value
    assert power_of(groups, "site") == power_of(groups) > power_of(groups, "gender", "site")
    # A crossed factor starts without a share.
    assert power_of(groups, "site", "gender x site") == power_of(groups)


def test_the_answer_says_which_share_of_the_level_it_has(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(ASKED) == cli.OK
    alone = capsys.readouterr().out
    assert "5 % level for one factor" in alone
    assert "name them (--factors gender ethnicity)" in alone
    assert cli.main([*ASKED, "--factors", "gender", "skin_type"]) == cli.OK
    shared = capsys.readouterr().out
    assert "2.5 % level for each of 2 factors" in shared
    assert "The factors gender and skin type share the significance level of 5 %" in shared
    assert "only primary metric (inference.primary_metrics=[FPIR])" in shared


def test_what_is_written_asks_what_its_numbers_are_enough_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = {}
    for name, words in (("shipped", ()), ("own", ("--factors", "gender", "site"))):
        assert cli.main([*ASKED, *words, "--json", "--write", str(tmp_path / f"{name}.yaml")]) == 0
        question = json.loads(capsys.readouterr().out)["question"]
        plan = yaml.safe_load((tmp_path / f"{name}.yaml").read_text())
        assert plan["factors"] == question["factors"]
        assert plan["primary"]["metrics"] == ["FPIR"]
        people[name] = plan["sample"]["people_per_group"], plan["primary"]["factors"]
    assert people["shipped"] == (people["own"][0], ["gender", "ethnicity"])
    assert people["own"][1] == ["gender", "site"]
    assert plan["reference_groups"] == {}


def test_simulated_studies_have_as_many_factors(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    whole = simulation.finding_table

    def told(trials, people, thresholds, plan):  # type: ignore[no-untyped-def]
        found = whole(trials, people, thresholds, plan)
        at = (found["factor"] == simulation.FACTOR) & (found["group_b"] == simulation.REFERENCE)
        seen.append(float(found.loc[at & found["primary"].astype(bool), "level"].iloc[0]))
        return found

    monkeypatch.setattr(simulation, "finding_table", told)
    for factors in (1, 2):
        design = simulation.Design(30, 2, 2, 0.2, 1.0, 1.0, 1.5, 0.05, factors=factors)
        simulation.simulate_power(design, 1)
    assert np.round(seen, 3).tolist() == [0.95, 0.975]
