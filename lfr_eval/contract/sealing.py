"""The seal of a study folder: every file by its content.

`provenance.json` holds the SHA-256 of every other file, the study hash and the seal. The study hash
covers the files that the study is made of, and the settings, code, matcher and data they come from;
it does not cover the report, which quotes it, nor what the field adds later. The seal covers
everything, and may be signed. An unsigned seal shows that nothing was changed by accident or by
somebody who did not seal again: whoever can write the folder can seal it anew, so keep the study
hash or the seal where nobody can change it.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.keys import SIGNATURE, Key, fingerprint, holds, is_public
from lfr_eval.contract.reading import LONGEST, ReadingError, read_json, regular_file
from lfr_eval.contract.stamps import PLAN_STAMP, STUDY_STAMP
from lfr_eval.contract.swapping import (
    LATER,
    PROVENANCE,
    READY,
    REPORTS,
    SHARE,
    STAGES,
    STUDY,
    SWAP,
    contents,
    spelt,
)
from lfr_eval.contract.writing import json_text, write_json

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
    file = _sealed_in(study)
    if not file.exists():
        raise FolderError(f"The study in {study} is not finished: run it again to go on.")
    try:
        sealed = read_json(file)
    except ReadingError as error:
        raise FolderError(f"{error} Restore it from a copy, or run the study again.") from error
    files = sealed.get("files")
    hashes = [sealed.get("study_hash"), *(files.values() if isinstance(files, dict) else [0])]
    if not all(isinstance(value, str) for value in hashes):
        raise FolderError(
            f"{file} is damaged: it holds no study hash or no hashes of files. Restore it from a "
            "copy, or run the study again."
        )
    return sealed


def _sealed_in(study: Path) -> Path:
    moved, usual = study / READY / PROVENANCE, study / PROVENANCE
    return moved if moved.exists() else usual


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
    elif sha256_of(_sealed_in(study)) != hashlib.sha256(json_text(sealed).encode()).hexdigest():
        problems.append(f"{PROVENANCE} was written anew after the study was sealed.")
    present, irregular = contents(study)
    left_out: set[str] = set()
    if SHARE in present and SHARE not in claimed:
        share = read_json(present.pop(SHARE))
        if share.get("share_of") != sealed["study_hash"]:
            problems.append(f"{SHARE} names another study than {PROVENANCE}.")
        named = share.get("left_out")
        left_out = {*map(str, named)} - {*SHARED} if isinstance(named, list) else set()
    problems += [
        f"{name} is missing." for name in claimed if name not in present and name not in left_out
    ]
    problems += irregular
    problems += [
        f"{spelt(name)} is not part of the study." for name in present if name not in claimed
    ]
    sizes = sealed.get("sizes")
    for name, path in present.items():
        if name not in claimed:
            continue
        # A file far larger is not read: one with holes could be longer than any disk.
        size = path.stat().st_size
        least = sizes.get(name) if isinstance(sizes, dict) else None
        if isinstance(least, int) and size > 2 * least + LONGEST:
            problems.append(f"{name} was changed: it has {size:,} bytes instead of {least:,}.")
        elif (actual := sha256_of(path)) != claimed[name]:
            problems.append(
                f"{name} was changed: its SHA-256 is {actual}, but {claimed[name]} is recorded."
            )
    return problems


def signer_of(study: Path) -> str | None:
    """Return the fingerprint of the key that signed the seal; None: nobody did."""
    public = str(read_sealed(study).get("signer"))
    return fingerprint(public) if is_public(public) else None
