"""Stage `inference`: scores in, table `score_differences` out.

At the threshold in use no false alert may have been seen, and then error rates say nothing. Scores
still do: whether two people of one group score higher than two of another is seen in every
comparison. What is found is a difference of scores and is called so: it is not an error rate.

The test, the interval and the verdict are one construction (`score_evidence`), as for rates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from lfr_eval.contract.names import group_words
from lfr_eval.contract.spelling import is_group
from lfr_eval.contract.tables import CROSS, SCORE_DIFFERENCES
from lfr_eval.contract.trials import Grouping, group_people
from lfr_eval.contract.vocabulary import SCORES
from lfr_eval.contract.words import confidence, count, p_text, per_many, signed
from lfr_eval.inference.cells import Codes
from lfr_eval.inference.clusters import clusters_of
from lfr_eval.inference.comparing_groups import reference_group
from lfr_eval.inference.minimum import FEWEST_PEOPLE
from lfr_eval.inference.multiplicity import benjamini_hochberg, holm, told_at
from lfr_eval.inference.plan import Plan
from lfr_eval.inference.score_evidence import (
    Scores,
    Statistic,
    difference_ends,
    equivalence_p,
    mean_of,
    p_value,
    quantile_of,
    share_of,
    spread_of,
)

MATED, NON_MATED, SEARCH = "mated", "non_mated", "search"
MEAN, ABOVE = "mean", "above "
STATISTICS = {
    MATED: (MEAN, "q1", "q5"),
    NON_MATED: (MEAN, "q99", "q99.9"),
    SEARCH: (MEAN, "q95", "q99"),
}
"""What is compared of each kind of scores. A plan may state scores, and the shares of the scores
from there on are then compared, too."""

MARGIN = 0.2
"""Equivalence margin in standard deviations of scores within groups."""

_KINDS = {
    MATED: "Scores of two images of one person",
    NON_MATED: "Scores of two different people of one group",
    SEARCH: "Best scores of passes against other people on a watchlist of {size}",
}
_CAVEAT = "A difference of scores is not an error rate."


@dataclass(frozen=True)
class ScoreKind:
    """All scores of one kind.

    Attributes
    ----------
    kind
        `mated`, `non_mated` or `search`.
    first, second : (scores,)
        Index of the person of each score, and of the other person (the same where there is none).
    score : (scores,)
        Comparison scores; not finite: not acquired, left out.
    watchlist_size
        Of a search.
    """

    kind: str
    first: np.ndarray
    second: np.ndarray
    score: np.ndarray
    watchlist_size: int | None = None

    def within(self, grouping: Grouping, clusters: Codes | None = None) -> list[Scores]:
        """Return the scores within each group, by cluster of people if given.

        Those of two groups are left out.
        """
        group = grouping.codes[self.first]
        inside = (group == grouping.codes[self.second]) & np.isfinite(self.score)
        unit = np.arange(len(grouping.codes)) if clusters is None else clusters
        return [
            Scores(unit[self.first[at]], unit[self.second[at]], self.score[at].astype(float))
            for at in (
                np.flatnonzero(inside & (group == code)) for code in range(len(grouping.names))
            )
        ]


@dataclass(frozen=True)
class _Row:
    """One comparison before adjustment."""

    kind: str
    statistic: str
    watchlist_size: int | None
    factor: str
    group_a: str
    group_b: str
    a: Statistic | None
    b: Statistic | None
    margin: float
    people: tuple[int, int]
    scores: tuple[int, int]
    primary: bool
    p_value: float = float("nan")
    p_equivalence: float = float("nan")


def score_difference_table(
    kinds: Sequence[ScoreKind], people: pd.DataFrame, plan: Plan
) -> pd.DataFrame:
    """Return table `score_differences`: each group against the reference group of its factor.

    Parameters
    ----------
    kinds
        The scores of a study; persons are indices of rows of `people`.
    people
        One row per person, one column per label.
    plan
        Names factors, reference groups, level and alpha. If `scores` are among its primary
        metrics, means of its single primary factors are primary and adjusted together (Holm) at
        their share of alpha; everything else is exploratory (Benjamini-Hochberg).
    """
    rows = [
        _tested(row)
        for factor in plan.factors
        if set(factor.split(CROSS)) <= set(people.columns)
        for row in _rows(kinds, group_people(people, factor), plan, clusters_of(people))
    ]
    primary = np.array([row.primary for row in rows], dtype=bool)
    raw = np.array([row.p_value for row in rows])
    equal = np.array([row.p_equivalence for row in rows])
    p, p_equal, alpha, alpha_equal = (np.full(len(rows), np.nan) for _ in range(4))
    for at, adjusted, steps, shared in (
        (primary, holm, _holm_steps, plan.shared_alpha(scores=True)),
        (~primary, benjamini_hochberg, _false_coverage_steps, plan.alpha),
    ):
        if at.any():
            for one, told, level in ((raw, p, alpha), (equal, p_equal, alpha_equal)):
                told[at] = told_at(plan.alpha, adjusted(one[at]), shared)
                level[at] = shared / steps(one[at], told[at], plan.alpha)
    number = int(np.count_nonzero(~np.isnan(raw[primary])))
    words = {
        True: f"Holm over the {number} primary score comparisons; rates share the level",
        False: _EXPLORATORY,
    }
    return SCORE_DIFFERENCES.build(
        _written(
            row,
            _Adjusted(*(float(each[at]) for each in (p, p_equal, alpha, alpha_equal))),
            words[row.primary],
            plan,
        )
        for at, row in enumerate(rows)
    )


_EXPLORATORY = "Benjamini-Hochberg over all exploratory score comparisons"


@dataclass(frozen=True)
class _Adjusted:
    """What adjustment makes of a row: p-values, and levels at which intervals agree with them."""

    p_value: float
    p_equivalence: float
    alpha: float
    alpha_equivalence: float


def _holm_steps(raw: np.ndarray, adjusted: np.ndarray, alpha: float) -> np.ndarray:
    """By what alpha is divided for each interval, so that it agrees with Holm's p-value."""
    known = ~np.isnan(raw)
    rank = np.zeros(len(raw))
    rank[known] = np.argsort(np.argsort(raw[known], kind="stable"), kind="stable")
    shown = np.count_nonzero(adjusted < alpha)
    steps: np.ndarray = np.maximum(known.sum() - np.minimum(rank, shown), 1)
    return steps


