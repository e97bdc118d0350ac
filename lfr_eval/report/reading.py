"""Stage report: a study folder in, everything that a report shows out.

Reads `study.json`, `provenance.json` and the tables. Only cohort, rates and findings must exist: a
study of a vendor's scores has no more. Subject and image ids end here.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from lfr_eval.contract import tables
from lfr_eval.contract.decisions import ledger_path
from lfr_eval.contract.folder import PROVENANCE, footer, read_columns
from lfr_eval.contract.record import StudyRecord, StudyRecordError
from lfr_eval.contract.record import read_record as read_study_record
from lfr_eval.contract.tables import CROSS, OVERALL
from lfr_eval.contract.tables.schema import TEXT
from lfr_eval.contract.thresholds import same_threshold
from lfr_eval.report.adjusted import to_adjustment
from lfr_eval.report.approvals import read_decisions
from lfr_eval.report.crossed import to_grids
from lfr_eval.report.equity import to_measures
from lfr_eval.report.explorer import to_explorer
from lfr_eval.report.field import to_field
from lfr_eval.report.findings import VERDICTS, Finding, to_findings, to_tests
from lfr_eval.report.model import Report
from lfr_eval.report.modelled import to_tails
from lfr_eval.report.panel.maps import shipped_maps, to_map
from lfr_eval.report.people import COUNTED, LabelSource, People, count_people, read_counts
from lfr_eval.report.provenance import read_provenance, recorded
from lfr_eval.report.rates import (
    Quote,
    Rate,
    at_threshold,
    in_order,
    leading_side,
    quote,
    single_factors,
    tabulate,
    to_rows,
)
from lfr_eval.report.scores import to_score_words
from lfr_eval.report.truth import compare_with_truth
from lfr_eval.report.watchlists import to_growth
from lfr_eval.report.withheld import read_publication
from lfr_eval.report.words import NOT_STATED, clean, printable

EXPLORATORY_ROWS = 1_000
"""Exploratory findings printed at most: a page of megabytes serves nobody. The table has all."""


def read_record(study: Path) -> StudyRecord:
    """Read `study.json`, its texts made printable."""
    return StudyRecord.model_validate(printable(read_study_record(study).model_dump()))


def read_report(study: Path, ledger: Path | None = None) -> Report:
    """Read a study folder; `ledger` is `approvals.jsonl` beside it by default.

    Raises
    ------
    StudyRecordError, FolderError, TableError
        If `study.json` or a table that every report needs is missing or incomplete, if a table
        lacks a column (an earlier version made the study), or if it has other ones or types.
    """
    record = read_record(study)
    plan, screen = record.thresholds.tabulated, record.thresholds.headline

    def optional(table: tables.Table, columns: list[str] | None = None) -> pd.DataFrame | None:
        return _optional(study, table, columns)

    def at_headline(table: tables.Table) -> pd.DataFrame | None:
        return _at_headline(optional(table), record)

    rates = in_order(_required(study, tables.RATES))
    at_plan = to_rows(at_threshold(rates, plan))
    # A rate among the first candidates is another rate: the tables alone show it, marked.
    rates = rates[rates["rank"].isna()]
    within = [rate for rate in at_plan if not rate.is_crossed]
    one_per_group = leading_side(rates)
    swept = one_per_group[one_per_group["threshold"].notna()]
    quotes = _quotes(swept, record)
    all_findings = _required(study, tables.FINDINGS)
    publication = read_publication(study)
    findings = to_findings(at_threshold(all_findings, plan), publication)
    order = {verdict.name: place for place, verdict in enumerate(VERDICTS)}
    primary = [each for each in findings if each.primary]
    primary.sort(key=lambda each: order.get(each.verdict, len(order)))
    exploratory = [each for each in findings if not each.primary]
    provenance, run = read_provenance(study, record), recorded(study)
    decisions = read_decisions(
        ledger or ledger_path(study.resolve().parent, None), provenance.study_hash
    )
    corrected = optional(tables.CORRECTIONS, ["trials"])
    truth = compare_with_truth([r for r in within if r.rank is None], optional(tables.TRUTH))
    return Report(
        record=record,
        provenance=provenance,
        decisions=decisions,
        people=_people(study, record, publication.unknown if publication else ""),
        labels=_label_sources(record),
        compared=tuple(each for each in primary if _is_headline(each, record)),
        quotes=quotes,
        groups=_at_setting(swept, quotes[0]) if quotes else None,
        ranks=tuple(
            rate
            for rate in within
            if rate.metric == "TPIR" and rate.rank and rate.threshold is None
            if rate.factor == OVERALL
        ),
        rate_tables=tabulate(within),
        grids=to_grids([r for r in at_plan if r.rank is None and _is_headline(r, record)]),
        findings=(*primary, *exploratory[:EXPLORATORY_ROWS]),
        left_out=max(0, len(exploratory) - EXPLORATORY_ROWS),
        measures=to_measures(
            at_headline(tables.EQUITY), to_rows(at_threshold(one_per_group, plan))
        ),
        tests=to_tests(at_headline(tables.PERSON_TESTS)),
        field=to_field(optional(tables.FIELD), optional(tables.DEPLOYMENTS), rates),
        tails=to_tails(
            optional(tables.MODELLED),
            optional(tables.MODELLED_SEARCHES),
            one_per_group,
            truth,
            plan,
        ),
        growth=to_growth(optional(tables.WATCHLIST_SIZES), screen, record.design.watchlist_sizes),
        truth=truth,
        candidate_lists=at_headline(tables.CANDIDATE_LISTS),
        dont_care=optional(tables.DONT_CARE),
        not_compared=0 if corrected is None else -int(corrected["trials"].clip(upper=0).sum()),
        histogram=optional(tables.HISTOGRAM),
        group_scores=optional(tables.GROUP_SCORES),
        scores=to_score_words(optional(tables.SCORE_DIFFERENCES), optional(tables.SCORE_SUMMARY)),
        adjustment=to_adjustment(optional(tables.ADJUSTED), quotes[0] if quotes else None),
        explorer=to_explorer(
            swept[swept["metric"] != "misidentification"],
            all_findings,
            record,
            [(each.threshold, each.label) for each in decisions.approved],
        ),
        publication=publication,
        borderline=at_headline(tables.BORDERLINE),
        tables=_tables(study, optional(tables.ALERT_TIMES)),
        # Maps of one's own were given with the study: its provenance holds them.
        maps=(
            *shipped_maps(),
            *(to_map(each, PROVENANCE) for each in (run.evidence_maps if run else ())),
        ),
    )


def _people(study: Path, record: StudyRecord, unknown: str) -> People:
    """Count the people of a study; a publication names none and holds their counts."""
    counts = _optional(study, tables.PEOPLE)
    if counts is not None:
        return read_counts(counts, unknown)
    file, mated = study / tables.COHORT.file, study / tables.MATED.file
    if not file.exists():
        raise StudyRecordError(f"{file.name} is missing from the study folder.")
    if not footer(file).num_rows:
        raise StudyRecordError(f"{file.name} holds no people. Run the study again.")
    labels = {part for factor in record.factors for part in factor.split(CROSS)}
    named = footer(file).schema.to_arrow_schema().names
    return count_people(
        read_columns(study, tables.COHORT, [*COUNTED, *(name for name in named if name in labels)]),
        _optional(study, tables.ACQUISITION, ["image_id", "acquired", "reason"]),
        footer(mated).num_rows if mated.exists() else None,
        record.factors,
        record.conditions,
    )


def _tables(study: Path, times: pd.DataFrame | None) -> frozenset[str]:
    """Return the names of the tables that say something; times may not have been recorded."""
    silent = {tables.ALERT_TIMES.name} if times is not None and not times["timed"].any() else set()
    filled = (path.stem for path in study.glob("*.parquet") if footer(path).num_rows)
    return frozenset(filled) - silent


def _required(study: Path, table: tables.Table) -> pd.DataFrame:
    frame = _optional(study, table)
    if frame is None:
        raise StudyRecordError(f"{table.name}.parquet is missing from the study folder.")
    return frame


def _optional(
    study: Path, table: tables.Table, columns: list[str] | None = None
) -> pd.DataFrame | None:
    """Read a table, its labels made printable; None where the study has no such table."""
    if not (study / table.file).exists():
        return None
    if columns is not None:
        return read_columns(study, table, columns)
    frame = table.conform(read_columns(study, table))
    if table.extra_columns:
        return frame
    for column in (each.name for each in table.columns if each.dtype == TEXT):
        texts = frame[column].dropna().unique().tolist()
        odd = {text: line for text in texts if (line := clean(text)) != text}
        if odd:
            frame[column] = frame[column].astype(object).replace(odd).astype("string")
    return frame


def _is_headline(row: Finding | Rate, record: StudyRecord) -> bool:
    at = row.threshold
    return at is None or any(same_threshold(at, one) for one in record.thresholds.headline)


def _at_headline(frame: pd.DataFrame | None, record: StudyRecord) -> pd.DataFrame | None:
    """Return the rows at the thresholds of the first screen, or else at those of the plan."""
    if frame is None:
        return None
    chosen = at_threshold(frame, record.thresholds.headline)
    return (
        chosen
        if chosen["threshold"].notna().any()
        else at_threshold(frame, record.thresholds.tabulated)
    )


def _at_setting(rates: pd.DataFrame, first: Quote) -> Quote:
    """Return the brief's setting with the groups of crossed factors too."""
    codes = [first.wrong.code, first.right.code, *(["TPIR"] if first.watchlist_size else [])]
    frame = at_threshold(rates[rates["metric"].isin(codes)], [first.threshold])
    of = frame["watchlist_size"].fillna(0) == (first.watchlist_size or 0)
    return quote(to_rows(frame[of.to_numpy(bool)]), first.ranks)


