"""Stage `inference`: conditions of trials compared, and groups of people within each of them.

In: trials with conditions, a factor with at least one condition, plan. Out: raw
comparisons. `camera` compares cameras on the people who passed both; `camera x ethnicity` compares
ethnicities at each camera, and cameras on the same people of each ethnicity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from lfr_eval.contract.names import condition_words, group_words, metric_named
from lfr_eval.contract.tables import CROSS
from lfr_eval.contract.trials import Condition, Grouping, PersonTrials, group_people
from lfr_eval.contract.vocabulary import KINDS_OF_COMPARISON
from lfr_eval.inference.cells import MOST_PEOPLE, Floats
from lfr_eval.inference.comparing_groups import compare_groupings, reference_group
from lfr_eval.inference.comparison_rows import (
    REST,
    Pair,
    People,
    Study,
    Tested,
    compare_sides,
    omnibus_rows,
    pair_rows,
)
from lfr_eval.inference.controls import MOST_CONDITIONS
from lfr_eval.inference.factors import Crossing, parts_of
from lfr_eval.inference.joined import Columns
from lfr_eval.inference.minimum import enough_evidence
from lfr_eval.inference.mover import Compared
from lfr_eval.inference.omnibus import bonferroni
from lfr_eval.inference.paired import (
    FEWEST_DISCORDANT,
    PairedSides,
    PairedTrials,
    constant_for_people,
    paired_sides,
)
from lfr_eval.inference.plan import Plan
from lfr_eval.inference.precision import Evidence, precision_of
from lfr_eval.inference.statements import Sides

SAME_PEOPLE = "among the same people"
OTHER_PEOPLE = "on different people"


def compare_crossing(
    trials: PersonTrials,
    crossing: Crossing,
    people: pd.DataFrame,
    thresholds: Sequence[float],
    plan: Plan,
) -> list[Columns]:
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
    apart = _Setting(trials, people, thresholds, replace(plan, strata=held))
    within = replace(apart, plan=plan)
    size = np.bincount(condition.codes, minlength=len(condition.names)).astype(float)
    if not crossing.labels:
        reference = reference_group(
            Grouping(crossing.factor, condition.names, condition.codes),
            plan.reference_groups.get(crossing.factor),
            size,
        )
        return _between(trials, crossing, "", reference, apart)
    labels = group_people(people, CROSS.join(crossing.labels))
    label, value = _references(crossing, labels, size, trials, plan)
    frames = []
    for code in range(len(condition.names)):
        frames += _within(trials, crossing, code, labels, label, within)
    for code, name in enumerate(labels.names):
        keep = (labels.codes == code)[trials.person]
        mine = _only(trials, keep)
        taken = replace(crossing, condition=_codes(crossing.condition, keep))
        frames += _between(mine, taken, name, value, apart)
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


@dataclass(frozen=True)
class _Setting:
    """What every comparison of a crossing shares."""

    scores: PersonTrials
    people: pd.DataFrame
    thresholds: Sequence[float]
    plan: Plan

    def study(self, trials: PersonTrials) -> Study:
        return Study.of(trials, self.people, self.thresholds, self.plan, self.scores)


def _within(
    trials: PersonTrials,
    crossing: Crossing,
    code: int,
    labels: Grouping,
    reference: int,
    setting: _Setting,
) -> list[Columns]:
    """Compare groups of people under one condition."""
    value = crossing.condition.names[code]
    mine = _only(trials, crossing.condition.codes == code)
    spoken = {crossing.name(name, value): group_words(name) for name in labels.names}
    where = f" with {_spoken(crossing, value)}"

    def naming(a: str, b: str) -> Sides:
        return Sides(spoken[a] + where, spoken[b] + where)

    names = tuple(spoken)
    return compare_groupings(
        setting.study(mine),
        [Grouping(crossing.factor, names, labels.codes)],
        ("reference",),
        [names[reference]],
        naming,
    )


def _between(
    trials: PersonTrials,
    crossing: Crossing,
    label: str,
    reference: int,
    setting: _Setting,
) -> list[Columns]:
    """Compare conditions on the same people: all people, or those with a label."""
    condition = crossing.condition
    names = tuple(crossing.name(label, value) for value in condition.names)
    if len(names) < 2:
        return []
    who = f" of {group_words(label)}" if label else ""
    spoken = {
        name: f"{metric_named(trials.metric).sides}{who} with {_spoken(crossing, value)}"
        for name, value in zip(names, condition.names, strict=True)
    } | {REST: f"all other {metric_named(trials.metric).sides}{who}", "": ""}
    kinds = ("reference",) if label else KINDS_OF_COMPARISON
    study, plan = setting.study(trials), setting.plan
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
    counted = [
        PairedTrials.of(trials, steps, condition.codes, len(names), within)
        for steps in (study.steps, study.swept.lenders.grid)
    ]
    size = None
    if plan.watchlist == "random" and trials.metric == "FPIR" and trials.watchlist_size:
        size = float(trials.watchlist_size)
    against = [code for code in range(len(names)) if code != reference]
    compared = [
        _paired(
            study,
            [one.only((code, reference)) for one in counted],
            *(0, size, spoken, names[code], names[reference]),
        )
        for code in against
    ]
    rest = []
    if len(names) > 2:
        rest = [
            _paired(study, counted, code, size, spoken, name, REST)
            for code, name in enumerate(names)
        ]
    frames = []
    if "omnibus" in kinds:
        frames.append(_omnibus(study, crossing, compared, rest))
    for one in [*compared, *(rest if "rest" in kinds else ())]:
        frames.append(one.rows(study, crossing.factor))
    return frames


@dataclass(frozen=True)
class _Paired:
    """Two conditions compared on the same people."""

    names: tuple[str, str]
    sides: Sides
    found: PairedSides | None
    tested: Tested

    def rows(self, study: Study, factor: str) -> Columns:
        """Rows of raw findings."""
        nothing = np.zeros(len(study.steps))
        found = self.found
        people = (
            People(0.0, 0.0, nothing, nothing, np.zeros((MOST_PEOPLE, len(study.steps))))
            if found is None
            else People(found.people, found.people, found.affected_a, found.affected_b, found.top)
        )
        pair = Pair(self.names, self.sides, paired=True)
        return pair_rows(study, factor, pair, self.tested, 0, people)


def _paired(
    study: Study,
    counted: Sequence[PairedTrials],
    side: int,
    size: float | None,
    spoken: dict[str, str],
    name: str,
    other: str,
) -> _Paired:
    """Compare a condition with others, counted at the thresholds and at the scores that lend."""
    sides = Sides(spoken[name], spoken[other], True, SAME_PEOPLE)
    falling, clusters = study.trials.event_at_or_above, study.clusters
    lending = paired_sides(counted[1], side, falling, size, clusters)
    found = paired_sides(counted[0], side, falling, size, clusters, lending, study.swept.lenders)
    top = (1, len(study.steps))
    if found is None:
        zero = np.zeros(top)
        none = Evidence(
            *(zero, zero, zero, np.ones(top), zero, zero, np.zeros((1, 1)), zero, zero),
            pairs=False,
            falling=falling,
        )
        no = np.zeros(top, bool)
        return _Paired(
            (name, other), sides, None, compare_sides(none, none, no, no, study.plan.margin)
        )
    a, b = precision_of(found.a), precision_of(found.b)
    # A variance of the difference that rests on few people is as uncertain as they are few.
    few = found.correlation > 0
    degrees = np.maximum(np.where(np.isfinite(found.degrees), found.degrees, found.people), 1.0)
    a = replace(a, degrees=np.where(few, np.minimum(a.degrees, degrees), a.degrees))
    b = replace(b, degrees=np.where(few, np.minimum(b.degrees, degrees), b.degrees))
    enough = enough_evidence(found.a, found.b) & (found.discordant >= FEWEST_DISCORDANT)
    tested = compare_sides(
        found.a,
        found.b,
        np.ones(top, bool),
        enough,
        study.plan.margin,
        Compared(a, b, found.correlation),
    )
    return _Paired((name, other), sides, found, tested)


def _omnibus(
    study: Study, crossing: Crossing, against: Sequence[_Paired], rest: Sequence[_Paired]
) -> Columns:
    """Test all conditions at once: two by their own test, more by Bonferroni over the rests."""
    sides = Sides("", "", True, SAME_PEOPLE)
    ones = rest or against
    found = bonferroni(
        np.concatenate([one.tested.p_value for one in ones]),
        np.concatenate([one.tested.deviates for one in ones]),
    )
    return omnibus_rows(
        study,
        crossing.factor,
        *found,
        2 if not rest else len(rest),
        sides,
    )


def _only(trials: PersonTrials, keep: np.ndarray) -> PersonTrials:
    """Return some of the trials, of the same people."""
    return replace(
        trials,
        person=trials.person[keep],
        score=trials.score[keep],
        reference=None if trials.reference is None else trials.reference[keep],
        conditions=tuple(_codes(one, keep) for one in trials.conditions),
        acquired=None if trials.acquired is None else trials.acquired[keep],
    )


def _codes(condition: Condition, keep: np.ndarray) -> Condition:
    return replace(condition, codes=condition.codes[keep])


def _spoken(crossing: Crossing, value: str) -> str:
    """Name a condition: `camera north`, `camera north and light dim`, `motion blur 8 px`."""
    pairs = zip(crossing.of_trials, value.split(CROSS), strict=True)
    return " and ".join(condition_words(factor, one) for factor, one in pairs)
