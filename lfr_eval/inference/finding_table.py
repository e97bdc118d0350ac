"""Stage `inference`: trials -> findings, what can be claimed about differences between groups.

In: trials, the people's labels, thresholds, plan. Out: the `findings` table: an omnibus test,
each group against the reference group and against the rest, at every threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.contract.tables import FINDINGS
from lfr_eval.contract.trials import Trials
from lfr_eval.inference.cells import Floats
from lfr_eval.inference.comparing import compare_all
from lfr_eval.inference.comparison_rows import told_apart
from lfr_eval.inference.detectable import detectable_ratios
from lfr_eval.inference.factors import check_factors
from lfr_eval.inference.multiplicity import benjamini_hochberg, holm
from lfr_eval.inference.plan import Plan
from lfr_eval.inference.statements import Finding, statement


def finding_table(
    trials: Sequence[Trials], people: pd.DataFrame, thresholds: Sequence[float], plan: Plan
) -> pd.DataFrame:
    """Compare groups by every factor of the plan.

    Parameters
    ----------
    trials
        The evidence; every object counts the same people.
    people
        One row a person, one column a factor or control factor.
    thresholds
        Thresholds of the comparisons.
    plan
        What is compared, at which level, and what was planned.

    Returns
    -------
    DataFrame
        The table `findings`. `group_b` is the reference group, `rest` for all others (left out
        where a factor has only two groups), `*` in both for the omnibus test.

    Raises
    ------
    ValueError
        If a threshold is below a floor, the trials are not about these people, or a reference
        group does not exist.
    KeyError
        If a factor or control factor is neither a label of people nor a condition of any trials.
    """
    check_factors(trials, people, (*plan.factors, *plan.strata))
    frames = [frame for one in trials for frame in compare_all(one, people, thresholds, plan)]
    if not frames:
        return FINDINGS.empty()
    rows = pd.concat(frames, ignore_index=True)
    rows["finding_id"] = told_apart(rows)
    rows = _adjusted(rows)
    rows["verdict"] = _verdicts(rows, plan)
    rows["detectable_ratio"] = _detectable(rows, plan)
    rows["registered"] = plan.registered
    rows["statement"] = [statement(_finding(row, plan)) for row in rows.itertuples(index=False)]
    return FINDINGS.conform(rows[FINDINGS.names])


def _adjusted(rows: pd.DataFrame) -> pd.DataFrame:
    """Adjust p-values: Holm within each planned family, Benjamini-Hochberg for the others.

    A family is the planned comparisons of one kind (omnibus, reference, rest) of one metric
    at one watchlist size.
    """
    p_adjusted, size = np.full(len(rows), np.nan), np.zeros(len(rows), int)
    words = np.full(len(rows), "", dtype=object)
    keys = ["metric", "watchlist_size", "comparison", "primary"]
    for (metric, _, comparison, primary), family in rows.groupby(keys, dropna=False, sort=False):
        p_values = family["p_value"].to_numpy(float)
        tests = int(np.count_nonzero(~np.isnan(p_values)))
        adjust, name = (holm, "Holm") if primary else (benjamini_hochberg, "Benjamini-Hochberg")
        at = family.index.to_numpy()
        p_adjusted[at], size[at] = adjust(p_values), tests
        words[at] = (
            f"{name} over {tests} {'planned' if primary else 'exploratory'} "
            f"{comparison} tests of {metric}"
        )
    return rows.assign(p_adjusted=p_adjusted, adjustment=words, family_size=size)


def _verdicts(rows: pd.DataFrame, plan: Plan) -> NDArray[np.str_]:
    different = (rows["p_adjusted"] < plan.alpha).to_numpy()
    equivalent = (rows["p_equivalence"] < plan.alpha).to_numpy()
    return np.select(
        [~rows["testable"].to_numpy(bool), different, equivalent],
        ["untestable", "different", "equivalent"],
        "inconclusive",
    )


def _detectable(rows: pd.DataFrame, plan: Plan) -> Floats:
    """Give the detectable ratio at the level that the strictest step of the adjustment asks for."""
    result = np.full(len(rows), np.nan)
    size = np.where(rows["primary"], np.maximum(rows["family_size"], 1), 1)
    for number in np.unique(size):
        at = np.flatnonzero((size == number) & rows["base"].notna().to_numpy())
        result[at] = detectable_ratios(
            rows["base"].to_numpy(float)[at],
            rows["trials_a"].to_numpy(float)[at],
            rows["trials_b"].to_numpy(float)[at],
            plan.alpha / float(number),
            plan.power,
        )
    return result


def _finding(row: Any, plan: Plan) -> Finding:
    """Return the row as the sentence needs it."""

    def whole(value: float) -> int:
        return 0 if pd.isna(value) else int(value)

    return Finding(
        metric=row.metric,
        threshold=row.threshold,
        watchlist_size=None if pd.isna(row.watchlist_size) else int(row.watchlist_size),
        factor=row.factor,
        group_a=row.group_a,
        group_b=row.group_b,
        rate_a=row.rate_a,
        rate_b=row.rate_b,
        ratio=row.ratio,
        ratio_lower=row.ratio_lower,
        ratio_upper=row.ratio_upper,
        level=plan.level,
        p_value=row.p_value,
        p_adjusted=row.p_adjusted,
        p_equivalence=row.p_equivalence,
        margin=plan.margin,
        alpha=plan.alpha,
        power=plan.power,
        detectable_ratio=row.detectable_ratio,
        verdict=row.verdict,
        primary=bool(row.primary),
        registered=row.registered,
        people_a=whole(row.people_a),
        exposed_a=whole(row.exposed_a),
        people_b=whole(row.people_b),
        exposed_b=whole(row.exposed_b),
        bound_a=row.bound_a,
        bound_b=row.bound_b,
        independent_bound_a=row.independent_bound_a,
        independent_bound_b=row.independent_bound_b,
        controls=row.controls.of_people,
        conditions=row.controls.of_trials,
        uncontrolled=row.controls.missing,
        sides=row.sides,
    )
