"""Real faces walk past the engine: the expected alerts, no others, and what befalls a video.

The video is made here from the consenting people of the London set and never leaves the folder of
the test. People who pass are photographed smiling; the watchlist has neutral portraits.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lfr_eval.cohort import load_manifest
from lfr_eval.engine.alerts import ALERTS, AlertFile
from lfr_eval.engine.counts import State
from lfr_eval.engine.deployment import Deployment, deploy, deployment_folder
from lfr_eval.engine.frames import VideoFile
from lfr_eval.engine.permission import Permission
from lfr_eval.engine.record import printed
from lfr_eval.engine.watchlist import enrol
from lfr_eval.matchers import FrameMatcher, ImageMatcher, make_matcher
from tests.engine.builders import Registered, configured, write_video
from tests.engine.walk_past import RATE, Passer, frames, watchlist

pytestmark = [pytest.mark.mirror, pytest.mark.slow]

THRESHOLD = 0.6
SECONDS = 12.0
WATCHLIST = ("001", "005", "010", "020", "030", "041")
PASSERS = (
    Passer("001_smiling.jpg", 0.6, 3.4),
    Passer("061_smiling.jpg", 1.6, 4.2, left=False),  # on no watchlist
    Passer("005_smiling.jpg", 4.8, 7.4, left=False),
    Passer("064_smiling.jpg", 6.0, 8.6),  # on no watchlist
    Passer("001_smiling.jpg", 9.6, 11.4),  # comes back within the cooldown
)


@pytest.fixture(scope="module")
def matcher(mirror: Path) -> ImageMatcher:
    weights = next((mirror / "weights").rglob("*.pt"))
    made = make_matcher("facenet", weights=weights, device="cpu")
    assert isinstance(made, ImageMatcher)
    return made


@pytest.fixture(scope="module")
def video(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pictures = frames(mirror / "london", PASSERS, SECONDS)
    return write_video(tmp_path_factory.mktemp("walk") / "walk.mkv", pictures, "mpeg4", RATE)


def run(
    mirror: Path, matcher: ImageMatcher, video: Path, into: Path, **values: object
) -> tuple[Path, State]:
    config = configured(into, threshold=THRESHOLD, **values)
    cohort = load_manifest(watchlist(mirror / "london", WATCHLIST, into / "watchlist.csv"))
    references = enrol(cohort, matcher, into / "cache")
    assert (references.size, references.failed) == (len(WATCHLIST), ())
    model = Registered("lfr-matcher", "1", matcher.card.fingerprint)
    folder = deployment_folder(config, model, cohort.digest)
    assert isinstance(matcher, FrameMatcher)
    allowed = Permission(approved=True)
    state = deploy(
        Deployment(config, folder, VideoFile(video), matcher, references, model, allowed)
    )
    print(printed(folder))
    return folder, state


def test_the_expected_alerts_no_others_and_no_repeats(
    mirror: Path,
    matcher: ImageMatcher,
    video: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, state = run(mirror, matcher, video, tmp_path)
    alerts = AlertFile(folder / ALERTS).read()
    assert [alert.reference_id for alert in alerts] == ["001", "005"]
    for alert, passer in zip(alerts, (PASSERS[0], PASSERS[2]), strict=True):
        assert passer.start <= alert.time <= passer.start + 1.0, "recognised within a second"
        assert alert.score >= THRESHOLD
    counts = state.counts
    assert counts.frames == round(SECONDS * RATE)
    assert (counts.corrupted, counts.dropped, counts.breaks) == (0, 0, 0)
    assert counts.tracks == len(PASSERS)
    assert counts.repeats > 15, "the same passes, and the return within the cooldown"
    latency = counts.percentiles()
    assert 0 < latency["p50"] <= latency["p90"] <= latency["p99"]
    assert f"p50 {latency['p50']} ms, p90 {latency['p90']} ms" in capsys.readouterr().out


def test_a_damaged_video_that_breaks_off_gives_the_same_alerts(
    mirror: Path, matcher: ImageMatcher, video: Path, tmp_path: Path
) -> None:
    content = bytearray(video.read_bytes())
    for place in (0.2, 0.5):
        start = round(len(content) * place)
        content[start : start + 300] = bytes(300)
    path = tmp_path / "walk.mkv"
    path.write_bytes(content[: round(len(content) * 0.45)])
    values = {"source": "walk", "attempts": 1, "seconds": 7.0}
    folder, broken = run(mirror, matcher, path, tmp_path, **values)
    assert broken.ended is None
    assert broken.counts.breaks == 2
    assert 10 < broken.next_frame < 35
    path.write_bytes(content)
    again, state = run(mirror, matcher, path, tmp_path, **values)
    assert again == folder
    assert state.ended is not None
    assert [a.reference_id for a in AlertFile(folder / ALERTS).read()] == ["001", "005"]
    assert 1 <= state.counts.corrupted <= 4
    # Every frame up to 7 s was looked at once, or counted as corrupted.
    assert state.counts.frames + state.counts.corrupted == 7 * RATE + 1
    record = json.loads((folder / "deployment.json").read_text())
    assert record["frames_corrupted"] == state.counts.corrupted
