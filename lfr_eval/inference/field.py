"""Stage `inference`: what deployments have shown (table `deployments` in, table `field` out).

Deployments at one threshold are added up; those at another never join them. Faces seen under
different counting rules are not added up either. Intervals are exact, and take alerts, hours and
faces as independent: nobody recorded which of them share a person.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats

from lfr_eval.contract.tables import FIELD

PER_ALERT, PER_HOUR, PER_FACE = "per alert", "per hour", "per face"
CLOPPER_PEARSON = "Clopper-Pearson"
POISSON = "exact Poisson (Garwood)"
NONE = "no false alert: one-sided bound"

Row = dict[str, object]


def field_table(deployments: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return table `field` of the deployments that say something about a study.

    Parameters
    ----------
    deployments
        Table `deployments`; rows with a reason in `left_out` are passed over.
    level
        Confidence level.
    """
    used = deployments[deployments["left_out"].isna()]
    rows: list[Row] = []
    for threshold, part in used.groupby("threshold"):
        rows += _rows(float(str(threshold)), part, level)
    return FIELD.build(rows)


def _rows(threshold: float, part: pd.DataFrame, level: float) -> Iterator[Row]:
    false = part["false_confirmed"] + part["false_unconfirmed"]
    decided = false + part["true_confirmed"] + part["true_unconfirmed"]
    # An alert that nobody judged is neither true nor false, so it is no trial.
    yield _row(threshold, PER_ALERT, None, part, false, decided, level)
    yield _row(threshold, PER_HOUR, None, part, false, part["hours"], level)
    counted = part[part["faces_seen"].notna()]
    for rule, same in counted.groupby("counting_rule"):
        yield _row(
            threshold, PER_FACE, str(rule), same, false[same.index], same["faces_seen"], level
        )


def _row(
    threshold: float,
    measure: str,
    rule: str | None,
    part: pd.DataFrame,
    false: pd.Series,
    exposure: pd.Series,
    level: float,
) -> Row:
    events, total = int(false.sum()), float(exposure.sum())
    exact = binomial_interval if measure == PER_ALERT else poisson_interval
    lower, upper = exact(events, total, level)
    method = CLOPPER_PEARSON if measure == PER_ALERT else POISSON
    method = f"{NONE} ({method})" if events == 0 else method
    rate = events / total if total > 0 else np.nan
    return {
        "threshold": threshold,
        "measure": measure,
        "counting_rule": rule,
        "deployments": len(part),
        "false_alerts": events,
        "exposure": total,
        "rate": rate,
        "lower": lower,
        "upper": upper,
        "level": level,
        "interval": method if total > 0 else "nothing counted",
    }


def binomial_interval(events: float, trials: float, level: float) -> tuple[float, float]:
    """Clopper and Pearson's interval of a proportion; one-sided where there is no event.

    References
    ----------
    Clopper & Pearson (1934), Biometrika 26, 404-413.

    Examples
    --------
    Ten false alerts among 2,077:

    >>> [round(100 * end, 2) for end in binomial_interval(10, 2077, 0.95)]
    [0.23, 0.88]
    """
    if trials <= 0:
        return np.nan, np.nan
    tail = (1 - level) / (1 if events == 0 else 2)
    lower = 0.0 if events == 0 else float(stats.beta.ppf(tail, events, trials - events + 1))
    upper = 1.0 if events >= trials else float(stats.beta.isf(tail, events + 1, trials - events))
    return lower, upper


def poisson_interval(events: float, exposure: float, level: float) -> tuple[float, float]:
    """Garwood's interval of a Poisson rate; one-sided where there is no event.

    References
    ----------
    Garwood (1936), Biometrika 28, 437-442.

    Examples
    --------
    Five false alerts among 1,863,630 faces, as 1 in N:

    >>> [round(1 / end) for end in poisson_interval(5, 1_863_630, 0.95)]
    [1147918, 159717]
    """
    if exposure <= 0:
        return np.nan, np.nan
    tail = (1 - level) / (1 if events == 0 else 2)
    lower = 0.0 if events == 0 else float(stats.chi2.ppf(tail, 2 * events)) / 2
    return lower / exposure, float(stats.chi2.isf(tail, 2 * events + 2)) / 2 / exposure
