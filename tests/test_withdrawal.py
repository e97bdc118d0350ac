"""One person leaves: nothing of theirs is in any folder of the tool, and the rest is as it was."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lfr_eval.cli import main as cli
from lfr_eval.cohort import load_manifest
from lfr_eval.contract import tables as all_tables
from lfr_eval.contract.folder import FolderError, StudyFolder
from lfr_eval.contract.places import CACHES, EXPORTS, STUDIES, default_cache, known, remember
from lfr_eval.contract.tables import COHORT, RATES, Table
from lfr_eval.engine.alerts import AlertFile, read_decisions
from lfr_eval.engine.watchlist import enrol
from lfr_eval.finished.exporting import export_templates
from lfr_eval.finished.person import Person
from lfr_eval.finished.withdrawal import MARK, WithdrawalError, studies_in, withdraw
from lfr_eval.matchers import make_matcher
from lfr_eval.matchers.store import Shard
from lfr_eval.report.brief import to_brief
from lfr_eval.report.reading import read_report
from lfr_eval.study.given import write_people, write_scores, write_templates
from tests.studies import run, unreported

WHO = "person-0007"


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A manifest of pictures of noise, two of each of twelve people."""
    folder, rows = tmp_path_factory.mktemp("people"), []
    generator = np.random.default_rng(5)
    for number in range(12):
        for role in ("reference", "probe"):
            name = f"person-{number:04}-{role}.png"
            Image.fromarray(generator.integers(0, 255, (9, 9, 3), np.uint8)).save(folder / name)
            gender = ("female", "male")[number % 2]
            rows.append((name[:-4], f"person-{number:04}", name, role, gender))
    columns = ["image_id", "subject_id", "path", "role", "gender"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "people.csv", index=False)
    return folder / "people.csv"


def study_of(people: Path, studies: Path) -> StudyFolder:
    return run(
        studies,
        *("~experiment", "dataset=manifest", f"dataset.path={people}", "matcher=null_matcher"),
        *("design=verification", "thresholds.values=[0.4]", "thresholds.operating=0.4"),
        *("inference.factors=[gender]", "inference.permutations=99", "report.pdf=false"),
    )


def templates_in(cache: Path) -> dict[bytes, bytes]:
    return {
        known["digest"]: shard.vectors[known["row"]].tobytes()
        for path in cache.rglob("*.npy")
        for shard in [Shard.read(path)]
        for known in shard.known
    }


