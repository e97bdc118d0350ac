"""A plan that is drafted from a pilot study knows the people, the matcher and the labels."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

from lfr_eval.cli import main as cli
from lfr_eval.planning.drafting import draft, like
from lfr_eval.planning.freezing import composed
from lfr_eval.study.registration import RegistrationError
from lfr_eval.study.registration.plan import FILL_IN, read_plan
from lfr_eval.study.run import run_study
from tests.cohort.test_any_manifest import people, prepared


def filled_in(file: Path) -> Path:
    """Fill in what a draft leaves empty."""
    file.write_text(file.read_text("utf-8").replace('""', '"told"'), "utf-8")
    return file


def test_a_plan_of_a_pilot_runs_on_its_sort_of_people(tmp_path: Path) -> None:
    manifest = people(gender=["Woman", "Man"] * 8, skin=["I", "VI", "VI"] * 5 + ["I"])
    words = ["inference.factors=[gender,skin]", "+inference.reference_groups={gender: Man}"]
    pilot = run_study(prepared(tmp_path, manifest, *words).config)
    draft(tmp_path / "plan.yaml", studied=like(pilot))
    plan = read_plan(filled_in(tmp_path / "plan.yaml"))
    assert plan.experiment == "none"
    assert plan.factors == ("gender", "skin")
    assert plan.reference_groups == {"gender": "Man"}
    assert plan.primary.metrics == ("FMR", "FNMR")
    assert plan.primary.thresholds == (0.4,)
    # Where the data are is said on the command line.
    assert "people.csv" not in (tmp_path / "plan.yaml").read_text()
    config = composed(plan, ["dataset.path=new.csv", "matcher.path=new_scores.csv"])
    assert config.inference.reference_groups == {"gender": "Man"}
    assert config.design.kinds == ["verification"]


@pytest.mark.parametrize(
    ("words", "overrides", "threshold", "sizes"),
    [
        ("--metric FNMR --threshold 0.5", ["design=verification"], 0.5, []),
        (
            "--metric FPIR --watchlist 1000 --fillers 1500",
            ["design=live", "design.watchlist_sizes=[1000,1500]"],
            FILL_IN,
            [1500],
        ),
        ("--metric FTA", ["design=live"], None, []),
    ],
    ids=["pairs", "searches", "acquisition"],
)
@pytest.mark.parametrize("table", [True, False], ids=["table", "number"])
def test_a_plan_of_own_data_is_about_them_and_marks_what_is_missing(
    words: str,
    overrides: list[str],
    threshold: float | str | None,
    sizes: list[int],
    table: bool,
    tmp_path: Path,
) -> None:
    file, people = tmp_path / "plan.yaml", tmp_path / "people.csv"
    census = "Black, Black British, Caribbean or African"
    labels = pd.DataFrame({"Sex": ["Man"] * 9 + ["MAN "] + ["Woman"] * 9, "Ethnic group": census})
    labels.to_csv(people, index=False)
    asked = ["--people", str(people)] if table else ["--people", "30", "--factors", "gender"]
    asked += ["--write", str(file), *f"--rate 0.3 --ratio 1.1 --passes 40 {words}".split()]
    assert cli.main(["plan", *asked]) == cli.OK
    plan = yaml.safe_load(file.read_text("utf-8"))
    at = [] if threshold is None else [threshold]
    swept = [f"thresholds.values=[{value}]" for value in at]
    said = ["dataset=manifest", f"matcher={FILL_IN}", overrides[0], *swept, *overrides[1:]]
    assert plan["experiment"] == "none"
    assert plan["overrides"] == said
    assert plan["primary"]["thresholds"] == at
    assert plan["primary"]["watchlist_sizes"] == sizes
    assert plan["sample"]["people_per_group"] == (None if table else 30)
    largest = {"gender": "Man", "ethnicity": "Black", "gender x ethnicity": "Man x Black"}
    assert plan["reference_groups"] == (largest if table else {})
    with pytest.raises(RegistrationError) as caught:
        read_plan(filled_in(file))
    problems = str(caught.value).splitlines()[1:]
    assert "  overrides says matcher=FILL-IN: fill it in" in problems
    assert all(FILL_IN in problem for problem in problems)
    file.write_text(file.read_text("utf-8").replace(f"matcher={FILL_IN}", "matcher=scores"))
    file.write_text(file.read_text("utf-8").replace(FILL_IN, "0.5"))
    config = composed(read_plan(file), ["dataset.path=new.csv", "matcher.path=new_scores.csv"])
    assert config.design.name == overrides[0].removeprefix("design=")
    assert config.inference.primary_metrics == [words.split()[1]]
