"""Stage `inference`: what few events say of how alike the trials of one person are.

In: events, the people that they come from, and trials of each person. Out: the largest correlation
between the trials of a person with which so few events would repeat.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaln

from lfr_eval.inference.cells import Floats

LEVEL = 0.8
"""Level of the one-sided bound. Higher ones cost power, and at this one no test errs too often."""


def correlation_bound(events: Floats, affected: Floats, each: Floats) -> Floats:
    """Return the upper bound of the correlation between trials of one person.

    Rates of people have a beta distribution, and events are rare. Of a person with an event, the
    number of events then depends on the correlation alone, and so does the probability that the
    people with an event have so few. Repeats that are chance count as correlation, so that the
    bound is too high rather than too low where events are not rare.

    Parameters
    ----------
    events, affected, each
        Events, people with an event, and trials of each person, of one shape. Counted to whole
        numbers: events up, people down, trials to the nearest.

    Returns
    -------
    ndarray
        1 where there is no event; 0 where people have one trial.

    References
    ----------
    Griffiths (1973), Biometrics 29, 637-648, for the beta-binomial; Chatfield & Goodhardt (1970),
    Applied Statistics 19, 240-250, for its limit with rare events.
    """
    x, a, m = np.broadcast_arrays(np.ceil(events - 1e-9), np.floor(affected + 1e-9), np.rint(each))
    found = np.ones(x.shape)
    known = (x >= 1) & (a >= 1)
    found[m <= 1] = 0.0
    for index in zip(*np.nonzero(known & (m > 1)), strict=True):
        found[index] = _bound(int(x[index]), int(min(a[index], x[index])), int(m[index]))
    return found


@cache
def _bound(events: int, affected: int, each: int) -> float:
    def surplus(correlation: float) -> float:
        return _as_few(events, affected, each, correlation) - (1 - LEVEL)

    least, most = 1e-6, 1 - 1e-6
    if surplus(most) >= 0:
        return 1.0
    return float(brentq(surplus, least, most, xtol=1e-6))


def _as_few(events: int, affected: int, each: int, correlation: float) -> float:
    """Probability that so many people with an event have no more events in all."""
    other = (1 - correlation) / correlation
    y = np.arange(1, each + 1)
    weight = gammaln(each + 1) - gammaln(y + 1) - gammaln(each - y + 1)
    weight += gammaln(y) + gammaln(each - y + other) - gammaln(each + other)
    one = np.exp(weight - weight.max())
    one = one[:events] / one.sum()
    # Events of each person beyond the first, added up over people.
    total = np.ones(1)
    for _ in range(affected):
        total = np.convolve(total, one)[: events - affected + 1]
    return float(total.sum())
