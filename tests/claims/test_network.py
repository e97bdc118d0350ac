"""The shipped network holds its weights in four bits and computes what it was trained to."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

from benchmarks.claims.training import packed, rounded
from lfr_eval.finished.claims import network as room
from lfr_eval.finished.claims.network import network, unpacked
from lfr_eval.finished.claims.pieces import pieces_of


def test_what_is_packed_is_what_was_trained() -> None:
    weights = torch.randn(6, 64, generator=torch.Generator().manual_seed(0))
    kept = unpacked(*packed(weights))
    np.testing.assert_allclose(kept, rounded(weights).numpy(), atol=2e-3)
    assert np.abs(kept - weights.numpy()).max() <= float(weights.abs().max()) / 13


def test_the_parts_are_those_of_torch() -> None:
    values = np.random.default_rng(0).normal(size=(5, 384)).astype(np.float32)
    tensor = torch.tensor(values)
    np.testing.assert_allclose(room._gelu(values), F.gelu(tensor).numpy(), atol=1e-6)
    np.testing.assert_allclose(room._softmax(values), torch.softmax(tensor, -1).numpy(), atol=1e-6)
    of = network()._of
    told = network()._levelled(values, "0x")
    same = F.layer_norm(
        tensor, (384,), torch.tensor(of["0x_w"]), torch.tensor(of["0x_b"]), room._TINY
    )
    np.testing.assert_allclose(told, same.numpy(), atol=1e-4)


def test_attention_is_that_of_torch() -> None:
    hidden = np.random.default_rng(1).normal(size=(7, 384)).astype(np.float32)
    reader = network()
    asks, keys, gives = (
        torch.tensor(reader._linear(hidden, f"0{part}")).view(7, 12, 32).transpose(0, 1)
        for part in "qkv"
    )
    taken = F.scaled_dot_product_attention(asks, keys, gives).transpose(0, 1).reshape(7, 384)
    same = reader._linear(taken.numpy(), "0o")
    np.testing.assert_allclose(reader._attended(hidden, 0), same, atol=1e-4)


def test_chances_are_chances_for_any_text() -> None:
    reader = network()
    for text in ("", "?", "x" * 500, "фото " * 300, "No bias. " * 100):
        chances = reader.read(pieces_of(text, reader.vocabulary))
        assert np.isclose(chances.readings.sum(), 1)
        assert ((chances.reasons >= 0) & (chances.reasons <= 1)).all()
