"""A study, from people to a report.

    manifest -> cohort -> matcher -> templates -> comparison -> scores -> trials
             -> rates and findings -> report -> tracking

Each stage writes its tables to the study folder and is skipped when they are there already, made
from the same inputs by the same code of the rooms that the stage runs through. A study that was
killed goes on where it stopped, and a change of the report computes no comparison again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

from lfr_eval.comparison import GivenScores, LoggedAlerts, Scores, Sides
from lfr_eval.config import StudyConfig
from lfr_eval.contract import progress
from lfr_eval.contract.folder import LATER, PROVENANCE, STUDY, StudyFolder, digest, write_json
from lfr_eval.contract.mixing import AS_THEY_COME
from lfr_eval.contract.places import STUDIES, remember
from lfr_eval.contract.provenance import Provenance
from lfr_eval.contract.tables import (
    ACQUISITION,
    ADJUSTED,
    ALERT_LOG,
    COHORT,
    DONT_CARE,
    EQUITY,
    FINDINGS,
    FURTHER,
    GROUP_SCORES,
    MATED,
    MODELLED,
    MODELLED_SEARCHES,
    PERSON_TESTS,
    RATES,
    SAMPLE,
    SCORE_DIFFERENCES,
    SCORE_SUMMARY,
    SEARCHES,
    TRUTH,
    WATCHLIST,
    WATCHLIST_MATCHES,
    WATCHLIST_SIZES,
    Table,
)
from lfr_eval.contract.writing import kept_private
from lfr_eval.inference import (
    Plan,
    adjusted_table,
    equity_table,
    finding_table,
    group_score_table,
    modelled_table,
    person_test_table,
    rate_table,
    rates,
    score_difference_table,
    score_summary_table,
    watchlist_size_table,
)
from lfr_eval.matchers import AlertMatcher, PairMatcher, ScoreMatcher
from lfr_eval.study.analysis import Analysis
from lfr_eval.study.completeness import check_complete, notes_of_acquisition
from lfr_eval.study.evidence import notes_of_log, notes_of_pairs, told_of_units
from lfr_eval.study.inputs import Inputs, read_inputs, read_scores
from lfr_eval.study.labels import check_roles, settled
from lfr_eval.study.planned import check_plan
from lfr_eval.study.populations import check_watchlist, filler_weights, watchlist_mix
from lfr_eval.study.provenance import code_digest, describe_run, describe_study
from lfr_eval.study.registration import Standing, check_standing, seal_of, without_excluded
from lfr_eval.study.sealing import report_and_seal


@dataclass(frozen=True)
class Run:
    """One study while it runs.

    Attributes
    ----------
    inputs
        Its people, matcher and thresholds.
    analysis
        Its configuration, design, plan and folder, and the trials that are read from the folder.
    standing
        How it stands to its registration.
    started
        When, UTC.
    notes
        How people, labels and scores were read, in sentences.
    scores
        Scores of a file and table `acquisition`; None where scores are made by the study.
    """

    inputs: Inputs
    analysis: Analysis
    standing: Standing
    started: datetime
    notes: tuple[str, ...]
    scores: tuple[Scores, pd.DataFrame] | None = None

    @property
    def folder(self) -> StudyFolder:
        """Where the study is written."""
        return self.analysis.folder

    @property
    def config(self) -> StudyConfig:
        """What determines the study."""
        return self.analysis.config

    def key(self, rooms: Sequence[str]) -> str:
        """Return the hash of all that a stage depends on, of the code only that of its rooms."""
        return digest(
            [
                code_digest(*rooms),
                self.config.analysis(),
                self.inputs.cohort.digest,
                self.inputs.dont_care.to_dict("list"),
                self.inputs.matcher.card.fingerprint,
                self.standing.key,
            ]
        )


@dataclass(frozen=True)
class Stage:
    """A step of a study.

    Attributes
    ----------
    name
        Under which the folder records that it is finished.
    rooms
        Whose code it runs through.
    tables
        What it writes.
    make
        Writes them.
    """

    name: str
    rooms: tuple[str, ...]
    tables: Sequence[Table]
    make: Callable[[], None]


PEOPLE = ("contract", "config", "cohort", "study")
COMPARED = (*PEOPLE, "compute", "matchers", "registry", "comparison")
INFERRED = (*COMPARED, "inference")


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
        # What cannot be done is refused before hours of embedding, not after.
        run = prepare(config, folder)
        if tell is not None:
            for note in run.notes:
                tell(note)
        run.standing.write(folder, run.key(PEOPLE))
        stages = _stages(run)
        for number, stage in enumerate(stages, 1):
            files = [table.file for table in stage.tables]
            make = partial(_named, stage, number, len(stages) + 1)
            folder.stage(stage.name, run.key(stage.rooms), files, make)
        _describe(run)
        described = describe_run(run.config, run.inputs, run.started)
        with progress.stage("report", len(stages) + 1, len(stages) + 1):
            report_and_seal(folder, _as_before(folder, described), config.paths.approvals)
    return folder


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


def study_path(config: StudyConfig) -> Path:
    """Return the folder of a study: the same configuration always has the same."""
    promised = seal_of(config.registration)
    content = config.analysis() if promised is None else [config.analysis(), promised]
    name = f"{config.name}-{config.matcher.name}-{digest(content)[:8]}"
    return Path(config.paths.studies).expanduser().resolve() / name


def prepare(config: StudyConfig, folder: StudyFolder) -> Run:
    """Read what a study starts from and refuse what cannot be done; nothing is written.

    Raises
    ------
    MendableError
        See `run_study`.
    """
    started = datetime.now(UTC)
    check_plan(config)
    inputs = read_inputs(config)
    standing = check_standing(config, inputs)
    inputs = without_excluded(inputs, standing.excluded)
    cohort, sweep = inputs.cohort, inputs.sweep
    found = settled(config, cohort)
    config = found.config
    asked = Analysis.of(folder, config, cohort.images, cohort.people, sweep.values, sweep.primary)
    plan, look = replace(asked.plan, registered=standing.state), standing.look
    if look is not None:
        plan = replace(plan, alpha=look.alpha)
    analysis = replace(asked, plan=plan)
    if WATCHLIST in analysis.design.tables:
        check_watchlist(config, cohort.images)
    check_roles(config, cohort.images)
    said = () if look is None else (look.words,)
    notes = (*found.notes, *_largest(analysis), *said)
    scores, of_scores = _given(inputs, analysis)
    return Run(inputs, analysis, standing, started, (*notes, *of_scores), scores)


def _given(
    inputs: Inputs, analysis: Analysis
) -> tuple[tuple[Scores, pd.DataFrame] | None, list[str]]:
    """Read evidence from a file to its end, and say what readers must know of it."""
    matcher, images = inputs.matcher, inputs.cohort.images
    if not isinstance(matcher, AlertMatcher | PairMatcher | ScoreMatcher):
        return None, []
    scores, acquisition = read_scores(inputs, analysis.config)
    if isinstance(matcher, PairMatcher):
        notes = notes_of_pairs(matcher)
    elif isinstance(scores, LoggedAlerts):
        assert isinstance(matcher, AlertMatcher)
        notes = notes_of_log(matcher, scores.log)
    else:
        assert isinstance(matcher, ScoreMatcher)
        assert isinstance(scores, GivenScores)
        sides = Sides.of(images, acquisition["acquired"].to_numpy(bool), inputs.dont_care)
        notes = [
            *getattr(matcher, "notes", ()),
            *notes_of_acquisition(images, acquisition),
            *check_complete(matcher, scores.scores, sides, analysis.people, analysis.config),
        ]
    return (scores, acquisition), notes


def _largest(analysis: Analysis) -> Iterator[str]:
    """Say which reference groups are the largest because none was chosen."""
    chosen = analysis.config.inference.reference_groups
    groups = analysis.plan.reference_groups
    largest = [f"{groups[name]} ({name})" for name in groups if name not in chosen]
    if largest:
        yield (
            "Groups are compared with the largest one, or the first of equally large ones, where "
            f"no other was chosen: {', '.join(largest)}. "
            "Choose others with inference.reference_groups."
        )


def _stages(run: Run) -> list[Stage]:
    design = run.analysis.design
    log = [ALERT_LOG] if isinstance(run.inputs.matcher, AlertMatcher) else []
    people = [COHORT] if run.config.design.dont_care is None else [COHORT, DONT_CARE]
    inferred = [RATES, FINDINGS, *([TRUTH] if run.inputs.simulation else [])]
    return [
        Stage("cohort", PEOPLE, people, partial(_write_people, run)),
        Stage("comparison", COMPARED, (ACQUISITION, *log, *design.tables), partial(_compare, run)),
        Stage("inference", INFERRED, inferred, partial(_infer, run)),
        Stage("summaries", INFERRED, FURTHER, partial(_summarise, run)),
        Stage("design", INFERRED, design.summaries, partial(_add, run)),
    ]


def _write_people(run: Run) -> None:
    run.folder.write(COHORT, run.inputs.cohort.images)
    if run.config.design.dont_care is not None:
        run.folder.write(DONT_CARE, run.inputs.dont_care)


def _compare(run: Run) -> None:
    """Images to scores: acquisition, and what the design compares."""
    inputs, design = run.inputs, run.analysis.design
    scores, acquisition = run.scores or read_scores(inputs, run.config)
    run.folder.write(ACQUISITION, acquisition)
    if isinstance(scores, LoggedAlerts):
        run.folder.write(ALERT_LOG, scores.log)
    images = design.opportunities(inputs.cohort.images)
    sides = Sides.of(images, acquisition["acquired"].to_numpy(bool), inputs.dont_care)
    for table, frame in design.compare(scores, sides, inputs.sweep.values).items():
        run.folder.write(table, frame)


def _infer(run: Run) -> None:
    """Trials to rates and findings."""
    if run.standing.look is not None:
        # Before the first result: whoever could have seen it has looked.
        run.standing.look.record()
    given, folder = run.analysis, run.folder
    people, thresholds, plan = given.people, given.thresholds, given.plan
    table = rate_table(given.trials, people, plan.factors, thresholds, plan, bands=True)
    folder.write(RATES, table)
    findings = finding_table(rates.compared(given.trials), people, thresholds, plan)
    folder.write(FINDINGS, told_of_units(findings, run.inputs.matcher))
    simulation = run.inputs.simulation
    if simulation:
        sizes = list(given.design.watchlist_sizes)
        fillers = filler_weights(run.config, run.inputs.cohort.images)
        folder.write(TRUTH, simulation.truth(thresholds, sizes, fillers))


def _summarise(run: Run) -> None:
    """Trials to what stands beside rates and findings: equity, modelled tail, published tests."""
    given, folder, sweep = run.analysis, run.folder, run.inputs.sweep
    people, labels = given.people, given.plan.of_labels(given.people.columns)
    compared = rates.compared(given.trials)
    folder.write(EQUITY, equity_table(compared, people, labels.factors, sweep.primary, labels))
    for metric, table in (("FMR", MODELLED), ("FPIR", MODELLED_SEARCHES)):
        modelled = [
            modelled_table(one, people, labels.factors, sweep.values, labels)
            for one in given.trials
            if one.metric == metric
        ]
        folder.write(table, pd.concat(modelled) if modelled else table.empty())
    adjusted = adjusted_table(compared, people, sweep.values, sweep.primary, labels)
    folder.write(ADJUSTED, adjusted)
    folder.write(PERSON_TESTS, person_test_table(compared, people, sweep.primary, labels))
    matcher = run.inputs.matcher
    # Nothing is told of scores below a floor, so means and quantiles are not known.
    if getattr(matcher, "floor", None) is not None:
        for table in (SCORE_DIFFERENCES, SCORE_SUMMARY, GROUP_SCORES):
            folder.write(table, table.empty())
    else:
        held = {
            name: folder.read(table) if table in given.design.tables else None
            for name, table in (("mated", MATED), ("sample", SAMPLE), ("searches", SEARCHES))
        }
        kinds = list(rates.score_kinds(people, **held))
        folder.write(SCORE_DIFFERENCES, score_difference_table(kinds, people, labels))
        folder.write(SCORE_SUMMARY, score_summary_table(kinds, people, labels.factors))
        folder.write(GROUP_SCORES, group_score_table(kinds, people, labels.factors))
    # A log of a few references a pass does not tell what a part of the watchlist would have told.
    cut = isinstance(matcher, AlertMatcher) and matcher.at_most > 0
    searched = WATCHLIST in given.design.tables and not cut
    sizes = _watchlist_sizes(run, labels) if searched else WATCHLIST_SIZES.empty()
    folder.write(WATCHLIST_SIZES, sizes)


def _watchlist_sizes(run: Run, plan: Plan) -> pd.DataFrame:
    """How false alerts grow with the watchlist, mixed as it was and as the fillers come."""
    folder, given = run.folder, run.analysis
    images, watchlist = folder.read(COHORT), folder.read(WATCHLIST)
    thresholds = run.inputs.sweep.tabulated
    trials = rates.watchlist_trials(
        given.people,
        folder.read(SEARCHES),
        watchlist,
        folder.read(WATCHLIST_MATCHES),
        thresholds[0],
    )
    return watchlist_size_table(
        trials,
        given.people,
        images.set_index("image_id").loc[watchlist["reference_id"]],
        list(dict.fromkeys((watchlist_mix(run.config, images), AS_THEY_COME))),
        thresholds,
        plan,
        given.design.watchlist_sizes,
    )


def _add(run: Run) -> None:
    """Sum up what no rate says: how long alerts take, how long lists are."""
    for table, frame in run.analysis.design.summarise(run.analysis.evidence).items():
        run.folder.write(table, frame)


def _describe(run: Run) -> None:
    def describe() -> None:
        registration = run.standing.described()
        plan = run.analysis.plan
        record = describe_study(run.config, run.inputs, registration, run.started, plan, run.notes)
        write_json(run.folder.path / STUDY, record.content())

    # What is known of the live engine may change when all the tables stay.
    live = run.inputs.live.model_dump() if run.inputs.live else None
    run.folder.stage("study", digest([run.key(INFERRED), live]), [STUDY], describe)
