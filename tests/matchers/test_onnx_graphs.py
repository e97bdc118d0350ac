"""ONNX graphs that anybody may have made: one template per face comes out, or they are refused."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lfr_eval.matchers import MatcherError, make_matcher
from lfr_eval.matchers.onnx_size import too_many_nodes
from tests.matchers.exported import means

# onnx warns about itself.
pytestmark = pytest.mark.filterwarnings("ignore")

SIZE = 8
FLAT = ("Flatten", ["faces"], ["flat"], {})
PRODUCT = ("MatMul", ["flat", "weights"], ["product"], {})
SAME = ("Identity", ["product"], ["template"], {})
OUTPUTS = {
    "as it should be": ([SAME], [("template", ["n", 6])], None),
    "with further dimensions of one": (
        [("Reshape", ["product", "columns"], ["template"], {})],
        [("template", ["n", 6, 1, 1])],
        None,
    ),
    "another first output behind the template": (
        [SAME, ("ReduceL2", ["product"], ["length"], {"axes": [1]})],
        [("template", ["n", 6]), ("length", ["n", 1])],
        None,
    ),
    "lengths first": (
        [("ReduceL2", ["product"], ["length"], {"axes": [1]}), SAME],
        [("length", ["n", 1]), ("template", ["n", 6])],
        "the output 'length' has 1 values per face",
    ),
    "lengths without a dimension": (
        [("ReduceL2", ["product"], ["template"], {"axes": [1], "keepdims": 0})],
        [("template", ["n"])],
        r"has the shape \(4,\)",
    ),
    "transposed": (
        [("Transpose", ["product"], ["template"], {"perm": [1, 0]})],
        [("template", [6, "n"])],
        r"has the shape \(6, 4\)",
    ),
    "one row for all": (
        [("ReduceMean", ["product"], ["template"], {"axes": [0]})],
        [("template", [1, 6])],
        r"has the shape \(1, 6\)",
    ),
    "the mean of all in every row": (
        [
            ("ReduceMean", ["product"], ["mean"], {"axes": [0]}),
            ("Sub", ["product", "product"], ["zero"], {}),
            ("Add", ["zero", "mean"], ["template"], {}),
        ],
        [("template", ["n", 6])],
        "another for a face alone than for the same face beside others",
    ),
    "BatchNorm in training mode": (
        [
            ("ReduceMean", ["product"], ["mean"], {"axes": [0]}),
            ("Sub", ["product", "mean"], ["template"], {}),
        ],
        [("template", ["n", 6])],
        "another for a face alone",
    ),
    "Dropout in training mode": (
        [("Dropout", ["product", "ratio", "training"], ["template"], {"seed": 1})],
        [("template", ["n", 6])],
        "another for a face alone",
    ),
    "the same for every face": (
        [("Sub", ["product", "product"], ["zero"], {}), ("Cos", ["zero"], ["template"], {})],
        [("template", ["n", 6])],
        "is the same for faces that are unlike",
    ),
    "zeros": (
        [("Sub", ["product", "product"], ["template"], {})],
        [("template", ["n", 6])],
        "is zero for every face",
    ),
    "two that may be the template": (
        [SAME, ("Neg", ["product"], ["other"], {})],
        [("template", ["n", 6]), ("other", ["n", 6])],
        r"each of its outputs 'template' \(6 values\), 'other' \(6 values\) may be the template",
    ),
    "text": (
        [("Cast", ["product"], ["text"], {"to": 8})],
        [("text", ["n", 6])],
        "the output 'text' does not hold numbers",
    ),
    "no numbers": (
        [("Sqrt", ["product"], ["root"], {}), ("Log", ["root"], ["template"], {})],
        [("template", ["n", 6])],
        "holds values that are not numbers",
    ),
}


TEXT = 8
"""TensorProto.STRING."""


def modelled(nodes: list[Any], outputs: list[Any], constants: list[Any]) -> Any:
    from onnx import TensorProto, helper

    told = helper.make_tensor_value_info
    faces = told("faces", TensorProto.FLOAT, ["n", 3, SIZE, SIZE])
    graph = helper.make_graph(nodes, "g", [faces], [told(*each) for each in outputs], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("normalise", [True, False])
def test_an_output_that_is_no_template_is_refused(
    name: str, normalise: bool, tmp_path: Path
) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes, outputs, message = OUTPUTS[name]
    weights = np.random.default_rng(2).normal(size=(3 * SIZE * SIZE, 6)).astype(np.float32)
    constants = {
        "weights": weights,
        "columns": np.array([0, 0, 1, 1], np.int64),
        "ratio": np.float32(0.4),
        "training": np.array(True),
    }
    made = modelled(
        [helper.make_node(*node[:3], **node[3]) for node in (FLAT, PRODUCT, *nodes)],
        [(name, TEXT if name == "text" else TensorProto.FLOAT, shape) for name, shape in outputs],
        [numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items()],
    )
    onnx.save(made, str(tmp_path / "graph.onnx"))
    given = {"detector": "none", "image_size": SIZE, "normalise": normalise}
    if message is not None:
        with pytest.raises(MatcherError, match=message):
            make_matcher("onnx", path=tmp_path / "graph.onnx", **given)
        return
    matcher = make_matcher("onnx", path=tmp_path / "graph.onnx", **given)
    assert matcher.card.template_size == 6
    faces = np.random.default_rng(3).integers(0, 256, (5, SIZE, SIZE, 3), np.uint8)
    expected = ((faces.transpose(0, 3, 1, 2) - 127.5) / 128).reshape(5, -1) @ weights
    if normalise:
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    found = matcher._represent(list(faces))  # type: ignore[union-attr]
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("place", ["../secret.bin", "{folder}/secret.bin", "secret.bin"])
def test_a_graph_reads_no_other_file(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its weights may stand in another file, by name; those are never looked at."""
    from onnx import TensorProto, helper

    (tmp_path / "here").mkdir()
    values = np.random.default_rng(2).normal(size=(3 * SIZE * SIZE, 6)).astype(np.float32)
    for folder in (tmp_path, tmp_path / "here"):
        (folder / "secret.bin").write_bytes(values.tobytes())
    monkeypatch.chdir(tmp_path / "here")
    made = [helper.make_node(*node[:3]) for node in (FLAT, PRODUCT, SAME)]
    weights = helper.make_tensor("weights", TensorProto.FLOAT, values.shape, values.ravel())
    model = modelled(made, [("template", TensorProto.FLOAT, ["n", 6])], [weights])
    (axes,) = model.graph.initializer
    axes.ClearField("float_data")
    axes.data_location = TensorProto.EXTERNAL
    for key, value in (("location", place.format(folder=tmp_path)), ("length", str(values.nbytes))):
        entry = axes.external_data.add()
        entry.key, entry.value = key, value
    (tmp_path / "here" / "evil.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(MatcherError, match="is not an ONNX graph in one file"):
        make_matcher("onnx", path=tmp_path / "here" / "evil.onnx", detector="none", image_size=SIZE)


def test_a_graph_that_never_ends_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnx
    from onnx import TensorProto, helper

    told, number = helper.make_tensor_value_info, TensorProto.FLOAT
    body = helper.make_graph(
        [helper.make_node("Identity", ["on"], ["still"]), helper.make_node("Cos", ["v"], ["w"])],
        "body",
        [told("i", TensorProto.INT64, []), told("on", TensorProto.BOOL, []), told("v", number, [])],
        [told("still", TensorProto.BOOL, []), told("w", number, [])],
    )
    nodes = [
        helper.make_node("Loop", ["", "true", "zero"], ["end"], body=body),
        helper.make_node(*FLAT[:3]),
        helper.make_node("Add", ["flat", "end"], ["template"]),
    ]
    constants = [
        helper.make_tensor("true", TensorProto.BOOL, [], [True]),
        helper.make_tensor("zero", number, [], [0.0]),
    ]
    size = 3 * SIZE * SIZE
    onnx.save(modelled(nodes, [("template", number, ["n", size])], constants), str(tmp_path / "g"))
    monkeypatch.setattr("lfr_eval.matchers.onnx_graph.PATIENCE", 0.2)
    with pytest.raises(MatcherError, match=r"did not answer within 0\.2 seconds for 4 faces"):
        make_matcher("onnx", path=tmp_path / "g", detector="none", image_size=SIZE)


@pytest.mark.parametrize("faces", [(10**12,), (5_000_000_000, 2)])
def test_a_graph_that_asks_for_a_terabyte_is_refused(
    faces: tuple[int, ...], tmp_path: Path
) -> None:
    import onnx
    from onnx import TensorProto, helper

    pytest.importorskip("resource")
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["huge"]),
        helper.make_node("ReduceSum", ["huge"], ["sum"], keepdims=0),
        helper.make_node(*FLAT[:3]),
        helper.make_node("Add", ["flat", "sum"], ["template"]),
    ]
    shape = helper.make_tensor("shape", TensorProto.INT64, [len(faces)], faces)
    outputs = [("template", TensorProto.FLOAT, ["n", 3 * SIZE * SIZE])]
    onnx.save(modelled(nodes, outputs, [shape]), str(tmp_path / "g"))
    with pytest.raises(MatcherError, match="needs more memory"):
        make_matcher("onnx", path=tmp_path / "g", detector="none", image_size=SIZE)


