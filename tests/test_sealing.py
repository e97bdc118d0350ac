"""The seal: every kind of change is noticed, and what is sealed again is another study."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.folder import FolderError, StudyFolder, digest, write_json
from lfr_eval.contract.keys import Key, fingerprint, new_key
from lfr_eval.contract.provenance import Provenance
from lfr_eval.contract.record import StudyRecordError
from lfr_eval.contract.sealing import seal
from lfr_eval.contract.swapping import NEXT, READY
from lfr_eval.contract.tables import COHORT
from lfr_eval.finished.finished import read_finished
from lfr_eval.planning.drafting import like
from lfr_eval.report.reading import read_report
from tests.engine.studies import sealed

TEXTS = ("study.json", "stages.json", "provenance.json", "report.html")


def made(folder: Path, key: Key | None = None) -> StudyFolder:
    """Return a sealed study with a report, signed or not."""
    study = sealed(folder / "study")
    (study.path / "report.html").write_text("<p>Alike.</p>")
    changed = {"git_revision": "a" * 40, "config": {"inference": {"alpha": 0.05}}}
    run = {**study.provenance().content(), **changed}
    seal(study.path, run, key=key)
    return study


def reseal(study: StudyFolder) -> None:
    """Seal as somebody does who knows how: without a key, and to the letter."""
    path = study.path / "provenance.json"
    run = {
        name: value
        for name, value in json.loads(path.read_text()).items()
        if name not in ("files", "seal", "study_hash", "signer", "signature")
    }
    seal(study.path, run)


def edit_provenance(study: StudyFolder, edit: Callable[[dict[str, object]], object]) -> None:
    path = study.path / "provenance.json"
    content = json.loads(path.read_text())
    edit(content)
    write_json(path, content)


def append(name: str) -> Callable[[StudyFolder], object]:
    def change(study: StudyFolder) -> None:
        with (study.path / name).open("a") as file:
            file.write(" ")

    return change


def in_place_of_a_table(make: Callable[[Path], object]) -> Callable[[StudyFolder], object]:
    def change(study: StudyFolder) -> None:
        (study.path / "rates.parquet").rename(study.path.parent / "rates.parquet")
        make(study.path / "rates.parquet")

    return change


def swapping(study: StudyFolder) -> None:
    """Leave an empty swap, as a process does that is killed."""
    (study.path / READY).mkdir()
    (study.path / READY / "swap.json").write_text('{"removed": []}')


CHANGES: dict[str, Callable[[StudyFolder], object]] = {
    "a table edited": append("rates.parquet"),
    "a table longer than a disk, of holes": lambda s: os.truncate(
        s.path / "rates.parquet", 10**12
    ),
    "a file with two lines in its name": lambda s: (s.path / "a\nall is well").touch(),
    "a table removed": lambda s: (s.path / "rates.parquet").unlink(),
    "a table by its link": in_place_of_a_table(
        lambda path: path.symlink_to(path.parent.parent / path.name)
    ),
    "a table by a folder": in_place_of_a_table(Path.mkdir),
    "a table by a pipe": in_place_of_a_table(os.mkfifo),
    "the record edited": append("study.json"),
    "the stages edited": append("stages.json"),
    "the report edited": append("report.html"),
    "the report removed": lambda s: (s.path / "report.html").unlink(),
    "a file added": lambda s: (s.path / "extra.csv").write_text("x"),
    "a hidden file added": lambda s: (s.path / ".extra").write_text("x"),
    "a hidden lock with content": lambda s: (s.path / ".lock").write_text("x"),
    "a folder added": lambda s: (s.path / "sub").mkdir(),
    "a folder with a lock added": lambda s: (
        (s.path / "sub").mkdir(), (s.path / "sub" / ".lock").write_text("x")
    ),
    "a link added": lambda s: (s.path / "extra").symlink_to("/etc/passwd"),
    "a pipe added": lambda s: os.mkfifo(s.path / "pipe"),
    "a ready folder without its list": lambda s: (
        (s.path / READY).mkdir(), (s.path / READY / "report.html").write_text("<p>No bias.</p>")
    ),
    "a ready folder with a list of something else": lambda s: (
        (s.path / READY).mkdir(), (s.path / READY / "swap.json").write_text('{"removed": 5}')
    ),
    "a ready folder with its seal but without its list": lambda s: (
        (s.path / READY).mkdir(), shutil.copy(s.path / "provenance.json", s.path / READY)
    ),
    "a ready folder with a file more": lambda s: (
        swapping(s), (s.path / READY / "extra.csv").write_text("x")
    ),
    "a ready folder with a pipe": lambda s: (swapping(s), os.mkfifo(s.path / READY / "pipe")),
    "a ready folder with a link": lambda s: (
        swapping(s), (s.path / READY / "rates.parquet").symlink_to(s.path / "rates.parquet")
    ),
    "a ready folder with a folder": lambda s: (swapping(s), (s.path / READY / "sub").mkdir()),
    "a next folder with a folder": lambda s: (s.path / NEXT / "sub").mkdir(parents=True),
    "a next folder with a file of another": lambda s: (
        (s.path / NEXT).mkdir(), (s.path / NEXT / "payload.sh").write_text("x")
    ),
    "a file of another in the name of a dead process": lambda s: (
        (s.path / ".payload.sh.999999999.aside").write_text("x")
    ),
    "a next folder with a view of files": lambda s: (
        (s.path / NEXT / "view").mkdir(parents=True),
        (s.path / NEXT / "view" / "payload.sh").write_text("x"),
    ),
    "a next folder with a pipe": lambda s: (
        (s.path / NEXT).mkdir(), os.mkfifo(s.path / NEXT / "pipe")
    ),
    "a next folder with a link": lambda s: (
        (s.path / NEXT).mkdir(), (s.path / NEXT / "extra").symlink_to("/etc/passwd")
    ),
    "a hidden file with digits of another script": lambda s: (
        (s.path / ".rates.parquet.\u0663\u0663\u0663\u0663\u0663.aside").write_text("x")
    ),
    "a share that lists nothing": lambda s: (
        (s.path / "rates.parquet").unlink(),
        (s.path / "share.json").write_text(
            json.dumps({"share_of": s.study_hash(), "left_out": 7})
        ),
    ),
    "a table that is another name of a file elsewhere": lambda s: (
        os.link(s.path / "rates.parquet", s.path.parent / "elsewhere"),
        (s.path.parent / "elsewhere").write_bytes(b"x"),
    ),
    "a name in other capitals": lambda s: (s.path / "Rates.parquet").write_text("x"),
    "a name that is no text": lambda s: (s.path / os.fsdecode(b"\xff")).mkdir(),
    "a second provenance": lambda s: (
        (s.path / "sub").mkdir(), (s.path / "sub" / "provenance.json").write_text("{}")
    ),
    "a blank at the end of the provenance": append("provenance.json"),
    "the provenance without its last line end": lambda s: os.truncate(
        s.path / "provenance.json", (s.path / "provenance.json").stat().st_size - 1
    ),
    "the provenance with a mark of byte order": lambda s: (
        (s.path / "provenance.json").write_bytes(
            b"\xef\xbb\xbf" + (s.path / "provenance.json").read_bytes()
        )
    ),
    "alpha edited": lambda s: edit_provenance(s, lambda c: c.update(config={"alpha": 0.5})),
    "the revision edited": lambda s: edit_provenance(s, lambda c: c.update(git_revision="b")),
    "the study hash edited": lambda s: edit_provenance(s, lambda c: c.update(study_hash="b")),
    "a hash of a file edited": lambda s: edit_provenance(
        s, lambda c: c["files"].update({"rates.parquet": "00"})  # type: ignore[index]
    ),
}  # fmt: skip
"""Without sealing again: noticed by anybody, key or not."""


@pytest.mark.parametrize("keyed", [False, True], ids=["unkeyed", "keyed"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_is_noticed(
    change: Callable[[StudyFolder], object],
    keyed: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Nobody seals it meanwhile: there is nothing to wait for.
    monkeypatch.setattr("lfr_eval.contract.sealing.PAUSE", 0.0)
    study = made(tmp_path, new_key(tmp_path / "key.pem") if keyed else None)
    assert study.verify() == []
    change(study)
    problems = study.verify()
    assert problems
    assert not any("\n" in problem for problem in problems)


def test_what_a_link_leads_to_is_neither_moved_nor_deleted(tmp_path: Path) -> None:
    study, elsewhere = made(tmp_path), tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "swap.json").write_text('{"removed": ["rates.parquet"]}')
    (elsewhere / "report.html").write_text("<p>No bias.</p>")
    before = {path.name: path.read_bytes() for path in study.path.iterdir()}
    (study.path / READY).symlink_to(elsewhere)
    with study.locked():
        assert any("a link" in problem for problem in study.verify())
    (study.path / READY).unlink()
    kept = {path.name: path.read_bytes() for path in study.path.iterdir() if path.name != ".lock"}
    assert kept == before
    assert len(list(elsewhere.iterdir())) == 2


@pytest.mark.parametrize("name", ["rates", "findings", "cohort", "mated"])
def test_a_table_that_is_none_is_named(name: str, small: StudyFolder, tmp_path: Path) -> None:
    """Anybody can seal it."""
    study = StudyFolder(shutil.copytree(small.path, tmp_path / "study"))
    (study.path / f"{name}.parquet").write_bytes(b"PAR1 garbage")
    study.seal(study.provenance())
    with pytest.raises(FolderError, match=rf"{name}\.parquet is not a table of a study"):
        read_report(study.path)


@pytest.mark.parametrize("setting", ["matcher", "design", "design.kinds", "matcher.sweep"])
@pytest.mark.parametrize("value", [3, "x", [[3]], "gone"], ids=str)
def test_a_setting_that_is_none_is_named(
    setting: str, value: object, small: StudyFolder, tmp_path: Path
) -> None:
    """Anybody can seal it."""
    study = StudyFolder(shutil.copytree(small.path, tmp_path / "study"))
    run = study.provenance().content()
    *groups, last = setting.split(".")
    place = run["config"][groups[0]] if groups else run["config"]
    place[last] = value
    if value == "gone":
        del place[last]
    study.seal(Provenance.of(run))
    with pytest.raises(FolderError, match=r"run (it|the study) again"):
        read_finished(study.path)
    if setting in ("matcher", "design", "design.kinds"):
        with pytest.raises(FolderError, match=r"run (it|the study) again"):
            like(study)


def test_a_study_of_nobody_is_named(small: StudyFolder, tmp_path: Path) -> None:
    study = StudyFolder(shutil.copytree(small.path, tmp_path / "study"))
    study.read(COHORT).head(0).to_parquet(study.file(COHORT))
    study.seal(study.provenance())
    with pytest.raises(StudyRecordError, match=r"cohort\.parquet holds no people"):
        read_report(study.path)


RESEALED: dict[str, tuple[Callable[[StudyFolder], object], bool]] = {
    "a table edited": (append("rates.parquet"), True),
    "the record edited": (append("study.json"), True),
    "alpha edited": (
        lambda s: edit_provenance(s, lambda c: c.update(config={"inference": {"alpha": 0.5}})),
        True,
    ),
    "the revision edited": (
        lambda s: edit_provenance(s, lambda c: c.update(git_revision="b" * 40)),
        True,
    ),
    "the report edited": (append("report.html"), False),
}
"""Sealed again by somebody without the key: is it another study, by its hash?"""


@pytest.mark.parametrize(("change", "another"), RESEALED.values(), ids=RESEALED)
def test_what_is_sealed_again_is_another_study_or_loses_its_signature(
    change: Callable[[StudyFolder], object], another: bool, tmp_path: Path
) -> None:
    key = new_key(tmp_path / "key.pem")
    study = made(tmp_path, key)
    before = study.study_hash()
    assert study.signer() == key.fingerprint
    change(study)
    reseal(study)
    assert (study.study_hash() != before) == another
    assert study.signer() is None


def test_a_signature_cannot_be_carried_over(tmp_path: Path) -> None:
    key, other = new_key(tmp_path / "key.pem"), new_key(tmp_path / "other.pem")
    study = made(tmp_path, key)
    signed = json.loads((study.path / "provenance.json").read_text())
    append("report.html")(study)
    reseal(study)

    def put_back(content: dict[str, object]) -> None:
        content.update(signer=signed["signer"], signature=signed["signature"])
        body = {k: v for k, v in content.items() if k not in ("seal", "signature")}
        content["seal"] = digest(body)

    edit_provenance(study, put_back)
    assert study.verify() == ["provenance.json was changed after the study was signed."]
    edit_provenance(study, lambda content: content.update(signer=other.public))
    assert study.verify() != []
    assert fingerprint(other.public) == other.fingerprint


def test_an_earlier_seal_is_still_read(tmp_path: Path) -> None:
    study = made(tmp_path)

    def older(content: dict[str, object]) -> None:
        del content["seal_format"], content["seal"]
        files = content["files"]
        assert isinstance(files, dict)
        content["study_hash"] = digest({k: v for k, v in files.items() if k != "report.html"})
        content["seal"] = digest(content)

    edit_provenance(study, older)
    assert study.verify() == []


@pytest.mark.parametrize("name", TEXTS[:3])
@pytest.mark.parametrize("text", ["", "[" * 9_000, "null", "[]", '{"files": 3}', "\x00", '{"a"'])
def test_a_damaged_file_is_a_sentence(name: str, text: str, tmp_path: Path) -> None:
    study = made(tmp_path)
    (study.path / name).write_text(text)
    try:
        problems = StudyFolder.open(study.path).verify()
    except MendableError:
        return
    assert any(problem.startswith(name) for problem in problems)


def test_a_link_cannot_be_sealed(tmp_path: Path) -> None:
    study = made(tmp_path)
    (study.path / "extra").symlink_to("/etc/passwd")
    with pytest.raises(FolderError, match="extra is a link"):
        study.seal(Provenance())
