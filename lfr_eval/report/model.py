"""Stage report: everything that a report shows, as frozen rows; page, PDF and charts use it.

Nothing is computed here, and subject and image ids are no part of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from lfr_eval.report.approvals import Decisions
from lfr_eval.report.asides import Aside
from lfr_eval.report.crossed import Grid
from lfr_eval.report.equity import MeasureTable
from lfr_eval.report.evidence import Evidence
from lfr_eval.report.explorer import Explorer
from lfr_eval.report.field import Field
from lfr_eval.report.findings import Finding, FindingBlock
from lfr_eval.report.modelled import Tail
from lfr_eval.report.people import LabelSource, People
from lfr_eval.report.provenance import Provenance
from lfr_eval.report.published import TestTable
from lfr_eval.report.rates import (
    Quote,
    RateTable,
)
from lfr_eval.report.record import StudyRecord
from lfr_eval.report.storage import ScoreShift
from lfr_eval.report.truth import TruthCheck
from lfr_eval.report.watchlists import Growth
from lfr_eval.report.withheld import Publication


@dataclass(frozen=True)
class Report:
    """Everything that the page shows.

    Attributes
    ----------
    headline
        What the planned comparisons show together, in plain sentences.
    verdicts
        Primary findings at the thresholds of the first screen, and those without a threshold.
    answers
        Of those, the ones that the first screen prints group by group.
    quotes
        False alerts beside recognition, one a headline threshold and watchlist size.
    rate_tables
        Rates at the thresholds of the plan.
    crossed_tables
        Rates across groups, at the thresholds of the first screen: there are very many.
    grids
        The same, with the rates within groups, as grids of groups.
    primary, exploratory
        All findings at the thresholds of the plan.
    exploratory_left_out
        Exploratory findings that the page does not print.
    measures, tests
        Summary measures, and tests as in published studies, at the thresholds of the first
        screen or, without rows there, of the plan; None where the study has no such table.
    field
        What deployments have shown; None where no record of one joined the study.
    tails
        Modelled rates of false matches, and of false alerts by watchlist size; None where the
        study has no such table.
    growth
        False alerts by watchlist size; None where the study has no such table, or an empty one.
    asides
        What searches say beside rates.
    curves
        Table `rates` at every threshold, one row a group, for the charts.
    decisions
        What was decided on the evidence of this study.
    histogram, truth
        None where the study has none.
    explorer
        The sweep for the threshold slider; None where no rate depends on a threshold.
    evidence
        What stands behind a rate.
    publication
        What is withheld; None in a report on the full study.
    shift
        How far scores may be off at the thresholds of the first screen; None where they are not.
    """

    record: StudyRecord
    provenance: Provenance
    decisions: Decisions
    people: People
    labels: tuple[LabelSource, ...]
    headline: tuple[str, ...]
    verdicts: tuple[FindingBlock, ...]
    answers: tuple[FindingBlock, ...]
    quotes: tuple[Quote, ...]
    rate_tables: tuple[RateTable, ...]
    crossed_tables: tuple[RateTable, ...]
    grids: tuple[Grid, ...]
    primary: tuple[FindingBlock, ...]
    exploratory: tuple[FindingBlock, ...]
    exploratory_left_out: int
    measures: tuple[MeasureTable, ...] | None
    tests: tuple[TestTable, ...] | None
    field: Field | None
    tails: tuple[Tail, ...] | None
    growth: Growth | None
    truth: TruthCheck | None
    asides: tuple[Aside, ...]
    curves: pd.DataFrame
    histogram: pd.DataFrame | None
    explorer: Explorer | None
    evidence: Evidence
    shift: ScoreShift | None
    publication: Publication | None

    @property
    def differences(self) -> tuple[Finding, ...]:
        """Findings of the first screen that show a difference."""
        return tuple(finding for block in self.verdicts for finding in block.different)

    @property
    def further_differences(self) -> tuple[Finding, ...]:
        """Those of them that the answers group by group do not hold."""
        told = {finding.anchor for block in self.answers for finding in block.findings}
        return tuple(finding for finding in self.differences if finding.anchor not in told)