def test_nothing_of_one_person_is_left(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = study_of(people, tmp_path)
    cache = tmp_path / "cache"
    digests = {file.stem: _sha256(file) for file in people.parent.glob("*.png")}
    before, kept = templates_in(cache), tmp_path / "cache" / "copied.png"
    kept.write_bytes((people.parent / f"{WHO}-probe.png").read_bytes())
    theirs = {
        template for digest, template in before.items()
        if digest.decode() in (digests[f"{WHO}-probe"], digests[f"{WHO}-reference"])
    }  # fmt: skip
    assert len(theirs) == 2
    # What processes left that died while they wrote: in the cache, in the study, of an export.
    (shard,) = cache.rglob("*.npy")
    dead = shard.with_name(f".{shard.name}.999999999.aside")
    dead.write_bytes(b"half" + b"".join(theirs))
    (study.path / ".next").mkdir()
    shutil.copy(study.path / COHORT.file, study.path / ".next")
    half = tmp_path / ".templates.npz.999999999.aside"
    half.write_bytes(b"".join(theirs))
    hash_before, rates = study.study_hash(), study.read(RATES)
    result = withdraw(WHO, [study.path], [cache], exports=[tmp_path / "templates.npz"])
    assert result.left == ()
    assert study.verify() == []
    # Searched here by other means than by the command itself.
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert not any(template in content for template in theirs), path
        assert WHO.encode() not in content, path
        if path.suffix == ".parquet":
            assert WHO not in pd.read_parquet(path).to_csv(), path
    assert not kept.exists()
    others = {d: t for d, t in before.items() if t not in theirs}
    assert templates_in(cache) == others
    assert len(study.read(COHORT)) == 22
    pd.testing.assert_frame_equal(study.read(RATES), rates)
    assert MARK in json.loads((study.path / "study.json").read_text())["notes"]
    assert MARK in (study.path / "report.html").read_text()
    assert study.provenance().withdrawals[0].study_hash_before == hash_before
    assert study.study_hash() != hash_before
    # Whoever reads or checks the study is told: its counts of people and of trials now differ.
    said = f"and the study was sealed anew (earlier hash: {hash_before[:16]}...). Rates were"
    assert cli.main(["verify", str(study.path)]) == cli.OK
    assert said in capsys.readouterr().out
    facts = dict(to_brief(read_report(study.path)).facts)
    assert facts["On whom"].startswith("11 people. One person was withdrawn on ")
    assert said in facts["On whom"]
    with pytest.raises(WithdrawalError, match="was not found in"):
        withdraw(WHO, [study.path], [cache])


def test_a_study_that_did_not_finish_keeps_nobody_and_blocks_nothing(
    people: Path, tmp_path: Path
) -> None:
    study = study_of(people, tmp_path / "a")
    broken = StudyFolder(tmp_path / "b" / study.path.name)
    shutil.copytree(study.path, broken.path)
    for name in ("provenance.json", "study.json", "report.html"):
        (broken.path / name).unlink()
    result = withdraw(WHO, [broken.path, study.path], [tmp_path / "a" / "cache"])
    assert result.left == ()
    assert any("from a study that did not finish" in each for each in result.done)
    assert study.verify() == []
    for folder in (study, broken):
        assert len(folder.read(COHORT)) == 22
    # A study that somebody changed is left alone and named, and holds up nothing else.
    other = next(name for name in study.read(COHORT)["subject_id"] if name != WHO)
    changed = tmp_path / "c" / study.path.name
    shutil.copytree(study.path, changed)
    with (changed / "rates.parquet").open("ab") as stream:
        stream.write(b"x")
    result = withdraw(other, [changed, study.path], [tmp_path / "a" / "cache"])
    assert "was changed after it was sealed" in result.left[0]
    assert str(changed) in result.left[0]
    assert len(study.read(COHORT)) == 20
    with pytest.raises(FolderError, match="was changed after it was sealed"):
        withdraw(other, [changed], [])
    # What lost rows counts as not done, so that going on computes it.
    stages = json.loads((broken.path / "stages.json").read_text())
    assert not any("cohort.parquet" in stage["files"] for stage in stages.values())
    assert any("rates.parquet" in stage["files"] for stage in stages.values())


def test_other_people_of_other_studies_keep_their_rows(people: Path, tmp_path: Path) -> None:
    """Studies name images and people as they like, and one of them may be in use."""
    frame = pd.read_csv(people)
    images = [f"{number:05}" for number in range(len(frame))]
    folders = {}
    for name, shift in (("a", 0), ("b", 2)):
        shutil.copytree(people.parent, tmp_path / name)
        made = frame.assign(image_id=[*images[shift:], *images[:shift]])
        # The same pictures of one person have another id in the second study.
        made = made.replace({"subject_id": {WHO: "somebody"}}) if shift else made
        made.to_csv(tmp_path / name / "people.csv", index=False)
        with unreported():
            folders[name] = study_of(tmp_path / name / "people.csv", tmp_path / name)
    other = "person-0003"
    paths = [folder.path for folder in folders.values()]
    assert withdraw(other, paths, []).left == ()
    for folder in folders.values():
        assert set(frame["subject_id"]) - {other, WHO} < set(folder.read(COHORT)["subject_id"])
        assert folder.read(COHORT)["subject_id"].value_counts().eq(2).all()
    with folders["a"].locked():
        running = withdraw("person-0004", paths, []).left
    assert running[0].startswith("Another process is running the study in")
    assert "person-0004" in set(folders["a"].read(COHORT)["subject_id"])
    assert "person-0004" not in set(folders["b"].read(COHORT)["subject_id"])
    (left,) = withdraw(WHO, paths, []).left
    assert left.endswith(
        "cohort.parquet: rows of a table under the id somebody: withdraw that, too"
    )


def test_the_command_finds_every_folder_that_was_used(
    people: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Studies and caches that only an override named, from a folder where nothing is."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    study = study_of(people, tmp_path / "elsewhere")
    assert study.path.parent in known(STUDIES)
    assert tmp_path / "elsewhere" / "cache" in known(CACHES)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    everything = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert cli.main(["withdraw", WHO]) == cli.FAILED
    preview = capsys.readouterr().out
    assert {path: path.read_bytes() for path in everything} == everything
    assert "Nothing was deleted" in preview
    assert f"Would delete: {study.path}: " in preview
    assert "2 templates in" in preview
    assert not set(re.findall(r"person-\d+", preview)) - {WHO}
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("builtins.input", lambda _: "y")
    assert cli.main(["withdraw", WHO]) == cli.OK
    said = capsys.readouterr().out
    told = [line.removeprefix("Would d") for line in preview.splitlines() if "elete: " in line]
    assert all(f"D{line.replace('elete', 'eleted', 1)}" in said for line in told)
    assert "0 still hold something" in said
    assert "sectors of the disk" in said
    assert WHO not in set(study.read(COHORT)["subject_id"])
    assert cli.main(["withdraw", "nobody-at-all", "--yes"]) == cli.UNUSABLE
    assert cli.main(["purge"]) == cli.OK
    assert str(tmp_path / "elsewhere" / "cache") in capsys.readouterr().out
    assert list((tmp_path / "elsewhere" / "cache").rglob("*.npy")) == []


def test_a_study_in_an_archive_is_found(tmp_path: Path) -> None:
    study = tmp_path / "studies" / "archive" / "2026" / "one"
    (study / ".ready").mkdir(parents=True)
    for folder in (study, study / ".ready"):
        (folder / "stages.json").write_text("{}")
    assert studies_in([tmp_path / "studies"]) == [study.resolve()]


def test_the_default_cache_is_where_xdg_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache() == tmp_path / "lfr_eval"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert default_cache() == Path("~/.cache/lfr_eval").expanduser()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for _ in range(2):
        remember(CACHES, tmp_path / "a\nb\u2028")
    assert known(CACHES).count(tmp_path / "a\nb\u2028") == 1


def test_a_study_and_its_cache_are_private(people: Path, tmp_path: Path) -> None:
    study = study_of(people, tmp_path)
    for path in (study.path, *study.path.rglob("*"), *(tmp_path / "cache").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def _sha256(file: Path) -> str:
    import hashlib

    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_alerts_and_exported_templates_of_one_person_are_deleted(
    people: Path, tmp_path: Path
) -> None:
    study, cache = study_of(people, tmp_path / "studies"), tmp_path / "studies" / "cache"
    export, deployment = tmp_path / "templates.npz", tmp_path / "deployments" / "one"
    assert export_templates(study, export, cache) == 24
    assert export in known(EXPORTS)
    alert = {
        "kind": "alert",
        "time": 0.5,
        "at": "-",
        "frame": 1,
        "track": 1,
        "score": 0.9,
        "threshold": 0.5,
        "model": "m/1",
    }
    (deployment / "retained").mkdir(parents=True)
    lines = [
        {"kind": "deployment"},
        {**alert, "alert_id": "one-1", "reference_id": f"{WHO}-reference"},
        {**alert, "alert_id": "one-2", "reference_id": "person-0001-reference"},
    ]
    decision = {"decision": "true", "confirmed": True, "by": "B", "at": "-", "groups": {}}
    decided = [{"alert_id": each, **decision} for each in ("one-1", "one-2")]
    for name, content in (("alerts.jsonl", lines), ("decisions.jsonl", decided)):
        text = "".join(json.dumps(line) + "\n" for line in content)
        (deployment / name).write_text(text)
    for name in ("one-1.png", "one-1.json", "one-2.png"):
        (deployment / "retained" / name).write_bytes(b"a face")
    # One folder, however it is written, has one line.
    roots = [tmp_path / "deployments", tmp_path / "studies" / ".." / "deployments"]
    preview = withdraw(WHO, [study.path], [cache], deployments=roots, look=True)
    assert sum("with what was kept" in line for line in preview.done) == 1
    result = withdraw(WHO, [study.path], [cache], deployments=roots, exports=known(EXPORTS))
    assert result.left == ()
    said = " ".join(result.done)
    assert "1 alert, with what was kept" in said
    assert "2 exported templates" in said
    with np.load(export) as kept:
        assert len(kept["image_id"]) == len(kept["template"]) == 22
        assert not any(WHO in name for name in kept["image_id"])
    assert stat.S_IMODE(export.stat().st_mode) == 0o600
    alerts = AlertFile(deployment / "alerts.jsonl")
    assert [each.alert_id for each in alerts.read()] == ["one-2"]
    assert list(read_decisions(alerts.path)) == ["one-2"]
    assert [path.name for path in (deployment / "retained").iterdir()] == ["one-2.png"]


def test_somebody_who_was_only_on_a_watchlist_is_found_by_its_manifest(
    people: Path, tmp_path: Path
) -> None:
    """An engine keeps templates by the content of pictures, and alerts by the names of images."""
    manifest = shutil.copytree(people.parent, tmp_path / "list") / "people.csv"
    matcher, cache = make_matcher("null"), tmp_path / "cache"
    enrolled = enrol(load_manifest(manifest), matcher, cache)
    theirs = enrolled.images["subject_id"] == WHO
    (digest,) = enrolled.images.loc[theirs, "digest"]
    template = templates_in(cache)[digest.encode()]
    with pytest.raises(WithdrawalError, match="--manifest FILE"):
        withdraw(WHO, [], [cache])
    for look in (True, False):
        result = withdraw(WHO, [], [cache], manifests=[manifest], look=look)
        assert "1 template in 1 file" in result.done[0]
        assert result.left == ()
    assert len(templates_in(cache)) == enrolled.size - 1
    assert not any(template in file.read_bytes() for file in cache.rglob("*") if file.is_file())
    (manifest.parent / f"{WHO}-reference.png").unlink()
    (left,) = withdraw(WHO, [], [cache], manifests=[manifest]).left
    assert "is gone, so templates of it cannot be told from others" in left


def test_what_cannot_be_read_is_named_and_blocks_nobody(tmp_path: Path) -> None:
    cache, deployments = tmp_path / "cache", tmp_path / "deployments"
    kept = write_people(pd.DataFrame({"subject_id": ["p003"], "image_id": ["a"]}), cache)
    broken = [cache / "templates" / "m" / "1.npy", cache / "templates" / "m" / "2.npy"]
    broken += [deployments / "one" / "alerts.jsonl", deployments / "two" / "decisions.jsonl"]
    for file in (*broken, deployments / "two" / "alerts.jsonl"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"" if file.name == "2.npy" else "{}".encode("utf-16"))
    os.mkfifo(cache / "templates" / "m" / "3.npy")
    lines = [
        {"kind": "deployment"},
        {"kind": "alert", "reference_id": "p003"},
        {"kind": "alert", "reference_id": "p004"},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (deployments / "two" / "alerts.jsonl").write_text(text)
    (deployments / "two" / "None.txt").write_text("of nobody")
    for look in (True, False):
        result = withdraw("p003", [], [cache], deployments=[deployments], look=look)
        assert {line.split(" cannot be read")[0] for line in result.left} == set(map(str, broken))
        assert len(result.done) == 2
    assert not kept.exists()
    assert all(file.exists() for file in broken)
    left = [lines[0], lines[2]]
    alerts = (deployments / "two" / "alerts.jsonl").read_text().splitlines()
    assert list(map(json.loads, alerts)) == left
    assert (deployments / "two" / "None.txt").exists()


def test_a_study_of_somebody_else_cannot_fill_the_memory(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One long text many times over takes little room on the disk, in any of the tables."""
    monkeypatch.setattr("lfr_eval.contract.archives.LEAST", 1_000_000)
    with unreported():
        made = study_of(people, tmp_path / "studies")
    for name in ("cohort", "matches"):
        folder = StudyFolder(shutil.copytree(made.path, tmp_path / name))
        frame = pd.DataFrame({"subject_id": [WHO] * 5_000, "image_id": ["x" * 5_000] * 5_000})
        frame.to_parquet(folder.path / f"{name}.parquet")
        folder.seal(folder.provenance())
        try:
            left = withdraw(WHO, [folder.path], []).left
        except FolderError as error:
            left = (str(error),)
        assert re.search("cannot be read, so look there yourself: .* unpacks to", left[0])


def test_only_columns_of_ids_are_about_somebody() -> None:
    """Someone may be called 12, as a group has 12 people."""
    tables = [table for table in vars(all_tables).values() if isinstance(table, Table)]
    person = Person("12", images={"12"})
    asked = {
        column.name: column.dtype
        for table in tables
        for column in table.columns
        if person.is_theirs(column.name, "12")
    }
    assert {"subject_id", "subject_a", "probe_subject", "image_id", "pass_id"} <= set(asked)
    assert set(asked.values()) == {"string"}
    rates = pd.DataFrame({"group": ["12"], "subjects": [12], "subjects_a": [12], "probes": [12]})
    assert not person.rows(rates).any()


def test_an_id_is_found_in_any_unicode_form(tmp_path: Path) -> None:
    people = pd.DataFrame({"subject_id": ["Jos\u00e9"], "image_id": ["a"]})
    kept = write_people(people, tmp_path)
    empty = write_scores(pd.DataFrame(), tmp_path)  # Nothing in it is about anybody.
    assert "data given in Python" in withdraw("Jose\u0301", [], [tmp_path]).done[0]
    assert not kept.exists()
    assert empty.exists()

    # The table of a session is as it was given, and so may a log of alerts be.
    kept = write_people(people.assign(subject_id="Jose\u0301"), tmp_path)
    alerts = tmp_path / "deployments" / "one" / "alerts.jsonl"
    alerts.parent.mkdir(parents=True)
    alerts.write_text(json.dumps({"kind": "alert", "reference_id": "Jose\u0301"}))
    assert withdraw("Jos\u00e9", [], [tmp_path], deployments=[tmp_path / "deployments"]).left == ()
    assert not kept.exists()
    assert alerts.read_text() == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("person-10, xperson-1, person-1a", False),
        ("of person-1", True),
        (r"a\nperson-1", True),
        ("a%20person-1.png", True),
        ("x" * ((1 << 22) - 8) + "person-10", False),
        ("x" * ((1 << 22) - 9) + " person-1.", True),
        ("x" * (1 << 22) + "person-1", False),
    ],
)
def test_a_name_is_searched_for_as_a_whole(text: str, found: bool) -> None:
    """Also where a name lies across two of the blocks in which a file is read."""
    assert Person("person-1").needles.are_in(io.BytesIO(text.encode())) is found


@pytest.mark.parametrize("text", ['"Jos\\u00e9 & Co"', "Jose\u0301 & Co", "Jos%C3%A9%20%26%20Co"])
def test_a_name_is_found_in_every_form_of_a_file(text: str) -> None:
    assert Person("Jos\u00e9 & Co").needles.are_in(io.BytesIO(text.encode()))


def test_sessions_do_not_exchange_their_data(tmp_path: Path) -> None:
    frames = [pd.DataFrame({"image_id": [str(n)], "template": [[float(n)]]}) for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(write_templates, frames, [tmp_path] * len(frames)))
    for frame, path in zip(frames, paths, strict=True):
        assert pd.read_parquet(path)["image_id"].tolist() == frame["image_id"].tolist()
    assert len(set(paths)) == len(frames)


def test_what_a_killed_withdrawal_left_is_no_study_of_its_own(tmp_path: Path) -> None:
    """While a report is rendered again, its study stands in a folder inside the study's own."""
    for place in ("trial", "trial/.next/view", "trial/.ready/view", "archive/.old/trial"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "stages.json").write_text("{}")
    found = [path.relative_to(tmp_path).as_posix() for path in studies_in([tmp_path])]
    assert found == ["archive/.old/trial", "trial"]
