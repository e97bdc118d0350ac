"""Stage report: what the study claims (table `findings` in, frozen rows and plain sentences out).

Statements are quoted as the inference stage wrote them. What this module adds is company: beside a
result that shows no difference stands what the study could have shown, always.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from lfr_eval.contract.names import Metric, metric_named
from lfr_eval.contract.words import ratio, several
from lfr_eval.report.rates import Rate, real, settings_in_order, whole

OMNIBUS, REST = "*", "rest"


@dataclass(frozen=True)
class Verdict:
    """A verdict's mark, which needs no colour, and what it means."""

    name: str
    symbol: str
    meaning: str


VERDICTS = (
    Verdict(
        "different",
        "≠",
        "The groups' rates differ by more than chance explains.",
    ),
    Verdict(
        "inconclusive",
        "?",
        "No difference was shown, and no equality either. Either may be true.",
    ),
    Verdict(
        "untestable",
        "∅",
        "Too little happened to compare: neither group had a single event.",
    ),
    Verdict(
        "equivalent",
        "≈",
        "If the groups differ, then by less than the margin fixed in advance.",
    ),
)

WITHHELD = Verdict(
    "withheld",
    "▒",
    "The counts behind it are too small to be published. No planned one of these shows a "
    "difference.",
)
"""Stands in publications alone."""


@dataclass(frozen=True)
class Finding:
    """One comparison between groups; see table `findings` for the fields.

    Attributes
    ----------
    anchor
        Name of its place in the page; finding ids may hold any text.
    bound_a, bound_b
        Upper ends of the two groups' intervals, where table `rates` has them.
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
    bound_a: float | None
    bound_b: float | None

    @property
    def comparison(self) -> str:
        """The groups compared, in words."""
        if self.is_omnibus:
            return f"all groups of {self.factor} at once"
        other = "the rest" if self.group_b == REST else self.group_b
        return f"{self.group_a} compared with {other}"

    @property
    def is_omnibus(self) -> bool:
        """Whether all groups of the factor are tested at once."""
        return self.group_a == OMNIBUS

    @property
    def possible(self) -> float | None:
        """The largest ratio either way that the interval leaves possible; None: no limit."""
        return still_possible(self.ratio_lower, self.ratio_upper)

    @property
    def is_open(self) -> bool:
        """Whether the finding shows neither a difference nor that there is none."""
        return self.verdict in ("inconclusive", "untestable")


NO_LIMIT = 1_000
"""A ratio beyond which an interval is said to set no limit."""


def still_possible(lower: float | None, upper: float | None) -> float | None:
    """Return the largest ratio either way within an interval; None where it sets no limit."""
    if lower is None or upper is None or not lower > 0 or not math.isfinite(upper):
        return None
    most = max(upper, 1 / lower)
    return most if most < NO_LIMIT else None


@dataclass(frozen=True)
class FindingBlock:
    """The findings on one metric at one watchlist size, in the order that a reader needs."""

    metric: Metric
    watchlist_size: int | None
    findings: tuple[Finding, ...]

    def count(self, verdict: str) -> int:
        """Return how many findings have the verdict."""
        return sum(finding.verdict == verdict for finding in self.findings)

    @property
    def by_threshold(self) -> tuple[tuple[float | None, tuple[Finding, ...]], ...]:
        """Findings by threshold, ascending; those without a threshold first."""
        thresholds = {finding.threshold for finding in self.findings}
        return tuple(
            (value, tuple(finding for finding in self.findings if finding.threshold == value))
            for value in sorted(thresholds, key=lambda value: -math.inf if value is None else value)
        )

    @property
    def tests(self) -> tuple[str, ...]:
        """The tests used and how their p-values were adjusted, one sentence each."""
        pairs = dict.fromkeys((each.test, each.adjustment) for each in self.findings if each.test)
        return tuple(
            f"Test: {test}." + (f" Adjustment: {adjustment}." if adjustment else "")
            for test, adjustment in pairs
        )

    @property
    def different(self) -> tuple[Finding, ...]:
        """Findings that show a difference."""
        return tuple(finding for finding in self.findings if finding.verdict == "different")

    @property
    def others(self) -> tuple[Finding, ...]:
        """All other findings."""
        return tuple(finding for finding in self.findings if finding.verdict != "different")


def to_findings(frame: pd.DataFrame, rates: Iterable[Rate]) -> tuple[Finding, ...]:
    """Return each row of table `findings` as a `Finding`, with both groups' bounds from `rates`."""
    bounds: dict[tuple[object, ...], float | None] = {}
    for rate in rates:
        if not rate.is_crossed:
            key = (rate.metric, rate.threshold, rate.watchlist_size, rate.factor, rate.group)
            bounds.setdefault(key, rate.upper)

    def finding(place: int, row: pd.Series) -> Finding:
        threshold, size = real(row["threshold"]), whole(row["watchlist_size"])
        setting = (str(row["metric"]), threshold, size, str(row["factor"]))

        def text(column: str) -> str:
            return "" if pd.isna(row[column]) else str(row[column])

        return Finding(
            anchor=f"finding-{place + 1}",
            finding_id=text("finding_id"),
            metric=text("metric"),
            threshold=threshold,
            watchlist_size=size,
            factor=text("factor"),
            group_a=text("group_a"),
            group_b=text("group_b"),
            rate_a=real(row["rate_a"]),
            rate_b=real(row["rate_b"]),
            ratio=real(row["ratio"]),
            ratio_lower=real(row["ratio_lower"]),
            ratio_upper=real(row["ratio_upper"]),
            test=text("test"),
            p_value=real(row["p_value"]),
            p_adjusted=real(row["p_adjusted"]),
            adjustment=text("adjustment"),
            margin=real(row["margin"]),
            p_equivalence=real(row["p_equivalence"]),
            verdict=text("verdict"),
            primary=bool(row["primary"]) if not pd.isna(row["primary"]) else False,
            statement=text("statement"),
            bound_a=bounds.get((*setting, text("group_a"))),
            bound_b=bounds.get((*setting, text("group_b"))),
        )

    return tuple(finding(place, row) for place, (_, row) in enumerate(frame.iterrows()))


