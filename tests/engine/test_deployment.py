"""A deployment from source to alerts: who is alerted on, how often, and what remains."""

from __future__ import annotations

import gc
import json
import stat
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lfr_eval.cohort import load_manifest
from lfr_eval.config import EngineConfig
from lfr_eval.contract.score_scale import ScoreScale
from lfr_eval.deployments import RECORD, read_deployments
from lfr_eval.engine.alerts import (
    ALERTS,
    DECISIONS,
    Alert,
    AlertFile,
    DecisionError,
    decide,
    read_decisions,
)
from lfr_eval.engine.counts import Counts, State
from lfr_eval.engine.deployment import (
    Announce,
    Deployment,
    EngineError,
    deploy,
    deployment_folder,
    silent,
)
from lfr_eval.engine.frames import BrokenSource, Frame, Source, VideoFile
from lfr_eval.engine.permission import Permission
from lfr_eval.engine.record import announced, printed, update_record
from lfr_eval.engine.watchlist import WatchlistError, enrol
from lfr_eval.matchers import Face
from tests.engine.builders import (
    ALICE,
    BOB,
    CAROL,
    EVE,
    GREY,
    RATE,
    SIZE,
    Registered,
    SquareMatcher,
    Walk,
    configured,
    frames_of,
    template_of,
    write_video,
    write_watchlist,
)

WALKS = [Walk(ALICE, 0.5, 2.5), Walk(EVE, 1.0, 3.0, row=80), Walk(BOB, 3.5, 5.5)]
SECONDS = 6.0
APPROVED = Permission(True, "cd" * 32)


class Pictures:
    """Frames from memory."""

    live = False

    def __init__(self, pictures: Sequence[Image.Image | None]) -> None:
        self.pictures = pictures

    def frames(self, start: int) -> Iterator[Frame]:
        for number, drawn in enumerate(self.pictures[start:], start):
            yield Frame(number, number / RATE, drawn)


def run(
    tmp_path: Path,
    source: Source,
    config: EngineConfig | None = None,
    matcher: SquareMatcher | None = None,
    permission: Permission = APPROVED,
    announce: Announce = silent,
) -> tuple[Path, State]:
    config = config or configured(tmp_path)
    manifest = write_watchlist(tmp_path / "people", {"alice": ALICE, "bob": BOB, "carol": CAROL})
    cohort = load_manifest(manifest)
    matcher, enrolling = matcher or SquareMatcher(), SquareMatcher()
    enrolling.card = matcher.card
    watchlist = enrol(cohort, enrolling, tmp_path / "cache")
    folder = deployment_folder(config, Registered(), cohort.digest)
    deployment = Deployment(config, folder, source, matcher, watchlist, Registered(), permission)
    state = deploy(deployment, announce)
    return folder, state


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return write_video(tmp_path / "walk.mkv", frames_of(WALKS, SECONDS))


def raised(folder: Path) -> list[tuple[str, int]]:
    return [(alert.reference_id, alert.frame) for alert in AlertFile(folder / ALERTS).read()]


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


def test_a_name_may_hold_what_other_texts_end_a_line_with(tmp_path: Path) -> None:
    alerts = AlertFile(tmp_path / ALERTS)
    marks = ("\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\r", "\n", "\r\n")
    for number, mark in enumerate(marks):
        alerts.add(Alert(f"a-{number}", 1.0, "2026-01-01", 1, 1, f"one{mark}two", 0.9, 0.6, "m/1"))
    assert [alert.reference_id for alert in alerts.read()] == [f"one{mark}two" for mark in marks]
    for number, mark in enumerate(marks):
        decide(alerts.path, f"a-{number}", "true", True, f"Sgt{mark}A", {f"x{mark}": mark})
    assert len(read_decisions(alerts.path)) == len(marks)


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


