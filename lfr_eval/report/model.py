"""Stage report: a study folder in, everything that the page shows out.

Reads `study.json`, `provenance.json` and the tables `cohort`, `acquisition`, `searches`, `mated`,
`histogram`, `truth`, `rates`, `findings`, `equity`, `modelled`, `modelled_searches`,
`watchlist_sizes`, `person_tests`, `field`, `deployments`. Only cohort, rates and findings must
exist: a study of a vendor's scores has no more. Subject and image ids end here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from lfr_eval import tables
from lfr_eval.decisions import ledger_path
from lfr_eval.report.approvals import Decisions, read_decisions
from lfr_eval.report.asides import Aside, asides_of
from lfr_eval.report.crossed import Grid, to_grids
from lfr_eval.report.equity import MeasureTable, to_measures
from lfr_eval.report.evidence import Evidence, collect_evidence
from lfr_eval.report.explorer import Explorer, to_explorer
from lfr_eval.report.field import Field, to_field
from lfr_eval.report.findings import Finding, FindingBlock, headline, into_blocks, to_findings
from lfr_eval.report.modelled import Tail, to_tails
from lfr_eval.report.people import LabelSource, People, count_people, read_counts
from lfr_eval.report.provenance import Provenance, read_provenance
from lfr_eval.report.published import TestTable, to_tests
from lfr_eval.report.rates import (
    Quote,
    Rate,
    RateTable,
    at_threshold,
    in_order,
    leading_side,
    quote,
    tabulate,
    to_rows,
)
from lfr_eval.report.record import StudyRecord, StudyRecordError, read_record
from lfr_eval.report.storage import ScoreShift, to_shift
from lfr_eval.report.truth import TruthCheck, compare_with_truth
from lfr_eval.report.watchlists import Growth, to_growth
from lfr_eval.report.withheld import Publication, read_publication
from lfr_eval.report.words import NOT_STATED, clean
from lfr_eval.tables import CROSS, OVERALL
from lfr_eval.tables.schema import TEXT

EXPLORATORY_ROWS = 1_000
"""Exploratory findings printed at most: a page of megabytes serves nobody. The table has all."""


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


def read_report(study: Path, ledger: Path | None = None) -> Report:
    """Read a study folder.

    Parameters
    ----------
    ledger
        Where decisions are recorded; `approvals.jsonl` beside the folder by default.

    Raises
    ------
    StudyRecordError
        If `study.json` or a table that every report needs is missing or incomplete.
    lfr_eval.tables.TableError
        If a table does not have its documented columns.
    """
    record = read_record(study)
    rates = in_order(_required(study, tables.RATES))
    at_plan = to_rows(at_threshold(rates, record.thresholds.tabulated))
    # A rate among the first candidates is another rate: the tables alone show it, marked.
    rates = rates[rates["rank"].isna()]
    at_any_rank = [rate for rate in at_plan if rate.rank is None]
    all_findings = _required(study, tables.FINDINGS)
    findings = to_findings(at_threshold(all_findings, record.thresholds.tabulated), at_any_rank)
    within = [rate for rate in at_plan if not rate.is_crossed]
    primary = tuple(each for each in findings if each.primary)
    exploratory = tuple(each for each in findings if not each.primary)
    lead = tuple(each for each in primary if _is_headline(each, record))
    truth = _optional(study, tables.TRUTH)
    mated = _optional(study, tables.MATED, ["score"])
    one_a_group = leading_sides(rates)
    equity, tests = (
        _at_headline(_optional(study, table), record)
        for table in (tables.EQUITY, tables.PERSON_TESTS)
    )
    modelled = _optional(study, tables.MODELLED)
    searches = _optional(study, tables.MODELLED_SEARCHES)
    sizes = _optional(study, tables.WATCHLIST_SIZES)
    provenance = read_provenance(study, record)
    decisions = read_decisions(
        ledger or ledger_path(study.resolve().parent, None), provenance.study_hash
    )
    return Report(
        record=record,
        provenance=provenance,
        decisions=decisions,
        people=_people(study, record, None if mated is None else len(mated)),
        labels=_label_sources(record),
        headline=headline(lead),
        verdicts=into_blocks(lead),
        answers=_answers(lead),
        quotes=_quotes(rates, record),
        rate_tables=tabulate(within),
        crossed_tables=tabulate(
            [rate for rate in at_plan if rate.is_crossed and _is_headline(rate, record)]
        ),
        grids=to_grids([rate for rate in at_any_rank if _is_headline(rate, record)]),
        primary=into_blocks(primary),
        exploratory=into_blocks(exploratory[:EXPLORATORY_ROWS]),
        exploratory_left_out=max(0, len(exploratory) - EXPLORATORY_ROWS),
        measures=None
        if equity is None
        else to_measures(equity, to_rows(at_threshold(one_a_group, record.thresholds.tabulated))),
        tests=None if tests is None else to_tests(tests),
        field=_field(study, rates),
        tails=None
        if modelled is None
        else to_tails(
            [modelled, *(() if searches is None else (searches,))],
            one_a_group,
            truth,
            record.thresholds.tabulated,
        ),
        growth=None
        if sizes is None
        else to_growth(sizes, record.thresholds.headline, record.design.watchlist_sizes),
        truth=None
        if truth is None or truth.empty
        else compare_with_truth([rate for rate in within if rate.rank is None], truth),
        asides=asides_of(
            _at_headline(_optional(study, tables.ALERT_TIMES), record),
            _at_headline(_optional(study, tables.CANDIDATE_LISTS), record),
            _optional(study, tables.DONT_CARE),
            _optional(study, tables.CORRECTIONS),
        ),
        curves=one_a_group[
            one_a_group["threshold"].notna() & (one_a_group["metric"] != "misidentification")
        ],
        histogram=_optional(study, tables.HISTOGRAM),
        explorer=to_explorer(one_a_group, all_findings, findings, record, decisions.approved),
        evidence=collect_evidence(findings),
        publication=read_publication(study),
        shift=to_shift(_at_headline(_optional(study, tables.BORDERLINE), record)),
    )


def leading_sides(rates: pd.DataFrame) -> pd.DataFrame:
    """Return one row a metric, watchlist size, threshold and group: see `leading_side`."""
    parts = [leading_side(part) for _, part in rates.groupby("metric", sort=False)]
    return pd.concat(parts) if parts else rates


def _people(study: Path, record: StudyRecord, mated_comparisons: int | None) -> People:
    """Count the people of a study; a publication names none and holds their counts."""
    counts = _optional(study, tables.PEOPLE)
    if counts is not None:
        return read_counts(counts)
    return count_people(
        _required(study, tables.COHORT),
        _optional(study, tables.ACQUISITION),
        _optional(study, tables.SEARCHES, ["watchlist_size", "acquired", "mated_score"]),
        mated_comparisons,
        record.factors,
        record.conditions,
    )


def _required(study: Path, table: tables.Table) -> pd.DataFrame:
    frame = _optional(study, table)
    if frame is None:
        raise StudyRecordError(f"{table.name}.parquet is missing from the study folder.")
    return frame


def _optional(
    study: Path, table: tables.Table, columns: list[str] | None = None
) -> pd.DataFrame | None:
    """Read a table, its labels made printable; None where the study has no such table."""
    file = study / f"{table.name}.parquet"
    if not file.exists():
        return None
    if columns is not None:
        return pd.read_parquet(file, columns=columns)
    frame = table.conform(pd.read_parquet(file))
    if table.extra_columns:
        return frame
    for column in table.columns:
        if column.dtype == TEXT:
            values = frame[column.name]
            frame[column.name] = values.map(
                {value: clean(value) for value in values.dropna().unique()}
            ).astype("string")
    return frame


def _field(study: Path, rates: pd.DataFrame) -> Field | None:
    field, deployments = (_optional(study, table) for table in (tables.FIELD, tables.DEPLOYMENTS))
    if field is None or deployments is None:
        return None
    return to_field(field, deployments, rates)


def _is_headline(row: Finding | Rate, record: StudyRecord) -> bool:
    return row.threshold is None or any(
        abs(row.threshold - threshold) <= 1e-9 for threshold in record.thresholds.headline
    )


def _at_headline(frame: pd.DataFrame | None, record: StudyRecord) -> pd.DataFrame | None:
    """Return the rows at the thresholds of the first screen, or else at those of the plan."""
    if frame is None:
        return None
    chosen = at_threshold(frame, record.thresholds.headline)
    if not chosen["threshold"].notna().any():
        return at_threshold(frame, record.thresholds.tabulated)
    return chosen


def _answers(lead: Sequence[Finding]) -> tuple[FindingBlock, ...]:
    """Return the comparisons of single groups, of the two questions that a panel asks first.

    False alerts at the largest watchlist and people missed there, else wrong and missed matches.
    """
    pairs = [each for each in lead if not each.is_omnibus and CROSS not in each.factor]
    pairs = pairs or [each for each in lead if not each.is_omnibus]
    blocks = into_blocks(pairs)
    chosen: dict[str, FindingBlock] = {}
    for codes in (("FPIR",), ("FNIR", "TPIR")), (("FMR",), ("FNMR",)):
        for question in codes:
            for block in blocks:
                if block.metric.code in question:
                    chosen.setdefault(question[0], block)
        if chosen:
            break
    return tuple(chosen.values())


def _quotes(rates: pd.DataFrame, record: StudyRecord) -> tuple[Quote, ...]:
    """Quote false alerts beside recognition at every headline threshold and watchlist size."""
    quotes: list[Quote] = []
    for threshold in record.thresholds.headline:
        frame = at_threshold(rates[rates["threshold"].notna()], [threshold])
        # Intersections have many groups and their own tables; the first screen stays readable.
        frame = frame[~frame["factor"].str.contains(CROSS, regex=False).to_numpy(bool)]
        identification = frame[frame["metric"].isin(["FPIR", "TPIR", "FNIR"])]
        sizes = sorted(identification["watchlist_size"].dropna().unique(), reverse=True)
        parts = [identification[identification["watchlist_size"] == size] for size in sizes]
        verification = frame[frame["metric"].isin(["FMR", "FNMR"])]
        for part in (*parts, verification):
            rows: tuple[Rate, ...] = to_rows(leading_sides(part)) if len(part) else ()
            if rows:
                quotes.append(quote(rows))
    return tuple(quotes)


def _label_sources(record: StudyRecord) -> tuple[LabelSource, ...]:
    factors = dict.fromkeys(
        part
        for factor in record.factors
        if factor != OVERALL
        for part in factor.split(CROSS)
        if part not in record.conditions
    )
    return tuple(
        LabelSource(
            factor,
            dataset.title,
            dataset.label_source.get(factor, NOT_STATED),
            dataset.label_scheme.get(factor, NOT_STATED),
        )
        for factor in factors
        for dataset in record.datasets
    )
