"""A plan from a pilot study: its rates, its dependence, and how sure they are."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from lfr_eval.cli import main as cli
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.tables import RATES, SEARCHES
from lfr_eval.planning.pilot import read_pilot


def plan(study: StudyFolder, *words: str) -> int:
    return cli.main(["plan", "--pilot", str(study.path), *words])


def test_the_rate_is_the_pilots_own(small: StudyFolder) -> None:
    pilot = read_pilot(small, "FPIR", 0.45, "gender", None)
    table = small.read(RATES)
    at = table[
        (table["metric"] == "FPIR")
        & np.isclose(table["threshold"].fillna(0), 0.45)
        & (table["watchlist_size"] == 300)
        & (table["factor"] == "overall")
    ].iloc[0]
    assert (pilot.events, pilot.trials) == (at["events"], at["trials"])
    assert pilot.rate == pytest.approx(at["rate"])
    assert pilot.watchlist_size == 300
    # Dependence is taken within groups; there is some, and its interval is around it.
    assert 1 <= pilot.effect_lower <= pilot.design_effect <= pilot.effect_upper
    overall = at["trials"] / at["effective_trials"]
    assert pilot.design_effect == pytest.approx(overall, rel=0.35)


def test_the_answer_spans_the_pilots_intervals(
    small: StudyFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--threshold", "0.45", "--factor", "gender", "--ratio", "2", "--json")
    assert plan(small, *asked) == cli.OK
    content = json.loads(capsys.readouterr().out)
    people = {
        row["case"]: row["people"]
        for row in content["rows"]
        if row["method"].startswith("this tool's")
    }
    favourable, unfavourable = (
        people[f"at the pilot's {name} end"] for name in ("favourable", "unfavourable")
    )
    assert favourable < people["at the pilot's estimates"] < unfavourable
    assert any("95 % interval" in sentence for sentence in content["assumptions"])


def test_a_pilot_without_events_gives_only_a_least(
    small: StudyFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plan(small, "--threshold", "0.99", "--factor", "gender", "--ratio", "2") == cli.OK
    said = capsys.readouterr().out
    assert "saw no event" in said
    assert "the least that a study must be" in said
    assert "unfavourable" not in said


def test_rates_are_taken_to_the_watchlist_that_is_asked_about(small: StudyFolder) -> None:
    pilot = read_pilot(small, "FPIR", 0.45, "gender", 100)
    assert pilot.watchlist_size == 100
    assert read_pilot(small, "FPIR", 0.45, "gender", 5_000).watchlist_size == 300


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--metric", "FMR", "--threshold", "0.5", "--ratio", "2"), "must be one of FPIR"),
        (("--ratio", "2"), "give --threshold"),
        (("--threshold", "0.5", "--factor", "height", "--ratio", "2"), "--factor height"),
        (("--rate", "0.1", "--threshold", "0.5"), "not both"),
    ],
)
def test_what_a_pilot_cannot_tell_is_refused(
    words: tuple[str, ...], said: str, small: StudyFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plan(small, *words) == cli.UNUSABLE
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("metric", ["FNIR", "FNMR", "FTA"])
def test_other_rates_of_people_can_be_planned(small: StudyFolder, metric: str) -> None:
    pilot = read_pilot(small, metric, None if metric == "FTA" else 0.6, "gender", None)
    assert pilot.trials > 0
    assert pilot.rate is None or 0 < pilot.rate < 1


def test_what_a_pilot_cannot_tell_is_planned_from_its_rate(
    small: StudyFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--threshold", "0.45", "--factor", "gender", "--ratio", "2")
    remedy = "lfr-eval plan --metric FMR --rate 1/1000 --ratio 2"
    assert plan(small, *asked, "--metric", "FMR") == cli.UNUSABLE
    told = capsys.readouterr().err
    assert "must be one of FPIR, FNIR, FNMR, FTA with a pilot, not FMR" in told
    assert remedy in told
    pairs = StudyFolder(tmp_path / "pairs")
    shutil.copytree(small.path, pairs.path)
    pairs.file(SEARCHES).unlink()
    # FPIR is asked for where nobody says anything else.
    assert plan(pairs, *asked) == cli.UNUSABLE
    told = capsys.readouterr().err
    assert "has no trials of FPIR. Give --metric FNMR or FTA." in told
    assert remedy in told
