"""What looks like something else is refused or told; nothing is read as what it is not."""

import json
import zipfile
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pypdf
import pytest
import typst
from openpyxl.comments import Comment
from openpyxl.styles import Font
from PIL import Image
from pypdf.annotations import FreeText

from lfr_eval.cohort.problems import Problem
from lfr_eval.cohort.workbooks import cells_of_parquet
from lfr_eval.contract.archives import read_parquet
from lfr_eval.contract.dates import looks_like_a_day
from lfr_eval.contract.reading import ValueUnreadable
from lfr_eval.contract.workbooks import WorkbookUnreadable, read_workbook
from lfr_eval.deployments import DeploymentError, import_records
from lfr_eval.deployments.annual import Annual, write_annual
from lfr_eval.deployments.headings import understand
from lfr_eval.deployments.storage import read_records, write_records
from lfr_eval.deployments.values import as_text, camera
from lfr_eval.matchers import MatcherError
from lfr_eval.matchers.matrix_files import read_matrix
from lfr_eval.matchers.templates import _read as read_templates
from lfr_eval.matchers.vendor_files import read_frame
from tests.deployments.grids import HEADINGS, row, write_csv, write_pdf

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


def test_a_file_may_write_days_in_several_ways(tmp_path: Path) -> None:
    days = ["01/10/24", "Wed 2 Oct 2024", "2024-10-03", "04.10.24", "2024/10/05", "6/Oct/2024"]
    found = import_records([write_csv(tmp_path / "a.csv", [row("Barking", day) for day in days])])
    assert found.records["date"].tolist() == [f"2024-10-0{n}" for n in range(1, 7)]
    assert not looks_like_a_day("28 Juno 2024")


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


@pytest.mark.parametrize("other", ["False Alerts Confirmed", "True Alerts Unconfirmed"])
def test_columns_that_change_places_on_a_page_without_headings_are_refused(
    tmp_path: Path, other: str
) -> None:
    one, two = HEADINGS.index("True Alerts Confirmed"), HEADINGS.index(other)
    pages = [[row("Barking", f"{n:02}/10/24") for n in range(at, at + 9)] for at in (1, 10)]
    for cells in pages[1]:
        cells[one], cells[two] = "0", cells[one]
    with pytest.raises(DeploymentError, match=f"page 2 has no headings.*{other}"):
        import_records([write_pdf(tmp_path / "a.pdf", pages)])


@pytest.mark.parametrize("other", ["Faces seen (Estimate)", "True Alerts Confirmed"])
def test_alerts_that_change_places_on_a_page_without_headings_are_refused(
    tmp_path: Path, other: str
) -> None:
    one, two = HEADINGS.index("Total Alerts"), HEADINGS.index(other)
    pages = [[row("Barking", f"{n:02}/10/24") for n in range(at, at + 3)] for at in (1, 4)]
    for cells in pages[1]:
        cells[one], cells[two] = cells[two], cells[one]
    with pytest.raises(DeploymentError, match=r"page 2 has no headings.*Total Alerts"):
        import_records([write_pdf(tmp_path / "a.pdf", pages)])


def test_a_page_that_is_shown_turned_is_read_as_it_is_shown(tmp_path: Path) -> None:
    file = pypdf.PdfWriter(clone_from=write_pdf(tmp_path / "a.pdf", [[row("Barking", "01/10/24")]]))
    page = file.pages[0]
    page.add_transformation(pypdf.Transformation().rotate(90).translate(page.mediabox.height))
    page.mediabox = pypdf.generic.RectangleObject((0, 0, page.mediabox.height, page.mediabox.width))
    page.rotate(90)
    file.write(tmp_path / "b.pdf")
    assert import_records([tmp_path / "b.pdf"]).records["alerts"].tolist() == [4]


def test_a_note_across_a_row_is_told(tmp_path: Path) -> None:
    book = [row("Barking", "01/10/24"), row("Ilford", "02/10/24")]
    found = import_records([write_pdf(tmp_path / "a.pdf", [[*book]], note="Threshold changed")])
    assert found.passed_over == ["a.pdf, page 1: 'Threshold changed' is not a row of counts"]


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


@pytest.mark.parametrize("mark", ["^1", "~1"])
def test_a_raised_footnote_mark_is_no_digit(tmp_path: Path, mark: str) -> None:
    changes = {"Total_Alerts": f"4{mark}", "Faces_seen_(Estimate)": f"10,000{mark}"}
    given = [row(f"Barking{mark}", "01/10/24", **changes), row("Ilford", "02/10/24")]
    found = import_records([write_pdf(tmp_path / "a.pdf", [given])])
    assert found.records["alerts"].tolist() == [4, 4]
    assert found.records["faces_seen"].tolist() == [10_000, 10_000]
    assert found.records["place"].tolist() == ["Barking", "Ilford"]
    assert "3 raised footnote marks left out" in found.passed_over[0]


