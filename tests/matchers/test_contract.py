"""The contract of a matcher: what docs/matchers.md says, of every matcher that ships."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lfr_eval.config.plugins import SHIPPED
from lfr_eval.matchers import (
    FrameMatcher,
    ImageMatcher,
    Matcher,
    ScoreMatcher,
    TemplateMatcher,
    make_matcher,
)
from lfr_eval.matchers.contract import (  # noqa: F401
    Subject,
    pictures_to_try,
    test_a_live_frame_has_the_template_of_the_same_picture_in_a_file,
    test_a_packed_matcher_is_the_same_one,
    test_a_picture_gives_a_template_or_a_reason,
    test_a_template_does_not_depend_on_its_neighbours,
    test_the_card_is_complete,
    test_the_fingerprint_follows_what_changes_templates_and_nothing_else,
    test_unlike_pictures_have_unlike_templates,
)
from lfr_eval.matchers.faces import open_picture
from lfr_eval.matchers.http import HttpMatcher
from lfr_eval.matchers.packing import PackableMatcher
from lfr_eval.matchers.simulated import SimulatedMatcher
from lfr_eval.registry.registered import load_registered
from lfr_eval.registry.registering import register_matcher
from tests.engine.serving import served
from tests.matchers.exported import means
from tests.matchers.test_files import npz
from tests.shared import fresh_store
from tests.studies import configured

REAL = [pytest.mark.mirror, pytest.mark.slow]

# MLflow and what it stands on warn about themselves.
pytestmark = pytest.mark.filterwarnings("ignore")


@dataclass(frozen=True)
class World:
    """What matchers are made from: a folder to work in, and real faces and weights if there are.

    Attributes
    ----------
    ends
        Runs when the tests of this file end.
    """

    folder: Path
    ends: ExitStack
    mirror: Path | None = None

    def __hash__(self) -> int:
        return hash(self.folder)


Make = Callable[..., ImageMatcher]


def facenet(world: World, **settings: object) -> ImageMatcher:
    assert world.mirror is not None
    weights = next((world.mirror / "weights").rglob("*.pt"))
    return make_matcher("facenet", weights=weights, device="cpu", **settings)  # type: ignore[return-value]


def dlib(_: World, **settings: object) -> ImageMatcher:
    pytest.importorskip("dlib", reason="the extra 'dlib' is not installed")
    return make_matcher("dlib", **settings)  # type: ignore[return-value]


def null(_: World, **settings: object) -> ImageMatcher:
    return make_matcher("null", **settings)  # type: ignore[return-value]


def onnx(world: World, **settings: object) -> ImageMatcher:
    pytest.importorskip("onnxruntime", reason="the extra 'onnx' is not installed")
    graph = means(world.folder / "means.onnx", 8)
    given = {"path": graph, "detector": "none", "image_size": 8, **settings}
    return make_matcher("onnx", **given)  # type: ignore[return-value]


@cache
def _address(world: World, **settings: object) -> str:
    """The address of an engine that serves a null matcher until the tests end."""
    return world.ends.enter_context(served(null(world, **settings)))


def http(world: World, batch_size: int = 0, **settings: object) -> ImageMatcher:
    return HttpMatcher(_address(world, **settings), batch_size=batch_size)


@cache
def _version(world: World, **settings: object) -> str:
    """A registered version of a null matcher."""
    words = [f"matcher.{name}={value}" for name, value in settings.items()]
    config = configured(world.folder, "experiment=london", "matcher=null_matcher", *words)
    return register_matcher(config, "null", fresh_store(world.folder))


def mlflow(world: World, **settings: object) -> ImageMatcher:
    uri = f"models:/null/{_version(world, **settings)}"
    return load_registered(uri, fresh_store(world.folder)).matcher


@dataclass(frozen=True)
class Kind:
    """A matcher that makes templates of images.

    Attributes
    ----------
    make
        Makes it, given settings.
    setting
        One that changes its templates.
    real
        Whether it needs real faces and weights.
    no_frames, no_packing
        Why it cannot run live, or be registered; empty if it can.
    """

    make: Make
    setting: dict[str, object]
    real: bool = False
    no_frames: str = ""
    no_packing: str = ""


MATCHERS = {
    "null": Kind(null, {"salt": "other"}),
    "facenet": Kind(facenet, {"margin": 0}, real=True),
    "dlib": Kind(dlib, {"upsample": 0}, real=True),
    "onnx": Kind(onnx, {"mean": [0.0]}),
    "http": Kind(
        http,
        {"salt": "other"},
        no_frames="it is a live engine already, and is asked for still pictures",
        no_packing="its weights are elsewhere",
    ),
    "mlflow": Kind(mlflow, {"salt": "other"}),
}
"""What makes templates of images; `templates`, `scores` and `simulated` do not look at any: their
contract is `test_what_comes_from_elsewhere_comes_in_the_order_of_the_cohort`."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with ExitStack() as ends:
        yield World(tmp_path_factory.mktemp("matchers"), ends)


@pytest.fixture(
    params=[pytest.param(name, marks=REAL if MATCHERS[name].real else ()) for name in MATCHERS]
)
def kind(request: pytest.FixtureRequest) -> Kind:
    return MATCHERS[request.param]


