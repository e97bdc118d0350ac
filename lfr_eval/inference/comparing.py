"""Stage `inference`: every comparison of groups that one kind of trials allows.

In: trials, the people's labels, thresholds, plan. Out: frames of raw comparisons (rates, ratio,
interval, p-values before adjustment), which `finding_table` turns into findings.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from lfr_eval.inference.cells import Cells, Counter, Floats, divide
from lfr_eval.inference.conditioned import ConditionedCounter
from lfr_eval.inference.contrasts import contrast
from lfr_eval.inference.controls import Controls, controls_of
from lfr_eval.inference.counting import counter_of, steps_of
from lfr_eval.inference.equivalence import equivalence_p, ratio_degrees, ratio_interval
from lfr_eval.inference.intervals import effective_trials, independent_units, no_event_bound
from lfr_eval.inference.observed import Counts, counts_of, pool, pooled_degrees
from lfr_eval.inference.permutation import Division, against_rest, between_pair
from lfr_eval.inference.plan import UNNAMED, Plan
from lfr_eval.inference.statements import threshold_text
from lfr_eval.trials import Grouping, PairTrials, PersonTrials, Trials, group_people

ALL, REST = "*", "rest"


@dataclass(frozen=True)
class _Study:
    """One kind of trials, ready to be compared by any factor."""

    trials: Trials
    counter: Counter
    steps: Floats
    controls: Controls
    plan: Plan

    @property
    def strata(self) -> int:
        return self.controls.strata

    def division(self, grouping: Grouping) -> Division:
        groups = len(grouping.names)
        return Division(groups, self.strata, grouping.codes, self.controls.stratum)


def compare_all(
    trials: Trials, people: pd.DataFrame, thresholds: Sequence[float], plan: Plan
) -> list[pd.DataFrame]:
    """Make every comparison of one kind of trials, before adjustment, one frame a comparison.

    The columns are those of `findings` as far as they are known, and the counts that verdicts
    and sentences need.
    """
    if trials.people != len(people):
        raise ValueError(
            f"The trials of {trials.metric} are about {trials.people} people, but the people's "
            f"labels have {len(people)} rows."
        )
    steps = steps_of(trials, thresholds)
    controls = controls_of(trials, people, plan)
    counter: Counter
    if isinstance(trials, PersonTrials) and controls.conditions > 1:
        counter = ConditionedCounter.of(trials, steps, controls.condition, controls.conditions)
    else:
        counter = counter_of(trials, steps)
    study = _Study(trials, counter, steps, controls, plan)
    groupings = [group_people(people, factor) for factor in plan.factors]
    groupings = [grouping for grouping in groupings if len(grouping.names) > 1]
    seed = [plan.seed, zlib.crc32(trials.metric.encode())]
    tests = against_rest(
        study.counter,
        [study.division(grouping) for grouping in groupings],
        plan.permutations,
        seed,
    )
    frames = []
    for grouping, rest in zip(groupings, tests, strict=True):
        counts = counts_of(
            trials,
            study.counter,
            steps,
            grouping,
            controls,
            plan.watchlist,
        )
        groups = range(len(grouping.names))
        frames.append(_omnibus(study, grouping, counts.cells, rest.omnibus, rest.omnibus_p))
        reference = _reference_group(grouping, counts.people, study)
        for group in groups:
            if group == reference:
                continue
            names = (grouping.names[group], grouping.names[reference])
            # With two groups the rest is the other group: the test is already done.
            tested = (rest.statistic[group], rest.p_value[group])
            if len(groups) > 2:
                tested = between_pair(
                    study.counter,
                    study.division(grouping),
                    (group, reference),
                    plan.permutations,
                    [*seed, zlib.crc32("|".join((grouping.factor, *names)).encode())],
                )
            frames.append(_compare(study, grouping, counts, (group,), (reference,), names, tested))
        if len(grouping.names) > 2:
            for group in groups:
                others = tuple(other for other in groups if other != group)
                tested = rest.statistic[group], rest.p_value[group]
                frames.append(
                    _compare(
                        study,
                        grouping,
                        counts,
                        (group,),
                        others,
                        (grouping.names[group], REST),
                        tested,
                    )
                )
    return frames


def _reference_group(grouping: Grouping, people: Floats, study: _Study) -> int:
    declared = study.plan.reference_groups.get(grouping.factor)
    if declared is None:
        return int(np.argmax(people.sum(axis=1)))
    if declared not in grouping.names:
        raise ValueError(
            f"The reference group of {grouping.factor!r} must be among {grouping.names}. "
            f"Got {declared!r} instead."
        )
    return grouping.names.index(declared)


def _base(study: _Study, grouping: Grouping, comparison: str) -> dict[str, Any]:
    """Columns that every row of a comparison shares."""
    trials, plan, steps = study.trials, study.plan, study.steps
    threshold = steps if trials.has_threshold else np.full(1, np.nan)
    return {
        "metric": trials.metric,
        "threshold": threshold,
        "watchlist_size": pd.array([trials.watchlist_size] * len(steps), dtype="Int64"),
        "factor": grouping.factor,
        "margin": plan.margin,
        "controls": [study.controls] * len(steps),
        "comparison": comparison,
        "primary": [
            plan.is_primary(
                trials.metric,
                grouping.factor,
                None if np.isnan(t) else float(t),
                comparison,
                trials.watchlist_size,
            )
            for t in threshold
        ],
    }


def _omnibus(
    study: _Study, grouping: Grouping, cells: Cells, statistic: Floats, p_value: Floats
) -> pd.DataFrame:
    events = cells.events[0].sum(axis=0)
    trials = cells.trials[0].reshape(len(grouping.names), -1).sum(axis=1)
    testable = (events > 0) & (np.count_nonzero(trials) > 1)
    base = _base(study, grouping, "omnibus")
    missing = np.full(len(study.steps), np.nan)
    return pd.DataFrame(
        {
            "finding_id": _ids(base, ALL, ALL),
            **base,
            "group_a": ALL,
            "group_b": ALL,
            "test": f"permutation of people, largest studentised difference from the rest"
            f"{study.controls.words}",
            "statistic": np.where(testable, statistic, np.nan),
            "p_value": np.where(testable, p_value, np.nan),
            "testable": testable,
            **dict.fromkeys(_NUMBERS, missing),
        }
    )


_NUMBERS = (
    "rate_a", "rate_b", "ratio", "ratio_lower", "ratio_upper", "p_equivalence", "people_a",
    "people_b", "exposed_a", "exposed_b", "trials_a", "trials_b", "bound_a", "bound_b",
    "independent_bound_a", "independent_bound_b", "base",
)  # fmt: skip


def _compare(
    study: _Study,
    grouping: Grouping,
    counts: Counts,
    group_a: tuple[int, ...],
    group_b: tuple[int, ...],
    names: tuple[str, str],
    tested: tuple[Floats, Floats],
) -> pd.DataFrame:
    plan, pairs, cells = study.plan, isinstance(study.trials, PairTrials), counts.cells
    a, b = (pool(cells, study.strata, groups) for groups in (group_a, group_b))
    compared = contrast(a, b)
    n, bound, independent_bound = {}, {}, {}
    for name, side, groups, rate, variance in (
        ("a", a, group_a, compared.rate_a, compared.variance_a),
        ("b", b, group_b, compared.rate_b, compared.variance_b),
    ):
        independent = independent_units(counts.people[list(groups)], pairs).sum(keepdims=True)[0]
        total = side.trials.sum(axis=0)
        shared = np.all((compared.rate_a == 0) & (compared.rate_b == 0)) and len(side.trials) > 1
        n[name] = (
            np.zeros_like(rate)
            if shared
            else effective_trials(rate * total, total, variance, independent)
        )
        bound[name] = no_event_bound(n[name], plan.level)
        independent_bound[name] = no_event_bound(independent, plan.level)
    degrees = ratio_degrees(
        compared.rate_a,
        compared.variance_a,
        pooled_degrees(counts, study.strata, group_a),
        compared.rate_b,
        compared.variance_b,
        pooled_degrees(counts, study.strata, group_b),
    )
    lower, upper = ratio_interval(
        compared.rate_a, n["a"], compared.rate_b, n["b"], plan.level, degrees
    )
    statistic, p_value = tested
    testable = (
        (a.events.sum(axis=0) + b.events.sum(axis=0) > 0)
        & (a.trials.sum(axis=0) > 0)
        & (b.trials.sum(axis=0) > 0)
        & compared.shared
    )
    if plan.watchlist == "random" and study.trials.metric == "FPIR":
        # Shuffling people says nothing about other watchlists: their share of the variance is in
        # the standard error only, so the larger of both p-values is taken.
        statistic = compared.statistic
        p_value = np.maximum(p_value, 2 * stats.norm.sf(np.abs(statistic)))
    base = _base(study, grouping, "rest" if names[1] == REST else "reference")
    defined = testable & (compared.rate_b > 0)
    return pd.DataFrame(
        {
            "finding_id": _ids(base, *names),
            **base,
            "group_a": names[0],
            "group_b": names[1],
            "rate_a": np.where(compared.shared, compared.rate_a, np.nan),
            "rate_b": np.where(compared.shared, compared.rate_b, np.nan),
            "ratio": np.where(defined, divide(compared.rate_a, compared.rate_b), np.nan),
            "ratio_lower": lower,
            "ratio_upper": upper,
            "test": f"permutation of people, studentised{study.controls.words}",
            "statistic": np.where(testable, statistic, np.nan),
            "p_value": np.where(testable, p_value, np.nan),
            "p_equivalence": equivalence_p(
                compared.rate_a, n["a"], compared.rate_b, n["b"], plan.margin, degrees
            ),
            "testable": testable,
            "people_a": counts.affected[list(group_a)].sum(axis=0),
            "people_b": counts.affected[list(group_b)].sum(axis=0),
            "exposed_a": counts.exposed[list(group_a)].sum(),
            "exposed_b": counts.exposed[list(group_b)].sum(),
            "trials_a": n["a"],
            "trials_b": n["b"],
            "bound_a": bound["a"],
            "bound_b": bound["b"],
            "independent_bound_a": independent_bound["a"][0],
            "independent_bound_b": independent_bound["b"][0],
            "base": divide(
                a.events.sum(axis=0) + b.events.sum(axis=0),
                a.trials.sum(axis=0) + b.trials.sum(axis=0),
            ),
        }
    )


def _ids(base: dict[str, Any], group_a: str, group_b: str) -> list[str]:
    size = base["watchlist_size"][0]
    names = []
    for threshold in np.asarray(base["threshold"], float):
        parts = [str(base["metric"])]
        if not pd.isna(size):
            parts.append(f"n{size}")
        if not np.isnan(threshold) and base["metric"] != UNNAMED:
            parts.append(f"t{threshold_text(float(threshold))}")
        groups = "omnibus" if group_a == ALL else f"{group_a}-vs-{group_b}"
        parts += [str(base["factor"]), groups]
        names.append(re.sub(r"[^a-z0-9.]+", "-", "-".join(parts).lower()).strip("-"))
    return names
