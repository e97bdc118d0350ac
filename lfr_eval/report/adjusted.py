"""Stage report: what else could explain a difference (table `adjusted` in, text out).

The section shows the setting of the brief and single factors; the table holds everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from lfr_eval.contract.names import factor_words, metric_named
from lfr_eval.contract.tables import CROSS
from lfr_eval.contract.words import joined, percentage, ratio, several
from lfr_eval.report.findings import pair_words, span_words
from lfr_eval.report.rates import Quote, at_threshold, real

SHARES = (1, 2, 5)
"""Percentages of people whose labels may be wrong, as the table has them."""


HEADS = ("Groups", "Error", "As seen", "Standardised", "By regression", "Overlap")


@dataclass(frozen=True)
class Adjustment:
    """The comparisons, and the covariates that were held alike.

    Attributes
    ----------
    rows
        Cells under `HEADS`: ratios with their intervals, adjusted ones in words where there are
        none; overlap is the evidence in combinations of covariates that both groups have.
    said
        The sentence of each, and what wrong labels would change.
    """

    held: str
    rows: tuple[tuple[str, ...], ...]
    said: tuple[str, ...]
    heads: tuple[str, ...] = HEADS


def to_adjustment(frame: pd.DataFrame | None, quote: Quote | None) -> Adjustment | None:
    """Return the comparisons of single factors in the brief's setting; None where there is none.

    Parameters
    ----------
    frame
        Table `adjusted`; None where the study has none.
    quote
        The rates of the brief.
    """
    if frame is None or quote is None:
        return None
    chosen = at_threshold(frame, [quote.threshold])
    size = chosen["watchlist_size"].fillna(0) == (quote.watchlist_size or 0)
    simple = ~chosen["factor"].str.contains(CROSS, regex=False)
    of = chosen["metric"].isin([quote.wrong.code, quote.right.code])
    rows = list(chosen[(size & simple & of).to_numpy(bool)].itertuples())
    if not rows:
        return None
    names = dict.fromkeys(name for row in rows for name in str(row.covariates).split(", "))
    return Adjustment(
        joined([factor_words(name) for name in names]),
        tuple(map(_adjusted, rows)),
        tuple(f"{row.statement}{_mislabelled(row)}" for row in rows),
    )


def _adjusted(row: Any) -> tuple[str, ...]:
    def span(start: str, middle: str) -> str:
        return span_words(
            *(real(getattr(row, name)) for name in (middle, f"{start}_lower", f"{start}_upper"))
        )

    overlap, fewest = float(row.overlap), int(row.fewest_people)
    why = "" if pd.isna(row.refused) else "refused" if overlap < 1 else "too little seen"
    return (
        pair_words(str(row.group_a), str(row.group_b), str(row.factor)),
        metric_named(str(row.metric)).plain,
        span("ratio", "ratio"),
        why or span("adjusted", "adjusted_ratio"),
        why or span("regression", "regression_ratio"),
        percentage(overlap) + (f" (at least {several(fewest, 'person', 'people')})" * (fewest > 0)),
    )


def _mislabelled(row: Any) -> str:
    """Say what the ratio would be if some people had the label of the other group."""
    told = []
    for how, words in (("random", "at random"), ("worst", "in the least favourable way")):
        known = {share: real(getattr(row, f"mislabelled_{how}_{share}")) for share in SHARES}
        ratios = {f"{share}": ratio(one) for share, one in known.items() if one is not None}
        if ratios:
            people = f"{joined(list(ratios), 'or')} % of people"
            told.append((people, words, joined(list(ratios.values()), "or")))
    if not told:
        return ""
    (people, words, would), *rest = told
    said = (
        f" If {people} were mislabelled {words}, the ratio of the correctly labelled groups would "
        f"be {would}"
    )
    # The same shares are not said twice.
    said += "".join(
        f"; {words}, {would}" if same == people else f"; if {same} were {words}, {would}"
        for same, words, would in rest
    )
    return f"{said}."
