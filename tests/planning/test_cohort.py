"""Planning false matches, and planning for a cohort that is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lfr_eval.cli import main as cli
from lfr_eval.planning import cohort as cohort_room
from lfr_eval.planning.answer import (
    CERTIFIED_ONCE,
    CERTIFIED_TWICE,
    CLUSTERED,
    RULE_OF_3_BOTH,
    RULE_OF_3_ONCE,
    answer,
    cases_of,
)
from lfr_eval.planning.cohort import read_people, shown_by
from lfr_eval.planning.question import PlanningError, Question
from lfr_eval.planning.sample import Setting, difference_power


@pytest.mark.parametrize(("rate", "both", "once"), [(1 / 10_000, 174, 246), (1 / 5_000, 123, 174)])
def test_the_rule_of_three_is_that_of_published_guidance(rate: float, both: int, once: int) -> None:
    people = people_by_method(rate)
    assert people[RULE_OF_3_BOTH] == both
    assert people[RULE_OF_3_ONCE] == once
    assert both * (both - 1) >= 3 / rate > (both - 1) * (both - 2)
    assert (1 - rate) ** (people[CLUSTERED] / 2) <= 0.05


def test_certification_asks_for_245_people_or_123_with_two_samples_each() -> None:
    people = people_by_method(1 / 10_000)
    assert people[CERTIFIED_ONCE] == 245
    assert people[CERTIFIED_TWICE] == 123


def people_by_method(rate: float) -> pd.Series:
    # A ratio that few people show: what is looked at does not depend on it.
    question = Question(rate=rate, ratios=(1_000,), metric="FMR", spread=0.0)
    return answer(cases_of(question)).rows.set_index("method")["people"]


def test_comparisons_of_people_who_differ_are_worth_what_they_are_in_many_studies() -> None:
    rng, people, rate, spread = np.random.default_rng(1), 60, 0.02, 0.8
    first, second = np.triu_indices(people, 1)
    sigma = np.sqrt(np.log1p(spread**2))
    rates = []
    for _ in range(1500):
        tendency = np.exp(rng.normal(-(sigma**2) / 2, sigma, people))
        rates.append(np.mean(rng.random(len(first)) < rate * tendency[first] * tendency[second]))
    effective = rate * (1 - rate) / np.var(rates)
    planned = Setting(rate, 1, 1.0, 0.05, spread).trials(people)
    assert planned == pytest.approx(effective, rel=0.2)


def cohort(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "people.csv"
    file.write_text(text)
    return file


def test_groups_have_the_power_of_their_own_sizes(tmp_path: Path) -> None:
    labels = ["a"] * 300 + ["b"] * 60 + ["c"] * 4 + ["prefer not to say"] * 20
    file = cohort(tmp_path, pd.DataFrame({"site": labels}).to_csv(index=False))
    people, factors = read_people(file, ["site"])
    cases = cases_of(Question(rate=0.01, ratios=(3.0,), people=2))
    rows = {row.group: row for row in shown_by(people, factors, cases)}
    assert set(rows) == {"b", "c"}
    assert (rows["b"].reference, rows["b"].people, rows["b"].reference_people) == ("a", 60, 300)
    setting = Setting(0.01, 1, 1.0, 0.05, groups=3)
    power = difference_power(setting, 300, 3.0, 60, third=(4,)).value
    assert rows["b"].powers[0] == power
    assert rows["b"].powers[0] < difference_power(setting, 300, 3.0).value
    assert rows["c"].untestable == "fewer than 6 people"


def test_single_factors_share_the_level_and_crossed_ones_are_planned_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cohort_room, "ratio_found", lambda *_: 1.0)
    rng = np.random.default_rng(1)
    labels = {"gender": np.tile(["f", "m"], 200), "site": rng.choice(["a", "b", "c"], 400)}
    file = cohort(tmp_path, pd.DataFrame(labels).to_csv(index=False))
    names = ["gender", "site", "gender x site"]
    people, factors = read_people(file, names)
    # So many events that no studies are drawn, which would take seconds for each group.
    question = Question(rate=0.3, ratios=(1.1,), people=2, passes=40, correlation=0)
    cases = cases_of(question)
    shown = {row.factor: row.powers[0] for row in shown_by(people, factors, cases)}
    half = Setting(0.3, 40, 1.0, 0.025)
    assert shown["gender"] == difference_power(half, 200, 1.1).value
    alone = shown_by(people, ["gender x site"], cases)
    assert shown["gender x site"] == alone[-1].powers[0]
    site = shown_by(people, ["site"], cases)
    assert shown["site"] < site[-1].powers[0]


def test_a_person_with_several_images_is_one_person(tmp_path: Path) -> None:
    file = cohort(tmp_path, "subject_id,site\n1,a\n1,a\n2,b\n")
    assert len(read_people(file, ["site"])[0]) == 2


@pytest.mark.parametrize("text", ["", "site\n", "name\nx\n"])
def test_a_table_without_labels_is_refused_with_a_remedy(tmp_path: Path, text: str) -> None:
    with pytest.raises(PlanningError, match="people"):
        read_people(cohort(tmp_path, text), ["site"])


def test_the_command_prints_a_row_a_group(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = cohort(tmp_path, "gender\n" + "male\n" * 8 + "female\n" * 7)
    words = ["plan", "--people", str(file), "--metric", "FMR", "--rate", "1/10", "--ratio", "3"]
    assert cli.main(words) == cli.OK
    said = capsys.readouterr().out
    assert "women" in said
    assert "men (8)" in said
    assert "people differ as real faces do" in said
    assert "inference.primary_metrics=[FMR]" in said
    assert cli.main([*words, "--csv"]) != cli.OK


@pytest.mark.parametrize(
    "asked",
    [
        {"metric": "FMR", "passes": 3},
        {"metric": "FPIR", "spread": 0.5},
        {"metric": "XYZ"},
    ],
)
def test_what_false_matches_do_not_have_is_refused(asked: dict[str, object]) -> None:
    with pytest.raises(PlanningError, match="--metric"):
        Question(rate=0.01, ratios=(3,), **asked)  # type: ignore[arg-type]


def test_a_table_that_makes_a_manifest_is_planned_with(tmp_path: Path) -> None:
    """Semicolons, a byte order mark and questions as headings, as a survey exports them."""
    rows = [("Zoë 1", "Female", "White, British"), ("Zoë 2", "Male", "Prefer not to say")] * 2
    headings = ["Participant ID", "What is your gender?", "Ethnic group"]
    asked = pd.DataFrame(rows, columns=headings)
    asked["Participant ID"] += ["a", "b", "c", "d"]
    (tmp_path / "people.csv").write_text(asked.to_csv(index=False, sep=";"), "utf-8-sig")
    asked.to_excel(tmp_path / "people.xlsx", index=False)
    for name in ("people.csv", "people.xlsx"):
        people, factors = read_people(tmp_path / name, [])
        assert factors == ("gender", "ethnicity", "gender x ethnicity")
        assert people["ethnicity"].tolist() == asked["Ethnic group"].tolist()
        assert people.index.tolist() == asked["Participant ID"].tolist()
