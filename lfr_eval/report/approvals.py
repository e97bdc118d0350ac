"""Stage report: who approved what (the ledger beside the studies in, frozen rows out).

The ledger is a file of JSON lines beside the study folder. Only decisions that name this study by
its hash are shown: an approval of another study is none of this one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lfr_eval.report.record import StudyRecordError
from lfr_eval.report.words import clean

LEDGER = "approvals.jsonl"


@dataclass(frozen=True)
class Decision:
    """One recorded decision on the evidence of a study.

    Attributes
    ----------
    decided
        When, ISO 8601.
    version
        The matcher's registered name and version.
    fingerprint
        Of the matcher decided on.
    expires
        Last day on which it holds; None: none was set.
    withdrawn
        Whether it takes back earlier approvals.
    """

    decided: str
    version: str
    fingerprint: str
    threshold: float
    approver: str
    role: str
    proposer: str
    conditions: tuple[str, ...]
    expires: str | None
    withdrawn: bool


def read_decisions(ledger: Path, study_hash: str | None) -> tuple[Decision, ...]:
    """Return the decisions that rest on a study, in order.

    Raises
    ------
    StudyRecordError
        If a line of the ledger cannot be read: a decision must not be dropped in silence.
    """
    if study_hash is None or not ledger.is_file():
        return ()
    decisions = []
    for number, line in enumerate(ledger.read_text("utf-8").splitlines(), 1):
        try:
            entry = json.loads(line)
            if entry["study_hash"] == study_hash:
                decisions.append(_decision(entry))
        except (ValueError, KeyError, TypeError) as error:
            raise StudyRecordError(
                f"{ledger.name}, line {number}, is not a decision ({error!r}): restore the file "
                "from a copy, or move it away to render the report without decisions."
            ) from None
    return tuple(decisions)


def _decision(entry: Mapping[str, object]) -> Decision:
    def text(name: str) -> str:
        return clean(str(entry[name]))

    conditions, expires = entry["conditions"], entry.get("expires")
    if not isinstance(conditions, list):
        raise TypeError("conditions must be a list")
    return Decision(
        decided=text("decided"),
        version=f"{text('model')} {text('version')}",
        fingerprint=text("fingerprint"),
        threshold=float(str(entry["threshold"])),
        approver=text("approver"),
        role=text("role"),
        proposer=text("proposer"),
        conditions=tuple(clean(str(condition)) for condition in conditions),
        expires=None if expires is None else clean(str(expires)),
        withdrawn=entry.get("withdrawn") is True,
    )
