"""Choosing: every threshold against every constraint (a sample in, `operating_points` out).

Rates and intervals are those of the tables `rates` and `findings`, by the same code.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.config import ConfigError, ConstraintsConfig
from lfr_eval.contract.spelling import is_group
from lfr_eval.contract.tables import CROSS, EVERYBODY, OPERATING_POINTS, OVERALL
from lfr_eval.contract.trials import PairTrials, PersonTrials, group_people
from lfr_eval.contract.words import joined
from lfr_eval.finished.choosing.sample import Sample
from lfr_eval.inference import rate_table
from lfr_eval.inference.clusters import clusters_of
from lfr_eval.inference.ratio_bounds import ratio_bounds

Floats = NDArray[np.float64]

FPIR, FMR, FMR_WITHIN = "FPIR", "FMR", "FMR within groups"
RATIO, TPIR, ALERTS = "ratio", "TPIR", "alerts"

NOBODY = "-"
"""Stands for the group where none has a trial."""

OF_SEARCHES = ("max_fpir", "max_ratio", "min_tpir", "max_alerts", "cost_miss")


def weigh(sample: Sample, limits: ConstraintsConfig) -> pd.DataFrame:
    """Return table `operating_points` of one sample.

    Raises
    ------
    ConfigError
        If a factor is no label of the people, nobody is enrolled, the composition names an
        unknown group, or a study of pairs is asked about searches.
    """
    asked = [name for name in OF_SEARCHES if getattr(limits, name) is not None]
    if sample.alerts is None and asked:
        raise ConfigError(
            f"The study compared pairs of people and searched no watchlist, so that it has no "
            f"evidence on {joined(asked)}. Give only max_fmr or max_fmr_worst_group, or choose in "
            "a study whose design is live, operator or complete."
        )
    frames = []
    if limits.max_fpir is not None and sample.alerts is not None:
        frames.append(_worst(sample, sample.alerts, limits.factors, FPIR, limits.max_fpir))
    frames += _false_matches(sample, limits)
    if limits.max_ratio is not None:
        frames += _ratios(sample, limits)
    if limits.min_tpir is not None:
        if sample.found is None:
            raise ConfigError("Nobody in the study is enrolled: min_tpir has no evidence.")
        factors = [OVERALL] if limits.tpir_of == OVERALL else limits.factors
        frames.append(_worst(sample, sample.found, factors, TPIR, limits.min_tpir, least=True))
    if limits.max_alerts is not None:
        frames.append(_alerts(sample, limits))
    return OPERATING_POINTS.conform(pd.concat(frames, ignore_index=True).assign(people=sample.name))


def _false_matches(sample: Sample, limits: ConstraintsConfig) -> list[pd.DataFrame]:
    """Weigh the FMR of everybody and that within the worst group, where they have a limit."""
    asked = (
        (FMR, "max_fmr", limits.max_fmr, [OVERALL]),
        (FMR_WITHIN, "max_fmr_worst_group", limits.max_fmr_worst_group, limits.factors),
    )
    frames = []
    for name, key, limit, factors in asked:
        if limit is None:
            continue
        if sample.matches is None:
            raise ConfigError(
                f"The study did not compare people with one another: {key}={limit:g} has no "
                "evidence. Choose in a study whose design is complete, or leave the limit out."
            )
        frames.append(_worst(sample, sample.matches, factors, name, limit))
    return frames


def rates_of(sample: Sample, trials: PersonTrials | PairTrials, factors: list[str]) -> pd.DataFrame:
    """Return the rates of groups that have trials; an unknown factor is a `ConfigError`.

    People who told no label are no group: they count among everybody.
    """
    table = _rates(sample, trials, factors)
    return table[table["group"].map(is_group).to_numpy(bool)].reset_index(drop=True)


def _rates(sample: Sample, trials: PersonTrials | PairTrials, factors: list[str]) -> pd.DataFrame:
    """Return the rates of all who have trials, also of people who told no label."""
    named = [factor for factor in factors if factor != OVERALL]
    unknown = {part for one in named for part in one.split(CROSS)} - set(sample.people.columns)
    if unknown:
        raise ConfigError(
            f"The people have no label {', '.join(sorted(unknown))}; there are "
            f"{', '.join(map(str, sample.people.columns))}."
        )
    table = rate_table([trials], sample.people, named, sample.thresholds, sample.plan)
    wanted = table["factor"].isin(factors) & (table["trials"] > 0)
    if isinstance(trials, PairTrials):
        wanted &= table["counterpart"] == table["group"]
    return table[wanted.to_numpy(bool)].reset_index(drop=True)


def _worst(
    sample: Sample,
    trials: PersonTrials | PairTrials,
    factors: list[str],
    name: str,
    limit: float,
    least: bool = False,
) -> pd.DataFrame:
    """Return, by threshold, the group whose bound is furthest on the unwelcome side.

    A factor of which no group has a trial is no evidence that a limit is kept: its bound is the
    worst there is.
    """
    sign, rates = -1.0 if least else 1.0, rates_of(sample, trials, factors)
    silent = [factor for factor in factors if not rates["factor"].eq(factor).any()]
    unknown = pd.DataFrame(
        [(factor, NOBODY, at, 0, 0.0, 1.0) for factor in silent for at in sample.thresholds],
        columns=["factor", "group", "threshold", "events", "lower", "upper"],
    )
    rates = pd.concat([rates, unknown], ignore_index=True) if silent else rates
    bound = rates["lower" if least else "upper"]
    frame = rates.assign(bound=bound, _key=sign * bound, _estimate=sign * rates["rate"])
    rows = frame.loc[frame.groupby("threshold")["_key"].idxmax()]
    # The group with the worst estimate need not be the one with the worst bound.
    estimate = frame.groupby("threshold")["_estimate"].max()
    worst = estimate.reindex(rows["threshold"]).to_numpy(float)
    return pd.DataFrame(
        {
            "threshold": rows["threshold"].to_numpy(float),
            "constraint": name,
            "factor": rows["factor"].to_numpy(),
            "group": rows["group"].to_numpy(),
            "events": rows["events"].to_numpy(),
            "estimate": rows["rate"].to_numpy(float),
            "bound": rows["bound"].to_numpy(float),
            "limit": limit,
            "met": rows["_key"].to_numpy(float) <= sign * limit,
            "estimate_met": worst <= sign * limit,
        }
    )


def _ratios(sample: Sample, limits: ConstraintsConfig) -> list[pd.DataFrame]:
    """Return the least bounded ratio of each threshold, over the factors with groups."""
    limit, frames = limits.max_ratio, []
    clusters = clusters_of(sample.people)
    assert limit is not None
    assert sample.alerts is not None
    for factor in limits.factors:
        if factor == OVERALL:
            continue
        rates_of(sample, sample.alerts, [factor])  # refuses an unknown factor
        grouping = group_people(sample.people, factor)
        found = ratio_bounds(sample.alerts, grouping, sample.thresholds, sample.plan, clusters)
        names = np.array([*grouping.names, NOBODY])
        pairs = zip(names[found.worst], names[found.best], strict=True)
        frames.append(
            pd.DataFrame(
                {
                    "threshold": sample.thresholds,
                    "constraint": RATIO,
                    "factor": factor,
                    "group": [f"{worst} v {best}" for worst, best in pairs],
                    "events": pd.NA,
                    "estimate": np.where(np.isfinite(found.estimate), found.estimate, np.nan),
                    "bound": found.upper,
                    "limit": limit,
                    "met": found.upper <= limit,
                    "estimate_met": found.estimate <= limit,
                }
            )
        )
    if not frames:
        raise ConfigError("max_ratio compares groups: factors must name one, such as ethnicity.")
    every = pd.concat(frames, ignore_index=True)
    worst = every.loc[every.groupby("threshold")["bound"].idxmax()].set_index("threshold")
    worst["estimate_met"] = every.groupby("threshold")["estimate_met"].all()
    return [worst.reset_index()]


def _alerts(sample: Sample, limits: ConstraintsConfig) -> pd.DataFrame:
    assert limits.crowd is not None
    assert limits.max_alerts is not None
    assert sample.alerts is not None
    rate, _, upper = crowd_rate(sample, sample.alerts, limits.composition)
    alerts, bound = limits.crowd * rate, limits.crowd * upper
    return pd.DataFrame(
        {
            "threshold": sample.thresholds,
            "constraint": ALERTS,
            "factor": _factor_of(sample, limits.composition),
            "group": EVERYBODY,
            "events": rates_of(sample, sample.alerts, [OVERALL])["events"].to_numpy(),
            "estimate": alerts,
            "bound": bound,
            "limit": limits.max_alerts,
            "met": bound <= limits.max_alerts,
            "estimate_met": alerts <= limits.max_alerts,
        }
    )


def crowd_rate(
    sample: Sample, trials: PersonTrials, composition: Mapping[str, float]
) -> tuple[Floats, Floats, Floats]:
    """Return the rate of a crowd of a given composition and its interval, by threshold.

    The rate is the weighted mean of the groups' rates. Its interval is put together from theirs
    by the method of variance estimates recovery; groups share no person.

    References
    ----------
    Zou & Donner (2008), Statistics in Medicine 27, 1693-1702.

    Returns
    -------
    rate, lower, upper : (thresholds,)
    """
    factor = _factor_of(sample, composition)
    table = _rates(sample, trials, [factor])
    weights = dict(composition) or {EVERYBODY: 1.0}
    total = sum(weights.values())
    present = [group for group in weights if table["group"].eq(group).any()]
    missing = [group for group in weights if group not in present]
    if missing:
        raise ConfigError(f"No trials of {', '.join(missing)}, who are in the composition.")
    columns = {}
    for name in ("rate", "lower", "upper"):
        wide = table.pivot_table(name, "threshold", "group", sort=True)
        columns[name] = wide[present]
    share = np.array([weights[group] / total for group in present])
    rate, lower, upper = (columns[name].to_numpy(float) for name in ("rate", "lower", "upper"))
    mean = rate @ share
    below = np.sqrt((rate - lower) ** 2 @ share**2)
    above = np.sqrt((upper - rate) ** 2 @ share**2)
    return mean, np.maximum(mean - below, 0.0), np.minimum(mean + above, 1.0)


def _factor_of(sample: Sample, composition: Mapping[str, float]) -> str:
    """Return the factor whose groups a composition names."""
    if not composition:
        return OVERALL
    for factor in sample.factors:
        if set(composition) <= set(group_people(sample.people, factor).names):
            return factor
    raise ConfigError(
        f"The composition {dict(composition)} does not name groups of one factor of the study "
        f"({', '.join(sample.factors)})."
    )
