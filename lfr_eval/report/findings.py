"""Stage report: what the study claims (table `findings` in, frozen rows out).

Statements are quoted as the inference stage wrote them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import pandas as pd

from lfr_eval.contract.names import Metric, factor_words, group_name, group_words
from lfr_eval.contract.words import ratio
from lfr_eval.report.rates import Block, arrange, plain_rows, records
from lfr_eval.report.withheld import Publication

OMNIBUS, REST = "*", "rest"
TEXTS = ("finding_id", "metric", "factor", "group_a", "group_b", "test", "adjustment", "verdict",
         "statement")  # fmt: skip
"""Columns of table `findings` that hold text; empty where they are null."""
NO_LIMIT = 1_000
"""A ratio beyond which an interval is said to set no limit."""


class Verdict(NamedTuple):
    """A verdict's mark, which needs no colour, and what it means."""

    name: str
    symbol: str
    meaning: str


VERDICTS = (
    Verdict("different", "≠", "The groups' rates differ by more than chance explains."),
    Verdict("inconclusive", "?",
            "No difference was shown, and no equality either. Either may be true."),
    Verdict("untestable", "∅",
            "Too few people or too few errors were seen to compare the groups."),
    Verdict("equivalent", "≈",
            "If the groups differ, then by less than the margin named for this study."),
)  # fmt: skip
WITHHELD = Verdict(
    *("withheld", "▒", "The counts behind it are too small to be published. No primary one of "
      "these shows a difference.")
)  # fmt: skip
"""Stands in publications alone."""
SYMBOLS = {each.name: each.symbol for each in (*VERDICTS, WITHHELD)}


@dataclass(frozen=True)
class Finding:
    """One comparison between groups; see table `findings` for the other fields.

    `anchor` is its place in the page, since finding ids may hold any text. `absolute` is the
    sentence on the difference of the rates, empty where the study set no margin for it. Without the
    events of `fragility` people no difference would be shown; None where they are many. Where a
    publication withholds numbers, it says which group is `higher`, whether the difference
    `rests_on_few`, and that a range is withheld: that is no interval without ends.
    """

    anchor: str
    finding_id: str
    metric: str
    threshold: float | None
    watchlist_size: int | None
    factor: str
    group_a: str
    group_b: str
    rate_a: float | None
    rate_b: float | None
    ratio: float | None
    ratio_lower: float | None
    ratio_upper: float | None
    test: str
    p_value: float | None
    p_adjusted: float | None
    adjustment: str
    margin: float | None
    p_equivalence: float | None
    verdict: str
    primary: bool
    statement: str
    level: float | None = None
    higher: str | None = None
    absolute: str = ""
    fragility: int | None = None
    rests_on_few: bool = False
    range_withheld: bool = False

    @property
    def comparison(self) -> str:
        """The groups compared, in words."""
        return pair_words(self.group_a, self.group_b, self.factor)

    @property
    def symbol(self) -> str:
        """The mark of its verdict."""
        return SYMBOLS.get(self.verdict, "–")

    @property
    def span(self) -> str:
        """The ratio and its interval in words; a dash where there is none."""
        if self.range_withheld and self.ratio is not None:
            return f"{ratio(self.ratio)} (range withheld)"
        return span_words(self.ratio, self.ratio_lower, self.ratio_upper)

    @property
    def is_omnibus(self) -> bool:
        """Whether all groups of the factor are tested at once."""
        return self.group_a == OMNIBUS

    @property
    def possible(self) -> float | None:
        """The largest ratio either way that the interval leaves possible; None: no limit."""
        low, high = self.ratio_lower, self.ratio_upper
        most = max(high, 1 / low) if low and low > 0 and high is not None else math.inf
        return most if most < NO_LIMIT else None

    @property
    def is_open(self) -> bool:
        """Whether the finding shows neither a difference nor that there is none."""
        return self.verdict in ("inconclusive", "untestable")


def pair_words(a: str, b: str, factor: str = "") -> str:
    """Return the groups of a comparison, in words."""
    if a == OMNIBUS:
        return f"all groups by {factor_words(factor)}" if factor else "all groups at once"
    other = group_words(b) if b == REST else group_name(b, factor)
    return f"{group_name(a, factor)} compared with {other}"


def span_words(middle: float | None, lower: float | None, upper: float | None) -> str:
    """Return a ratio and its interval in words; a dash where there is none."""
    if middle is None or lower is None or upper is None:
        return "–"
    end = "no limit" if math.isinf(upper) else ratio(upper, "up")
    return f"{ratio(middle)} ({ratio(lower, 'down')} to {end})"


def to_findings(frame: pd.DataFrame, publication: Publication | None) -> tuple[Finding, ...]:
    """Return each row of table `findings`; `publication` says what is withheld of it."""
    higher = publication.higher if publication else {}
    fragile = publication.rests_on_few if publication else ()
    kept = [each.name for each in fields(Finding) if each.name in frame]
    found = []
    for place, row in enumerate(plain_rows(frame)):
        values: dict[str, Any] = {name: row[name] for name in kept}
        values |= {name: row[name] or "" for name in TEXTS}
        known = row["rate_a"] is not None and row["rate_b"] is not None
        gone = publication is not None and known and row["ratio_lower"] is None
        values |= {
            "anchor": f"finding-{place + 1}",
            "primary": bool(row["primary"]),
            "higher": higher.get(values["finding_id"]),
            "rests_on_few": values["finding_id"] in fragile,
            "range_withheld": gone and row["verdict"] != "untestable",
            "absolute": (row["difference_margin"] is not None and row["absolute_statement"]) or "",
        }
        found.append(Finding(**values))
    return tuple(found)


class TestTable(NamedTuple):
    """Tests as in published studies, on one metric at one watchlist size (table `person_tests`).

    They count each person once, stand there so that a study can be laid beside older ones, and
    never replace the primary test.
    """

    metric: Metric
    watchlist_size: int | None
    blocks: tuple[Block, ...]

    @property
    def is_valid(self) -> bool:
        """Whether people are independent, as these tests assume: an FMR event has two of them."""
        return self.metric.code != "FMR"


def to_tests(frame: pd.DataFrame | None) -> tuple[TestTable, ...] | None:
    """Arrange rows of table `person_tests` by metric, watchlist size, threshold and factor."""
    if frame is None:
        return None
    rows = records(frame)
    for row in rows:
        row.is_omnibus = row.group_a == OMNIBUS
        row.comparison = pair_words(row.group_a, row.group_b or "–", row.factor)
    return tuple(TestTable(*table) for table in arrange(rows))
