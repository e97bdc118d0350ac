"""Trains MiniLM further on the sorted sentences, with four-bit weights.

The rounding is part of every step (straight-through estimator, Bengio et al. 2013), so that what is
shipped is what was trained. Two heads read the mean and the maximum over the pieces.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

from benchmarks.claims.examples import Example, joined, varied
from lfr_eval.finished.claims.learned import ALIKE, DIFFERENCE, NEITHER, READINGS, REASONS
from lfr_eval.finished.claims.network import GROUP
from lfr_eval.finished.claims.pieces import END, INSIDE, MOST, START, UNKNOWN, pieces_of

LAYERS, WIDTH, HEADS, BITS = 6, 384, 12, 4
EPOCHS, BATCH, RATE, DROPPED, SMOOTHING = 8, 32, 1.5e-4, 0.1, 0.03
JOINED, SHORT = 0.15, 15
"""Share of short sentences that are joined with another, and words of a short one at most."""

WHOLE, INNER, FIRST_WORD = 6000, 2500, 1996
"""Whole words and inner pieces kept, the most frequent; the first that is a word."""

_PARTNERS = (ALIKE, DIFFERENCE, NEITHER)
_PARTS = {
    "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
    "o": "attention.output.dense", "f": "intermediate.dense", "g": "output.dense",
    "x": "attention.output.LayerNorm", "y": "output.LayerNorm",
}  # fmt: skip


def vocabulary_of(base: Path, examples: Sequence[Example]) -> list[str]:
    """Return the pieces to keep: those of the examples and the most frequent ones."""
    known = json.loads((base / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    ordered = sorted(known, key=lambda piece: int(known[piece]))
    used = {ordered[number] for one in examples for number in pieces_of(one.sentence, known)}
    whole = [piece for piece in ordered[FIRST_WORD : FIRST_WORD + WHOLE] if INSIDE not in piece]
    inner = [piece for piece in ordered if piece.startswith(INSIDE)][:INNER]
    signs = [p for p in ordered if len(p.removeprefix(INSIDE)) == 1 and ord(p[-1]) < 0x250]
    keep = {"[PAD]", UNKNOWN, START, END, *used, *whole, *inner, *signs}
    return [piece for piece in ordered if piece in keep]


def rounded(weights: torch.Tensor) -> torch.Tensor:
    """Return weights as four bits hold them; the gradient passes as if nothing were rounded."""
    numbers, scales = numbers_of(weights.detach())
    return weights + ((numbers * scales[..., None]).reshape(weights.shape) - weights).detach()


def numbers_of(weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return whole numbers from -7 to 7 in groups of 32, shape (rows, groups, 32), and scales."""
    most = 2 ** (BITS - 1) - 1
    grouped = weights.reshape(len(weights), -1, GROUP)
    scales = grouped.abs().amax(-1).clamp_min(1e-8) / most
    return (grouped / scales[..., None]).round().clamp(-most, most), scales


