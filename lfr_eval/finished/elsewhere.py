"""Withdrawal outside of studies: caches, alerts of deployments, and exported templates.

Each function returns a line for each place, with how many files or rows it deletes there; with
`look`, it deletes nothing. A live engine that runs at the time goes on with the watchlist that it
was given: stop it, take the person out of the watchlist, and withdraw again.
"""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lfr_eval.cohort.capture.pictures import KEPT as PICTURES
from lfr_eval.cohort.reading import read_text_table
from lfr_eval.contract.archives import read_parquet, swollen
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.folder import sha256_of
from lfr_eval.contract.reading import ReadingError, json_value, read_text
from lfr_eval.contract.spelling import normal
from lfr_eval.contract.words import several
from lfr_eval.contract.writing import clear_dead, write_text, written_aside
from lfr_eval.finished.person import Person
from lfr_eval.matchers.store import FOLDER as TEMPLATES
from lfr_eval.matchers.store import SHARDS_KEPT, TEMPLATES_KEPT, Shard
from lfr_eval.study.given import KEPT as GIVEN

KINDS = (TEMPLATES_KEPT, PICTURES, GIVEN, SHARDS_KEPT)
"""What a cache keeps of people."""
LINES = ("alerts.jsonl", "decisions.jsonl")
"""Files of a deployment whose lines are about people: what is decided names the alert."""


def given_of(person: Person, cache: Path) -> Iterator[Path]:
    """Yield the folders of data given in Python that name the person; note their images."""
    for file in sorted((cache / GIVEN.folder).glob("*/people.csv")):
        people = _table(file)
        if people is not None and "subject_id" in people:
            theirs = people[people["subject_id"] == person.subject]
            person.images |= set(theirs.get("image_id", pd.Series(dtype=str)).astype(str))
    for file in sorted((cache / GIVEN.folder).glob("*/*")):
        frame = _table(file)
        if frame is not None and person.rows(frame).any():
            yield file.parent


def from_manifests(person: Person, manifests: Sequence[Path]) -> tuple[bool, list[str]]:
    """Note the person's images in manifests, and the content of the pictures.

    Returns
    -------
    bool
        Whether a manifest names them.
    list of str
        A sentence on each picture that is gone, and each manifest that cannot be read.
    """
    found, gone = False, []
    for file in manifests:
        try:
            table = read_text_table(file).frame
        except (MendableError, OSError, ValueError) as error:
            gone.append(f"{file} cannot be read, so nobody was looked up there: {error}")
            continue
        people = table.get("subject_id", pd.Series(dtype="string")).astype("string")
        theirs = table[people.fillna("").map(normal) == person.subject]
        found |= not theirs.empty
        for row in theirs.to_dict("records"):
            told = {name: cell for name, cell in row.items() if isinstance(cell, str) and cell}
            person.images |= {normal(told["image_id"])} if "image_id" in told else set()
            person.digests |= {told["digest"].lower()} if "digest" in told else set()
            picture = file.parent / told.get("path", "")
            if picture.is_file():
                person.digests.add(sha256_of(picture))
            elif "path" in told and "digest" not in told:
                gone.append(
                    f"{picture} is gone, so templates of it cannot be told from others. "
                    "lfr-eval purge deletes every template in caches."
                )
    return found, gone


def _table(file: Path) -> pd.DataFrame | None:
    """Return a table; None of a file that is none. The search at the end looks at these, too."""
    try:
        if file.suffix == ".csv":
            return pd.read_csv(file, dtype="string", keep_default_na=False)
        return read_parquet(file) if file.suffix == ".parquet" else None
    except (OSError, ValueError):
        return None


def from_given(folder: Path, look: bool = False) -> str:
    """Delete data that were given in Python and name the person."""
    count = replace(GIVEN, inside=folder.name).delete(folder.parent.parent, look)
    return f"{folder}: data given in Python, with everybody in them ({several(count, 'file')})"


def purge(cache: Path) -> Iterator[tuple[bool, str]]:
    """Delete what a cache keeps of people; yield for each kind whether all is gone, and a sentence.

    Downloads stay: they have times of their own (`finished.retention`).
    """
    for kind in KINDS:
        folder = cache / kind.folder
        try:
            if count := kind.delete(cache):
                yield True, f"{folder}: {several(count, 'file')} of {kind.what} deleted."
        except OSError as error:
            count = len(kind.files(cache))
            why = error.strerror or str(error)
            yield False, f"{folder}: {several(count, 'file')} of {kind.what} STILL THERE: {why}."
        if others := kind.others(cache):
            number = several(len(others), "other file or link", "other files and links")
            yield True, f"{folder}: {number} not deleted, such as {others[0].name}."


def from_cache(person: Person, cache: Path, look: bool = False) -> list[str]:
    """Delete from a cache what was made of a person's pictures, and copies of these."""
    removed = [count for path in _shards(cache) if (count := _from_shard(person, path, look))]
    done = []
    if not look:
        # Templates that a process was writing when it died; nothing uses these.
        for folder in (cache, *(path for path in cache.rglob("*") if path.is_dir())):
            clear_dead(folder)
    if removed:
        templates, files = several(sum(removed), "template"), several(len(removed), "file")
        done.append(f"{cache / TEMPLATES}: {templates} in {files}")
    # A degraded picture is named by a hash that does not tell of whom it is.
    for kind in (PICTURES, SHARDS_KEPT):
        if count := kind.delete(cache, look):
            done.append(
                f"{cache / kind.folder}: all {kind.what}, which are made again when needed "
                f"({several(count, 'file')})"
            )
    for file in sorted(cache.rglob("*")) if cache.is_dir() and person.digests else ():
        if file.is_file() and not file.is_symlink() and sha256_of(file) in person.digests:
            if not look:
                file.unlink()
            done.append(f"{file}: a picture")
    return done


