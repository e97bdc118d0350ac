"""What a study starts from: its people, its matcher and its scores, made from configuration."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from lfr_eval.cohort import Cohort, capture, read_dont_care, with_captures
from lfr_eval.cohort.chosen import read_cohort
from lfr_eval.cohort.listed import cohort_of_pairs
from lfr_eval.cohort.simulated import Simulation, simulate
from lfr_eval.comparison import (
    Compute,
    Executor,
    GivenScores,
    ListedPairs,
    LocalExecutor,
    LoggedAlerts,
    RayExecutor,
    Scores,
    TemplateScores,
    as_precision,
)
from lfr_eval.comparison.similarity import similarity_of
from lfr_eval.config import (
    CaptureConfig,
    ConfigError,
    PairsDatasetConfig,
    SimulatedDatasetConfig,
    StudyConfig,
)
from lfr_eval.config.paths import cache_folder
from lfr_eval.contract.record import LiveEngine
from lfr_eval.contract.tables import DONT_CARE
from lfr_eval.matchers import (
    AlertMatcher,
    ImageMatcher,
    Matcher,
    PairMatcher,
    ScoreMatcher,
    TemplateMatcher,
    Templates,
    floor_of,
)
from lfr_eval.matchers.cluster import ClusterMatcher
from lfr_eval.matchers.simulated import SimulatedMatcher
from lfr_eval.matchers.store import SHARDS, acquire
from lfr_eval.registry.live import live_engine
from lfr_eval.registry.matcher_of import image_matcher, matcher_of
from lfr_eval.study.completeness import check_told
from lfr_eval.study.evidence import check_floor, told_acquisition
from lfr_eval.study.plausible import check_direction, check_reach, check_scale, people_of
from lfr_eval.study.sweep import Sweep, read_sweep


@dataclass(frozen=True)
class Inputs:
    """People, matcher and thresholds of a study; the simulation behind them, if there is one.

    Attributes
    ----------
    dont_care
        Table `dont_care`: people who are not compared with one another.
    live
        What is known of the live engine; None where the matcher does not claim to be one.
    """

    cohort: Cohort
    matcher: Matcher
    sweep: Sweep
    dont_care: pd.DataFrame
    simulation: Simulation | None = None
    live: LiveEngine | None = None


def read_inputs(config: StudyConfig) -> Inputs:
    """Make the inputs of a study.

    Raises
    ------
    ConfigError, CardError, CohortError, FetchError, ManifestError, MatcherError, RegistryError
        If something that the configuration names is missing or cannot be used.
    """
    sweep = read_sweep(config)
    if isinstance(config.dataset, SimulatedDatasetConfig):
        simulation = simulate(config.dataset)
        simulated = SimulatedMatcher(simulation.vectors, simulation.acquired)
        check_reach(sweep.values, simulated.card)
        pairs = _dont_care(config, simulation.cohort)
        return Inputs(simulation.cohort, simulated, sweep, pairs, simulation)
    matcher = _matcher(config)
    if isinstance(config.dataset, PairsDatasetConfig):
        assert isinstance(matcher, PairMatcher)
        _check_one_list(config.dataset.path, getattr(config.matcher, "path", None))
        counted = ("pair", "pairs") if matcher.independent else ("person", "people")
        cohort = cohort_of_pairs(matcher.people(), Path(config.dataset.path), counted)
    else:
        cohort = _captured(read_cohort(config), config)
    live = live_engine(config, matcher)
    if isinstance(matcher, AlertMatcher):
        check_floor(matcher, sweep.values, config.design)
    else:
        check_reach(sweep.values, matcher.card, sweep.tabulated)
    return Inputs(cohort, matcher, sweep, _dont_care(config, cohort), live=live)


def _check_one_list(people: str, scores: str | Path | None) -> None:
    """Refuse people of one list and scores of another.

    Raises
    ------
    ConfigError
        If the two settings name different files.
    """
    named = [
        None if path is None else Path(path).expanduser().absolute() for path in (people, scores)
    ]
    if named[1] is not None and named[0] != named[1]:
        raise ConfigError(
            f"dataset.path={people} and matcher.path={scores} name different files, but a list of "
            "pairs holds both people and scores. Leave out matcher.path."
        )


def _matcher(config: StudyConfig) -> Matcher:
    """Return the matcher; the machines of a cluster each have one, where there is a cluster."""
    matcher, compute = matcher_of(config), config.compute
    if compute.executor != "ray" or not isinstance(matcher, ImageMatcher):
        return matcher
    make = partial(image_matcher, config)
    return ClusterMatcher(make, compute.address, use_gpus=compute.device.startswith("cuda"))


def read_scores(inputs: Inputs, config: StudyConfig) -> tuple[Scores, pd.DataFrame]:
    """Return where the study's scores come from, and its table `acquisition`.

    Raises
    ------
    ComparisonError, MatcherError
        If templates or scores cannot be used, or there is no such device.
    """
    images, matcher, thresholds = inputs.cohort.images, inputs.matcher, inputs.sweep.values
    operating = inputs.sweep.operating
    if isinstance(matcher, AlertMatcher):
        log = matcher.alerts(images)
        check_scale(log["score"].to_numpy(), None, thresholds, operating, matcher.floor)
        return LoggedAlerts(log, matcher.at_most, thresholds), told_acquisition(images)
    if isinstance(matcher, PairMatcher):
        pairs = matcher.pairs()
        value, genuine = pairs["score"].to_numpy(), pairs["genuine"].to_numpy(bool)
        people = pairs.loc[genuine, "subject_a"].nunique()
        check_direction(value, genuine, people, config.matcher)
        check_scale(value, value[~genuine], thresholds, operating, mated=value[genuine])
        return ListedPairs(pairs, thresholds), told_acquisition(images)
    if isinstance(matcher, ScoreMatcher):
        check_told(matcher, thresholds)
        scores = matcher.scores(images)
        value = scores["score"].to_numpy()
        person, searched = people_of(scores, images)
        mated = person == searched
        check_direction(value, mated, len(np.unique(person[mated])), config.matcher)
        floor = floor_of(matcher)
        told_all = floor is None
        others = value[~mated] if told_all else None
        check_scale(value, others, thresholds, operating, floor, value[mated])
        named = {*scores["reference_id"], *scores["probe_id"]} if told_all else None
        return GivenScores(scores, thresholds, told_all), told_acquisition(images, named)
    templates = _templates(inputs, cache_folder(config.paths), config.matcher.storage)
    similarity = similarity_of(matcher.card.similarity, matcher.card.scale)
    moved = templates.moved
    shift = 0.0 if moved is None else similarity.shift(templates.vectors, moved)
    vectors = similarity.prepare(templates.vectors, out=templates.vectors)
    return TemplateScores(vectors, similarity, make_compute(config), shift), templates.acquisition


def _templates(inputs: Inputs, cache: Path, storage: str) -> Templates:
    """Return the templates of the study's images: cached, computed or read from a file."""
    images, matcher = inputs.cohort.images, inputs.matcher
    if isinstance(matcher, TemplateMatcher):
        return matcher.templates(images)
    assert isinstance(matcher, ImageMatcher)
    paths = [inputs.cohort.resolve(image) for image in images["image_id"]]
    return acquire(matcher, images, paths, cache, storage)


