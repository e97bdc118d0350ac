"""Comparing: a paired test that swaps the two studies within people.

If two matchers are alike at matched false alerts, it does not matter whose scores of a person are
called the first matcher's. Scores are first put on one scale, the share of the study's own
non-mated searches that score as high; then both studies are matched again after every swap, so
that the test allows for thresholds that were matched on the same people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lfr_eval.contract.trials import PersonTrials

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Searches:
    """Non-mated and compared searches of one study on the common scale; lower is more alike.

    Attributes
    ----------
    alert_person, alert : (non-mated searches,)
        Whose, and the share of all that score as high.
    person, scale : (compared searches,)
        The same of the searches whose events are compared.
    """

    alert_person: Codes
    alert: Floats
    person: Codes
    scale: Floats


def on_common_scale(alerts: PersonTrials, compared: PersonTrials) -> Searches:
    """Put the scores of a study on the scale of its own non-mated searches."""
    ordered = np.sort(alerts.score)

    def share(score: NDArray[np.floating]) -> Floats:
        as_high = len(ordered) - np.searchsorted(ordered, score, side="left")
        scaled: Floats = as_high / len(ordered)
        return scaled

    return Searches(alerts.person, share(alerts.score), compared.person, share(compared.score))


def swap_test(
    first: Searches,
    second: Searches,
    codes: Codes,
    groups: int,
    target: float,
    permutations: int,
    seed: int,
    match_again: bool = True,
) -> tuple[Floats, Floats]:
    """Test whether the groups' rates of two studies of the same people differ.

    Parameters
    ----------
    codes : (people,)
        Group of each person.
    target
        Overall rate of false alerts at which both studies are cut.
    match_again
        Whether both studies are matched again after every swap; False: the test at two thresholds
        as if they had been given, a studentised sign-flip test.

    Returns
    -------
    statistic, p_value : (groups,)
        Studentised difference, second less first; two-sided, a tie counts half. NaN where nobody
        has a trial.
    """
    people = len(codes)
    rng = np.random.default_rng([seed, people])
    nobody = np.zeros(people, bool)
    cuts = _cut(first.alert, target), _cut(second.alert, target)

    def statistic(swapped: Bools) -> Floats:
        sides = []
        for other in (False, True):
            # A person's searches come from the other study where they were swapped.
            from_first = swapped if other else ~swapped
            alert = np.concatenate(
                [
                    first.alert[from_first[first.alert_person]],
                    second.alert[~from_first[second.alert_person]],
                ]
            )
            scale = [
                (each.person[kept], each.scale[kept], cut)
                for each, kept, cut in (
                    (first, from_first[first.person], cuts[0]),
                    (second, ~from_first[second.person], cuts[1]),
                )
            ]
            again = _cut(alert, target)
            person = np.concatenate([one[0] for one in scale])
            event = np.concatenate([one[1] < (again if match_again else one[2]) for one in scale])
            sides.append(
                (
                    np.bincount(person[event], minlength=people).astype(float),
                    np.bincount(person, minlength=people).astype(float),
                )
            )
        return _studentised(sides[0], sides[1], codes, groups)

    observed = statistic(nobody)
    permuted = np.array([statistic(rng.random(people) < 0.5) for _ in range(permutations)])
    slack = 1e-9 * np.maximum(1.0, np.abs(observed))
    # A tie counts half (mid-p, Lancaster 1961, JASA 56, 223-234).
    above = np.count_nonzero(np.abs(permuted) > np.abs(observed) + slack, axis=0)
    not_below = np.count_nonzero(np.abs(permuted) >= np.abs(observed) - slack, axis=0)
    reached = (above + not_below) / 2
    return observed, np.where(np.isnan(observed), np.nan, (1 + reached) / (1 + permutations))


def _cut(alert: Floats, target: float) -> float:
    """Return the scale value below which at most the wanted number of alerts lie."""
    wanted = int(np.floor(target * len(alert) + 1e-9))
    return float(np.partition(alert, wanted)[wanted])


def _studentised(
    first: tuple[Floats, Floats], second: tuple[Floats, Floats], codes: Codes, groups: int
) -> Floats:
    """Return the difference of two rates by group over its standard error, clustered by person."""

    def total(values: Floats) -> Floats:
        summed: Floats = np.bincount(codes, values, groups).astype(float)
        return summed

    rates, parts = [], []
    for events, trials in (first, second):
        size = total(trials)
        rate = np.divide(total(events), size, out=np.full(groups, np.nan), where=size > 0)
        rates.append(rate)
        share = np.where(size > 0, size, 1.0)[codes]
        parts.append((events - np.nan_to_num(rate)[codes] * trials) / share)
    influence = parts[1] - parts[0]
    people = total(((first[1] > 0) | (second[1] > 0)).astype(float))
    correction = people / np.maximum(people - 1, 1)
    error = np.sqrt(correction * total(influence**2))
    difference = rates[1] - rates[0]
    known = np.divide(difference, error, out=np.zeros(groups), where=error > 0)
    # Everybody changed alike: the surest difference there is.
    certain = (error <= 0) & (np.abs(difference) > 0)
    statistic: Floats = np.where(certain, np.sign(difference) * 1e6, known)
    return np.where(np.isnan(difference), np.nan, statistic)