@pytest.mark.parametrize(
    ("mark", "why"),
    [
        ("|", "in the colour of its background"),
        ("!", "struck through"),
        ("¬", "below a filled box"),
    ],
)
def test_text_that_nobody_sees_is_refused(tmp_path: Path, mark: str, why: str) -> None:
    given = [row("Barking", "01/10/24", Total_Alerts=f"4{mark}9"), row("Ilford", "02/10/24")]
    with pytest.raises(DeploymentError, match=f"page 1: text {why} .'4?9'."):
        import_records([write_pdf(tmp_path / "a.pdf", [given])])


@pytest.mark.parametrize("degrees", [-90, 90])
def test_headings_on_their_side_are_read(tmp_path: Path, degrees: int) -> None:
    file = write_pdf(tmp_path / "a.pdf", [[row("Barking", "01/10/24")]], turned=degrees)
    found = import_records([file]).records
    assert found[["alerts", "true_confirmed", "faces_seen"]].iloc[0].tolist() == [4, 3, 10_000]


def test_the_rest_of_a_row_on_the_next_page_is_joined_or_refused(tmp_path: Path) -> None:
    rest = ["High Road", "", "", "and event", *[""] * 12]
    pages = [[row("Barking", "01/10/24")], [rest, row("Ilford", "02/10/24")]]
    found = import_records([write_pdf(tmp_path / "a.pdf", pages)])
    assert found.records["place"].tolist() == ["Barking High Road", "Ilford"]
    assert found.records["use_case"].tolist() == ["Crime Hotspot and event", "Crime Hotspot"]
    assert "page 2 without headings" in found.passed_over[1]
    rest[4] = "187"
    with pytest.raises(DeploymentError, match=r"page 2: 'High Road', 'and event', '187'.*the rest"):
        import_records([write_pdf(tmp_path / "a.pdf", pages)])


def test_a_table_that_goes_on_to_the_right_is_not_counted_twice(tmp_path: Path) -> None:
    first = write_pdf(tmp_path / "1.pdf", [[row("Barking", "01/10/24")[:9]]], HEADINGS[:9])
    more = [HEADINGS[1], *HEADINGS[9:]]
    second = write_pdf(tmp_path / "2.pdf", [[row("Barking", "01/10/24")[1:2] + ["1"] * 7]], more)
    both = pypdf.PdfWriter()
    for each in (first, second):
        both.append(each)
    both.write(tmp_path / "both.pdf")
    with pytest.raises(
        DeploymentError, match="page 2: its table has no column for alerts and place"
    ):
        import_records([tmp_path / "both.pdf"])


def test_a_page_that_is_a_picture_is_refused(tmp_path: Path) -> None:
    Image.new("L", (400, 300), 200).save(tmp_path / "scan.pdf")
    both = pypdf.PdfWriter()
    for each in (
        write_pdf(tmp_path / "1.pdf", [[row("Barking", "01/10/24")]]),
        tmp_path / "scan.pdf",
    ):
        both.append(each)
    both.write(tmp_path / "both.pdf")
    with pytest.raises(DeploymentError, match="page 2 is a picture without text, such as a scan"):
        import_records([tmp_path / "both.pdf"])


@pytest.mark.parametrize("day", ["13/02/26", "13 February 2026", "2026-02-13", "13.02.2026"])
def test_a_page_without_rules_is_refused_however_it_writes_days(tmp_path: Path, day: str) -> None:
    pages = [[row("Barking", "01/02/26")], [row("Ilford", day)]]
    with pytest.raises(DeploymentError, match="page 2: 1 line looks like"):
        import_records([write_pdf(tmp_path / "a.pdf", pages, unruled=[1])])


def test_a_title_with_a_day_is_no_row() -> None:
    assert not looks_like_a_day("Published 1 March 2026")
    assert looks_like_a_day("Sunday, 1 March 2026")


def test_two_numbers_one_above_the_other_are_not_one(tmp_path: Path) -> None:
    given = [row("Barking", "01/10/24", Total_Alerts="12\n345")]
    with pytest.raises(DeploymentError, match="alerts '12 / 345' is not a whole number"):
        import_records([write_pdf(tmp_path / "a.pdf", [given])])


