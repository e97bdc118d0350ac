"""Stage `inference`: a regression of counts of events on group and covariates, clustered by people.

In: events and trials of persons under combinations of covariates. Out: the ratio of rates with the
covariates held fixed. These are generalised estimating equations with a logarithmic link, Poisson
working variance and independent working correlation: the ratio is right where the model of the
mean is, whatever the correlation within clusters.

References
----------
Liang & Zeger (1986), Biometrika 73, 13-22; Zou (2004), American Journal of Epidemiology 159,
702-706; Mancl & DeRouen (2001), Biometrics 57, 126-134, for the variance with few clusters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from lfr_eval.inference.cells import Floats

_STEPS = 100


@dataclass(frozen=True)
class Fitted:
    """A fitted regression.

    Attributes
    ----------
    coefficients : (columns,)
        Of the design, logarithms of ratios of rates.
    covariance : (columns, columns)
        Of the coefficients, robust to correlation within clusters, with Mancl and DeRouen's
        correction.
    degrees
        Clusters less columns.
    """

    coefficients: Floats
    covariance: Floats
    degrees: int

    def ratio(self, column: int, level: float) -> tuple[float, float, float, float]:
        """Ratio of one column with its interval and two-sided p-value, by Student's t."""
        log, error = self.coefficients[column], np.sqrt(self.covariance[column, column])
        wide = stats.t.ppf((1 + level) / 2, self.degrees) * error
        p = 2 * stats.t.sf(abs(log) / error, self.degrees) if error > 0 else np.nan
        return float(np.exp(log)), float(np.exp(log - wide)), float(np.exp(log + wide)), float(p)


def fit_log_rates(
    events: Floats, trials: Floats, design: Floats, cluster: NDArray[np.intp]
) -> Fitted | None:
    """Fit log(rate) = design @ coefficients.

    Parameters
    ----------
    events, trials : (rows,)
        Counts; trials above 0. Rows of one cluster and one line of the design may be added up.
    design : (rows, columns)
        The first column is 1; of full rank.
    cluster : (rows,)
        Rows of one cluster are not independent.

    Returns
    -------
    Fitted or None
        None where there is no event, the equations have no finite solution, or there are no more
        clusters than columns.
    """
    units, unit = np.unique(cluster, return_inverse=True)
    columns = design.shape[1]
    if events.sum() <= 0 or len(units) <= columns:
        return None
    beta: Floats = np.zeros(columns)
    beta[0] = np.log(events.sum() / trials.sum())
    for _ in range(_STEPS):
        mean = trials * np.exp(np.clip(design @ beta, -50, 50))
        bread = design.T @ (mean[:, None] * design)
        try:
            step = np.linalg.solve(bread, design.T @ (events - mean))
        except np.linalg.LinAlgError:
            return None
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-12:
            break
    if np.abs(step).max() > 1e-8 or np.abs(design @ beta).max() > 40:
        return None
    mean = trials * np.exp(design @ beta)
    number = len(units)
    score: Floats = np.zeros((number, columns))
    np.add.at(score, unit.ravel(), design * (events - mean)[:, None])
    part = np.zeros((number, columns, columns))
    np.add.at(part, unit.ravel(), design[:, :, None] * design[:, None, :] * mean[:, None, None])
    inverse = np.linalg.inv(part.sum(axis=0))
    # A cluster pulls the fit towards itself; (I - leverage)^-1 takes that back.
    freed = np.eye(columns) - part @ inverse
    score = np.linalg.solve(freed, score[..., None])[..., 0]
    moved = score @ inverse
    return Fitted(beta, moved.T @ moved, number - columns)


def design_of(member: NDArray[np.bool_], levels: NDArray[np.intp]) -> Floats:
    """Return the design: 1, group, and the levels of each covariate but the first.

    Columns that the ones before them determine are left out.

    Parameters
    ----------
    member : (rows,)
        Whether the row is of the group that is compared.
    levels : (rows, covariates)
        The value of each covariate, as a code.
    """
    chosen = [np.ones(len(member)), member.astype(float)]
    for values in levels.T:
        for code in np.unique(values)[1:]:
            column = (values == code).astype(float)
            if np.linalg.matrix_rank(np.stack([*chosen, column])) > len(chosen):
                chosen.append(column)
    return np.stack(chosen, axis=1)