def test_functions_that_multiply_are_refused_before_they_are_put_in(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]

    def graph(deep: int) -> Path:
        functions = []
        for at in range(deep):
            used = ("Identity", "") if at == 0 else (f"f{at - 1}", "own")
            steps = [
                helper.make_node(used[0], [f"v{n}"], [f"v{n + 1}"], domain=used[1])
                for n in range(10)
            ]
            made = helper.make_function("own", f"f{at}", ["v0"], ["v10"], steps, opsets)
            functions.append(made)
        nodes = [
            helper.make_node(*FLAT[:3]),
            helper.make_node(f"f{deep - 1}", ["flat"], ["template"], domain="own"),
        ]
        model = modelled(nodes, [("template", TensorProto.FLOAT, ["n", 3 * SIZE * SIZE])], [])
        model.functions.extend(functions)
        model.opset_import.append(opsets[1])
        onnx.save(model, str(tmp_path / "g"))
        return tmp_path / "g"

    with pytest.raises(MatcherError, match="functions that expand to more than 1,000,000 nodes"):
        make_matcher("onnx", path=graph(9), detector="none", image_size=SIZE)
    make_matcher("onnx", path=graph(2), detector="none", image_size=SIZE)


def number(value: int) -> bytes:
    """Return a whole number as protocol buffers write it, seven bits a byte."""
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + number(value >> 7)


