"""A share: a study without its people that still verifies as one of its hash."""

from __future__ import annotations

import errno
import json
import shutil
import stat
from pathlib import Path

import pandas as pd
import pytest

from lfr_eval.cli.main import main
from lfr_eval.contract.folder import FolderError, StudyFolder
from lfr_eval.contract.sealing import SHARED
from lfr_eval.finished.share import share_study


@pytest.fixture
def share(small: StudyFolder, tmp_path: Path) -> StudyFolder:
    share_study(small, tmp_path / "share")
    return StudyFolder(tmp_path / "share")


def test_it_verifies_and_holds_nobody(small: StudyFolder, share: StudyFolder) -> None:
    assert share.verify() == []
    assert share.study_hash() == small.study_hash()
    cohort = pd.read_parquet(small.path / "cohort.parquet")
    names = {str(each) for each in (*cohort["subject_id"], *cohort["image_id"]) if len(each) > 4}
    for path in share.path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else None
        if frame is not None:
            held = {str(value) for name in frame for value in frame[name].dropna().unique()}
            assert not names & held, path
            assert not {"score", "path", "subject_id"} & set(frame)
        else:
            content = path.read_bytes()
            assert not any(name.encode() in content for name in names), path
    assert stat.S_IMODE(share.path.stat().st_mode) == 0o755


@pytest.mark.parametrize("name", ["rates.parquet", "study.json", "report.html"])
def test_an_edited_or_missing_file_is_named(share: StudyFolder, name: str) -> None:
    file = share.path / name
    whole = file.read_bytes()
    file.write_bytes(whole + b" ")
    assert any(problem.startswith(f"{name} was changed") for problem in share.verify())
    file.unlink()
    assert share.verify() == [f"{name} is missing."]
    # Whoever hides it says so in vain.
    said = json.loads((share.path / "share.json").read_text())
    said["left_out"].append(name)
    (share.path / "share.json").write_text(json.dumps(said))
    assert share.verify() == [f"{name} is missing."]


def test_a_share_of_another_study_is_none(share: StudyFolder) -> None:
    said = json.loads((share.path / "share.json").read_text())
    (share.path / "share.json").write_text(json.dumps({**said, "share_of": "ab" * 32}))
    assert share.verify() == ["share.json names another study than provenance.json."]


def test_a_share_is_made_of_a_whole_study_and_in_a_new_folder(
    small: StudyFolder, share: StudyFolder, tmp_path: Path
) -> None:
    for place, why in (*((tmp_path / "share", "exists"), (small.path / "x", "lies in the study")),):
        with pytest.raises(FolderError, match=why):
            share_study(small, place)
    with pytest.raises(FolderError, match="is a share already"):
        share_study(share, tmp_path / "again")
    shutil.copytree(small.path, tmp_path / "edited")
    (tmp_path / "edited" / "rates.parquet").write_bytes(b"")
    with pytest.raises(FolderError, match="changed after it was sealed"):
        share_study(StudyFolder(tmp_path / "edited"), tmp_path / "of-edited")


def test_the_command_says_what_is_left_out(
    small: StudyFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(small.path), "--share", "--to", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert small.study_hash() in said
    assert "cohort.parquet" in said
    assert "rates.parquet" not in said
    assert main(["verify", str(tmp_path / "out")]) == 0
    assert f"a share of the study {small.study_hash()}" in capsys.readouterr().out
    assert main(["verify", str(tmp_path / "out"), "--signer", "ab" * 32]) == 1
    assert "is not signed with the key" in capsys.readouterr().out
    assert "cohort.parquet" not in SHARED


def test_a_full_disk_leaves_nothing_of_a_share(
    small: StudyFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> None:
        target.touch()
        raise OSError(errno.ENOSPC, "No space left on device", str(source))

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(OSError, match="No space left") as refused:
        share_study(small, tmp_path / "share")
    assert refused.value.filename == str(tmp_path / "share")
    assert list(tmp_path.iterdir()) == []
