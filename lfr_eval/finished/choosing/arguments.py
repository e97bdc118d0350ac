"""Choosing: the command line of `lfr-eval thresholds`.

This file imports nothing of weight, so that help answers at once.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

EPILOG = """examples:
  lfr-eval thresholds studies/STUDY max_fpir=1/1000 min_tpir=0.6
  lfr-eval thresholds studies/STUDY constraints=crowd max_alerts=10 --write-policy policy.yaml
"""
FAILED = 1


def add_thresholds(parser: argparse.ArgumentParser) -> None:
    """Add the options of `thresholds`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    parser.add_argument(
        "words", nargs="*", metavar="constraints=FILE", help="and KEY=VALUE; default: default"
    )
    parser.add_argument("--out", type=Path, help="folder of the files; default: STUDY.thresholds")
    parser.add_argument("--write-policy", type=Path, metavar="FILE", help="for lfr-eval gate")
    parser.add_argument("--uri", help="tracking URI; default: MLFLOW_TRACKING_URI, else local")
    parser.add_argument("--experiment", default="lfr_eval", help="MLflow experiment")


def thresholds(parsed: argparse.Namespace) -> int:
    """Choose, print and write; exit with 1 where no threshold keeps to the limits."""
    from lfr_eval.finished.choosing.answer import answer
    from lfr_eval.finished.choosing.constraints import read_constraints
    from lfr_eval.finished.choosing.files import write_answer, write_policy
    from lfr_eval.finished.choosing.words import as_text
    from lfr_eval.finished.finished import read_finished
    from lfr_eval.tracking import TrackingError, attach, default_uri

    limits = read_constraints(parsed.words or ["constraints=default"])
    study = read_finished(parsed.study)
    found = answer(study, limits)
    print(as_text(found))
    path = study.folder.path.resolve()
    # Beside the study, not in it: the study is sealed.
    files = write_answer(found, parsed.out or path.with_name(f"{path.name}.thresholds"))
    print(f"Files: {files[0].parent}")
    if parsed.write_policy is not None:
        write_policy(found, parsed.write_policy)
        print(f"Policy: {parsed.write_policy}")
        files.append(parsed.write_policy)
    try:
        uri = parsed.uri or default_uri(path.parent)
        run = attach(study.study_hash, files, uri, parsed.experiment)
        if run is not None:
            print(f"MLflow: added to run {run}")
    except TrackingError as error:
        print(f"lfr-eval: {error}", file=sys.stderr)
    return FAILED if found.chosen is None else 0
