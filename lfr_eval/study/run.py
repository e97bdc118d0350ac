"""A study, from people to a report.

    manifest -> cohort -> matcher -> templates -> comparison -> scores -> trials
             -> rates and findings -> report -> tracking

Each stage writes its tables to the study folder and is skipped when they are there already, made
from the same inputs by the same code. So a study that was killed goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

from lfr_eval.comparison import Sides
from lfr_eval.config import StudyConfig
from lfr_eval.contract.folder import STUDY, StudyFolder, digest, write_json
from lfr_eval.contract.mixing import AS_THEY_COME
from lfr_eval.contract.tables import (
    ACQUISITION,
    COHORT,
    DONT_CARE,
    EQUITY,
    FINDINGS,
    FURTHER,
    MODELLED,
    MODELLED_SEARCHES,
    PERSON_TESTS,
    RATES,
    SEARCHES,
    TRUTH,
    WATCHLIST,
    WATCHLIST_MATCHES,
    WATCHLIST_SIZES,
)
from lfr_eval.contract.trials import Trials
from lfr_eval.inference import (
    Plan,
    equity_table,
    finding_table,
    modelled_table,
    person_test_table,
    rate_table,
    rates,
    watchlist_size_table,
)
from lfr_eval.study.designs import Design, Evidence, design_of
from lfr_eval.study.inputs import Inputs, read_inputs, read_scores
from lfr_eval.study.planned import check_plan, parts_of, plan_of
from lfr_eval.study.populations import check_watchlist, filler_weights, watchlist_mix
from lfr_eval.study.provenance import code_digest, describe_run, describe_study
from lfr_eval.study.registration import Standing, check_standing, seal_of, without_excluded
from lfr_eval.study.sealing import report_and_seal


def run_study(config: StudyConfig) -> StudyFolder:
    """Run a study, or the rest of one that was begun; return its folder, sealed.

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
    with folder.locked(), threadpool_limits(config.compute.threads or None):
        started = datetime.now(UTC)
        check_plan(config)
        inputs = read_inputs(config)
        standing = check_standing(config, inputs)
        inputs = without_excluded(inputs, standing.excluded)
        key = digest(
            [
                code_digest(),
                config.analysis(),
                inputs.cohort.digest,
                inputs.dont_care.to_dict("list"),
                inputs.matcher.card.fingerprint,
                standing.key,
            ]
        )
        # What cannot be done is refused before hours of embedding, not after.
        design = design_of(config)
        opportunities = design.opportunities(inputs.cohort.images)
        searched = design.conditions(opportunities).columns.tolist()
        passes = rates.pass_conditions(opportunities)
        plan = plan_of(config, tested_people(inputs), inputs.sweep.primary, searched, passes)
        plan = replace(plan, registered=standing.state)
        if WATCHLIST in design.tables:
            check_watchlist(config, inputs.cohort.images)
        standing.write(folder, key)
        _write_cohort(folder, key, inputs, config)
        _compare(folder, key, inputs, config, design)
        # Made once, and only if a stage is to be computed.
        evidence = cache(lambda: read_evidence(folder, config, inputs, design))
        trials = cache(lambda: design.trials(evidence()))
        _infer(folder, key, inputs, config, design, plan, trials)
        _summarise(folder, key, inputs, config, design, plan, trials)
        _add(folder, key, design, evidence)
        _describe(folder, key, inputs, config, standing, started)
        report_and_seal(folder, describe_run(config, inputs, started), config.paths.approvals)
    return folder


def study_path(config: StudyConfig) -> Path:
    """Return the folder of a study: the same configuration always has the same."""
    promised = seal_of(config.registration)
    content = config.analysis() if promised is None else [config.analysis(), promised]
    name = f"{config.name}-{config.matcher.name}-{digest(content)[:8]}"
    return Path(config.paths.studies).expanduser().resolve() / name


def _write_cohort(folder: StudyFolder, key: str, inputs: Inputs, config: StudyConfig) -> None:
    made = {COHORT: inputs.cohort.images}
    if config.design.dont_care is not None:
        made[DONT_CARE] = inputs.dont_care

    def write() -> None:
        for table, frame in made.items():
            folder.write(table, frame)

    folder.stage("cohort", key, [table.file for table in made], write)


def _compare(
    folder: StudyFolder, key: str, inputs: Inputs, config: StudyConfig, design: Design
) -> None:
    """Images to scores: acquisition, and what the design compares."""

    def compare() -> None:
        scores, acquisition = read_scores(inputs, config)
        folder.write(ACQUISITION, acquisition)
        images = design.opportunities(inputs.cohort.images)
        acquired = acquisition["acquired"].to_numpy(bool)
        sides = Sides.of(images, acquired, inputs.dont_care)
        for table, frame in design.compare(scores, sides, inputs.sweep.values).items():
            folder.write(table, frame)

    files = [table.file for table in (ACQUISITION, *design.tables)]
    folder.stage("comparison", key, files, compare)


