"""Every command of docs/inputs.md, run on files as the page describes them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from lfr_eval.contract.tables import ALERT_LOG, RATES
from lfr_eval.planning.drafting import like
from tests.studies import run

PAGE = Path(__file__).parents[2] / "docs" / "inputs.md"
QUICK = ("~experiment", "report.pdf=false")


def commands() -> list[list[str]]:
    """The overrides of every `lfr-eval run` of the page."""
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text(), re.S)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [shlex.split(line)[2:] for line in lines if line.startswith("lfr-eval run")]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files that the page's commands name, in the shapes that it shows."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    number = 24
    people = pd.DataFrame({"subject_id": [f"s{at:02d}" for at in range(number)]})
    people["gender"] = np.where(np.arange(number) % 2, "female", "male")
    people["ethnicity"] = np.where(np.arange(number) % 4 < 2, "black", "white")
    enrolled = people.assign(image_id="w" + people["subject_id"], role="reference")
    fillers = enrolled.assign(
        subject_id="x" + people["subject_id"], image_id="f" + people["subject_id"], role="filler"
    )
    pd.concat([enrolled, fillers]).to_csv("watchlist.csv", index=False)
    passes = people.loc[people.index.repeat(3), ["subject_id"]].reset_index(drop=True)
    passes["pass_id"] = [f"p{at:03d}" for at in range(len(passes))]
    start = pd.Timestamp("2026-03-14T10:00:00")
    passes["time"] = [(start + pd.Timedelta(seconds=30 * at)).isoformat() for at in passes.index]
    passes["camera"] = np.where(passes.index % 2, "north", "south")
    passes["acquired"] = np.where(passes.index % 20 == 3, "no", "yes")
    passes.loc[passes.index % 5 == 0, "subject_id"] = "unknown"
    passes.to_csv("passes.csv", index=False)
    seen = passes[passes["acquired"] == "yes"]
    known = seen[seen["subject_id"] != "unknown"].sample(frac=0.7, random_state=1)
    alerts = pd.DataFrame(
        {
            "time": [
                (pd.Timestamp(t) + pd.Timedelta(seconds=2)).isoformat() for t in known["time"]
            ],
            "camera": known["camera"],
            "reference_id": "w" + known["subject_id"],
            "score": rng.uniform(0.6, 0.9, len(known)).round(3),
        }
    )
    alerts.to_csv("alerts.csv", index=False)
    images = pd.concat(
        [enrolled, enrolled.assign(image_id="v" + people["subject_id"], role="probe")]
    )
    images.to_csv("images.csv", index=False)
    sides = [images.loc[images["role"] == role, "image_id"] for role in ("reference", "probe")]
    matrix = pd.DataFrame(rng.normal(0.2, 0.1, (number, number)), *sides)
    matrix += np.diag(rng.normal(0.5, 0.1, number))
    matrix.round(6).to_csv("matrix.csv")
    scores = matrix.rename_axis("gallery").reset_index()
    scores = scores.melt("gallery", var_name="query", value_name="sim")
    scores.to_csv("scores.csv", index=False, sep=";", decimal=",")
    genuine = rng.random(400) < 0.5
    one = rng.integers(number, size=400)
    other = np.where(genuine, one, (one + 1 + rng.integers(number - 1, size=400)) % number)
    pairs = pd.DataFrame({"similarity": rng.normal(0.2 + 0.4 * genuine, 0.1).round(4)})
    pairs = pairs.assign(same=genuine.astype(int), id1=one, id2=other, race="all")
    pairs.to_csv("pairs.csv", index=False)
    watched = np.concatenate([enrolled["image_id"], fillers["image_id"]])
    lists = [
        (row.pass_id, name, score)
        for row in seen.itertuples()
        for name, score in zip(
            rng.choice(watched, 10, replace=False),
            np.sort(rng.random(10))[::-1].round(4),
            strict=True,
        )
    ]
    columns = ["pass_id", "reference_id", "score"]
    pd.DataFrame(lists, columns=columns).to_csv("lists.csv", index=False)
    return tmp_path


@pytest.mark.parametrize("words", commands(), ids=lambda words: " ".join(words)[-40:])
def test_the_commands_of_the_page_end_in_a_report(words: list[str], files: Path) -> None:
    study = run(files, *QUICK, *words)
    assert (study.path / "report.html").stat().st_size > 10_000
    assert (study.read(RATES)["trials"] > 0).any()
    assert study.verify() == []
    if "matcher=alerts" in words and "design=live" in words:
        assert set(study.read(ALERT_LOG)["matched"]) == {"nearest in time"}
        # A plan of this pilot reads logs and fills the watchlist as it did.
        repeated = ["design.watchlist_members=everybody", "matcher.floor=0.6"]
        assert set(repeated) <= set(yaml.safe_load(like(study).overrides))
