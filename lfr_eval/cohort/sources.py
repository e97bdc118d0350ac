"""Stage cohort: a dataset's name in, the folder with its verified files out.

Files come from the offline mirror, or else from the store, or else from the publisher, who fills
the store. All are verified before use, because results from changed faces cannot be reproduced.
"""

from __future__ import annotations

import hashlib
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from shutil import copyfileobj, rmtree

from lfr_eval.cohort.card import CardError, DatasetCard
from lfr_eval.cohort.cards import load_card
from lfr_eval.cohort.download import DownloadError, download, read
from lfr_eval.cohort.layouts import find_layout
from lfr_eval.contract.addresses import masked
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.folder import sha256_of
from lfr_eval.contract.reading import json_value
from lfr_eval.contract.writing import check_room

MIRROR_VARIABLE = "LFR_EVAL_MIRROR"
RECEIPT = "SHA256SUMS"
"""Checksums of a downloaded folder, in the format that `sha256sum -c` reads."""

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")
UNPACKED_LIMIT = 4 * 1024**3
"""Most bytes that an archive may unpack to."""


class FetchError(MendableError, RuntimeError):
    """Files of a dataset are not here, cannot be downloaded, or have changed."""


def fetch(name: str, mirror: Path | None, store: Path) -> Path:
    """Return the path of a dataset or weights, and download them if they are missing.

    Parameters
    ----------
    name
        Name of a dataset card.
    mirror
        Folder of an offline mirror, used in place; None for none.
    store
        Private folder of downloads.

    Returns
    -------
    Path
        The folder of a dataset; the file of weights.

    Raises
    ------
    CardError
        If there is no such card, or nothing to fetch for it.
    FetchError
        If files cannot be downloaded or have changed; the message names the file, the address and
        what else can be done.
    """
    return fetch_card(load_card(name), mirror, store)


def fetch_card(card: DatasetCard, mirror: Path | None, store: Path) -> Path:
    """Return the path of a card's dataset or weights; see `fetch`."""
    if card.simulated:
        raise CardError(f"'{card.name}' is simulated, so there is nothing to fetch.")
    mirrored = _from_mirror(card, mirror)
    if mirrored is not None:
        return mirrored
    folder = store / card.name
    if (folder / RECEIPT).is_file():
        _verify(card, folder)
    elif card.by_hand is not None and find_layout(card, folder) is None:
        if card.kind == "weights":
            raise FetchError(f"Weights '{card.name}' must be downloaded by hand. {card.by_hand}")
        raise FetchError(
            f"Dataset '{card.name}' must be downloaded by hand. {card.by_hand}\n"
            f"Folder: '{folder}'{_or_mirror(card, mirror)}"
        )
    elif card.by_hand is None:
        _download(card, folder, mirror)
    return folder / card.files[0].name if card.kind == "weights" else folder


