"""The seal of a study folder: every file by its content, and one swap from one seal to the next.

`provenance.json` holds the SHA-256 of every other file, the study hash and the seal. The study hash
covers the files that the study is made of, and the settings, code, matcher and data they come from;
it does not cover the report, which quotes it, nor what the field adds later. The seal covers
everything, and may be signed. An unsigned seal shows that nothing was changed by accident or by
somebody who did not seal again: whoever can write the folder can seal it anew, so keep the study
hash or the seal where nobody can change it.

New files are written to `.next`, which is renamed to `.ready` when all are there, and then moved
into place. A kill before the rename leaves the study as it was, and one after it is made good by
whoever opens the study next.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from lfr_eval.contract import tables
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.keys import SIGNATURE, Key, fingerprint, holds, is_public
from lfr_eval.contract.reading import LONGEST, ReadingError, json_value, read_text, regular_file
from lfr_eval.contract.stamps import PLAN_STAMP, STUDY_STAMP
from lfr_eval.contract.writing import ASIDE, clear_asides, leftover, write_json

STAGES, PROVENANCE, STUDY = "stages.json", "provenance.json", "study.json"
REPORT, PDF, BRIEF, ANNEX = "report.html", "report.pdf", "brief.pdf", "annex.pdf"
CONFORMANCE = "conformance.json"
REPORTS = (REPORT, BRIEF, PDF, ANNEX, CONFORMANCE)
LOCK, NEXT, READY, SWAP = ".lock", ".next", ".ready", "swap.json"
VIEW = "view"
"""A folder of links in `.next` while a report is rendered."""
LATER = (*REPORTS, *(table.file for table in tables.AFTERWARDS), PLAN_STAMP, STUDY_STAMP)
"""Files that are made from a finished study, or join it: its hash does not cover them."""
SHARE = "share.json"
"""Makes a folder a share of a study: which hash it has, and which files the share leaves out."""
SHARED = (
    *(STUDY, STAGES, *REPORTS, PLAN_STAMP, STUDY_STAMP),
    *(
        f"{name}.parquet"
        for name in (
            *("rates", "findings", "truth", "equity", "modelled", "modelled_searches"),
            *("watchlist_sizes", "person_tests", "score_differences", "adjusted", "field"),
            *("alert_times", "candidate_lists", "corrections"),
        )
    ),
)
"""Files without people, scores of single comparisons and paths. A new one is not among them."""
WRITTEN = frozenset(
    (
        *(STUDY, STAGES, PROVENANCE, SWAP, SHARE, *LATER),
        *("plan.yaml", "registration.json"),
        *(table.file for table in vars(tables).values() if isinstance(table, tables.Table)),
    )
)
"""Every file that a process may be writing in a study when it dies: others are somebody else's."""
MADE_BY = ("lfr_eval", "code_digest", "git_revision", "matcher", "dataset_digest", "seeds")
"""What the study hash covers of the provenance, beside the settings."""
ELSEWHERE = ("tracking", "compute", "parity", "registration", "deviate", "deviation")
"""Settings that do not determine results."""
TRIES, PAUSE = 50, 0.1
"""How often, and after how many seconds, a study is looked at again that is being sealed."""


