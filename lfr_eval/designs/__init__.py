"""The study designs: what a trial is, what it is compared with, what decides, what is reported.

A design asks scores for tables (stage `comparison`), makes trials of them (stage `rates`), and
sums up what no rate says. `design_of` makes the one that a configuration names. Names and
denominators follow ISO/IEC 19795-1; docs/statistics.md has them side by side.
"""

from __future__ import annotations

from lfr_eval.config import StudyConfig
from lfr_eval.designs.design import Design, Evidence, Together
from lfr_eval.designs.searches import Live, Operator
from lfr_eval.designs.verification import Verification

__all__ = ["Design", "Evidence", "design_of"]


def design_of(config: StudyConfig) -> Design:
    """Return the design that a configuration names: one, or a search and verification together."""
    factors = tuple(config.inference.factors)
    kinds: dict[str, Design] = {
        "live": Live(config.design, factors),
        "operator": Operator(config.design, factors),
        "verification": Verification(),
    }
    return Together(tuple(kinds[kind] for kind in config.design.kinds))
