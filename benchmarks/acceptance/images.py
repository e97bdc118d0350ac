"""People with several images, some with many more than others, so that they weigh unequally.

Every image of a person is compared with every image of the others of the group. Few people then
have many comparisons, and a rate rests on few of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import optimize

from benchmarks.worlds import LEVELS, Kind
from lfr_eval.inference.cells import divide, satterthwaite, sharing_correction
from lfr_eval.inference.precision import Evidence

MOST_IMAGES = 60
STUDIES_AT_ONCE = 200


@dataclass(frozen=True)
class Album:
    """How many images the people of a group have, and how that goes with their tendency.

    Attributes
    ----------
    kind
        People's tendencies to resemble others.
    median
        Images of the person in the middle.
    spread
        Standard deviation of the logarithm of images; 0: everybody has the median.
    correlation
        Of the logarithms of images and tendency.
    """

    kind: Kind
    median: float
    spread: float = 0.0
    correlation: float = 0.0

    def draw(
        self, rng: np.random.Generator, shape: tuple[int, ...]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Images, and tendencies of mean 1 over people, of this shape."""
        z, e = rng.normal(size=shape), rng.normal(size=shape)
        images = np.exp(np.log(self.median) + self.spread * z)
        images = np.clip(np.rint(images), 1, MOST_IMAGES).astype(int)
        if self.kind is None:
            return images, np.ones(shape)
        name, sigma = self.kind
        if name != "lognormal":
            raise ValueError(f"The tendencies of an album must be log-normal. Got {name} instead.")
        own = self.correlation * z + np.sqrt(1 - self.correlation**2) * e
        return images, np.exp(sigma * own - sigma**2 / 2)


@lru_cache
def factor_for(album: Album, rate: float) -> float:
    """Find the factor at which the rate over comparisons is `rate` (by 2 million people)."""
    images, tendency = album.draw(np.random.default_rng(5), (2_000_000,))
    edges = np.linspace(np.log(tendency.min()) - 1e-9, np.log(tendency.max()) + 1e-9, 600)
    bins = np.digitize(np.log(tendency), edges)
    weight = np.bincount(bins, images, len(edges) + 1)
    value = divide(np.bincount(bins, images * tendency, len(edges) + 1), weight)
    weight = weight / weight.sum()
    product = np.outer(value, value)

    def excess(factor: float) -> float:
        return float(weight @ -np.expm1(-factor * product) @ weight) - rate

    return float(optimize.brentq(excess, rate / 1000, 50 * rate, xtol=1e-14))


def of_images(
    rng: np.random.Generator, studies: int, people: int, album: Album, rate: float
) -> Evidence:
    """Draw studies of a group and count them."""
    factors = [factor_for(album, min(0.6, level * rate)) for level in LEVELS]
    rows = []
    while studies > 0:
        now = min(studies, STUDIES_AT_ONCE)
        images, tendency = album.draw(rng, (now, people))
        rows.append(counted(images, matches_of(rng, images, tendency, factors)))
        studies -= now
    return Evidence.stack(rows)


def matches_of(
    rng: np.random.Generator, images: np.ndarray, tendency: np.ndarray, factors: list[float]
) -> np.ndarray:
    """Nested false matches of every two people, (studies, thresholds, pairs)."""
    first, second = np.triu_indices(images.shape[1], 1)
    product = tendency[:, first] * tendency[:, second]
    found: list[np.ndarray] = []
    before = np.ones(product.shape)
    left = images[:, first] * images[:, second]
    for factor in factors:
        chance = -np.expm1(-factor * product)
        left = rng.binomial(left, np.clip(chance / before, 0, 1))
        before = np.maximum(chance, 1e-300)
        found.append(left)
    return np.stack(found, axis=1)


def counted(images: np.ndarray, matches: np.ndarray) -> Evidence:
    """Count false matches by the formulas of the package, every study a row."""
    studies, people = images.shape
    first, second = np.triu_indices(people, 1)
    touch = np.zeros((len(first), people))
    touch[np.arange(len(first)), first] = touch[np.arange(len(first)), second] = 1
    pairs = (images[:, first] * images[:, second]).astype(float)
    n, x = pairs.sum(axis=1)[:, None], matches.sum(axis=2).astype(float)
    rate = x / n
    compared, matched = pairs @ touch, matches @ touch
    residual = matched - rate[..., None] * compared[:, None]
    squares, fourths = (residual**2).sum(axis=2), (residual**4).sum(axis=2)
    between = ((matches - rate[..., None] * pairs[:, None]) ** 2).sum(axis=2)
    shared = (compared**2).sum(axis=1)[:, None] - (pairs**2).sum(axis=1)[:, None]
    variance = np.maximum(sharing_correction(shared, n) * (squares - between), between) / n**2
    without = compared[:, None] - matched
    return Evidence(
        x,
        np.broadcast_to(n, x.shape),
        np.maximum(variance, rate * (1 - rate) / n),
        satterthwaite(squares, fourths, float(people)),
        matched.max(axis=2),
        without.max(axis=2),
        np.full((studies, 1), float(people)),
        np.count_nonzero(matched, axis=2).astype(float),
        np.count_nonzero(without > 0, axis=2).astype(float),
        pairs=True,
        falling=True,
        alike=compared.sum(axis=1, keepdims=True) ** 2 / (compared**2).sum(axis=1, keepdims=True),
    )
