"""Stage report: how the study can be checked (`provenance.json` in, printable settings out).

The file may not exist yet when a study renders its first report; the page then shows what
`study.json` knows. Settings that name places on somebody's machine, or that may hold a secret,
are named but not shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from lfr_eval.contract import provenance as contract
from lfr_eval.contract.reading import read_json
from lfr_eval.contract.record import StudyRecord
from lfr_eval.contract.stamps import PLAN, StampError, stamps_of
from lfr_eval.contract.swapping import PROVENANCE
from lfr_eval.report.words import clean

WITHHELD = "(not shown: names a place or an account)"

_PRIVATE_NAME = re.compile(
    r"(^|[._])(\w*path\w*|\w*dir|\w*folder|\w*root|\w*file|\w*ur[il]|host\w*|node|user\w*"
    r"|\w*token|\w*password|\w*secret|\w*key|cwd)($|[.\[])",
    re.IGNORECASE,
)
_PRIVATE_VALUE = re.compile(r"(^|[\s'\"=:\[(])(/|~|\\\\|[A-Za-z]:[\\/])[^\s]|\.\./|://")


class Setting(NamedTuple):
    """One named value."""

    name: str
    value: str


class Provenance(NamedTuple):
    """What a reader needs to check the study; empty parts were not recorded.

    `recorded` is whether `provenance.json` existed, `identity` names matcher, data and code,
    `files` has the SHA-256 of each, and `withdrawn` says that people were withdrawn, and when.
    """

    recorded: bool
    study_hash: str | None
    identity: list[Setting]
    files: list[Setting]
    settings: list[Setting]
    packages: list[Setting]
    hardware: list[Setting]
    seeds: list[Setting]
    withdrawn: str = ""


TOLD = ("inference.factors", "inference.reference_groups")
"""Settings in the codes of tables, which the method tells in words."""


def recorded(study: Path) -> contract.Provenance | None:
    """Return what `provenance.json` holds; None: the study has not ended.

    A file that is not JSON, or that has a field of another type, is a ReadingError or FolderError.
    """
    file = study / PROVENANCE
    return contract.Provenance.of(read_json(file)) if file.exists() else None


def read_provenance(study: Path, record: StudyRecord) -> Provenance:
    """Read `provenance.json`; what it lacks is taken from the study's record or left empty."""
    run = recorded(study)
    parts: Mapping[str, object] = {} if run is None else run.model_dump(mode="json")

    def text(key: str, otherwise: str | None) -> str | None:
        value = parts.get(key)
        return clean(str(value)) if value not in (None, "") else otherwise

    study_hash = text("study_hash", None)
    before = () if run is None else run.withdrawals
    hashes = [study_hash or "", *(each.study_hash_before for each in before)]
    promise = record.registration
    promised = () if promise is None else (
        ("Plan", f"{promise.state}, registered at {promise.registered_at}"),
        ("Plan (SHA-256)", promise.plan_sha256),
        ("Seal of the registration", promise.seal),
        ("Registered with lfr_eval", promise.code),
    )  # fmt: skip
    identity = (
        ("System", record.matcher.system),
        ("Matcher", record.matcher.name),
        ("Matcher in full", record.matcher.description),
        ("Matcher fingerprint", record.matcher.fingerprint),
        ("Data (SHA-256)", text("dataset_digest", record.data_digest)),
        *promised,
        ("Code revision", text("git_revision", None)),
        ("Started", text("started", record.started)),
        ("Finished", text("finished", record.finished)),
        *_stamped(study, record, hashes),
    )
    return Provenance(
        recorded=run is not None,
        study_hash=study_hash,
        identity=[Setting(name, value) for name, value in identity if value],
        files=list(printable(parts.get("files"), private=False)),
        settings=[one for one in printable(parts.get("config")) if not one.name.startswith(TOLD)],
        packages=list(printable(parts.get("packages"), private=False)),
        hardware=list(printable(parts.get("hardware"))),
        seeds=list(printable(parts.get("seeds"))),
        withdrawn="" if run is None else clean(run.withdrawn),
    )


def _stamped(study: Path, record: StudyRecord, hashes: Sequence[str]) -> list[tuple[str, str]]:
    """Return what time stamps say, and whether the plan's is of a time before the run."""
    promise = record.registration
    try:
        found = stamps_of(study, hashes, promise.seal if promise else None)
    except StampError as error:
        return [("Time stamps", str(error))]
    told = []
    for what, stamp in found.items():
        said = str(stamp)
        if what == PLAN:
            first = stamp.at < datetime.fromisoformat(record.started)
            said += ", before this study was run" if first else ", after the run had begun"
        told.append((what, said))
    return told


def printable(content: object, private: bool = True) -> Iterator[Setting]:
    """Yield the leaves of nested settings as dotted names, private ones withheld."""
    for name, value in _leaves(content, ""):
        text = clean(value if isinstance(value, str) else json.dumps(value))
        hidden = private and (_PRIVATE_NAME.search(name) or _PRIVATE_VALUE.search(text))
        shown = WITHHELD if hidden and value not in (None, "") else text
        yield Setting(clean(name), shown)


def _leaves(content: object, name: str) -> Iterator[tuple[str, object]]:
    if isinstance(content, dict):
        for key, value in content.items():
            yield from _leaves(value, f"{name}.{key}" if name else str(key))
    elif isinstance(content, list) and any(isinstance(item, dict | list) for item in content):
        for place, value in enumerate(content):
            yield from _leaves(value, f"{name}[{place}]")
    elif content is not None or name:
        yield name or "value", content
