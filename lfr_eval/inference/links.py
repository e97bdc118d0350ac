"""Stage `inference`: what two people add together to the errors of a group's false match rate.

In: comparisons, a threshold, a grouping. Out: `Links`, residuals of pairs of people, whose
products are taken off the sums over people, since a pair stands in the sums of both its people
(Fafchamps & Gubert 2007).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lfr_eval.contract.trials import PairTrials
from lfr_eval.inference.cells import Codes, Floats, divide


@dataclass(frozen=True)
class Links:
    """What two people add together: residuals of pairs of people at the threshold.

    The residual of a pair is f w - C k, for f matches in C comparisons, with weights w and k for
    pairs within the group (column 0) and for all others (column 1).

    Attributes
    ----------
    key, matches : (pairs with a match,)
        Which pair, and how often it matched.
    weight, expected : (groups, 2)
        w and k.
    trials : (groups, 2)
        Comparisons within the group, and all others.
    comparisons
        Comparisons of two people.
    codes : (people,)
        Group of each person.
    """

    key: Codes
    matches: Floats
    weight: Floats
    expected: Floats
    trials: Floats
    comparisons: float
    codes: Codes

    def take(self, groups: Codes) -> Links:
        """Return some of the groups, by index; people of the others get the group -1."""
        place = np.full(max(len(self.weight), 1), -1)
        place[groups] = np.arange(len(groups))
        return replace(
            self,
            weight=self.weight[groups],
            expected=self.expected[groups],
            trials=self.trials[groups],
            codes=place[self.codes],
        )


def links_of(
    trials: PairTrials,
    threshold: float,
    sizes: tuple[float, float],
    own: Floats,
    events: Floats,
    shift: Floats,
    codes: Codes,
) -> Links:
    """Find the pairs of people that match; `own`, `events` and `shift` are (groups, 1)."""
    hit = trials.score >= np.float32(threshold)
    low = np.minimum(trials.first[hit], trials.second[hit])
    high = np.maximum(trials.first[hit], trials.second[hit])
    key, matches = np.unique(low * trials.people + high, return_counts=True)
    total, each = sizes
    found = np.concatenate([events, np.count_nonzero(hit) - events], axis=1)
    counts = np.concatenate([own, total - own], axis=1)
    weight = np.concatenate([divide(1.0, own), np.zeros_like(own)], axis=1) - shift
    expected = weight * divide(found, counts)
    return Links(key, matches.astype(float), weight, expected, counts, each, codes)


def joint(a: Links, b: Links) -> Floats:
    """Sum of products of the residuals of pairs of people, (groups,)."""
    groups, people, codes = len(a.weight), len(a.codes), a.codes

    def by_side(key: Codes, values: Floats) -> Floats:
        """Sum over pairs within each group, and over all others."""
        first, second = codes[key // people], codes[key % people]
        inside = (first == second) & (first >= 0)
        within = np.bincount(first[inside], values[inside], groups)
        return np.stack([within, values.sum() - within], axis=1)

    _, i, j = np.intersect1d(a.key, b.key, assume_unique=True, return_indices=True)
    both = by_side(a.key[i], a.matches[i] * b.matches[j])
    one, two = by_side(a.key, a.matches), by_side(b.key, b.matches)
    products = (
        both * a.weight * b.weight
        - a.comparisons * (one * a.weight * b.expected + two * b.weight * a.expected)
        + a.comparisons * a.trials * a.expected * b.expected
    )
    found: Floats = products.sum(axis=1)
    return found
