"""Stage report: tests as in published studies (table `person_tests` in, frozen rows out).

They count each person once. They stand on the page so that a study can be laid beside older ones,
and never replace the primary test.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lfr_eval.contract.names import Metric, metric_named
from lfr_eval.report.findings import OMNIBUS, pair_words
from lfr_eval.report.rates import real, settings_in_order, text, whole

PAIR_METRIC = "FMR"
"""The metric whose events belong to two people, so that people are not independent."""


@dataclass(frozen=True)
class PersonTest:
    """One comparison of numbers of people; see table `person_tests` for the fields."""

    factor: str
    group_a: str
    group_b: str
    affected_a: int | None
    exposed_a: int | None
    affected_b: int | None
    exposed_b: int | None
    fisher: float | None
    boschloo: float | None
    chi_square: float | None
    chi_square_corrected: float | None

    @property
    def is_omnibus(self) -> bool:
        """Whether all groups of the factor are compared at once."""
        return self.group_a == OMNIBUS

    @property
    def comparison(self) -> str:
        """The groups compared, in words."""
        return pair_words(self.group_a, self.group_b, self.factor)


@dataclass(frozen=True)
class TestBlock:
    """The tests of one factor at one threshold."""

    threshold: float | None
    factor: str
    rows: tuple[PersonTest, ...]


@dataclass(frozen=True)
class TestTable:
    """The tests on one metric at one watchlist size."""

    metric: Metric
    watchlist_size: int | None
    blocks: tuple[TestBlock, ...]

    @property
    def is_valid(self) -> bool:
        """Whether people are independent of each other, as these tests assume."""
        return self.metric.code != PAIR_METRIC


def to_tests(frame: pd.DataFrame) -> tuple[TestTable, ...]:
    """Arrange rows of table `person_tests` by metric, watchlist size, threshold and factor."""
    columns = ["metric", "watchlist_size", "threshold", "factor"]
    blocks: list[tuple[str, int | None, TestBlock]] = []
    for key, part in frame.groupby(columns, sort=False, dropna=False):
        block = TestBlock(real(key[2]), str(key[3]), tuple(map(_to_test, part.itertuples())))
        blocks.append((str(key[0]), whole(key[1]), block))
    blocks.sort(key=lambda each: -math.inf if each[2].threshold is None else each[2].threshold)
    return tuple(
        TestTable(
            metric_named(code),
            size,
            tuple(block for *setting, block in blocks if setting == [code, size]),
        )
        for code, size in settings_in_order((code, size) for code, size, _ in blocks)
    )


def _to_test(row: Any) -> PersonTest:
    return PersonTest(
        *(str(row.factor), str(row.group_a), text(row.group_b) or "–"),
        *(whole(row.affected_a), whole(row.exposed_a)),
        *(whole(row.affected_b), whole(row.exposed_b)),
        *(real(row.fisher), real(row.boschloo)),
        *(real(row.chi_square), real(row.chi_square_corrected)),
    )