def _false_coverage_steps(raw: np.ndarray, adjusted: np.ndarray, alpha: float) -> np.ndarray:
    """By what alpha is divided for each interval, so that it agrees with Benjamini-Hochberg.

    References
    ----------
    Benjamini & Yekutieli (2005), JASA 100, 71-81.
    """
    known = int(np.count_nonzero(~np.isnan(raw)))
    shown = int(np.count_nonzero(adjusted < alpha))
    return np.full(len(raw), max(known, 1) / max(shown, 1))


def _rows(
    kinds: Sequence[ScoreKind], grouping: Grouping, plan: Plan, clusters: Codes | None
) -> Iterator[_Row]:
    named = [code for code, name in enumerate(grouping.names) if is_group(name)]
    if len(named) < 2:
        return
    size = np.bincount(grouping.codes, minlength=len(grouping.names)).astype(float)
    declared = plan.reference_groups.get(grouping.factor)
    reference = reference_group(grouping, declared, size, named)
    largest = max((each.watchlist_size or 0 for each in kinds), default=0)
    leading = plan.primary_watchlist_sizes or (largest,)
    declared_primary = (
        SCORES in plan.primary_metrics
        and CROSS not in grouping.factor
        and grouping.factor in (plan.primary_factors or plan.factors)
    )

    def size_leads(each: ScoreKind) -> bool:
        return each.watchlist_size is None or each.watchlist_size in leading

    for each in kinds:
        groups = each.within(grouping)
        units = groups if clusters is None else each.within(grouping, clusters)
        spread = spread_of([groups[code] for code in named])
        stated = [f"{ABOVE}{score:.10g}" for score in plan.stated_scores]
        for statistic in (*STATISTICS[each.kind], *stated):
            margin = MARGIN * spread
            if statistic.startswith(ABOVE):
                margin = plan.difference_margin or float("nan")
            values = {code: _value(units[code], statistic) for code in named}
            for code in named:
                if code == reference:
                    continue
                yield _Row(
                    each.kind,
                    statistic,
                    each.watchlist_size,
                    grouping.factor,
                    grouping.names[code],
                    grouping.names[reference],
                    values[code],
                    values[reference],
                    margin,
                    (_people(groups[code]), _people(groups[reference])),
                    (len(groups[code].score), len(groups[reference].score)),
                    statistic == MEAN and declared_primary and size_leads(each),
                )


def _people(scores: Scores) -> int:
    return scores.people if len(scores.score) else 0