def field(place: int, content: bytes) -> bytes:
    """Return a text or a message as a field of protocol buffers."""
    return number(place << 3 | 2) + number(len(content)) + content


def multiplied(before: bytes = b"", domain: bytes = b"own", of_nodes: bytes = b"own") -> bytes:
    """Return a graph with ten functions, each of which has ten nodes of the next."""

    def node(at: int) -> bytes:
        return field(4, f"f{at}".encode()) + field(7, of_nodes) * bool(of_nodes)

    functions = [
        before + field(1, f"f{at}".encode()) + field(10, domain) + 10 * field(7, node(at + 1))
        for at in range(10)
    ]
    return b"".join(field(25, each) for each in functions) + field(7, field(1, node(0)))


@pytest.mark.parametrize(
    "content",
    [
        multiplied(),
        # A group of fields that nobody knows.
        number(99 << 3 | 3) + bytes([8, 1]) + number(99 << 3 | 4) + multiplied(),
        # Of a name that is given twice, the last holds.
        multiplied(before=field(1, b"x")),
        # A further overload of one of them, which has no nodes.
        multiplied() + field(25, field(1, b"f3") + field(10, b"own")),
        # One domain has two spellings.
        multiplied(domain=b"ai.onnx", of_nodes=b""),
    ],
    ids=["plain", "group", "named twice", "overload", "domain"],
)
def test_odd_fields_do_not_hide_that_functions_multiply(content: bytes) -> None:
    assert too_many_nodes(content)


def test_a_number_without_end_takes_no_time() -> None:
    began = time.process_time()
    assert not too_many_nodes(b"\xff" * 1_000_000)
    assert time.process_time() - began < 1


def test_a_graph_with_an_operator_of_its_own_is_refused(tmp_path: Path) -> None:
    import onnx
    from onnx import helper

    model = onnx.load(str(means(tmp_path / "means.onnx", SIZE)))
    model.graph.node[0].domain = "evil.ops"
    model.opset_import.append(helper.make_opsetid("evil.ops", 1))
    (tmp_path / "evil.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(MatcherError, match=r"evil\.ops.*is not a registered function"):
        make_matcher("onnx", path=tmp_path / "evil.onnx", detector="none", image_size=SIZE)
