"""Stage report: a study folder in, everything that a report shows out.

Reads `study.json`, `provenance.json` and the tables `cohort`, `acquisition`, `mated`,
`histogram`, `truth`, `rates`, `findings`, `equity`, `modelled`, `modelled_searches`,
`watchlist_sizes`, `person_tests`, `adjusted`, `field`, `deployments`. Only cohort, rates and
findings must exist: a study of a vendor's scores has no more. Subject and image ids end here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from lfr_eval.contract import tables
from lfr_eval.contract.decisions import ledger_path
from lfr_eval.contract.folder import PROVENANCE, footer, read_columns
from lfr_eval.contract.record import StudyRecord, StudyRecordError
from lfr_eval.contract.tables import CROSS, OVERALL
from lfr_eval.contract.tables.schema import TEXT
from lfr_eval.contract.thresholds import same_threshold
from lfr_eval.report.adjusted import to_adjustment
from lfr_eval.report.approvals import read_decisions
from lfr_eval.report.asides import asides_of
from lfr_eval.report.crossed import to_grids
from lfr_eval.report.equity import to_measures
from lfr_eval.report.explorer import to_explorer
from lfr_eval.report.field import to_field
from lfr_eval.report.findings import VERDICTS, Finding, to_findings, to_tests
from lfr_eval.report.instruments import EvidenceMap
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
    tabulate,
    to_rows,
)
from lfr_eval.report.record import read_record
from lfr_eval.report.scores import to_score_words
from lfr_eval.report.truth import compare_with_truth
from lfr_eval.report.watchlists import to_growth
from lfr_eval.report.withheld import read_publication
from lfr_eval.report.words import NOT_STATED, clean

EXPLORATORY_ROWS = 1_000
"""Exploratory findings printed at most: a page of megabytes serves nobody. The table has all."""


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
    lfr_eval.contract.folder.FolderError
        If a table lacks a column: the study was made by an earlier version.
    lfr_eval.contract.tables.TableError
        If a table has a column too many, or values of another type.
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
    one_per_group = leading_sides(rates)
    quotes = _quotes(one_per_group, record)
    all_findings = _required(study, tables.FINDINGS)
    publication = read_publication(study)
    primary, exploratory = _by_standing(to_findings(at_threshold(all_findings, plan), publication))
    provenance = read_provenance(study, record)
    kept = ledger or ledger_path(study.resolve().parent, None)
    decisions = read_decisions(kept, provenance.study_hash)
    truth, times = optional(tables.TRUTH), optional(tables.ALERT_TIMES)
    return Report(
        record=record,
        provenance=provenance,
        decisions=decisions,
        people=_people(study, record, publication.unknown if publication else ""),
        labels=_label_sources(record),
        compared=tuple(each for each in primary if _is_headline(each, record)),
        quotes=quotes,
        groups=_groups(one_per_group, quotes, record.matcher.ranks),
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
        truth=compare_with_truth([rate for rate in within if rate.rank is None], truth),
        asides=asides_of(
            at_headline(tables.CANDIDATE_LISTS),
            optional(tables.DONT_CARE),
            optional(tables.CORRECTIONS, ["trials"]),
        ),
        histogram=optional(tables.HISTOGRAM),
        group_scores=optional(tables.GROUP_SCORES),
        scores=to_score_words(optional(tables.SCORE_DIFFERENCES), optional(tables.SCORE_SUMMARY)),
        adjustment=to_adjustment(optional(tables.ADJUSTED), quotes[0] if quotes else None),
        explorer=to_explorer(
            one_per_group[one_per_group["metric"] != "misidentification"],
            all_findings,
            record,
            [(each.threshold, each.label) for each in decisions.approved],
        ),
        publication=publication,
        borderline=at_headline(tables.BORDERLINE),
        tables=_tables(study, times),
        maps=(*shipped_maps(), *_own_maps(study)),
    )


def _by_standing(findings: Iterable[Finding]) -> tuple[list[Finding], list[Finding]]:
    """Return primary findings, what they claim first, and exploratory ones."""
    order = {verdict.name: place for place, verdict in enumerate(VERDICTS)}
    parts: tuple[list[Finding], list[Finding]] = ([], [])
    for each in findings:
        parts[not each.primary].append(each)
    parts[0].sort(key=lambda each: order.get(each.verdict, len(order)))
    return parts


def _own_maps(study: Path) -> tuple[EvidenceMap, ...]:
    """Return the evidence maps that were given with a study: its provenance holds them."""
    run = recorded(study)
    return () if run is None else tuple(to_map(each, PROVENANCE) for each in run.evidence_maps)


def leading_sides(rates: pd.DataFrame) -> pd.DataFrame:
    """Return one row a metric, watchlist size, threshold and group: see `leading_side`."""
    parts = [leading_side(part) for _, part in rates.groupby("metric", sort=False)]
    return pd.concat(parts) if parts else rates


def _people(study: Path, record: StudyRecord, unknown: str) -> People:
    """Count the people of a study; a publication names none and holds their counts."""
    counts = _optional(study, tables.PEOPLE)
    if counts is not None:
        return read_counts(counts, unknown)
    file = study / tables.COHORT.file
    if not file.exists():
        raise StudyRecordError(f"{file.name} is missing from the study folder.")
    if not footer(file).num_rows:
        raise StudyRecordError(f"{file.name} holds no people. Run the study again.")
    labels = {part for factor in record.factors for part in factor.split(CROSS)}
    named = footer(file).schema.to_arrow_schema().names
    wanted = [*COUNTED, *(name for name in named if name in labels)]
    mated = study / tables.MATED.file
    return count_people(
        read_columns(study, tables.COHORT, wanted),
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
    file = study / f"{table.name}.parquet"
    if not file.exists():
        return None
    if columns is not None:
        return read_columns(study, table, columns)
    frame = table.conform(read_columns(study, table))
    if table.extra_columns:
        return frame
    for column in table.columns:
        if column.dtype == TEXT:
            texts = frame[column.name].dropna().unique().tolist()
            odd = {text: line for text in texts if (line := clean(text)) != text}
            if odd:
                values = frame[column.name].astype(object).replace(odd)
                frame[column.name] = values.astype("string")
    return frame


def _is_headline(row: Finding | Rate, record: StudyRecord) -> bool:
    return row.threshold is None or any(
        same_threshold(row.threshold, threshold) for threshold in record.thresholds.headline
    )


def _at_headline(frame: pd.DataFrame | None, record: StudyRecord) -> pd.DataFrame | None:
    """Return the rows at the thresholds of the first screen, or else at those of the plan."""
    if frame is None:
        return None
    chosen = at_threshold(frame, record.thresholds.headline)
    if not chosen["threshold"].notna().any():
        return at_threshold(frame, record.thresholds.tabulated)
    return chosen


def _groups(rates: pd.DataFrame, quotes: Sequence[Quote], ranks: bool) -> Quote | None:
    """Return the brief's setting with the groups of crossed factors too."""
    if not quotes:
        return None
    first = quotes[0]
    codes = [first.wrong.code, first.right.code, *(["TPIR"] if first.watchlist_size else [])]
    frame = at_threshold(rates[rates["threshold"].notna()], [first.threshold])
    size = frame["watchlist_size"]
    of = size.isna() if first.watchlist_size is None else size == first.watchlist_size
    kept = frame["metric"].isin(codes) & of.fillna(False).astype(bool)
    return quote(to_rows(frame[kept]), ranks)


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
            rows: tuple[Rate, ...] = to_rows(part) if len(part) else ()
            if rows:
                quotes.append(quote(rows, record.matcher.ranks))
    return tuple(quotes)


def _label_sources(record: StudyRecord) -> tuple[LabelSource, ...]:
    """Return who labelled people under test: labels of fillers alone tell nothing about them."""
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
        if dataset.tested
    )
