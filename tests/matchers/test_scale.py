"""A matcher on a vendor's scale: stated, packed, registered and served with it."""

from __future__ import annotations

import json
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image

from lfr_eval.contract.score_scale import UNSCALED, ScaleError, ScoreScale
from lfr_eval.matchers import ImageMatcher, MatcherError, fingerprint_of, make_matcher
from lfr_eval.matchers.http import HttpMatcher
from lfr_eval.matchers.packing import differences, pack, unpack_unchanged
from lfr_eval.registry.matcher_of import matcher_of
from lfr_eval.registry.registered import inspect
from lfr_eval.registry.registering import save_model
from tests.engine.serving import honestly, served
from tests.matchers.test_files import npz
from tests.studies import configured

# MLflow and what it stands on warn about themselves.
pytestmark = pytest.mark.filterwarnings("ignore")

PERCENT = ScoreScale(50.0, 50.0)


def null(scale: ScoreScale = PERCENT) -> ImageMatcher:
    return make_matcher("null", scale, size=8)  # type: ignore[return-value]


def test_the_scale_is_stated_and_in_the_fingerprint() -> None:
    plain, card = null(UNSCALED).card, null().card
    assert plain == make_matcher("null", size=8).card
    assert "scale" not in plain.recipe
    assert card.score_range == (0.0, 100.0)
    assert card.description == f"{plain.description}; score = 50 x similarity + 50"
    assert card.fingerprint == fingerprint_of(card.recipe) != plain.fingerprint
    assert differences(plain.recipe, card.recipe) == [
        "scale.offset is 50.0 instead of None",
        "scale.slope is 50.0 instead of None",
    ]


def test_packed_and_registered_it_comes_back(tmp_path: Path) -> None:
    packed = tmp_path / "packed"
    packed.mkdir()
    pack(null(), packed)
    assert asdict(unpack_unchanged(packed).card) == asdict(null().card)
    save_model(null(), tmp_path / "model")
    inspect(tmp_path / "model", "models:/lfr-null/1")
    file = packed / "matcher.json"
    content = json.loads(file.read_text())
    for scale, said in (
        ({"slope": 2.0, "offset": 50.0}, "scale.slope is 2.0 instead of 50.0"),
        ({"slope": -2.0, "offset": 50.0}, "a higher score means more alike"),
        ({"slope": "2", "offset": 50.0}, "does not describe a matcher"),
        ({"bend": 2.0}, "does not describe a matcher"),
    ):
        file.write_text(json.dumps({**content, "scale": scale}))
        with pytest.raises((MatcherError, ScaleError), match=said):
            unpack_unchanged(packed)


def test_an_engine_states_its_scale_and_cannot_lie_about_its_form(tmp_path: Path) -> None:
    Image.new("L", (8, 8)).save(tmp_path / "one.png")
    with served(null()) as url:
        card = HttpMatcher(url).card
    assert (card.scale, card.score_range) == (PERCENT, (0.0, 100.0))
    for lie in ({"slope": -1.0}, {"slope": "1"}, {"slope": None}, [1, 2], {"slope": float("nan")}):

        def answer(
            handler: BaseHTTPRequestHandler,
            asked: Any,
            _: Any,
            lie: object = lie,
        ) -> None:
            stated = json.dumps({**asdict(null().card), "scale": lie})
            honestly(handler, asked, {"predictions": [{"card": stated}]})

        with served(null(), answer) as url, pytest.raises(MatcherError, match="does not say which"):
            HttpMatcher(url)


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        ({"score_range": [-1.0, 1.0]}, "states scores from -1 to 1, but its scale (50 x simil"),
        ({"score_range": [0.0, 1.0]}, "gives a cosine similarity scores from 0 to 100"),
        ({"scale": {"slope": 1.0, "offset": 0.0}}, "gives a cosine similarity scores from -1 to 1"),
        ({"similarity": "euclidean"}, "gives a euclidean similarity scores up to 50"),
        ({"scale": {"slope": True, "offset": 0.0}}, "score_slope is True; it must be a number"),
        ({"score_range": [False, 100.0]}, "states an invalid card"),
    ],
)
def test_the_range_of_scores_must_be_that_of_the_scale(lie: dict[str, object], said: str) -> None:
    def answer(handler: BaseHTTPRequestHandler, asked: Any, _: Any) -> None:
        stated = json.dumps({**asdict(null().card), **lie})
        honestly(handler, asked, {"predictions": [{"card": stated}]})

    with served(null(), answer) as url, pytest.raises(MatcherError) as caught:
        HttpMatcher(url)
    assert said in str(caught.value)


@pytest.mark.parametrize("lowest", [-2.0, float("-inf")])
def test_a_distance_has_a_highest_score(lowest: float) -> None:
    def answer(handler: BaseHTTPRequestHandler, asked: Any, _: Any) -> None:
        own = {"similarity": "euclidean", "score_range": [lowest, 50.0]}
        stated = json.dumps({**asdict(null().card), **own})
        honestly(handler, asked, {"predictions": [{"card": stated}]})

    with served(null(), answer) as url:
        assert HttpMatcher(url).card.score_range == (lowest, 50.0)


def test_templates_of_a_file_may_have_one_and_scores_of_a_file_have_their_own(
    tmp_path: Path,
) -> None:
    path = npz(tmp_path / "t.npz", ["a", "b"], [[1.0, 2.0], [3.0, 4.0]])
    given = ("dataset=london", "matcher=templates", f"matcher.path={path}")
    scaled = ("matcher.similarity=euclidean", "matcher.score_slope=100", "matcher.score_offset=100")
    config = configured(tmp_path, *given, *scaled, "thresholds.values=[64]")
    card = matcher_of(config).card
    assert (card.scale, card.score_range[1]) == (ScoreScale(100.0, 100.0), 100.0)
    plain = make_matcher("templates", path=path, similarity="euclidean").card
    assert card.fingerprint == fingerprint_of(card.recipe) != plain.fingerprint
    config = configured(tmp_path, *given, "matcher.score_slope=-1", "thresholds.values=[0.5]")
    with pytest.raises(ScaleError, match=r"matcher\.score_slope is -1\.0"):
        matcher_of(config)
    rows = pd.DataFrame({"reference_id": ["a"], "probe_id": ["b"], "score": [0.64]})
    rows.to_csv(tmp_path / "s.csv", index=False)
    with pytest.raises(MatcherError, match="kept as they are given"):
        make_matcher("scores", PERCENT, path=tmp_path / "s.csv")
