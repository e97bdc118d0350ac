"""Stage report: what scores say of groups (`score_differences`, `score_summary` in, text out).

Scores tell groups apart where no error was seen. What they tell is a difference of scores and not
an error rate, and the section says so once, above everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lfr_eval.contract.names import group_name, group_words
from lfr_eval.contract.tables import CROSS
from lfr_eval.contract.words import count, several, signed
from lfr_eval.report.findings import pair_words

CAVEAT = " A difference of scores is not an error rate."
"""Ends every statement of `score_differences`; the section says it once."""

SAID = 4
"""Differences that are told; the table below holds all."""

KINDS = {
    "mated": "two pictures of one person",
    "non_mated": "two different people",
    "search": "best score of a pass",
}


HEADER = (
    "Group", "#Scores of one person", "#Mean", "#1 in 20 below", "#Scores of two people", "#Mean",
    "#1 in 100 above", "#d′",
)  # fmt: skip
"""Columns of the numbers (#) of each group."""


@dataclass(frozen=True)
class ScoreWords:
    """What the scores of a study say.

    Attributes
    ----------
    said
        Sentences for everybody.
    comparisons
        Groups, scores, statistic, verdict and sentence of each comparison of single factors.
    summary
        Cells under `header`, by group.
    differ
        Whether mean scores of groups were shown to differ.
    """

    said: tuple[str, ...]
    comparisons: tuple[tuple[str, ...], ...]
    summary: tuple[tuple[str, ...], ...]
    header: tuple[str, ...] = HEADER
    differ: bool = False


def to_score_words(
    differences: pd.DataFrame | None, summary: pd.DataFrame | None
) -> ScoreWords | None:
    """Return what scores say; None where nothing was compared.

    Parameters
    ----------
    differences, summary
        The tables; None where the study has none.
    """
    if differences is None or differences.empty:
        return None
    simple = differences[~differences["factor"].str.contains(CROSS, regex=False).to_numpy(bool)]
    return ScoreWords(
        tuple(_said(simple)),
        tuple(
            (
                pair_words(str(row.group_a), str(row.group_b), str(row.factor)),
                KINDS[str(row.kind)],
                str(row.statistic).replace("q", "quantile ") + _percent(str(row.statistic)),
                str(row.verdict) + ("" if row.primary else ", exploratory"),
                str(row.statement).replace(CAVEAT, ""),
            )
            for row in simple.itertuples()
        ),
        () if summary is None else tuple(map(_numbers, summary.itertuples())),
        differ=bool((simple["primary"] & (simple["verdict"] == "different")).any()),
    )


def _percent(statistic: str) -> str:
    return " %" if statistic.startswith("q") else ""


def _said(simple: pd.DataFrame) -> Iterator[str]:
    primary = simple[simple["primary"].fillna(False).to_numpy(bool)]
    shown = primary[primary["verdict"] == "different"].sort_values("p_adjusted", kind="stable")
    for statement in shown["statement"].head(SAID):
        yield str(statement).replace(CAVEAT, "")
    if len(shown) > SAID:
        more = len(shown) - SAID
        stands = "stands" if more == 1 else "stand"
        yield f"{several(more, 'further difference')} of mean scores {stands} in the evidence."
    for verdict, says in (
        ("equivalent", "Mean scores differ by less than the margin for"),
        ("inconclusive", "No difference in mean scores was shown, and none is ruled out, for"),
        ("untestable", "Too little was seen of the scores of"),
    ):
        rows = primary[primary["verdict"] == verdict]
        pairs = dict.fromkeys(
            (str(row.kind), str(row.factor), str(row.group_a), str(row.group_b))
            for row in rows.itertuples()
        )
        told = [
            f"{group_words(a, by)} compared with {group_words(b, by)} ({KINDS[kind]})"
            for kind, by, a, b in list(pairs)[:SAID]
        ]
        if told:
            rest = len(pairs) - len(told)
            yield f"{says} {'; '.join(told)}{f'; and {rest} more' if rest else ''}."


def _numbers(row: Any) -> tuple[str, ...]:
    return (
        group_name(str(row.group), str(row.factor)),
        count(int(row.mated_scores)),
        signed(row.mated_mean),
        signed(row.mated_q5),
        count(int(row.non_mated_scores)),
        signed(row.non_mated_mean),
        signed(row.non_mated_q99),
        signed(row.d_prime),
    )
