"""Stage `inference`: how many comparisons there were, from images by person alone.

In: images by role and corrections (`PairTrials`). Out: sums over the comparisons of each cell, in
closed form, since listing every comparison would take the square of the people.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lfr_eval.contract.trials import PairTrials
from lfr_eval.inference.cells import Bools, Codes, Floats, Labels

# How comparisons between two people follow from their images (references, probes, both):
# C_ij = r_i p_j + p_i r_j - b_i b_j = z_i' K z_j.
KERNEL = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])


@dataclass(frozen=True)
class Sizes:
    """Sums over the comparisons within each cell that do not depend on scores.

    Attributes
    ----------
    trials, person_squares, pair_squares : (cells, 1)
        Comparisons, and the sums of squared comparisons of each person and of each two people.
    coefficients : (cells, 4)
        From the traits of a person to its comparisons.
    coefficients_total : (cells, 1)
        Comparisons of each person, where all have the same images.
    added : (people,)
        Comparisons of each person by correction; empty without corrections.
    people : (cells, 1)
        People with a comparison of their own.
    """

    trials: Floats
    person_squares: Floats
    pair_squares: Floats
    coefficients: Floats
    coefficients_total: Floats
    added: Floats
    people: Floats


@dataclass(frozen=True)
class Images:
    """The images of people, as far as comparisons follow from them.

    Attributes
    ----------
    counts : (people, 3)
        Reference images, probe images, and images in both roles.
    traits : (people, 4)
        From `features_of`.
    active : (people,)
        People with a comparison of their own.
    first, second, correction : (corrections,)
        Comparisons to add between two people, each two once: `PairTrials.corrected`.
    uniform
        Whether everybody has the same images and there is no correction.
    """

    counts: Floats
    traits: Floats
    active: Bools
    first: Codes
    second: Codes
    correction: Floats
    uniform: bool

    @classmethod
    def of(cls, trials: PairTrials) -> Images:
        """Take what `trials` says of people's images."""
        counts = np.stack([trials.references, trials.probes, trials.both], axis=1).astype(float)
        first, second, correction = trials.corrected
        active: Bools = counts.sum(axis=1) > 0
        active[first] = active[second] = True
        uniform = not len(correction) and bool(np.all(counts == counts[:1]))
        return cls(
            counts, features_of(counts), active, first, second, correction.astype(float), uniform
        )

    def between(self, one: Codes, other: Codes) -> Floats:
        """Return the comparisons of two people that their images imply, without corrections."""
        if not np.any(self.counts):
            return np.zeros(len(one))
        joined: Floats = np.einsum("ek,kl,el->e", self.counts[one], KERNEL, self.counts[other])
        return joined

    def sizes(self, labels: Labels, cells: int) -> Sizes:
        """Sum over the comparisons of each cell; those last asked for are kept."""
        key = labels.tobytes(), cells
        if key not in self._kept:
            self._kept.clear()
            self._kept[key] = self._sizes(labels, cells)
        return self._kept[key]

    @cached_property
    def _kept(self) -> dict[tuple[bytes, int], Sizes]:
        return {}

    def _sizes(self, labels: Labels, cells: int) -> Sizes:
        n, features = len(labels), self.traits

        def total(values: Floats) -> Floats:
            return np.bincount(labels, values, cells)

        if self.uniform:
            number = total(np.ones(n))
            each = features[0] if n else np.zeros(4)
            sums = number[:, None] * each
            products = number[:, None, None] * np.outer(each, each)
        else:
            sums = np.stack([total(features[:, i]) for i in range(4)], axis=-1)
            products = np.empty((cells, 4, 4))
            for i in range(4):
                for j in range(i, 4):
                    products[:, i, j] = total(features[:, i] * features[:, j])
                    products[:, j, i] = products[:, i, j]
        # C_i = P r_i + R p_i - B b_i - (2 r_i p_i - b_i^2): linear in the features of person i.
        coefficients = np.concatenate([sums[:, :3] @ KERNEL, -np.ones_like(sums[:, :1])], -1)
        trials = np.einsum("ci,ci->c", coefficients, sums) / 2
        squares = np.einsum("ci,cij,cj->c", coefficients, products, coefficients)
        rotated = products[:, :3, :3] @ KERNEL
        pair_squares = np.einsum("cij,cji->c", rotated, rotated) - products[:, 3, 3]
        pair_squares = pair_squares / 2
        added: Floats = np.zeros(0)
        if len(self.correction):
            within = labels[self.first] == labels[self.second]
            one, other = self.first[within], self.second[within]
            value, base = self.correction[within], self.between(one, other)
            added = np.bincount(one, value, n) + np.bincount(other, value, n)
            implied = np.einsum("ni,ni->n", coefficients[labels], features)
            trials = trials + total(added) / 2
            squares = squares + total(2 * implied * added + added**2)
            shared = np.bincount(labels[one], (2 * base + value) * value, cells)
            pair_squares = pair_squares + shared
        return Sizes(
            trials[:, None],
            squares[:, None],
            pair_squares[:, None],
            coefficients,
            (coefficients @ features[0])[:, None] if n else trials[:, None],
            added,
            total(self.active.astype(float))[:, None],
        )


def features_of(images: Floats) -> Floats:
    """Return r, p, b and the comparisons 2 r p - b^2 that a person would have with itself."""
    r, p, b = images.T
    return np.stack([r, p, b, 2 * r * p - b * b], axis=1)


def looked_up(keys: Codes, values: Floats, wanted: Codes) -> Floats:
    """Return the value of each wanted key, 0 where there is none; keys ascend."""
    if not len(keys):
        return np.zeros(len(wanted))
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    found: Floats = np.where(keys[at] == wanted, values[at], 0.0)
    return found
