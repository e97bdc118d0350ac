"""Realistic study folders for the report: plausible rates, all four verdicts, silent groups."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lfr_eval.contract import tables
from lfr_eval.contract.names import factor_words, group_words
from tests.report.captured import make_acquisition, make_cohort, make_histogram, make_searches
from tests.report.described import make_provenance, make_record
from tests.report.further import make_equity, make_modelled, make_person_tests
from tests.report.labels import OPERATING, PASSES, PEOPLE_A_CELL, PRIMARY, SIZES, SWEEP, Labels

INTERVAL = "Wilson on effective trials, people as clusters"
BOUND = "no event: bound from people"


def write_study(
    folder: Path,
    simulated: bool = True,
    labels: Labels | None = None,
    thresholds: Sequence[float] = SWEEP,
    operating: float | None = OPERATING,
    provenance: bool = True,
    sizes: Sequence[int] = SIZES,
    only: Sequence[str] | None = None,
    title: str = "Walk-past trial of a face matcher",
) -> Path:
    """Write a study folder, or `only` some of its tables, and return it."""
    folder.mkdir(exist_ok=True)
    labels = labels or Labels()
    rates = make_rates(labels, thresholds, sizes)
    made = {
        "cohort": make_cohort(labels),
        "rates": rates,
        "findings": make_findings(rates),
        "truth": make_truth(rates),
        "histogram": make_histogram(),
        "equity": make_equity(rates, PRIMARY),
        "modelled": make_modelled(rates),
        "person_tests": make_person_tests(rates, PRIMARY),
    }
    made["acquisition"] = make_acquisition(made["cohort"])
    made["searches"] = make_searches(made["cohort"])
    if not simulated:
        del made["truth"]
    for table, frame in made.items():
        if only is None or table in only:
            frame.to_parquet(folder / f"{table}.parquet")
    study = make_record(simulated, labels, thresholds, operating, title)
    (folder / "study.json").write_text(json.dumps(study), "utf-8")
    if provenance:
        (folder / "provenance.json").write_text(json.dumps(make_provenance(study)), "utf-8")
    return folder


def make_groups(labels: Labels) -> list[tuple[str, str, float, int]]:
    """Return factor, group, relative risk and people of every group."""
    genders, ethnicities = list(labels.genders), list(labels.ethnicities)
    cell = PEOPLE_A_CELL
    groups = [("overall", tables.EVERYBODY, 1.0, cell * len(genders) * len(ethnicities))]
    for place, name in enumerate(genders):
        groups.append(("gender", name, 1.15 if place == 0 else 0.85, cell * len(ethnicities)))
    groups.append(("gender", tables.UNKNOWN, 0.9, 9))
    for place, name in enumerate(ethnicities):
        risk = (1.1, 2.4, 0.08)[place] if place < 3 else 0.7 + 0.1 * place
        groups.append(("ethnicity", name, risk, cell * len(genders)))
    for g, gender in enumerate(genders if labels.crossed else []):
        for e, ethnicity in enumerate(ethnicities):
            risk = ((1.1, 2.4, 0.08)[e] if e < 3 else 0.7 + 0.1 * e) * (1.2, 0.8)[g % 2]
            groups.append(("gender x ethnicity", f"{gender}{tables.CROSS}{ethnicity}", risk, cell))
    return groups


def make_rates(labels: Labels, thresholds: Sequence[float], sizes: Sequence[int]) -> pd.DataFrame:
    """Return rates that fall or rise along the thresholds as a matcher's do."""
    rows: list[tuple[object, ...]] = []
    for factor, group, risk, people in make_groups(labels):
        passes = people * PASSES
        for threshold in thresholds:
            wrong = min(0.9, risk * 0.02 * math.exp(-20 * (threshold - 0.5)))
            missed = min(0.9, 0.05 * math.exp(6 * (threshold - 0.5)) * (2 - min(1.5, risk)))
            for size in sizes:
                rows.append(
                    _rate(
                        "FPIR",
                        threshold,
                        size,
                        factor,
                        group,
                        None,
                        wrong * size / 10_000,
                        passes,
                        people,
                    )
                )
                rows.append(
                    _rate("TPIR", threshold, size, factor, group, None, 1 - missed, passes, people)
                )
            rows.append(
                _rate(
                    "FMR",
                    threshold,
                    None,
                    factor,
                    group,
                    group,
                    wrong / 50,
                    people * (people - 1) * 5,
                    people,
                )
            )
            rows.append(
                _rate("FNMR", threshold, None, factor, group, group, missed, passes, people)
            )
        rows.append(_rate("FTA", None, None, factor, group, None, 0.004, passes, people))
    return tables.RATES.build(rows)


