"""Logs of alerts: times as people write them, and clocks that differ."""

from __future__ import annotations

import functools
import io
import re

import numpy as np
import pandas as pd
import pytest

from lfr_eval.cohort import ManifestError
from lfr_eval.matchers import MatcherError
from lfr_eval.matchers.alerts import AlertLog
from lfr_eval.matchers.passes import NEAREST, SEVERAL, nearest_pass
from tests.inputs.conftest import Logs


def timed(seconds: float, camera: str = "north", at: tuple[int, ...] = (0, 1, 2, 3, 4, 5)) -> str:
    """Alerts of six people, each `seconds` after that person's pass (`walks`)."""
    start = pd.Timestamp("2026-03-14T10:00:00")
    rows = [
        f"{(start + pd.Timedelta(30 * i + seconds, 's')).isoformat()},{camera},r{i},0.8" for i in at
    ]
    return "\n".join(["time,camera,reference_id,score", *rows]) + "\n"


def walks() -> str:
    start = pd.Timestamp("2026-03-14T10:00:00")
    rows = [f"w{i},s{i},{(start + pd.Timedelta(30 * i, 's')).isoformat()},north" for i in range(8)]
    return "\n".join(["pass_id,subject_id,time,camera", *rows]) + "\n"


def test_names_of_cameras_are_compared_like_labels(logs: Logs) -> None:
    logs.write(walks(), timed(2, " North"))
    table = AlertLog(logs.folder / "alerts.csv", 0.6).alerts(logs.images())
    assert table["pass_id"].tolist() == [f"w{i}" for i in range(6)]
    logs.write(walks(), timed(2) + "2026-03-14T10:00:02,gate,f1,0.7\n")
    table = AlertLog(logs.folder / "alerts.csv", 0.6).alerts(logs.images())
    assert table["matched"].tolist() == [NEAREST] * 6 + ["no pass at this camera"]


def test_a_log_of_which_no_alert_belongs_to_a_pass_is_refused(logs: Logs) -> None:
    logs.write(walks(), timed(2, "gate"))
    with pytest.raises(MatcherError, match=r"none of the 6 alerts .*gate; of the log .*: north"):
        AlertLog(logs.folder / "alerts.csv", 0.6).alerts(logs.images())
    logs.write(walks(), "pass_id,reference_id,score\nW1,r1,0.8\n")
    with pytest.raises(MatcherError, match=r"the log of passes has 'w1' for 'W1'"):
        AlertLog(logs.folder / "alerts.csv", 0.6).alerts(logs.images())


@pytest.mark.parametrize(("seconds", "said"), [(3600, "3,600"), (30, "30"), (-3600, "3,600")])
def test_clocks_that_differ_are_found(seconds: float, said: str, logs: Logs) -> None:
    """One pass later (30 s), every alert is near a pass, and near that of somebody else."""
    logs.write(walks(), timed(seconds))
    late = "later" if seconds > 0 else "earlier"
    with pytest.raises(MatcherError, match=f"clock.*6 alerts of 6 .*{said} seconds {late}"):
        AlertLog(logs.folder / "alerts.csv", 0.6).alerts(logs.images())


@pytest.mark.parametrize(("hours", "said"), [(1, "1 hour ahead of"), (-2, "2 hours behind")])
def test_a_clock_is_wrong_before_anything_else_is(hours: int, said: str, logs: Logs) -> None:
    """What its alerts seem to contradict is a consequence of the clock."""
    passes = pd.read_csv(io.StringIO(walks())).assign(acquired="yes")
    times = pd.to_datetime(passes["time"])
    crowd = pd.concat(
        passes.assign(
            pass_id=passes["pass_id"] + str(n),
            subject_id="unknown",
            time=(times + pd.Timedelta(hours=n)).dt.strftime("%Y-%m-%dT%H:%M:%S"),
            acquired="no",
        )
        for n in (1, -2)
    )
    logs.write(pd.concat([passes, crowd]).to_csv(index=False), timed(3600 * hours + 2))
    with pytest.raises(MatcherError, match=f"the alerts' clock seems {said} the passes'"):
        AlertLog(logs.folder / "alerts.csv", 0.6).alerts(logs.images())


