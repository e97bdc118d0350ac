"""Stage report: who approved what (the ledger of decisions in, those on this study out).

Only decisions that name this study by its hash are shown: an approval of another study is none of
this one. A ledger whose chain of hashes is broken is said to be so, and nothing after the break is
taken from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from lfr_eval.decisions import Approval, to_approval
from lfr_eval.ledger import Ledger
from lfr_eval.report.record import StudyRecordError
from lfr_eval.report.sweep import Approved
from lfr_eval.report.words import clean


@dataclass(frozen=True)
class Decisions:
    """What was decided on the evidence of a study.

    Attributes
    ----------
    recorded
        In order.
    broken
        Why the ledger cannot be relied on; None where its chain is whole.
    """

    recorded: tuple[Approval, ...]
    broken: str | None = None

    @property
    def approved(self) -> tuple[Approved, ...]:
        """Thresholds approved and not withdrawn since; none of a ledger that is broken."""
        if self.broken is not None:
            return ()
        standing: dict[tuple[str, str, float], Approval] = {}
        for one in self.recorded:
            standing.pop((one.model, one.version, one.threshold), None)
            if not one.withdrawn:
                standing[one.model, one.version, one.threshold] = one
        return tuple(
            Approved(one.threshold, f"approved for {one.model} {one.version} by {one.approver}")
            for one in standing.values()
        )


def read_decisions(ledger: Path, study_hash: str | None) -> Decisions:
    """Return the decisions that rest on a study.

    Raises
    ------
    StudyRecordError
        If an entry is no decision: it must not be dropped in silence.
    """
    if study_hash is None:
        return Decisions(())
    entries, broken = Ledger(ledger).checked()
    recorded = []
    for entry in entries:
        try:
            decision = to_approval(entry.values)
        except TypeError as error:
            raise StudyRecordError(
                f"{ledger.name}, line {entry.number}, is not a decision ({error}): restore the "
                "file from a copy, or move it away to render the report without decisions."
            ) from None
        if decision.study_hash == study_hash:
            recorded.append(_printable(decision))
    return Decisions(tuple(recorded), None if broken is None else str(broken))


def _printable(decision: Approval) -> Approval:
    values = {each.name: _cleaned(getattr(decision, each.name)) for each in fields(Approval)}
    return replace(decision, **values)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, tuple):
        return tuple(clean(str(each)) for each in value)
    if isinstance(value, Mapping):
        return {clean(str(name)): clean(str(each)) for name, each in value.items()}
    return value
