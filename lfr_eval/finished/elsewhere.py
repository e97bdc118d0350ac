"""Withdrawal outside of studies and caches: alerts of deployments, and exported templates.

A live engine that runs at the time goes on with the watchlist that it was given: stop it, take the
person out of the watchlist, and withdraw again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lfr_eval.contract.reading import ReadingError, json_value, read_text
from lfr_eval.contract.words import several
from lfr_eval.contract.writing import write_text, written_aside
from lfr_eval.finished.person import Person

LINES = ("alerts.jsonl", "decisions.jsonl")
"""Files of a deployment whose lines are about people: what is decided names the alert."""


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
    for root in roots:
        for file in sorted(root.glob(f"**/{LINES[0]}")) if root.is_dir() else ():
            theirs = {
                str(line.get("alert_id"))
                for _, line in _lines(file)
                if line.get("kind") == "alert" and _is_theirs(person, line)
            }
            if not theirs:
                continue
            if not look:
                for name in LINES:
                    _keep(file.with_name(name), theirs)
                for path in sorted(file.parent.rglob("*")):
                    if path.is_file() and path.stem in theirs:
                        path.unlink()
            done.append(
                f"{file.parent}: {several(len(theirs), 'alert')} deleted; its counts name nobody"
            )
    return done


def _is_theirs(person: Person, line: dict[str, Any]) -> bool:
    reference = str(line.get("reference_id"))
    return reference == person.subject or reference in person.images


def _lines(file: Path) -> Iterable[tuple[str, dict[str, Any]]]:
    """Yield the lines of a file with what they say; of one that cannot be read, nothing."""
    if not file.is_file():
        return
    for text in read_text(file).split("\n"):
        try:
            value = json_value(text)
        except ReadingError:
            value = {}
        yield text, value if isinstance(value, dict) else {}


def _keep(file: Path, without: set[str]) -> None:
    kept = [text for text, line in _lines(file) if str(line.get("alert_id")) not in without]
    if file.is_file():
        write_text(file, "\n".join(kept))


def from_exports(person: Person, files: Sequence[Path]) -> list[str]:
    """Delete a person's templates from files that `lfr-eval templates` wrote."""
    done = []
    for file in files:
        if not file.is_file():
            continue
        try:
            with np.load(file, allow_pickle=False) as arrays:
                ids, vectors = arrays["image_id"].astype(str), arrays["template"]
        except Exception as error:
            done.append(f"{file}: not read ({error}); it was an export of templates: look into it")
            continue
        theirs = np.isin(ids, sorted(person.images))
        if not theirs.any():
            continue
        person.templates |= {np.ascontiguousarray(one).tobytes() for one in vectors[theirs]}
        with written_aside(file) as aside, aside.open("wb") as stream:
            np.savez(stream, image_id=ids[~theirs], template=vectors[~theirs])
        done.append(f"{file}: {int(theirs.sum())} exported templates deleted")
    return done
