"""A seal in the making: a kill, a failure or a second process leaves the study whole."""

from __future__ import annotations

import shutil
import time
from multiprocessing import get_context
from pathlib import Path

import pytest

from lfr_eval.contract.folder import FolderError, StudyFolder
from lfr_eval.contract.swapping import NEXT, READY, replacing
from tests.forked import Forked
from tests.test_sealing import made

KILLED = """
import os, signal, sys
from pathlib import Path
study, kill = Path(sys.argv[1]), int(sys.argv[2])
count = 0
def perhaps(event=None, *_):
    global count
    if event is not None and not (
        event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree")
        or event == "open" and _[0][1] in ("w", "wb", "x", "a", "ab", None)
    ):
        return
    count += 1
    if count == kill:
        os.kill(os.getpid(), signal.SIGKILL)
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.record import StudyRecordError
from lfr_eval.contract.sealing import seal
from lfr_eval.contract.swapping import PROVENANCE, replacing
folder = StudyFolder(study)
fsync = os.fsync
def slow(file):
    perhaps(); fsync(file)
os.fsync = slow
sys.addaudithook(perhaps)
names = ("report.html", "report.pdf", PROVENANCE)
with folder.locked():
    with replacing(study, names) as aside:
        (aside / "report.html").write_text("<p>New.</p>")
        seal(study, folder.provenance().content(), aside, names)
print("done", count)
"""


def test_a_kill_at_any_moment_of_sealing_leaves_one_seal_or_the_other(tmp_path: Path) -> None:
    """SIGKILL before each write, rename, removal and flush of a re-render, one after another."""
    study = made(tmp_path)
    hash_before, states, kill, ended = study.study_hash(), set(), 0, False
    python = Forked("import lfr_eval.contract.sealing")
    while not ended:
        kill += 1
        copy = StudyFolder(tmp_path / f"copy{kill}" / "study")
        shutil.copytree(study.path, copy.path)
        status = python.begin(KILLED, str(copy.path), str(kill)).wait()
        assert status in (0, -9)
        ended = status == 0
        assert copy.verify() == [], kill
        assert copy.study_hash() == hash_before
        with copy.locked():
            assert copy.verify() == []
        assert {path.name for path in copy.path.iterdir()} - {".lock"} == {
            path.name for path in study.path.iterdir()
        }
        states.add((copy.path / "report.html").read_text())
        shutil.rmtree(copy.path.parent)
    python.close()
    assert states == {"<p>Alike.</p>", "<p>New.</p>"}
    assert kill > 10


def test_an_unfinished_write_is_no_tampering(tmp_path: Path) -> None:
    study = made(tmp_path)
    (study.path / ".rates.parquet.999999999.aside").write_text("half")
    (study.path / NEXT).mkdir()
    (study.path / NEXT / "report.html").write_text("half")
    (study.path / NEXT / "view").mkdir()
    (study.path / NEXT / "view" / "rates.parquet").symlink_to(study.path / "rates.parquet")
    (study.path / READY).mkdir()
    assert study.verify() == []
    assert study.leftovers() == [NEXT, ".rates.parquet.999999999.aside"][::1]
    with study.locked():
        pass
    assert study.leftovers() == []
    assert not (study.path / READY).exists()


def test_a_failure_while_rendering_leaves_the_study_as_it_was(tmp_path: Path) -> None:
    study = made(tmp_path)

    def render() -> None:
        with replacing(study.path, ("report.html",)) as aside:
            (aside / "report.html").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        render()
    assert study.verify() == []
    assert study.leftovers() == []


def _count(folder: Path, entered: Path) -> None:
    study = StudyFolder(folder)
    for _ in range(60):
        try:
            with study.locked():
                (entered / "in").mkdir()
                time.sleep(0.0005)
                (entered / "in").rmdir()
        except FolderError:
            continue


def test_two_are_never_in_one_folder_at_once(tmp_path: Path) -> None:
    """Also where the folder is empty, so that it goes with its lock each time."""
    for name in ("empty", "full"):
        folder, entered = tmp_path / name, tmp_path / f"{name}-entered"
        entered.mkdir()
        if name == "full":
            folder.mkdir()
            (folder / "stages.json").write_text("{}")
        context = get_context("spawn")
        racing = [context.Process(target=_count, args=(folder, entered)) for _ in range(3)]
        for process in racing:
            process.start()
        for process in racing:
            process.join()
        assert [process.exitcode for process in racing] == [0, 0, 0]
