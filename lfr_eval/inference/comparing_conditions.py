"""Stage `inference`: conditions of trials compared, and groups of people within each of them.

In: trials with conditions, a factor with at least one condition, plan. Out: frames of raw
comparisons. `camera` compares cameras on the people who passed both; `camera x ethnicity` compares
ethnicities at each camera, and cameras on the same people of each ethnicity.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from lfr_eval.contract.tables import CAPTURE, CROSS
from lfr_eval.contract.trials import Condition, Grouping, PersonTrials, group_people
from lfr_eval.contract.words import group_words
from lfr_eval.inference.cells import Floats
from lfr_eval.inference.comparing_groups import compare_groupings, reference_group
from lfr_eval.inference.comparison_rows import (
    ALL,
    NUMBERS,
    REST,
    Study,
    base_columns,
    finding_ids,
)
from lfr_eval.inference.equivalence import equivalence_p, ratio_interval
from lfr_eval.inference.exchange import exchange_test
from lfr_eval.inference.factors import Crossing, parts_of
from lfr_eval.inference.intervals import no_event_bound
from lfr_eval.inference.paired import (
    PairedContrast,
    PairedTrials,
    constant_for_people,
    paired_contrast,
)
from lfr_eval.inference.plan import COMPARISONS, Plan
from lfr_eval.inference.statements import Sides
from lfr_eval.inference.wording import trials_words

SAME_PEOPLE = "among the same people"
OTHER_PEOPLE = "on different people"
MOST_CONDITIONS = 50
"""Beyond it a factor names trials, not conditions."""


def compare_crossing(
    trials: PersonTrials,
    crossing: Crossing,
    people: pd.DataFrame,
    thresholds: Sequence[float],
    plan: Plan,
) -> list[pd.DataFrame]:
    """Make the comparisons of one factor with conditions.

    Raises
    ------
    ValueError
        If there are too many conditions, or a reference group does not exist.
    """
    condition = crossing.condition
    if len(condition.names) > MOST_CONDITIONS:
        raise ValueError(
            f"A factor must have at most {MOST_CONDITIONS} conditions of trials. Got "
            f"{len(condition.names)} of {crossing.factor!r} instead."
        )
    held = tuple(
        part
        for part in parts_of(plan.strata)
        if part not in people and part not in crossing.of_trials
    )
    own = replace(plan, strata=held)
    size = np.bincount(condition.codes, minlength=len(condition.names)).astype(float)
    if not crossing.labels:
        reference = reference_group(
            Grouping(crossing.factor, condition.names, condition.codes),
            plan.reference_groups.get(crossing.factor),
            size,
        )
        return _between(trials, crossing, "", people, thresholds, own, reference)
    labels = group_people(people, CROSS.join(crossing.labels))
    label, value = _references(crossing, labels, size, trials, plan)
    frames = []
    for code, name in enumerate(condition.names):
        frames += _within(trials, crossing, code, name, labels, label, people, thresholds, plan)
    for code, name in enumerate(labels.names):
        keep = (labels.codes == code)[trials.person]
        mine = _only(trials, keep)
        taken = replace(crossing, condition=_codes(crossing.condition, keep))
        frames += _between(mine, taken, name, people, thresholds, own, value)
    return frames


def _references(
    crossing: Crossing, labels: Grouping, size: Floats, trials: PersonTrials, plan: Plan
) -> tuple[int, int]:
    """Return the reference group of people and the reference condition.

    Those of the crossed factor if it declares one, else those that its parts declare, else the
    largest.
    """
    given = plan.reference_groups
    condition = crossing.condition
    declared = given.get(crossing.factor)
    pairs = [(label, value) for label in labels.names for value in condition.names]
    if declared is not None:
        names = [crossing.name(*pair) for pair in pairs]
        if declared not in names:
            raise ValueError(
                f"The reference group of {crossing.factor!r} must be among {tuple(names)}. "
                f"Got {declared!r} instead."
            )
        label, value = pairs[names.index(declared)]
        return labels.names.index(label), condition.names.index(value)
    active = np.unique(trials.person)
    number = np.bincount(labels.codes[active], minlength=len(labels.names)).astype(float)
    spoken = Grouping(condition.factor, condition.names, condition.codes)
    return (
        reference_group(labels, given.get(labels.factor), number),
        reference_group(spoken, given.get(condition.factor), size),
    )


def _within(
    trials: PersonTrials,
    crossing: Crossing,
    code: int,
    value: str,
    labels: Grouping,
    reference: int,
    people: pd.DataFrame,
    thresholds: Sequence[float],
    plan: Plan,
) -> list[pd.DataFrame]:
    """Compare groups of people under one condition."""
    mine = _only(trials, crossing.condition.codes == code)
    spoken = {crossing.name(name, value): group_words(name) for name in labels.names}
    where = f" with {_spoken(crossing, value)}"

    def naming(a: str, b: str) -> Sides:
        return Sides(spoken[a] + where, spoken[b] + where)

    names = tuple(spoken)
    return compare_groupings(
        Study.of(mine, people, thresholds, plan),
        [Grouping(crossing.factor, names, labels.codes)],
        ("reference",),
        [names[reference]],
        naming,
    )


def _between(
    trials: PersonTrials,
    crossing: Crossing,
    label: str,
    people: pd.DataFrame,
    thresholds: Sequence[float],
    plan: Plan,
    reference: int,
) -> list[pd.DataFrame]:
    """Compare conditions on the same people: all people, or those with a label."""
    condition = crossing.condition
    names = tuple(crossing.name(label, value) for value in condition.names)
    if len(names) < 2:
        return []
    who = f" of {group_words(label)}" if label else ""
    spoken = {
        name: f"{trials_words(trials.metric)}{who} with {_spoken(crossing, value)}"
        for name, value in zip(names, condition.names, strict=True)
    } | {REST: f"all other {trials_words(trials.metric)}{who}", "": ""}
    kinds = ("reference",) if label else COMPARISONS
    study = Study.of(trials, people, thresholds, plan)
    apart = constant_for_people(trials, condition.codes)
    if apart is not None:
        # Nobody passed two cameras: they can only be compared as groups of people are.
        grouping = Grouping(crossing.factor, names, np.maximum(apart, 0))
        return compare_groupings(
            study,
            [grouping],
            kinds,
            [names[reference]],
            lambda a, b: Sides(spoken[a], spoken[b], True, OTHER_PEOPLE),
        )
    controls = study.controls
    within = controls.condition if controls.conditions > 1 else None
    counted = PairedTrials.of(trials, study.steps, condition.codes, len(names), within)
    size = None
    if plan.watchlist == "random" and trials.metric == "FPIR" and trials.watchlist_size:
        size = float(trials.watchlist_size)
    frames = []
    if "omnibus" in kinds or len(names) == 2:
        p_value, largest, omnibus = exchange_test(counted, plan.permutations, study.seed)
    if "omnibus" in kinds:
        frames.append(_omnibus(study, crossing, counted, largest, omnibus))
    for code, name in enumerate(names):
        if code == reference:
            continue
        both = counted.only((code, reference))
        if len(names) == 2:
            tested = p_value[code]
        else:
            words = "|".join((crossing.factor, name, names[reference]))
            seed = [*study.seed, zlib.crc32(words.encode())]
            tested = exchange_test(both, plan.permutations, seed)[0][0]
        sides = Sides(spoken[name], spoken[names[reference]], True, SAME_PEOPLE)
        compared = paired_contrast(both, 0, size)
        frames.append(
            _pair(study, crossing, (name, names[reference]), compared, tested, sides, size)
        )
    if "rest" in kinds and len(names) > 2:
        for code, name in enumerate(names):
            sides = Sides(spoken[name], spoken[REST], True, SAME_PEOPLE)
            compared = paired_contrast(counted, code, size)
            frames.append(
                _pair(study, crossing, (name, REST), compared, p_value[code], sides, size)
            )
    return frames


def _omnibus(
    study: Study, crossing: Crossing, counted: PairedTrials, statistic: Floats, p_value: Floats
) -> pd.DataFrame:
    sides = Sides("", "", True, SAME_PEOPLE)
    base = base_columns(study, crossing.factor, "omnibus", sides)
    testable = (counted.events.sum(axis=(0, 1)) > 0) & counted.shared
    return pd.DataFrame(
        {
            "finding_id": finding_ids(base, ALL, ALL),
            **base,
            "group_a": ALL,
            "group_b": ALL,
            "test": f"exchange of each person's {trials_words(study.trials.metric)}, largest "
            f"studentised difference from the rest{study.controls.words}",
            "statistic": np.where(testable, statistic, np.nan),
            "p_value": np.where(testable, p_value, np.nan),
            "testable": testable,
            **dict.fromkeys(NUMBERS, np.full(len(study.steps), np.nan)),
        }
    )


def _pair(
    study: Study,
    crossing: Crossing,
    names: tuple[str, str],
    compared: PairedContrast,
    p_value: Floats,
    sides: Sides,
    watchlist_size: float | None,
) -> pd.DataFrame:
    plan, a, b = study.plan, compared.rate_a, compared.rate_b
    n = compared.effective_trials
    testable = (np.nan_to_num(a) + np.nan_to_num(b) > 0) & (compared.people > 0)
    if watchlist_size is not None:
        # Exchanging passes says nothing about other watchlists: see `comparison_rows.pair_rows`.
        p_value = np.maximum(p_value, 2 * stats.norm.sf(np.abs(compared.statistic)))
    lower, upper = ratio_interval(a, n, b, n, plan.level, compared.degrees)
    base = base_columns(study, crossing.factor, "rest" if names[1] == REST else "reference", sides)
    bound = no_event_bound(float(compared.people), plan.level)
    defined = testable & (np.nan_to_num(b) > 0)
    ratio = np.full(len(a), np.nan)
    ratio[defined] = a[defined] / b[defined]
    return pd.DataFrame(
        {
            "finding_id": finding_ids(base, *names),
            **base,
            "group_a": names[0],
            "group_b": names[1],
            "rate_a": a,
            "rate_b": b,
            "ratio": ratio,
            "ratio_lower": lower,
            "ratio_upper": upper,
            "test": f"exchange of each person's {trials_words(study.trials.metric)}, "
            f"studentised{study.controls.words}",
            "statistic": np.where(testable, compared.statistic, np.nan),
            "p_value": np.where(testable, p_value, np.nan),
            "p_equivalence": equivalence_p(a, n, b, n, plan.margin, compared.degrees),
            "testable": testable,
            "people_a": compared.affected_a,
            "people_b": compared.affected_b,
            "exposed_a": compared.people,
            "exposed_b": compared.people,
            "trials_a": n,
            "trials_b": n,
            "bound_a": bound,
            "bound_b": bound,
            "independent_bound_a": bound,
            "independent_bound_b": bound,
            "base": (a + b) / 2,
        }
    )


def _only(trials: PersonTrials, keep: np.ndarray) -> PersonTrials:
    """Return some of the trials, of the same people."""
    return replace(
        trials,
        person=trials.person[keep],
        score=trials.score[keep],
        reference=None if trials.reference is None else trials.reference[keep],
        conditions=tuple(_codes(one, keep) for one in trials.conditions),
    )


def _codes(condition: Condition, keep: np.ndarray) -> Condition:
    return replace(condition, codes=condition.codes[keep])


def _spoken(crossing: Crossing, value: str) -> str:
    """Name a condition: `camera north`, `camera north and light dim`, `motion blur 8 px`."""
    pairs = zip(crossing.of_trials, value.split(CROSS), strict=True)
    return " and ".join(
        one if factor == CAPTURE else f"{factor.removesuffix('_id')} {one}".replace("_", " ")
        for factor, one in pairs
    )
