"""Stage `inference`: scores in, tables `score_summary` and `group_scores` out.

What a score chart by group shows and a reader of numbers asks for: means, spreads, tail quantiles
and d' of each group. It describes; what may be claimed of differences is in `score_differences`.

References
----------
Daugman (2000), Biometric decision landscapes, University of Cambridge TR 482 (d').
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.contract.tables import CROSS, EVERYBODY, GROUP_SCORES, OVERALL, SCORE_SUMMARY
from lfr_eval.contract.trials import Grouping, group_people
from lfr_eval.inference.minimum import FEWEST_PEOPLE
from lfr_eval.inference.score_differences import MATED, NON_MATED, ScoreKind
from lfr_eval.inference.score_evidence import FEWEST_BEYOND, Scores

BINS = 50
"""Bins of the distribution of a group's scores."""

MATED_TAILS, NON_MATED_TAILS = (0.01, 0.05), (0.99, 0.999)
"""Quantiles where errors are made: low scores of one person, high ones of two people."""

Values = NDArray[np.float64]


def score_summary_table(
    kinds: Sequence[ScoreKind], people: pd.DataFrame, factors: Sequence[str]
) -> pd.DataFrame:
    """Return table `score_summary`: one row per group, everybody first.

    Parameters
    ----------
    kinds
        The scores of a study; persons are indices of rows of `people`.
    people
        One row per person, one column per label.
    factors
        Ways to tell groups apart.
    """
    return SCORE_SUMMARY.build(
        (factor, group, *_numbers(mated, non_mated))
        for factor, group, mated, non_mated in _groups(kinds, people, factors)
    )


def group_score_table(
    kinds: Sequence[ScoreKind], people: pd.DataFrame, factors: Sequence[str]
) -> pd.DataFrame:
    """Return table `group_scores`: each group's scores counted in bins; see `score_summary_table`.

    Groups of fewer than `FEWEST_PEOPLE` people, and intersections, have no distribution.
    """
    simple = [factor for factor in factors if CROSS not in factor]
    groups = list(_groups(kinds, people, simple))
    scores = [one.score for *_, mated, non_mated in groups for one in (mated, non_mated)]
    known = np.concatenate(scores) if scores else np.empty(0)
    if not len(known):
        return GROUP_SCORES.empty()
    edges = np.linspace(known.min(), max(known.max(), known.min() + 1e-9), BINS + 1)
    return GROUP_SCORES.build(
        (kind, factor, group, low, high, int(count))
        for factor, group, mated, non_mated in groups
        for kind, one in ((MATED, mated), (NON_MATED, non_mated))
        if _people(one) >= FEWEST_PEOPLE
        for low, high, count in zip(
            edges[:-1], edges[1:], np.histogram(one.score, edges)[0], strict=True
        )
    )


def decidability(mated: Values, non_mated: Values) -> float:
    """Return d': the distance of two means in root mean square standard deviations.

    Examples
    --------
    >>> decidability(np.array([2.0, 4.0]), np.array([-1.0, 1.0]))
    3.0
    """
    spread = np.sqrt((mated.var() + non_mated.var()) / 2)
    return float((mated.mean() - non_mated.mean()) / spread) if spread > 0 else float("nan")


def _groups(
    kinds: Sequence[ScoreKind], people: pd.DataFrame, factors: Sequence[str]
) -> Iterator[tuple[str, str, Scores, Scores]]:
    everybody = Grouping(OVERALL, (EVERYBODY,), np.zeros(len(people), np.intp))
    known = [factor for factor in factors if set(factor.split(CROSS)) <= set(people.columns)]
    of_kind = {each.kind: each for each in kinds if each.kind in (MATED, NON_MATED)}
    nobody = np.empty(0, np.intp)
    for grouping in (everybody, *(group_people(people, factor) for factor in known)):
        within = {kind: each.within(grouping) for kind, each in of_kind.items()}
        none = [Scores(nobody, nobody, np.empty(0))] * len(grouping.names)
        for code, name in enumerate(grouping.names):
            mated, non_mated = (within.get(kind, none)[code] for kind in (MATED, NON_MATED))
            if len(mated.score) or len(non_mated.score):
                yield grouping.factor, name, mated, non_mated


def _numbers(mated: Scores, non_mated: Scores) -> tuple[object, ...]:
    few = min(_people(mated), _people(non_mated)) < FEWEST_PEOPLE
    return (
        *_described(mated, MATED_TAILS),
        *_described(non_mated, NON_MATED_TAILS),
        float("nan") if few else decidability(mated.score, non_mated.score),
    )


def _described(scores: Scores, tails: tuple[float, ...]) -> tuple[object, ...]:
    people, values = _people(scores), scores.score
    if people < FEWEST_PEOPLE:
        return (people, len(values), *(float("nan"),) * (2 + len(tails)))
    quantiles = (
        float(np.quantile(values, at))
        if min(at, 1 - at) * len(values) >= FEWEST_BEYOND
        else float("nan")
        for at in tails
    )
    return (people, len(values), float(values.mean()), float(values.std()), *quantiles)


def _people(scores: Scores) -> int:
    return scores.people if len(scores.score) else 0
