"""Any network as an ONNX graph: the preprocessing that is described, and FaceNet exported."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lfr_eval.contract.tables import ACQUISITION, RATES
from lfr_eval.matchers import MatcherError, make_matcher
from lfr_eval.matchers.mtcnn import cut_points
from tests.matchers.exported import exported, means
from tests.studies import run_on_faces, tables_of

pytest.importorskip("onnxruntime", reason="the extra 'onnx' is not installed")

# torch's exporter and onnx warn about themselves.
pytestmark = pytest.mark.filterwarnings("ignore")

SIZE = 8


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return means(tmp_path_factory.mktemp("graph") / "means.onnx", SIZE)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.new("RGB", (20, 20), (10, 60, 200)).save(tmp_path / "one.png")
    return tmp_path / "one.png"


def template(graph: Path, picture: Path, **settings: object) -> np.ndarray:
    given = {"detector": "none", "image_size": SIZE, "normalise": False, **settings}
    matcher = make_matcher("onnx", path=graph, **given)
    (embedding,) = matcher.embed([picture])  # type: ignore[union-attr]
    assert embedding.template is not None
    return embedding.template


def test_values_are_scaled_and_ordered_as_described(graph: Path, picture: Path) -> None:
    np.testing.assert_allclose(
        template(graph, picture, mean=[0.0], std=[1.0]), [10, 60, 200], rtol=1e-6
    )
    np.testing.assert_allclose(
        template(graph, picture, mean=[0.0], std=[1.0], channels="bgr"), [200, 60, 10], rtol=1e-6
    )
    np.testing.assert_allclose(
        template(graph, picture, mean=[10.0, 20.0, 100.0], std=[1.0, 2.0, 4.0]), [0, 20, 25]
    )
    unit = template(graph, picture, mean=[0.0], std=[1.0], normalise=True)
    assert np.linalg.norm(unit) == pytest.approx(1)


def test_a_template_of_nothing_is_a_failure_to_acquire(graph: Path, picture: Path) -> None:
    """The network makes zeros of a black picture, which have no direction."""
    Image.new("RGB", (20, 20)).save(picture.with_name("black.png"))
    given = {"detector": "none", "image_size": SIZE, "mean": [0.0]}
    matcher = make_matcher("onnx", path=graph, **given)
    black, one = matcher.embed([picture.with_name("black.png"), picture])  # type: ignore[union-attr]
    assert black.template is None
    assert black.reason == "the network made no usable template of the face"
    assert one.template is not None
    (face,) = matcher.faces_of(Image.new("RGB", (20, 20)))  # type: ignore[union-attr]
    assert np.isnan(face.template).all()


@pytest.mark.parametrize(
    "setting", [{"mean": [0.0]}, {"std": [2.0]}, {"channels": "bgr"}, {"normalise": False}]
)
def test_every_constant_is_in_the_fingerprint(graph: Path, setting: dict[str, object]) -> None:
    given = {"path": graph, "detector": "none", "image_size": SIZE}
    plain, changed = make_matcher("onnx", **given), make_matcher("onnx", **given, **setting)
    assert plain.card.fingerprint != changed.card.fingerprint
    assert plain.card.fingerprint == make_matcher("onnx", **given, batch_size=2).card.fingerprint


def test_what_does_not_fit_gets_a_sentence(graph: Path, tmp_path: Path) -> None:
    with pytest.raises(MatcherError, match=r"does not take 12-pixel faces in layout nchw: its inp"):
        make_matcher("onnx", path=graph, detector="none", image_size=12)
    with pytest.raises(MatcherError, match="in layout nhwc"):
        make_matcher("onnx", path=graph, detector="none", image_size=SIZE, layout="nhwc")
    with pytest.raises(MatcherError, match=r"matcher\.path=FILE\.onnx"):
        make_matcher("onnx", path=tmp_path / "none.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"\x80\x04 not a graph")
    with pytest.raises(MatcherError, match="is not an ONNX graph in one file"):
        make_matcher("onnx", path=tmp_path / "bad.onnx", detector="none")
    with pytest.raises(MatcherError, match=r"five points, each \[x, y\]"):
        make_matcher("onnx", path=graph, detector="none", image_size=SIZE, points=[[1, 2], [3]])
    with pytest.raises(MatcherError, match="must be positive"):
        make_matcher("onnx", path=graph, detector="none", image_size=SIZE, std=[0.0])


@pytest.mark.parametrize(
    ("detector", "message"),
    [
        ("dlib", "dlib's five landmarks are four corners of eyes and the base of the nose"),
        ("none", "matcher.detector=none finds no landmarks"),
        ("mtcnn", "needs matcher.points"),
    ],
)
def test_five_points_need_a_detector_that_has_them(detector: str, message: str) -> None:
    """Said before anything is loaded: there is no such file."""
    with pytest.raises(MatcherError, match=message):
        make_matcher("onnx", path=Path("no.onnx"), alignment="five_points", detector=detector)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"margin": 8}, r"margin is 8, and a cut face has 8 pixels.*give a margin from 0 to 7"),
        ({"margin": 9}, "give a margin from 0 to 7"),
        ({"margin": -1}, r"matcher.margin must be at least 0 \(got -1\)"),
        ({"min_face_size": 0}, r"min_face_size must be at least 1 \(got 0\)"),
        ({"batch_size": 0}, r"batch_size must be at least 1 \(got 0\)"),
        ({"image_size": 0}, r"image_size must be at least 1 \(got 0\)"),
        ({"channels": "grb"}, "channels must be rgb or bgr; did you mean 'rgb'"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    settings: dict[str, object], message: str, graph: Path
) -> None:
    given = {"path": graph, "detector": "none", "image_size": SIZE, **settings}
    with pytest.raises(MatcherError, match=message):
        make_matcher("onnx", **given)


def test_landmarks_are_moved_to_their_points() -> None:
    """A turned, scaled and moved pattern comes back upright."""
    points = np.array([[8.0, 8], [24, 8], [16, 16], [10, 24], [22, 24]])
    angle, scale, shift = 0.4, 3.0, np.array([40.0, 25])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    landmarks = scale * points @ turn.T + shift
    picture = Image.new("L", (160, 160))
    for x, y in landmarks:
        for right in range(-4, 5):
            for down in range(-4, 5):
                picture.putpixel((round(x) + right, round(y) + down), 255)
    cut = cut_points(picture.convert("RGB"), landmarks, points, 32)
    for x, y in points.astype(int):
        assert cut[y, x].min() > 200
    assert cut[0, 0].max() == 0


@pytest.mark.mirror
@pytest.mark.slow
def test_facenet_exported_has_the_rates_of_facenet(
    mirror: Path, faces: Path, tmp_path: Path
) -> None:
    from lfr_eval.matchers.facenet import network_of

    graph = exported(
        network_of(next((mirror / "weights").rglob("*.pt"))), 160, tmp_path / "facenet.onnx"
    )
    people = reduced(mirror, tmp_path, 8)
    given = (
        "dataset=manifest",
        f"dataset.path={people}",
        "design=verification",
        "inference.factors=[gender]",
        "thresholds.values=[0.2,0.3,0.4,0.491,0.6]",
        "thresholds.operating=0.491",
        "matcher.image_size=160",
        "matcher.margin=14",
    )
    torch = run_on_faces(faces, *given, "matcher=facenet", "matcher.device=cpu")
    onnx = tables_of(tmp_path, *given, "matcher=onnx", f"matcher.path={graph}")
    assert torch.read(ACQUISITION)["acquired"].all()
    pd.testing.assert_frame_equal(torch.read(RATES), onnx.read(RATES), check_exact=True)
    told = tables_of(
        tmp_path,
        *given,
        "matcher=onnx",
        f"matcher.path={graph}",
        "matcher.score_slope=0.5",
        "matcher.score_offset=0.5",
        "thresholds.values=[0.6,0.65,0.7,0.7455,0.8]",
        "thresholds.operating=0.7455",
    ).read(RATES)
    expected = torch.read(RATES)
    expected["threshold"] = (0.5 * expected["threshold"] + 0.5).round(9)
    pd.testing.assert_frame_equal(told, expected, check_exact=True)


def reduced(mirror: Path, folder: Path, people: int) -> Path:
    """The first people of the London faces, as a manifest of their own."""
    rows = []
    for number, path in enumerate(sorted((mirror / "london").rglob("*_neutral.jpg"))[:people]):
        person = path.name.partition("_")[0]
        groups = ("female", "male")[number % 2], ("black", "white")[number // 2 % 2]
        smiling = path.with_name(f"{person}_smiling.jpg")
        for file, role in ((path, "reference"), (smiling, "probe")):
            shutil.copyfile(file, folder / file.name)
            rows.append((file.stem, person, file.name, role, *groups))
    columns = ["image_id", "subject_id", "path", "role", "gender", "ethnicity"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "people.csv", index=False)
    return folder / "people.csv"