@pytest.fixture
def here(request: pytest.FixtureRequest, kind: Kind, world: World) -> World:
    """The world, with the mirror where a matcher needs one."""
    return replace(world, mirror=request.getfixturevalue("mirror")) if kind.real else world


@pytest.fixture
def subject(kind: Kind, here: World) -> Subject:
    faces = sorted((here.mirror / "london").rglob("*.jpg"))[:3] if here.mirror else []
    return Subject(partial(kind.make, here), kind.setting, faces=faces)


def test_every_matcher_that_ships_is_tested_here() -> None:
    # A log of alerts and a list of pairs have tests of their own in tests/inputs.
    assert {*SHIPPED, "mlflow", "simulated"} == {*MATCHERS, *ELSEWHERE, "alerts", "pairs"}


def test_the_reason_for_a_broken_picture_is_the_same_for_all(
    subject: Subject, pictures: list[Path]
) -> None:
    made = list(subject.make().embed(pictures[-2:]))
    assert [each.reason for each in made] == ["the picture cannot be read"] * 2


def test_what_cannot_run_live_or_be_registered_says_so(kind: Kind, subject: Subject) -> None:
    one = subject.make()
    assert isinstance(one, FrameMatcher) != bool(kind.no_frames)
    assert isinstance(one, PackableMatcher) != bool(kind.no_packing)


IMAGES = pd.DataFrame({"image_id": ["a", "b", "c"], "role": ["both"] * 3}, dtype="string")


def templates(folder: Path, factor: float) -> Matcher:
    path = npz(folder / f"{factor}.npz", ["c", "x", "a"], [[factor, 3], [1, 1], [2, np.nan]])
    return make_matcher("templates", path=path)


def scores(folder: Path, factor: float) -> Matcher:
    path = folder / f"{factor}.csv"
    path.write_text(f"reference_id,probe_id,score\nc,a,{factor}\na,b,0.5\n")
    return make_matcher("scores", path=path)


def simulated(_: Path, factor: float) -> Matcher:
    vectors = np.array([[0, 0], [1, 1], [factor, 3]], np.float32)
    return SimulatedMatcher(vectors, np.array([False, False, True]))


ELSEWHERE = {"templates": templates, "scores": scores, "simulated": simulated}
"""What brings templates or scores from elsewhere."""


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_comes_from_elsewhere_comes_in_the_order_of_the_cohort(
    name: str, tmp_path: Path
) -> None:
    one = ELSEWHERE[name](tmp_path, 2.0)
    assert one.card.fingerprint == ELSEWHERE[name](tmp_path, 2.0).card.fingerprint
    assert one.card.fingerprint != ELSEWHERE[name](tmp_path, 4.0).card.fingerprint
    assert one.card.score_range[0] < one.card.score_range[1]
    assert one.card.acquisition
    assert not isinstance(one, ImageMatcher | FrameMatcher | PackableMatcher)
    if isinstance(one, TemplateMatcher):
        found = one.templates(IMAGES)
        assert found.acquisition["image_id"].tolist() == ["a", "b", "c"]
        assert found.acquisition["acquired"].tolist() == [False, False, True]
        assert found.acquisition["reason"].notna().tolist() == [True, True, False]
        np.testing.assert_array_equal(found.vectors[2], [2, 3])
        assert np.isnan(found.vectors[:2]).all()
    else:
        assert isinstance(one, ScoreMatcher)
        given = one.scores(IMAGES)
        assert given["score"].dtype == np.float64
        assert given["score"].tolist() == [2.0, 0.5]


@pytest.mark.parametrize(
    ("policy", "taken"),
    [
        ("largest", 0),
        ("most_probable", 1),
        ("most_central", 2),
        ("require_one", None),
        ("all", None),
    ],
)
def test_of_several_faces_the_policy_takes_one(policy: str, taken: int | None) -> None:
    from lfr_eval.matchers.faces import Box, find_face

    class Three:
        recipe: ClassVar[dict[str, object]] = {}

        def boxes(self, picture: Image.Image) -> list[Box]:  # noqa: ARG002
            corners = [[0, 0, 50, 50], [60, 0, 70, 10], [45, 45, 55, 55]]
            return [
                Box(np.array(box, float), p)
                for box, p in zip(corners, (0.8, 0.99, 0.9), strict=True)
            ]

        def cut(self, picture: Image.Image, box: Box) -> np.ndarray:  # noqa: ARG002
            return np.full((1, 1, 3), box.corners[0], np.uint8)

    found = find_face(Three(), Image.new("RGB", (100, 100)), policy)
    assert found.faces == 3
    if taken is None:
        assert found.reason == "3 faces detected, one required"
    else:
        assert found.face is not None
        assert found.face[0, 0, 0] == (0, 60, 45)[taken]
    assert find_face(Three(), None, policy).reason == "the picture cannot be read"


def test_pictures_are_turned_as_their_camera_says() -> None:
    written = io.BytesIO()
    picture = Image.new("RGB", (4, 2))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(written, "JPEG", exif=exif)
    opened = open_picture(written.getvalue())
    assert opened is not None
    assert opened.size == (2, 4)
