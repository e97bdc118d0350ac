"""FaceNet's template of a picture does not depend on the pictures beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytestmark = [pytest.mark.mirror, pytest.mark.slow]


def test_other_pictures_change_no_template(mirror: Path) -> None:
    from lfr_eval.matchers.facenet import FacenetMatcher
    from lfr_eval.matchers.faces import open_pictures

    weights = next((mirror / "weights").rglob("*.pt"))
    matcher = FacenetMatcher(weights, batch_size=4, device="cpu")
    small = sorted((mirror / "fairface").rglob("*.jpg"))[:8]
    large = sorted((mirror / "london").rglob("*.jpg"))[:8]
    # Pictures of several sizes, among them one whose face has two boxes of one score.
    paths = [path for pair in zip(small, large, strict=True) for path in pair]
    found = list(matcher.embed(paths))
    assert len(found) == len(paths)
    for path, embedding in zip(paths, found, strict=True):
        (alone,) = matcher.represent(matcher.find_faces(open_pictures([path])))
        assert embedding.faces == alone.faces
        assert embedding.reason == alone.reason
        if alone.template is None:
            assert embedding.template is None
        else:
            np.testing.assert_allclose(embedding.template, alone.template, atol=1e-5)


def test_a_margin_without_room_for_a_face_is_refused_before_weights_are_read() -> None:
    from lfr_eval.matchers import MatcherError, make_matcher

    for margin, message in ((160, "give a margin from 0 to 159"), (-1, "must be at least 0")):
        with pytest.raises(MatcherError, match=message):
            make_matcher("facenet", weights=Path("nowhere.pt"), margin=margin)
