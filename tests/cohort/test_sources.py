"""Datasets come from the mirror, the store or their publisher, and are checked each time."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import socket
import stat
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from PIL import Image

from lfr_eval.cohort import (
    CardError,
    DatasetCard,
    FetchError,
    ManifestError,
    load_card,
    load_dataset,
)
from lfr_eval.cohort.layouts import manifest_rows
from lfr_eval.cohort.sources import RECEIPT, _unpack, fetch, fetch_card, folder_digest

from .server import FileServer, serve

INFO = "face_id,face_age,face_gender,face_eth\n001,24,female,white\nX002,NA,male,east_asian/white\n"


def png(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    return file.getvalue()


def archive(folder: str, view: str) -> bytes:
    """Write an archive as the London Set's are: with templates and a Mac's shadow files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        for person in (1, 2):
            name = f"{folder}/{person:03}_{view}"
            zipped.writestr(f"{name}.jpg", png(person * 100 + int(view)))
            zipped.writestr(f"{name}.tem", "189")
            zipped.writestr(f"__MACOSX/{folder}/._{person:03}_{view}.jpg", "shadow")
    return file.getvalue()


@pytest.fixture
def publisher() -> Iterator[FileServer]:
    files = {
        "files/27397184": INFO.encode(),
        "files/8541961": archive("neutral_front", "03"),
        "files/8541964": archive("smiling_front", "08"),
    }
    record = {
        "files": [
            {
                "id": int(PurePosixPath(path).name),
                "computed_md5": hashlib.md5(content).hexdigest(),
            }
            for path, content in files.items()
        ]
    }
    with serve(files | {"record": json.dumps(record).encode()}) as running:
        yield running


@pytest.fixture
def london(publisher: FileServer) -> DatasetCard:
    """The London Set's card, published by the server of this test."""
    card = load_card("london")
    files = tuple(
        replace(file, url=publisher.url(f"files/{PurePosixPath(file.url).name}"))
        for file in card.files
    )
    return replace(card, files=files, checksums=publisher.url("record"))


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lfr_eval.cohort.download.time.sleep", lambda _: None)


def test_the_published_london_set_becomes_the_manifest_of_the_mirror(
    london: DatasetCard, tmp_path: Path
) -> None:
    cohort = load_dataset(london, None, tmp_path / "store")
    columns = ["image_id", "subject_id", "role", "path", "gender", "ethnicity"]
    assert [" ".join(row) for row in cohort.images[columns].to_numpy().tolist()] == [
        "london_001_neutral london_001 reference neutral_front/001_03.jpg female white",
        "london_002_neutral london_002 reference neutral_front/002_03.jpg male east_asian/white",
        "london_001_smiling london_001 probe smiling_front/001_08.jpg female white",
        "london_002_smiling london_002 probe smiling_front/002_08.jpg male east_asian/white",
    ]
    assert cohort.images["expression"].tolist() == ["neutral"] * 2 + ["smiling"] * 2
    assert cohort.images["age"].isna().tolist() == [False, True, False, True]


def test_downloads_are_private_and_complete(london: DatasetCard, tmp_path: Path) -> None:
    folder = fetch_card(london, None, tmp_path / "store")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "store").stat().st_mode) == 0o700
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    images = {f"neutral_front/{n}_03.jpg" for n in ("001", "002")}
    images |= {f"smiling_front/{n}_08.jpg" for n in ("001", "002")}
    assert names == images | {"london_faces_info.csv", RECEIPT}


def test_what_was_downloaded_once_needs_no_network(
    london: DatasetCard, publisher: FileServer, tmp_path: Path
) -> None:
    folder = fetch_card(london, None, tmp_path)
    publisher.requests.clear()
    assert fetch_card(london, None, tmp_path) == folder
    assert publisher.requests == []


def test_a_download_that_was_killed_goes_on_with_what_is_missing(
    london: DatasetCard, publisher: FileServer, tmp_path: Path
) -> None:
    publisher.break_after = [100_000, 100_000, 100_000, 100, 0, 0]
    with pytest.raises(FetchError, match=r"smiling_front\.zip.*was interrupted after"):
        fetch_card(london, None, tmp_path)
    assert not (tmp_path / "london" / RECEIPT).exists()
    publisher.requests.clear()
    fetch_card(london, None, tmp_path)
    asked = [path for path, _ in publisher.requests]
    assert asked == ["record", "files/8541964"]


