"""Stage report: what scores say of groups (`score_differences`, `score_summary` in, text out).

Scores tell groups apart where no error was seen. What they tell is a difference of scores and not
an error rate, and the section says so once, above everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import NamedTuple

import pandas as pd

from lfr_eval.contract.names import group_words
from lfr_eval.contract.words import several
from lfr_eval.report.findings import pair_words
from lfr_eval.report.rates import records, single_factors

CAVEAT = " A difference of scores is not an error rate."
"""Ends every statement of `score_differences`; the section says it once."""

SAID = 4
"""Differences that are told; the table below holds all."""

KINDS = {
    "mated": "two pictures of one person",
    "non_mated": "two different people",
    "search": "best score of a pass",
}
NOT_SHOWN = {
    "equivalent": "Mean scores differ by less than the margin for",
    "inconclusive": "No difference in mean scores was shown, and none is ruled out, for",
    "untestable": "Too little was seen of the scores of",
}


class ScoreWords(NamedTuple):
    """What the scores of a study say: sentences for everybody, and rows of the two tables.

    `differ` says whether mean scores of groups were shown to: by a `primary` comparison, by an
    `exploratory` one, or not (empty).
    """

    said: tuple[str, ...]
    comparisons: Sequence[SimpleNamespace]
    summary: Sequence[SimpleNamespace]
    differ: str


def to_score_words(
    differences: pd.DataFrame | None, summary: pd.DataFrame | None
) -> ScoreWords | None:
    """Return what the two tables say; None where nothing was compared."""
    if differences is None or differences.empty:
        return None
    rows = records(single_factors(differences))
    for row in rows:
        row.statement, row.of = row.statement.replace(CAVEAT, ""), KINDS[row.kind]
        row.groups = pair_words(row.group_a, row.group_b, row.factor)
    largest = differences["watchlist_size"].max()
    means = [
        row for row in rows if row.statistic == "mean" and row.watchlist_size in (None, largest)
    ]
    shown = {row.primary for row in means if row.verdict == "different"}
    differ = "primary" if True in shown else "exploratory" if shown else ""
    return ScoreWords(
        tuple(_said(means)), rows, () if summary is None else records(summary), differ
    )


def _said(means: Sequence[SimpleNamespace]) -> Iterator[str]:
    shown = [row for row in means if row.verdict == "different"]
    shown.sort(key=lambda row: 1.0 if row.p_adjusted is None else row.p_adjusted)
    yield from (row.statement for row in shown[:SAID])
    if more := len(shown[SAID:]):
        are = "is" if more == 1 else "are"
        yield f"{several(more, 'further difference')} of mean scores {are} in the evidence."
    for verdict, says in NOT_SHOWN.items():
        pairs = dict.fromkeys(
            f"{group_words(row.group_a, row.factor)} compared with "
            f"{group_words(row.group_b, row.factor)} ({KINDS[row.kind]})"
            for row in means
            if row.verdict == verdict
        )
        if pairs:
            rest = f"; and {len(pairs) - SAID} more" if len(pairs) > SAID else ""
            yield f"{says} {'; '.join([*pairs][:SAID])}{rest}."
