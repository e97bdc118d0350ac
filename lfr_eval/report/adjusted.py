"""Stage report: what else could explain a difference (table `adjusted` in, text out).

The section shows the setting of the brief and single factors; the table holds everything.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import NamedTuple

import pandas as pd

from lfr_eval.contract.names import factor_words, metric_named
from lfr_eval.contract.words import joined, percentage, ratio, several
from lfr_eval.report.findings import pair_words, span_words
from lfr_eval.report.rates import Quote, at_threshold, records, single_factors

SHARES = (1, 2, 5)
"""Percentages of people whose labels may be wrong, as the table has them."""
HOW = {"random": "at random", "worst": "in the least favourable way"}


class Adjustment(NamedTuple):
    """Which covariates were held alike, and a row of cells and a sentence for each comparison."""

    held: str
    rows: tuple[tuple[str, ...], ...]
    said: tuple[str, ...]


def to_adjustment(frame: pd.DataFrame | None, quote: Quote | None) -> Adjustment | None:
    """Return the comparisons of single factors in the setting `quote`; None where there is none."""
    if frame is None or quote is None:
        return None
    chosen = single_factors(at_threshold(frame, [quote.threshold]))
    of = chosen["metric"].isin([quote.wrong.code, quote.right.code])
    of &= chosen["watchlist_size"].fillna(0) == (quote.watchlist_size or 0)
    rows = records(chosen[of.to_numpy(bool)])
    if not rows:
        return None
    names = dict.fromkeys(name for row in rows for name in row.covariates.split(", "))
    return Adjustment(
        joined([factor_words(name) for name in names]),
        tuple(map(_cells, rows)),
        tuple(f"{row.statement}{_mislabelled(row)}" for row in rows),
    )


def _cells(row: SimpleNamespace) -> tuple[str, ...]:
    few, why = row.fewest_people, "refused" if row.overlap < 1 else "too little seen"
    refused = "" if row.refused is None else why
    return (
        pair_words(row.group_a, row.group_b, row.factor),
        metric_named(row.metric).plain,
        span_words(row.ratio, row.ratio_lower, row.ratio_upper),
        refused or span_words(row.adjusted_ratio, row.adjusted_lower, row.adjusted_upper),
        refused or span_words(row.regression_ratio, row.regression_lower, row.regression_upper),
        percentage(row.overlap)
        + (f" (at least {several(few, 'person', 'people')})" if few else ""),
    )


def _mislabelled(row: SimpleNamespace) -> str:
    """Say what the ratio would be if some people had the label of the other group."""
    said = before = ""
    for how, words in HOW.items():
        found = {share: getattr(row, f"mislabelled_{how}_{share}") for share in SHARES}
        known = {str(share): ratio(value) for share, value in found.items() if value is not None}
        people, would = (joined(list(each), "or") for each in (known, known.values()))
        if known and not said:
            said = f" If {people} % of people were mislabelled {words}, the ratio of the correctly "
            said += f"labelled groups would be {would}"
        elif known:  # The same shares are not said twice.
            again = "" if people == before else f"if {people} % of people were "
            said += f"; {again}{words}, {would}"
        before = people
    return f"{said}." if said else ""
