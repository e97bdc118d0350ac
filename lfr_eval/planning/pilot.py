"""Planning: what a pilot study says about rates and about passes of one person.

In: the folder of a finished study. Out: a `Pilot`: base rate, passes a person and design effect,
each with its uncertainty.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.cohort import Cohort
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.tables import ACQUISITION, COHORT, MATED, SEARCHES
from lfr_eval.contract.trials import PersonTrials, group_people
from lfr_eval.contract.words import joined
from lfr_eval.inference import rates
from lfr_eval.inference.ends import lower_ends, upper_ends
from lfr_eval.inference.intervals import no_event_bound
from lfr_eval.inference.precision import ENOUGH_EVENTS, independent
from lfr_eval.planning.dependence import correlation_of, rate_at
from lfr_eval.planning.question import Dependence, PlanningError, Question

REPLICATES = 1_000
"""Bootstrap samples of people behind the interval of a design effect."""

METRICS = ("FPIR", "FNIR", "FNMR", "FTA")

BY_RATE = (
    "FMR is planned from its rate, which the pilot's report gives, as in lfr-eval plan "
    "--metric FMR --rate 1/1000 --ratio 2"
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pilot:
    """Estimates from a pilot, of one metric at one threshold.

    Attributes
    ----------
    metric, threshold, watchlist_size
        What was measured; None where the metric has none.
    people, groups, passes
        People, groups of the factor, trials a person.
    events, trials
        Counts behind the rate.
    rate, lower, upper
        Rate of all people together and its 95 % interval; without events the rate is None and
        `upper` bounds it.
    design_effect, effect_lower, effect_upper
        Trials that are worth one independent trial, within groups, and its 95 % interval.
    effect_from
        Where the design effect was measured, in words.
    """

    metric: str
    threshold: float | None
    watchlist_size: int | None
    people: int
    groups: int
    passes: float
    events: int
    trials: int
    rate: float | None
    lower: float
    upper: float
    design_effect: float
    effect_lower: float
    effect_upper: float
    effect_from: str


@dataclass(frozen=True)
class Reading:
    """One way to read a pilot: a question with a rate and a dependence from its interval."""

    name: str
    question: Question


def read_pilot(
    study: StudyFolder,
    metric: str,
    threshold: float | None,
    factor: str,
    size: int | None,
    seed: int = 1,
) -> Pilot:
    """Measure a pilot study.

    Parameters
    ----------
    study
        A finished study.
    metric
        FPIR, FNIR, FNMR or FTA.
    threshold
        Where scores are cut; None for FTA.
    factor
        Groups whose differences must not count as dependence of passes.
    size
        Watchlist size; the largest that the pilot searched where it did not search this one.
    seed
        Seed of the bootstrap.

    Raises
    ------
    PlanningError
        If the pilot has no such trials, or the factor is no label of its people.
    FolderError
        If a table is missing.
    """
    images = study.read(COHORT)
    everybody = Cohort(images, study.path, (), "").people
    people = everybody[~everybody["filler"].to_numpy(bool)].drop(columns="filler")
    chosen = _trials(study, images, people, metric, size)
    if chosen.has_threshold and threshold is None:
        raise PlanningError(f"{metric} depends on the threshold: give --threshold.")
    try:
        grouping = group_people(people, factor)
    except KeyError as error:
        raise PlanningError(f"--factor {factor}: {error.args[0]}") from error
    at = 0.0 if threshold is None else threshold
    trials = np.bincount(chosen.person, minlength=len(people)).astype(float)
    tested = trials > 0

    def events_at(cut: float) -> Floats:
        happened = chosen.person[chosen.events(cut)]
        return np.bincount(happened, minlength=len(people)).astype(float)[tested]

    codes, trials = grouping.codes[tested], trials[tested]
    events = events_at(at)
    cut, effect_from = _where_dependence_shows(chosen, events_at, at)
    shown = events_at(cut)
    draws = np.random.default_rng(seed).integers(0, len(trials), (REPLICATES, len(trials)))
    effects = np.array([_design_effect(shown[row], trials[row], codes[row]) for row in draws])
    effect = _design_effect(shown, trials, codes)
    total, happened = float(trials.sum()), float(events.sum())
    rate = happened / total
    cells = independent(np.array([happened / effect]), np.array([total / effect]))
    lower, upper = lower_ends(cells, 0.025), upper_ends(cells, 0.025)
    return Pilot(
        metric,
        threshold if chosen.has_threshold else None,
        chosen.watchlist_size,
        len(trials),
        len(np.unique(codes)),
        total / len(trials),
        int(happened),
        int(total),
        rate if happened else None,
        float(lower[0]) if happened else 0.0,
        float(upper[0]) if happened else float(no_event_bound(total / effect, 0.95)),
        effect,
        float(np.quantile(effects, 0.025)),
        float(np.quantile(effects, 0.975)),
        effect_from,
    )


def readings(pilot: Pilot, question: Question) -> list[Reading]:
    """Return the question with the pilot's estimates, and with both ends of their intervals.

    The favourable end has the highest rate and the least dependence, the unfavourable end the
    lowest rate and the most. A pilot without events has only a favourable end.
    """
    ends = [("at the pilot's favourable end", pilot.upper, pilot.effect_lower)]
    if pilot.rate is not None:
        ends = [
            ("at the pilot's estimates", pilot.rate, pilot.design_effect),
            *ends,
            ("at the pilot's unfavourable end", pilot.lower, pilot.effect_upper),
        ]
    stated = question.correlation is not None or question.design_effect is not None
    result = []
    for name, rate, effect in ends:
        # A correlation outlives another number of passes; a design effect does not.
        correlation = correlation_of(effect, pilot.passes)
        own = question if stated else replace(question, correlation=correlation)
        result.append(Reading(name, replace(own, rate=_at_watchlist(rate, pilot, question))))
    return result


def _at_watchlist(rate: float, pilot: Pilot, question: Question) -> float:
    """Return the pilot's rate at the size that the question states rates at."""
    if question.watchlist is None or pilot.watchlist_size is None:
        return rate
    return rate_at(rate, pilot.watchlist_size, question.watchlist, question.scaling)


