"""Stage report: false alerts to expect in a crowd (rates of one setting in, counts and words out).

The crowd is a thought experiment with stated assumptions: everybody in it passes the camera once,
nobody in it is on the watchlist, and each group errs at the rate that the study measured.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lfr_eval.contract.names import group_words
from lfr_eval.contract.words import about, count
from lfr_eval.report.rates import Rate

SIZE = 10_000
"""People in the crowd."""


@dataclass(frozen=True)
class Expected:
    """False alerts to expect in one group, or in all together; None where nothing was measured.

    Attributes
    ----------
    share
        Of the crowd, 0 to 1.
    rate
        Per person who passes.
    alerts, lower, upper
        On average, with the ends of the interval.
    """

    group: str
    share: float
    rate: float | None
    alerts: float | None
    lower: float | None
    upper: float | None
    factor: str = ""


@dataclass(frozen=True)
class Crowd:
    """A crowd's expected false alerts by group, and in all."""

    size: int
    groups: tuple[Expected, ...]
    total: Expected

    @property
    def spoken(self) -> str:
        """The crowd in one sentence."""
        total = self.total
        if total.alerts is None or total.lower is None or total.upper is None:
            return "No false alert rate was measured here, so nothing can be expected of a crowd."
        span = f"up to {about(total.upper, 'up')}"
        if total.lower > 0:
            span = f"between {about(total.lower, 'down')} and {about(total.upper, 'up')}"
        expected = f"about {about(total.alerts)} false alerts can be expected ({span})"
        if not total.alerts:
            expected = f"no false alert was seen, and {span} can be expected all the same"
        most = max(self.groups, key=lambda each: each.alerts or 0.0)
        whom = ""
        if most.alerts and most.alerts < total.alerts:
            whom = f", about {about(most.alerts)} of them on {group_words(most.group, most.factor)}"
        return (
            f"In a crowd of {count(self.size)} people a day, made up like the people tested, "
            f"{expected}{whom}. Real crowds differ, pass more than once and in other light."
        )


def shares_of_study(rates: Sequence[Rate]) -> tuple[float, ...]:
    """Return each group's share of the people who took part."""
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
        groups.append(Expected(rate.group, share, rate.rate, alerts, lower, upper, rate.factor))
    return Crowd(size, tuple(groups), _sum(groups))


def crowd_of(rates: Sequence[Rate | None]) -> Crowd | None:
    """Return a crowd made up as the study is.

    None where a group's rate is unknown or withheld: a crowd without it would look safer than it
    is.
    """
    known = [rate for rate in rates if rate is not None and rate.upper is not None]
    if not known or len(known) < len(rates):
        return None
    return expected_alerts(SIZE, shares_of_study(known), known)


def _sum(groups: Sequence[Expected]) -> Expected:
    known = [
        (each.alerts, each.lower, each.upper)
        for each in groups
        if each.alerts is not None and each.lower is not None and each.upper is not None
    ]
    if not known:
        return Expected("all together", 1.0, None, None, None, None)
    total = sum(alerts for alerts, _, _ in known)
    below = math.sqrt(sum((alerts - lower) ** 2 for alerts, lower, _ in known))
    above = math.sqrt(sum((upper - alerts) ** 2 for alerts, _, upper in known))
    return Expected("all together", 1.0, None, total, max(0.0, total - below), total + above)
