"""Downloads arrive whole and checked, over a line that breaks."""

from __future__ import annotations

import hashlib
import shutil
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lfr_eval.cohort.download import DownloadError, ResumingDownloader, download, read

from .server import FileServer, serve

CONTENT = bytes(range(256)) * 2_000
SHA256 = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serve({"faces.zip": CONTENT}) as running:
        yield running


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "faces.zip"


@pytest.fixture
def patient(target: Path) -> ResumingDownloader:
    part = target.with_name("faces.zip.part")
    return ResumingDownloader(part, connect_timeout=1, read_timeout=1, pause=0)


def test_a_file_arrives(server: FileServer, target: Path, patient: ResumingDownloader) -> None:
    download(server.url("faces.zip"), SHA256, target, patient)
    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == ["faces.zip"]


def test_no_password_of_the_account_goes_out(
    server: FileServer,
    target: Path,
    patient: ResumingDownloader,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A card of somebody else names the address; requests would send what ~/.netrc has for it."""
    (tmp_path / "netrc").write_text("default login me password s3cret\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    download(server.url("faces.zip"), SHA256, target, patient)
    assert server.credentials == [None]


def test_md5_is_checked_too(server: FileServer, target: Path, patient: ResumingDownloader) -> None:
    md5 = "md5:" + hashlib.md5(CONTENT).hexdigest()
    download(server.url("faces.zip"), md5, target, patient)
    assert target.read_bytes() == CONTENT


def test_what_is_here_is_not_downloaded_again(
    server: FileServer, target: Path, patient: ResumingDownloader
) -> None:
    target.write_bytes(CONTENT)
    download(server.url("faces.zip"), SHA256, target, patient)
    assert server.requests == []


def test_a_broken_line_is_continued_where_it_broke(
    server: FileServer, target: Path, patient: ResumingDownloader
) -> None:
    server.break_after = [131_072, 65_536]
    download(server.url("faces.zip"), SHA256, target, patient)
    assert target.read_bytes() == CONTENT
    offsets = [wanted for _, wanted in server.requests]
    assert offsets == [None, "bytes=131072-", "bytes=196608-"]


def test_a_later_run_continues_an_earlier_one(
    server: FileServer, target: Path, patient: ResumingDownloader
) -> None:
    patient.part.write_bytes(CONTENT[:1_000])
    download(server.url("faces.zip"), SHA256, target, patient)
    assert target.read_bytes() == CONTENT
    assert server.requests == [("faces.zip", "bytes=1000-")]


def test_a_part_that_is_whole_already_is_used(
    server: FileServer, target: Path, patient: ResumingDownloader
) -> None:
    patient.part.write_bytes(CONTENT)
    download(server.url("faces.zip"), SHA256, target, patient)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("part", [b"x" * 1_000, CONTENT + b"x"])
def test_a_part_of_another_file_is_thrown_away(
    part: bytes, server: FileServer, target: Path, patient: ResumingDownloader
) -> None:
    patient.part.write_bytes(part)
    download(server.url("faces.zip"), SHA256, target, patient)
    assert target.read_bytes() == CONTENT


def test_a_server_that_cannot_continue_starts_again(
    server: FileServer, target: Path, patient: ResumingDownloader
) -> None:
    server.ranges = False
    server.break_after = [100_000]
    download(server.url("faces.zip"), SHA256, target, patient)
    assert target.read_bytes() == CONTENT


def test_a_server_that_is_busy_is_asked_again(
    server: FileServer, target: Path, patient: ResumingDownloader
) -> None:
    server.status = [503, 429]
    download(server.url("faces.zip"), SHA256, target, patient)
    assert target.read_bytes() == CONTENT


def test_a_wrong_checksum_is_refused_and_nothing_is_kept(
    server: FileServer, target: Path, patient: ResumingDownloader
) -> None:
    wrong = "sha256:" + "0" * 64
    with pytest.raises(DownloadError, match="does not have the checksum sha256:000"):
        download(server.url("faces.zip"), wrong, target, patient)
    assert list(target.parent.iterdir()) == []


def test_a_line_that_keeps_breaking_leaves_the_part_for_next_time(
    server: FileServer, target: Path, patient: ResumingDownloader
) -> None:
    server.break_after = [131_072, 0, 0, 0]
    with pytest.raises(DownloadError, match="was interrupted after 131,072 bytes"):
        download(server.url("faces.zip"), SHA256, target, patient)
    assert patient.part.read_bytes() == CONTENT[:131_072]
    assert not target.exists()


@pytest.mark.parametrize(
    ("status", "asked", "words"),
    [(404, 1, "answered 404 Not Found"), (202, 1, "answered 202 Accepted"), (503, 3, "503")],
)
def test_a_refusal_is_quoted(
    status: int,
    asked: int,
    words: str,
    server: FileServer,
    target: Path,
    patient: ResumingDownloader,
) -> None:
    server.status = [status] * 3
    with pytest.raises(DownloadError, match=words):
        download(server.url("faces.zip"), SHA256, target, patient)
    assert len(server.requests) == asked


def test_a_server_that_hangs_is_given_up(
    server: FileServer, target: Path, patient: ResumingDownloader
) -> None:
    server.hang = 0.5
    hasty = replace(patient, read_timeout=0.1, attempts=2)
    with pytest.raises(DownloadError, match=r"no answer from 127\.0\.0\.1.* within 0\.1 seconds"):
        download(server.url("faces.zip"), SHA256, target, hasty)


def test_no_server_is_no_connection(target: Path, patient: ResumingDownloader) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/faces.zip"
        with pytest.raises(DownloadError, match=r"no connection to 127\.0\.0\.1"):
            download(url, SHA256, target, patient)


def test_a_name_that_does_not_resolve_is_no_connection(
    target: Path, patient: ResumingDownloader
) -> None:
    with pytest.raises(DownloadError, match=r"no connection to nowhere\.invalid"):
        download("http://nowhere.invalid/faces.zip", SHA256, target, patient)


def test_more_than_a_file_may_hold_is_not_downloaded(
    server: FileServer, target: Path, patient: ResumingDownloader
) -> None:
    small = replace(patient, most=100_000)
    with pytest.raises(DownloadError, match=r"announces 512,000 bytes, more than the 100,000"):
        download(server.url("faces.zip"), SHA256, target, small)
    assert list(target.parent.iterdir()) == []
    assert len(server.requests) == 1


def test_a_server_that_does_not_say_when_it_ends_is_stopped(
    server: FileServer, target: Path, patient: ResumingDownloader
) -> None:
    server.announced = False
    with pytest.raises(DownloadError, match=r"the server sent more than the 100,000 bytes allowed"):
        download(server.url("faces.zip"), SHA256, target, replace(patient, most=100_000))
    assert list(target.parent.iterdir()) == []


def test_a_list_of_checksums_without_end_is_stopped(
    server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lfr_eval.cohort.download.MOST_OF_LIST", 100_000)
    with pytest.raises(DownloadError, match=r"more than the 100,000 bytes"):
        read(server.url("faces.zip"))


def test_a_server_that_drips_is_given_up(
    server: FileServer, target: Path, patient: ResumingDownloader
) -> None:
    """Each byte starts the time limit of a socket again."""
    server.drip = 0.02
    hasty = replace(patient, read_timeout=0.1, attempts=2)
    with pytest.raises(DownloadError, match=r"sent fewer than 65,536 bytes within 0\.2 seconds"):
        download(server.url("faces.zip"), SHA256, target, hasty)


def test_a_server_that_sends_a_little_each_time_is_given_up(
    server: FileServer, target: Path, patient: ResumingDownloader
) -> None:
    """A little that is new, or much that is not."""
    server.break_after = [20_000] * 100
    with pytest.raises(DownloadError, match="was interrupted after"):
        download(server.url("faces.zip"), SHA256, target, patient)
    assert len(server.requests) == 3
    server.ranges, server.break_after = False, [200_000, 100_000] * 50
    with pytest.raises(DownloadError, match="was interrupted after"):
        download(server.url("faces.zip"), SHA256, target, patient)
    assert len(server.requests) <= 3 + 5


def test_an_answer_that_is_not_valid_is_no_other_edition(
    server: FileServer, target: Path, patient: ResumingDownloader
) -> None:
    server.moved = "http://[::1/faces.zip"
    with pytest.raises(DownloadError, match="the answer is not valid"):
        download(server.url("faces.zip"), SHA256, target, patient)


def test_the_body_of_a_redirection_is_not_read(
    server: FileServer, target: Path, patient: ResumingDownloader
) -> None:
    """Requests would keep all of it in the memory, however long it is."""
    server.moved, server.drip = server.url("other.zip"), 0.05
    with pytest.raises(DownloadError, match="no connection to"):
        download(server.url("faces.zip"), SHA256, target, patient)
    assert len(server.requests) == 31 * 3, "requests follows 30 redirections"


def test_what_the_disk_cannot_hold_is_not_downloaded(
    server: FileServer, target: Path, patient: ResumingDownloader, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = shutil.disk_usage(target.parent)._replace(free=100_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    with pytest.raises(DownloadError, match="512,000 bytes are needed and 100,000 are free"):
        download(server.url("faces.zip"), SHA256, target, patient)
    assert list(target.parent.iterdir()) == []
