"""Hours of a deployment from the times at which it began and ended."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from lfr_eval.deployments import DeploymentError, check_records, import_records
from lfr_eval.deployments.headings import understand
from tests.deployments.grids import HEADINGS, row, write_csv

TIMED = ["Start time", "End time", *(each for each in HEADINGS if each != "Duration")]


def timed(start: str, end: str, day: str = "05/01/2027") -> list[str]:
    place, _, _, *rest = row("A", day)
    return [start, end, place, day, *rest]


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("10:00", "16:30", 6.5),
        ("1000", "1630", 6.5),
        ("1000hrs", "1800 hrs", 8.0),
        ("10.00", "18.00", 8.0),
        ("10am", "6pm", 8.0),
        ("10.15 a.m.", "6:45 PM", 8.5),
        ("18:00", "00:30", 6.5),
        ("22:00:00", "04:00:00", 6.0),
        ("6pm", "midnight", 6.0),
        ("noon", "2pm", 2.0),
        ("12am", "12pm", 12.0),
        ("18:00", "24:00", 6.0),
        ("09:00", "8:00", 23.0),
        ("930", "1030", 1.0),
    ],
)
def test_hours_are_those_from_start_to_end(
    start: str, end: str, hours: float, tmp_path: Path
) -> None:
    found = import_records([write_csv(tmp_path / "a.csv", [timed(start, end)], TIMED)])
    assert found.records["hours"].tolist() == [hours]
    assert found.passed_over == ["a.csv: hours of 1 row are the time from start to end"]


@pytest.mark.parametrize(
    ("start", "end", "why"),
    [
        ("9:00", "5:00", "ends after midnight or uses the 12-hour clock"),
        ("6:00", "11pm", "has am or pm at only one of its times"),
        ("10:00", "10:00", "begins and ends at the same time"),
        ("10", "16", "start '10' is not a time of day"),
        ("10:75", "16:00", "start '10:75' is not a time of day"),
        ("13pm", "16:00", "start '13pm' is not a time of day"),
        ("18.5", "23.5", "start '18.5' is not a time of day"),
        ("05/01/2027", "16:00", "start '05/01/2027' is not a time of day"),
    ],
)
def test_a_time_that_may_mean_two_things_is_refused(
    start: str, end: str, why: str, tmp_path: Path
) -> None:
    with pytest.raises(DeploymentError, match="row 2: ") as caught:
        import_records([write_csv(tmp_path / "a.csv", [timed(start, end)], TIMED)])
    assert why in str(caught.value)


def test_other_rows_show_the_clock_of_a_file(tmp_path: Path) -> None:
    rows = [timed("9:00", "5:00"), timed("14:00", "20:00", "06/01/2027")]
    found = import_records([write_csv(tmp_path / "a.csv", rows, TIMED)])
    assert found.records["hours"].tolist() == [20.0, 6.0]


@pytest.mark.parametrize(
    ("cell", "hours"), [("10:00 - 16:30", 6.5), ("18:00\u201300:30", 6.5), ("10am to 4pm", 6.0)]
)
def test_a_duration_may_be_two_times(cell: str, hours: float, tmp_path: Path) -> None:
    rows = [row("A", "05/01/2027", Duration=cell)]
    assert import_records([write_csv(tmp_path / "a.csv", rows)]).records["hours"].tolist() == [
        hours
    ]


def test_two_times_of_an_unknown_clock_are_no_duration(tmp_path: Path) -> None:
    rows = [row("A", "05/01/2027", Duration="9:00-11:00")]
    with pytest.raises(DeploymentError, match="may be two times on the 12-hour clock"):
        import_records([write_csv(tmp_path / "a.csv", rows)])


def test_a_duration_unlike_its_times_is_doubted(tmp_path: Path) -> None:
    def given(day: str, duration: str) -> Sequence[str]:
        return [*row("A", day, Duration=duration), "10:00", "16:25"]

    rows = [
        given("05/01/2027", "6h 25m"),
        given("06/01/2027", "4h 25m"),
        given("07/01/2027", "6.400 hours"),
    ]
    file = write_csv(tmp_path / "a.csv", rows, [*HEADINGS, "Start", "Finish"])
    records = import_records([file]).records
    assert records["hours"].round(2).tolist() == [6.42, 4.42, 6.4]
    doubts = check_records(records)
    (doubt,) = doubts[doubts["check"] == "hours do not follow"].to_dict("records")
    assert doubt["record_id"] == "a, row 3"
    assert doubt["reason"] == "the times from start to end make 6.41667 hours."
    assert doubt["suggestion"] == "6h 25m"


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        *(("Start", "start"), ("Start time (24 hr)", "start"), ("Deployment start", "start")),
        *(("End", "end"), ("Finish time", "end"), ("Time ended", "end"), ("Time began", "start")),
        *(("Start date", None), ("End date", None), ("Weekend", None), ("Gender", None)),
    ],
)
def test_headings_of_times(heading: str, field: str | None) -> None:
    known, problems = understand([heading])
    assert (known[0].field if not problems else None) == field
