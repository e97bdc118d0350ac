"""Headings are understood by their words, or refused until somebody says what they mean."""

import json
from pathlib import Path

import pytest

from lfr_eval.deployments import DeploymentError, check_records, import_records
from lfr_eval.deployments.headings import understand
from tests.deployments.grids import HEADINGS, row, write_csv

MEANT = {
    "True alerts2": "true_alerts",
    "Confirmed true alerts": "true_confirmed",
    "False alert rate (false alerts / faces seen) (%)": "false_alert_rate",
    "Estimated no. of faces": "faces_seen",
    "Number of people on the watchlist": "watchlist_size",
    "Face match threshold": "threshold",
    "Total number of alerts generated": "alerts",
    "Hours deployed": "hours",
    "Type of camera": "camera",
    "No. of arrests": "arrests",
    "Date (DD/MM/YY)": "date",
    "True positive alerts": "true_alerts",
    "Station": "place",
    "False alerts - Indian": "false alerts of indian",
    "False alerts: women aged 18-24": "false alerts of women aged 18 24",
    "False alerts (estimate)": "false_alerts",
    "Individuals on watchlist": "watchlist_size",
    "People scanned": "faces_seen",
    "Time started": "start",
    "Hrs": "hours",
}


OTHERWISE = [
    *("True alerts leading to arrest", "Missed true alerts", "Suspected false alerts"),
    *("True alerts (%)", "True alert rate", "Arrest rate", "Arrests per alert"),
    *("Alert to arrest (minutes)", "Faces per hour", "Faces seen ('000)", "Cumulative faces seen"),
    *("Faces not seen by operator", "Arrests (year to date)", "Face matches", "Watchlist matches"),
    *("Alerts at threshold 0.64", "Next deployment date", "False alerts, no engagement"),
    *(
        "Deployment type",
        "Number of deployments",
        "Start date",
        "Date to",
        "#",
        "\u0414\u0430\u0442\u0430",
    ),
    *("False alerts target", "False alerts previous year", "False alerts Oxford Circus"),
    *("False alerts by ethnicity", "Hours of police time", "No arrest", "Arrests per deployment"),
    *("Deployments", "Deployment count", "Deployment name", "Location ref", "Site no", "Placement"),
    *("Watchlist no.", "Watchlist name", "Number of watchlists", "Started by", "Model number"),
    *("Positive alerts", "Biometric captures", "TAR", "Use of force"),
]


@pytest.mark.parametrize("heading", MEANT)
def test_a_heading_is_understood_with_words_that_change_nothing(heading: str) -> None:
    (found,), problems = understand([heading])
    assert (found.field, problems) == (MEANT[heading], [])


@pytest.mark.parametrize("heading", OTHERWISE)
def test_a_heading_whose_other_words_change_its_meaning_is_refused(heading: str) -> None:
    assert "is not known" in understand([heading])[1][0]


def test_an_unknown_heading_is_refused_until_somebody_says_what_it_means(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "a.csv", [[*row("Ilford", "01/10/24"), "sunny"]], [*HEADINGS, "Weather"]
    )
    with pytest.raises(DeploymentError, match="heading 'Weather' is not known") as refused:
        import_records([path])
    assert "The fields of --map are force, place, " in str(refused.value)
    assert "false alerts of NAME" in str(refused.value)
    assert "sha256" not in str(refused.value)
    assert len(import_records([path], {"Weather": "skip"}).records) == 1


@pytest.mark.parametrize("heading", ["Deployment ref", "Deployment reference no.", "LFR no."])
def test_a_reference_is_no_place(tmp_path: Path, heading: str) -> None:
    rows = [[f"LFR/0{n}", *row("", f"0{n}/10/24")] for n in (1, 2, 3)]
    file = write_csv(tmp_path / "a.csv", rows, [heading, *HEADINGS])
    found = import_records([file])
    assert found.records["place"].isna().all()
    assert found.passed_over == [f"a.csv, column '{heading}' left out: it numbers the deployments"]
    rows = [row(f"LFR/0{n}", f"0{n}/10/24") for n in (1, 2, 3)]
    file = write_csv(tmp_path / "b.csv", rows, ["Deployment", *HEADINGS[1:]])
    with pytest.raises(DeploymentError, match=r"b\.csv, row 2: 'LFR/01' below 'Deployment' seems"):
        import_records([file])
    assert import_records([file], {"Deployment": "place"}).records["place"][0] == "LFR/01"


