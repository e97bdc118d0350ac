"""A small network that reads the words of a sentence in their order.

In: the words of sorted sentences, each with its kind. Out: how likely a sentence is each of what
they say. Layers of convolution let a word reverse, soften or qualify another one some places away,
which counts of words (`weights.py`) do not see. Trained with PyTorch; read with NumPy alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lfr_eval.finished.claims.kinds import Told

if TYPE_CHECKING:
    from torch import Tensor

_WORD, _KIND, _WIDE = 32, 24, 48
"""Numbers by which a word, its kind and what a layer makes of both are described."""

_REACH = (1, 2, 4)
"""Places between the three words that each layer looks at together."""

_NETWORKS = 2
"""Networks whose readings are put together: each errs in other places."""

_EPOCHS, _BATCH, _RATE = 12, 128, 6e-3
_LONGEST = 70
"""Words of a sentence that are learned from, at most."""

_FORGOTTEN = 0.3
"""Share of the words of which only the kind is seen in training, as if nobody had taught them."""


class Network(NamedTuple):
    """What the network has learned.

    Attributes
    ----------
    words, kinds
        Where each word and each kind stands; 0 is that of all others.
    layers
        Its weights by their names.
    """

    words: dict[str, int]
    kinds: dict[str, int]
    layers: dict[str, np.ndarray]

    def chances(self, told: Sequence[Told]) -> np.ndarray:
        """Return the probability of each thing that a sentence may say, shape (says,)."""
        told = told or [("", "")]
        words, kinds = self.places(told)
        seen = np.hstack([self.layers["word"][words], self.layers["kind"][kinds]])
        for number, reach in enumerate(_REACH):
            padded = np.pad(seen, ((reach, reach), (0, 0)))
            beside = [padded[at : at + len(seen)] for at in (0, reach, 2 * reach)]
            made = np.einsum("knd,hdk->nh", beside, self.layers[f"layer{number}"])
            made = np.maximum(made + self.layers[f"start{number}"], 0)
            seen = made if number == 0 else seen + made
        weight = np.exp((logits := seen @ self.layers["attend"]) - logits.max())
        whole = np.concatenate([weight @ seen / weight.sum(), seen.max(axis=0)])
        total = self.layers["says"] @ whole + self.layers["says_start"]
        powers = np.exp(total - total.max())
        chances: np.ndarray = powers / powers.sum()
        return chances

    def places(self, told: Sequence[Told]) -> tuple[list[int], list[int]]:
        """Return where each word and each kind stands."""
        return (
            [self.words.get(_written(one), 0) for one, _ in told],
            [self.kinds.get(kind, 0) for _, kind in told],
        )


def _written(word: str) -> str:
    """Return a word, or one sign for every number but 0 and 1."""
    return "9" if word[:1].isdigit() and word not in ("0", "1") else word


def networks_of(sentences: Sequence[Sequence[Told]], says: np.ndarray, tells: int) -> list[Network]:
    """Return networks that have learned from these sentences, each from another start.

    Parameters
    ----------
    says
        What each says, as a number below `tells`, shape (sentences,).
    """
    # Loading it takes a second, which no other command should wait for.
    import torch

    counted = Counter(_written(word) for told in sentences for word, _ in told)
    often = [word for word, count in counted.items() if count > 1]
    words = {word: at for at, word in enumerate(often, 1)}
    named = sorted({kind for told in sentences for _, kind in told})
    empty = Network(words, {kind: at for at, kind in enumerate(named, 1)}, {})
    places = [torch.tensor(empty.places(told[:_LONGEST])) for told in sentences]
    made, threads = [], torch.get_num_threads()
    # The same weights whatever the machine; networks as small as these gain nothing by threads.
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        for start in range(_NETWORKS):
            torch.manual_seed(start)
            layers = _layers(len(words) + 1, len(named) + 1, tells)
            _train(layers, places, torch.tensor(says))
            arrays = {name: one.detach().numpy() for name, one in layers.items()}
            made.append(empty._replace(layers=arrays))
    torch.set_num_threads(threads)
    return made


def _layers(words: int, kinds: int, tells: int) -> dict[str, Tensor]:
    """Return the weights before training: small at random, and none for unknown words."""
    from torch import nn, randn, zeros

    layers = {"word": 0.1 * randn(words, _WORD), "kind": 0.3 * randn(kinds, _KIND)}
    layers["word"][0] = 0
    for number in range(len(_REACH)):
        one = nn.Conv1d(_WORD + _KIND if number == 0 else _WIDE, _WIDE, len(_REACH))
        layers[f"layer{number}"], layers[f"start{number}"] = one.weight.data, zeros(_WIDE)
    layers["attend"] = nn.Linear(_WIDE, 1).weight.data[0]
    layers["says"], layers["says_start"] = nn.Linear(2 * _WIDE, tells).weight.data, zeros(tells)
    return {name: one.requires_grad_() for name, one in layers.items()}


def _train(layers: dict[str, Tensor], places: Sequence[Tensor], says: Tensor) -> None:
    from torch import optim
    from torch.nn import functional, utils

    random = np.random.default_rng(0)
    lengths = np.array([one.shape[1] for one in places])
    batches = len(places) // _BATCH + 1
    steps = optim.AdamW(layers.values(), lr=_RATE, weight_decay=1e-3)
    pace = optim.lr_scheduler.OneCycleLR(steps, _RATE, total_steps=_EPOCHS * batches)
    for _ in range(_EPOCHS):
        # Sentences of about one length together, the batches in any order.
        order = np.argsort(lengths + 6 * random.random(len(places)))
        for at in map(int, random.permutation(batches)):
            batch = np.array_split(order, batches)[at]
            rows = utils.rnn.pad_sequence([places[n].T for n in batch], batch_first=True)
            there = np.arange(rows.shape[1]) < lengths[batch][:, None]
            told = network_told(layers, rows, rows.new_tensor(there).bool(), _FORGOTTEN)
            loss = functional.cross_entropy(told, says[batch], label_smoothing=0.03)
            steps.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            utils.clip_grad_norm_(layers.values(), 1)
            steps.step()
            pace.step()


def network_told(
    layers: dict[str, Tensor], rows: Tensor, there: Tensor, forgotten: float
) -> Tensor:
    """Return what a network tells of sentences, with parts of it left out in training.

    Parameters
    ----------
    rows, there
        Places of words and kinds, shape (sentences, words, 2); which of them are words.
    forgotten
        Share of the words, and of the numbers that describe them, that is left out.
    """
    from torch import cat, rand
    from torch.nn.functional import dropout, pad

    words = rows[..., 0] * (rand(there.shape) >= forgotten)
    seen = cat([layers["word"][words], layers["kind"][rows[..., 1]]], -1)
    seen = dropout(seen, forgotten) * there[..., None]
    for number, reach in enumerate(_REACH):
        layer, start = layers[f"layer{number}"], layers[f"start{number}"]
        padded = pad(seen, (0, 0, reach, reach))
        # One product is many times faster than a dilated convolution.
        beside = cat([padded[:, at : at + seen.shape[1]] for at in (0, reach, 2 * reach)], -1)
        made = (beside @ layer.permute(2, 1, 0).flatten(0, 1) + start).relu()
        seen = (made if number == 0 else seen + made) * there[..., None]
    weight = (seen @ layers["attend"]).masked_fill(~there, -9).softmax(-1)
    most = seen.masked_fill(~there[..., None], -9).amax(1)
    whole = cat([(weight[..., None] * seen).sum(1), most], -1)
    return dropout(whole, forgotten) @ layers["says"].T + layers["says_start"]
