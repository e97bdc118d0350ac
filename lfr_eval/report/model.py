"""Stage report: everything that a report shows, as frozen rows; page, papers and charts use it.

Nothing is computed here, and subject and image ids are no part of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from lfr_eval.contract.record import StudyRecord
from lfr_eval.contract.tables import CROSS
from lfr_eval.contract.words import several
from lfr_eval.report.adjusted import Adjustment
from lfr_eval.report.approvals import Decisions
from lfr_eval.report.crossed import Grid
from lfr_eval.report.equity import MeasureTable
from lfr_eval.report.explorer import Explorer
from lfr_eval.report.field import Field
from lfr_eval.report.findings import Finding, TestTable
from lfr_eval.report.instruments import EvidenceMap
from lfr_eval.report.letters import stand_ins
from lfr_eval.report.modelled import Tail
from lfr_eval.report.people import LabelSource, People
from lfr_eval.report.provenance import Provenance
from lfr_eval.report.rates import Quote, Rate, RateTable
from lfr_eval.report.scores import ScoreWords
from lfr_eval.report.truth import TruthCheck
from lfr_eval.report.watchlists import Growth
from lfr_eval.report.withheld import Publication


@dataclass(frozen=True)
class Report:
    """Everything that the page shows; None stands for what the study has no table of.

    Of rates, `quotes` are both kinds of error side by side, one per threshold of the answer and
    watchlist, the brief's first; `groups` is the first with the groups of crossed factors too. The
    `rate_tables` are at the thresholds of the plan, the `grids` at those of the answer. `ranks` say
    how often everybody's mate was among the first candidates, whatever its score.

    Of findings, `compared` are the primary ones of the answer, and `findings` all at the thresholds
    of the plan, primary ones first, but the last `left_out` of the exploratory ones.

    `borderline` counts scores near to the thresholds of the answer, `explorer` follows the slider,
    `publication` says what is withheld, and `maps` are the evidence maps to fill.
    """

    record: StudyRecord
    provenance: Provenance
    decisions: Decisions
    people: People
    labels: tuple[LabelSource, ...]
    compared: tuple[Finding, ...]
    quotes: tuple[Quote, ...]
    groups: Quote | None
    ranks: tuple[Rate, ...]
    rate_tables: tuple[RateTable, ...]
    grids: tuple[Grid, ...]
    findings: tuple[Finding, ...]
    left_out: int
    measures: tuple[MeasureTable, ...] | None
    tests: tuple[TestTable, ...] | None
    field: Field | None
    tails: tuple[Tail, ...] | None
    growth: Growth | None
    truth: TruthCheck | None
    candidate_lists: pd.DataFrame | None
    dont_care: pd.DataFrame | None
    not_compared: int
    histogram: pd.DataFrame | None
    group_scores: pd.DataFrame | None
    scores: ScoreWords | None
    adjustment: Adjustment | None
    explorer: Explorer | None
    borderline: pd.DataFrame | None
    publication: Publication | None
    tables: frozenset[str]
    maps: tuple[EvidenceMap, ...]

    @property
    def quote(self) -> Quote | None:
        """The setting of the brief."""
        return self.quotes[0] if self.quotes else None

    @property
    def unit(self) -> str:
        """What the study counts as independent: people, pairs that nobody named, or passes."""
        unit = self.record.matcher.unit
        return self.people.unit if unit == "people" else unit

    def counted(self, number: int) -> str:
        """Return a number of what the study counts: "1 person", "1,200 pairs"."""
        one = {"people": "person", "pairs": "pair", "passes": "pass"}[self.unit]
        return several(number, one, self.unit)

    @property
    def stand_ins(self) -> dict[str, str]:
        """What is printed for groups and factors whose letters no font has."""
        groups, factors = (
            [part for each in self.people.groups for part in getattr(each, name).split(CROSS)]
            for name in ("group", "factor")
        )
        return stand_ins(groups) | stand_ins(factors, "factor")
