"""Briefs of a study whose findings a test gives."""

from __future__ import annotations

import dataclasses

from lfr_eval.report.brief import Brief, to_brief
from lfr_eval.report.findings import Finding
from lfr_eval.report.model import Report
from lfr_eval.report.rates import quote
from tests.report.test_rates import rate

IN_USE = "At the threshold in use (0.60) and a watchlist of 1,000 faces"


FINDING = Finding(
    anchor="finding-1",
    finding_id="fpir-ethnicity",
    metric="FPIR",
    threshold=0.6,
    watchlist_size=1_000,
    factor="ethnicity",
    group_a="black",
    group_b="white",
    rate_a=0.04,
    rate_b=0.01,
    ratio=4.0,
    ratio_lower=1.6041,
    ratio_upper=10.01,
    test="interval",
    p_value=0.001,
    p_adjusted=0.01,
    adjustment="Holm over 3 tests",
    margin=1.5,
    p_equivalence=0.9,
    verdict="different",
    primary=True,
    statement="A sentence.",
)


WITHHELD = "the numbers are withheld, because small counts could be worked out from them"


def told(
    report: Report, *findings: Finding, operating: float | None = 0.6, none: bool = False
) -> tuple[str, ...]:
    return brief_of(report, *findings, operating=operating, none=none).answer


def brief_of(
    report: Report, *findings: Finding, operating: float | None = 0.6, none: bool = False
) -> Brief:
    rates = [
        dataclasses.replace(
            rate(metric, 0.6, 1_000, group),
            factor="ethnicity",
            subjects_with_event=people,
            events=events,
            rate=events / 1_000,
        )
        for metric in ("FPIR", "FNIR")
        for group, people, events in (
            ("black", 32, 40), ("white", 0 if none else 3, 0 if none else 10), ("east_asian", 1, 1)
        )
    ]  # fmt: skip
    thresholds = report.record.thresholds.model_copy(update={"operating": operating})
    record = report.record.model_copy(update={"thresholds": thresholds})
    return to_brief(
        dataclasses.replace(report, record=record, quotes=(quote(rates),), compared=findings)
    )


def of(verdict: str, a: str = "black", **values: object) -> Finding:
    return dataclasses.replace(FINDING, verdict=verdict, group_a=a, **values)
