"""Networks as ONNX graphs."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch


def exported(network: torch.nn.Module, image_size: int, path: Path) -> Path:
    """Write a network as an ONNX graph that takes batches of any size."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # The tracing exporter: the other one takes a minute for the same graph.
        torch.onnx.export(
            network.eval(),
            (torch.zeros(2, 3, image_size, image_size),),
            str(path),
            input_names=["faces"],
            dynamic_axes={"faces": {0: "batch"}},
            dynamo=False,
        )
    return path


def means(path: Path, size: int) -> Path:
    """Write a network by hand: the mean of each channel of faces of `size` pixels."""
    import onnx
    from onnx import TensorProto, helper

    faces = helper.make_tensor_value_info("faces", TensorProto.FLOAT, ["n", 3, size, size])
    template = helper.make_tensor_value_info("template", TensorProto.FLOAT, ["n", 3])
    axes = helper.make_tensor("axes", TensorProto.INT64, [2], [2, 3])
    mean = helper.make_node("ReduceMean", ["faces", "axes"], ["template"], keepdims=0)
    made = helper.make_graph([mean], "means", [faces], [template], [axes])
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, str(path))
    return path
