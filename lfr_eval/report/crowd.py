"""Stage report: false alerts to expect in a crowd (rates of one setting in, counts out).

The crowd is a thought experiment with stated assumptions: everybody in it passes the camera once,
nobody in it is on the watchlist, and each group errs at the rate that the study measured.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lfr_eval.contract.words import confidence, count, ratio
from lfr_eval.report.rates import Rate

MOST_NAMED = 4
SIZE = 30_000
"""People in the crowd unless the reader says otherwise."""


@dataclass(frozen=True)
class Expected:
    """False alerts to expect in one group, or in all together; None where nothing was measured.

    Attributes
    ----------
    share
        Of the crowd, 0 to 1.
    alerts, lower, upper
        On average, with the ends of the interval.
    """

    group: str
    share: float
    alerts: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class Crowd:
    """A crowd's expected false alerts by group, and in all."""

    size: int
    groups: tuple[Expected, ...]
    total: Expected

    @property
    def origin(self) -> str:
        """Where the number for all together comes from."""
        return (
            "The sum over the groups. Its interval recovers their variances from theirs (MOVER): "
            "groups share no people."
        )


def shares_of_study(rates: Sequence[Rate]) -> tuple[float, ...]:
    """Return each group's share of the people who took part, the default composition."""
    people = [rate.subjects or 0 for rate in rates]
    return tuple(number / sum(people) if sum(people) else 0.0 for number in people)


def expected_alerts(size: int, shares: Sequence[float], rates: Sequence[Rate]) -> Crowd:
    """Return the false alerts to expect.

    Parameters
    ----------
    size
        People in the crowd.
    shares
        Of each group, 0 to 1, in the order of `rates`.
    rates
        FPIR of each group, at one threshold and watchlist size.

    Notes
    -----
    The interval of the sum recovers variances from the groups' intervals (MOVER; Zou & Donner,
    Statistics in Medicine 27, 2008): groups share no people, so their rates are independent.
    """
    groups = []
    for share, rate in zip(shares, rates, strict=True):
        people = size * share
        alerts, lower, upper = (
            None if value is None else people * value
            for value in (rate.rate, rate.lower, rate.upper)
        )
        groups.append(Expected(rate.group, share, alerts, lower, upper))
    return Crowd(size, tuple(groups), _sum(groups))


def spoken_crowd(crowd: Crowd, level: float, where: str) -> str:
    """Return the crowd in one sentence; `where` names threshold and watchlist."""
    total = crowd.total
    if total.alerts is None or total.lower is None or total.upper is None:
        return "No false alert rate was measured here, so nothing can be expected of a crowd."
    about = "no false alert is to be expected from what was seen"
    if total.alerts > 0:
        about = f"about {ratio(total.alerts)} false alerts a day"
        if total.alerts < 1:
            about += f", that is one in {ratio(1 / total.alerts)} such days"
    named = sorted(
        (each for each in crowd.groups if each.alerts), key=lambda each: -(each.alerts or 0.0)
    )[:MOST_NAMED]
    whom = ", ".join(f"{ratio(each.alerts)} {each.group}" for each in named)
    return (
        f"In a crowd of {count(crowd.size)} like this, {about} ({confidence(level)} interval "
        f"{ratio(total.lower, 'down')} to {ratio(total.upper, 'up')})"
        f"{f', of whom about {whom}' if whom else ''}, at {where}."
    )


def _sum(groups: Sequence[Expected]) -> Expected:
    known = [
        (each.alerts, each.lower, each.upper)
        for each in groups
        if each.alerts is not None and each.lower is not None and each.upper is not None
    ]
    if not known:
        return Expected("all together", 1.0, None, None, None)
    total = sum(alerts for alerts, _, _ in known)
    below = math.sqrt(sum((alerts - lower) ** 2 for alerts, lower, _ in known))
    above = math.sqrt(sum((upper - alerts) ** 2 for alerts, _, upper in known))
    return Expected("all together", 1.0, total, max(0.0, total - below), total + above)
