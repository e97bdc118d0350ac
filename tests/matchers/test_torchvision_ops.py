"""The cure for a CUDA-built torchvision beside a CPU torch, against a plain definition."""

from __future__ import annotations

import subprocess
import sys

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lfr_eval.matchers.torchvision_ops import nms


def plain_nms(boxes: list[list[float]], scores: list[float], limit: float) -> list[int]:
    """Keep boxes by falling score unless they overlap a kept one by more than the limit."""
    kept: list[int] = []
    for i in sorted(range(len(boxes)), key=lambda k: -scores[k]):
        if all(overlap(boxes[i], boxes[k]) <= limit for k in kept):
            kept.append(i)
    return kept


def overlap(a: list[float], b: list[float]) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return shared / (sum(areas) - shared)


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 10_000), count=st.integers(0, 40), limit=st.sampled_from([0.3, 0.5, 0.7])
)
def test_equals_the_definition(seed: int, count: int, limit: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    corner = torch.rand((count, 2), generator=generator) * 50
    boxes = torch.cat([corner, corner + 1 + torch.rand((count, 2), generator=generator) * 30], 1)
    scores = torch.rand(count, generator=generator)
    kept = nms(boxes, scores, limit).tolist()
    assert kept == plain_nms(boxes.double().tolist(), scores.tolist(), limit)


def test_facenet_pytorch_imports_in_a_fresh_interpreter() -> None:
    code = (
        "from lfr_eval.matchers.torchvision_ops import ensure_torchvision as ensure\n"
        "ensure(); ensure(); import facenet_pytorch, torchvision.ops, torch\n"
        "b = torch.tensor([[0., 0, 9, 9], [1, 1, 9, 9], [20, 20, 30, 30]])\n"
        "print(torchvision.ops.nms(b, torch.tensor([.9, .8, .7]), .5).tolist())"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[0, 2]"
