"""Decisions about one version, as commands write them and as forgers do."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from lfr_eval.contract.decisions import Ruling
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.keys import Key
from lfr_eval.contract.ledger import FIRST, Ledger
from lfr_eval.engine.permission import NotApprovedError, permit
from lfr_eval.finished.approvals import approve, ledger_tags
from lfr_eval.registry.versions import Version
from tests.engine.studies import FINGERPRINT, THRESHOLD

VERSION = Version("lfr-matcher", "3", FINGERPRINT)


def decide(ledger: Ledger, study: StudyFolder, by: str, key: Key | None, **more: Any) -> str:
    given: dict[str, Any] = {"role": "panel", "proposer": "A. Brown", **more}
    _, entry = approve(ledger, study, VERSION, Ruling(THRESHOLD, by, **given), key)
    return entry.sha256


def appended(ledger: Ledger, **values: object) -> str:
    """Append a line as somebody does who knows the format, and return its hash."""
    lines = ledger.path.read_bytes().splitlines() if ledger.path.exists() else []
    previous = hashlib.sha256(lines[-1]).hexdigest() if lines else FIRST
    entry = {
        "number": len(lines) + 1,
        "previous": previous,
        "decided": "2026-05-01T00:00:00+00:00",
        "model": VERSION.name,
        "version": VERSION.version,
        "fingerprint": FINGERPRINT,
        "threshold": THRESHOLD,
        "approver": "Dr Grey",
        "role": "panel",
        "proposer": "A. Brown",
        "study": "invented",
        "study_hash": "ab" * 32,
        "findings": {},
        "conditions": [],
        "expires": None,
        "withdrawn": False,
        **values,
    }
    line = json.dumps(entry, sort_keys=True).encode()
    with ledger.path.open("ab") as file:
        file.write(line + b"\n")
    return hashlib.sha256(line).hexdigest()


def cut(ledger: Ledger, lines: int) -> None:
    kept = ledger.path.read_bytes().splitlines(keepends=True)[:-lines]
    ledger.path.write_bytes(b"".join(kept))


def permitted(ledger: Ledger, study: StudyFolder) -> bool:
    try:
        return permit(ledger, VERSION, THRESHOLD, None, studies=study.path.parent).signed
    except NotApprovedError:
        return False


def known_to_registry(ledger: Ledger) -> Version:
    """Return the version as the registry has it after a command has written to the ledger."""
    tags = ledger_tags(ledger)[VERSION.name, VERSION.version, FINGERPRINT]
    return Version(VERSION.name, VERSION.version, FINGERPRINT, tags)