class FolderError(MendableError, RuntimeError):
    """The study folder cannot be used; the message says what to do."""


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with os.fdopen(regular_file(path), "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest(value: object) -> str:
    """SHA-256 of a JSON value, independent of the order of keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def contents(study: Path) -> tuple[dict[str, Path], list[str]]:
    """Return the files of a study by name, and one sentence on each thing that is not a file.

    What is about to be moved into place counts as being there, and what a process left that died
    while it was writing does not.
    """
    files: dict[str, Path] = {}
    problems: list[str] = []
    for path in sorted(study.iterdir()):
        kind = path.lstat().st_mode
        if path.name in (NEXT, READY) and stat.S_ISDIR(kind):
            problems += _foreign(path)
            continue
        if path.name == LOCK and stat.S_ISREG(kind) and path.stat().st_size == 0:
            continue
        if not stat.S_ISREG(kind):
            problems.append(f"{_shown(path.name)} is {_named(kind)} and not part of the study.")
        elif path.name != PROVENANCE and not _is_left(path):
            files[path.name] = path
    moved, removed = _swap(study / READY)
    files |= {path.name: path for path in moved if path.name != PROVENANCE}
    return {name: path for name, path in files.items() if name not in removed}, problems


def _foreign(aside: Path) -> Iterator[str]:
    """Yield a sentence on each thing in `.next` or `.ready` that no process of ours left there."""
    kinds = {path: path.lstat().st_mode for path in sorted(aside.iterdir())}
    for path, kind in kinds.items():
        shown = path == aside.parent / NEXT / VIEW and stat.S_ISDIR(kind)
        if stat.S_ISREG(kind):
            if _target(path) not in WRITTEN:
                yield f"{aside.name}/{_shown(path.name)} is not part of the study."
        elif not (shown and all(one.is_symlink() for one in path.iterdir())):
            yield f"{aside.name}/{_shown(path.name)} is {_named(kind)} and not part of the study."
    # A process that dies while it clears the folder leaves it empty.
    if aside.name == READY and kinds and _removed(aside) is None:
        yield f"{READY} holds files without a readable {SWAP}: they are not part of the study."


def _target(path: Path) -> str:
    """Return the name of the file that a path is, or is written for."""
    found = ASIDE.fullmatch(path.name)
    return found[1] if found else path.name


def _is_left(path: Path) -> bool:
    """Return whether a process died while it wrote this file of a study."""
    return leftover(path) and _target(path) in WRITTEN


def _named(kind: int) -> str:
    if stat.S_ISLNK(kind):
        return "a link"
    return "a folder" if stat.S_ISDIR(kind) else "a pipe or a device"


def leftovers(study: Path) -> list[str]:
    """Return the names of what a process left in a study that died while it was writing."""
    return sorted(path.name for path in study.iterdir() if path.name == NEXT or _is_left(path))


def _swap(ready: Path) -> tuple[list[Path], list[str]]:
    """Return the files that are still to be moved into place, and the names to be removed."""
    removed = _removed(ready)
    if removed is None:
        return [], []
    inside = [path for path in ready.iterdir() if stat.S_ISREG(path.lstat().st_mode)]
    return [path for path in inside if path.name != SWAP], removed


def _removed(ready: Path) -> list[str] | None:
    """Return the names that a swap removes; None if the folder holds no swap that can be read."""
    try:
        removed = read_object(ready / SWAP).get("removed")
    except ReadingError:
        return None
    return [str(name) for name in removed] if isinstance(removed, list) else None


def settle(study: Path) -> None:
    """Finish what a process began that died while it sealed; the caller holds the folder."""
    ready = study / READY
    if ready.is_dir():
        moved, removed = _swap(ready)
        for name in removed:
            if Path(name).name == name:
                (study / name).unlink(missing_ok=True)
        # The provenance comes last: until then, the study has the seal it had.
        for path in sorted(moved, key=lambda one: (one.name == PROVENANCE, one.name)):
            path.replace(study / path.name)
        shutil.rmtree(ready)
    shutil.rmtree(study / NEXT, ignore_errors=True)
    clear_asides(study)


@contextmanager
def replacing(study: Path, names: Sequence[str]) -> Iterator[Path]:
    """Yield a folder for new files; put all of them into place, or none.

    Parameters
    ----------
    names
        Files that are replaced: one that is not written is removed.
    """
    aside, ready = study / NEXT, study / READY
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700)
    try:
        yield aside
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    written = [path for path in aside.iterdir() if path.is_file()]
    there = {path.name for path in written}
    write_json(aside / SWAP, {"removed": [name for name in names if name not in there]})
    for path in written:
        path.chmod(0o600)
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
    aside.rename(ready)
    settle(study)


def view(study: Path, aside: Path, names: Sequence[str]) -> Path:
    """Return a folder of links that shows a study as it will be, with the new files."""
    place = aside / VIEW
    place.mkdir(mode=0o700)
    for path in (*study.iterdir(), *aside.iterdir()):
        fresh = path.parent == aside
        if path.is_file() and (fresh or path.name not in names) and path.name != LOCK:
            link = place / path.name
            link.unlink(missing_ok=True)
            link.symlink_to(path.resolve())
    return place


def seal(
    study: Path,
    provenance: Mapping[str, object],
    aside: Path | None = None,
    names: Sequence[str] = (),
    key: Key | None = None,
) -> str:
    """Write `provenance.json` over every file of a study; return the study hash.

    Parameters
    ----------
    aside
        Where files lie that will be in the study, and where the provenance goes.
    names
        Files of the study that `aside` replaces.
    key
        Signs the seal.

    Raises
    ------
    FolderError
        If something in the folder is not a regular file: it cannot be sealed.
    """
    present, problems = contents(study)
    if problems:
        raise FolderError(f"{study} cannot be sealed. {' '.join(problems)} Move it away.")
    if aside is not None:
        present = {name: path for name, path in present.items() if name not in names}
        present |= {
            path.name: path
            for path in aside.iterdir()
            if path.is_file() and path.name not in (PROVENANCE, SWAP)
        }
    files = {name: sha256_of(path) for name, path in sorted(present.items())}
    body = {name: value for name, value in provenance.items() if name not in SEALED}
    sealed: dict[str, Any] = {
        **json.loads(json.dumps(body)),
        "files": files,
        "seal_format": 2,
    }
    sealed["study_hash"] = _study_hash(sealed)
    sealed["sizes"] = {name: path.stat().st_size for name, path in sorted(present.items())}
    if key is not None:
        sealed["signer"] = key.public
    sealed["seal"] = digest(sealed)
    if key is not None:
        sealed[SIGNATURE] = key.sign(sealed)
    write_json((aside or study) / PROVENANCE, sealed)
    return str(sealed["study_hash"])


SEALED = ("files", "sizes", "study_hash", "seal", "seal_format", "signer", SIGNATURE)
"""What the seal adds to the provenance."""


def _study_hash(sealed: Mapping[str, Any]) -> str:
    files = {name: value for name, value in sealed["files"].items() if name not in LATER}
    if sealed.get("seal_format") != 2:
        return digest(files)
    made = {name: sealed.get(name) for name in MADE_BY}
    settings = sealed.get("config")
    if isinstance(settings, dict):
        settings = {name: value for name, value in settings.items() if name not in ELSEWHERE}
        report = settings.get("report")
        if isinstance(report, dict):
            words = {k: v for k, v in report.items() if k not in ("pdf", "minimum_count")}
            settings["report"] = words
    return digest({"files": files, "made": made, "settings": settings})


def read_sealed(study: Path) -> dict[str, Any]:
    """Read `provenance.json`, wherever it is on its way.

    Raises
    ------
    FolderError
        If the study is not finished, or the file is damaged.
    """
    for file in (study / READY / PROVENANCE, study / PROVENANCE):
        if not file.exists():
            continue
        try:
            sealed = read_object(file)
        except ReadingError as error:
            raise FolderError(f"{error} Restore it from a copy, or run the study again.") from error
        files = sealed.get("files")
        hashes = [sealed.get("study_hash"), *(files.values() if isinstance(files, dict) else [0])]
        if not all(isinstance(value, str) for value in hashes):
            raise FolderError(
                f"{file} is damaged: it holds no study hash or no hashes of files. Restore it from "
                "a copy, or run the study again."
            )
        return sealed
    raise FolderError(f"The study in {study} is not finished: run it again to go on.")


def verify(study: Path) -> list[str]:
    """Compare every file with the provenance; return one sentence a difference.

    A study that is sealed anew while it is looked at is looked at again.
    """
    for _ in range(TRIES):
        before = read_sealed(study)
        with suppress(FileNotFoundError, ReadingError):
            problems = _differences(study, before)
            if not problems or (read_sealed(study) == before and not (study / READY).exists()):
                return problems
        time.sleep(PAUSE)
    return _differences(study, read_sealed(study))


def _differences(study: Path, sealed: Mapping[str, Any]) -> list[str]:
    claimed: dict[str, str] = sealed["files"]
    problems = []
    body = {name: value for name, value in sealed.items() if name not in ("seal", SIGNATURE)}
    signed = "signer" in sealed or SIGNATURE in sealed
    if digest(body) != sealed.get("seal") or _study_hash(sealed) != sealed["study_hash"]:
        problems.append(f"{PROVENANCE} was changed after the study was sealed.")
    elif signed and not (is_public(sealed.get("signer")) and holds(sealed["signer"], sealed)):
        problems.append(f"{PROVENANCE} was changed after the study was signed.")
    present, irregular = contents(study)
    left_out: set[str] = set()
    if SHARE in present and SHARE not in claimed:
        share = read_object(present.pop(SHARE))
        if share.get("share_of") != sealed["study_hash"]:
            problems.append(f"{SHARE} names another study than {PROVENANCE}.")
        left_out = {name for name in map(str, share.get("left_out", [])) if name not in SHARED}
    problems += [
        f"{name} is missing." for name in claimed if name not in present and name not in left_out
    ]
    problems += irregular
    problems += [
        f"{_shown(name)} is not part of the study." for name in present if name not in claimed
    ]
    sizes = sealed.get("sizes")
    for name, path in present.items():
        if name not in claimed:
            continue
        # A file far larger is not read: one with holes could be longer than any disk.
        size = path.stat().st_size
        least = sizes.get(name) if isinstance(sizes, dict) else None
        if isinstance(least, int) and size > 2 * least + LONGEST:
            problems.append(f"{name} was changed: it has {size:,} bytes, recorded were {least:,}.")
        elif (actual := sha256_of(path)) != claimed[name]:
            problems.append(
                f"{name} was changed: its SHA-256 is {actual}, recorded was {claimed[name]}."
            )
    return problems


def _shown(name: str) -> str:
    """Return a name that anybody may have given a file, on one line."""
    return name if name.isprintable() else ascii(name)


def signer_of(study: Path) -> str | None:
    """Return the fingerprint of the key that signed the seal; None: nobody did."""
    public = str(read_sealed(study).get("signer"))
    return fingerprint(public) if is_public(public) else None


def read_object(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    ReadingError
        If the file cannot be read or holds something else; the message names it.
    """
    text = read_text(path)
    try:
        value = json_value(text)
    except ReadingError as error:
        raise ReadingError(f"{path} cannot be read. {error}") from error
    if not isinstance(value, dict):
        raise ReadingError(f"{path} cannot be read. It is not a JSON object.")
    return value