def test_running_numbers_are_left_out_and_no_further_action_is_no_action(tmp_path: Path) -> None:
    headings = ["No further action" if each == "No Action" else each for each in HEADINGS]
    given = [["7", *row("A", "01/10/24")], ["8", *row("B", "02/10/24")]]
    path = write_csv(tmp_path / "a.csv", given, ["Deployment No.", *headings])
    found = import_records([path])
    assert found.records["no_action"].tolist() == [1, 1]
    assert found.passed_over == [
        "a.csv, column 'Deployment No.' left out: it numbers the deployments"
    ]
    # How many deployments there were is another number, and such a row is not one of them.
    many = write_csv(tmp_path / "b.csv", given, ["Number of deployments", *headings])
    with pytest.raises(DeploymentError, match="'Number of deployments' is not known"):
        import_records([many])


def test_hours_and_minutes_are_not_decimals(tmp_path: Path) -> None:
    given = [row("Barking", "01/10/24", Duration="6.05")]
    headings = ["Duration (hours and minutes)" if h == "Duration" else h for h in HEADINGS]
    with pytest.raises(DeploymentError, match=r"hours '6\.05' is not a duration"):
        import_records([write_csv(tmp_path / "a.csv", given, headings)])


def hourly(path: Path, heading: str, values: list[str]) -> Path:
    given = [row("Barking", f"{n:02}/10/24", Duration=v) for n, v in enumerate(values, 1)]
    return write_csv(path, given, [heading if h == "Duration" else h for h in HEADINGS])


@pytest.mark.parametrize(
    ("heading", "values", "hours"),
    [
        ("Hours", ["6.5", "7.25", "5"], [6.5, 7.25, 5]),
        ("Hours", ["6.35", "7.75"], [6.35, 7.75]),
        ("Duration (minutes)", ["395", "45", "1,395"], [6.583333, 0.75, 23.25]),
        ("Duration", ["6:35 hrs", "6hr 35m"], [6.583333] * 2),
        ("Length of deployment (hh:mm)", ["06:35:00"], [6.583333]),
    ],
)
def test_durations_are_read_in_the_unit_of_their_heading(
    tmp_path: Path, heading: str, values: list[str], hours: list[float]
) -> None:
    found = import_records([hourly(tmp_path / "a.csv", heading, values)]).records
    assert found["hours"].tolist() == hours


@pytest.mark.parametrize(
    ("heading", "values", "why"),
    [
        ("Hours", ["6.35", "7.15"], r"row 2: hours '6\.35' may be hours and minutes or a decimal"),
        ("Duration", ["6.5 hrs", "7.3h"], r"row 3: hours '7\.3h' may be"),
        ("Hours", ["5", "nan"], "row 3: hours 'nan' is not a duration"),
        ("Duration (mins)", ["6:35"], "row 2: hours '6:35' is not a whole number"),
        ("Duration", ["0:75"], "has 75 minutes"),
    ],
)
def test_durations_that_may_be_two_are_refused(
    tmp_path: Path, heading: str, values: list[str], why: str
) -> None:
    with pytest.raises(DeploymentError, match=why):
        import_records([hourly(tmp_path / "a.csv", heading, values)])


def test_headings_again_titles_and_columns_of_the_year_are_passed_over(tmp_path: Path) -> None:
    given = [["2024/25", *row("Barking", "01/10/24")], ["2024/25", *row("Ilford", "02/10/24")]]
    headings = ["Financial Year", *HEADINGS]
    path = write_csv(tmp_path / "a.csv", [given[0], headings, given[1]], headings)
    path.write_text("Deployments\nPublished 1 March 2026\n" + path.read_text())
    found = import_records([path])
    assert found.records["place"].tolist() == ["Barking", "Ilford"]
    assert found.passed_over[2:] == [
        "a.csv, row 5: the headings again",
        "a.csv, column 'Financial Year' left out: the date says it",
    ]
    path.write_text(path.read_text().replace("Financial Year", ""))
    with pytest.raises(DeploymentError, match="row 4: there is no heading above '2024/25'"):
        import_records([path])


def test_false_alerts_by_group_are_kept_by_what_tells_groups_apart(tmp_path: Path) -> None:
    """A false alert of a Black woman stands in two columns, and is one false alert."""
    groups = ["False alerts: Black", "False alerts: White", "False alerts - women"]
    headings = ["Location", "Date", "Total alerts", "False alerts", *groups]
    given = [
        ["Ilford", "01/10/24", "9", "3", "2", "1", "2"],
        ["Ilford", "02/10/24", "9", "1", "1", "1", "0"],
    ]
    records = import_records([write_csv(tmp_path / "a.csv", given, headings)]).records
    assert json.loads(records["false_by_group"][0]) == {
        "ethnicity": {"black": 2, "white": 1},
        "gender": {"women": 2},
    }
    doubts = check_records(records)
    assert doubts["record_id"].tolist() == ["a, row 3"]
    assert doubts["reason"].tolist() == [
        "its groups by ethnicity add up to 2 false alerts, more than the 1 of the row."
    ]
