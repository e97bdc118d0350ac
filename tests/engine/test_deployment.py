"""A deployment from source to alerts: who is alerted on, how often, and what remains."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lfr_eval.cohort import load_manifest
from lfr_eval.contract.score_scale import ScoreScale
from lfr_eval.engine.alerts import ALERTS, AlertFile
from lfr_eval.engine.deployment import EngineError
from lfr_eval.engine.frames import BrokenSource, Frame, VideoFile
from lfr_eval.engine.record import announced, printed
from lfr_eval.engine.watchlist import enrol
from lfr_eval.matchers import Face
from tests.engine.builders import (
    ALICE,
    BOB,
    CAROL,
    EVE,
    SquareMatcher,
    Walk,
    configured,
    frames_of,
    template_of,
)
from tests.engine.deployed import SECONDS, WALKS, Pictures, raised, run


def test_each_watchlist_person_who_passes_raises_one_alert(tmp_path: Path, video: Path) -> None:
    folder, state = run(tmp_path, VideoFile(video))
    assert raised(folder) == [("alice-1", 5), ("bob-1", 35)]
    counts = state.counts
    assert (counts.tracks, counts.alerts) == (3, 2)
    assert (counts.frames, counts.corrupted, counts.dropped, counts.breaks) == (60, 0, 0, 0)
    assert counts.detections == 60
    assert counts.repeats == 38
    assert state.ended == "the source ended"


def test_alerts_are_lines_that_name_the_reference_and_hold_no_face(
    tmp_path: Path, video: Path
) -> None:
    folder, _ = run(tmp_path, VideoFile(video))
    about, first, _ = (json.loads(line) for line in (folder / ALERTS).read_text().splitlines())
    assert about["kind"] == "deployment"
    assert (about["model_version"], about["threshold"]) == ("squares/3", 0.8)
    assert about["permission"] == {
        "approved": True,
        "entry": "cd" * 32,
        "conditions": [],
        "expires": None,
        "signed": False,
    }
    assert set(first) == {
        *("kind", "alert_id", "time", "at", "frame", "track", "reference_id"),
        *("score", "threshold", "model"),
    }
    assert first["alert_id"] == f"{folder.name}-00001"
    assert first["time"] == 0.5
    assert first["score"] == pytest.approx(1.0)


def test_a_threshold_is_reached_at_equality(tmp_path: Path) -> None:
    pictures = frames_of([Walk(ALICE, 0.0, 1.0)], 1.0)
    for threshold, alerts in ((1.0, 1), (np.nextafter(np.float32(1), np.float32(2)), 0)):
        config = configured(tmp_path, threshold=float(threshold), name=f"t{alerts}")
        _, state = run(tmp_path, Pictures(pictures), config)
        assert state.counts.alerts == alerts


class Blinded(SquareMatcher):
    """Sees faces of which it can make no template."""

    def faces_of(self, picture: Image.Image) -> list[Face]:
        return [Face(face.box, face.template * np.nan) for face in super().faces_of(picture)]


def test_a_face_without_a_usable_template_is_seen_and_alerts_on_nobody(tmp_path: Path) -> None:
    pictures = frames_of([Walk(ALICE, 0.0, 1.0)], 1.0)
    config = configured(tmp_path, threshold=-1.0)
    _, state = run(tmp_path, Pictures(pictures), config, Blinded())
    assert (state.counts.detections, state.counts.alerts) == (10, 0)


def test_on_a_vendors_scale_the_same_faces_are_alerted_on(tmp_path: Path, video: Path) -> None:
    """A cosine of 0.8 is 0.9 on a scale from 0 to 1, and a threshold is reached at equality."""
    scaled = SquareMatcher()
    scaled.card = scaled.card.on(ScoreScale(0.5, 0.5))
    plain, _ = run(tmp_path / "plain", VideoFile(video))
    told, _ = run(tmp_path / "told", VideoFile(video), configured(tmp_path, threshold=0.9), scaled)
    assert raised(told) == raised(plain)
    (alert, *_) = AlertFile(told / ALERTS).read()
    assert alert.score == pytest.approx(1.0)
    pictures = frames_of([Walk(EVE, 0.0, 1.0)], 1.0)
    manifest = load_manifest(tmp_path / "told" / "people" / "watchlist.csv")
    best = enrol(manifest, scaled, tmp_path / "cache").best(template_of(EVE))
    for number, (threshold, alerts) in enumerate(
        ((best.score, 1), (np.nextafter(np.float32(best.score), np.float32(2)), 0))
    ):
        config = configured(tmp_path / "told", threshold=float(threshold), name=f"eve{number}")
        _, state = run(tmp_path / "told", Pictures(pictures), config, scaled)
        assert state.counts.alerts == alerts


@pytest.mark.parametrize(("cooldown", "alerts"), [(60.0, [0]), (2.0, [0, 30]), (0.0, [0, 15, 30])])
def test_a_person_who_comes_back_is_an_alert_again_after_the_cooldown(
    tmp_path: Path, cooldown: float, alerts: list[int]
) -> None:
    walks = [Walk(ALICE, start, start + 0.3, pixels=20) for start in (0.0, 1.5, 3.0)]
    config = configured(tmp_path, cooldown=cooldown)
    folder, state = run(tmp_path, Pictures(frames_of(walks, 3.5)), config)
    assert raised(folder) == [("alice-1", frame) for frame in alerts]
    assert state.counts.tracks == 3
    assert state.counts.alerts + state.counts.repeats == 9


def test_a_person_in_the_cooldown_of_another_is_alerted_on(tmp_path: Path) -> None:
    walks = [Walk(ALICE, 0.0, 1.0), Walk(BOB, 0.0, 1.0, row=90)]
    folder, _ = run(tmp_path, Pictures(frames_of(walks, 1.0)))
    assert raised(folder) == [("alice-1", 0), ("bob-1", 0)]


class Mistaken(SquareMatcher):
    """Takes Eve for one watchlist person after the other, frame by frame."""

    def __init__(self, *people: Sequence[int]) -> None:
        self.people = [template_of(colour) for colour in people]

    def faces_of(self, picture: Image.Image) -> list[Face]:
        taken_for = self.people.pop(0)
        return [Face(face.box, taken_for) for face in super().faces_of(picture)]


def test_every_watchlist_person_that_a_pass_matches_is_an_alert(tmp_path: Path) -> None:
    matcher = Mistaken(ALICE, ALICE, BOB, EVE, ALICE, CAROL, BOB)
    pictures = frames_of([Walk(EVE, 0.0, 0.7, pixels=20)], 0.7)
    folder, state = run(tmp_path, Pictures(pictures), matcher=matcher)
    assert raised(folder) == [("alice-1", 0), ("bob-1", 2), ("carol-1", 5)]
    assert (state.counts.tracks, state.counts.alerts, state.counts.repeats) == (1, 3, 3)


def test_alerts_are_announced_as_they_are_raised(tmp_path: Path) -> None:
    seen: list[str] = []

    class Told(Pictures):
        def frames(self, start: int) -> Iterator[Frame]:
            for frame in super().frames(start):
                seen.append(f"frame {frame.number}")
                yield frame

    told = Told(frames_of([Walk(ALICE, 0.1, 0.3), Walk(BOB, 0.2, 0.4, row=90)], 0.5))
    folder, _ = run(tmp_path, told, announce=lambda alert: seen.append(alert.reference_id))
    assert seen == ["frame 0", "frame 1", "alice-1", "frame 2", "bob-1", "frame 3", "frame 4"]
    (first, _) = AlertFile(folder / ALERTS).read()
    assert announced(first, named=False) == f"Alert:       {first.alert_id} at 0.1 s"
    odd = replace(first, reference_id="al\x1b[2Jice")
    assert announced(odd, named=True).endswith("reference 'al?[2Jice'")


def test_corrupted_frames_are_counted_and_survived(tmp_path: Path) -> None:
    pictures: list[Image.Image | None] = list(frames_of(WALKS, SECONDS))
    for number in (5, 6, 20, 59):
        pictures[number] = None
    folder, state = run(tmp_path, Pictures(pictures))
    assert raised(folder) == [("alice-1", 7), ("bob-1", 35)]
    assert (state.counts.frames, state.counts.corrupted) == (56, 4)


def test_a_video_that_broke_off_goes_on_where_it_stopped(tmp_path: Path, video: Path) -> None:
    content = video.read_bytes()
    config = configured(tmp_path, attempts=1, cooldown=60.0)
    video.write_bytes(content[: len(content) * 6 // 10])
    folder, broken = run(tmp_path, VideoFile(video), config)
    assert broken.ended is None
    assert broken.counts.breaks == 2
    assert 20 < broken.next_frame < 40
    assert "interrupted" in printed(folder)
    video.write_bytes(content)
    again, state = run(tmp_path, VideoFile(video), config)
    assert again == folder
    assert state.ended == "the source ended"
    assert state.counts.frames + state.counts.corrupted == 60
    assert [reference for reference, _ in raised(folder)] == ["alice-1", "bob-1"]
    lines = [json.loads(line) for line in (folder / ALERTS).read_text().splitlines()]
    assert [line["from_frame"] for line in lines if line["kind"] == "deployment"] == [
        0,
        broken.next_frame,
    ]
    with pytest.raises(EngineError, match="has finished"):
        run(tmp_path, VideoFile(video), config)


def test_the_cooldown_survives_a_new_start(tmp_path: Path) -> None:
    pictures = frames_of([Walk(ALICE, 0.0, 4.0)], 4.0)

    class Breaking(Pictures):
        def frames(self, start: int) -> Iterator[Frame]:
            for frame in super().frames(start):
                if frame.number >= 20:
                    raise BrokenSource("gone")
                yield frame

    config = configured(tmp_path, attempts=0)
    folder, broken = run(tmp_path, Breaking(pictures), config)
    assert broken.next_frame == 20
    run(tmp_path, Pictures(pictures), config)
    assert raised(folder) == [("alice-1", 0)]


def test_an_interrupted_deployment_keeps_its_state(tmp_path: Path) -> None:
    class Interrupted(Pictures):
        def frames(self, start: int) -> Iterator[Frame]:
            for frame in super().frames(start):
                if frame.number == 40:
                    raise KeyboardInterrupt
                yield frame

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, Interrupted(frames_of(WALKS, SECONDS)))
    folder, state = run(tmp_path, Pictures(frames_of(WALKS, SECONDS)))
    assert state.counts.frames == 60
    assert raised(folder) == [("alice-1", 5), ("bob-1", 35)]


def test_a_deployment_ends_after_the_seconds_asked_for(tmp_path: Path) -> None:
    config = configured(tmp_path, seconds=3.0)
    folder, state = run(tmp_path, Pictures(frames_of(WALKS, SECONDS)), config)
    assert raised(folder) == [("alice-1", 5)]
    assert state.ended == "after the 3 s that were asked for"
