"""Stage `inference`: two rates compared by their difference, against a margin of its own.

In: rows of raw findings with both sides. Out: the columns of `findings` that speak of a difference
in absolute terms. A ratio of 1.5 means little where every second pass alerts, and a difference
means little at one in 10,000: both are printed, and each has its own margin. The interval is that
of the one construction (`mover.difference_ends`).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from lfr_eval.contract.names import group_words, metric_named
from lfr_eval.contract.words import confidence, per_many
from lfr_eval.inference.cells import Floats
from lfr_eval.inference.ends import smallest_level
from lfr_eval.inference.families import adjust_equivalence
from lfr_eval.inference.minimum import FEWEST_PEOPLE
from lfr_eval.inference.mover import Compared, difference_ends
from lfr_eval.inference.plan import Plan
from lfr_eval.inference.statements import setting_words


def difference_equivalence_p(sides: Compared, margin: float) -> Floats:
    """Return the larger p-value of the two one-sided tests that the difference is in the margin.

    It is the smallest one-sided level a at which the 1 - 2a interval lies within the margin, 1
    where none does.

    References
    ----------
    Schuirmann (1987), J. Pharmacokinetics and Biopharmaceutics 15, 657-680.
    """

    def excess(level: Floats) -> Floats:
        lower, upper = difference_ends(sides, 1 - 2 * level)
        return np.minimum(lower + margin, margin - upper)

    found = smallest_level(excess, sides.a.rate.shape)
    known = (sides.a.trials > 0) & (sides.b.trials > 0)
    return np.where(known, np.where(found < 0.5, found, 1.0), np.nan)


def absolute_columns(rows: pd.DataFrame, sides: Compared, plan: Plan) -> dict[str, Any]:
    """Return the columns on absolute differences.

    Parameters
    ----------
    rows
        Findings with the interval of the difference, before the sentence.
    sides
        Both sides of every row.
    plan
        Names margin and alpha. Without a margin there is no verdict, only the sentence.
    """
    nothing = np.full(len(rows), np.nan)
    known = (
        rows["difference_lower"].notna().to_numpy()
        & (rows[["exposed_a", "exposed_b"]].min(axis=1) >= FEWEST_PEOPLE).to_numpy()
    )
    margin, p, lower, upper, absolute_level = (nothing.copy() for _ in range(5))
    verdict = np.full(len(rows), None, dtype=object)
    if plan.difference_margin is not None:
        raw = np.where(known, difference_equivalence_p(sides, plan.difference_margin), np.nan)
        rows_of_raw = rows.assign(p_equivalence=raw)
        p, level = adjust_equivalence(rows_of_raw, plan.alpha, plan.shared_alpha())
        within = difference_ends(sides, 1 - 2 * level)
        lower, upper = (np.where(known, end, np.nan) for end in within)
        absolute_level = np.where(known, 1 - 2 * level, np.nan)
        margin = np.where(known, plan.difference_margin, np.nan)
        verdict[known] = np.where(p < plan.alpha, EQUIVALENT, NOT_SHOWN)[known]
    columns: dict[str, Any] = {
        "difference_margin": margin,
        "p_absolute_adjusted": p,
        "absolute_lower": lower,
        "absolute_upper": upper,
        "absolute_level": absolute_level,
        "absolute_verdict": verdict,
    }
    told = rows.assign(**columns, known=known)
    return columns | {"absolute_statement": [_statement(row) for row in told.to_dict("records")]}


EQUIVALENT, NOT_SHOWN = "equivalent in absolute terms", "not shown"


def _statement(row: Mapping[Hashable, Any]) -> str | None:
    """Say by how much two rates differ, in events per so many trials."""
    if not row["known"]:
        return None
    sides, judged = row["sides"], row["absolute_verdict"] == EQUIVALENT
    lower, upper, level = (
        row[name]
        for name in (
            ("absolute_lower", "absolute_upper", "absolute_level")
            if judged
            else ("difference_lower", "difference_upper", "level")
        )
    )
    a, b = (
        getattr(sides, side) if sides else group_words(row[f"group_{side}"], row["factor"])
        for side in "ab"
    )
    metric, difference = metric_named(row["metric"]), row["difference"]
    (much, *ends), per = per_many((difference, "nearest"), (lower, "down"), (upper, "up"))
    apart = (
        f"is as high as that of {b}"
        if difference == 0
        else f"is {much.removeprefix('−')} per {per} {metric.sides} "
        f"{'lower' if difference < 0 else 'higher'} than that of {b}"
    )
    where = setting_words(row["metric"], row["threshold"], row["watchlist_size"], row["holds_for"])
    said = (
        f"{where}the "
        f"{metric.rate} of {a} {apart} ({confidence(level)} interval of the difference "
        f"{ends[0]} to {ends[1]} per {per})"
    )
    if row["absolute_verdict"] is None:
        return f"{said}."
    (margin,), whole = per_many((row["difference_margin"], "nearest"))
    if judged:
        return f"{said}. The rates are equivalent in absolute terms, within {margin} per {whole}."
    return f"{said}. A difference of {margin} per {whole} is not ruled out."
