"""Plans and registrations as files: what is none is refused, with every problem."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from lfr_eval.cli import main as cli
from lfr_eval.study.registration import RegistrationError, read_plan, read_registration
from tests.test_registration import plan_of_scores


def test_everything_wrong_with_a_plan_is_said_at_once(tmp_path: Path) -> None:
    plan = plan_of_scores()
    plan |= {"margin": 0.9, "who": " ", "stoping": plan.pop("stopping"), "alpha": "5 %"}
    plan["exclusions"] = [{"reason": "none named"}]
    file = tmp_path / "plan.yaml"
    file.write_text(yaml.safe_dump(plan))
    with pytest.raises(RegistrationError) as caught:
        read_plan(file)
    said = str(caught.value)
    for words in (
        "'stopping' is missing",
        "did you mean stopping?",
        "'who' is empty",
        "'alpha' must",
    ):
        assert words in said
    plan |= {"who": "us", "stopping": "now", "alpha": 0.05}
    del plan["stoping"]
    plan["primary"] = {"metrics": ["FPR", "TPIR"], "thresholds": [], "factors": ["height"]}
    plan["overrides"] = ["inference.margin=2"]
    file.write_text(yaml.safe_dump(plan))
    with pytest.raises(RegistrationError) as caught:
        read_plan(file)
    said = str(caught.value)
    for words in (
        *("names FPR", "name FNIR", "thresholds is empty", "primary.factors names height"),
        *("margin must be", "overrides names inference.margin", "exclusions[0] must name one"),
    ):
        assert words in said, words


def test_a_draft_says_what_is_missing_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "ours.yaml"
    words = ["plan", "--rate", "0.02", "--ratio", "3", "--passes", "10", "--correlation", "0.2"]
    assert cli.main([*words, "--write", str(file)]) == cli.OK
    answered = capsys.readouterr()
    assert "ours.yaml" in answered.err
    with pytest.raises(RegistrationError) as caught:
        read_plan(file)
    problems = str(caught.value).splitlines()[1:]
    assert problems
    assert all(line.endswith(("is empty", "fill it in")) for line in problems)
    file.write_text(file.read_text().replace('""', "filled").replace("[FILL-IN]", "[0.5]"))
    file.write_text(file.read_text().replace("FILL-IN", "facenet"))
    plan = read_plan(file)
    assert f"{plan.sample.people_per_group:,}" in answered.out
    assert cli.main(["plan", "new", str(file)]) == cli.UNUSABLE
    assert cli.main(["plan", "new", str(tmp_path / "other.yaml")]) == cli.OK


def test_a_pipe_and_a_deep_file_are_no_registrations(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p.json")
    (tmp_path / "deep.json").write_text("[" * 60 + "]" * 60)
    for name, why in (("p.json", "is not a regular file"), ("deep.json", "deeper than 50 levels")):
        with pytest.raises(RegistrationError, match=rf"{why}\. It may have been edited"):
            read_registration(tmp_path / name)
    with pytest.raises(RegistrationError, match="There is no registration"):
        read_registration(tmp_path / "gone.json")
