"""Purge: nothing of people is left in any cache that was ever used, and nothing else is deleted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lfr_eval.cli import main as cli
from lfr_eval.config import PathsConfig
from lfr_eval.config.paths import cache_folder
from lfr_eval.contract.places import EXPORTS, remember
from lfr_eval.finished.withdrawal import studies_in, withdraw
from lfr_eval.matchers import Embedding
from lfr_eval.matchers.store import TemplateStore
from lfr_eval.study.given import write_people

TEMPLATE = np.frombuffer(b"recognisable template bytes.....", np.float32)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nothing was used yet."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)


def used(cache: Path | None = None) -> Path:
    """Put what the tool keeps of people into a cache, as a study does."""
    folder = cache_folder(PathsConfig(cache=None if cache is None else str(cache)))
    TemplateStore(folder, "f" * 64).add({"d" * 64: Embedding(TEMPLATE, None, 1)})
    for file in ("captured/" + "a" * 64 + ".png", "shards/" + "b" * 64 + "/shard-000001.npz"):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(TEMPLATE.tobytes())
    write_people(pd.DataFrame({"subject_id": ["recognisable"], "image_id": ["a"]}), folder)
    return folder


def holding(folder: Path) -> list[Path]:
    """Return the files that hold something recognisable."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if b"recognisable" in path.read_bytes()]


def test_every_cache_is_emptied_wherever_it_is_or_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The default one, that of another XDG_CACHE_HOME, nested ones, and one on another disk."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert used() == tmp_path / "xdg" / "lfr_eval"
    monkeypatch.delenv("XDG_CACHE_HOME")
    used()
    linked = tmp_path / "linked"
    for kind in ("templates", "captured", "shards", "given"):
        (tmp_path / "disk" / kind).mkdir(parents=True)
        (linked / kind).parent.mkdir(exist_ok=True)
        (linked / kind).symlink_to(tmp_path / "disk" / kind)
    for folder in (linked, tmp_path / "a", tmp_path / "a" / "b" / "templates"):
        used(folder)
    (shard,) = (tmp_path / "a").glob("templates/*/*.npy")
    (shard.parent / f".{shard.name}.999999999.aside").write_bytes(TEMPLATE.tobytes())
    used(tmp_path / "moved").rename(tmp_path / "elsewhere")
    remember(EXPORTS, tmp_path / "elsewhere" / "templates.npz")
    (tmp_path / "elsewhere" / "templates.npz").touch()
    assert len(holding(tmp_path)) == 6 * 4 + 1
    assert cli.main(["purge"]) == cli.OK
    said = capsys.readouterr().out
    assert {path.relative_to(tmp_path).parts[0] for path in holding(tmp_path)} == {"elsewhere"}
    assert f"{tmp_path / 'moved'}: this cache no longer exists. If it was moved" in said
    assert "templates.npz: these exported templates were not deleted" in said
    assert f"{linked / 'templates'}: 1 file of templates deleted." in said
    assert f"{tmp_path / 'a' / 'templates'}: 2 files of templates deleted." in said
    assert cli.main(["purge"]) == cli.OK
    assert "No cache holds data about people." in capsys.readouterr().out


def test_files_of_somebody_else_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody gave their own project as the cache, in which folders have the same names."""
    cache = used(tmp_path / "project")
    others = ["templates/letter.txt", "templates/html/page.html", "captured/holiday.png"]
    others += ["given/x/notes.csv", "shards/y.npz", "templates/" + "c" * 32 + ".npy"]
    for name in others:
        (cache / name).parent.mkdir(parents=True, exist_ok=True)
        (cache / name).write_text("mine")
    mine = tmp_path / "mine.npy"
    mine.write_text("mine")
    (cache / "templates" / "html" / ("d" * 32 + ".npy")).symlink_to(mine)
    assert cli.main(["purge"]) == cli.OK
    assert {(cache / name).read_text() for name in others} == {"mine"}
    assert mine.exists()
    assert not holding(tmp_path)
    assert "templates: 4 other files and links not deleted, such as" in capsys.readouterr().out


def test_what_cannot_be_deleted_is_named_and_keeps_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    closed, second = used(tmp_path / "closed"), used(tmp_path / "open")
    delete = Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if closed / "templates" in path.parents:
            raise PermissionError(13, "Permission denied", str(path))
        delete(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    assert cli.main(["purge"]) == cli.FAILED
    said = capsys.readouterr().out
    assert f"{closed / 'templates'}: 1 file of templates STILL THERE: Permission denied." in said
    assert not holding(second)
    assert [path.parts[-3] for path in holding(closed)] == ["templates"]


def test_withdrawal_looks_where_links_lead(tmp_path: Path) -> None:
    (tmp_path / "archive" / "one").mkdir(parents=True)
    (tmp_path / "archive" / "one" / "stages.json").write_text("{}")
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / "old").symlink_to(tmp_path / "archive")
    assert studies_in([tmp_path / "studies"]) == [tmp_path / "archive" / "one"]
    # A linked folder of a cache is searched: of a batch that nobody can read, nothing is known.
    cache, disk = tmp_path / "cache", tmp_path / "disk" / ("f" * 64)
    disk.mkdir(parents=True)
    (disk / ("a" * 32 + ".npy")).write_bytes(b"of recognisable")
    write_people(pd.DataFrame({"subject_id": ["recognisable"], "image_id": ["a"]}), cache)
    (cache / "templates").symlink_to(tmp_path / "disk")
    left = withdraw("recognisable", [], [cache]).left
    assert [line.rpartition(": ")[2] for line in left][1:] == ["an id or a template"]
