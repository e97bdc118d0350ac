"""Commands that choose among thresholds of a study, and among studies of several matchers."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from lfr_eval.cli.options import FAILED, OK, Several, Study, Tracking


def thresholds(
    study: Study,
    /,
    *words: Annotated[str, Parameter(name="KEY=VALUE")],
    out: Annotated[Path | None, Parameter(metavar="FOLDER")] = None,
    write_policy: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    tracking: Tracking = Tracking(),
) -> int:
    """Choose operating points of a study under constraints.

    Exit status 1: no threshold keeps to the limits.

    For example:
    lfr-eval thresholds studies/STUDY max_fpir=1/1000 min_tpir=0.6
    lfr-eval thresholds studies/STUDY constraints=crowd max_alerts=10 --write-policy policy.yaml

    Parameters
    ----------
    words
        constraints=FILE, and any setting of it; default: constraints=default.
    out
        Folder of the files; default: thresholds/STUDY.
    write_policy
        Write a policy for lfr-eval gate.
    """
    from lfr_eval.finished.choosing.answer import answer
    from lfr_eval.finished.choosing.constraints import read_constraints
    from lfr_eval.finished.choosing.files import write_answer
    from lfr_eval.finished.choosing.files import write_policy as write
    from lfr_eval.finished.choosing.words import as_text
    from lfr_eval.finished.finished import read_finished
    from lfr_eval.tracking import TrackingError, attach, default_uri

    limits = read_constraints(list(words) or ["constraints=default"])
    finished = read_finished(study)
    found = answer(finished, limits)
    print(as_text(found))
    path = finished.folder.path.resolve()
    # Neither in the study, which is sealed, nor among studies.
    files = write_answer(found, out or Path("thresholds", path.name))
    print(f"Files: {files[0].parent}")
    if write_policy is not None:
        write(found, write_policy)
        print(f"Policy: {write_policy}")
        files.append(write_policy)
    try:
        uri = tracking.uri or default_uri(path.parent)
        run = attach(finished.study_hash, files, uri, tracking.experiment, tracking.timeout)
        if run is not None:
            print(f"MLflow: added to run {run}")
    except TrackingError as error:
        print(f"lfr-eval: {error}", file=sys.stderr)
    return FAILED if found.chosen is None else OK


@Parameter(name="*", group="Rate, one of the two")
@dataclass(frozen=True)
class Rate:
    """The overall rate that all studies are cut at: one of the two."""

    at_fpir: Annotated[str | None, Parameter(metavar="RATE")] = None
    """Overall FPIR that all are cut at, such as 1/1000."""
    at_fmr: Annotated[str | None, Parameter(metavar="RATE")] = None
    """Overall FMR that all are cut at."""


def compare(
    studies: Annotated[tuple[Path, ...], Parameter(name="STUDY")],
    /,
    *,
    rate: Rate = Rate(),
    watchlist: int | None = None,
    factors: Annotated[tuple[str, ...], Several] = (),
    same_people: bool = False,
    out: Annotated[Path, Parameter(metavar="FOLDER")] = Path("compared"),
) -> int:
    """Put studies side by side at one overall rate.

    Examples
    --------
    lfr-eval compare studies/STUDY_A studies/STUDY_B --at-fmr 1/100
    lfr-eval compare studies/STUDY_A studies/STUDY_B --at-fpir 1/20 --watchlist 500

    Parameters
    ----------
    studies
        Study folders.
    watchlist
        Size of the watchlist; default: the largest in all studies.
    factors
        Factors to compare; default: those of the first study.
    same_people
        Equal subject ids are the same people.
    out
        Folder of the files.
    """
    from lfr_eval.config import ConfigError
    from lfr_eval.contract.words import rate_in
    from lfr_eval.finished.comparing.beside import Asked
    from lfr_eval.finished.comparing.beside import compare as beside
    from lfr_eval.finished.comparing.page import write_comparison
    from lfr_eval.finished.comparing.words import as_text
    from lfr_eval.finished.finished import read_finished

    if bool(rate.at_fpir) == bool(rate.at_fmr):
        raise ConfigError("Give one of --at-fpir RATE and --at-fmr RATE, such as 1/1000.")
    metric, text = ("FPIR", rate.at_fpir) if rate.at_fpir else ("FMR", rate.at_fmr)
    target = rate_in(str(text))
    if not 0 < target < 1:
        raise ConfigError(f"--at-{metric.lower()}: '{text}' is no rate; write 1/1000 or 0.001.")
    asked = Asked(
        metric,
        target,
        watchlist if metric == "FPIR" else None,
        same_people,
        factors,
    )
    found = beside([read_finished(path) for path in studies], asked)
    print(as_text(found))
    files = write_comparison(found, out)
    print(f"\nPage: {files[0]}")
    return OK