def named(reading: Reading) -> tuple[Dependence, ...]:
    """Cases of a reading, named after it."""
    return tuple(replace(case, name=reading.name) for case in reading.question.cases)


def _trials(
    study: StudyFolder, images: pd.DataFrame, people: pd.DataFrame, metric: str, size: int | None
) -> PersonTrials:
    found: list[PersonTrials] = []
    if metric in ("FPIR", "FNIR") and study.file(SEARCHES).is_file():
        found = rates.identification_trials(people, study.read(SEARCHES))
    elif metric == "FTA":
        acquired = study.read(ACQUISITION)["acquired"].to_numpy(bool)
        found = rates.acquisition_trials(people, images, acquired)
    elif metric == "FNMR" and study.file(MATED).is_file():
        mated = study.read(MATED)
        person = people.index.get_indexer(pd.Index(mated["subject_id"])).astype(np.intp)
        score = mated["score"].to_numpy(np.float32)
        found = [PersonTrials("FNMR", len(people), person, score, False)]
    found = [one for one in found if one.metric == metric and len(one.person)]
    sizes = [one.watchlist_size for one in found if one.watchlist_size is not None]
    wanted = size if size in sizes else max(sizes, default=None)
    chosen = [one for one in found if one.watchlist_size is None or one.watchlist_size == wanted]
    if metric not in METRICS:
        raise PlanningError(
            f"--metric must be one of {', '.join(METRICS)} with a pilot, not {metric}: each "
            f"trial of a metric must belong to one person. {BY_RATE}"
        )
    if not chosen:
        told = {"FPIR": SEARCHES, "FNIR": SEARCHES, "FNMR": MATED, "FTA": ACQUISITION}
        there = [name for name in METRICS if study.file(told[name]).is_file()]
        raise PlanningError(
            f"The pilot in {study.path} has no trials of {metric}. Give --metric "
            f"{joined(there, 'or')}. {BY_RATE}"
        )
    return chosen[0]


def _where_dependence_shows(
    trials: PersonTrials, events_at: Callable[[float], Floats], threshold: float
) -> tuple[float, str]:
    """Return the threshold nearest to the planned one with enough events to see dependence."""
    if not trials.has_threshold or events_at(threshold).sum() >= ENOUGH_EVENTS:
        return threshold, "at the threshold itself"
    scores = np.sort(trials.score[np.isfinite(trials.score)])
    if len(scores) < ENOUGH_EVENTS:
        return threshold, "at the threshold itself, from few events"
    near = scores[-ENOUGH_EVENTS] if trials.event_at_or_above else scores[ENOUGH_EVENTS - 1]
    # A miss is a score below the threshold, so the cut goes just above the last of them.
    cut = float(near if trials.event_at_or_above else np.nextafter(near, np.float32(np.inf)))
    return cut, (
        f"at {cut:.3f}, where the pilot has {ENOUGH_EVENTS} events; at the threshold it has too few"
    )


def _design_effect(events: Floats, trials: Floats, group: NDArray[np.intp]) -> float:
    """Cluster-robust over binomial variance, within groups; at least 1."""
    groups = int(group.max()) + 1
    total = np.bincount(group, trials, groups)
    rate = np.bincount(group, events, groups) / np.maximum(total, 1)
    residual = events - rate[group] * trials
    people, present = len(events), np.count_nonzero(total)
    binomial = float(np.sum(total * rate * (1 - rate)))
    if binomial <= 0 or people <= present:
        return 1.0
    return max(1.0, people / (people - present) * float(residual @ residual) / binomial)