def test_two_studies_that_start_together_download_once(
    london: DatasetCard, publisher: FileServer, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(2) as pool:
        folders = list(pool.map(lambda _: fetch_card(london, None, tmp_path), range(2)))
    assert len(set(folders)) == 1
    asked = [path for path, _ in publisher.requests]
    assert len(asked) == len(set(asked)) == 4


def test_a_changed_file_is_found(london: DatasetCard, tmp_path: Path) -> None:
    folder = fetch_card(london, None, tmp_path)
    (folder / "neutral_front" / "001_03.jpg").write_bytes(png(7))
    with pytest.raises(FetchError, match=r"1 of 5 files.*'neutral_front/001_03\.jpg'.*Delete"):
        fetch_card(london, None, tmp_path)


def test_a_file_that_is_not_the_published_one_is_refused(
    london: DatasetCard, publisher: FileServer, tmp_path: Path
) -> None:
    publisher.files["files/8541961"] = b"<html>Please log in</html>"
    with pytest.raises(FetchError) as caught:
        fetch_card(london, None, tmp_path)
    assert "neutral_front.zip could not be downloaded from http" in str(caught.value)
    assert "does not have the checksum md5:" in str(caught.value)


@pytest.mark.parametrize("answer", [b"<html>", b"{}", b'{"files": [{"id": 1}]}', b"[]"])
def test_a_record_that_is_none_is_named(
    answer: bytes, london: DatasetCard, publisher: FileServer, tmp_path: Path
) -> None:
    publisher.files["record"] = answer
    with pytest.raises(FetchError, match=r"list of checksums.*does not list the dataset's files"):
        fetch_card(london, None, tmp_path)


def test_a_record_that_is_forbidden_is_quoted(
    london: DatasetCard, publisher: FileServer, tmp_path: Path
) -> None:
    publisher.status = [403]
    with pytest.raises(FetchError, match="answered 403 Forbidden"):
        fetch_card(london, None, tmp_path)


@pytest.mark.parametrize("name", ["london", "facenet_vggface2"])
def test_without_a_network_the_message_says_what_else_can_be_done(
    name: str, tmp_path: Path
) -> None:
    card = load_card(name)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}/x"
        files = tuple(replace(file, url=nowhere) for file in card.files)
        offline = replace(card, files=files, checksums=card.checksums and nowhere)
        with pytest.raises(FetchError) as caught:
            fetch_card(offline, tmp_path / "mirror", tmp_path / "store")
    message = str(caught.value)
    names = [file.name for file in card.files]
    for words in (*names, nowhere, "no connection to", "LFR_EVAL_MIRROR", card.mirror or ""):
        assert words in message
    assert f"lfr-eval fetch {name}" in message
    assert "mirror' does not have it" in message


def test_fairface_must_be_fetched_by_hand_and_the_message_says_how(tmp_path: Path) -> None:
    with pytest.raises(FetchError) as caught:
        fetch("fairface", None, tmp_path)
    for words in (
        "https://github.com/joojs/fairface",
        "fairface_label_val.csv",
        f"'{tmp_path / 'fairface'}'",
        "LFR_EVAL_MIRROR",
    ):
        assert words in str(caught.value)


