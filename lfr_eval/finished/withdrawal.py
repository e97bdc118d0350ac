"""Withdrawal: one person out of caches and studies, and a search for what is left of them.

In: the person's `subject_id` and the folders of the tool. Out: what was deleted where, and every
file in which something of them is still found. Tables of rates keep their counts, which name
nobody. A study that loses somebody says that it cannot be reproduced, and not who it was.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from lfr_eval.contract.archives import read_parquet
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.folder import PROVENANCE, STAGES, STUDY, FolderError, StudyFolder, sha256_of
from lfr_eval.contract.provenance import Withdrawal
from lfr_eval.contract.reading import ReadingError, read_json
from lfr_eval.contract.spelling import normal
from lfr_eval.contract.swapping import NEXT, READY
from lfr_eval.contract.tables import COHORT, EXCLUSIONS
from lfr_eval.contract.words import several
from lfr_eval.contract.writing import json_text, written_aside
from lfr_eval.contract.yaml_reading import read_yaml
from lfr_eval.finished.elsewhere import (
    KINDS,
    from_cache,
    from_deployments,
    from_exports,
    from_given,
    from_manifests,
    given_of,
    unread,
)
from lfr_eval.finished.person import Needles, Person
from lfr_eval.study.registration.standing import PLAN, RECORD
from lfr_eval.study.sealing import report_and_seal

MARK = "Not reproducible after the withdrawal of one person."


class WithdrawalError(MendableError, ValueError):
    """Nobody can be withdrawn; the message says why."""


@dataclass(frozen=True)
class Withdrawn:
    """What was deleted, or would be.

    Attributes
    ----------
    done
        One sentence for each place: how many files and rows.
    left
        Studies that cannot be changed, since they are not as they were sealed; files that cannot be
        read; and, after the deletion, files that still hold something of the person.
    searched
        How many files were searched for that.
    """

    done: tuple[str, ...]
    left: tuple[str, ...] = ()
    searched: int = 0


def withdraw(  # noqa: PLR0913
    subject: str,
    studies: Sequence[Path],
    caches: Sequence[Path],
    approvals: str | None = None,
    deployments: Sequence[Path] = (),
    exports: Sequence[Path] = (),
    manifests: Sequence[Path] = (),
    look: bool = False,
) -> Withdrawn:
    """Delete one person from studies and caches, and look for what is left.

    Parameters
    ----------
    subject
        Their `subject_id`.
    studies, caches
        Study folders, and caches.
    approvals
        The ledger that reports show.
    deployments, exports
        Folders of deployments of the live engine, and files of exported templates.
    manifests
        Manifests that may name them, such as watchlists: a cache knows pictures, but not of whom.
    look
        Only say what would be deleted, and delete nothing.

    Raises
    ------
    WithdrawalError
        If nobody of that name is in any of them.
    FolderError
        If they are only in studies that are not as they were sealed. Sealing such a study again
        would hide that, so it is left alone, and named beside whatever was deleted elsewhere.
    """
    folders = [StudyFolder.open(path) for path in studies]
    for folder in () if look else folders:
        # What a process left that died while it wrote holds rows of people, too. A study that is
        # being run is not waited for.
        if folder.leftovers() or (folder.path / READY).exists():
            with suppress(FolderError), folder.locked():
                pass
    person = Person(normal(subject))
    damaged: dict[Path, str] = {}
    concerned = []
    # Another study may have given the name of an image to somebody else's.
    known_as: dict[Path, Person] = {}
    for folder in folders:
        known_as[folder.path.resolve()] = one = replace(person, images=set())
        try:
            concerned += [folder] if _find(one, folder) else []
            person.images |= one.images
        except (OSError, ValueError) as error:
            damaged[folder.path] = _unreadable(folder.path, error)
    listed, gone = from_manifests(person, manifests)
    given = [path for cache in caches for path in given_of(person, cache)]
    alerted = from_deployments(person, deployments, look=True)
    passed_over = (*unread(caches, deployments), *gone)
    if not concerned and not damaged and not given and not alerted and not listed:
        raise WithdrawalError(
            f"'{subject}' was not found in {several(len(folders), 'study', 'studies')}, "
            f"{several(len(caches), 'cache')} and {several(len(deployments), 'folder')} of "
            "deployments. Give the subject_id as the manifest has it, and --study FOLDER for a "
            "study elsewhere. Templates in caches have no names: for somebody who was only on a "
            "watchlist, give --manifest FILE, a manifest that still has their rows. "
            "lfr-eval purge deletes every template in caches."
        )
    sealed = [folder for folder in concerned if _is_sealed(folder.path)]
    for folder in sealed:
        changed = folder.verify()
        if changed:
            damaged[folder.path] = (
                f"{folder.path} was changed after it was sealed: {' '.join(changed[:5])} Nothing "
                "was deleted there. Restore or delete this study, and withdraw the person again."
            )
    concerned = [folder for folder in concerned if folder.path not in damaged]
    if damaged and not concerned and not given and not alerted and not listed:
        raise FolderError(" ".join(damaged.values()))
    done = [from_given(path, look) for path in given]
    for cache in caches:
        done += from_cache(person, cache, look)
    for folder in concerned:
        try:
            one = known_as[folder.path.resolve()]
            done.append(_from_study(one, folder, folder in sealed, approvals, look))
        except FolderError as error:
            damaged[folder.path] = f"{error} Nothing was deleted there. Withdraw the person again."
        except (OSError, ValueError) as error:
            damaged[folder.path] = _unreadable(folder.path, error)
    done += alerted if look else from_deployments(person, deployments)
    done += from_exports(person, exports, look)
    if look:
        return Withdrawn(tuple(done), (*damaged.values(), *passed_over))
    places = [(path, one) for at, one in known_as.items() for path in sorted(at.rglob("*"))]
    for place in (*caches, *deployments):
        places += [(path, person) for path in sorted(place.rglob("*"))]
    # A folder of a cache may be linked.
    places += [(file, person) for at in caches for kind in KINDS for file in kind.files(at)]
    left, searched = _search(person, places)
    return Withdrawn(tuple(done), (*damaged.values(), *passed_over, *left), searched)


def _unreadable(study: Path, error: Exception) -> str:
    return f"{study} cannot be read, so look there yourself: {error}"


def _find(person: Person, folder: StudyFolder) -> bool:
    """Note the person's images in a study; whether the study knows them."""
    found = False
    for table in (COHORT, EXCLUSIONS):
        if not folder.file(table).is_file():
            continue
        frame = read_parquet(folder.file(table))
        theirs = frame[frame["subject_id"].astype("string") == person.subject]
        found |= not theirs.empty
        person.images |= set(theirs["image_id"].astype(str))
        if "digest" in theirs:
            person.digests |= set(theirs["digest"].dropna().astype(str))
    return found


