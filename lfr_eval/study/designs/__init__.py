"""The study designs: what a trial is, what it is compared with, what decides, what is reported.

A design asks scores for tables (stage `comparison`), makes trials of them (stage `rates`), and
sums up what no rate says. `design_of` makes the one that a configuration names. Names and
denominators follow ISO/IEC 19795-1; docs/statistics.md has them side by side.
"""

from __future__ import annotations

from functools import partial

from lfr_eval.config import StudyConfig
from lfr_eval.study.designs.design import Design, Evidence, Together
from lfr_eval.study.designs.retrospective import Retrospective
from lfr_eval.study.designs.searches import Live, Operator
from lfr_eval.study.designs.verification import Verification
from lfr_eval.study.populations import watchlist_mix
from lfr_eval.study.sweep import gives_ranks, list_length, read_sweep

__all__ = ["Design", "Evidence", "design_of"]


def design_of(config: StudyConfig) -> Design:
    """Return the design that a configuration names: one, or a search and verification together."""
    factors = tuple(config.inference.factors)
    search = (
        config.design,
        factors,
        partial(watchlist_mix, config),
        read_sweep(config).tabulated[0],
        gives_ranks(config),
    )
    kinds: dict[str, Design] = {
        "live": Live(*search),
        "operator": Operator(*search),
        "retrospective": Retrospective(*search, list_length(config)),
        "verification": Verification(),
    }
    return Together(tuple(kinds[kind] for kind in config.design.kinds))
