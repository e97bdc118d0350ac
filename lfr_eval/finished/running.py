"""From Python to a finished study: `lfr_eval.run` and `lfr_eval.read_study`."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from lfr_eval.cohort.problems import ManifestError
from lfr_eval.config import ConfigError, ManifestDatasetConfig, StudyConfig
from lfr_eval.config.paths import cache_folder
from lfr_eval.config.plugins import allow_object
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.finished.result import Study
from lfr_eval.finished.retention import enforce_of
from lfr_eval.study.given import (
    FOLDER,
    check_frames,
    factors_of,
    write_people,
    write_scores,
    write_templates,
)
from lfr_eval.study.overrides import composed, with_plan
from lfr_eval.study.run import run_study


def run(
    *overrides: str,
    people: pd.DataFrame | None = None,
    scores: pd.DataFrame | None = None,
    templates: pd.DataFrame | None = None,
    thresholds: float | Sequence[float] | None = None,
    operating: float | None = None,
    design: str | None = None,
) -> Study:
    """Run a study and return it, finished and sealed.

    Parameters
    ----------
    *overrides
        What would follow `lfr-eval run` on the command line, such as `"dataset.people=200"`.
        A study run from Python is sent to MLflow only if `tracking=mlflow` is among them.
    people
        One row per image or template, with the columns of a manifest: `image_id`, `subject_id`,
        `role` (reference, probe, both or filler), `path` where a matcher looks at images, and any
        labels. Without `inference.factors` in the overrides, groups are compared by the labels
        that are there; each with its largest group, unless `inference.reference_groups` says
        otherwise.
    scores
        One row a comparison: `reference_id`, `probe_id` and `score` (higher is more alike).
    templates
        One row per image: `image_id` and `template`, vectors of one length.
    thresholds
        One threshold or several, on the scale of the scores. A score at or above a threshold is a
        match.
    operating
        The threshold at which the matcher is meant to run; findings at it are primary.
    design
        `verification` (the default with `people`), `live`, `operator`, `retrospective` or
        `complete`.

    Returns
    -------
    Study

    Raises
    ------
    MendableError
        If an override, the people or the scores cannot be used. The message names what is wrong
        and the remedy; the class says where it was found, such as `ConfigError`, `ManifestError`
        or `MatcherError`.

    Examples
    --------
    >>> import lfr_eval
    >>> study = lfr_eval.run("dataset.people=60", "dataset.fillers=300")  # doctest: +SKIP
    >>> study.plot("FPIR", by="ethnicity")  # doctest: +SKIP
    """
    wrong = [word for word in overrides if not isinstance(word, str)]
    if wrong or not isinstance(design, str | None):
        what = f"the override {wrong[0]!r:.60}" if wrong else f"design={design!r:.60}"
        raise ConfigError(f"Overrides and the design must be text; {what} is not.")
    limits = None if thresholds is None else _numbers("thresholds", thresholds)
    point = None if operating is None else _numbers("operating", operating)
    if point is not None and len(point) != 1:
        raise ConfigError(f"operating must be one number (got {len(point)}).")
    words = list(overrides)
    named = {word.lstrip("+~").split("=", 1)[0] for word in words}
    if "tracking" not in named:
        words.append("tracking=none")
    if design is not None and "design" in named:
        raise ConfigError("The design is given twice: as design=... and among the overrides.")
    if design is not None:
        words.append(f"design={design}")
    if people is not None or scores is not None or templates is not None:
        words = [*_given(named, people, scores, templates, design), *words]
    allow_object(words)
    config = composed(with_plan(words))
    if limits is not None:
        config.thresholds.values = limits
    if point is not None:
        config.thresholds.operating = point[0]
    with ExitStack() as refused:
        if people is not None:
            files, made = _place(config, people, scores, templates)
            for folder in made:
                refused.callback(shutil.rmtree, folder, ignore_errors=True)
            refused.enter_context(_as_given(files))
            if not any(name.startswith("inference.factors") for name in named):
                _compare_by_labels(config, people)
        for line in enforce_of(config):
            logging.getLogger(__name__).warning(line)
        done = run_study(config)
        # The study may need them again; those of one that was refused are of no use to anybody.
        refused.pop_all()
    _track(config, done)
    return Study(done)


@contextmanager
def _as_given(files: Mapping[str, Path]) -> Iterator[None]:
    """Let errors name the data as Python gave them, and not the files that hold them here."""
    try:
        yield
    except MendableError as error:
        said = str(error)
        for name, file in files.items():
            said = said.replace(str(file), name)
        if re.search(r"\b(dataset|matcher|thresholds|inference|design)\.[a-z_]+", said):
            said += ' In Python, give a setting as text: run("SETTING=VALUE", ...).'
        if re.search(r"\brow \d", said):
            error.add_note("Rows are counted as in a spreadsheet: row 2 is the first row of data.")
        if isinstance(error, ManifestError):
            # It writes its message anew from the problems that it holds.
            error.file = Path(
                next((n for n, file in files.items() if file == error.file), error.file)
            )
        else:
            error.args = (said,)
        raise


def _numbers(name: str, given: object) -> list[float]:
    """Return one number or several as a list.

    Raises
    ------
    ConfigError
        If they are not finite numbers in a row.
    """
    try:
        found = np.atleast_1d(np.asarray(given, float))
    except (TypeError, ValueError, OverflowError):
        found = np.full(1, np.nan)
    if found.ndim != 1 or not np.isfinite(found).all():
        raise ConfigError(
            f"{name} must be finite numbers, one or a list of them (got {given!r:.60})."
        )
    return list(map(float, found))


def read_study(path: Path | str) -> Study:
    """Return a finished study, as it lies on disk.

    Raises
    ------
    FolderError
        If there is no finished study at the path.
    """
    return Study(StudyFolder.open(path))


def _given(
    named: set[str],
    people: pd.DataFrame | None,
    scores: pd.DataFrame | None,
    templates: pd.DataFrame | None,
    design: str | None,
) -> list[str]:
    """Return overrides that make room for data from Python."""
    problems = check_frames([("people", people), ("scores", scores), ("templates", templates)])
    if people is None:
        problems.append("scores and templates need people=..., which says whose images they are of")
    if scores is not None and templates is not None:
        problems.append("give scores or templates, not both")
    if scores is None and templates is None and "matcher" not in named:
        problems.append(
            "people need scores=..., templates=... or an override that names a matcher, such as "
            "'matcher=facenet'"
        )
    taken = {"dataset", "experiment"} | ({"matcher"} if _matched(scores, templates) else set())
    twice = sorted(taken & named)
    if twice:
        problems.append(f"leave out the override of {', '.join(twice)}: the data say it")
    if problems:
        raise ConfigError("The study cannot be run: " + "; ".join(problems) + ".")
    words = ["dataset=manifest", "dataset.path=given"]
    if scores is not None:
        words += ["matcher=scores", "matcher.path=given"]
    if templates is not None:
        words += ["matcher=templates", "matcher.path=given"]
    if design is None and "design" not in named:
        words.append("design=verification")
    return words


def _matched(scores: pd.DataFrame | None, templates: pd.DataFrame | None) -> bool:
    return scores is not None or templates is not None


def _place(
    config: StudyConfig,
    people: pd.DataFrame,
    scores: pd.DataFrame | None,
    templates: pd.DataFrame | None,
) -> tuple[dict[str, Path], list[Path]]:
    """Write the data to the private cache, and name the files in the configuration.

    Returns
    -------
    dict
        The file of each.
    list of Path
        Folders of those that were not there.
    """
    cache = cache_folder(config.paths)
    assert isinstance(config.dataset, ManifestDatasetConfig)
    before = set((cache / FOLDER).glob("*"))
    files = {"people": write_people(people, cache)}
    config.dataset.path = str(files["people"])
    if scores is not None:
        files["scores"] = write_scores(scores, cache)
    if templates is not None:
        files["templates"] = write_templates(templates, cache)
    if _matched(scores, templates):
        vars(config.matcher)["path"] = str([*files.values()][-1])
    return files, sorted({file.parent for file in files.values()} - before)


def _compare_by_labels(config: StudyConfig, people: pd.DataFrame) -> None:
    factors = factors_of(people)
    if not factors:
        raise ConfigError(
            "The people have no label to compare groups by. Add a column with one value per "
            "person, such as 'gender', or name one: 'inference.factors=[...]'."
        )
    config.inference.factors = factors


def _track(config: StudyConfig, folder: StudyFolder) -> None:
    settings = config.tracking
    if not settings.enabled:
        return
    from lfr_eval.tracking import default_uri, track

    uri = settings.uri or default_uri(folder.path.parent)
    track(folder, uri, settings.experiment, settings.timeout)