@pytest.fixture
def book() -> openpyxl.Workbook:
    made = openpyxl.Workbook()
    made.active.title = "2024"
    for cells in (HEADINGS, row("Barking", "01/10/24"), row("Ilford", "02/10/24")):
        made.active.append(cells)
    return made


def saved(book: openpyxl.Workbook, path: Path) -> Path:
    book.save(path / "book.xlsx")
    return path / "book.xlsx"


def test_a_sheet_of_sums_is_not_read_as_deployments(
    book: openpyxl.Workbook, tmp_path: Path
) -> None:
    sums = book.create_sheet("By month")
    for cells in (("Date", "Total Alerts", "Arrests", "Faces seen"), ("31/10/24", 8, 4, 20_000)):
        sums.append(cells)
    path = saved(book, tmp_path)
    with pytest.raises(DeploymentError, match="'2024' and 'By month' differ"):
        import_records([path])
    assert len(import_records([path], sheets=["2024"]).records) == 2
    with pytest.raises(DeploymentError, match="no sheet '2023'"):
        import_records([path], sheets=["2023"])


def test_cells_that_hold_less_than_they_show_are_refused(
    book: openpyxl.Workbook, tmp_path: Path
) -> None:
    book.active["G2"] = "=2+2"
    book.active.merge_cells("A2:A3")
    with pytest.raises(DeploymentError, match=r"(?s)G2 holds a formula.*A2:A3 are merged"):
        import_records([saved(book, tmp_path)])


def test_a_hidden_row_is_told_and_a_percentage_is_read_as_shown(
    book: openpyxl.Workbook, tmp_path: Path
) -> None:
    book.active["L2"] = 0.0001
    book.active["L2"].number_format = "0.000%"
    book.active.row_dimensions[3].hidden = True
    found = import_records([saved(book, tmp_path)])
    assert found.records["false_alert_rate"].tolist() == ["0.010%", "0.01%"]
    assert found.passed_over == ["book.xlsx, hidden rows of sheet '2024' were read: 3"]
    assert as_text(0.25, "0%") == "25%"


def test_struck_white_and_hidden_cells_of_a_workbook_are_told(
    book: openpyxl.Workbook, tmp_path: Path
) -> None:
    book.create_sheet("Draft").sheet_state = "hidden"
    for cells in (HEADINGS, row("Dalston", "03/10/24")):
        book["Draft"].append(cells)
    book.active["G2"].comment = Comment("should be 5", "A. Clerk")
    found = import_records([saved(book, tmp_path)])
    assert found.records["place"].tolist() == ["Barking", "Ilford"]
    assert found.passed_over == [
        "book.xlsx, a comment at G2 says: should be 5",
        "book.xlsx, sheet 'Draft' is hidden and was not read",
    ]
    book.active["G2"].font = Font(strike=True)
    book.active["G3"].font = Font(color="FFFFFF")
    with pytest.raises(DeploymentError, match=r"(?s)G2 is struck through.*G3 is white"):
        import_records([saved(book, tmp_path)])


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


@pytest.mark.parametrize("last", [(1_048_576, 1), (1_048_576, 16_384), (20, 300)])
def test_cells_that_are_only_formatted_are_not_read(tmp_path: Path, last: tuple[int, int]) -> None:
    """A table whose whole columns are bold reaches over a million rows."""
    book = openpyxl.Workbook()
    for cells in (HEADINGS, row("A", "05/01/2027"), row("B", "06/01/2027")):
        book.active.append(cells)
    book.active.cell(*last).font = Font(bold=True)
    book.save(tmp_path / "a.xlsx")
    assert list(import_records([tmp_path / "a.xlsx"]).records["place"]) == ["A", "B"]


def test_a_workbook_that_unpacks_to_far_more_than_its_size_is_refused(tmp_path: Path) -> None:
    packed = zipfile.ZIP_DEFLATED
    with (
        zipfile.ZipFile(tmp_path / "a.xlsx", "w", packed, compresslevel=1) as made,
        made.open("xl/worksheets/sheet1.xml", "w") as sheet,
    ):
        for _ in range(272):
            sheet.write(bytes(1 << 20))
    with pytest.raises(DeploymentError, match=r"unpacks to 285,212,672 bytes, \d+ times its size"):
        import_records([tmp_path / "a.xlsx"])
    with pytest.raises(WorkbookUnreadable, match="it unpacks to"):
        read_workbook(tmp_path / "a.xlsx")
    (tmp_path / "a.xlsx").rename(tmp_path / "a.npz")
    with pytest.raises(MatcherError, match="it unpacks to"):
        read_matrix(tmp_path / "a.npz")
    with pytest.raises(MatcherError, match="it unpacks to"):
        read_templates(tmp_path / "a.npz")