def _shards(cache: Path) -> list[Path]:
    return sorted(path for path in (cache / TEMPLATES).glob("*/*.npy") if path.is_file())


def _alerts(roots: Sequence[Path]) -> list[Path]:
    """Return the files of alerts, each once however its folder was written."""
    found = (path for root in roots for path in sorted(root.glob(f"**/{LINES[0]}")))
    return list({path.resolve(): path for path in found if path.is_file()}.values())


def unread(caches: Sequence[Path], deployments: Sequence[Path]) -> Iterator[str]:
    """Yield a sentence on each file about people that cannot be read, and is passed over."""
    shards = [path for cache in caches for path in _shards(cache)]
    alerts = [file.with_name(name) for file in _alerts(deployments) for name in LINES]
    for path in (*shards, *alerts):
        why = _why_unread(path)
        if why is not None:
            yield f"{path} cannot be read, so look there yourself, or delete it: {why}"


def _why_unread(path: Path) -> str | None:
    try:
        if path.suffix == ".npy":
            Shard.read(path)
        elif path.is_file():
            read_text(path)
    except MendableError as error:
        return str(error)
    return None


def _from_shard(person: Person, path: Path, look: bool) -> int:
    """Write a batch of templates without theirs; return how many there were."""
    try:
        shard = Shard.read(path)
    except MendableError:  # `unread` names it.
        return 0
    theirs = np.array([one.decode() in person.digests for one in shard.known["digest"]], bool)
    if look or not theirs.any():
        return int(theirs.sum())
    rows = shard.known["row"]
    gone = rows[theirs & (rows >= 0)]
    person.templates |= {np.ascontiguousarray(shard.vectors[row]).tobytes() for row in gone}
    kept = shard.known[~theirs].copy()
    order = kept["row"][kept["row"] >= 0]
    vectors = np.ascontiguousarray(shard.vectors[order]) if len(order) else np.empty((0, 0), "f4")
    kept["row"][kept["row"] >= 0] = np.arange(len(order))
    if len(kept):
        with written_aside(path) as aside, aside.open("wb") as file:
            np.save(file, kept)
            np.lib.format.write_array(file, vectors, version=(1, 0))
    else:
        path.unlink()
    return int(theirs.sum())


def from_deployments(person: Person, roots: Sequence[Path], look: bool = False) -> list[str]:
    """Delete a person's alerts, the decisions about them, and the pictures kept of them.

    Parameters
    ----------
    roots
        Folders of deployments.
    look
        Only say where there are any.
    """
    done = []
    for file in _alerts(roots):
        alerts = [line for _, line in _lines(file) if _is_theirs(person, line)]
        # An alert without an id has no pictures or decisions.
        theirs = {line["alert_id"] for line in alerts if isinstance(line.get("alert_id"), str)}
        if not alerts:
            continue
        if not look:
            for name in LINES:
                _keep(file.with_name(name), person, theirs)
            for path in sorted(file.parent.rglob("*")):
                if path.is_file() and path.stem in theirs:
                    path.unlink()
        done.append(f"{file.parent}: {several(len(alerts), 'alert')}, with what was kept of them")
    return done


def _is_theirs(person: Person, line: dict[str, Any]) -> bool:
    reference = normal(str(line.get("reference_id")))
    if line.get("kind") != "alert":
        return False
    return reference == person.subject or reference in person.images


def _lines(file: Path) -> Iterable[tuple[str, dict[str, Any]]]:
    """Yield the lines of a file with what they say; of one that cannot be read, nothing."""
    try:
        lines = read_text(file).split("\n")
    except MendableError:
        return
    for text in lines:
        try:
            value = json_value(text)
        except ReadingError:
            value = {}
        yield text, value if isinstance(value, dict) else {}


def _keep(file: Path, person: Person, without: set[str]) -> None:
    lines = list(_lines(file))
    kept = [
        text
        for text, line in lines
        if line.get("alert_id") not in without and not _is_theirs(person, line)
    ]
    if len(kept) < len(lines):
        write_text(file, "\n".join(kept))


def from_exports(person: Person, files: Sequence[Path], look: bool = False) -> list[str]:
    """Delete a person's templates from files that `lfr-eval templates` wrote."""
    done = []
    for file in files:
        if not look:
            clear_dead(file.parent, glob.escape(file.name))
        if not file.is_file():
            continue
        try:
            if too_large := swollen(file):
                raise ValueError(too_large)
            with np.load(file, allow_pickle=False) as arrays:
                ids, vectors = arrays["image_id"].astype(str), arrays["template"]
        except Exception as error:
            done.append(f"{file}: nothing, because it cannot be read ({error}); check it yourself")
            continue
        theirs = np.isin(ids, sorted(person.images))
        if not theirs.any():
            continue
        done.append(f"{file}: {several(int(theirs.sum()), 'exported template')}")
        if look:
            continue
        person.templates |= {np.ascontiguousarray(one).tobytes() for one in vectors[theirs]}
        with written_aside(file) as aside, aside.open("wb") as stream:
            np.savez(stream, image_id=ids[~theirs], template=vectors[~theirs])
    return done
