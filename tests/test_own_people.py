"""The README's two commands, on pictures and a table in the shapes that people have."""

from __future__ import annotations

import csv
import re
import shlex
import shutil
from pathlib import Path

import pandas as pd
import pytest

from lfr_eval.cli.main import main
from lfr_eval.contract.tables import RATES
from tests.cohort.builders import noise
from tests.cohort.test_any_manifest import people, scores

ROOT = Path(__file__).parents[1]
CENSUS = {
    "white": "White",
    "black": "Black, Black British, Caribbean or African",
    "east_asian": "Asian, Asian British or Asian Welsh",
    "west_asian": "Asian, Asian British or Asian Welsh",
}
QUIET = ["tracking=none", "report.pdf=false"]


def commands() -> list[list[str]]:
    """The commands under `Your own people`, as a shell reads them."""
    text = (ROOT / "README.md").read_text("utf-8")
    section = text.split("## Your own people")[1].split("\n## ")[0]
    block = re.search(r"```console\n(.*?)```", section, re.S)
    assert block
    return [shlex.split(line)[1:] for line in block[1].strip().splitlines()]


def table(file: Path, rows: list[tuple[str, str, str]]) -> None:
    """A table of people as Excel saves it in countries with decimal commas."""
    lines = ["Participant ID;Sex;Ethnic group", *(";".join(row) for row in rows)]
    file.write_text("\ufeff" + "\r\n".join(lines) + "\r\n", "utf-8")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LFR_EVAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("LFR_EVAL_STUDIES", raising=False)
    return tmp_path


def ethnicities(folder: Path) -> set[str]:
    """Groups of the factor ethnicity in the only study below a folder."""
    (study,) = folder.glob("studies/manifest-*")
    rates = pd.read_parquet(study / RATES.file)
    assert (study / "report.html").is_file()
    return set(rates.loc[rates["factor"] == "ethnicity", "group"])


@pytest.mark.mirror
@pytest.mark.slow
def test_two_commands_from_london_faces_to_a_report(here: Path, mirror: Path) -> None:
    text = (mirror / "london" / "labels.csv").read_text("utf-8")
    labels = list(csv.DictReader(text.splitlines()))
    rows = {}
    for label in labels[:48]:
        person = label["identity"].removeprefix("london_")
        folder = here / "faces" / person
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(mirror / "london" / label["file"], folder / f"{label['expression']}.jpg")
        told = CENSUS.get(label["ethnicity"], "Prefer not to say")
        rows[person] = (str(int(person)), label["gender"].capitalize(), told)
    table(here / "people.csv", list(rows.values()))
    first, second = commands()
    assert main(first) == 0
    assert main([*second, *QUIET]) == 0
    assert {"White", "Asian"} <= ethnicities(here)


@pytest.mark.slow
def test_two_commands_on_pictures_of_noise(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The README's commands with a matcher that needs no weights."""
    told = [*CENSUS.values(), "Prefer not to say", ""]
    rows = []
    for at in range(24):
        for image in range(2):
            noise(here / "faces" / f"{at:03d}" / f"{image}.png", 2 * at + image)
        rows.append((str(at), ("Female", "Male")[at % 2], told[at % len(told)]))
    table(here / "people.csv", rows)
    first, second = commands()
    null = ["matcher=null_matcher" if word == "matcher=facenet" else word for word in second]
    assert main(first) == 0
    assert main([*null, *QUIET, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert not (here / "studies").exists()
    for words in (
        "Images: 48 (24 probe, 24 reference)",
        "Comparisons: 576",
        "Primary tests: ",
        "no group given: counted and shown, never compared",
        "fewer than 6 people: shown, too few to compare",
        "What could be detected with 80 % power",
        "48 images to embed",
        "Nothing was written.",
    ):
        assert words in said.replace("24 reference, 24 probe", "24 probe, 24 reference")
    assert main([*null, *QUIET]) == 0
    assert ethnicities(here) == {"White", "Black", "Asian", "Prefer not to say", "unknown"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["inference.factors=[hat]"], "inference.factors names 'hat'"),
        (["design=live"], "No image can be on the watchlist"),
        (["matcher.path=gone.csv"], "gone.csv does not exist"),
        (["matcher.path=broken.csv"], "is not in the manifest"),
        (["dataset.path=gone.csv"], "gone.csv' does not exist"),
        (["thresholds.values=null"], "thresholds"),
    ],
)
def test_a_dry_run_finds_what_would_end_the_study(
    words: list[str], said: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = people(gender=["f", "m"] * 6)
    manifest.to_csv("people.csv", index=False)
    scores(manifest).to_csv("scores.csv", index=False)
    scores(manifest).replace("p0-probe", "nobody").to_csv("broken.csv", index=False)
    study = ["run", "dataset=manifest", "dataset.path=people.csv", "matcher=scores"]
    study += ["matcher.path=scores.csv", "design=verification", "thresholds.values=[0.4]", *QUIET]
    assert main([*study, "--dry-run"]) == 0
    assert "all can be used" in capsys.readouterr().out
    assert main([*study, *words, "--dry-run"]) == 2
    assert said in capsys.readouterr().err
    assert not (here / "studies").exists()