def make_compute(config: StudyConfig) -> Compute:
    """Return with what comparisons are computed.

    Raises
    ------
    ComparisonError
        If there is no such device.
    """
    given = config.compute
    executor: Executor
    if given.executor == "ray":
        executor = RayExecutor(given.address, use_gpus=given.device.startswith("cuda"))
    else:
        executor = LocalExecutor.of(given.threads, given.device)
    return Compute(
        executor=executor,
        tile=given.tile,
        precision=as_precision(given.precision),
        tail_memory=int(given.tail_memory),
        scratch=cache_folder(config.paths) / SHARDS,
    )


def _dont_care(config: StudyConfig, cohort: Cohort) -> pd.DataFrame:
    path = config.design.dont_care
    if path is None:
        return DONT_CARE.empty()
    return read_dont_care(Path(path).expanduser(), set(cohort.images["subject_id"]))


def recipe_of(given: CaptureConfig) -> capture.Recipe:
    """Return the simulated conditions that a configuration asks for."""
    steps = tuple(capture.Step(dict(step), given.angle) for step in given.steps)
    return capture.Recipe(steps, given.repeats, given.seed, given.original)


def _captured(cohort: Cohort, config: StudyConfig) -> Cohort:
    """Return the cohort with simulated passes, where the study asks for them."""
    if not config.capture.steps:
        return cohort
    # The detector is a matter of seconds to import, and few studies need it.
    from lfr_eval.matchers.eyes import eye_distances

    recipe = recipe_of(config.capture)
    ids = cohort.images[["image_id", "path"]].itertuples(index=False)
    paths = [None if pd.isna(path) else cohort.resolve(image) for image, path in ids]
    cache = cache_folder(config.paths)
    images = capture.simulate_passes(cohort.images, paths, recipe, eye_distances, cache)
    return with_captures(cohort, images, cache / capture.FOLDER, recipe.words)
