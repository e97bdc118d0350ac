"""Measure how often the graph of primary questions makes a false claim.

    python -m benchmarks.families --studies 1000

Two rates, each by gender (2), ethnicity (3) and both (6 cells). The errors of the cells are normal,
so every test is exact and what is measured is the adjustment alone. Some hypotheses are true in
every world; the benchmark prints in how many studies any of these is rejected (at most 5 %).
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from scipy import stats

from lfr_eval.inference.families import adjust

RATES = ("FPIR", "FNIR")
CROSSED = "gender x ethnicity"
NONE = (0.0,) * 6
WORLDS = {
    "no difference": (NONE, NONE),
    "one of three ethnicities, one rate": ((0, 0, 4, 0, 0, 4), NONE),
    "all three ethnicities, one rate": ((0, 4, 8, 0, 4, 8), NONE),
    "one of six cells, one rate": ((0, 0, 0, 0, 0, 5), NONE),
    "ethnicity in one rate, gender in the other": ((0, 0, 5, 0, 0, 5), (0, 0, 0, 5, 5, 5)),
    "cells that cancel out, one rate": ((0, 5, 0, 5, 0, 0), NONE),
}
"""The mean of every cell, women first, in standard errors of a cell."""


def study(rng: np.random.Generator, means: tuple[tuple[float, ...], ...]) -> pd.DataFrame:
    """Draw the primary rows of a study; column `true` says whether the hypothesis is."""
    rows = []
    for rate, mean in zip(RATES, means, strict=True):
        truth = np.array(mean, float).reshape(2, 3)
        drawn = truth + rng.standard_normal((2, 3))
        for factor, own, seen, cells in (
            ("gender", truth.mean(axis=1), drawn.mean(axis=1), 3),
            ("ethnicity", truth.mean(axis=0), drawn.mean(axis=0), 2),
            (CROSSED, truth.ravel(), drawn.ravel(), 1),
        ):
            groups = len(own)
            p = stats.chi2.sf(cells * np.sum((seen - seen.mean()) ** 2), groups - 1)
            rows.append((rate, factor, "omnibus", p, groups == 2, np.ptp(own) < 1e-9))
            for group in range(1, groups):
                z = (seen[group] - seen[0]) * np.sqrt(cells / 2)
                pair = p if groups == 2 else 2 * stats.norm.sf(abs(z))
                alike = abs(own[group] - own[0]) < 1e-9
                rows.append((rate, factor, "reference", pair, False, alike))
    names = ["metric", "factor", "comparison", "p_value", "pairwise", "true"]
    table = pd.DataFrame(rows, columns=names)
    return table.assign(watchlist_size=1, threshold=0.5, primary=True)


def main() -> None:
    """Print the share of studies with a false claim, and with a cell found."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--studies", type=int, default=1000)
    given = parser.parse_args()
    print("| world | makes a false claim | finds a cell that differs |\n" + "| --- " * 3 + "|")
    for number, (name, means) in enumerate(WORLDS.items()):
        rng, false, found = np.random.default_rng(number), 0, 0
        for _ in range(given.studies):
            rows = study(rng, means)
            claimed, true = adjust(rows, 0.05).p_value < 0.05, rows["true"].to_numpy(bool)
            false += bool(np.any(claimed & true))
            cells = (rows["factor"] == CROSSED) & (rows["comparison"] == "reference")
            found += bool(np.any(claimed & ~true & cells))
        shares = [f"{100 * count / given.studies:.1f} %" for count in (false, found)]
        print(f"| {name} | {' | '.join(shares)} |", flush=True)


if __name__ == "__main__":
    main()
