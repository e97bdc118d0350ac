"""The command line, as a person meets it."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from cyclopts import App

from lfr_eval.cli import main as command_line
from lfr_eval.cli.main import COMMANDS, app, main
from lfr_eval.cli.plain_output import plain_output
from lfr_eval.engine.alerts import Alert, AlertFile, read_decisions
from tests.forked import Forked

HEAVY = ("torch", "mlflow", "hydra", "omegaconf", "matplotlib", "pandas", "numpy", "scipy")
FEW = ("dataset.people=60", "dataset.fillers=300", "design.watchlist_sizes=[100]")


def imported_by(code: str) -> set[str]:
    """Top-level modules that are loaded after running code in a fresh interpreter."""
    script = f"{code}\nimport sys; print(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_help_imports_nothing_of_weight() -> None:
    code = "import lfr_eval.cli.main\nlfr_eval.cli.main.main(['--help'])"
    assert not imported_by(code) & set(HEAVY)


def test_inference_needs_only_the_scipy_stack() -> None:
    loaded = imported_by("import lfr_eval.inference")
    assert not loaded & {"torch", "mlflow", "hydra", "omegaconf", "sklearn", "matplotlib"}
    assert {"numpy", "scipy", "pandas"} <= loaded


def test_names_of_files_do_not_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clear = "\x1b[2J\u202eall is well\x9b1m"
    assert main(["verify", str(tmp_path / clear)]) == 2
    with plain_output():
        print(clear, "\x1b[1mhead\x1b[0m")
    said = capsys.readouterr()
    assert r"\x1b[2J\u202eall is well\x9b1m" in said.err
    assert said.out == "\\x1b[2J\\u202eall is well\\x9b1m \x1b[1mhead\x1b[0m\n"


def test_help_names_every_command(tmp_path: Path, python: Forked) -> None:
    done = python.command(tmp_path, "--help")
    assert done.returncode == 0
    assert all(command in done.stdout for command in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "matcher=facent"], "Available options in 'matcher'"),
        (["run", "desgin=live"], "'desgin' (did you mean 'design'?)"),
        (["run", "dataset.peple=5"], "did you mean 'dataset.people'?"),
        (["run", "+dataset.peple=5"], "did you mean 'dataset.people'?"),
        (["run", "dataset.path=my people.csv(1)"], "\"dataset.path='my people.csv(1)'\""),
        (["run", "~dataset.people"], "dataset.people=..."),
        (["run", "dataset.people=many"], "could not be converted to Integer"),
        (["run", "dataset=manifest", "matcher=facenet"], "Give dataset.path=..."),
        (["run", *FEW, "inference.factors=[gendr]"], "there are gender, ethnicity, age_band"),
        (["run", *FEW, "inference.reference_groups.gender=men"], "reference group 'men' of gender"),
        (["verify", "nowhere"], "nowhere is not a study folder"),
        (["fetch", "londn"], "london"),
        (["run", "study=ours"], "'study' (did you mean 'name'?)"),
        (["manifest", "Our", "faces", "people.csv"], "Put a path with spaces in quotes."),
    ],
)
def test_mistakes_get_a_sentence_and_no_traceback(
    arguments: list[str], said: str, tmp_path: Path, python: Forked
) -> None:
    done = python.command(tmp_path, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("given", ["", "~dataset.cameras", "experiment=null"])
def test_words_that_hydra_alone_would_not_take(given: str, tmp_path: Path, python: Forked) -> None:
    done = python.command(tmp_path, "run", "--cfg", "job", *filter(None, [given]))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_setting_that_was_removed_is_left_out_with_a_notice(
    tmp_path: Path, python: Forked
) -> None:
    done = python.command(tmp_path, "run", "--cfg", "job", "inference.permutations=99")
    assert done.returncode == 0
    assert "The setting inference.permutations no longer exists." in done.stderr


def test_a_mapping_is_given_whole(tmp_path: Path, python: Forked) -> None:
    people = ("dataset=manifest", "dataset.path=p.csv", "matcher=scores", "matcher.path=s.csv")
    columns = "matcher.columns={score: sim, probe_id: query}"
    done = python.command(tmp_path, "run", "--cfg", "job", *people, columns)
    assert (done.returncode, done.stderr) == (0, "")
    assert "score: sim" in done.stdout


def _commands(command: App, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield words
    for name in command:
        if not name.startswith("-"):
            yield from _commands(command[name], (*words, name))


@pytest.mark.parametrize("words", list(_commands(app, ())), ids=" ".join)
def test_every_command_explains_itself_and_what_it_takes(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    if words == ("run",):
        return  # Composed: see below.
    assert main([*words, "--help"]) == 0
    usage, meaning, *parts = capsys.readouterr().out.split("\n\n")
    assert usage.startswith(" ".join(("usage: lfr-eval", *words)))
    assert meaning.endswith(".")
    listed = [
        line
        for part in parts
        if not part.lstrip().startswith("Examples")
        for line in part.splitlines()[1:]
        if re.match(r"  \S", line)
    ]
    assert all(": " in line or line.endswith(":") for line in listed), listed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verify"], "parameter STUDY requires an argument. See: lfr-eval verify --help"),
        (["verfy", "s"], 'Did you mean "verify"?'),
        (["verify", "s", "--clam", "x"], "Did you mean --claim?"),
        (["plan", "--rate", "1/9", "--ratio", "two"], 'unable to convert "two" into float'),
        (
            ["deployments", "monitor", "r", "--limit", "1", "--per", "day"],
            '"face", "alert", "hour"',
        ),
        (
            ["sharing", "deleted", "1", "--on", "soon", "--by", "me"],
            'convert "soon" into date. Write a day as 2026-03-01. See:',
        ),
        (["engine", "decide", "a", "--confirmed", "--unconfirmed"], "specified multiple times"),
        (["compare", "a", "b"], "--at-fpir RATE and --at-fmr RATE"),
        (["compare", "a", "b", "--at-fpir", "1/9", "--at-fmr", "1/9"], "Give one of"),
    ],
)
def test_words_that_a_command_does_not_take(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert told.startswith("lfr-eval: ")
    assert said in told


@pytest.mark.parametrize("words", [[], ["engine"], ["templates"]])
def test_a_command_that_is_missing_gets_the_help_and_a_failure(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert "Commands:" in capsys.readouterr().out


def test_cfg_prints_the_configuration(tmp_path: Path, python: Forked) -> None:
    done = python.command(tmp_path, "run", "--cfg", "job")
    assert done.returncode == 0
    assert "watchlist_sizes:" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "dataset"),
    [
        ([], "rehearsal"),
        (["matcher=facenet"], "london"),
        (["matcher=dlib", "dataset=fairface"], "fairface"),
        (["matcher=facenet", "experiment=fairface_verification"], "fairface"),
    ],
)
def test_a_matcher_without_people_gets_the_london_study(
    arguments: list[str], dataset: str, tmp_path: Path, python: Forked
) -> None:
    done = python.command(tmp_path, "run", "--cfg", "job", "--package", "dataset", *arguments)
    assert f"name: {dataset}" in done.stdout


def test_run_help_lists_choices_and_settings(tmp_path: Path, python: Forked) -> None:
    done = python.command(tmp_path, "run", "--help")
    assert done.returncode == 0
    assert "matcher: alerts, dlib, facenet" in done.stdout
    assert (
        "dataset.people (int: at least 2 and at most 100,000,000): 600\n      People under test.\n"
        in done.stdout
    )
    assert "schema" not in done.stdout


@pytest.mark.parametrize(
    ("line", "completed"),
    [("lfr-eval run matcher=fa", "matcher=facenet"), ("lfr-eval ver", "verify")],
)
def test_tab_completion(line: str, completed: str, tmp_path: Path, python: Forked) -> None:
    done = python.command(tmp_path, "-sc", "query=bash", COMP_LINE=line)
    assert completed in done.stdout.split()


def test_fetch_lists_what_there_is(tmp_path: Path, python: Forked) -> None:
    done = python.command(tmp_path, "fetch")
    assert {"london", "fairface", "facenet_vggface2"} <= set(done.stdout.split())


def test_the_bill_of_materials_names_version_and_licence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["licences"]) == 0
    found = {one["name"].lower(): one for one in json.loads(capsys.readouterr().out)["components"]}
    for name in ("numpy", "cryptography", "hydra-core", "pyyaml"):
        assert found[name]["version"] == version(name)
        assert found[name]["licenses"][0]["license"]["name"] != "not stated"
    assert "lfr-eval" not in found


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "Choose a folder"),
        (errno.ENAMETOOLONG, "Choose a folder"),
        (errno.ENOENT, "Another program changed it in the meantime"),
        (errno.EIO, "Copy your files elsewhere"),
    ],
)
def test_what_the_system_refuses_is_a_sentence(
    number: int, remedy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused() -> int:
        raise OSError(number, os.strerror(number), "/there/page.html")

    assert command_line._explained(refused) == command_line.UNUSABLE
    said = capsys.readouterr().err
    assert said.startswith(f"lfr-eval: /there/page.html: {os.strerror(number)}. ")
    assert remedy in said


def test_a_word_that_is_not_utf_8_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alert = Alert("a1", 1.0, "2026-03-01", 0, 1, "r", 0.5, 0.4, "m/1")
    file = AlertFile(tmp_path / "alerts.jsonl")
    file.add(alert)
    words = ["engine", "decide", str(file.path), "--alert", "a1", "--decision", "true"]
    assert main([*words, "--confirmed", "--by", "G\udcffey"]) == command_line.UNUSABLE
    assert "G\\udcffey" in capsys.readouterr().err
    assert file.read() == [alert]
    assert not (tmp_path / "decisions.jsonl").exists() or not read_decisions(file.path)


@pytest.mark.parametrize("file", ["", "/", "."])
def test_a_folder_is_no_plan(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "register", file]) == command_line.UNUSABLE
    assert "Traceback" not in capsys.readouterr().err