@pytest.mark.parametrize("place", ["store", "mirror"])
def test_fairface_fetched_by_hand_is_used(place: str, tmp_path: Path) -> None:
    folder = tmp_path / place / "fairface"
    (folder / "val").mkdir(parents=True)
    labels = "file,age,gender,race,service_test\n"
    ages = ["20-29", "3-9", "50-59", "more than 70"]
    races = ["East Asian", "Latino_Hispanic", "Black", "White"]
    for at, (age, race) in enumerate(zip(ages, races, strict=True), 1):
        labels += f"val/{at}.jpg,{age},{('Male', 'Female')[at % 2]},{race},True\n"
        (folder / "val" / f"{at}.jpg").write_bytes(png(at))
    (folder / "fairface_label_val.csv").write_text(labels, encoding="utf-8")
    cohort = load_dataset("fairface", tmp_path / "mirror", tmp_path / "store")
    assert cohort.images["path"].tolist() == ["val/1.jpg", "val/3.jpg"]
    assert cohort.images["gender"].tolist() == ["female", "female"]
    assert cohort.images["ethnicity"].tolist() == ["east_asian", "black"]
    assert cohort.images["age_band"].tolist() == ["20-29", "50-59"]


def test_a_simulated_dataset_has_nothing_to_fetch(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="simulated"):
        fetch("rehearsal", None, tmp_path)


def test_weights_are_checked_and_stay_where_they_are(tmp_path: Path) -> None:
    card = load_card("facenet_vggface2")
    weights = tmp_path / "mirror" / str(card.mirror)
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"weights")
    with pytest.raises(FetchError, match="is not the copy of 'facenet_vggface2'"):
        fetch_card(card, tmp_path / "mirror", tmp_path / "store")
    known = replace(card, mirror_digest=hashlib.sha256(b"weights").hexdigest())
    assert fetch_card(known, tmp_path / "mirror", tmp_path / "store") == weights
    assert not (tmp_path / "store").exists()


def test_published_weights_are_a_file(tmp_path: Path) -> None:
    card = load_card("facenet_vggface2")
    with serve({"weights": b"weights"}) as publisher:
        checksum = "sha256:" + hashlib.sha256(b"weights").hexdigest()
        file = replace(card.files[0], url=publisher.url("weights"), checksum=checksum)
        path = fetch_card(replace(card, files=(file,)), None, tmp_path)
    assert path == tmp_path / "facenet_vggface2" / "20180402-114759-vggface2.pt"
    assert path.read_bytes() == b"weights"


def test_the_digest_of_a_folder_is_that_of_its_content(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "x").write_bytes(b"1")
    (tmp_path / "a" / "y").write_bytes(b"2")
    digest = folder_digest(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "c")
    assert folder_digest(tmp_path / "c") == digest
    (tmp_path / "c" / "y").rename(tmp_path / "c" / "z")
    assert folder_digest(tmp_path / "c") != digest


def test_a_label_file_of_another_edition_is_named(london: DatasetCard, tmp_path: Path) -> None:
    folder = fetch_card(london, None, tmp_path)
    labels = folder / "london_faces_info.csv"
    labels.write_text(INFO.replace("face_eth", "face_race"), encoding="utf-8")
    with pytest.raises(ManifestError, match="'face_eth': the label file has no such column"):
        manifest_rows(london, folder)
    labels.unlink()
    with pytest.raises(CardError, match=r"has no 'labels\.csv' or 'london_faces_info\.csv'"):
        manifest_rows(london, folder)


def test_an_archive_writes_nothing_outside_its_folder(tmp_path: Path) -> None:
    evil = tmp_path / "in" / "evil.zip"
    evil.parent.mkdir()
    with zipfile.ZipFile(evil, "w") as zipped:
        zipped.writestr("../../evil.jpg", png(1))
        zipped.writestr(f"{tmp_path}/absolute.jpg", png(2))
        zipped.writestr("evil.sh", "true")
    _unpack(evil, tmp_path / "in" / "out")
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        "absolute.jpg",
        "evil.jpg",
        "evil.zip",
    ]
    assert not (tmp_path / "evil.jpg").exists()
    assert not (tmp_path / "absolute.jpg").exists()


@pytest.mark.parametrize("fault", ["twice", "damaged"])
def test_an_archive_that_cannot_be_unpacked_is_refused(fault: str, tmp_path: Path) -> None:
    file = tmp_path / "faces.zip"
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr("a/face.png", png(1))
        zipped.writestr("b/face.png", png(2))
    if fault == "damaged":
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(FetchError, match=r"faces\.zip' cannot be unpacked: "):
        _unpack(file, tmp_path / "faces")
    assert not (tmp_path / "faces").exists()
