"""The study folder: nothing half-written, finished stages kept, every change noticed."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import lfr_eval
from lfr_eval.contract.folder import FolderError, StudyFolder, digest, written_aside
from lfr_eval.contract.provenance import Provenance
from lfr_eval.contract.tables import FINDINGS, HISTOGRAM, TableError


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    return StudyFolder(tmp_path)


def table(count: int = 3) -> pd.DataFrame:
    return HISTOGRAM.build([("mated", 0.1 * i, 0.1 * (i + 1), i) for i in range(count)])


def finish(folder: StudyFolder, key: str = "k", count: int = 3) -> list[str]:
    """Run one stage; return what was computed."""
    made: list[str] = []

    def make() -> None:
        made.append(key)
        folder.write(HISTOGRAM, table(count))

    folder.stage("stage", key, [HISTOGRAM.file], make)
    return made


APART = {
    "matchers/contract.py": "pictures of a check, in a temporary folder",
    "tracking/runs.py": "copies for MLflow, in a temporary folder",
    "registry/registering.py": "what MLflow wrote, in a temporary folder",
    "finished/publication.py": "a temporary folder, which is moved when it is complete",
    "cli/launch.py": "a process tells another its exit status",
}
"""Files that may be half-written without harm, and why."""


def test_nothing_is_written_under_its_final_name() -> None:
    """A full disk leaves the file of before or none: `written_aside` is the only way to write."""
    root = Path(lfr_eval.__file__).parent
    direct = re.compile(
        r"(\w+)\)?\.write_(?:text|bytes)\(|\.to_(?:csv|parquet)\((?!index|None)(\w+)"
    )
    found = [
        f"{file.relative_to(root)}: {line.strip()}"
        for file in root.rglob("*.py")
        if file.relative_to(root).as_posix() not in APART
        for line in file.read_text(encoding="utf-8").splitlines()
        for name in [direct.search(line)]
        if name and not {name[1], name[2]} & {"aside", "name", "stream", "file"}
    ]
    assert not found


def test_a_finished_stage_is_not_computed_again(folder: StudyFolder) -> None:
    assert finish(folder) == ["k"]
    assert finish(folder) == []


def test_other_inputs_compute_it_again(folder: StudyFolder) -> None:
    finish(folder)
    assert finish(folder, "other") == ["other"]


def test_a_changed_or_missing_file_computes_it_again(folder: StudyFolder) -> None:
    finish(folder)
    folder.file(HISTOGRAM).write_bytes(b"changed")
    assert finish(folder) == ["k"]
    folder.file(HISTOGRAM).unlink()
    assert finish(folder) == ["k"]


def test_a_failure_leaves_no_file_behind(tmp_path: Path) -> None:
    def write_and_fail() -> None:
        with written_aside(tmp_path / "file") as aside:
            aside.write_text("half")
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        write_and_fail()
    assert list(tmp_path.iterdir()) == []


def test_a_failure_keeps_the_file_that_was_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("whole")

    def write_and_fail() -> None:
        with written_aside(tmp_path / "file") as aside:
            aside.write_text("half")
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        write_and_fail()
    assert (tmp_path / "file").read_text() == "whole"


def test_tables_come_back_as_they_were_written(folder: StudyFolder) -> None:
    folder.write(HISTOGRAM, table())
    pd.testing.assert_frame_equal(folder.read(HISTOGRAM), table())


def test_a_table_with_other_columns_is_refused_with_all_problems(folder: StudyFolder) -> None:
    wrong = pd.DataFrame({"kind": ["mated"], "lower": ["x"], "colour": [1]})
    with pytest.raises(TableError) as caught:
        folder.write(HISTOGRAM, wrong)
    message = str(caught.value)
    for part in ("'upper' is missing", "'count' is missing", "'colour' is not part", "'lower'"):
        assert part in message


def test_verify_notices_every_kind_of_change(folder: StudyFolder) -> None:
    finish(folder)
    folder.seal(Provenance(lfr_eval="0"))
    assert folder.verify() == []
    (folder.path / "extra.txt").write_text("x")
    assert folder.verify() == ["extra.txt is not part of the study."]
    (folder.path / "extra.txt").unlink()
    content = folder.file(HISTOGRAM).read_bytes()
    folder.file(HISTOGRAM).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert len(folder.verify()) == 1
    assert "was changed: its SHA-256 is" in folder.verify()[0]
    folder.file(HISTOGRAM).unlink()
    assert folder.verify() == [f"{HISTOGRAM.file} is missing."]


def test_verify_notices_a_changed_provenance(folder: StudyFolder) -> None:
    finish(folder)
    folder.seal(Provenance(git_revision="a"))
    path = folder.path / "provenance.json"
    sealed = json.loads(path.read_text())
    path.write_text(json.dumps({**sealed, "git_revision": "b"}))
    assert folder.verify() == ["provenance.json was changed after the study was sealed."]


def test_the_study_hash_does_not_depend_on_the_report(folder: StudyFolder) -> None:
    finish(folder)
    before = folder.seal(Provenance())
    (folder.path / "report.html").write_text("report")
    assert folder.seal(Provenance()) == before
    finish(folder, "other", count=4)
    assert folder.seal(Provenance()) != before


def test_an_unfinished_study_says_so(folder: StudyFolder) -> None:
    with pytest.raises(FolderError, match="is not a study folder"):
        StudyFolder.open(folder.path)
    finish(folder)
    with pytest.raises(FolderError, match="not finished: run it again"):
        StudyFolder.open(folder.path).verify()


def test_two_processes_do_not_share_a_study(folder: StudyFolder) -> None:
    with (
        folder.locked(),
        pytest.raises(FolderError, match="Another process"),
        StudyFolder(folder.path).locked(),
    ):
        pass
    assert not (folder.path / ".lock").exists()


@pytest.mark.parametrize("away", [shutil.rmtree, lambda path: path.rename(f"{path} elsewhere")])
def test_a_study_that_is_taken_away_while_it_is_held_is_not_held_for_ever(
    tmp_path: Path, away: Callable[[Path], object]
) -> None:
    folder = StudyFolder(tmp_path / "study")

    def work() -> None:
        with folder.locked():
            away(folder.path)
            raise KeyError("its own error")

    with pytest.raises(KeyError, match="its own error"):
        work()
    with folder.locked():
        assert folder.path.is_dir()


def test_the_digest_of_a_value_does_not_depend_on_the_order_of_keys() -> None:
    assert digest({"a": 1, "b": [2, 3]}) == digest({"b": [2, 3], "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})


def test_claims_of_the_first_edition_are_superseded(folder: StudyFolder) -> None:
    names = [name for name in FINDINGS.names if name not in ("registered", "statement")]
    pd.DataFrame({name: [] for name in names}).to_parquet(folder.path / FINDINGS.file)
    with pytest.raises(FolderError, match=r"claims about groups are superseded: .* run it again"):
        folder.read(FINDINGS)
