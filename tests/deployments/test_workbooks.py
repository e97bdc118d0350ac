"""Workbooks of records: what a sheet shows is what is read, or the cell is refused."""

import zipfile
from decimal import Decimal
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import Font

from lfr_eval.cohort.problems import Problem
from lfr_eval.cohort.workbooks import cells_of_parquet
from lfr_eval.contract.archives import read_parquet
from lfr_eval.contract.workbooks import WorkbookUnreadable, read_workbook
from lfr_eval.deployments import DeploymentError, import_records
from lfr_eval.deployments.storage import read_records
from lfr_eval.deployments.values import as_text
from lfr_eval.matchers import MatcherError
from lfr_eval.matchers.matrix_files import read_matrix
from lfr_eval.matchers.templates import _read as read_templates
from lfr_eval.matchers.vendor_files import read_frame
from tests.deployments.grids import HEADINGS, row


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


def test_a_workbook_with_a_title_and_two_lines_of_headings_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Deployments 2024"])
    sheet.append(["Location", "Date", "Total", "False alerts", None, "Faces seen"])
    sheet.append([None, None, "Alerts", "Confirmed", "Unconfirmed", None])
    sheet.append(["Ilford", pd.Timestamp("2024-10-01").to_pydatetime(), 5, 1, 2, 3000])
    book.create_sheet("Notes").append(["made by hand"])
    book.save(tmp_path / "a.xlsx")
    found = import_records([tmp_path / "a.xlsx"])
    first = found.records.iloc[0]
    assert first["date"] == "2024-10-01"
    assert (first["alerts"], first["false_confirmed"], first["false_unconfirmed"]) == (5, 1, 2)
    assert first["false_alerts"] == 3
    assert any("Notes" in each for each in found.passed_over)


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


@pytest.mark.parametrize("title", [False, True])
def test_a_heading_is_that_of_the_columns_it_is_merged_over(
    book: openpyxl.Workbook, tmp_path: Path, title: bool
) -> None:
    """The columns to the right of it have headings of their own, on one line or both."""
    sheet, at = book.active, 1 + title
    sheet.insert_rows(1, 1 + title)
    if title:
        sheet["A1"] = "Deployments of 2024"
        sheet.merge_cells("A1:P1")
    for column, text in (("G", "Total"), ("H", "True"), ("I", "Unconfirmed true"), ("J", "False")):
        sheet[f"{column}{at + 1}"] = text
    sheet[f"G{at}"] = "Alerts"
    sheet.merge_cells(f"G{at}:J{at}")
    found = import_records([saved(book, tmp_path)], {"Alerts Unconfirmed true": "true_unconfirmed"})
    assert found.records["arrests"].tolist() == [2, 2]
    assert found.records[["alerts", "true_alerts", "false_alerts"]].iloc[0].tolist() == [4, 3, 1]


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
