"""Planning: passes of one person, and watchlists of another size.

In: a rate a pass. Out: the rate of people with an event, and the rate at another watchlist size.
"""

from __future__ import annotations

import numpy as np

from lfr_eval.planning.question import LINEAR


def correlation_of(design_effect: float, passes: float) -> float:
    """Within-person correlation that gives a design effect, 0 to 1."""
    if passes <= 1:
        return 0.0
    return float(np.clip((design_effect - 1) / (passes - 1), 0.0, 1.0))


def rate_of_people(rate: float, passes: float, design_effect: float) -> float:
    """Share of people with an event in any of their passes.

    The chance of an event varies between people by a beta distribution whose mean is the rate
    (beta-binomial model). Without correlation it is 1 - (1 - rate)^passes, at a correlation of 1
    the rate itself.
    """
    correlation = correlation_of(design_effect, passes)
    if correlation >= 1:
        return rate
    if correlation <= 0:
        return float(-np.expm1(passes * np.log1p(-rate)))
    both = 1 / correlation - 1
    step = np.arange(round(passes))
    return float(-np.expm1(np.sum(np.log1p(-rate * both / (both + step)))))


def rate_at(rate: float, size: float, other_size: float, scaling: str) -> float:
    """Rate of false alerts at a watchlist of another size.

    `linear`: proportional to the size, as the 2023 study published; `closed`:
    1 - (1 - rate)^(other_size / size), which is exact for independent references.

    Examples
    --------
    >>> round(1 / rate_at(0.000748652, 178_000, 10_000, "linear"))
    23776
    """
    if scaling == LINEAR:
        return rate * other_size / size
    return float(-np.expm1(other_size / size * np.log1p(-rate)))
