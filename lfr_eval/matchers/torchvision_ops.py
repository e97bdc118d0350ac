"""Make `import torchvision` work beside a CPU-only torch.

The published torchvision wheel is built against CUDA; beside a CPU build of torch its operators
are missing and the import itself fails ("operator torchvision::nms does not exist", pytorch/vision
issues 9077 and 9085). On exactly that error the two missing operators are declared, `nms` gets a
plain CPU kernel, and the import is tried again. Where the wheel works, nothing happens.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

import torch

_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


@cache
def ensure_torchvision() -> None:
    """Import torchvision, and declare its missing operators if necessary.

    Raises
    ------
    RuntimeError
        If torchvision cannot be imported for another reason.
    """
    try:
        import torchvision
    except RuntimeError as error:
        if "torchvision::nms does not exist" not in str(error):
            raise
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        _declare()
        import torchvision.extension

        torchvision.extension._has_ops = lambda: True


def _declare() -> None:
    make_library: Any = torch.library.Library
    library = make_library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(name + _SCHEMA)
    library.impl("nms", nms, "CPU")
    _LIBRARIES.append(library)


# A library's registrations end with the object, so it is kept.
_LIBRARIES: list[Any] = []


def nms(boxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float) -> torch.Tensor:
    """Non-maximum suppression: indices of the boxes to keep, by falling score.

    Parameters
    ----------
    boxes : (n, 4)
        x1, y1, x2, y2.
    scores : (n,)
        A box is dropped when a better one overlaps it by more than `iou_threshold`.
    """
    order = scores.argsort(descending=True, stable=True)
    corners = boxes[order].double().numpy()
    left, top, right, bottom = corners.T
    area = (right - left) * (bottom - top)
    dropped = [False] * len(corners)
    keep = []
    for i in range(len(corners)):
        if dropped[i]:
            continue
        keep.append(i)
        width = right[i + 1 :].clip(max=right[i]) - left[i + 1 :].clip(min=left[i])
        height = bottom[i + 1 :].clip(max=bottom[i]) - top[i + 1 :].clip(min=top[i])
        shared = width.clip(min=0) * height.clip(min=0)
        over = shared > iou_threshold * (area[i] + area[i + 1 :] - shared)
        for j in over.nonzero()[0]:
            dropped[i + 1 + j] = True
    return order[torch.tensor(keep, dtype=torch.long)]
