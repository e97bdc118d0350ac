"""Stage `inference`: trials -> findings, what can be claimed about differences between groups.

In: trials, the people's labels, thresholds, plan. Out: the `findings` table: an omnibus test, each
group against the reference group and against the rest, at every threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.contract.progress import counted
from lfr_eval.contract.tables import FINDINGS
from lfr_eval.contract.trials import PersonTrials, Trials, group_people
from lfr_eval.inference.absolute import absolute_columns
from lfr_eval.inference.cells import Floats
from lfr_eval.inference.comparing_conditions import compare_crossing
from lfr_eval.inference.comparing_groups import compare_groupings
from lfr_eval.inference.comparison_rows import ALL, Study, raw_findings, told_apart
from lfr_eval.inference.factors import check_factors, cross, is_of_people
from lfr_eval.inference.families import adjust, adjust_equivalence
from lfr_eval.inference.fragility import fragility
from lfr_eval.inference.joined import Columns
from lfr_eval.inference.mover import Compared, difference_ends, ratio_ends
from lfr_eval.inference.plan import SIZED, Plan
from lfr_eval.inference.precision import Precision
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
        One row per person, one column per factor or control factor.
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
    plan = plan.leading(
        {one.metric for one in trials},
        {one.watchlist_size for one in trials if one.metric == SIZED and one.watchlist_size},
    )
    compared = [
        columns
        for one in counted(trials, "metrics compared")
        for columns in compare_all(one, people, thresholds, plan)
    ]
    if not compared:
        return FINDINGS.empty()
    rows = raw_findings(compared)
    rows["finding_id"] = told_apart(rows)
    adjusted = adjust(rows, plan.alpha, plan.shared_alpha())
    rows["p_adjusted"], rows["adjustment"] = adjusted.p_value, adjusted.words
    rows["family_size"] = adjusted.family_size
    equivalence, one_sided = adjust_equivalence(rows, plan.alpha, plan.shared_alpha())
    rows["p_equivalence_adjusted"] = equivalence
    primary = rows["primary"].to_numpy(bool)
    two_sided = np.where(primary, adjusted.level, 1 - plan.level)
    rows = rows.assign(**_intervals(rows, two_sided, one_sided))
    rows["verdict"] = _verdicts(rows, plan)
    told = rows.assign(
        watchlist_size=rows["watchlist_size"]
        .astype(object)
        .where(rows["watchlist_size"].notna(), None)
    )
    rows = rows.assign(**absolute_columns(told, _sides(rows), plan))
    rows["fragility"] = _fragility(rows, two_sided)
    rows["detectable_ratio"] = np.nan
    rows["registered"] = plan.registered
    for side in "ab":
        rows[f"events_{side}"], rows[f"trials_{side}"] = rows[f"x_{side}"], rows[f"n_{side}"]
        rows[f"subjects_{side}"] = rows[f"exposed_{side}"].astype("Int64")
        rows[f"affected_{side}"] = rows[f"people_{side}"].round().astype("Int64")
        rows[f"design_effect_{side}"] = rows[f"effect_{side}"]
        rows[f"degrees_{side}"] = rows[f"df_{side}"]
    rows["statement"] = [
        statement(_finding(row, plan))
        for row in counted(rows.itertuples(index=False), "findings in words", len(rows))
    ]
    return FINDINGS.conform(rows[FINDINGS.names])


def compare_all(
    trials: Trials, people: pd.DataFrame, thresholds: Sequence[float], plan: Plan
) -> list[Columns]:
    """Make every comparison of one kind of trials, before adjustment, the columns of each.

    The columns are those of `findings` as far as they are known, and the counts that verdicts
    and sentences need. Factors with a condition that these trials do not have are left out.
    """
    study = Study.of(trials, people, thresholds, plan)
    groupings = [
        group_people(people, factor) for factor in plan.factors if is_of_people(factor, people)
    ]
    compared = compare_groupings(study, groupings)
    for factor in plan.factors:
        crossing = cross(trials, people, factor)
        if crossing is not None and isinstance(trials, PersonTrials):
            compared += compare_crossing(trials, crossing, people, thresholds, plan)
    return compared


def _sides(rows: pd.DataFrame) -> Compared:
    """Both sides of every row, (rows,)."""

    def one(side: str) -> Precision:
        names = (f"{name}_{side}" for name in ("x", "n", "effect", "df", "clump", "spread"))
        columns = [np.nan_to_num(rows[name].to_numpy(float)) for name in names]
        effect, degrees = np.maximum(columns[2], 1e-12), np.maximum(columns[3], 1.0)
        words = np.full(len(rows), "")
        return Precision(columns[0], columns[1], effect, degrees, columns[4], columns[5], words)

    return Compared(one("a"), one("b"), np.nan_to_num(rows["correlation"].to_numpy(float)))


def _intervals(rows: pd.DataFrame, two_sided: Floats, one_sided: Floats) -> dict[str, Floats]:
    """Intervals of ratio and difference at each row's own level."""
    sides = _sides(rows)
    shared = ~(rows["rate_a"].isna() | rows["rate_b"].isna()).to_numpy()
    # One person is no group.
    shared &= (rows[["exposed_a", "exposed_b"]].min(axis=1) > 1).to_numpy()
    level, within = 1 - two_sided, 1 - 2 * one_sided
    found = (
        *ratio_ends(sides, level),
        *difference_ends(sides, level),
        *ratio_ends(sides, within),
    )
    names = (
        *("ratio_lower", "ratio_upper", "difference_lower", "difference_upper"),
        *("equivalence_lower", "equivalence_upper"),
    )
    ends = {name: np.where(shared, end, np.nan) for name, end in zip(names, found, strict=True)}
    pairs = (rows["group_a"] != ALL).to_numpy()
    return ends | {
        "level": np.where(pairs, level, np.nan),
        "equivalence_level": np.where(pairs, within, np.nan),
    }


