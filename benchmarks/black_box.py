"""A black box at the size of the 2023 study: 4,000 passes against 178,000 references, from logs.

    python benchmarks/black_box.py FOLDER [--white] [--people 60 --fillers 300]

The simulated study `npl_2023` is written as a watchlist, a log of passes and a log of alerts at or
above 0.56 (once; the files are kept in FOLDER). Then the study is run from those files in a process
of its own, and its time and memory are printed. With `--white` the same study is also run from
its templates, and rates and findings of both are compared to the last digit.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.inputs.black_box import simulation_of, write_log
from tests.studies import configured

FLOOR = 0.56
ASKED = (
    "thresholds.values=[0.56,0.58,0.60,0.62,0.64]",
    "thresholds.operating=0.60",
    "thresholds.primary=[0.60,0.64]",
    "design.watchlist_inference=random",
    "inference.reference_groups={gender: male, ethnicity: white, gender x ethnicity: male x white}",
    "tracking=none",
    "compute.threads=2",
)


def study(folder: Path, words: list[str], sizes: list[int]) -> tuple[Path, float]:
    """Run a study in a process of its own; return its folder and the seconds it took."""
    command = "from lfr_eval.cli.main import main; import sys; sys.exit(main())"
    start = time.perf_counter()
    subprocess.run(
        [
            *(sys.executable, "-c", command, "run", *words, *ASKED),
            *(f"paths.studies={folder}", f"paths.cache={folder / 'cache'}"),
            f"design.watchlist_sizes={sizes}",
        ],
        check=True,
    )
    taken = time.perf_counter() - start
    return max(folder.glob("*/study.json"), key=lambda file: file.stat().st_mtime).parent, taken


def main() -> int:
    """Write the logs, run the study from them, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--white", action="store_true", help="run it from templates as well")
    parser.add_argument("--people", type=int, help="other than those of 2023")
    parser.add_argument("--fillers", type=int, help="other than those of 2023")
    chosen = parser.parse_args()
    folder, npl = chosen.folder.absolute(), ["experiment=npl_2023"]
    npl += [f"dataset.people={chosen.people}"] if chosen.people else []
    npl += [f"dataset.fillers={chosen.fillers}"] if chosen.fillers else []
    sizes = [chosen.fillers] if chosen.fillers else [1000, 10_000, 178_000]
    marker = folder / "log" / "words.txt"
    if not marker.is_file():
        words = write_log(simulation_of(configured(folder, *npl)), folder / "log", FLOOR)
        marker.write_text("\n".join(words))
    words = [word for word in marker.read_text().splitlines() if word != "~experiment"]
    black, taken = study(folder / "black", words, sizes)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"from logs: {taken:.0f} s, {used.ru_utime + used.ru_stime:.0f} s of processor, "
        f"{used.ru_maxrss / 1e6:.2f} GB"
    )
    if chosen.white:
        white, taken = study(folder / "white", npl, sizes)
        print(f"from templates: {taken:.0f} s")
        for name in ("rates", "findings"):
            either = [pd.read_parquet(path / f"{name}.parquet") for path in (white, black)]
            pd.testing.assert_frame_equal(*either, check_exact=True)
            print(f"{name}: {len(either[0]):,} rows, equal to the last digit")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