def test_a_poor_system_is_not_taken_for_a_wrong_clock(logs: Logs) -> None:
    """Alerts about the wrong people, at the right times."""
    wrong = timed(2).replace("r3", "r7").replace("r4", "r6").replace("r0", "f3").replace("r1", "f4")
    logs.write(walks(), wrong)
    table = AlertLog(logs.folder / "alerts.csv", 0.6).alerts(logs.images())
    assert table["matched"].tolist() == [NEAREST] * 6


def local(log: str, form: str, zone: str = "") -> str:
    """Return a log whose times are written by people."""
    found = re.findall(r"2026[-0-9T:]+", log)
    return functools.reduce(
        lambda text, time: text.replace(time, f"{pd.Timestamp(time):{form}}{zone}"), found, log
    )


@pytest.mark.parametrize(
    ("form", "zone"),
    [
        ("%d/%m/%Y %H:%M:%S", ""),
        ("%m/%d/%Y %I:%M:%S %p", ""),
        ("%d.%m.%Y %H:%M:%S", "+01:00"),
        ("%d %B %Y %H:%M:%S.00", "Z"),
    ],
)
def test_times_are_read_as_people_write_them(form: str, zone: str, logs: Logs) -> None:
    logs.write(local(walks(), form, zone), local(timed(2), form, zone))
    images = logs.images()
    assert images["captured_at"].dropna().iloc[1].startswith("2026-03-14T10:00:30")
    table = AlertLog(logs.folder / "alerts.csv", 0.6).alerts(images)
    assert table["pass_id"].tolist() == [f"w{i}" for i in range(6)]


def test_days_that_could_be_two_are_refused_with_the_setting(logs: Logs) -> None:
    def early(log: str) -> str:
        return local(log.replace("-14T", "-04T"), "%d/%m/%Y %H:%M:%S")

    logs.write(early(walks()), early(timed(2)))
    with pytest.raises(ManifestError, match=r"04/03/2026 10:00:00.*dataset\.dates=day-first"):
        logs.images()
    file = logs.folder / "alerts.csv"
    with pytest.raises(MatcherError, match=r"day or the month .* matcher\.dates=day-first .*row 2"):
        AlertLog(file, 0.6)
    images = logs.images("day-first")
    assert images["captured_at"].dropna().iloc[0] == "2026-03-04T10:00:00"
    assert AlertLog(file, 0.6, dates="day-first").alerts(images)["pass_id"].iloc[0] == "w0"
    file.write_text(file.read_text() + "2026-03-04T10:00:00,north,r1,0.8\n")
    with pytest.raises(MatcherError, match="a program may have exchanged day and month"):
        AlertLog(file, 0.6)
    file.write_text(early(timed(2)) + "14/03/2026 10:00:00,north,r1,0.8\n")
    assert AlertLog(file, 0.6).alerts(images)["pass_id"].iloc[0] == "w0"
    file.write_text(file.read_text() + "03/14/2026 10:00:00,north,r1,0.8\n")
    with pytest.raises(
        MatcherError, match=r"only be day first, and some only month first: .*row 2"
    ):
        AlertLog(file, 0.6)


def test_an_alert_between_two_passes_belongs_to_neither() -> None:
    began = np.array(["2026-03-14T10:00:00", "2026-03-14T10:00:10"], "datetime64[ns]")
    at = began[:1] + np.array([4, 5, 6], "timedelta64[s]")
    place, found = nearest_pass(at, np.full(3, ""), began, np.full(2, ""), np.timedelta64(10, "s"))
    assert place.tolist() == [0, -1, 1]
    assert found.tolist() == [NEAREST, SEVERAL, NEAREST]
