"""The contract of a matcher: what docs/matchers.md says, of every matcher that makes templates.

To test a matcher of your own, add it to `MATCHERS`.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

from lfr_eval.matchers import FrameMatcher, ImageMatcher, MatcherCard, fingerprint_of, make_matcher
from lfr_eval.matchers.faces import MULTI_FACE
from lfr_eval.matchers.packing import pack, unpack_unchanged

REAL = [pytest.mark.mirror, pytest.mark.slow]


def facenet(mirror: Path, **settings: object) -> ImageMatcher:
    weights = next((mirror / "weights").rglob("*.pt"))
    return make_matcher("facenet", weights=weights, device="cpu", **settings)  # type: ignore[return-value]


def dlib(_: Path, **settings: object) -> ImageMatcher:
    pytest.importorskip("dlib", reason="the extra 'dlib' is not installed")
    return make_matcher("dlib", **settings)  # type: ignore[return-value]


def null(_: Path, **settings: object) -> ImageMatcher:
    return make_matcher("null", **settings)  # type: ignore[return-value]


MATCHERS = [
    pytest.param((null, {"salt": "other"}), id="null"),
    pytest.param((facenet, {"margin": 0}), id="facenet", marks=REAL),
    pytest.param((dlib, {"upsample": 0}), id="dlib", marks=REAL),
]
"""How each matcher is made, and a setting that changes its templates."""

Made = tuple[Callable[..., ImageMatcher], dict[str, object]]


@pytest.fixture
def folder(request: pytest.FixtureRequest, matcher: Made) -> Path:
    """The mirror, where a matcher needs one."""
    return Path() if matcher[0] is null else request.getfixturevalue("mirror")


@pytest.fixture
def pictures(folder: Path, tmp_path: Path) -> list[Path]:
    """Faces where there are any, a picture without one, and a file that is no picture."""
    faces = sorted((folder / "london").rglob("*.jpg"))[:3] if folder != Path() else []
    grey = [tmp_path / f"grey-{level}.png" for level in (90, 160)]
    for path, level in zip(grey, (90, 160), strict=True):
        Image.new("RGB", (120, 120), (level, level, level)).save(path)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    cut = tmp_path / "cut.png"
    cut.write_bytes(grey[0].read_bytes()[:-40])
    return [*faces, grey[0], broken, grey[1], cut]


def same(left: np.ndarray | None, right: np.ndarray | None) -> bool:
    if left is None or right is None:
        return left is right
    # Products of another batch may round otherwise in the last digits.
    return bool(np.allclose(left, right, rtol=0, atol=1e-5 * np.abs(left).max()))


@pytest.mark.parametrize("matcher", MATCHERS)
def test_a_template_does_not_depend_on_its_neighbours(
    matcher: Made, folder: Path, pictures: list[Path]
) -> None:
    make, _ = matcher
    one = make(folder)
    together = list(one.embed(pictures))
    backwards = list(make(folder, batch_size=2).embed(pictures[::-1]))[::-1]
    alone = [next(iter(one.embed([path]))) for path in pictures]
    content = [next(iter(one.embed([path.read_bytes()]))) for path in pictures]
    assert len(together) == len(pictures)
    for first, *others in zip(together, backwards, alone, content, strict=True):
        for other in others:
            assert (first.reason, first.faces) == (other.reason, other.faces)
            assert same(first.template, other.template)
    assert list(one.embed([])) == []


@pytest.mark.parametrize("matcher", MATCHERS)
def test_a_picture_gives_a_template_or_a_reason(
    matcher: Made, folder: Path, pictures: list[Path]
) -> None:
    one = matcher[0](folder)
    made = list(one.embed(pictures))
    for embedding in made:
        assert (embedding.template is None) != (embedding.reason is None)
        if embedding.template is not None:
            assert embedding.template.dtype == np.float32
            assert embedding.template.shape == (one.card.template_size,)
            assert np.isfinite(embedding.template).all()
            assert embedding.template.any()
    assert [made[-3].reason, made[-1].reason] == ["the picture cannot be read"] * 2
    with pytest.raises(FileNotFoundError):
        list(one.embed([Path("nowhere.jpg")]))


@pytest.mark.parametrize("matcher", MATCHERS)
def test_the_card_is_complete_and_the_fingerprint_is_of_its_recipe(
    matcher: Made, folder: Path
) -> None:
    card: MatcherCard = matcher[0](folder).card
    assert card.fingerprint == fingerprint_of(card.recipe)
    assert card.similarity in ("cosine", "euclidean")
    assert card.score_range[0] < card.score_range[1]
    assert card.template_size is not None
    assert card.template_size > 0
    assert card.batch_size > 0
    assert card.acquisition
    assert card.multi_face is None or card.multi_face in MULTI_FACE


@pytest.mark.parametrize("matcher", MATCHERS)
def test_the_fingerprint_follows_what_changes_templates_and_nothing_else(
    matcher: Made, folder: Path, pictures: list[Path]
) -> None:
    make, setting = matcher
    one, other = make(folder), make(folder, **setting)
    assert one.card.fingerprint == make(folder, batch_size=3).card.fingerprint
    assert one.card.fingerprint != other.card.fingerprint
    first, second = next(iter(one.embed(pictures[:1]))), next(iter(other.embed(pictures[:1])))
    assert not same(first.template, second.template)


@pytest.mark.parametrize("matcher", MATCHERS)
def test_every_face_of_a_frame_has_the_template_of_a_still_picture(
    matcher: Made, folder: Path, pictures: list[Path]
) -> None:
    one = matcher[0](folder)
    assert isinstance(one, FrameMatcher)
    if folder == Path():
        assert len(one.faces_of(Image.new("RGB", (9, 9)))) == 1
        return
    with Image.open(pictures[0]) as opened:
        (face,) = one.faces_of(opened.convert("RGB"))
    assert same(face.template, next(iter(one.embed(pictures[:1]))).template)


@pytest.mark.parametrize("matcher", MATCHERS)
def test_a_packed_matcher_is_the_same_one(
    matcher: Made, folder: Path, pictures: list[Path], tmp_path: Path
) -> None:
    one = matcher[0](folder)
    packed = tmp_path / "packed"
    packed.mkdir()
    pack(one, packed)
    again = unpack_unchanged(packed)
    assert asdict(again.card) == asdict(one.card)
    for left, right in zip(one.embed(pictures), again.embed(pictures), strict=True):
        assert left.reason == right.reason
        if left.template is not None:
            np.testing.assert_array_equal(left.template, right.template)


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
    from lfr_eval.matchers.faces import open_picture

    written = io.BytesIO()
    picture = Image.new("RGB", (4, 2))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(written, "JPEG", exif=exif)
    opened = open_picture(written.getvalue())
    assert opened is not None
    assert opened.size == (2, 4)