def _repeated(text: str, times: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array([0] * times, pa.int32()), pa.array([text]))


BOMBS = {
    "a long text in every row": _repeated("x" * 100_000, 9_000),
    "a long text in a list": pa.ListArray.from_arrays(
        pa.array(range(9_001), pa.int32()), _repeated("x" * 100_000, 9_000)
    ),
    "a long text in a structure": pa.StructArray.from_arrays(
        [_repeated("x" * 100_000, 9_000)], ["name"]
    ),
    "rows without end": pa.nulls(40_000_000, pa.int32()),
}


@pytest.mark.parametrize("what", BOMBS)
def test_a_parquet_file_that_unpacks_to_far_more_than_its_size_is_refused(
    what: str, tmp_path: Path
) -> None:
    """Five kilobytes unpack to a gigabyte."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"image_id": BOMBS[what], "template": [0] * len(BOMBS[what])}), path)
    assert path.stat().st_size < 1_000_000
    for error, read in (
        (DeploymentError, read_records),
        (MatcherError, read_matrix),
        (MatcherError, read_templates),
        (MatcherError, read_frame),
    ):
        with pytest.raises(error, match=r"it unpacks to [\d,]+ bytes, [\d,]+ times its size"):
            read(path)
    problem, _ = cells_of_parquet(path)
    assert isinstance(problem, Problem)
    assert "it unpacks to" in problem.message


def test_a_parquet_file_of_few_values_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    values = {
        "name": _repeated("x" * 100, 1_000),
        "lists": [["a", "b"]] * 1_000,
        "structures": [{"k": "v"}] * 1_000,
        "maps": pa.array([[("k", "v")]] * 1_000, pa.map_(pa.string(), pa.string())),
        "none": pa.nulls(1_000),
        "number": [Decimal("1.25")] * 1_000,
    }
    pq.write_table(pa.table(values), path)
    assert read_parquet(path).shape == (1_000, 6)
    assert list(read_parquet(path, ["name"])) == ["name"]


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
    groups = [json.loads(each)["group"]["black women"] for each in records["false_by_group"]]
    assert groups == [1, 0, 1]


BESIDE = """
#set page(paper: "a4", flipped: true, margin: 1cm)
#set text(size: 6pt)
#let given = json(bytes(sys.inputs.given))
Deployments of the year
#table(columns: given.at(0).len(), ..given.slice(0, 2).flatten())
Figures exclude Croydon.
#table(columns: given.at(0).len(), ..given.slice(2).flatten())
\\* Total for the year: 12
#table(columns: 2, [Use case], [Law], [Hotspot], [2.3])
#pagebreak()
Nothing here but words.
"""


def test_text_beside_the_rows_of_a_pdf_is_told(tmp_path: Path) -> None:
    """A footnote, a total below the table, a remark, a second table, a page of words."""
    rows = [HEADINGS, row("A", "05/01/2027"), row("B", "06/01/2027")]
    made = typst.compile(BESIDE.encode(), sys_inputs={"given": json.dumps(rows)})
    (tmp_path / "plain.pdf").write_bytes(made)
    writer = pypdf.PdfWriter(clone_from=tmp_path / "plain.pdf")
    writer.add_annotation(0, FreeText(text="Estimates only", rect=(50, 50, 200, 70)))
    writer.write(tmp_path / "a.pdf")
    found = import_records([tmp_path / "a.pdf"])
    assert list(found.records["place"]) == ["A", "B"]
    assert found.passed_over == [
        "a.pdf, page 1: 1 line of text above the rows was not read: 'Deployments of the year'",
        "a.pdf, page 1: 1 line of text beside or between the rows was not read: 'Figures exclude "
        "Croydon.'",
        "a.pdf, page 1: 3 lines of text below the rows were not read: '* Total for the year: 12'; "
        "'Use case Law'; 'Hotspot 2.3'",
        "a.pdf, page 1: a comment was not read: 'Estimates only'",
        "a.pdf, page 2: 1 line of text on a page without rows was not read: 'Nothing here but "
        "words.'",
    ]
    write_records(found.records, tmp_path / "r.parquet")
    kept = read_records(tmp_path / "r.parquet")
    assert {tuple(json.loads(each)) for each in kept["file_notes"]} == {tuple(found.passed_over)}
    write_annual(kept, Annual(), tmp_path / "annual")
    page = (tmp_path / "annual" / "annual-report.html").read_text("utf-8")
    assert "Figures exclude Croydon." in page[page.index("How the files were read") :]
