"""Stage cohort: an address and a checksum in, a verified file out, despite interruptions.

Pooch decides whether a file must be downloaded and verifies it. The downloader here adds what large
files need: a partial file that a later attempt continues, room on the disk, and time limits.
"""

from __future__ import annotations

import logging
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

import lfr_eval
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.outgoing import BLOCK, TooSlowError, blocks_of, length_of, session, within
from lfr_eval.contract.progress import counting
from lfr_eval.contract.writing import check_room

if TYPE_CHECKING:
    import requests

MEGABYTE = 1e6
MOST, MOST_OF_LIST = 64 * 1024**3, 16 * 1024**2
"""Bytes of a file, and of a list of checksums, after which nothing more is downloaded."""
TRANSIENT = (408, 429, 500, 502, 503, 504)
"""Answers after which the request is sent again."""


class DownloadError(MendableError, RuntimeError):
    """A file could not be downloaded; the message says why in plain words."""


@dataclass(frozen=True)
class ResumingDownloader:
    """Downloads one file for pooch, continuing what an earlier attempt left.

    Attributes
    ----------
    part
        The partial file, which is kept when the download is interrupted.
    connect_timeout, read_timeout
        Seconds to wait for a connection, and for the next bytes. `BLOCK` bytes may take twice as
        long as the next bytes; a server that is slower is given up.
    attempts
        Attempts in a row with fewer than `BLOCK` new bytes after which to give up.
    pause
        Seconds before the next attempt, times the number of attempts without new data.
    most
        Bytes of the largest file that is downloaded.
    """

    part: Path
    connect_timeout: float = 10
    read_timeout: float = 30
    attempts: int = 3
    pause: float = 1
    most: int = MOST

    def __call__(self, url: str, output_file: str, _: object) -> None:
        """Download `url` to `output_file`. Pooch calls this and then verifies the file.

        Raises
        ------
        DownloadError
            If the file cannot be downloaded.
        """
        import requests

        fruitless, furthest = 0, self._size()
        while True:
            try:
                self._continue(url)
                break
            except (requests.RequestException, TooSlowError, _Transient) as error:
                # New is what no attempt had: a server may begin again and again.
                fruitless = 0 if self._size() >= furthest + BLOCK else fruitless + 1
                furthest = max(furthest, self._size())
                if fruitless >= self.attempts:
                    raise DownloadError(self._reason(error, url)) from error
                time.sleep(self.pause * fruitless)
            except ValueError as error:
                raise DownloadError(f"the answer is not valid ({error})") from error
        self.part.replace(output_file)

    def _size(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _continue(self, url: str) -> None:
        offset = self._size()
        headers = {"User-Agent": f"lfr-eval/{lfr_eval.__version__}"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
        waiting = (self.connect_timeout, self.read_timeout)
        with (
            session(url) as web,
            within(
                2 * sum(waiting),
                lambda: web.get(url, headers=headers, stream=True, timeout=waiting),
            ) as response,
        ):
            status = response.status_code
            declared = response.headers.get("Content-Range", "")
            if status == 416 and offset:
                if declared.rpartition("/")[2] == str(offset):
                    return
                self.part.unlink()
                raise _Transient("the partial file does not belong to this file")
            if status == 206 and not declared.startswith(f"bytes {offset}-"):
                self.part.unlink(missing_ok=True)
                raise _Transient("the server sent a part of the file that was not requested")
            if status not in (200, 206):
                words = f"the server answered {status} {response.reason}".rstrip()
                raise _Transient(words) if status in TRANSIENT else DownloadError(words)
            self._write(response, offset if status == 206 else 0)

    def _write(self, response: requests.Response, offset: int) -> None:
        stated = length_of(response)
        if stated is not None and offset + stated > self.most:
            self._refuse(f"the server announces {offset + stated:,} bytes, more")
        if stated is not None:
            check_room(self.part.parent, stated)
        total = None if stated is None else stated / MEGABYTE
        size = offset
        with (
            self.part.open("ab" if offset else "wb") as file,
            counting(f"MB of {self.part.stem}", total) as done,
        ):
            for block in blocks_of(response, 2 * self.read_timeout):
                size += len(block)
                if size > self.most:
                    self._refuse("the server sent more")
                file.write(block)
                done(len(block) / MEGABYTE)

    def _refuse(self, why: str) -> NoReturn:
        self.part.unlink(missing_ok=True)
        raise DownloadError(f"{why} than the {self.most:,} bytes allowed for this file")

    def _reason(self, error: Exception, url: str) -> str:
        import requests

        if isinstance(error, _Transient):
            return str(error)
        if isinstance(error, TooSlowError):
            return (
                f"{urlsplit(url).netloc} sent fewer than {BLOCK:,} bytes within "
                f"{2 * self.read_timeout:g} seconds"
            )
        if isinstance(error, requests.Timeout) or "timed out" in str(error):
            return f"no answer from {urlsplit(url).netloc} within {self.read_timeout:g} seconds"
        if isinstance(error, requests.exceptions.ChunkedEncodingError):
            return f"the connection was interrupted after {self._size():,} bytes"
        kind = type(error)
        detail = "" if kind is requests.ConnectionError else f" ({kind.__name__})"
        return f"no connection to {urlsplit(url).netloc}{detail}"


class _Transient(Exception):
    """The server asks for the request to be sent again."""


def download(
    url: str, checksum: str, target: Path, downloader: ResumingDownloader | None = None
) -> None:
    """Provide a file with this checksum at `target`, and download it only if it is missing.

    Parameters
    ----------
    url
        Address.
    checksum
        `sha256:...` or `md5:...`.
    target
        The file; its folder must exist.
    downloader
        Timeouts and attempts; the default suits the open internet.

    Raises
    ------
    DownloadError
        If the file cannot be downloaded, or has another checksum.
    """
    import pooch

    # Pooch announces every file on standard error, where the progress bar is.
    pooch.get_logger().setLevel(logging.WARNING)
    fetcher = downloader or ResumingDownloader(target.with_name(target.name + ".part"))
    continued = fetcher.part.exists()
    for again in (continued, False):
        try:
            pooch.retrieve(url, checksum, target.name, target.parent, downloader=fetcher)
            return
        except ValueError as error:
            # The part may come from an older edition of the file: once more from the beginning.
            if not again:
                raise DownloadError(
                    f"what arrived does not have the checksum {checksum}: it is another edition of "
                    "the file, or something on the way (a proxy, a login page) answered in its "
                    "place"
                ) from error
        except OSError as error:
            raise DownloadError(
                f"the file cannot be written to {target.parent} ({error.strerror})"
            ) from error


def read(url: str) -> bytes:
    """Return the content of an address without a published checksum.

    Raises
    ------
    DownloadError
        If it cannot be downloaded.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "checksums"
        ResumingDownloader(file.with_suffix(".part"), most=MOST_OF_LIST)(url, str(file), None)
        return file.read_bytes()
