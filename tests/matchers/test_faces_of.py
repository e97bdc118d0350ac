"""Every face of a picture: each gets the template that it has when it is alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lfr_eval.matchers import FrameMatcher, ImageMatcher, make_matcher

pytestmark = [pytest.mark.mirror, pytest.mark.slow]


def made(kind: str, mirror: Path) -> ImageMatcher:
    if kind == "dlib":
        pytest.importorskip("dlib", reason="the extra 'dlib' is not installed")
        matcher = make_matcher("dlib")
    else:
        weights = next((mirror / "weights").rglob("*.pt"))
        matcher = make_matcher("facenet", weights=weights, device="cpu")
    assert isinstance(matcher, ImageMatcher)
    return matcher


@pytest.mark.parametrize("kind", ["facenet", "dlib"])
def test_all_faces_of_a_picture_are_found(kind: str, mirror: Path) -> None:
    matcher = made(kind, mirror)
    assert isinstance(matcher, FrameMatcher)
    paths = sorted((mirror / "london").rglob("*.jpg"))[:2]
    people = [Image.open(path).convert("RGB") for path in paths]
    width, height = people[0].size
    both = Image.new("RGB", (2 * width, height), "grey")
    for place, person in enumerate(people):
        both.paste(person, (place * width, 0))
    alone = [face for person in people for face in matcher.faces_of(person)]
    assert len(alone) == 2
    for embedding, face in zip(matcher.embed(paths), alone, strict=True):
        np.testing.assert_allclose(embedding.template, face.template, atol=1e-5)
    together = sorted(matcher.faces_of(both), key=lambda face: face.box)
    assert [face.box[0] > width for face in together] == [False, True]
    # Detection looks at a picture of another size, so boxes differ by pixels: one person still.
    for face, same in zip(together, alone, strict=True):
        unit = [one.template / np.linalg.norm(one.template) for one in (face, same)]
        assert float(unit[0] @ unit[1]) > 0.9
    assert matcher.faces_of(Image.new("RGB", (320, 240), "grey")) == []
