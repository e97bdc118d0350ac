"""Which registered version a finished study is evidence about: its record in, words out.

A study and a version, or the record of a deployment, are of one matcher if their fingerprints are
equal, or if a parity check found that the endpoint which the study tested is that very version.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lfr_eval.contract.record import StudyRecord

SHORTEST = 12
"""Digits of a fingerprint that name it well enough."""

OTHER = "another matcher"
UNKNOWN = (
    f"{OTHER}, as far as is known: no parity check ties the endpoint that was tested to a "
    "registered version"
)


@dataclass(frozen=True)
class Tie:
    """Whether a study is about a matcher.

    Attributes
    ----------
    holds
        Whether it is.
    words
        How that is known, or why it is not.
    """

    holds: bool
    words: str


def tie(about: StudyRecord, version: str, fingerprint: str) -> Tie:
    """Return whether a study is about a registered version, and how that is known.

    Parameters
    ----------
    about
        The study's record.
    version
        NAME/VERSION, as the record of a deployment or the registry has it.
    fingerprint
        Of the registered matcher; its beginning will do, as reports print it.
    """
    if _named(fingerprint, about.matcher.fingerprint):
        return Tie(True, "the same fingerprint")
    live = about.live_engine
    if live is None:
        return Tie(False, OTHER)
    if live.version is None or live.fingerprint is None or live.checked is None:
        return Tie(False, UNKNOWN)
    if version != live.version:
        return Tie(False, OTHER)
    if not _named(fingerprint, live.fingerprint):
        return Tie(False, f"a {version} with another fingerprint")
    checked = f"of {live.endpoint} with {version} on {live.checked[:10]}"
    if not live.described:
        return Tie(False, f"{version}, which is not what was tested: parity {checked} failed")
    return Tie(True, f"parity {checked}")


def tested_version(about: StudyRecord) -> str | None:
    """Return the registered version that a study tested, NAME/VERSION, if it is known."""
    loaded = re.fullmatch(r"models:/([^/]+/\d+)", about.matcher.version or "")
    if loaded:
        return loaded[1]
    live = about.live_engine
    return live.version if live is not None and live.described else None


def _named(given: str, whole: str) -> bool:
    return len(given) >= SHORTEST and whole.startswith(given)
