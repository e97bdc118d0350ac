"""The network that reads sentences: a small transformer, computed with NumPy.

In: the numbers of a sentence's pieces. Out: how likely each reading and each reason is. The weights
stand in `reader.npz`; `benchmarks/claims` makes them. MiniLM (Wang et al. 2020; all-MiniLM-L6-v2,
Apache 2.0) is trained further on sentences that people have sorted, and kept as whole numbers of
four bits with one scale for each 32 of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

WEIGHTS = Path(__file__).parent / "reader.npz"
GROUP = 32
"""Weights that share a scale."""

_WIDTH, _HEADS = 384, 12
_SCALES, _TINY = "_scales", 1e-12


class Chances(NamedTuple):
    """What the network makes of a sentence.

    Attributes
    ----------
    readings
        Shape (4,); probabilities of `learned.READINGS`, which sum to 1.
    reasons
        Shape (4,); probability of each of `learned.REASONS`, by itself.
    """

    readings: np.ndarray
    reasons: np.ndarray


def unpacked(packed: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Return weights from two whole numbers of four bits (0 to 15, for -8 to 7) in each byte.

    Parameters
    ----------
    packed
        Shape (rows, columns / 2); the first of two numbers in the lower bits.
    scales
        Shape (rows, columns / 32).

    Examples
    --------
    >>> unpacked(np.full((1, 16), 0x79, np.uint8), np.full((1, 1), 0.5))[0, :2].tolist()
    [0.5, -0.5]
    """
    numbers = np.stack([packed & 15, packed >> 4], axis=-1).astype(np.float32) - 8
    grouped = numbers.reshape(len(packed), -1, GROUP) * scales[..., None].astype(np.float32)
    return grouped.reshape(len(packed), -1)


class Network:
    """The network of one file of weights."""

    def __init__(self, weights: Path = WEIGHTS) -> None:
        with np.load(weights) as file:
            stored = dict(file)
        words = bytes(stored.pop("vocabulary")).decode().split("\n")
        self.vocabulary = {piece: number for number, piece in enumerate(words)}
        self._pieces = stored.pop("tok"), stored.pop("tok" + _SCALES)
        self._of = {
            name: unpacked(array, stored[name + _SCALES])
            if name + _SCALES in stored
            else array.astype(np.float32)
            for name, array in stored.items()
            if not name.endswith(_SCALES)
        }
        self._layers = sum(name.endswith("q_w") for name in self._of)

    def read(self, pieces: Sequence[int]) -> Chances:
        """Return what the network makes of a sentence, as `pieces.pieces_of` gives it."""
        of, chosen = self._of, np.asarray(pieces)
        hidden = unpacked(self._pieces[0][chosen], self._pieces[1][chosen])
        hidden = self._levelled(hidden + of["pos"][: len(chosen)], "ln")
        for layer in range(self._layers):
            hidden = self._levelled(hidden + self._attended(hidden, layer), f"{layer}x")
            wide = _gelu(self._linear(hidden, f"{layer}f"))
            hidden = self._levelled(hidden + self._linear(wide, f"{layer}g"), f"{layer}y")
        whole = np.concatenate([hidden.mean(axis=0), hidden.max(axis=0)])
        readings, reasons = (self._linear(whole, name) for name in ("pol", "rea"))
        return Chances(_softmax(readings), 1 / (1 + np.exp(-reasons)))

    def _attended(self, hidden: np.ndarray, layer: int) -> np.ndarray:
        """Return what each piece takes from the others: scaled dot-product attention."""
        shape = (len(hidden), _HEADS, _WIDTH // _HEADS)
        asks, keys, gives = (
            self._linear(hidden, f"{layer}{part}").reshape(shape).transpose(1, 0, 2)
            for part in "qkv"
        )
        weights = _softmax(asks @ keys.transpose(0, 2, 1) / shape[-1] ** 0.5)
        taken = (weights @ gives).transpose(1, 0, 2).reshape(hidden.shape)
        return self._linear(taken, f"{layer}o")

    def _linear(self, hidden: np.ndarray, name: str) -> np.ndarray:
        result: np.ndarray = hidden @ self._of[f"{name}_w"].T + self._of[f"{name}_b"]
        return result

    def _levelled(self, hidden: np.ndarray, name: str) -> np.ndarray:
        """Return each piece with mean 0 and variance 1, scaled: layer normalisation."""
        centred = hidden - hidden.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + _TINY)
        result: np.ndarray = centred / spread * self._of[f"{name}_w"] + self._of[f"{name}_b"]
        return result


@cache
def network() -> Network:
    """Return the network that the package ships, read once."""
    return Network()


def _softmax(values: np.ndarray) -> np.ndarray:
    raised = np.exp(values - values.max(axis=-1, keepdims=True))
    result: np.ndarray = raised / raised.sum(axis=-1, keepdims=True)
    return result


def _gelu(values: np.ndarray) -> np.ndarray:
    from scipy.special import erf

    result: np.ndarray = values * 0.5 * (1 + erf(values / np.float32(np.sqrt(2))))
    return result
