from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from lfr_eval.contract import tables
from lfr_eval.report.rates import (
    MixedQuoteError,
    Rate,
    as_miss,
    leading_side,
    quote,
    tabulate,
    to_rows,
)


def rate(metric: str, threshold: float, size: int | None, group: str = "female") -> Rate:
    return Rate(
        metric=metric,
        threshold=threshold,
        watchlist_size=size,
        rank=None,
        factor="gender",
        group=group,
        counterpart=None,
        events=4,
        trials=1_000,
        subjects=100,
        subjects_with_event=3,
        rate=0.004,
        lower=0.001,
        upper=0.01,
        level=0.95,
        effective_trials=500.0,
        interval="Wilson on effective trials",
    )


def test_rates_of_one_setting_are_quoted_together() -> None:
    quoted = quote([rate("FPIR", 0.6, 1_000), rate("TPIR", 0.6, 1_000)])
    assert (quoted.wrong.code, quoted.right.code) == ("FPIR", "FNIR")
    # A rate of recognition is told as the misses that it leaves.
    assert quoted.rows[0].right == as_miss(rate("TPIR", 0.6, 1_000))
    assert (quoted.rows[0].right.events, quoted.rows[0].right.rate) == (996, 0.996)
    assert quoted.rows[0].wrong == rate("FPIR", 0.6, 1_000)


@pytest.mark.parametrize("other", [rate("TPIR", 0.64, 1_000), rate("TPIR", 0.6, 10_000)])
def test_rates_of_two_settings_are_never_quoted_together(other: Rate) -> None:
    with pytest.raises(MixedQuoteError, match="one threshold and one watchlist size"):
        quote([rate("FPIR", 0.6, 1_000), other])


def test_one_to_one_errors_are_quoted_together() -> None:
    quoted = quote([rate("FMR", 0.6, None), rate("FNMR", 0.6, None)])
    assert (quoted.wrong.code, quoted.right.code) == ("FMR", "FNMR")


def test_curves_show_groups_within_themselves_and_not_across() -> None:
    rows = to_rows(leading_side(false_matches()))
    assert [(row.group, row.counterpart) for row in rows] == [
        ("female", "female"),
        ("male", "male"),
    ]


def test_rates_across_groups_say_who_was_compared_with_whom() -> None:
    rows = to_rows(false_matches())
    (table,) = tabulate([row for row in rows if row.is_crossed])
    assert table.sides
    assert [(row.group, row.counterpart) for row in table.blocks[0].rows] == [("female", "male")]


def false_matches() -> pd.DataFrame:
    pairs = [("female", "female"), ("female", "male"), ("male", "male")]
    template = dataclasses.asdict(rate("FMR", 0.6, None))
    rows = [{**template, "group": group, "counterpart": other} for group, other in pairs]
    return tables.RATES.conform(pd.DataFrame(rows))
