"""Stage report: who approved what (the ledger of decisions in, those on this study out).

Decisions that name this study by its hash are shown, and what took them back on any other evidence:
an approval of another study is none of this one, and a withdrawal ends one whatever it rests on. A
ledger whose chain of hashes is broken is said to be so, and nothing after the break is
taken from it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from lfr_eval.contract.decisions import Approval, decisions_of, discounted, doubted, signing
from lfr_eval.contract.ledger import Ledger, LedgerError, holders, revoked_in
from lfr_eval.contract.record import StudyRecordError
from lfr_eval.contract.thresholds import threshold_key
from lfr_eval.report.words import clean, printable


class Approved(NamedTuple):
    """A threshold that somebody approved, and who or what says so."""

    threshold: float
    label: str


class Decisions(NamedTuple):
    """What was decided on the evidence of a study; withdrawals of it may rest on another study.

    `broken` says why the ledger cannot be relied on (None where its chain is whole), `signed` how
    each of `recorded` is signed, `counted` the places of those that count, and `keys` who holds the
    registered keys, by fingerprint. `doubted` says who of them may be one person; empty: nobody.
    """

    recorded: tuple[Approval, ...]
    broken: str | None = None
    signed: tuple[str, ...] = ()
    counted: Collection[int] = ()
    keys: Mapping[str, str] = MappingProxyType({})
    doubted: str = ""

    @property
    def approved(self) -> tuple[Approved, ...]:
        """Thresholds approved and not withdrawn since; none of a ledger that is broken."""
        if self.broken is not None:
            return ()
        standing: dict[tuple[str, str, float], Approval] = {}
        for place, one in enumerate(self.recorded):
            if place not in self.counted:
                continue
            standing.pop(_about(one), None)
            if not one.withdrawn:
                standing[_about(one)] = one
        return tuple(Approved(one.threshold, _label(one)) for one in standing.values())


def read_decisions(ledger: Path, study_hash: str | None) -> Decisions:
    """Return the decisions that rest on a study, and those that took them back.

    An entry that is no decision is a StudyRecordError: it must not be dropped in silence.
    """
    if study_hash is None:
        return Decisions(())
    entries, broken = Ledger(ledger).checked()
    keys, revoked = holders(entries), revoked_in(entries)
    try:
        found = decisions_of(entries, ledger.name)
    except LedgerError as error:
        raise StudyRecordError(str(error)) from None
    recorded: list[Approval] = []
    signed, counted = [], []
    for decision, entry in found:
        why = discounted(decision, entry, keys)
        decision = replace(decision, **printable(vars(decision)))
        taken_back = decision.withdrawn and _about(decision) in map(_about, recorded)
        if decision.study_hash == study_hash or taken_back:
            counted += [len(recorded)] if why is None else []
            recorded.append(decision)
            signed.append(clean(signing(entry, why)))
    ended = {
        key: f", revoked at {clean(str(one.values['revoked']))}" for key, one in revoked.items()
    }
    held = {key: f"{clean(one.name)} ({clean(one.role)}){ended.get(key, '')}"
            for key, one in keys.items()}  # fmt: skip
    why_not = None if broken is None else str(broken)
    doubt = doubted(recorded, study_hash)
    return Decisions(tuple(recorded), why_not, tuple(signed), counted, held, doubt)


def _about(decision: Approval) -> tuple[str, str, float]:
    """Return what a decision is about: a later one about the same takes its place."""
    return decision.model, decision.version, threshold_key(decision.threshold)


def _label(decision: Approval) -> str:
    until = f" until {decision.expires}" if decision.expires else ""
    return f"approved for {decision.model} {decision.version} by {decision.approver}{until}"
