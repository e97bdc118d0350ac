"""Stage `inference`: one-sided ends of a rate's interval, at any level.

In: `Precision`. Out: lower and upper ends. Whatever is said about one rate or two is made of these
ends, so that nothing that is printed can contradict anything else.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from lfr_eval.inference.cells import Floats, divide
from lfr_eval.inference.precision import Precision

LEAST_LEVEL, GREATEST_LEVEL = 1e-15, 0.4999
"""One-sided levels between which ends are defined."""


_TOLERANCE = 2e-13
"""Width in the normal quantile at which the search for a level ends."""
_BRACKETS = 8

MANY = 1e8
"""Degrees of freedom beyond which Student's distribution is normal."""


def student_factor(level: Floats | float, degrees: Floats | float) -> Floats:
    """Factor on effective trials for an estimated variance, (z / t)^2 at a one-sided level.

    References
    ----------
    Korn & Graubard (1998), Survey Methodology 24, 193-201.
    """
    z = special.ndtri(level)
    t = special.stdtrit(np.minimum(degrees, MANY), level)
    factor: Floats = divide(z, t, otherwise=1.0) ** 2
    return factor


def lower_ends(cells: Precision, level: Floats | float) -> Floats:
    """Lower ends at one-sided level `level`, which broadcasts against the cells."""
    return _ends(cells, level, upper=False)


def upper_ends(cells: Precision, level: Floats | float) -> Floats:
    """Upper ends at one-sided level `level`, which broadcasts against the cells."""
    return _ends(cells, level, upper=True)


def smallest_level(excess: Callable[[Floats], Floats], shape: tuple[int, ...]) -> Floats:
    """Smallest one-sided level from which `excess` is positive; 1/2 where it is at none.

    Interval and p-value are then the same inequality and cannot contradict one another. The level
    is found in the normal quantile, in which most excesses are nearly linear, to 2e-13.

    Parameters
    ----------
    excess
        Maps levels (..., shape) to values of the same shape, which rise with the level.

    References
    ----------
    Oliveira & Takahashi (2020), ACM Transactions on Mathematical Software 47(1), 5: the ITP method,
    which takes no more steps than bisection and mostly a fifth of them.
    """

    def value_at(z: Floats) -> Floats:
        return np.nan_to_num(excess(special.ndtr(-z)), nan=-1.0, posinf=1e100, neginf=-1e100)

    # Where an excess should not rise throughout, the greatest level at which it ends counts.
    ends = (-float(special.ndtri(level)) for level in (GREATEST_LEVEL, LEAST_LEVEL))
    steps = np.linspace(next(ends), next(ends), _BRACKETS + 1)
    grid = np.broadcast_to(steps.reshape(-1, *(1 for _ in shape)), (len(steps), *shape))
    values = value_at(grid)
    failed = ~(values > 0)
    never, always = failed[0], ~failed.any(axis=0)
    after = np.clip(np.argmax(failed, axis=0), 1, None)[None]
    low, high, above, below = (
        np.take_along_axis(array, at, axis=0)[0]
        for array in (grid, values) for at in (after - 1, after)
    )  # fmt: skip
    above, below = np.where(never, 1.0, above), np.where(always, -1.0, np.minimum(below, 0.0))
    first = float(steps[1] - steps[0])
    most = int(np.ceil(np.log2(first / _TOLERANCE))) + 1
    for step in range(most):
        width = high - low
        # What is found rests, so that no level depends on what else is asked.
        open_ = (width > _TOLERANCE) & ~never & ~always
        if not np.any(open_):
            break
        middle = (low + high) / 2
        secant = (low * below - high * above) / (below - above)
        towards = np.sign(middle - secant)
        at = secant + towards * np.minimum(width**2 / first / 5, np.abs(middle - secant))
        room = np.maximum(_TOLERANCE / 2 * 2.0 ** (most - step) - width / 2, 0.0)
        at = np.where(np.abs(at - middle) <= room, at, middle - towards * room)
        # Beside an end that is the level already, the other end must come near as well.
        at = np.clip(at, low + _TOLERANCE / 2, np.maximum(high - _TOLERANCE / 2, middle))
        value = value_at(at)
        up, down = open_ & (value > 0), open_ & ~(value > 0)
        low, above = np.where(up, at, low), np.where(up, value, above)
        high, below = np.where(down, at, high), np.where(down, value, below)
    return np.where(never, 0.5, np.where(always, LEAST_LEVEL, special.ndtr(-low)))


