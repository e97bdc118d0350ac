"""Stage report: tests as in published studies (table `person_tests` in, frozen rows out).

They count each person once. They stand on the page so that a study can be laid beside older ones,
and never replace the primary test.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from lfr_eval.contract.names import Metric
from lfr_eval.report.findings import OMNIBUS, pair_words
from lfr_eval.report.rates import Block, arrange, records

PAIR_METRIC = "FMR"
"""The metric whose events belong to two people, so that people are not independent."""


@dataclass(frozen=True)
class TestTable:
    """The tests on one metric at one watchlist size; rows are those of the table, with words."""

    metric: Metric
    watchlist_size: int | None
    blocks: tuple[Block, ...]

    @property
    def is_valid(self) -> bool:
        """Whether people are independent of each other, as these tests assume."""
        return self.metric.code != PAIR_METRIC


def to_tests(frame: pd.DataFrame) -> tuple[TestTable, ...]:
    """Arrange rows of table `person_tests` by metric, watchlist size, threshold and factor."""
    rows = records(frame)
    for row in rows:
        row.is_omnibus = row.group_a == OMNIBUS
        row.comparison = pair_words(row.group_a, row.group_b or "–", row.factor)
    return tuple(TestTable(*table) for table in arrange(rows))