def _rate(
    metric: str, threshold: float | None, size: int | None, factor: str, group: str,
    counterpart: str | None, rate: float, trials: int, people: int,
) -> tuple[object, ...]:  # fmt: skip
    events = int(rate * trials)
    with_event = min(
        people, events if events < 5 else int(people * (1 - math.exp(-events / people)))
    )
    effective = max(1.0, trials / 4)
    if events == 0:
        lower, upper, interval = 0.0, 1 - 0.05 ** (1 / people), BOUND
    else:
        lower, upper, interval = *_wilson(events / trials, effective), INTERVAL
    return (
        metric, threshold, size, None, factor, group, counterpart, events, trials, people,
        with_event,
        events / trials, lower, upper, 0.95, effective, interval,
    )  # fmt: skip


def _wilson(rate: float, trials: float) -> tuple[float, float]:
    z = 1.959964
    centre = (rate + z * z / (2 * trials)) / (1 + z * z / trials)
    half = (
        z * math.sqrt(rate * (1 - rate) / trials + z * z / (4 * trials**2)) / (1 + z * z / trials)
    )
    return max(0.0, centre - half), min(1.0, centre + half)


def make_findings(rates: pd.DataFrame) -> pd.DataFrame:
    """Return findings with all four verdicts at each primary threshold, and exploratory ones."""
    rows: list[tuple[object, ...]] = []
    chosen = rates[rates["threshold"].isin([*PRIMARY, 0.58])]
    for (metric, threshold, factor), part in chosen.groupby(
        ["metric", "threshold", "factor"], sort=False
    ):
        if factor == "overall":
            continue
        for size, sized in part.groupby("watchlist_size", dropna=False, sort=False):
            size = None if pd.isna(size) else int(size)
            known = sized[sized["group"] != tables.UNKNOWN]
            reference = known.iloc[-1]
            rows.append(_finding(str(metric), float(threshold), size, str(factor), None, reference))
            rows += [
                _finding(str(metric), float(threshold), size, str(factor), row, reference)
                for _, row in known.iloc[:-1].iterrows()
            ]
    named = [column.name for column in tables.FINDINGS.columns if not column.optional]
    return tables.FINDINGS.conform(pd.DataFrame(rows, columns=named))


def _finding(
    metric: str,
    threshold: float,
    size: int | None,
    factor: str,
    row: pd.Series | None,
    reference: pd.Series,
) -> tuple[object, ...]:
    a = "*" if row is None else str(row["group"])
    b = "*" if row is None else str(reference["group"])
    events = 20 if row is None else int(row["events"]) + int(reference["events"])
    with_ratio = row is not None and row["events"] > 0 and reference["events"] > 0
    ratio = row["rate"] / reference["rate"] if row is not None and with_ratio else None
    where = f"at threshold {threshold:g}" + (
        "" if size is None else f" with a watchlist of {size:,}"
    )
    who, whom = group_words(a), group_words(b)
    spread = 1 + 4 / math.sqrt(max(1, events))
    primary = (
        metric in ("FPIR", "TPIR", "FMR") and factor != "gender x ethnicity" and threshold != 0.58
    )
    if events == 0:
        verdict, p = "untestable", None
        text = f"No {metric} event among {who} or {whom} {where}: a difference could not be tested."
    elif ratio is not None and 0.95 < ratio < 1.05 and events > 1_000:
        verdict, p = "equivalent", 0.61
        text = f"{metric} of {who} and {whom} differs by less than the margin of 1.5 {where}."
    elif row is not None and events > 12 and (ratio is None or not 0.7 < ratio < 1.18):
        verdict, p = "different", 0.0004
        text = f"{metric} of {who} differs from that of {whom} {where} (adjusted p = 0.0012)."
    else:
        verdict, p = "inconclusive", 0.31
        text = f"{metric} of {who} and {whom} {where}: a difference is neither shown nor ruled out."
    if row is None:
        text = (
            f"{metric} over all groups by {factor_words(factor)} {where}: " + text.split(": ")[-1]
        )
    return (
        f"{metric}-{threshold:g}-{size or 'pairs'}-{factor}-{a}-{b}",
        metric, threshold, size, factor, a, b,
        None if row is None else row["rate"], None if row is None else reference["rate"], ratio,
        None if ratio is None else ratio / spread, None if ratio is None else ratio * spread,
        "intervals of both rates combined", 2.1, p, None if p is None else min(1.0, 3 * p),
        "Holm over 12 comparisons", 1.5, 0.2, None, verdict, primary, "none", text,
    )  # fmt: skip


def make_truth(rates: pd.DataFrame) -> pd.DataFrame:
    """Return true rates near the measured ones, some outside their intervals."""
    columns = ["metric", "threshold", "watchlist_size", "factor", "group", "counterpart"]
    truth = rates[columns].copy()
    noise = np.random.default_rng(7).lognormal(0, 0.25, len(rates))
    truth["rate"] = np.where(rates["rate"] > 0, rates["rate"] * noise, rates["upper"] / 6).clip(
        max=1
    )
    return tables.TRUTH.conform(truth)
