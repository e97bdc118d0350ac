"""Table `records` in, whose deployments they are out: forces and systems are never mixed unsaid.

Forces differ in place, crowd, watchlist, threshold and how they count faces. Rates of several are
therefore given side by side, and a pooled rate stands with the measure of how they differ.

References
----------
Higgins & Thompson (2002), Statistics in Medicine 21, 1539-1558 (I squared).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from lfr_eval.contract.defaults import SEED
from lfr_eval.deployments.dispersion import dispersion
from lfr_eval.inference.contingency import freeman_halton

FORCE, SYSTEM, FILE = "force", "system", "file"
_DRAWS = 20_000
_EXPECTED = 5.0
"""Expected events in each cell from which Pearson's statistic follows chi-squared well enough."""


def origins(records: pd.DataFrame) -> dict[str, pd.Series]:
    """Return by what the records differ in origin: the value of each record, by dimension.

    A force or system that only some records state is a group of its own beside "not stated". Files
    are told apart where no record states a force, because they may be of different forces.
    """
    system = records["model_version"].fillna(records["matcher_fingerprint"].str[:12])
    found = {FORCE: stated_force(records), SYSTEM: system}
    if records["force"].isna().all():
        found = {FILE: records["source"], SYSTEM: system}
    return {
        name: values.fillna(f"{name} not stated")
        for name, values in found.items()
        if len(values.fillna("").unique()) > 1
    }


def stated_force(records: pd.DataFrame) -> pd.Series:
    """Return the force of each record, in words where it is not stated."""
    return records["force"].fillna("force not stated")


def strata(records: pd.DataFrame) -> pd.Series:
    """Return force and system of each record, in words; null for all where there is one of each."""
    found = [values for name, values in origins(records).items() if name != FILE]
    if not found:
        return pd.Series(None, records.index, dtype="string")
    return pd.concat(found, axis=1).agg(", ".join, axis=1).astype("string")


def named(records: pd.DataFrame, values: pd.Series) -> pd.Series:
    """Return values of records with force and system before them, where there are several."""
    of = strata(records)
    if of.isna().all():
        return values
    return pd.Series(of + ": " + values, records.index)


@dataclass(frozen=True)
class Differing:
    """How much the rates of several forces, systems or files differ.

    Attributes
    ----------
    lowest, highest
        Name and rate of the two at the ends.
    inconsistency
        I squared: the share of the variation between them that is not chance, from 0 to 1.
    p_value
        Of no difference, with deployments as the unit.
    """

    lowest: tuple[str, float]
    highest: tuple[str, float]
    inconsistency: float
    p_value: float


def differing(
    events: pd.Series, exposure: pd.Series, groups: pd.Series, binomial: bool = False
) -> Differing | None:
    """Compare rates of groups of deployments; None with fewer than two groups or no event.

    The p-value is the larger of two: Pearson's statistic as if events were independent (exact by
    simulation where few are expected), and the same divided by the dispersion between deployments
    of one group.

    Parameters
    ----------
    events, exposure, groups
        Of each deployment; those without exposure are passed over.
    binomial
        Whether each unit of exposure has one event at most.
    """
    used = exposure.gt(0).fillna(False) & events.notna() & groups.notna()
    frame = pd.DataFrame(
        {"x": events[used].astype(float), "n": exposure[used].astype(float), "group": groups[used]}
    )
    sums = frame.groupby("group", sort=False)[["x", "n"]].sum()
    total, under = float(sums["x"].sum()), float(sums["n"].sum())
    if len(sums) < 2 or not total:
        return None
    x, n = sums["x"].to_numpy(), sums["n"].to_numpy()
    expected = total * n / under
    statistic = float(_pearson(x, expected, total / under * binomial))
    degrees = len(sums) - 1
    if expected.min() >= _EXPECTED:
        independent = float(stats.chi2.sf(statistic, degrees))
    elif binomial:
        independent = freeman_halton(x.astype(int).tolist(), n.astype(int).tolist())
    else:
        drawn = np.random.default_rng(SEED).multinomial(int(total), n / under, size=_DRAWS)
        above = _pearson(drawn, expected, 0.0) >= statistic * (1 - 1e-9)
        independent = float((1 + above.sum()) / (1 + _DRAWS))
    within = [dispersion(p["x"].to_numpy(), p["n"].to_numpy(), binomial)
              for _, p in frame.groupby("group", sort=False)]  # fmt: skip
    spread = max(1.0, float(np.nanmax([1.0, *within])))
    rates = sums["x"] / sums["n"]
    low, high = str(rates.idxmin()), str(rates.idxmax())
    scaled = statistic / spread
    return Differing(
        lowest=(low, float(rates[low])),
        highest=(high, float(rates[high])),
        inconsistency=max(0.0, 1 - degrees / scaled) if scaled > 0 else 0.0,
        p_value=max(independent, float(stats.chi2.sf(scaled, degrees))),
    )


def _pearson(events: np.ndarray, expected: np.ndarray, rate: float) -> np.ndarray:
    return np.asarray(((events - expected) ** 2 / (expected * (1 - rate))).sum(axis=-1))
