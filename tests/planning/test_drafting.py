"""A plan that is drafted from a pilot study knows the people, the matcher and the labels."""

from __future__ import annotations

from pathlib import Path

import yaml

from lfr_eval.planning.drafting import draft
from lfr_eval.planning.freezing import composed
from lfr_eval.study.registration.plan import read_plan
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
    draft(tmp_path / "plan.yaml", pilot=pilot)
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


def test_a_plan_needs_no_reference_groups(tmp_path: Path) -> None:
    draft(tmp_path / "plan.yaml")
    content = yaml.safe_load(filled_in(tmp_path / "plan.yaml").read_text("utf-8"))
    assert content["reference_groups"]["gender x ethnicity"] == "male x white"
    del content["reference_groups"]
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(content))
    plan = read_plan(tmp_path / "plan.yaml")
    assert plan.reference_groups == {}
    assert plan.primary.factors == ("gender", "ethnicity")
