"""Published PDF grids: what a person sees is what is read, or the page is refused."""

import json
from pathlib import Path

import pandas as pd
import pypdf
import pytest
import typst
from PIL import Image
from pypdf.annotations import FreeText

from lfr_eval.deployments import DeploymentError, import_records
from lfr_eval.deployments.annual import Annual, write_annual
from lfr_eval.deployments.storage import read_records, write_records
from tests.deployments.grids import HEADINGS, row, rows, write_csv, write_pdf


def test_a_pdf_says_what_its_csv_says(tmp_path: Path) -> None:
    given = rows(9)
    pdf = import_records([write_pdf(tmp_path / "a.pdf", [given[:4], given[4:]])]).records
    table = import_records([write_csv(tmp_path / "a.csv", given)]).records
    own = ("record_id", "source", "source_sha256", "page", "row", "file_notes")
    same = [name for name in pdf if name not in own]
    pd.testing.assert_frame_equal(pdf[same], table[same])
    assert pdf["page"].tolist() == [1] * 4 + [2] * 5


def test_headings_on_two_lines_and_over_two_columns_are_read(tmp_path: Path) -> None:
    single = [(text, 1, 2) for text in HEADINGS[:7]]
    spread = [("True Alerts", 2, 1), ("False Alerts", 2, 1), ("False Alert Rate", 1, 2)]
    outcomes = [("Engagement Outcomes", 3, 1), ("Faces seen", 1, 2)]
    below = [("Confirmed", 1, 1), ("Unconfirmed", 1, 1)] * 2
    below += [("Arrest", 1, 1), ("Other Disposal", 1, 1), ("No Action", 1, 1)]
    given = [row("Barking", "01/10/24", True_Alerts_Confirmed="2", True_Alerts_Unconfirmed="1")]
    path = write_pdf(tmp_path / "a.pdf", [given], [*single, *spread, *outcomes, *below])
    found = import_records([path]).records.iloc[0]
    assert (found["true_confirmed"], found["true_unconfirmed"], found["true_alerts"]) == (2, 1, 3)
    assert (found["false_confirmed"], found["arrests"], found["no_action"]) == (1, 2, 1)


def test_columns_in_another_order_are_read_by_their_headings(tmp_path: Path) -> None:
    given = rows(2)
    turned = [list(reversed(each)) for each in given]
    one = import_records([write_pdf(tmp_path / "a.pdf", [given])]).records
    other = import_records([write_pdf(tmp_path / "b.pdf", [turned], HEADINGS[::-1])]).records
    counts = ["date", "alerts", "false_alerts", "faces_seen", "arrests", "watchlist_size"]
    pd.testing.assert_frame_equal(one[counts], other[counts])


def test_a_row_without_a_day_is_refused_in_a_pdf(tmp_path: Path) -> None:
    cells = [row("Ilford", "01/10/24"), row("Barking", "in October")]
    with pytest.raises(DeploymentError, match="page 1: a row without a day"):
        import_records([write_pdf(tmp_path / "a.pdf", [cells])])


def test_rows_that_shift_below_their_headings_are_refused(tmp_path: Path) -> None:
    path = write_pdf(
        tmp_path / "a.pdf", [[row("Ilford", "01/10/24")], [row("Barking", "02/10/24")[:-1]]]
    )
    # The second page has fifteen columns: none of its cells may slip below a heading of sixteen.
    with pytest.raises(DeploymentError, match="page 2"):
        import_records([path])


def test_the_place_of_a_row_that_a_page_cuts_is_joined_and_said(tmp_path: Path) -> None:
    rest = ["Rd, Waterloo", *[""] * (len(HEADINGS) - 1)]
    pages = [[row("Belvedere", "01/10/24")], [rest, row("Ealing", "02/10/24")]]
    found = import_records([write_pdf(tmp_path / "a.pdf", pages)])
    assert found.records["place"].tolist() == ["Belvedere Rd, Waterloo", "Ealing"]
    assert "was read as the end of 'Belvedere'" in found.passed_over[0]


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize(
    ("one", "other", "named"),
    [
        ("True Alerts Confirmed", "False Alerts Confirmed", "'True Alerts Confirmed' and 'False"),
        ("True Alerts Confirmed", "True Alerts Unconfirmed", "'True Alerts Confirmed' and 'True"),
        ("Total Alerts", "Faces seen (Estimate)", "'Total Alerts' and "),
        ("Total Alerts", "True Alerts Confirmed", "'Total Alerts' and "),
    ],
)
def test_columns_that_change_places_in_a_table_without_headings_are_refused(
    tmp_path: Path, one: str, other: str, named: str, apart: bool
) -> None:
    given = rows(18)
    for cells in given[9:]:
        places = HEADINGS.index(one), HEADINGS.index(other)
        cells[places[0]], cells[places[1]] = cells[places[1]], cells[places[0]]
    file = write_pdf(tmp_path / "a.pdf", [given[:9], given[9:]], apart=apart)
    where = "page 2" if apart else "page 1 from row 10"
    with pytest.raises(DeploymentError, match=f"{where} has no headings.*{named}"):
        import_records([file])


def test_a_table_without_headings_is_told(tmp_path: Path) -> None:
    file = write_pdf(tmp_path / "a.pdf", [rows(2), rows(4)[2:]], apart=False)
    found = import_records([file])
    assert len(found.records) == 4
    assert found.passed_over == [
        "a.pdf, page 1 from row 3 without headings: the columns are taken to be those of the table "
        "before"
    ]


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


def test_two_numbers_one_above_the_other_are_not_one(tmp_path: Path) -> None:
    given = [row("Barking", "01/10/24", Total_Alerts="12\n345")]
    with pytest.raises(DeploymentError, match="alerts '12 / 345' is not a whole number"):
        import_records([write_pdf(tmp_path / "a.pdf", [given])])


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
        "a.pdf, page 1 from row 2 without headings: the columns are taken to be those of the table "
        "before",
    ]
    write_records(found.records, tmp_path / "r.parquet")
    kept = read_records(tmp_path / "r.parquet")
    assert {tuple(json.loads(each)) for each in kept["file_notes"]} == {tuple(found.passed_over)}
    write_annual(kept, Annual(), tmp_path / "annual")
    page = (tmp_path / "annual" / "annual-report.html").read_text("utf-8")
    assert "Figures exclude Croydon." in page[page.index("How the files were read") :]
