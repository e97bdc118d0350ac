"""What is kept of faces, and when it is gone: with the clock moved, and the process killed."""

from __future__ import annotations

import itertools
import json
import os
import signal
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lfr_eval.cli.main import main
from lfr_eval.config import ConfigError, RetentionConfig
from lfr_eval.config.engine_composition import compose_engine
from lfr_eval.contract.reading import read_json
from lfr_eval.deployments import RECORD
from lfr_eval.engine import retention
from lfr_eval.engine.alerts import ALERTS
from lfr_eval.engine.frames import VideoFile
from lfr_eval.engine.record import printed
from lfr_eval.engine.retention import FOLDER, RetentionError, expire
from tests.engine.builders import ALICE, EVE, configured, frames_of, template_of, write_video
from tests.engine.deployed import SECONDS, WALKS, run
from tests.engine.test_kept import assert_no_trace
from tests.shared import fresh_store

# MLflow and what it stands on warn about themselves.
pytestmark = pytest.mark.filterwarnings("ignore")

NOW = datetime.now(UTC)


def at(patch: pytest.MonkeyPatch, hours: float) -> None:
    """Move the clock to so many hours from now."""
    patch.setattr(retention, "clock", lambda: NOW + timedelta(hours=hours))


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A deployment with two faces that may be kept for an hour."""
    at(monkeypatch, 0)
    monkeypatch.setenv("LFR_EVAL_DEPLOYMENTS", str(tmp_path / "deployments"))
    monkeypatch.chdir(tmp_path)
    video = write_video(tmp_path / "walk.mkv", frames_of(WALKS, SECONDS))
    config = configured(tmp_path, retention=RetentionConfig(alert_faces_hours=1.0))
    folder, _ = run(tmp_path, VideoFile(video), config)
    return folder


def pictures(folder: Path) -> list[Path]:
    return sorted((folder / FOLDER).glob("*.png"))


def test_faces_of_alerts_are_kept_only_if_the_policy_says_so(kept: Path) -> None:
    first, second = pictures(kept)
    assert [first.stem, second.stem] == [f"{kept.name}-00001", f"{kept.name}-00002"]
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert stat.S_IMODE(first.parent.stat().st_mode) == 0o700
    with Image.open(first) as face:
        assert np.abs(np.asarray(face)[10, 10] - np.array(ALICE)).max() < 30
    said = json.loads(first.with_suffix(".json").read_text())
    over = (NOW + timedelta(hours=1)).isoformat()
    assert said == {"kept": NOW.isoformat(), "delete_after": over}


def test_faces_are_gone_when_their_time_is_over(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, 0.999)
    assert expire(kept) == 0
    assert expire(kept, hours=1.0) == 0
    at(monkeypatch, 1.0)
    assert expire(kept.parent) == 2
    assert list((kept / FOLDER).iterdir()) == []
    assert expire(kept) == 0


def test_a_stricter_policy_shortens_the_time(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, 0.5)
    assert expire(kept, hours=0.4) == 2


def test_a_face_without_a_deadline_is_deleted(kept: Path) -> None:
    first, second = pictures(kept)
    first.with_suffix(".json").unlink()
    second.with_suffix(".json").write_text('{"kept": "yesterday"}')
    assert expire(kept) == 2


@pytest.mark.parametrize(
    "command",
    [
        ["expire"],
        ["alias", "models:/nothing/1", "live"],
        ["send", "nowhere"],
        ["decide", "nowhere", "--alert", "1", "--decision", "true", "--confirmed", "--by", "A"],
        ["run", "source=nothing"],
    ],
    ids=lambda words: words[0],
)
def test_every_command_of_the_engine_deletes_what_is_due(
    command: list[str],
    kept: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", fresh_store(kept.parent))
    main(["engine", *command])
    assert len(pictures(kept)) == 2
    at(monkeypatch, 1.5)
    capsys.readouterr()
    main(["engine", *command])
    assert pictures(kept) == []
    said = capsys.readouterr()
    assert "2 retained faces deleted" in said.out + said.err


def refuse_to_delete(patch: pytest.MonkeyPatch, picture: Path | str) -> None:
    """Let the file system refuse to delete a picture, or all whose names end so."""
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path == picture or path.name.endswith(str(picture)):
            raise PermissionError(1, "Operation not permitted")
        unlink(path, missing_ok)

    patch.setattr(Path, "unlink", refuse)


def test_what_cannot_be_deleted_is_named(
    kept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = pictures(kept)
    refuse_to_delete(monkeypatch, first)
    at(monkeypatch, 2)
    with pytest.raises(RetentionError, match=r"1 retained face past the deadline .*00001"):
        expire(kept)
    assert first.exists()
    assert not second.exists()
    assert main(["engine", "expire"]) == 2
    # Other commands say it, and do what they were asked for.
    capsys.readouterr()
    monkeypatch.setattr("lfr_eval.cli.operation._send", lambda *_: None)
    assert main(["engine", "send", str(kept)]) == 0
    assert "1 retained face past the deadline could not be deleted" in capsys.readouterr().err


def test_a_face_that_cannot_be_deleted_stops_no_running_deployment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = itertools.count()
    monkeypatch.setattr(retention, "clock", lambda: NOW + timedelta(hours=next(hours)))
    refuse_to_delete(monkeypatch, "-00001.png")
    video = write_video(tmp_path / "walk.mkv", frames_of(WALKS, SECONDS))
    config = configured(tmp_path, retention=RetentionConfig(alert_faces_hours=0.5))
    folder, state = run(tmp_path, VideoFile(video), config)
    assert state.ended == "the source ended"
    assert [picture.stem for picture in pictures(folder)] == [
        f"{folder.name}-00001",
        f"{folder.name}-00002",
    ]
    assert read_json(folder / RECORD)["retained_faces_overdue"] == 1
    assert "1 retained face not deleted" in printed(folder)
    # The next start is refused.
    again = configured(tmp_path, retention=RetentionConfig(alert_faces_hours=0.5))
    state.ended = None
    state.write(folder)
    with pytest.raises(RetentionError, match="00001"):
        run(tmp_path, VideoFile(video), again)


def test_other_peoples_folders_of_that_name_are_left_alone(tmp_path: Path, kept: Path) -> None:
    mine = [tmp_path / FOLDER / "holiday.png", tmp_path / "album" / FOLDER / "holiday.png"]
    for picture in mine:
        picture.parent.mkdir(parents=True)
        picture.write_bytes(b"picture")
    assert main(["engine", "expire", str(tmp_path), "--hours", "0"]) == 0
    assert expire(tmp_path / "album", 0.0) == 0
    assert all(picture.exists() for picture in mine)
    assert expire(kept, 0.0) == 2


@pytest.mark.parametrize("hours", ["nan", "inf", "-1", "1e12"])
def test_hours_that_are_none_delete_nothing(
    hours: str, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["engine", "expire", f"--hours={hours}"]) == 2
    assert "give a number from 0 to 87,600" in capsys.readouterr().err
    assert len(pictures(kept)) == 2


def test_a_time_without_a_deadline_is_refused_before_anything_runs() -> None:
    words = ["source=x", "watchlist=x", "model=models:/x/1", "threshold=0.6"]
    with pytest.raises(ConfigError, match="hours must be at least 0 and at most 87,600"):
        compose_engine([*words, "retention=alerts", "retention.alert_faces_hours=1e9"])


def test_no_folder_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["engine", "expire", str(tmp_path / "nothing")]) == 2
    assert "There is no folder of deployments" in capsys.readouterr().err


KILLED = """
import itertools, sys
from pathlib import Path
from lfr_eval.config import RetentionConfig
from lfr_eval.engine.frames import Frame
from tests.engine.builders import RATE, configured, frames_of
from tests.engine.deployed import SECONDS, WALKS, run

