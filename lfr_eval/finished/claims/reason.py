"""A reason why a claim is not the study's, and the words for what a claim says."""

from __future__ import annotations

from dataclasses import dataclass

from lfr_eval.finished.claims.learned import BEYOND
from lfr_eval.finished.claims.polarity import ALIKE, BOTH, DIFFERENCE, NEITHER, NONE, OPEN


@dataclass(frozen=True)
class Reason:
    """Why a claim is not the study's.

    Attributes
    ----------
    kind
        `altered`, `contradicted`, `equality`, `difference`, `mixed`, `number`, `setting`, `share`,
        `accuracy`, `study`, `beyond`, `wording` or `unreadable`, as docs/report.md defines them.
    text
        The reason in words.
    """

    kind: str
    text: str


SAYS = {
    DIFFERENCE: "that groups differ",
    ALIKE: "that groups do not differ",
    BOTH: "that some groups differ and others do not",
    OPEN: "that something is not known",
    NONE: "nothing about differences between groups",
    NEITHER: "neither that groups differ nor that they do not",
}
"""What a claim says of differences between groups, in words."""

ASKED = Reason(BEYOND, "It is a question that takes its answer for granted, not a finding.")