def _quotes(rates: pd.DataFrame, record: StudyRecord) -> tuple[Quote, ...]:
    """Quote false alerts beside recognition at every headline threshold and watchlist size."""
    quotes: list[Quote] = []
    for threshold in record.thresholds.headline:
        # Intersections have many groups and their own tables; the first screen stays readable.
        frame = single_factors(at_threshold(rates, [threshold]))
        identification = frame[frame["metric"].isin(["FPIR", "TPIR", "FNIR"])]
        sizes = sorted(identification["watchlist_size"].dropna().unique(), reverse=True)
        parts = [identification[identification["watchlist_size"] == size] for size in sizes]
        for part in (*parts, frame[frame["metric"].isin(["FMR", "FNMR"])]):
            if len(part):
                quotes.append(quote(to_rows(part), record.matcher.ranks))
    return tuple(quotes)


def _label_sources(record: StudyRecord) -> tuple[LabelSource, ...]:
    """Return who labelled people under test: labels of fillers alone tell nothing about them."""
    parts = [part for factor in record.factors for part in factor.split(CROSS)]
    factors = dict.fromkeys(one for one in parts if one not in (OVERALL, *record.conditions))
    return tuple(
        LabelSource(
            *(factor, dataset.title, dataset.label_source.get(factor, NOT_STATED)),
            dataset.label_scheme.get(factor, NOT_STATED),
        )
        for factor in factors
        for dataset in record.datasets
        if dataset.tested
    )