folder = Path(sys.argv[1])

class Endless:
    live = False

    def frames(self, start):
        pictures = frames_of(WALKS, SECONDS)
        for number in itertools.count(start):
            yield Frame(number, number / RATE, pictures[number % len(pictures)])

retention = RetentionConfig(alert_faces_hours=float(sys.argv[2]))
run(folder, Endless(), configured(folder, cooldown=0.0, retention=retention))
"""


@pytest.mark.parametrize("hours", [0.0, 1.0])
def test_a_killed_engine_leaves_nothing_of_those_who_are_not_wanted(
    hours: float, tmp_path: Path
) -> None:
    """SIGKILL: no handler, no clean-up; every file and the temporary folder are searched."""
    (tmp_path / "tmp").mkdir()
    killed = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path), str(hours)],
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp")},
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + 600
    while sum(b'"alert"' in path.read_bytes() for path in tmp_path.rglob(ALERTS)) == 0:
        assert time.monotonic() < until
        assert killed.poll() is None
        time.sleep(0.02)
    time.sleep(0.3)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait(10) == -signal.SIGKILL
    assert list((tmp_path / "tmp").rglob("*")) == []
    faces = list(tmp_path.rglob(f"{FOLDER}/*.png"))
    assert bool(faces) == bool(hours)
    assert all(face.with_suffix(".json").is_file() for face in faces)
    for face in faces:
        face.unlink()
    assert_no_trace(tmp_path, {template_of(EVE).tobytes()})
