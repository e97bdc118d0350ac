"""Populations chosen after the method: `python -m benchmarks.acceptance.afterwards`.

Scores are continuous, and every study is counted and tested by the package. It prints the shares
of studies that claim a difference (the power, where the rates differ) and of intervals that hold
the true rates and the true ratio, for each comparison with the last group.
"""

from __future__ import annotations

import argparse
import csv
import time
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from benchmarks.acceptance.chosen import populations
from benchmarks.acceptance.studies import adjusted_rows
from benchmarks.acceptance.unlike import Population, Studied
from lfr_eval.contract.trials import group_people
from lfr_eval.inference.comparison_rows import Study
from lfr_eval.inference.ends import lower_ends, upper_ends
from lfr_eval.inference.minimum import enough_evidence
from lfr_eval.inference.mover import Compared, p_value, ratio_ends
from lfr_eval.inference.observed import counts_of, sides_of
from lfr_eval.inference.precision import Precision, precision_of
from lfr_eval.inference.spanning import Spanning

ALPHA, TAIL = 0.05, 0.025
PARTS = {"x": "events", "n": "trials", "effect": "effect", "df": "degrees", "clump": "clump",
         "spread": "spread"}  # fmt: skip
HEAD = (
    "population", "compared", "studies", "differ", "Koopman", "first covers", "second covers",
    "ratio covers", "studies with a primary claim",
)  # fmt: skip


def findings(study: Studied) -> pd.DataFrame:
    """Compare everything in one study as the package does, at the threshold under test."""
    rows = adjusted_rows([study.trials], study.people, study.thresholds, study.plan)
    here: pd.DataFrame = rows[rows["threshold"].to_numpy(float) == 0]
    return here[here["comparison"] != "rest"]


def two_groups(study: Studied) -> pd.DataFrame:
    """Compare the two groups of one study likewise, all p-values being left for later."""
    given = Study.of(study.trials, study.people, study.thresholds, study.plan)
    grouping = group_people(study.people, "group")
    members = [(np.array([True, False]), np.array([False, True]))]
    counts = counts_of(given.swept, grouping, given.controls, study.plan.watchlist, given.clusters)
    a, b, shared = sides_of(counts, members)
    sides = Compared(precision_of(a), precision_of(b))
    spanning = Spanning.of(given.swept, grouping, given.controls, given.clusters)
    if spanning is not None:
        sides = spanning.correlated(sides, members)
    at = (0, int(np.flatnonzero(given.steps == 0)[0]))
    row = {
        f"{name}_{side}": getattr(cells, long)[at]
        for side, cells in (("a", sides.a), ("b", sides.b))
        for name, long in PARTS.items()
    }
    correlation = np.broadcast_to(np.asarray(sides.correlation), sides.a.events.shape)[at]
    row |= {"testable": (shared & enough_evidence(a, b))[at], "correlation": correlation}
    names = dict(zip(("group_a", "group_b"), grouping.names, strict=True))
    what = {"factor": "group", "comparison": "reference", "primary": True, "pairwise": True}
    return pd.DataFrame([row | names | what])


def judge(population: Population, studies: int) -> list[dict[str, object]]:
    """Draw studies, and return a row of shares for each comparison with the last group.

    Of populations in which more is compared than two groups, two fifths as many are drawn.
    """
    rng = np.random.default_rng([20261130, zlib.crc32(population.name.encode())])
    compare = two_groups if len(population.truths) == 2 and not population.conditions else findings
    studies = studies if compare is two_groups else max(studies * 2 // 5, 1)
    rows = pd.concat([compare(population.study(rng)).assign(study=k) for k in range(studies)])
    if compare is two_groups:
        p = p_value(_sides(rows))
        rows = rows.assign(p_value=p, claimed=rows["testable"].to_numpy(bool) & (p < ALPHA))
    rows["differ"] = rows["testable"].to_numpy(bool) & (rows["p_value"] < ALPHA).to_numpy()
    claims = rows["claimed"] & rows["primary"]
    claiming = float(claims.groupby(rows["study"]).any().mean())
    found = []
    for (factor, kind, group), part in rows.groupby(["factor", "comparison", "group_a"]):
        if kind == "omnibus" and part["pairwise"].any():
            continue
        shares = {} if kind == "omnibus" else _shares(part, population.truths)
        what = f"{factor}: all groups" if kind == "omnibus" else f"{factor}: {group}"
        row = dict.fromkeys(HEAD, np.nan)
        row |= {"differ": float(part["differ"].mean()), **shares}
        row |= {"population": population.name, "compared": what, "studies": studies}
        found.append(row | {"studies with a primary claim": claiming})
    return found


def _sides(rows: pd.DataFrame) -> Compared:
    """Both sides of every row."""
    a, b = (
        Precision(*(rows[f"{name}_{side}"].to_numpy(float) for name in PARTS),
                  np.full(len(rows), ""))
        for side in "ab"
    )  # fmt: skip
    return Compared(a, b, rows["correlation"].to_numpy(float))


def _shares(rows: pd.DataFrame, truths: dict[str, float]) -> dict[str, float]:
    """Coverage, and the score test of Koopman on effective trials, of one comparison."""
    sides = _sides(rows)
    a, b = sides.a, sides.b
    low, high = ratio_ends(sides, 1 - ALPHA)
    p, q = (truths.get(str(rows[f"group_{side}"].iloc[0]), np.nan) for side in "ab")
    ratio = 1.0 if np.isnan(p / q) else p / q
    pooled = (a.events + b.events) / (a.trials + b.trials)
    error = pooled * (1 - pooled) * (1 / a.effective_trials + 1 / b.effective_trials)
    z = np.abs(a.rate - b.rate) / np.sqrt(np.maximum(error, 1e-300))
    held = np.isnan(low) | np.isnan(high) | ((low <= ratio) & (ratio <= high))
    return {
        "Koopman": float(np.mean(2 * stats.norm.sf(z) < ALPHA)),
        "first covers": _covers(a, p),
        "second covers": _covers(b, q),
        "ratio covers": float(held.mean()),
    }


def _covers(side: Precision, rate: float) -> float:
    if np.isnan(rate):
        return np.nan
    return float(np.mean((lower_ends(side, TAIL) <= rate) & (rate <= upper_ends(side, TAIL))))


def main() -> None:
    """Judge every population, print and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--populations", default="", help="only those whose name contains this")
    parser.add_argument("--out", type=Path, help="CSV file to write")
    given = parser.parse_args()
    rows, start = [], time.process_time()
    for population in populations():
        if given.populations not in population.name:
            continue
        for row in judge(population, given.studies):
            shares = [row[name] for name in HEAD[3:]]
            printed = ["–" if np.isnan(one) else f"{100 * one:.1f}" for one in shares]
            rows.append([row[name] for name in HEAD[:3]] + printed)
            print(" | ".join(map(str, rows[-1])), flush=True)
        if given.out:
            with given.out.open("w", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows([HEAD, *rows])
    print(f"{len(rows)} rows, {time.process_time() - start:.0f} s of CPU; standard error of 5 %: "
          f"{100 * np.sqrt(0.05 * 0.95 / given.studies):.1f} points")  # fmt: skip


if __name__ == "__main__":
    main()