def _from_study(
    person: Person, folder: StudyFolder, sealed: bool, approvals: str | None, look: bool
) -> str:
    """Write the tables of a study without the person; seal it again, or let it go on."""
    with nullcontext() if look else folder.locked():
        files, removed = _without_rows(person, folder.path)
        files |= _without_name(person, folder.path)
        changed = f"{several(removed, 'row')} in {several(len(files), 'file')}"
        if not look:
            write = partial(_seal_again, approvals=approvals) if sealed else _go_on_without
            write(folder, files)
    then = f"marked: {MARK}" if sealed else "from a study that did not finish"
    return f"{folder.path}: {changed}; {then}"


def _seal_again(folder: StudyFolder, files: dict[str, bytes], approvals: str | None) -> None:
    record = read_json(folder.path / STUDY)
    notes = [note for note in record.get("notes", []) if note != MARK]
    files[STUDY] = json_text({**record, "notes": [*notes, MARK]}).encode()
    files[STAGES] = _stages(folder.path, files)
    before = folder.provenance()
    entry = Withdrawal(
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        what="withdrawal of one person",
        study_hash_before=folder.study_hash(),
    )
    run = before.model_copy(update={"withdrawals": (*before.withdrawals, entry)})
    report_and_seal(folder, run, approvals, files)


def _go_on_without(folder: StudyFolder, files: dict[str, bytes]) -> None:
    """Write the tables of a study that did not finish; the stages that made them are not done."""
    stages = read_json(folder.path / STAGES)
    kept = {
        name: stage
        for name, stage in stages.items()
        if not set(stage.get("files", {})) & set(files)
    }
    for name, content in {**files, STAGES: json_text(kept).encode()}.items():
        with written_aside(folder.path / name) as aside:
            aside.write_bytes(content)


