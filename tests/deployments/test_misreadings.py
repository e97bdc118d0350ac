"""What looks like something else is refused or told; nothing is read as what it is not."""

import json
from pathlib import Path

import pytest

from lfr_eval.contract.dates import looks_like_a_day
from lfr_eval.contract.reading import ValueUnreadable
from lfr_eval.deployments import DeploymentError, import_records
from lfr_eval.deployments.values import camera
from tests.deployments.grids import HEADINGS, row, write_csv


@pytest.mark.parametrize(
    ("heading", "cell", "said"),
    [
        ("Watchlist Size", "9" * 5_000, "has 5000 digits"),
        ("Total Alerts", "1" + "0" * 15, "has 16 digits"),
        ("Date", f"1/1/{'2' * 5_000}", "date '1/1/2"),
    ],
)
def test_numbers_of_very_many_digits_are_refused(
    tmp_path: Path, heading: str, cell: str, said: str
) -> None:
    rows = [row("Hill", "01/02/24"), row("Quay", "02/02/24", **{heading: cell})]
    file = write_csv(tmp_path / "a.csv", rows)
    with pytest.raises(DeploymentError, match=rf"a\.csv, row 3\b.*{said}") as refused:
        import_records([file])
    assert len(str(refused.value)) < 500


def test_a_file_may_write_days_in_several_ways(tmp_path: Path) -> None:
    days = ["01/10/24", "Wed 2 Oct 2024", "2024-10-03", "04.10.24", "2024/10/05", "6/Oct/2024"]
    found = import_records([write_csv(tmp_path / "a.csv", [row("Barking", day) for day in days])])
    assert found.records["date"].tolist() == [f"2024-10-0{n}" for n in range(1, 7)]
    assert not looks_like_a_day("28 Juno 2024")


@pytest.mark.parametrize("kind", ["New CCTV, existing pole", "Static", "CCTV", "Static, not van"])
def test_a_camera_of_two_kinds_or_none_is_refused(kind: str) -> None:
    with pytest.raises(ValueUnreadable, match="is not one of"):
        camera(kind)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("Static (newly installed CCTV)", "new static"), ("LFR van", "mobile"),
     ("Existing CCTV", "existing static")],
)  # fmt: skip
def test_a_camera_is_what_is_said_of_it(text: str, kind: str) -> None:
    assert camera(text) == kind


def test_a_title_with_a_day_is_no_row() -> None:
    assert not looks_like_a_day("Published 1 March 2026")
    assert looks_like_a_day("Sunday, 1 March 2026")


@pytest.mark.parametrize("blank", ["", "-", "\u2013", "\u2212"])
def test_a_blank_count_is_zero_only_if_somebody_says_so(tmp_path: Path, blank: str) -> None:
    """Read as missing, deployments without a false alert would drop out of the rate."""
    rows = [
        row("A", f"0{n}/02/2027", False_Alerts_Confirmed=blank if n < 4 else "1")
        for n in range(1, 7)
    ]
    file = write_csv(tmp_path / "a.csv", rows)
    with pytest.raises(
        DeploymentError, match=r"3 cells below 'False Alerts Confirmed' are blank or dashes"
    ):
        import_records([file])
    known = import_records([file], blanks={"": "zero"}).records
    assert list(known["false_alerts"]) == [0, 0, 0, 1, 1, 1]
    unknown = import_records([file], blanks={"": "missing"}).records
    # The other part alone is not the number of false alerts.
    assert list(unknown["false_alerts"].isna()) == [True] * 3 + [False] * 3


def test_days_that_a_spreadsheet_has_exchanged_are_refused(tmp_path: Path) -> None:
    days = ["2027-07-01", "2027-11-01", "13/01/2027", "17/01/2027", "2027-01-02", "21/02/2027"]
    file = write_csv(tmp_path / "a.csv", [row("A", day) for day in days])
    with pytest.raises(
        DeploymentError, match=r"3 dates can only be day first.*'13/01/2027' \(row 4"
    ):
        import_records([file])
    assert len(import_records([file], month_first=False).records) == 6
    held = [row("A", day) for day in ("2027-07-01", "2027-07-14", "17/07/2027", "21/07/2027")]
    assert len(import_records([write_csv(tmp_path / "b.csv", held)]).records) == 4


def test_days_stored_as_numbers_are_refused_with_their_row(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "a.csv", [row("A", "46392"), row("B", "46395")])
    with pytest.raises(
        DeploymentError, match=r"a\.csv, row 2: 'Date' is 46392, the number by which"
    ):
        import_records([file])


@pytest.mark.parametrize("day", ["3rd Jan", "05/01/27 - 06/01/27", "05/01/2027 10:00", "5 Jan '27"])
def test_what_is_no_single_day_is_refused_with_its_row(tmp_path: Path, day: str) -> None:
    file = write_csv(tmp_path / "a.csv", [row("A", day), row("B", day)])
    with pytest.raises(DeploymentError, match=rf"a\.csv, row 2: 'Date' is '{day}', which is not a"):
        import_records([file])


@pytest.mark.parametrize(
    "day", ["January 5, 2027", "Jan. 5th, 2027", "5 Jan. 2027", "Tue 5 Jan 2027"]
)
def test_days_with_the_name_of_their_month_are_read(tmp_path: Path, day: str) -> None:
    records = import_records([write_csv(tmp_path / "a.csv", [row("A", day)])]).records
    assert records["date"][0] == "2027-01-05"


def test_thin_spaces_and_unseen_characters_are_no_other_value(tmp_path: Path) -> None:
    rows = [
        row("Hackney\u200b", "\u200e05/01/2027\u200f", Watchlist_Size="16\u2009934"),
        row("\u200fHackney", "06/01/2027", Watchlist_Size="\u202a16\u202f934\u202c"),
    ]
    records = import_records([write_csv(tmp_path / "a.csv", rows)]).records
    assert set(records["place"]) == {"Hackney"}
    assert set(records["watchlist_size"]) == {16934}
    turned = row("Hackney", "05/01/2027", Watchlist_Size="\u202e43961")  # It is shown as 16934.
    with pytest.raises(DeploymentError, match="row 2: watchlist_size"):
        import_records([write_csv(tmp_path / "b.csv", [turned])])


def test_one_dash_is_asked_about_also_in_a_column_of_a_group(tmp_path: Path) -> None:
    rows = [
        [*row("A", "05/02/2027", False_Alerts_Confirmed="-"), "1"],
        [*row("B", "06/02/2027", False_Alerts_Confirmed="2"), "-"],
        [*row("C", "07/02/2027", False_Alerts_Confirmed="2"), "1"],
    ]
    file = write_csv(tmp_path / "a.csv", rows, [*HEADINGS, "False alerts: Black women"])
    with pytest.raises(DeploymentError) as caught:
        import_records([file])
    assert "1 cell below 'False Alerts Confirmed' is blank or a dash (row 2)" in str(caught.value)
    assert "1 cell below 'False alerts: Black women' is blank or a dash (row 3)" in str(
        caught.value
    )
    records = import_records([file], blanks={"": "zero"}).records
    assert list(records["false_confirmed"]) == [0, 2, 2]
    groups = [
        json.loads(each)["gender x ethnicity"]["black women"] for each in records["false_by_group"]
    ]
    assert groups == [1, 0, 1]
