"""Comparing: differences of studies whose people are redrawn and which are matched again.

The thresholds are matched on the very people that are compared, so they are estimates. Every
replicate draws people anew and matches the studies again, so that the interval of a difference
holds for the way and not for two thresholds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lfr_eval.contract.tables import EVERYBODY, OVERALL
from lfr_eval.contract.trials import Grouping, Trials
from lfr_eval.finished.comparing.matching import Matched
from lfr_eval.inference.bootstrap import bootstrap_rates

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Redrawn:
    """Rates of the groups of one study, (groups,) and (replicates, groups)."""

    observed: Floats
    replicates: Floats


def redraw(
    deciding: Trials,
    compared: Trials,
    matched: Matched,
    target: float,
    grouping: Grouping,
    weights: Floats,
) -> Redrawn:
    """Redraw people, match again, and return the rates of every group.

    Parameters
    ----------
    deciding
        Trials whose overall rate is matched (FPIR or FMR).
    compared
        Trials whose rates are wanted, of the same people.
    weights : (replicates, people)
        How often each person is drawn.
    """
    grid = np.unique([*matched.grid, matched.threshold])
    everybody = np.zeros(deciding.people, np.intp)
    overall = Grouping(OVERALL, (EVERYBODY,), everybody)
    _, totals = bootstrap_rates(deciding, overall, grid, weights)
    at_most = totals[:, 0, :] <= target + 1e-12
    # Rates fall with the threshold; a replicate beyond the grid stays at its end.
    place = np.where(at_most.any(axis=1), at_most.argmax(axis=1), len(grid) - 1)
    observed, replicates = bootstrap_rates(compared, grouping, grid, weights)
    here = int(np.searchsorted(grid, matched.threshold))
    drawn = replicates[np.arange(len(place)), :, place]
    return Redrawn(observed[:, here], np.where(np.isnan(drawn), observed[:, here], drawn))