class Watched(SquareMatcher):
    """Remembers, weakly, every picture and template that the engine was given."""

    def __init__(self) -> None:
        self.given: list[weakref.ref[object]] = []
        self.alive: list[int] = []
        self.templates: list[bytes] = []

    def faces_of(self, picture: Image.Image) -> list[Face]:
        self.alive.append(sum(one() is not None for one in self.given))
        faces = super().faces_of(picture)
        self.given += [weakref.ref(one) for one in (picture, *faces, *(f.template for f in faces))]
        self.templates += [face.template.tobytes() for face in faces]
        return faces


def test_nothing_of_any_face_remains(
    tmp_path: Path, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in memory while the next frame is looked at, nor anywhere on disk afterwards."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("TMPDIR", str(temporary))
    matcher = Watched()
    gc.collect()
    gc.disable()  # so that nothing lives until a collection happens to come by
    try:
        folder, state = run(tmp_path, VideoFile(video), matcher=matcher)
    finally:
        gc.enable()
    assert state.counts.detections == 60
    assert len(matcher.given) == 60 + 2 * 60
    assert max(matcher.alive) == 0, "a picture or template outlived its frame"
    assert not [one for one in matcher.given if one() is not None]
    assert list(temporary.rglob("*")) == []
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [".lock", ALERTS, RECORD, "state.json"]
    )
    assert_no_trace(tmp_path, {template_of(EVE).tobytes(), *matcher.templates[20:22]}, video)


def assert_no_trace(folder: Path, templates: set[bytes], video: Path | None = None) -> None:
    """No file below a folder holds a picture, or a template of somebody off the watchlist."""
    unknown = templates - {template_of(colour).tobytes() for colour in (ALICE, BOB, CAROL)}
    assert unknown
    for path in folder.rglob("*"):
        if path.is_file() and path != video:
            content = path.read_bytes()
            assert not any(template[:16] in content for template in unknown), path
            assert path.parent.name == "people" or not content.startswith(
                (b"\x89PNG", b"\xff\xd8\xff")
            ), path


def test_the_folder_of_a_deployment_is_private(tmp_path: Path, video: Path) -> None:
    folder, _ = run(tmp_path, VideoFile(video))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_decisions_are_appended_and_the_last_one_counts(tmp_path: Path, video: Path) -> None:
    folder, _ = run(tmp_path, VideoFile(video))
    first, second = (alert.alert_id for alert in AlertFile(folder / ALERTS).read())
    decide(folder / ALERTS, first, "false", False, "Sergeant A")
    decide(folder / ALERTS, first, "true", True, "Sergeant A", {"ethnicity": "black"})
    decide(folder / ALERTS, second, "false", True, "Sergeant B", {"ethnicity": "white"})
    assert len((folder / DECISIONS).read_text().splitlines()) == 3
    record = update_record(folder)
    decided = ("true_confirmed", "true_unconfirmed", "false_confirmed", "false_unconfirmed")
    assert [record[name] for name in decided] == [1, 0, 1, 0]
    assert record["decisions_by_group"] == {"true/ethnicity/black": 1, "false/ethnicity/white": 1}
    assert "Sergeant" not in (folder / RECORD).read_text()
    with pytest.raises(DecisionError, match=r"no alert 'nobody'.*got 'perhaps'"):
        decide(folder / ALERTS, "nobody", "perhaps", True, "Sergeant A")


def test_a_line_that_a_crash_cut_short_spoils_no_other(tmp_path: Path, video: Path) -> None:
    folder, _ = run(tmp_path, VideoFile(video))
    alerts = AlertFile(folder / ALERTS)
    (before,) = alerts.read()[:1]
    with alerts.path.open("ab") as file:
        file.write(b'{"kind": "alert", "alert_id": "x')
    alerts.add(before)
    assert [alert.alert_id for alert in alerts.read()][-1] == before.alert_id
    assert len(alerts.read()) == 3


