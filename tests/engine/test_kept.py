"""What is kept of a deployment: alerts, decisions, counts and its record, and no face."""

from __future__ import annotations

import gc
import json
import stat
import tempfile
import weakref
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

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
from lfr_eval.engine.frames import VideoFile
from lfr_eval.engine.record import printed, update_record
from lfr_eval.matchers import Face
from tests.engine.builders import ALICE, BOB, CAROL, EVE, SquareMatcher, template_of
from tests.engine.deployed import run


def test_a_name_may_hold_what_other_texts_end_a_line_with(tmp_path: Path) -> None:
    alerts = AlertFile(tmp_path / ALERTS)
    marks = ("\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\r", "\n", "\r\n")
    for number, mark in enumerate(marks):
        alerts.add(Alert(f"a-{number}", 1.0, "2026-01-01", 1, 1, f"one{mark}two", 0.9, 0.6, "m/1"))
    assert [alert.reference_id for alert in alerts.read()] == [f"one{mark}two" for mark in marks]
    for number, mark in enumerate(marks):
        decide(alerts.path, f"a-{number}", "true", True, f"Sgt{mark}A", {f"x{mark}": mark})
    assert len(read_decisions(alerts.path)) == len(marks)


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
