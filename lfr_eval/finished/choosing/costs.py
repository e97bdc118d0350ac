"""Choosing: expected cost by threshold (stated costs and a sample in, a cost curve out)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lfr_eval.config import ConfigError, ConstraintsConfig
from lfr_eval.contract.tables import EVERYBODY, OVERALL
from lfr_eval.finished.choosing.sample import Sample
from lfr_eval.finished.choosing.weighing import crowd_rate, rates_of


def cost_curve(sample: Sample, limits: ConstraintsConfig) -> pd.DataFrame | None:
    """Return the expected cost of one recognition opportunity; None where no costs are given.

    cost = prevalence x (1 - TPIR) x cost of a miss + (1 - prevalence) x FPIR x cost of a false
    alert. The interval adds the ends of both rates' intervals: it holds whatever their
    dependence, and is wider than need be.

    Returns
    -------
    DataFrame
        Columns factor, group, threshold, cost, lower, upper. The group `everybody` is the crowd of
        the given composition; each other group is a crowd of that group alone.
    """
    if limits.cost_miss is None:
        return None
    if sample.alerts is None or sample.found is None:
        raise ConfigError("Nobody in the study is enrolled: what is missed cannot be costed.")
    assert limits.cost_false_alert is not None
    assert limits.prevalence is not None
    miss = limits.prevalence * limits.cost_miss
    alarm = (1 - limits.prevalence) * limits.cost_false_alert
    alerts = crowd_rate(sample, sample.alerts, limits.composition)
    found = crowd_rate(sample, sample.found, limits.composition)
    frames = [
        pd.DataFrame(
            {
                "factor": OVERALL,
                "group": EVERYBODY,
                "threshold": sample.thresholds,
                "cost": miss * (1 - found[0]) + alarm * alerts[0],
                "lower": miss * (1 - found[2]) + alarm * alerts[1],
                "upper": miss * (1 - found[1]) + alarm * alerts[2],
            }
        )
    ]
    factors = [factor for factor in limits.factors if factor != OVERALL]
    if factors:
        keys = ["factor", "group", "threshold"]
        false = rates_of(sample, sample.alerts, factors).set_index(keys)
        true = rates_of(sample, sample.found, factors).set_index(keys)
        both = false.add_suffix("_alerts").join(true.add_suffix("_found"), how="inner")
        part = pd.DataFrame(
            {
                "cost": miss * (1 - both["rate_found"]) + alarm * both["rate_alerts"],
                "lower": miss * (1 - both["upper_found"]) + alarm * both["lower_alerts"],
                "upper": miss * (1 - both["lower_found"]) + alarm * both["upper_alerts"],
            }
        )
        frames.append(part.reset_index())
    return pd.concat(frames, ignore_index=True)


def crowd_cost(costs: pd.DataFrame) -> np.ndarray:
    """Return the upper end of the crowd's cost by threshold: what `objective=cost` makes least."""
    own = costs[costs["factor"] == OVERALL].sort_values("threshold")
    upper: np.ndarray = own["upper"].to_numpy(float)
    return upper