def folder_digest(folder: Path) -> str:
    """Return the SHA-256 of a folder: of the lines `sha256  name` of its files, by name."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in _digests(folder))
    return hashlib.sha256(lines.encode()).hexdigest()


def _digests(folder: Path) -> list[tuple[str, str]]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != RECEIPT)
    names = sorted(path.relative_to(folder).as_posix() for path in files)
    return [(name, sha256_of(folder / name)) for name in names]


def _from_mirror(card: DatasetCard, mirror: Path | None) -> Path | None:
    if mirror is None or card.mirror is None:
        return None
    file = mirror / card.mirror
    folder = file.parent
    place = file if card.kind == "weights" else folder
    if not file.is_file():
        # A mirror may also keep the files as their publisher names them.
        return folder if find_layout(card, folder) is not None else None
    found = sha256_of(file) if card.kind == "weights" else folder_digest(folder)
    if card.mirror_digest is not None and found != card.mirror_digest:
        raise FetchError(
            f"'{place}' is not the copy of '{card.name}' that the dataset card describes: its "
            f"SHA-256 is {found}, the card says {card.mirror_digest}. A file was changed, added or "
            f"removed. Restore the copy, or unset {MIRROR_VARIABLE} to "
            "download the published files."
        )
    return place


def _verify(card: DatasetCard, folder: Path) -> None:
    lines = (folder / RECEIPT).read_text(encoding="utf-8").splitlines()
    expected = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    changed = [
        name
        for name, digest in expected.items()
        if not (folder / name).is_file() or sha256_of(folder / name) != digest
    ]
    if changed:
        raise FetchError(
            f"{len(changed)} of {len(expected)} files of '{card.name}' in '{folder}' have changed "
            f"since they were downloaded (the first: '{changed[0]}'). Delete that folder and run "
            f"`lfr-eval fetch {card.name}` again."
        )


def _download(card: DatasetCard, folder: Path, mirror: Path | None) -> None:
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(folder.parent / f".{card.name}.lock"):
        if (folder / RECEIPT).is_file():
            return
        # Faces are nobody else's to read.
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        checksums = _published_checksums(card, mirror)
        for file in card.files:
            target = folder / file.name
            unpacked = None if file.unpack is None else folder / file.unpack
            if unpacked is None or not unpacked.is_dir():
                try:
                    download(file.url, file.checksum or checksums[file.url], target)
                except DownloadError as error:
                    raise _failed(card, file.name, file.url, error, mirror) from error
            if unpacked is not None:
                _unpack(target, unpacked)
                target.unlink(missing_ok=True)
        _write_receipt(folder)


def _published_checksums(card: DatasetCard, mirror: Path | None) -> dict[str, str]:
    """Read the MD5 of each file from the figshare record, by address."""
    if card.checksums is None:
        return {}
    what = f"the list of checksums of {', '.join(file.name for file in card.files)}"
    try:
        record = json_value(read(card.checksums))
        by_id = {str(file["id"]): f"md5:{file['computed_md5']}" for file in record["files"]}
        return {
            file.url: by_id[PurePosixPath(file.url).name]
            for file in card.files
            if file.checksum is None
        }
    except (KeyError, TypeError, ValueError) as error:
        reason = DownloadError("the answer does not list the dataset's files")
        raise _failed(card, what, card.checksums, reason, mirror) from error
    except DownloadError as error:
        raise _failed(card, what, card.checksums, error, mirror) from error


def _failed(
    card: DatasetCard, file: str, url: str, error: DownloadError, mirror: Path | None
) -> FetchError:
    return FetchError(
        f"'{card.name}': {file} could not be downloaded from {masked(url)}: {error}.\n"
        f"Run `lfr-eval fetch {card.name}` again with a network (it continues where it stopped)"
        f"{_or_mirror(card, mirror)}"
    )


def _or_mirror(card: DatasetCard, mirror: Path | None) -> str:
    if card.mirror is None:
        return "."
    looked = "" if mirror is None else f" (the mirror '{mirror}' does not have it)"
    return (
        f", or set {MIRROR_VARIABLE} (paths.mirror) to a folder that has '{card.mirror}'{looked}."
    )


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack the images of an archive, without its folders; all of them or none."""
    if folder.is_dir():
        return
    aside = folder.with_name(f"{folder.name}.part")
    rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700)
    try:
        _write_images(archive, aside)
    except (OSError, ValueError, RuntimeError, zipfile.BadZipFile, NotImplementedError) as error:
        if isinstance(error, FetchError):
            raise
        # Damaged, encrypted, or two pictures of one name in different folders.
        raise FetchError(f"'{archive}' cannot be unpacked: {error}.") from error
    aside.rename(folder)


def _write_images(archive: Path, aside: Path) -> None:
    with zipfile.ZipFile(archive) as zipped:
        images = [
            entry
            for entry in zipped.infolist()
            if PurePosixPath(entry.filename).suffix.lower() in IMAGE_SUFFIXES
            and not PurePosixPath(entry.filename).name.startswith("._")
        ]
        unpacked = sum(entry.file_size for entry in images)
        if unpacked > UNPACKED_LIMIT:
            raise FetchError(f"'{archive}' unpacks to more than {UNPACKED_LIMIT:,} bytes.")
        check_room(aside, unpacked)
        for entry in images:
            # Only the last part of the name is used, so nothing is written outside the folder.
            with (
                zipped.open(entry) as source,
                (aside / PurePosixPath(entry.filename).name).open("xb") as target,
            ):
                copyfileobj(source, target)


def _write_receipt(folder: Path) -> None:
    lines = "".join(f"{digest}  {name}\n" for name, digest in _digests(folder))
    aside = folder / f"{RECEIPT}.part"
    aside.write_text(lines, encoding="utf-8")
    aside.replace(folder / RECEIPT)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Let only one process download at a time. The others find the files when it is done."""
    with lock.open("w") as file:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield
