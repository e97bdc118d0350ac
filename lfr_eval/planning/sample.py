"""Planning: the sample that a power takes, the power of a sample, the ratio that it finds.

In: rates, dependence, level. Out: numbers by each method, all by the tests of `inference`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from lfr_eval.inference.detectable import normal_power
from lfr_eval.planning.counts import power_of_equivalence, power_of_fisher, power_of_this_test
from lfr_eval.planning.dependence import correlation_of, rate_of_people
from lfr_eval.planning.drawn import STUDIES, Group, share_found
from lfr_eval.planning.several import (
    normal_share_different,
    normal_share_equivalent,
    share_different,
    share_equivalent,
)

MOST_LISTED = 1_000
"""Expected events of both groups beyond which outcomes are not listed: the normal approximation
is then within a per cent of the sample size."""

MOST_PEOPLE = 10**11
LARGEST_RATIO = 10_000.0

MOST_LINKED = 4_000
"""People of a group beyond which comparisons are counted as effective trials: what they share is
then estimated well."""

ENUMERATED, APPROXIMATED, SIMULATED = "enumerated", "normal approximation", "simulated"
DRAWN = "drawn"


@dataclass(frozen=True)
class Setting:
    """One design, seen one way.

    Attributes
    ----------
    rate
        Rate of the lower group, at the size that is searched.
    passes, design_effect
        Passes a person, and how many of them are worth one.
    alpha
        Level of all tests of a factor together.
    spread
        For FMR, whose trials are all pairs of people of a group: how much people differ in how
        often they are falsely matched, a coefficient of variation. None: trials have one person.
    groups
        Groups of the factor; every one but the higher has the lower rate.
    opened
        Share of the level that is left for the comparisons of three groups or more once the test of
        all groups has rejected: less than 1 where the study asks about other factors, too.
    """

    rate: float
    passes: float
    design_effect: float
    alpha: float
    spread: float | None = None
    groups: int = 2
    opened: float = 1.0

    @property
    def level(self) -> float:
        """Level of one comparison where other methods would test each at an equal share."""
        return self.alpha / (self.groups - 1)

    def trials(self, people: float, rate: float | None = None) -> float:
        """Independent trials of a group of people, whose rate is that of the lower group or given.

        A pair of people shares each of its people with n - 2 other pairs, so the variance of a
        false match rate p over all pairs is p / N + 4 p^2 c^2 / n for people who differ by c: a
        design effect of 1 + 2 p (n - 1) c^2 (first projection of a U-statistic, Hoeffding 1948).
        """
        if self.spread is None:
            return self.raw_trials(people) / self.design_effect
        p = self.rate if rate is None else rate
        effect = 1 + 2 * p * (people - 1) * self.spread**2
        return self.raw_trials(people) / effect

    def raw_trials(self, people: float) -> float:
        """Trials of a group of people, however much they share."""
        return people * self.passes if self.spread is None else people * (people - 1) / 2

    def group(self, people: float, rate: float) -> Group | None:
        """Group to draw studies of; None where counts of independent trials say as much."""
        n = max(2, round(people))
        if self.spread is not None:
            return Group(n, rate, 1, 0.0, self.spread) if n <= MOST_LINKED else None
        m = max(1, round(self.passes))
        known = m == 1 or rate >= 1
        return None if known else Group(n, rate, m, correlation_of(self.design_effect, m))

    def drawable(self, people: float, rate: float) -> Group:
        """Group to draw studies of in any case: independent trials as people with one each."""
        trials = max(2, round(self.trials(people, rate)))
        return self.group(people, rate) or Group(trials, rate, 1, 0.0)

    def certain_trials(self, people: float) -> float:
        """Trials that are independent for certain, as a bound without events needs."""
        return self.trials(people) if self.spread is None else float(people // 2)


@dataclass(frozen=True)
class Power:
    """A power, and whether outcomes were listed, studies drawn, or a normal curve taken."""

    value: float
    evidence: str


def difference_power(
    setting: Setting,
    people: float,
    ratio: float,
    people_higher: float | None = None,
    studies: int = STUDIES,
    third: Sequence[float] | None = None,
) -> Power:
    """Power of this tool's test to find a ratio.

    Parameters
    ----------
    people, people_higher
        People of the group with the lower rate, and of the other one where it has not as many.
    studies
        Most studies to draw where trials share people, or there are more than two groups.
    third
        People of the other groups of the factor; None: as many as `people` in each.
    """
    higher, trials = min(1.0, setting.rate * ratio), setting.trials(people)
    others = people if people_higher is None else people_higher
    trials_higher = setting.trials(others, higher)
    if setting.groups > 2:
        sizes = [others, people, *_third(setting, people, third)]
        rates = [higher, *[setting.rate] * (len(sizes) - 1)]
        worth = [setting.trials(n, p) for n, p in zip(sizes, rates, strict=True)]
        if trials * setting.rate + trials_higher * higher <= MOST_LISTED:
            drawn = [setting.drawable(n, p) for n, p in zip(sizes, rates, strict=True)]
            return Power(share_different(drawn, setting.alpha, studies, setting.opened), DRAWN)
        found = normal_share_different(rates, worth, setting.alpha, setting.opened)
        return Power(found, APPROXIMATED)
    if trials * setting.rate + trials_higher * higher <= MOST_LISTED:
        one, two = setting.group(others, higher), setting.group(people, setting.rate)
        if one is not None and two is not None:
            return Power(share_found(one, two, setting.level, most=studies)[0], DRAWN)
        whole = max(1, round(trials_higher)), max(1, round(trials))
        return Power(power_of_this_test(whole, higher, setting.rate, setting.level), ENUMERATED)
    return Power(normal_difference_power(setting, people, ratio, people_higher), APPROXIMATED)


def _third(setting: Setting, people: float, given: Sequence[float] | None) -> Sequence[float]:
    """People of the groups that are neither the higher nor the reference group."""
    return [people] * (setting.groups - 2) if given is None else given


def normal_difference_power(
    setting: Setting, people: float, ratio: float, people_higher: float | None = None
) -> float:
    """Power by the normal approximation."""
    higher = min(1.0, setting.rate * ratio)
    trials = np.array([setting.trials(people)])
    of_higher = np.array([setting.trials(people_higher or people, higher)])
    base = np.array([setting.rate])
    return float(normal_power(base, ratio, of_higher, trials, setting.level)[0])


def fisher_power(setting: Setting, people: float, ratio: float) -> Power:
    """Power of Fisher's exact test on people with an event in any pass."""
    lower, higher = (
        rate_of_people(min(1.0, rate), setting.passes, setting.design_effect)
        for rate in (setting.rate, setting.rate * ratio)
    )
    if people * (lower + higher) > MOST_LISTED:
        n = np.array([people])
        by_normal = normal_power(np.array([lower]), higher / lower, n, n, setting.level)
        return Power(float(by_normal[0]), APPROXIMATED)
    value = power_of_fisher(max(1, round(people)), higher, lower, setting.level)
    return Power(value, ENUMERATED)


def equivalence_power(
    setting: Setting, people: float, margin: float, ratio: float = 1.0, studies: int = STUDIES
) -> Power:
    """Power of the two one-sided tests of this tool where the true ratio is `ratio`."""
    trials, higher = setting.trials(people), min(1.0, setting.rate * ratio)
    if setting.groups > 2:
        rates = [higher, *[setting.rate] * (setting.groups - 1)]
        if trials * (setting.rate + higher) <= MOST_LISTED:
            drawn = [setting.drawable(people, rate) for rate in rates]
            return Power(share_equivalent(drawn, setting.alpha, margin, studies), DRAWN)
        worth = [trials] * len(rates)
        return Power(normal_share_equivalent(rates, worth, setting.alpha, margin), APPROXIMATED)
    if trials * (setting.rate + higher) <= MOST_LISTED:
        one, two = setting.group(people, higher), setting.group(people, setting.rate)
        if one is not None and two is not None:
            return Power(share_found(one, two, setting.level, margin, studies)[0], DRAWN)
        whole = max(1, round(trials))
        return Power(
            power_of_equivalence(whole, higher, setting.rate, margin, setting.level), ENUMERATED
        )
    noise = math.sqrt(
        (1 - higher) / (trials * higher) + (1 - setting.rate) / (trials * setting.rate)
    )
    z = stats.norm.isf(setting.level)
    tails = [
        stats.norm.cdf((math.log(margin) + side * math.log(ratio)) / noise - z) for side in (-1, 1)
    ]
    return Power(float(max(0.0, sum(tails) - 1)), APPROXIMATED)


def normal_people(setting: Setting, ratio: float, power: float) -> float:
    """People a group that it takes to find a ratio, by the normal approximation.

    References
    ----------
    Fleiss, Levin & Paik (2003), Statistical Methods for Rates and Proportions, chapter 4.

    Examples
    --------
    >>> round(normal_people(Setting(1 / 6000, 1, 1.0, 0.05), 2, 0.8))
    141243
    """
    if setting.spread is not None:
        return people_needed(
            lambda n: Power(normal_difference_power(setting, n, ratio), APPROXIMATED), power
        )
    lower, higher = setting.rate, setting.rate * ratio
    middle = (lower + higher) / 2
    under_null = stats.norm.isf(setting.level / 2) * math.sqrt(2 * middle * (1 - middle))
    otherwise = stats.norm.ppf(power) * math.sqrt(lower * (1 - lower) + higher * (1 - higher))
    trials = (under_null + otherwise) ** 2 / (higher - lower) ** 2
    return float(trials * setting.design_effect / setting.passes)


def people_needed(power_of: Callable[[float], Power], wanted: float) -> float:
    """Fewest people a group with the wanted power; infinite where no number has it."""
    high, reached = 2, power_of(2)
    while reached.value < wanted:
        high *= 2
        if high > MOST_PEOPLE:
            return math.inf
        reached = power_of(high)
    low = high // 2
    # Drawn studies tell powers apart to half a per cent of the people at the best.
    coarse = 200 if reached.evidence == DRAWN else high
    while high - low > max(1, low // coarse):
        middle = (low + high) // 2
        if power_of(middle).value >= wanted:
            high = middle
        else:
            low = middle
    return float(high)


def ratio_found(
    power_of: Callable[[float], Power],
    wanted: float,
    largest: float = LARGEST_RATIO,
    steps: int = 16,
) -> float:
    """Smallest ratio above 1 that is found with the wanted power; infinite where none is.

    Parameters
    ----------
    steps
        Halvings of the interval from 0 to the logarithm of the largest ratio.
    """
    low, high = 0.0, math.log(largest)
    if power_of(largest).value < wanted:
        return math.inf
    for _ in range(steps):
        middle = (low + high) / 2
        if power_of(math.exp(middle)).value >= wanted:
            high = middle
        else:
            low = middle
    return math.exp(high)