def _value(scores: Scores, statistic: str) -> Statistic | None:
    """Return a statistic of a group; None below the minimum evidence."""
    if _people(scores) < FEWEST_PEOPLE:
        return None
    if statistic == MEAN:
        return mean_of(scores)
    if statistic.startswith(ABOVE):
        return share_of(scores, float(statistic.removeprefix(ABOVE)))
    return quantile_of(scores, 1 - float(statistic.removeprefix("q")) / 100)


def _tested(row: _Row) -> _Row:
    if row.a is None or row.b is None:
        return row
    return replace(
        row,
        p_value=p_value(row.a, row.b),
        p_equivalence=equivalence_p(row.a, row.b, row.margin),
    )


def _written(row: _Row, by: _Adjusted, words: str, plan: Plan) -> dict[str, object]:
    level = 1 - by.alpha if by.alpha == by.alpha else plan.level
    ends, verdict = (float("nan"),) * 3, "untestable"
    shown = level
    if row.a is not None and row.b is not None:
        difference = row.a.value - row.b.value
        ends = (difference, *difference_ends(row.a, row.b, level))
        if by.p_value < plan.alpha:
            verdict = "different"
        elif by.p_equivalence < plan.alpha:
            verdict, shown = "equivalent", 1 - 2 * by.alpha_equivalence
        elif np.isfinite(ends).all():
            verdict = "inconclusive"
    printed = ends
    if verdict == "equivalent" and row.a is not None and row.b is not None:
        printed = (ends[0], *difference_ends(row.a, row.b, shown))
    difference, lower, upper = ends
    return {
        "kind": row.kind,
        "statistic": row.statistic,
        "watchlist_size": row.watchlist_size,
        "factor": row.factor,
        "group_a": row.group_a,
        "group_b": row.group_b,
        "value_a": float("nan") if row.a is None else row.a.value,
        "value_b": float("nan") if row.b is None else row.b.value,
        "difference": difference,
        "difference_lower": lower,
        "difference_upper": upper,
        "level": level,
        "p_value": row.p_value,
        "p_adjusted": by.p_value,
        "adjustment": words,
        "margin": row.margin,
        "p_equivalence": by.p_equivalence,
        "verdict": verdict,
        "primary": row.primary,
        "people_a": row.people[0],
        "people_b": row.people[1],
        "scores_a": row.scores[0],
        "scores_b": row.scores[1],
        "statement": _statement(row, verdict, printed, shown, by.p_value),
    }


def _statement(
    row: _Row, verdict: str, ends: tuple[float, float, float], level: float, p: float
) -> str:
    """Return the sentence of a comparison of scores."""
    size = "" if row.watchlist_size is None else count(row.watchlist_size)
    a, b = (group_words(each, row.factor) for each in (row.group_a, row.group_b))
    about = f"{_KINDS[row.kind].format(size=size)}: "
    what = _statistic(row.statistic)
    tail = "" if row.primary else " (Exploratory.)"
    if verdict == "untestable":
        said = f"too little was seen to compare {what} of {a} and {b} ({row.people[0]} and "
        return f"{about}{said}{row.people[1]} people). {_CAVEAT}{tail}"
    difference, lower, upper = ends
    much = [(abs(difference), "nearest"), (lower, "down"), (upper, "up"), (row.margin, "up")]
    (apart, low, high, margin), per = [signed(*each) for each in much], ""
    if row.statistic.startswith(ABOVE):
        (apart, low, high, margin), unit = per_many(*much)
        per = f" per {unit}"
    interval = f"{confidence(level)} interval {low} to {high}{per}"
    if verdict == "different":
        way = "higher" if difference > 0 else "lower"
        said = f"{what} is {apart}{per} {way} for {a} than for {b} "
        said += f"({interval}, adjusted {p_text(p)})"
    elif verdict == "equivalent":
        said = f"{what} of {a} and {b} differs by less than {margin}{per} ({interval})"
    else:
        said = f"no difference in {what} between {a} and {b} was shown; "
        if lower > 0 or upper < 0:  # Only of exploratory comparisons.
            said += f"the {interval} leaves out 0 but does not allow for the number of "
            said += "comparisons made"
        else:
            said += f"anything from {low} to {high}{per} remains possible"
    return f"{about}{said}. {_CAVEAT}{tail}"


def _statistic(statistic: str) -> str:
    if statistic == MEAN:
        return "the mean"
    if statistic.startswith(ABOVE):
        return f"the share of scores at or above {statistic.removeprefix(ABOVE)}"
    percent = float(statistic.removeprefix("q"))
    if percent > 50:
        return f"the score that 1 in {count(round(100 / (100 - percent)))} exceed"
    return f"the score that 1 in {count(round(100 / percent))} stay below"
