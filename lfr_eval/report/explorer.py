"""Stage report: the threshold slider's section (tables `rates`, `findings` in, rows and data out).

What it shows without JavaScript is one setting; the script moves it along the sweep.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lfr_eval.contract.thresholds import same_threshold
from lfr_eval.contract.words import spoken_threshold
from lfr_eval.report.crowd import SIZE, Crowd, expected_alerts, shares_of_study
from lfr_eval.report.findings import Finding
from lfr_eval.report.rates import Quote, at_threshold, quote, to_rows
from lfr_eval.report.record import StudyRecord
from lfr_eval.report.sweep import (
    Approved,
    plain_factors,
    rate_data,
    sweep_thresholds,
    verdict_data,
)


@dataclass(frozen=True)
class Mark:
    """A threshold marked on the slider: its place in the sweep, from 0, and why it is marked."""

    place: int
    threshold: float
    kind: str
    label: str


@dataclass(frozen=True)
class Explorer:
    """The section at the place where it starts.

    Attributes
    ----------
    thresholds
        Of the sweep, ascending.
    start
        Place of the threshold shown first: the operating one, else one of the plan.
    sizes
        Watchlist sizes, the largest first; empty in a study of comparisons one to one.
    factors
        Single factors, then intersections.
    shown
        Rates of the first factor at the start and the largest watchlist.
    crowd
        False alerts to expect; None without a watchlist.
    verdicts
        Registered findings of the same setting.
    data
        What the script reads.
    """

    thresholds: tuple[float, ...]
    start: int
    sizes: tuple[int, ...]
    factors: tuple[str, ...]
    marks: tuple[Mark, ...]
    shown: Quote
    crowd: Crowd | None
    verdicts: tuple[Finding, ...]
    data: dict[str, Any]

    @property
    def threshold(self) -> float:
        """The threshold shown first."""
        return self.thresholds[self.start]

    @property
    def size(self) -> int | None:
        """The watchlist size shown first."""
        return self.sizes[0] if self.sizes else None


def to_explorer(
    rates: pd.DataFrame,
    findings: pd.DataFrame,
    listed: Sequence[Finding],
    record: StudyRecord,
    approved: Sequence[Approved],
) -> Explorer | None:
    """Return the section; None where no rate depends on a threshold.

    Parameters
    ----------
    rates
        Table `rates`, one row a metric, watchlist size, threshold and group.
    findings
        Table `findings`.
    listed
        Its findings at the thresholds of the plan.
    approved
        Thresholds to mark beside the operating one.
    """
    rates = rates[rates["threshold"].notna()]
    keep = (*record.thresholds.tabulated, *(each.threshold for each in approved))
    thresholds = sweep_thresholds(rates, keep)
    if not thresholds:
        return None
    marks = _marks(thresholds, record.thresholds.operating, approved)
    start = marks[0].place if marks else _first_of_plan(thresholds, record.thresholds.primary)
    identification = rates[rates["metric"].isin(["FPIR", "TPIR", "FNIR"])]
    sizes = tuple(sorted(int(size) for size in identification["watchlist_size"].dropna().unique()))[
        ::-1
    ]
    if not sizes and not rates["metric"].isin(["FMR", "FNMR"]).any():
        return None
    shown_rates = identification if sizes else rates[rates["metric"].isin(["FMR", "FNMR"])]
    factors = plain_factors([str(name) for name in shown_rates["factor"]])
    chosen = at_threshold(shown_rates, [thresholds[start]])
    if sizes:
        chosen = chosen[(chosen["watchlist_size"] == sizes[0]).fillna(False).to_numpy(bool)]
    chosen = chosen[(chosen["factor"] == factors[0]).to_numpy(bool)]
    if chosen.empty:
        return None
    shown = quote(to_rows(chosen))
    wrong = [row.wrong for row in shown.rows if row.wrong is not None]
    crowd = None
    # A crowd without its withheld groups would look safer than it is.
    if sizes and len(wrong) == len(shown.rows) and all(rate.upper is not None for rate in wrong):
        crowd = expected_alerts(SIZE, shares_of_study(wrong), wrong)
    methods: list[str] = []
    size = sizes[0] if sizes else None
    return Explorer(
        thresholds=thresholds,
        start=start,
        sizes=sizes,
        factors=factors,
        marks=marks,
        shown=shown,
        crowd=crowd,
        verdicts=tuple(
            each
            for each in listed
            if each.primary
            and each.watchlist_size == size
            and each.factor == factors[0]
            and each.threshold is not None
            and same_threshold(each.threshold, thresholds[start])
        ),
        data={
            "study": record.study,
            "level": record.inference.level,
            "thresholds": [float(f"{value:.9g}") for value in thresholds],
            "start": start,
            "crowd": SIZE,
            "rates": rate_data(rates, thresholds, methods),
            "verdicts": verdict_data(findings, thresholds),
            "methods": methods,
        },
    )


def _marks(
    thresholds: Sequence[float], operating: float | None, approved: Sequence[Approved]
) -> tuple[Mark, ...]:
    named = [] if operating is None else [(operating, "operating", "operating threshold")]
    named += [(each.threshold, "approved", f"approved: {each.label}") for each in approved]
    marks = []
    for value, kind, label in named:
        for place, threshold in enumerate(thresholds):
            if same_threshold(threshold, value):
                marks.append(Mark(place, threshold, kind, f"{label} {spoken_threshold(value)}"))
    return tuple(marks)


def _first_of_plan(thresholds: Sequence[float], primary: Sequence[float]) -> int:
    for value in primary:
        for place, threshold in enumerate(thresholds):
            if same_threshold(threshold, value):
                return place
    return len(thresholds) // 2
