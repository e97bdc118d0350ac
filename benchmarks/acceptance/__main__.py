"""Run the acceptance benchmark: `python -m benchmarks.acceptance --reps 2000 --out FOLDER`."""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.acceptance.cells import Cell, cells
from benchmarks.acceptance.judging import Judged, judge

METHODS = (
    "ours", "chi-square on trials", "Fisher on people", "jackknife of people", "Koopman",
    "permutation of people",
)  # fmt: skip
COVERAGE = ("first rate", "second rate", "ratio", "difference")


def main() -> int:
    """Judge every cell, print and write what was found; 1 if a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=2000, help="studies per cell")
    parser.add_argument("--cells", default="", help="only cells whose name contains this text")
    parser.add_argument("--shuffles", type=int, default=0, help="shuffles of people beside, slow")
    parser.add_argument("--out", type=Path, help="CSV file to write")
    given = parser.parse_args()
    chosen = [cell for cell in cells() if given.cells in cell.name or given.cells == cell.kind]
    return judge_all(chosen, given.reps, given.shuffles, given.out)


def judge_all(chosen: Sequence[Cell], reps: int, shuffles: int, out: Path | None) -> int:
    """Judge cells, print and write what was found; 1 if a goal was missed."""
    start, code, missed = time.perf_counter(), construction(), 0
    for cell in chosen:
        judged = judge(cell, reps, shuffles)
        if out:
            write(out, _row(judged) | {"code": code})
        missed += bool(judged.failures)
        share = judged.rejected["ours"]
        print(
            f"{cell.name:72} {cell.kind:6} ours {100 * share:5.1f} "
            f"(+-{100 * judged.error(share):.1f})  "
            + " ".join(f"{n[:9]} {100 * v:.1f}" for n, v in judged.rejected.items() if n != "ours")
            + ("  MISSED: " + "; ".join(judged.failures) if judged.failures else ""),
            flush=True,
        )
    print(f"{len(chosen)} cells, {missed} with a goal missed, {time.perf_counter() - start:.0f} s")
    return 1 if missed else 0


def construction() -> str:
    """Return the last commit that changed what is judged here; `+` where files differ from it."""
    names = ("absolute", "cells", "ends", "minimum", "mover", "omnibus", "precision")
    files = [f"lfr_eval/inference/{name}.py" for name in names]

    def git(*words: str) -> str:
        root = Path(__file__).parents[2]
        command = ["git", "-C", str(root), *words, "--", *files]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    return git("log", "-1", "--format=%h") + "+" * bool(git("status", "--porcelain"))


def write(out: Path, row: dict[str, object]) -> None:
    """Write one cell at once, in the place of the same cell of an earlier run if there is one."""
    rows: dict[str, dict[str, object]] = {}
    if out.exists():
        with out.open(newline="") as file:
            rows = {one["cell"]: dict(one) for one in csv.DictReader(file)}
    rows[str(row["cell"])] = row
    # Those of other programs, such as `real`, stay in the order in which they were judged.
    place = {cell.name: number for number, cell in enumerate(cells())}
    order = sorted(rows, key=lambda name: place.get(name, len(place)))
    with out.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(row), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[name] for name in order)


def _row(judged: Judged) -> dict[str, object]:
    cell = judged.cell
    shares = {name: judged.rejected.get(name) for name in METHODS}
    shares |= {f"coverage of the {name}": judged.coverage.get(name) for name in COVERAGE}
    shares["equivalent"] = judged.equivalent if cell.kind in ("margin", "difference") else None
    return {
        "cell": cell.name,
        "kind": cell.kind,
        "events expected in the smaller group": f"{cell.smaller:g}",
        "studies": judged.studies,
        **{name: "" if value is None else f"{value:.4f}" for name, value in shares.items()},
        "standard error": f"{judged.error(judged.rejected['ours']):.4f}",
        "missed": "; ".join(judged.failures),
    }


if __name__ == "__main__":
    sys.exit(main())