@pytest.mark.parametrize(
    "line",
    [b'{"kind": "alert", "alert_id": "x"}', b'{"kind": "alert", "alert_id": 5}', b'{"a": 1}'],
)
def test_a_line_that_says_something_else_is_named(tmp_path: Path, video: Path, line: bytes) -> None:
    folder, _ = run(tmp_path, VideoFile(video))
    alert = AlertFile(folder / ALERTS).read()[0].alert_id
    decide(folder / ALERTS, alert, "true", True, "B")
    name = ALERTS if b"kind" in line else DECISIONS
    with (folder / name).open("ab") as file:
        file.write(b"[" * 5_000 + b"\n5\n\xff\n" + line + b"\n")
    with pytest.raises(DecisionError, match=f"{name} holds a line that is not"):
        read_decisions(folder / ALERTS) if name == DECISIONS else decide(
            folder / ALERTS, alert, "true", True, "B"
        )


def test_the_record_is_one_that_reports_read(tmp_path: Path, video: Path) -> None:
    folder, state = run(tmp_path, VideoFile(video))
    (row,) = read_deployments([folder]).to_dict("records")
    assert row["deployment_id"] == folder.name
    assert (row["alerts"], row["faces_seen"], row["watchlist_size"]) == (2, 3, 3)
    assert row["hours"] == pytest.approx(5.9 / 3600)
    assert "not detections and not people" in row["counting_rule"]
    record = json.loads((folder / RECORD).read_text())
    assert record["watchlist_composition"]["gender"] == {"female": 2, "male": 1}
    assert str(tmp_path) not in (folder / RECORD).read_text()
    assert "3 passes (60 detections)" in printed(folder)
    assert " looked at, 0 corrupted" in printed(folder)
    assert state.counts.percentiles() == record["latency_ms"]


def test_percentiles_are_latencies_that_so_many_frames_did_not_exceed() -> None:
    counts, seconds = Counts(), np.random.default_rng(1).gamma(2.0, 0.02, 500)
    for one in seconds:
        counts.took(float(one))
    exact = np.percentile(np.ceil(1000 * seconds), [50, 90, 99], method="inverted_cdf")
    assert list(counts.percentiles().values()) == exact.astype(int).tolist()
    assert Counts().percentiles() == {}


def test_time_in_which_no_frame_came_is_not_time_watched() -> None:
    state = State(started="2026-01-01T00:00:00+00:00")
    for frame, time in enumerate((0.5, 1.0, 3_000.0, 3_000.5)):
        state.pass_to(frame, time)
    assert (state.next_frame, state.time, state.watched) == (4, 3_000.5, 1.5)


def test_state_survives_the_disk(tmp_path: Path) -> None:
    state = State(started="2026-01-01T00:00:00+00:00", next_frame=3, time=0.3)
    state.counts.took(0.0123)
    state.write(tmp_path)
    assert State.read(tmp_path) == state


def test_references_without_a_face_are_named_and_an_empty_watchlist_refused(tmp_path: Path) -> None:
    manifest = write_watchlist(tmp_path / "people", {"alice": ALICE, "blank": GREY})
    watchlist = enrol(load_manifest(manifest), SquareMatcher(), tmp_path / "cache")
    assert (watchlist.size, watchlist.failed) == (1, ("blank-1",))
    table = manifest.read_text().replace("reference", "probe").replace("filler", "probe")
    manifest.write_text(table)
    with pytest.raises(WatchlistError, match="no row has the role"):
        enrol(load_manifest(manifest), SquareMatcher(), tmp_path / "cache")


def test_the_best_reference_is_found_with_the_score_of_studies(tmp_path: Path) -> None:
    colours = {f"p{r}{g}": (r * 120, g * 120, 250) for r in range(3) for g in range(3)}
    manifest = write_watchlist(tmp_path / "people", colours)
    watchlist = enrol(load_manifest(manifest), SquareMatcher(), tmp_path / "cache")
    probe = np.random.default_rng(2).normal(size=64).astype(np.float32)
    found = watchlist.best(probe)
    unit = probe.astype(float) / np.linalg.norm(probe)
    scores = {
        f"{name}-1": float(unit @ (t / np.linalg.norm(t)))
        for name, t in ((n, template_of(c).astype(float)) for n, c in colours.items())
    }
    best = max(scores, key=scores.__getitem__)
    assert found.reference_id == best
    assert found.score == pytest.approx(scores[best], abs=1e-6)
    assert SIZE == (160, 120)
