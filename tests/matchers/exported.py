"""A network as an ONNX graph."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch


def exported(network: torch.nn.Module, image_size: int, path: Path) -> Path:
    """Write a network as an ONNX graph that takes batches of any size."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            network.eval(),
            (torch.zeros(2, 3, image_size, image_size),),
            dynamic_shapes=[{0: torch.export.Dim("batch", min=1, max=256)}],
            verbose=False,
        )
        assert program is not None
        program.save(str(path))
    return path
