"""A study, from people to a report.

    manifest -> cohort -> matcher -> templates -> comparison -> scores -> trials
             -> rates and findings -> report -> tracking

Each stage writes its tables to the study folder and is skipped when they are there already, made
from the same inputs by the same code of the rooms that the stage runs through. A study that was
killed goes on where it stopped, and a change of the report computes no comparison again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from threadpoolctl import threadpool_limits

from lfr_eval.config import StudyConfig
from lfr_eval.contract import progress
from lfr_eval.contract.folder import LATER, PROVENANCE, STUDY, StudyFolder, digest, write_json
from lfr_eval.contract.places import STUDIES, remember
from lfr_eval.contract.provenance import Provenance
from lfr_eval.contract.writing import kept_private
from lfr_eval.study.prepared import Run, prepare, study_path
from lfr_eval.study.provenance import describe_run, describe_study
from lfr_eval.study.sealing import report_and_seal
from lfr_eval.study.stages import INFERRED, PEOPLE, Stage, stages_of


def run_study(config: StudyConfig, tell: Callable[[str], object] | None = None) -> StudyFolder:
    """Run a study, or the rest of one that was begun; return its folder, sealed.

    Parameters
    ----------
    tell
        Is given each sentence on how people and labels were read, before anything is computed.

    Raises
    ------
    ConfigError, CardError, CohortError, FetchError, ManifestError, MatcherError, ComparisonError
        If an input is missing or cannot be used; the message names it and the remedy.
    RegistrationError
        If the study is not the one that its registration froze.
    FolderError
        If another process is running the same study.
    """
    folder = StudyFolder(study_path(config))
    remember(STUDIES, folder.path.parent)
    with kept_private(), folder.locked(), threadpool_limits(config.compute.threads or None):
        described, number = _made(config, folder, tell)
        with progress.stage("report", number, number):
            report_and_seal(folder, _as_before(folder, described), config.paths.approvals)
    return folder


def _made(
    config: StudyConfig, folder: StudyFolder, tell: Callable[[str], object] | None
) -> tuple[Provenance, int]:
    """Make all tables; return where they come from, and the number of the stage that follows.

    Nothing that they were made of is held while the report is written.
    """
    # What cannot be done is refused before hours of embedding, not after.
    run = prepare(config, folder)
    if tell is not None:
        for note in run.notes:
            tell(note)
    run.standing.write(folder, run.key(PEOPLE))
    stages = stages_of(run)
    for number, stage in enumerate(stages, 1):
        files = [table.file for table in stage.written]
        make = partial(_named, stage, number, len(stages) + 1)
        folder.stage(stage.name, run.key(stage.rooms), files, make)
    _describe(run)
    return describe_run(run.config, run.inputs, run.started), len(stages) + 1


def _named(stage: Stage, number: int, total: int) -> None:
    with progress.stage(stage.name, number, total):
        stage.make()


def _as_before(folder: StudyFolder, described: Provenance) -> Provenance:
    """Return the provenance of the run that made the tables: an earlier one, if all are its own.

    A stage that is computed again takes the seal away.
    """
    if not (folder.path / PROVENANCE).exists() or any(
        not problem.startswith(LATER) for problem in folder.verify()
    ):
        return described
    before = folder.provenance()
    return before if before.config == described.config else described


def _describe(run: Run) -> None:
    def describe() -> None:
        registration = run.standing.described()
        plan = run.analysis.plan
        record = describe_study(run.config, run.inputs, registration, run.started, plan, run.notes)
        write_json(run.folder.path / STUDY, record.content())

    # What is known of the live engine may change when all the tables stay.
    live = run.inputs.live.model_dump() if run.inputs.live else None
    run.folder.stage("study", digest([run.key(INFERRED), live]), [STUDY], describe)
