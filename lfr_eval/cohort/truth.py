"""True error rates of a population's groups: table `truth`, without sampling error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.cohort.population import Cell, Population
from lfr_eval.contract.tables import CROSS, EVERYBODY, OVERALL, TRUTH

Floats = NDArray[np.float64]


def true_rates(
    people: Population,
    weights: Mapping[Cell, float],
    fillers: Mapping[Cell, float],
    thresholds: Sequence[float],
    sizes: Sequence[int],
) -> pd.DataFrame:
    """Return table `truth` for the factors gender, ethnicity, their intersection and overall.

    A rate that no trial of the cohort can show is null. For example, a group of one person has no
    pair of different people.

    Parameters
    ----------
    weights
        Number of people of each cell in the cohort: a factor's group mixes cells in proportion.
    fillers
        Share of each cell in the watchlist.
    sizes
        Watchlist sizes; none: no 1:N rates.
    """
    cut = np.asarray(thresholds, float)
    share = np.array([fillers[cell] for cell in people.cells])
    missed = np.stack([people.miss(t) for t in cut], axis=1)
    fta = people.failure_to_acquire[:, None]
    matched: list[Floats] = []
    positive: dict[int, list[Floats]] = {size: [] for size in sizes}
    for i in range(len(people.cells)):
        rate, nodes = people.false_match(i, cut)
        matched.append(np.einsum("taqh,aq->th", rate, nodes))
        for size in sizes:
            positive[size].append(people.false_positive(i, cut, share * size))
    false_match = np.stack(matched)
    acquired = np.array([weights[cell] for cell in people.cells]) * (1.0 - fta[:, 0])
    everybody = np.array([weights[cell] for cell in people.cells], float)
    rows: list[tuple[object, ...]] = []
    for factor, group, members in _groups(people.cells):
        whole, kept = everybody * members, acquired * members
        rows.append(("FTA", None, None, factor, group, group, _mean(whole, fta)[0]))
        pairs = kept[:, None] * (everybody * members) - np.diag(kept)
        fmr = _divided(np.einsum("gh,gth->t", pairs, false_match), pairs.sum())
        fnmr, fnir = _mean(kept, missed), _mean(whole, fta + (1.0 - fta) * missed)
        for k, t in enumerate(cut):
            rows.append(("FMR", t, None, factor, group, group, fmr[k]))
            rows.append(("FNMR", t, None, factor, group, group, fnmr[k]))
            for size in sizes:
                fpir = _mean(whole, np.stack(positive[size]))
                rows.append(("FPIR", t, size, factor, group, None, fpir[k]))
                rows.append(("FNIR", t, size, factor, group, None, fnir[k]))
                rows.append(("TPIR", t, size, factor, group, None, 1.0 - fnir[k]))
    return TRUTH.build(rows)


def _groups(cells: Sequence[Cell]) -> list[tuple[str, str, Floats]]:
    """Return factor, group and membership (cells,) of every group."""
    named = {
        OVERALL: [EVERYBODY] * len(cells),
        "gender": [cell.gender for cell in cells],
        "ethnicity": [cell.ethnicity for cell in cells],
        f"gender{CROSS}ethnicity": [cell.name for cell in cells],
    }
    return [
        (factor, group, (np.array(labels) == group).astype(float))
        for factor, labels in named.items()
        for group in sorted(set(labels))
    ]


def _mean(weights: Floats, rates: Floats) -> Floats:
    return _divided(np.asarray(weights @ rates, float), weights.sum())


def _divided(sums: Floats, trials: float) -> Floats:
    """Return rates; NaN where there is no trial, such as a pair of different people among one."""
    return sums / trials if trials > 0 else np.full_like(sums, np.nan)