class Reader(nn.Module):
    """The network of `lfr_eval.finished.claims.network`, as it is trained."""

    def __init__(self, base: Path, vocabulary: Sequence[str]) -> None:
        super().__init__()
        stored = load_file(base / "model.safetensors")
        known = json.loads((base / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
        first = stored["embeddings.token_type_embeddings.weight"][0]
        held = {
            "tok": stored["embeddings.word_embeddings.weight"][[known[p] for p in vocabulary]],
            "pos": stored["embeddings.position_embeddings.weight"][: MOST + 2] + first,
            "ln_w": stored["embeddings.LayerNorm.weight"],
            "ln_b": stored["embeddings.LayerNorm.bias"],
        }
        for layer in range(LAYERS):
            for short, name in _PARTS.items():
                for end, kind in (("w", "weight"), ("b", "bias")):
                    held[f"{layer}{short}_{end}"] = stored[f"encoder.layer.{layer}.{name}.{kind}"]
        # The pieces stay as they came, rounded.
        kept = {"tok", "pos", "ln_w", "ln_b"}
        self.held = nn.ParameterDict(
            {
                name: nn.Parameter(
                    rounded(value) if name == "tok" else value.clone(),
                    requires_grad=name not in kept,
                )
                for name, value in held.items()
            }
        )
        self.pol = nn.Linear(2 * WIDTH, len(READINGS))
        self.rea = nn.Linear(2 * WIDTH, len(REASONS))

    def forward(self, pieces: torch.Tensor, real: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the values of both heads, shape (sentences, 4) each; `real` masks the padding."""
        held, (many, long) = self.held, pieces.shape
        hidden = self._levelled(held["tok"][pieces] + held["pos"][:long], "ln", torch.zeros(1))
        hide = (~real).float()[:, None, None] * -1e4
        for layer in range(LAYERS):
            asks, keys, gives = (
                self._linear(hidden, f"{layer}{part}")
                .view(many, long, HEADS, WIDTH // HEADS)
                .transpose(1, 2)
                for part in "qkv"
            )
            scaled = asks @ keys.transpose(2, 3) / math.sqrt(WIDTH // HEADS) + hide
            taken = torch.softmax(scaled, -1) @ gives
            taken = taken.transpose(1, 2).reshape(many, long, WIDTH)
            hidden = self._levelled(hidden, f"{layer}x", self._linear(taken, f"{layer}o"))
            wide = F.gelu(self._linear(hidden, f"{layer}f"))
            hidden = self._levelled(hidden, f"{layer}y", self._linear(wide, f"{layer}g"))
        share = real.float()[..., None]
        mean = (hidden * share).sum(1) / share.sum(1)
        whole = torch.cat([mean, (hidden + (share - 1) * 1e4).amax(1)], 1)
        whole = F.dropout(whole, DROPPED, self.training)
        return self.pol(whole), self.rea(whole)

    def _linear(self, hidden: torch.Tensor, name: str) -> torch.Tensor:
        weight = self.held[f"{name}_w"]
        weight = rounded(weight) if weight.requires_grad else weight
        return F.linear(hidden, weight, self.held[f"{name}_b"])

    def _levelled(self, hidden: torch.Tensor, name: str, added: torch.Tensor) -> torch.Tensor:
        weight, bias = self.held[f"{name}_w"], self.held[f"{name}_b"]
        added = F.dropout(added, DROPPED, self.training and weight.requires_grad)
        return F.layer_norm(hidden + added, (WIDTH,), weight, bias, 1e-12)


def trained(
    base: Path,
    examples: Sequence[Example],
    seed: int,
    epochs: int = EPOCHS,
) -> Iterator[tuple[Reader, list[str]]]:
    """Yield a reader after each pass over the examples, and its vocabulary."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    vocabulary = vocabulary_of(base, examples)
    numbers = {piece: number for number, piece in enumerate(vocabulary)}
    reader = Reader(base, vocabulary)
    groups = [
        {"params": [v for v in reader.held.values() if v.requires_grad], "lr": RATE},
        {"params": [*reader.pol.parameters(), *reader.rea.parameters()], "lr": 5 * RATE},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    steps = epochs * math.ceil(len(examples) / BATCH)
    plan = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda at: min(1.0, 10 * (at + 1) / steps) * max(0.02, 1 - at / steps)
    )
    weights = _weights(examples)
    short = {
        name: [one for one in examples if one.reading == name and _is_short(one)]
        for name in (ALIKE, DIFFERENCE, NEITHER)
    }
    for _ in range(epochs):
        reader.train()
        for batch in _batches(examples, rng):
            rows = [
                joined(one, rng.choice(short[rng.choice(_PARTNERS)]), rng)
                if rng.random() < JOINED and _is_short(one)
                else one
                for one in batch
            ]
            texts = [varied(one.sentence, rng) if rng.random() < 0.5 else one.sentence
                     for one in rows]  # fmt: skip
            loss = _loss(reader(*padded(texts, numbers)), rows, weights)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
            optimiser.step()
            plan.step()
        yield reader.eval(), vocabulary


def _is_short(one: Example) -> bool:
    return len(one.sentence.split()) <= SHORT and not one.sentence.rstrip("\"' ").endswith("?")


def padded(texts: Sequence[str], numbers: dict[str, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the pieces of sentences, and which of them are no padding."""
    rows = [torch.tensor(pieces_of(text, numbers)) for text in texts]
    pieces = nn.utils.rnn.pad_sequence(rows, batch_first=True)
    real = torch.arange(pieces.shape[1]) < torch.tensor([len(row) for row in rows])[:, None]
    return pieces, real


def _batches(examples: Sequence[Example], rng: random.Random) -> list[list[Example]]:
    """Return shuffled batches of sentences that are about equally long."""
    rows = rng.sample(list(examples), len(examples))
    wide = 8 * BATCH
    sets = [
        sorted(rows[at : at + wide], key=lambda one: len(one.sentence))
        for at in range(0, len(rows), wide)
    ]
    batches = [some[at : at + BATCH] for some in sets for at in range(0, len(some), BATCH)]
    rng.shuffle(batches)
    return batches


def _weights(examples: Sequence[Example]) -> torch.Tensor:
    """Weigh rare readings up, by the cube root or so of their rarity."""
    counts = np.array([sum(one.reading == name for one in examples) for name in READINGS])
    return torch.tensor((counts.sum() / (len(READINGS) * counts)) ** 0.3, dtype=torch.float32)


def _loss(
    told: tuple[torch.Tensor, ...], batch: Sequence[Example], weights: torch.Tensor
) -> torch.Tensor:
    readings = torch.tensor([READINGS.index(one.reading) for one in batch])
    loss = F.cross_entropy(told[0], readings, weight=weights, label_smoothing=SMOOTHING)
    wanted = torch.tensor([[0.5 if y is None else y for y in one.reasons] for one in batch])
    counts = torch.tensor([[y is not None for y in one.reasons] for one in batch]).float()
    each = F.binary_cross_entropy_with_logits(
        told[1], wanted * (1 - SMOOTHING) + SMOOTHING / 2, reduction="none"
    )
    return loss + (each * counts).sum() / counts.sum().clamp_min(1)


def packed(weights: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Return weights as `network.unpacked` takes them."""
    numbers, scales = numbers_of(weights)
    flat = (numbers.reshape(len(weights), -1).numpy() + 8).astype(np.uint8)
    return flat[:, ::2] | flat[:, 1::2] << 4, scales.numpy().astype(np.float16)


def write(reader: Reader, vocabulary: Sequence[str], path: Path) -> None:
    """Write a reader as `network.Network` reads it."""
    tensors = {name: value.detach() for name, value in reader.held.items()}
    for head in ("pol", "rea"):
        layer = getattr(reader, head)
        tensors |= {f"{head}_w": layer.weight.detach(), f"{head}_b": layer.bias.detach()}
    arrays = {"vocabulary": np.frombuffer("\n".join(vocabulary).encode(), np.uint8)}
    for name, value in tensors.items():
        if value.ndim == 1 or name == "pos" or name.startswith(("pol", "rea")):
            arrays[name] = value.numpy().astype(np.float16)
            continue
        arrays[name], arrays[f"{name}_scales"] = packed(value)
    np.savez_compressed(path, **arrays)
