"""The files of a study folder, and one swap from one state of them to the next.

New files are written to `.next`, which is renamed to `.ready` when all are there, and then moved
into place. A kill before the rename leaves the study as it was, and one after it is made good by
whoever opens the study next.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lfr_eval.contract import tables
from lfr_eval.contract.reading import ReadingError, read_json
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
WRITTEN = frozenset(
    (
        *(STUDY, STAGES, PROVENANCE, SWAP, SHARE, *LATER),
        *("plan.yaml", "registration.json"),
        *(table.file for table in vars(tables).values() if isinstance(table, tables.Table)),
    )
)
"""Every file that a process may be writing in a study when it dies: others are somebody else's."""


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
            problems.append(f"{spelt(path.name)} is {_named(kind)} and not part of the study.")
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
                yield f"{aside.name}/{spelt(path.name)} is not part of the study."
        elif not (shown and all(one.is_symlink() for one in path.iterdir())):
            yield f"{aside.name}/{spelt(path.name)} is {_named(kind)} and not part of the study."
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
        removed = read_json(ready / SWAP).get("removed")
    except ReadingError:
        return None
    return [str(name) for name in removed] if isinstance(removed, list) else None


def settle(study: Path) -> None:
    """Finish what a process began that died while it sealed; the caller holds the folder."""
    ready = study / READY
    # A link is nothing of ours: what it leads to is neither moved nor deleted.
    if ready.is_dir() and not ready.is_symlink():
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


def spelt(name: str) -> str:
    """Return a name that anybody may have given a file, on one line."""
    return name if name.isprintable() else ascii(name)
