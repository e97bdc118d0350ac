"""Stage `inference`: one comparison of two sides as rows of raw findings, before adjustment.

In: the study of one kind of trials, what was counted, a test's result. Out: frames with the columns
of `findings` as far as they are known, and the counts that verdicts and sentences need.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from lfr_eval.contract.trials import Grouping, PairTrials, PersonTrials, Trials
from lfr_eval.contract.words import threshold_text
from lfr_eval.inference.cells import Cells, Counter, Floats, divide
from lfr_eval.inference.conditioned import ConditionedCounter
from lfr_eval.inference.contrasts import contrast
from lfr_eval.inference.controls import Controls, controls_of
from lfr_eval.inference.counting import counter_of, steps_of
from lfr_eval.inference.equivalence import equivalence_p, ratio_degrees, ratio_interval
from lfr_eval.inference.intervals import effective_trials, independent_units, no_event_bound
from lfr_eval.inference.observed import Counts, pool, pooled_degrees
from lfr_eval.inference.permutation import Division
from lfr_eval.inference.plan import UNNAMED, Plan
from lfr_eval.inference.statements import Sides

ALL, REST = "*", "rest"


@dataclass(frozen=True)
class Study:
    """One kind of trials, ready to be compared by any factor."""

    trials: Trials
    counter: Counter
    steps: Floats
    controls: Controls
    plan: Plan

    @classmethod
    def of(
        cls, trials: Trials, people: pd.DataFrame, thresholds: Sequence[float], plan: Plan
    ) -> Study:
        """Count trials, by condition where the plan compares within conditions."""
        steps = steps_of(trials, thresholds)
        controls = controls_of(trials, people, plan)
        counter: Counter
        if isinstance(trials, PersonTrials) and controls.conditions > 1:
            counter = ConditionedCounter.of(trials, steps, controls.condition, controls.conditions)
        else:
            counter = counter_of(trials, steps)
        return cls(trials, counter, steps, controls, plan)

    @property
    def strata(self) -> int:
        """Strata of people."""
        return self.controls.strata

    @property
    def seed(self) -> list[int]:
        """What every random number of these trials starts from."""
        return [self.plan.seed, zlib.crc32(self.trials.metric.encode())]

    def division(self, grouping: Grouping) -> Division:
        """Return the people divided by a grouping, within the strata."""
        groups = len(grouping.names)
        return Division(groups, self.strata, grouping.codes, self.controls.stratum)


def base_columns(
    study: Study, factor: str, comparison: str, sides: Sides | None = None
) -> dict[str, Any]:
    """Return the columns that every row of a comparison shares."""
    trials, plan, steps = study.trials, study.plan, study.steps
    threshold = steps if trials.has_threshold else np.full(1, np.nan)
    return {
        "metric": trials.metric,
        "threshold": threshold,
        "watchlist_size": pd.array([trials.watchlist_size] * len(steps), dtype="Int64"),
        "factor": factor,
        "margin": plan.margin,
        "controls": [study.controls] * len(steps),
        "sides": [sides] * len(steps),
        "comparison": comparison,
        "primary": [
            plan.is_primary(
                trials.metric,
                factor,
                None if np.isnan(t) else float(t),
                comparison,
                trials.watchlist_size,
            )
            for t in threshold
        ],
    }


def omnibus_rows(
    study: Study,
    grouping: Grouping,
    cells: Cells,
    statistic: Floats,
    p_value: Floats,
    sides: Sides | None = None,
) -> pd.DataFrame:
    """Return the test of all groups of people at once."""
    events = cells.events[0].sum(axis=0)
    trials = cells.trials[0].reshape(len(grouping.names), -1).sum(axis=1)
    testable = (events > 0) & (np.count_nonzero(trials) > 1)
    base = base_columns(study, grouping.factor, "omnibus", sides)
    missing = np.full(len(study.steps), np.nan)
    return pd.DataFrame(
        {
            "finding_id": finding_ids(base, ALL, ALL),
            **base,
            "group_a": ALL,
            "group_b": ALL,
            "test": f"permutation of people, largest studentised difference from the rest"
            f"{study.controls.words}",
            "statistic": np.where(testable, statistic, np.nan),
            "p_value": np.where(testable, p_value, np.nan),
            "testable": testable,
            **dict.fromkeys(NUMBERS, missing),
        }
    )


# What the omnibus test does not have.
NUMBERS = (
    "rate_a", "rate_b", "ratio", "ratio_lower", "ratio_upper", "p_equivalence", "people_a",
    "people_b", "exposed_a", "exposed_b", "trials_a", "trials_b", "bound_a", "bound_b",
    "independent_bound_a", "independent_bound_b", "base",
)  # fmt: skip


def pair_rows(
    study: Study,
    grouping: Grouping,
    counts: Counts,
    group_a: tuple[int, ...],
    group_b: tuple[int, ...],
    names: tuple[str, str],
    tested: tuple[Floats, Floats],
    sides: Sides | None = None,
) -> pd.DataFrame:
    """Return the comparison of some groups of people with others."""
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
    kind = "rest" if names[1] == REST else "reference"
    base = base_columns(study, grouping.factor, kind, sides)
    defined = testable & (compared.rate_b > 0)
    return pd.DataFrame(
        {
            "finding_id": finding_ids(base, *names),
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


def finding_ids(base: dict[str, Any], group_a: str, group_b: str) -> list[str]:
    """Return the stable name of a comparison at every threshold."""
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
        # Letters of any script stay: two groups must not share a name.
        names.append(re.sub(r"(?:[^\w.]|_)+", "-", "-".join(parts).lower()).strip("-"))
    return names


IDENTITY = ["factor", "group_a", "group_b"]
"""The columns of which a name leaves signs out."""


def told_apart(rows: pd.DataFrame) -> list[str]:
    """Return `finding_id` with a hash of the exact names where several comparisons share one.

    Signs are left out of a name, so groups 'a b' and 'a_b' would have the same.
    """
    shared = rows["finding_id"].duplicated(keep=False)
    exact = rows[IDENTITY].itertuples(index=False, name=None)
    return [
        f"{name}-{_hash_of(one)}" if twice else name
        for name, twice, one in zip(rows["finding_id"], shared, exact, strict=True)
    ]


def _hash_of(names: tuple[str, ...]) -> str:
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()[:12]
