"""Comparing: the command line of `lfr-eval compare`.

This file imports nothing of weight, so that help answers at once.
"""

from __future__ import annotations

import argparse
from pathlib import Path

EPILOG = """examples:
  lfr-eval compare studies/STUDY_A studies/STUDY_B --at-fmr 1/100
  lfr-eval compare studies/STUDY_A studies/STUDY_B --at-fpir 1/20 --watchlist 500
"""


def add_compare(parser: argparse.ArgumentParser) -> None:
    """Add the options of `compare`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    parser.add_argument("studies", nargs="+", metavar="STUDY", type=Path, help="study folders")
    at = parser.add_mutually_exclusive_group(required=True)
    at.add_argument("--at-fpir", metavar="RATE", help="overall FPIR that all are cut at: 1/1000")
    at.add_argument("--at-fmr", metavar="RATE", help="overall FMR that all are cut at")
    parser.add_argument("--watchlist", type=int, help="size; default: the largest in all studies")
    parser.add_argument(
        "--factors", nargs="+", default=[], help="default: those of the first study"
    )
    parser.add_argument(
        "--same-people", action="store_true", help="equal subject ids are the same people"
    )
    parser.add_argument("--out", type=Path, help="folder of the files; default: compared")


def compare(parsed: argparse.Namespace) -> int:
    """Compare, print and write."""
    from lfr_eval.config import ConfigError
    from lfr_eval.finished.comparing.beside import Asked
    from lfr_eval.finished.comparing.beside import compare as beside
    from lfr_eval.finished.comparing.page import write_comparison
    from lfr_eval.finished.comparing.words import as_text
    from lfr_eval.finished.finished import read_finished

    metric, text = ("FPIR", parsed.at_fpir) if parsed.at_fpir else ("FMR", parsed.at_fmr)
    above, _, below = str(text).partition("/")
    try:
        target = float(above) / float(below or 1)
    except (ValueError, ZeroDivisionError):
        target = 0.0
    if not 0 < target < 1:
        raise ConfigError(f"--at-{metric.lower()}: '{text}' is no rate; write 1/1000 or 0.001.")
    asked = Asked(
        metric,
        target,
        parsed.watchlist if metric == "FPIR" else None,
        parsed.same_people,
        tuple(parsed.factors),
    )
    found = beside([read_finished(path) for path in parsed.studies], asked)
    print(as_text(found))
    files = write_comparison(found, parsed.out or Path("compared"))
    print(f"\nPage: {files[0]}")
    return 0
