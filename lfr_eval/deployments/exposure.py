"""Who false alerts fall on, where only their groups are known and nobody counted who walked past.

Ten false alerts of which eight are of Black people say one thing if half of all faces seen were of
Black people and another if an eighth was. The share is an assumption; it is printed with every
result, and the share at which the conclusion turns is found.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import pandas as pd
from scipy import stats

from lfr_eval.deployments.grid import DeploymentError
from lfr_eval.inference.field import binomial_interval


@dataclass(frozen=True)
class Exposure:
    """False alerts of one group among all, and what follows for stated shares of exposure."""

    group: str
    of_group: int
    false_alerts: int
    lower: float
    upper: float
    shares: tuple[float, ...]
    p_values: tuple[float, ...]
    turns_at: tuple[float | None, float | None]
    """Shares of exposure between which the group is neither over- nor under-represented."""

    level: float


def exposure(
    group: str,
    of_group: int,
    false_alerts: int,
    shares: tuple[float, ...] = (),
    level: float = 0.95,
) -> Exposure:
    """Test whether a group has more or fewer of the false alerts than its share of exposure.

    The test is the exact binomial test (two-sided, by likelihood of outcomes); false alerts are
    taken as independent.

    Parameters
    ----------
    group
        Its name.
    of_group, false_alerts
        False alerts of the group, and all whose group is known.
    shares
        Stated shares of the group among the faces seen, each between 0 and 1.
    level
        Confidence level.

    Raises
    ------
    DeploymentError
        If a count or share cannot be.

    Examples
    --------
    >>> found = exposure("Black", 8, 10, (0.135, 0.5))
    >>> [f"{p:.2g}" for p in found.p_values]
    ['3.8e-06', '0.11']
    """
    problems = [
        f"a share of {share} is not between 0 and 1" for share in shares if not 0 < share < 1
    ]
    if not 0 <= of_group <= false_alerts or false_alerts == 0:
        problems.append(f"{of_group} of {false_alerts} false alerts cannot be")
    if problems:
        raise DeploymentError("; ".join(problems) + ".")
    # Of none, `binomial_interval` gives a one-sided bound; the test here is two-sided.
    two_sided = level if of_group else (1 + level) / 2
    lower, upper = binomial_interval(of_group, false_alerts, two_sided)
    p_values = tuple(p_at(of_group, false_alerts, share) for share in shares)
    observed = of_group / false_alerts
    alpha = 1 - level
    turns = (
        _turn(of_group, false_alerts, alpha, 0.0, observed),
        _turn(of_group, false_alerts, alpha, 1.0, observed),
    )
    return Exposure(group, of_group, false_alerts, lower, upper, shares, p_values, turns, level)


def p_at(of_group: int, false_alerts: int, share: float) -> float:
    """Return the exact two-sided p-value of a share of exposure."""
    return float(stats.binomtest(of_group, false_alerts, share).pvalue)


def _turn(x: int, n: int, alpha: float, far: float, observed: float) -> float | None:
    """Return the share between `far` and the observed one at which p meets alpha; None: nowhere."""
    edge = min(max(far, 1e-9), 1 - 1e-9)
    if abs(edge - observed) < 1e-6 or p_at(x, n, edge) >= alpha:
        return None
    # The two-sided p-value jumps; bisection finds the jump that crosses alpha.
    inside, outside = observed, edge
    for _ in range(60):
        middle = (inside + outside) / 2
        if p_at(x, n, middle) >= alpha:
            inside = middle
        else:
            outside = middle
    return inside


def recorded_groups(records: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Return false alerts by factor and group, added up over the records that hold them."""
    total: dict[str, dict[str, int]] = {}
    for text in records["false_by_group"].dropna():
        for factor, groups in json.loads(text).items():
            for group, number in groups.items():
                held = total.setdefault(factor, {})
                held[group] = held.get(group, 0) + int(number)
    return total
