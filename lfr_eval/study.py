"""A study, from people to a report.

    manifest -> cohort -> matcher -> templates -> comparison -> scores -> trials
             -> rates and findings -> report -> tracking

Each stage writes its tables to the study folder and is skipped when they are there already, made
from the same inputs by the same code. So a study that was killed goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

from lfr_eval import comparison, rates
from lfr_eval.comparison.similarity import SIMILARITIES
from lfr_eval.config import ConfigError, StudyConfig
from lfr_eval.folder import REPORT, STUDY, FolderError, StudyFolder, digest, write_json
from lfr_eval.inference import (
    Plan,
    equity_table,
    finding_table,
    modelled_table,
    person_test_table,
    rate_table,
)
from lfr_eval.inputs import (
    Inputs,
    acquire_templates,
    cache_folder,
    given_scores,
    make_compute,
    read_inputs,
)
from lfr_eval.provenance import code_digest, describe_run, describe_study
from lfr_eval.report import render
from lfr_eval.tables import (
    ACQUISITION,
    BORDERLINE,
    CANDIDATES,
    COHORT,
    COMPARISONS,
    CORRECTIONS,
    CROSS,
    EQUITY,
    FINDINGS,
    FURTHER,
    HISTOGRAM,
    MATED,
    MODELLED,
    MODELLED_SEARCHES,
    NON_MATED,
    OVERALL,
    PERSON_TESTS,
    RATES,
    SAMPLE,
    SEARCHES,
    TRUTH,
)
from lfr_eval.trials import Trials, group_people

PAIR_TABLES = (COMPARISONS, CORRECTIONS, MATED, NON_MATED, HISTOGRAM, SAMPLE)


def run_study(config: StudyConfig) -> StudyFolder:
    """Run a study, or the rest of one that was begun; return its folder, sealed.

    Raises
    ------
    ConfigError, CardError, CohortError, FetchError, ManifestError, MatcherError, ComparisonError
        If an input is missing or cannot be used; the message names it and the remedy.
    FolderError
        If another process is running the same study.
    """
    folder = StudyFolder(study_path(config))
    with folder.locked(), threadpool_limits(config.compute.threads or None):
        started = datetime.now(UTC)
        inputs = read_inputs(config)
        key = digest(
            [
                code_digest(),
                config.analysis(),
                inputs.cohort.digest,
                inputs.matcher.card.fingerprint,
            ]
        )
        # A plan that cannot be followed is refused before hours of embedding, not after.
        plan = plan_of(config, tested_people(inputs), inputs.sweep.primary, inputs.cohort.images)
        _write_cohort(folder, key, inputs)
        _compare(folder, key, inputs, config)
        _infer(folder, key, inputs, config, plan)
        _summarise(folder, key, inputs, config, plan)
        _describe(folder, key, inputs, config, started)
        publish(folder, describe_run(config, inputs, started))
    return folder


def study_path(config: StudyConfig) -> Path:
    """Return the folder of a study: the same configuration always has the same."""
    name = f"{config.name}-{config.matcher.name}-{digest(config.analysis())[:8]}"
    return Path(config.paths.studies).expanduser().resolve() / name


def publish(folder: StudyFolder, run: dict[str, object]) -> None:
    """Render the report of a study and seal the folder.

    Sealed twice: the report quotes the study hash, and the seal covers the report.
    """
    (folder.path / REPORT).unlink(missing_ok=True)
    folder.seal(run)
    render(folder.path)
    folder.seal(run)


def render_again(folder: StudyFolder) -> None:
    """Render the report of a finished study from its folder, after checking the folder.

    Raises
    ------
    FolderError
        If the study is not finished, or a file other than the report was changed: sealing it
        again would hide that.
    """
    with folder.locked():
        changed = [problem for problem in folder.verify() if not problem.startswith(REPORT)]
        if changed:
            raise FolderError(f"{folder.path} is not as it was sealed: " + " ".join(changed))
        publish(folder, folder.provenance())


def _write_cohort(folder: StudyFolder, key: str, inputs: Inputs) -> None:
    def write() -> None:
        folder.write(COHORT, inputs.cohort.images)

    folder.stage("cohort", key, [COHORT.file], write)


def _compare(folder: StudyFolder, key: str, inputs: Inputs, config: StudyConfig) -> None:
    """Templates to scores: acquisition, 1:1 comparisons and 1:N searches."""
    design, floor = config.design, inputs.sweep.values[0]
    tables = [ACQUISITION]
    tables += [*PAIR_TABLES, BORDERLINE] if design.verification else []
    tables += [SEARCHES, CANDIDATES] if design.identification else []

    def compare() -> None:
        images = inputs.cohort.images
        given = given_scores(inputs)
        if given is None:
            templates = acquire_templates(
                inputs, cache_folder(config.paths), config.matcher.storage
            )
            acquisition = templates.acquisition
        else:
            scores, acquisition = given
        folder.write(ACQUISITION, acquisition)
        sides = comparison.Sides.of(images, acquisition["acquired"].to_numpy(bool))
        shift = 0.0
        if given is None:
            similarity = SIMILARITIES[inputs.matcher.card.similarity]
            moved = templates.moved
            if moved is not None:
                shift = similarity.shift(templates.vectors, moved)
            vectors = similarity.prepare(templates.vectors, out=templates.vectors)
            compute = make_compute(config)
        if design.verification:
            pairs = (
                comparison.compare_pairs(sides, vectors, similarity, floor, compute)
                if given is None
                else comparison.pairs_of_scores(sides, scores, floor)
            )
            for table in PAIR_TABLES:
                folder.write(table, getattr(pairs, table.name))
            folder.write(BORDERLINE, comparison.borderline(pairs, inputs.sweep.values, shift))
        if design.identification:
            gallery = comparison.draw_gallery(
                sides, design.watchlist_members, design.watchlist_sizes, design.seed
            )
            searches = (
                comparison.search_watchlist(
                    sides,
                    vectors,
                    similarity,
                    gallery,
                    compute,
                    watchlist_factor(images, config),
                    design.candidates,
                )
                if given is None
                else comparison.searches_of_scores(sides, scores, gallery)
            )
            folder.write(SEARCHES, searches.searches)
            folder.write(CANDIDATES, searches.candidates)

    folder.stage("comparison", key, [table.file for table in tables], compare)


def watchlist_factor(images: pd.DataFrame, config: StudyConfig) -> str:
    """Return the finest factor by which the watchlist can be divided into groups."""
    factors = [
        factor for factor in config.inference.factors if set(factor.split(CROSS)) <= set(images)
    ]
    return max(factors, key=lambda factor: factor.count(CROSS), default=OVERALL)


def _infer(folder: StudyFolder, key: str, inputs: Inputs, config: StudyConfig, plan: Plan) -> None:
    """Scores to rates and findings."""
    tables = [RATES, FINDINGS, *([TRUTH] if inputs.simulation else [])]
    people, thresholds = tested_people(inputs), inputs.sweep.values

    def infer() -> None:
        trials = read_trials(folder, config, inputs)
        folder.write(RATES, rate_table(trials, people, plan.factors, thresholds, plan))
        compared = [one for one in trials if _is_compared(one, config)]
        folder.write(FINDINGS, finding_table(compared, people, thresholds, plan))
        if inputs.simulation:
            sizes = config.design.watchlist_sizes if config.design.identification else []
            folder.write(TRUTH, inputs.simulation.truth(thresholds, sizes))

    folder.stage("inference", key, [table.file for table in tables], infer)


def _summarise(
    folder: StudyFolder, key: str, inputs: Inputs, config: StudyConfig, plan: Plan
) -> None:
    """Scores to what stands beside rates and findings: equity, modelled tail, published tests."""
    people, sweep = tested_people(inputs), inputs.sweep

    def summarise() -> None:
        trials = read_trials(folder, config, inputs)
        compared = [one for one in trials if _is_compared(one, config)]
        folder.write(EQUITY, equity_table(compared, people, plan.factors, sweep.primary, plan))
        for metric, table in (("FMR", MODELLED), ("FPIR", MODELLED_SEARCHES)):
            modelled = [
                modelled_table(one, people, plan.factors, sweep.values, plan)
                for one in trials
                if one.metric == metric
            ]
            folder.write(table, pd.concat(modelled) if modelled else table.empty())
        folder.write(PERSON_TESTS, person_test_table(compared, people, sweep.primary, plan))

    folder.stage("summaries", key, [table.file for table in FURTHER], summarise)


def _is_compared(trials: Trials, config: StudyConfig) -> bool:
    # A person is found or missed: FNIR says all that TPIR says, and its ratio is the one that does
    # not flatter. Nor does a miss depend on who else is on the watchlist, so it is tested once.
    largest = max(config.design.watchlist_sizes, default=trials.watchlist_size)
    repeated = trials.metric == "FNIR" and trials.watchlist_size != largest
    return trials.metric != "TPIR" and not repeated


def tested_people(inputs: Inputs) -> pd.DataFrame:
    """Return the people under test, without those who are on the watchlist only."""
    people = inputs.cohort.people
    return people[~people["filler"].to_numpy(bool)].drop(columns="filler")


def read_trials(folder: StudyFolder, config: StudyConfig, inputs: Inputs) -> list[Trials]:
    """Return the trials of a study from its score tables."""
    people, images = tested_people(inputs), folder.read(COHORT)
    acquired = folder.read(ACQUISITION)["acquired"].to_numpy(bool)
    controls = _parts(config.inference.strata)
    trials: list[Trials] = []
    if config.design.identification:
        searches = folder.read(SEARCHES)
        trials += rates.identification_trials(people, searches, images, controls)
    if config.design.verification:
        trials += rates.verification_trials(
            people,
            comparisons=folder.read(COMPARISONS),
            corrections=folder.read(CORRECTIONS),
            mated=folder.read(MATED),
            non_mated=folder.read(NON_MATED),
            floor=inputs.sweep.values[0],
        )
    return trials + rates.acquisition_trials(people, images, acquired, controls)


def plan_of(
    config: StudyConfig, people: pd.DataFrame, primary: Sequence[float], images: pd.DataFrame
) -> Plan:
    """Return the plan that the configuration states.

    Raises
    ------
    ConfigError
        If a factor is not a label that every person has one value of, a control factor neither
        that nor a condition of recognition opportunities, or a reference group nobody's label.
    """
    settings = asdict(config.inference)
    problems = [
        f"'{name}' (there are {', '.join(people.columns)})"
        for name in _parts(settings["factors"])
        if name not in people
    ]
    # Only a search belongs to one pass; a comparison of two people has no one camera.
    passes = rates.pass_conditions(images) if config.design.identification else pd.DataFrame()
    problems += [
        f"control factor '{name}' (there are {', '.join(people.columns)}; conditions that are "
        f"constant within a pass: {', '.join(passes.columns) or 'none'})"
        for name in _parts(settings["strata"])
        if name not in people and name not in passes
    ]
    for factor, group in settings["reference_groups"].items():
        if not problems and group not in (names := group_people(people, factor).names):
            problems.append(f"reference group '{group}' of {factor} (there are {', '.join(names)})")
    if problems:
        raise ConfigError("The people have no such label: " + "; ".join(problems) + ".")
    return Plan(
        **settings,
        watchlist=config.design.watchlist_inference,
        primary_metrics=("FMR", "FNMR", "FPIR", "FNIR"),
        primary_thresholds=tuple(primary),
    )


def _parts(factors: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(part for factor in factors for part in factor.split(CROSS)))


def _describe(
    folder: StudyFolder, key: str, inputs: Inputs, config: StudyConfig, started: datetime
) -> None:
    def describe() -> None:
        write_json(folder.path / STUDY, describe_study(config, inputs, started))

    folder.stage("study", key, [STUDY], describe)