def _is_sealed(study: Path) -> bool:
    """Whether a study was finished: one that was refused or killed before has no seal."""
    return any((place / PROVENANCE).exists() for place in (study, study / READY))


def _without_rows(person: Person, study: Path) -> tuple[dict[str, bytes], int]:
    """Return the tables that name the person without their rows, and how many rows these are."""
    files: dict[str, bytes] = {}
    removed = 0
    for path in sorted(study.glob("*.parquet")):
        frame = read_parquet(path)
        theirs = person.rows(frame)
        if theirs.any():
            removed += int(theirs.sum())
            stream = io.BytesIO()
            frame[~theirs].to_parquet(stream, index=False)
            files[path.name] = stream.getvalue()
    return files, removed


def _without_name(person: Person, study: Path) -> dict[str, bytes]:
    """Return plan and registration without the person, where an exclusion names them."""
    files = {}
    for name in (PLAN, RECORD):
        path = study / name
        if path.is_file():
            try:
                content = read_yaml(path) if name == PLAN else read_json(path)
            except ReadingError:
                continue
            cleared = _cleared(person, content)
            if cleared != content:
                text = yaml.safe_dump(cleared, sort_keys=False, allow_unicode=True)
                files[name] = text.encode() if name == PLAN else json_text(cleared).encode()
    return files


def _cleared(person: Person, value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: "withdrawn" if person.is_theirs(str(name), below) else _cleared(person, below)
            for name, below in value.items()
        }
    if isinstance(value, list):
        return [_cleared(person, below) for below in value]
    return value


def _stages(study: Path, files: Mapping[str, bytes]) -> bytes:
    stages = read_json(study / STAGES)
    for stage in stages.values():
        for name in stage.get("files", {}):
            if name in files:
                stage["files"][name] = hashlib.sha256(files[name]).hexdigest()
    return json_text(stages).encode()


def _search(person: Person, places: Iterable[tuple[Path, Person]]) -> tuple[list[str], int]:
    """Return in which files something of the person is found, and how many were searched.

    Parameters
    ----------
    places
        Paths, each with the person as they are known there.
    """
    needles = person.needles
    searched: dict[Path, tuple[Path, Person]] = {}
    for path, one in places:
        if path.is_file() and not path.is_symlink():
            searched.setdefault(path.resolve(), (path, one))
    told = {path: _found(one, path, needles) for path, one in searched.values()}
    return [f"{path}: {what}" for path, what in told.items() if what], len(searched)


def _found(person: Person, path: Path, needles: Needles) -> str | None:
    # Tables are compressed: their cells are looked at, not their bytes.
    if path.suffix == ".parquet":
        try:
            frame = read_parquet(path)
        except (OSError, ValueError):
            return "a table that cannot be read, and may name them"
        theirs = frame[person.rows(frame)]
        if theirs.empty:
            return None
        others = set(theirs["subject_id"]) - {person.subject} if "subject_id" in theirs else ()
        under = f" under the id {' and '.join(sorted(map(str, others)))}: withdraw that, too"
        return f"rows of a table{under if others else ''}"
    if sha256_of(path) in person.digests:
        return "a picture"
    with path.open("rb") as stream:
        return "an id or a template" if needles.are_in(stream) else None


def disk_note() -> str:
    """Return what no deletion can promise."""
    return (
        "Deleted files are gone from these folders. Copies elsewhere, backups, snapshots and the "
        "sectors of the disk are not: only an encrypted disk, or its destruction, deletes those."
    )


def studies_in(roots: Iterable[Path]) -> list[Path]:
    """Return every study folder somewhere below some folders, as of an archive or a sweep."""
    found = [
        path.parent
        for root in roots
        for place in (root, *(path for path in root.glob("*") if path.is_symlink()))
        for path in place.rglob(STAGES)
        # What a study sets aside is looked at with the study; a kill may leave its view there.
        if not path.parent.name.startswith(".")
        and not {NEXT, READY} & set(path.relative_to(place).parts)
    ]
    return sorted({Path(os.path.realpath(path)) for path in found})