def _infer(
    folder: StudyFolder,
    key: str,
    inputs: Inputs,
    config: StudyConfig,
    design: Design,
    plan: Plan,
    trials: Callable[[], list[Trials]],
) -> None:
    """Trials to rates and findings."""
    tables = [RATES, FINDINGS, *([TRUTH] if inputs.simulation else [])]
    people, thresholds = tested_people(inputs), inputs.sweep.values

    def infer() -> None:
        folder.write(RATES, rate_table(trials(), people, plan.factors, thresholds, plan))
        compared = rates.compared(trials())
        folder.write(FINDINGS, finding_table(compared, people, thresholds, plan))
        if inputs.simulation:
            sizes = list(design.watchlist_sizes)
            fillers = filler_weights(config, inputs.cohort.images)
            folder.write(TRUTH, inputs.simulation.truth(thresholds, sizes, fillers))

    folder.stage("inference", key, [table.file for table in tables], infer)


def _summarise(
    folder: StudyFolder,
    key: str,
    inputs: Inputs,
    config: StudyConfig,
    design: Design,
    plan: Plan,
    trials: Callable[[], list[Trials]],
) -> None:
    """Trials to what stands beside rates and findings: equity, modelled tail, published tests."""
    people, sweep = tested_people(inputs), inputs.sweep
    labels = plan.of_labels(people.columns)

    def summarise() -> None:
        compared = rates.compared(trials())
        folder.write(EQUITY, equity_table(compared, people, labels.factors, sweep.primary, labels))
        for metric, table in (("FMR", MODELLED), ("FPIR", MODELLED_SEARCHES)):
            modelled = [
                modelled_table(one, people, labels.factors, sweep.values, labels)
                for one in trials()
                if one.metric == metric
            ]
            folder.write(table, pd.concat(modelled) if modelled else table.empty())
        folder.write(PERSON_TESTS, person_test_table(compared, people, sweep.primary, labels))
        sizes = WATCHLIST_SIZES.empty()
        if WATCHLIST in design.tables:
            sizes = _watchlist_sizes(folder, inputs, config, design, labels)
        folder.write(WATCHLIST_SIZES, sizes)

    folder.stage("summaries", key, [table.file for table in FURTHER], summarise)


def _watchlist_sizes(
    folder: StudyFolder, inputs: Inputs, config: StudyConfig, design: Design, plan: Plan
) -> pd.DataFrame:
    """How false alerts grow with the watchlist, mixed as it was and as the fillers come."""
    images, people = folder.read(COHORT), tested_people(inputs)
    watchlist, thresholds = folder.read(WATCHLIST), inputs.sweep.tabulated
    trials = rates.watchlist_trials(
        people,
        folder.read(SEARCHES),
        watchlist,
        folder.read(WATCHLIST_MATCHES),
        thresholds[0],
    )
    return watchlist_size_table(
        trials,
        people,
        images.set_index("image_id").loc[watchlist["reference_id"]],
        list(dict.fromkeys((watchlist_mix(config, images), AS_THEY_COME))),
        thresholds,
        plan,
        design.watchlist_sizes,
    )


def _add(folder: StudyFolder, key: str, design: Design, evidence: Callable[[], Evidence]) -> None:
    """Sum up what no rate says: how long alerts take, how long lists are."""

    def add() -> None:
        for table, frame in design.summarise(evidence()).items():
            folder.write(table, frame)

    folder.stage("design", key, [table.file for table in design.summaries], add)


def tested_people(inputs: Inputs) -> pd.DataFrame:
    """Return the people under test, without those who are on the watchlist only."""
    people = inputs.cohort.people
    return people[~people["filler"].to_numpy(bool)].drop(columns="filler")


def read_evidence(
    folder: StudyFolder, config: StudyConfig, inputs: Inputs, design: Design
) -> Evidence:
    """Return what a study has to count, from its score tables."""
    return Evidence(
        folder.read,
        tested_people(inputs),
        design.opportunities(folder.read(COHORT)),
        folder.read(ACQUISITION)["acquired"].to_numpy(bool),
        parts_of([*config.inference.factors, *config.inference.strata]),
        inputs.sweep.values,
    )


def _describe(
    folder: StudyFolder,
    key: str,
    inputs: Inputs,
    config: StudyConfig,
    standing: Standing,
    started: datetime,
) -> None:
    def describe() -> None:
        described = describe_study(config, inputs, started)
        write_json(folder.path / STUDY, {**described, "registration": standing.described()})

    # What is known of the live engine may change when all the tables stay.
    live = asdict(inputs.live) if inputs.live else None
    folder.stage("study", digest([key, live]), [STUDY], describe)
