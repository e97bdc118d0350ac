"""Rows of totals, notes and cut rows are no deployments, and are told or refused."""

from pathlib import Path

import openpyxl
import pytest

from lfr_eval.deployments import DeploymentError, import_records
from tests.deployments.grids import HEADINGS, row, rows, write_csv

SUMS = {
    "Total_Alerts": "8",
    "True_Alerts_Confirmed": "6",
    "False_Alerts_Confirmed": "2",
    "Arrest": "4",
    "Other_Disposal": "2",
    "No_Action": "2",
    "Faces_seen_(Estimate)": "20,000",
}


def test_a_row_of_totals_is_passed_over_and_said(tmp_path: Path) -> None:
    total = row("Total", "", Total_Alerts="8")
    found = import_records([write_csv(tmp_path / "a.csv", [*rows(2), total])])
    assert len(found.records) == 2
    assert found.passed_over[0] == "a.csv, row 4: a row of totals"


def test_sums_without_a_day_or_a_word_are_no_deployment(tmp_path: Path) -> None:
    total = row("", "", **SUMS)
    path = write_csv(tmp_path / "a.csv", [*rows(2), total, row("Ilford", "29/10/24")])
    found = import_records([path])
    assert found.records["row"].tolist() == [2, 3, 5]
    assert found.passed_over[0] == (
        "a.csv, row 4: a row of totals; its counts are the sums of 2 rows above it"
    )
    with pytest.raises(DeploymentError, match="row 4: the date is empty"):
        import_records([write_csv(tmp_path / "b.csv", [*rows(2), row("", ""), *rows(1)])])


def test_a_total_unlike_the_sum_of_its_rows_is_said(tmp_path: Path) -> None:
    headings = ["Location", "Date", "Total alerts", "False alerts", "Faces seen"]

    def said(*totals: list[str]) -> list[str]:
        given = [
            *(["A", "01/10/24", "3", "1", "100"], ["B", "02/10/24", "2", "-", "200"], totals[0]),
            *(["C", "03/11/24", "4", "2", "N/A"], *totals[1:]),
        ]
        path = write_csv(tmp_path / "a.csv", given, headings)
        notes = import_records([path], blanks={"": "missing"}).passed_over
        return [note for note in notes if "add up" in note]

    october, all_rows = ["Subtotal", "", "5", "1", "300"], ["Total", "", "9", "3", "300"]
    assert said(october, all_rows) == []
    assert said(october, ["Total", "", "4", "2", ""], all_rows) == []
    assert said(october, ["Mean", "", "3.0", "1.5", ""]) == []
    assert said(["Subtotal", "", "5", "2", "300"], all_rows) == [
        "a.csv, row 4: the total below 'False alerts' is 2, but 2 rows add up to 1 (1 of them "
        "without a number)"
    ]
    assert said(october, ["Total", "", "9", "3", "350"]) == [
        "a.csv, row 6: the total below 'Faces seen' is 350, but 3 rows add up to 300 (1 of them "
        "without a number)"
    ]


@pytest.mark.parametrize(
    ("place", "day"),
    [
        *(("Total", "28/10/24"), ("Grand total:", "28/10/24"), ("October total", "28/10/24")),
        *(("Average", ""), ("October 2024", "Total"), ("Sub-total for Q4 2024", "28/10/24")),
        *(("Croydon total", "28/10/24"), ("All of October", "28/10/24"), ("", "28/10/24")),
    ],
)
def test_a_row_of_totals_with_or_without_a_day_is_no_deployment(
    tmp_path: Path, place: str, day: str
) -> None:
    total = row(place, day, **SUMS)
    path = write_csv(tmp_path / "a.csv", [*rows(2), total, row("Ilford", "29/10/24")])
    found = import_records([path])
    assert found.records["row"].tolist() == [2, 3, 5]
    assert found.passed_over[0].startswith("a.csv, row 4: a row of totals")


def test_a_place_that_speaks_of_a_total_is_refused_where_it_adds_up_nothing(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [*rows(2), row("Total Arena, Wigan", "28/10/24")])
    with pytest.raises(DeploymentError, match="row 4: place 'Total Arena, Wigan' names a"):
        import_records([path])


def test_a_row_that_was_cut_is_refused(tmp_path: Path) -> None:
    whole, cut = row("Ealing", "02/10/24"), row("Ilford", "01/10/24")[:9]
    path = write_csv(tmp_path / "a.csv", [cut, whole, [*whole, "and", "more"]])
    with pytest.raises(DeploymentError) as caught:
        import_records([path])
    assert [line.partition(". ")[0] for line in str(caught.value).splitlines()[1:]] == [
        "  a.csv, row 2: 9 cells below 16 headings",
        "  a.csv, row 4: 2 cells stand beyond the last heading ('and' is the first)",
    ]


@pytest.mark.parametrize(
    "note",
    [
        ["Notes: faces seen are estimates"],
        ["Source: Force, 01/03/2026"] + 15 * [""],
        ["* Faces seen", " in busy places", " is an estimate."],
    ],
)
def test_notes_below_the_table_are_reported_as_not_read(tmp_path: Path, note: list[str]) -> None:
    found = import_records([write_csv(tmp_path / "a.csv", [*rows(3), 16 * [""], note])])
    book = openpyxl.Workbook()
    for cells in (HEADINGS, *rows(3), note):
        book.active.append(list(cells))
    book.save(tmp_path / "b.xlsx")
    other = import_records([tmp_path / "b.xlsx"])
    for each, number in ((found, 6), (other, 5)):
        assert len(each.records) == 3
        (said,) = each.passed_over
        assert f"row {number}: '{note[0]}" in said
        assert said.endswith("below the table was not read")
    assert other.records["record_id"].tolist()[0] == "b, sheet 1, row 2"


@pytest.mark.parametrize(
    "note",
    [
        ["Prepared", "01/03/2026"] + 14 * [""],
        ["Counted on 3 days", "", "16000"] + 13 * [""],
    ],
)
def test_what_may_be_a_row_or_a_note_is_refused(tmp_path: Path, note: list[str]) -> None:
    path = write_csv(tmp_path / "a.csv", [*rows(3), 16 * [""], note])
    with pytest.raises(
        DeploymentError, match=f"a.csv, row 6: '{note[0]}' may be a deployment or a note below"
    ):
        import_records([path])
    book = openpyxl.Workbook()
    for cells in (HEADINGS, *rows(3), note):
        book.active.append(list(cells))
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(DeploymentError, match=f"sheet 'Sheet', row 5: '{note[0]}' may"):
        import_records([tmp_path / "a.xlsx"])


def test_a_deployment_that_was_called_off_is_no_note(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [*rows(3), ["Ilford", "04/10/24", *14 * [""]]])
    assert len(import_records([path]).records) == 4