def _ends(cells: Precision, level: Floats | float, upper: bool) -> Floats:
    """Find ends on the rarer outcome: above a half on trials without an event, swapped."""
    x, n, effect, degrees, clump, spread, at_level = _alike(
        cells.events, cells.trials, cells.effect, cells.degrees, cells.clump, cells.spread, level
    )
    level = np.minimum(np.maximum(at_level, LEAST_LEVEL), GREATEST_LEVEL)
    factor = student_factor(level, degrees)
    rate = divide(x, n)
    often = rate > 0.5
    rare = np.where(often, n - x, x)
    outer = often != upper
    result = np.empty(x.shape)
    empty = n <= 0
    w = np.where(often, effect, clump)
    for wanted, make in ((True, _outer), (False, _inner)):
        at = (outer == wanted) & ~empty
        # Levels are searched for one comparison at a time, in thousands of calls: no copies.
        if at.all():
            result = np.asarray(make(rare, n, effect, w, factor, level))
        elif at.any():
            result[at] = make(rare[at], n[at], effect[at], w[at], factor[at], level[at])
    at = outer & ~often & ~empty & (spread > 0)
    if at.any():
        wider = _resembling(x[at], n[at], spread[at], factor[at], level[at])
        result[at] = np.maximum(result[at], wider)
    result = np.where(often, 1 - result, result)
    # Rounding and the half clump must never put an end on the wrong side of the rate.
    result = np.maximum(result, rate) if upper else np.minimum(result, rate)
    return np.where(empty, 1.0 if upper else 0.0, result)


def _alike(*given: Floats | float) -> list[Floats]:
    """Broadcast arrays; for a few cells NumPy's own takes as long as what is done with them."""
    shape = np.broadcast(*given).shape
    arrays = [np.asarray(one) for one in given]
    return [one if one.shape == shape else np.broadcast_to(one, shape) for one in arrays]


def _inner(
    x: Floats,
    n: Floats,
    effect: Floats,
    clump: Floats,  # noqa: ARG001 - as `_outer`
    factor: Floats,
    level: Floats,
) -> Floats:
    """Lower end of the rarer outcome: Jeffreys' on effective trials."""
    a = factor * x / effect + 0.5
    b = factor * (n - x) / effect + 0.5
    found: Floats = special.betaincinv(a, b, level)
    return np.where(x > 0, found, 0.0)


def _outer(
    x: Floats, n: Floats, effect: Floats, clump: Floats, factor: Floats, level: Floats
) -> Floats:
    """Upper end of the rarer outcome: as if half a clump more had been seen.

    References
    ----------
    Fay & Feuer (1997), Statistics in Medicine 16, 791-801; Tiwari, Clegg & Zou (2006), Statistical
    Methods in Medical Research 15, 547-569.
    """
    spread = x * effect + clump**2 / 2
    events = (x + clump / 2) ** 2 / spread
    trials = n * (x + clump / 2) / spread
    a = factor * events + (1 - factor) / 2
    b = factor * np.maximum(trials - events, 0.25) + (1 - factor) / 2 + 0.25
    # 1 - Beta(a, b) is Beta(b, a): no digits are lost in 1 - level.
    found: Floats = 1 - special.betaincinv(b, a, level)
    # Without an event the interval has one end, so that end has the whole error: the rule of three.
    none = -np.expm1(np.log(2 * level) / np.maximum(trials, 1e-12))
    return np.where(x > 0, found, np.maximum(found, none))


def _resembling(x: Floats, n: Floats, spread: Floats, factor: Floats, level: Floats) -> Floats:
    """Upper end where some people resemble many others.

    A sample that holds few of these people has a low rate and a low variance at once, and an end
    from that variance is too low. The variance relative to the square of the rate, `spread`, does
    not depend on the rate. If the rate of those who took part has a gamma distribution with this
    relative variance, events are negative binomial, and the end rests on the expected events of
    which x + 1/2 or fewer have the chance `level`. They are divided by themselves and the trials
    without an event that were seen, so that the end is below 1. Of few trials with an event this
    is nearly the same as dividing by all trials. Where a third had one, and few people took part,
    all trials would give 1, and coverage does not need it.

    References
    ----------
    Greenwood & Yule (1920), Journal of the Royal Statistical Society 83, 255-279.
    """
    mean = special.betainccinv(factor * (x + 0.5), factor / spread, level)
    expected = divide(mean, spread * (1 - mean), otherwise=np.inf)
    found: Floats = 1 / (1 + divide(n - x, expected, otherwise=np.inf))
    return found