def _verdicts(rows: pd.DataFrame, plan: Plan) -> NDArray[np.str_]:
    different = (rows["p_adjusted"] < plan.alpha).to_numpy()
    equivalent = (rows["p_equivalence_adjusted"] < plan.alpha).to_numpy()
    return np.select(
        [~rows["testable"].to_numpy(bool), different, equivalent],
        ["untestable", "different", "equivalent"],
        "inconclusive",
    )


def _fragility(rows: pd.DataFrame, two_sided: Floats) -> pd.Series:
    """How many people each claimed difference rests on."""
    result = np.full(len(rows), np.nan)
    claims = (rows["verdict"] == "different") & (rows["group_a"] != ALL)
    at = np.flatnonzero(claims.to_numpy())
    if len(at):
        part = rows.iloc[at]
        top = np.stack(part["top"].tolist())
        result[at] = fragility(_sides(part), top, np.count_nonzero(top, axis=1), two_sided[at])
    return pd.Series(result, index=rows.index, dtype="Float64").astype("Int64")


def _finding(row: Any, plan: Plan) -> Finding:
    """Return the row as the sentence needs it."""

    def whole(value: float) -> int:
        return 0 if pd.isna(value) else int(value)

    # Equivalence is judged by its own interval, and told with it.
    same = row.verdict == "equivalent"
    level = row.equivalence_level if same else row.level
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
        ratio_lower=row.equivalence_lower if same else row.ratio_lower,
        ratio_upper=row.equivalence_upper if same else row.ratio_upper,
        level=plan.level if pd.isna(level) else level,
        p_value=row.p_value,
        p_adjusted=row.p_adjusted,
        p_equivalence=row.p_equivalence_adjusted,
        margin=plan.margin,
        alpha=plan.alpha,
        verdict=row.verdict,
        primary=bool(row.primary),
        registered=row.registered,
        people_a=whole(row.people_a),
        exposed_a=whole(row.exposed_a),
        people_b=whole(row.people_b),
        exposed_b=whole(row.exposed_b),
        bound_a=row.bound_a,
        bound_b=row.bound_b,
        controls=row.controls.of_people,
        conditions=row.controls.of_trials,
        uncontrolled=row.controls.missing,
        sides=row.sides,
        fragility=None if pd.isna(row.fragility) else int(row.fragility),
        holds_for=row.holds_for,
        unacquired=(row.unacquired_a, row.unacquired_b),
        heaviest=(row.heaviest_a, row.heaviest_b),
    )
