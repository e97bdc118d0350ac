"""Choosing: what becomes of a chosen threshold when the world is not the study's.

In: a study, limits and the threshold. Out: tables of false alerts by watchlist size, by who makes
up the crowd, and after a drift of scores.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from lfr_eval.config import ConstraintsConfig
from lfr_eval.contract.tables import EVERYBODY, OVERALL, WATCHLIST_SIZES
from lfr_eval.contract.thresholds import same_threshold, threshold_key
from lfr_eval.finished.choosing.sample import Sample, sample_of
from lfr_eval.finished.choosing.splits import choice_of
from lfr_eval.finished.choosing.weighing import crowd_rate, rates_of
from lfr_eval.finished.finished import Finished

DRIFT_STEPS = (1, 2, 5)


def by_size(study: Finished, limits: ConstraintsConfig, threshold: float | None) -> pd.DataFrame:
    """Return FPIR of the worst group at every watchlist size, and what would be chosen there.

    Columns: watchlist_size, way (searched, or one of table `watchlist_sizes`), group, rate, upper
    (at the threshold; null without one), chosen (by everybody at that size; null where none, or
    where the size was not searched).
    """
    rows = []
    for size in study.sizes:
        sample = sample_of(study, size)
        chosen = choice_of(sample, limits)
        group, rate, upper = _worst_at(sample, limits, threshold)
        rows.append((size, "searched", group, rate, upper, chosen))
    columns = ["watchlist_size", "way", "group", "rate", "upper", "chosen"]
    frame = pd.DataFrame(rows, columns=columns).astype({"chosen": float})
    if threshold is None or frame.empty or not study.folder.file(WATCHLIST_SIZES).is_file():
        return frame
    table = study.folder.read(WATCHLIST_SIZES)
    near = same_threshold(table["threshold"], threshold)
    table = table[near & table["factor"].isin(limits.factors) & table["upper"].notna()]
    if table.empty:
        return frame
    table = table.assign(way=table["way"] + ", " + table["composition"])
    worst = table.loc[table.groupby(["watchlist_size", "way"])["upper"].idxmax()]
    worst = worst.assign(chosen=np.nan)[columns]
    return pd.concat([frame, worst], ignore_index=True)


def by_crowd(sample: Sample, limits: ConstraintsConfig, threshold: float) -> pd.DataFrame:
    """Return false alerts of crowds made up otherwise: as studied, or of one group alone.

    Columns: crowd, rate, lower, upper (FPIR).
    """
    at = replace(sample, thresholds=(threshold,))
    assert at.alerts is not None
    given: list[tuple[str, dict[str, float]]] = [("as studied", {})]
    if limits.composition:
        given.insert(0, ("as given", dict(limits.composition)))
    rows = []
    for name, composition in given:
        rate, lower, upper = crowd_rate(at, at.alerts, composition)
        rows.append((name, rate[0], lower[0], upper[0]))
    for factor in limits.factors:
        if factor == OVERALL:
            continue
        table = rates_of(at, at.alerts, [factor])
        alone = table[["group", "rate", "lower", "upper"]].itertuples(index=False)
        rows += [(f"{row.group} only", row.rate, row.lower, row.upper) for row in alone]
    return pd.DataFrame(rows, columns=["crowd", "rate", "lower", "upper"])


def by_drift(sample: Sample, limits: ConstraintsConfig, threshold: float) -> pd.DataFrame:
    """Return the worst group's FPIR and TPIR after scores have moved.

    Scores of non-mated searches that rise by d reach a threshold as they now reach one lower by
    d, and scores of mated searches that fall by d one higher by d: the rates after the drift are
    those of the study at other thresholds.

    Columns: drift (null: FPIR doubled), fpir_group, fpir, fpir_upper, tpir_group, tpir,
    tpir_lower.
    """
    steps = np.diff(np.array(sample.thresholds))
    step = float(np.median(steps)) if len(steps) else 0.01
    drifts = limits.drift or [0.0, *(count * step for count in DRIFT_STEPS)]
    rows = []
    for drift in drifts:
        group, rate, upper = _worst_at(sample, limits, threshold - drift)
        missed: tuple[str, float, float] = ("-", np.nan, np.nan)
        if sample.found is not None:
            at = replace(sample, thresholds=(threshold + drift,))
            table = rates_of(at, sample.found, limits.factors)
            row = table.iloc[int(table["lower"].argmin())]
            missed = (str(row["group"]), float(row["rate"]), float(row["lower"]))
        rows.append((threshold_key(drift), group, rate, upper, *missed))
    group, rate, upper = _worst_at(sample, limits, threshold)
    rows.append((np.nan, group, min(2 * rate, 1.0), min(2 * upper, 1.0), *rows[0][4:]))
    columns = ["drift", "fpir_group", "fpir", "fpir_upper", "tpir_group", "tpir", "tpir_lower"]
    return pd.DataFrame(rows, columns=columns)


def _worst_at(
    sample: Sample, limits: ConstraintsConfig, threshold: float | None
) -> tuple[str, float, float]:
    if threshold is None:
        return EVERYBODY, np.nan, np.nan
    assert sample.alerts is not None
    # Intervals without events carry the design effect of the sweep, so the sweep stays.
    swept = replace(sample, thresholds=tuple(sorted({*sample.thresholds, threshold})))
    table = rates_of(swept, sample.alerts, limits.factors)
    table = table[same_threshold(table["threshold"], threshold)]
    row = table.iloc[int(table["upper"].argmax())]
    return str(row["group"]), float(row["rate"]), float(row["upper"])
