"""Stage `inference`: what was observed in every group and stratum, and sums of it.

In: a counter, a grouping, strata. Out: `Counts`, and the two sides of a comparison pooled from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lfr_eval.inference.cells import Cells, Counter, Floats, divide
from lfr_eval.inference.contrasts import Side
from lfr_eval.inference.watchlists import watchlist_variance
from lfr_eval.trials import Grouping, Trials


@dataclass(frozen=True)
class Counts:
    """What was observed: cells are groups within strata.

    Attributes
    ----------
    cells
        Events, trials and variances.
    degrees : (cells, thresholds)
        Degrees of freedom of the variances.
    affected : (groups, thresholds)
        People with an event.
    exposed : (groups,)
        People with a trial.
    """

    cells: Cells
    degrees: Floats
    affected: Floats
    exposed: Floats


def counts_of(
    trials: Trials,
    counter: Counter,
    steps: Floats,
    grouping: Grouping,
    stratum: NDArray[np.intp],
    strata: int,
    watchlist: str,
) -> Counts:
    """Count what was observed, with the variance that the watchlist inference asks for."""
    codes = grouping.codes * strata + stratum
    number = len(grouping.names) * strata
    cells = counter.count(codes[None], number)
    if watchlist == "random":
        names = tuple(str(cell) for cell in range(number))
        cells = watchlist_variance(cells, trials, Grouping(grouping.factor, names, codes), steps)
    shape = (len(grouping.names), strata, -1)
    return Counts(
        cells,
        counter.degrees(codes, number),
        counter.affected(codes, number).reshape(shape).sum(axis=1),
        counter.exposed(codes, number).reshape(shape).sum(axis=1)[:, 0],
    )


def pool(cells: Cells, strata: int, groups: tuple[int, ...]) -> Side:
    """Pool the comparisons within some groups, by stratum."""
    rows = [group * strata + np.arange(strata) for group in groups]
    events = np.sum([cells.events[0, row] for row in rows], axis=0)
    trials = np.sum([cells.trials[0, row] for row in rows], axis=0)
    weighted = np.sum([cells.trials[0, row] ** 2 * cells.variance[0, row] for row in rows], axis=0)
    return Side(events, trials, divide(weighted, trials**2))


def pooled_degrees(counts: Counts, strata: int, groups: tuple[int, ...]) -> Floats:
    """Degrees of freedom of the variance of pooled cells (Satterthwaite)."""
    rows = np.concatenate([group * strata + np.arange(strata) for group in groups])
    parts = counts.cells.trials[0, rows] ** 2 * counts.cells.variance[0, rows]
    return divide(
        parts.sum(axis=0) ** 2, np.sum(parts**2 / counts.degrees[rows], axis=0), otherwise=np.inf
    )