def into_blocks(findings: Sequence[Finding]) -> tuple[FindingBlock, ...]:
    """Arrange findings by metric and watchlist size; verdicts that demand attention come first."""
    order = {verdict.name: place for place, verdict in enumerate(VERDICTS)}
    blocks = []
    for code, size in settings_in_order((each.metric, each.watchlist_size) for each in findings):
        chosen = [each for each in findings if (each.metric, each.watchlist_size) == (code, size)]
        chosen.sort(key=lambda each: order.get(each.verdict, len(order)))
        blocks.append(FindingBlock(metric_named(code), size, tuple(chosen)))
    return tuple(blocks)


def headline(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Say in plain sentences what the planned comparisons show together.

    Parameters
    ----------
    findings
        The primary findings at the thresholds of the first screen.
    """
    silent = sum(each.verdict == WITHHELD.name for each in findings)
    sentences = _together(findings)
    if silent:
        them = "it" if silent == 1 else "them"
        sentences.append(
            f"Of {silent} of {len(findings)} only this is published: no difference was shown, "
            f"which is not evidence that there is none. The counts behind {them} are too small."
        )
    return tuple(sentences)


def _together(findings: Sequence[Finding]) -> list[str]:
    """Say what the planned comparisons show together."""
    total = len(findings)
    if not total:
        return ["This study planned no comparison between groups here, so it gives no verdict."]
    shown = [each for each in findings if each.verdict == "different"]
    alike = [each for each in findings if each.verdict == "equivalent"]
    still_open = [each for each in findings if each.is_open]
    of_total = several(total, "planned comparison")
    sentences = []
    if shown:
        verb = "shows" if len(shown) == 1 else "show"
        sentences.append(f"{len(shown)} of {of_total} {verb} a difference between groups.")
    elif len(alike) == total:
        margins = {each.margin for each in alike if each.margin is not None}
        within = f" of {ratio(max(margins), 'up')} times" if margins else ""
        sentences.append(
            f"In {total} of {of_total}, any difference is within the margin{within} that was "
            "fixed in advance."
        )
    else:
        none = f"None of {of_total} shows"
        if total == 1:
            none = "The one planned comparison does not show"
        sentences.append(
            f"{none} a difference between groups, but that does not mean that there is none."
        )
    if alike and len(alike) < total:
        verb = "shows" if len(alike) == 1 else "show"
        sentences.append(
            f"{len(alike)} of {total} {verb} that any difference is within the margin."
        )
    if still_open:
        sentences.append(_what_stays_open(still_open, total))
    return sentences


def _what_stays_open(still_open: Sequence[Finding], total: int) -> str:
    """Say how many comparisons decide nothing, and how large a difference remains possible."""
    untestable = sum(each.verdict == "untestable" for each in still_open)
    verb = "leaves" if len(still_open) == 1 else "leave"
    sentence = f"{len(still_open)} of {total} {verb} the question open"
    if untestable:
        sentence += f" ({several(untestable, 'could', 'could')} not be tested for want of events)"
    found = [each.possible for each in still_open if each.possible is not None]
    if not found:
        return sentence + "."
    most = ratio(max(found), "up")
    where = "" if len(found) == len(still_open) == 1 else " in at least one of them"
    sentence += f". A difference of up to {most} times either way remains possible{where}"
    if len(found) < len(still_open):
        sentence += f"; {len(still_open) - len(found)} set no limit"
    return sentence + "."
