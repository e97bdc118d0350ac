"""Published grids come in cell by cell, or are refused with their page and row."""

import csv
import itertools
import os
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from lfr_eval.deployments import DeploymentError, import_records
from tests.deployments.grids import HEADINGS, row, write_csv, write_pdf

DAYS = [f"{day:02d}/10/24" for day in range(1, 31)]


def rows(number: int) -> list[list[str]]:
    return [row(f"Place {n}", day) for n, day in zip(range(number), DAYS, strict=False)]


def test_a_csv_file_is_read_cell_by_cell(tmp_path: Path) -> None:
    records = import_records([write_csv(tmp_path / "grid.csv", rows(3))]).records
    first = records.iloc[0]
    assert first["record_id"] == "grid, row 2"
    assert (first["place"], first["date"], first["hours"]) == ("Place 0", "2024-10-01", 5.5)
    assert (first["watchlist_size"], first["threshold"], first["faces_seen"]) == (
        16000,
        0.64,
        10000,
    )
    assert (first["alerts"], first["true_alerts"], first["false_alerts"]) == (4, 3, 1)
    assert (first["arrests"], first["other_disposals"], first["no_action"]) == (2, 1, 1)
    assert first["counting_rule"] == "Faces seen (Estimate)"
    assert first["false_alert_rate"] == "0.01%"


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


@pytest.mark.parametrize(
    ("printed", "hours"),
    [("6hr 35m", 6 + 35 / 60), ("5h03m", 5.05), ("4 hours", 4.0), ("0:33", 0.55)],
)
def test_durations_are_read_as_they_are_printed(tmp_path: Path, printed: str, hours: float) -> None:
    path = write_csv(tmp_path / "a.csv", [row("Ilford", "01/10/24", Duration=printed)])
    assert import_records([path]).records["hours"].iloc[0] == pytest.approx(hours, abs=1e-5)


def test_what_is_not_given_is_null_and_curly_quotes_are_plain(tmp_path: Path) -> None:
    cells = row("St Ann\u2019s", "01/10/24", Total_Alerts="N/A", Arrest="\u2013")
    found = import_records([write_pdf(tmp_path / "a.pdf", [[cells]])], blanks={"": "missing"})
    found = found.records.iloc[0]
    assert found["place"] == "St Ann's"
    assert found[["alerts", "arrests"]].isna().all()
    assert "not given" in found["remark"]


def test_an_unknown_heading_is_refused_until_somebody_says_what_it_means(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "a.csv", [[*row("Ilford", "01/10/24"), "sunny"]], [*HEADINGS, "Weather"]
    )
    with pytest.raises(DeploymentError, match="heading 'Weather' is not known") as refused:
        import_records([path])
    assert "The fields of --map are record_id, " in str(refused.value)
    assert len(import_records([path], {"Weather": "skip"}).records) == 1


@pytest.mark.parametrize(
    ("heading", "value", "said"),
    [
        ("Total_Alerts", "1O", "a.csv, row 2: alerts '1O' is not a whole number"),
        ("Duration", "a while", "a.csv, row 2: hours 'a while' is not a duration"),
        ("Min_Threshold_Setting", "high", "a.csv, row 2: threshold 'high' is not a threshold"),
        ("Date", "", "a.csv, row 2: the date is empty"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_row(
    tmp_path: Path, heading: str, value: str, said: str
) -> None:
    cells = [row("Ilford", "01/10/24", **{heading: value}), row("Barking", "02/10/24")]
    with pytest.raises(DeploymentError, match=said):
        import_records([write_csv(tmp_path / "a.csv", cells)])


def test_all_problems_of_all_files_are_named_at_once(tmp_path: Path) -> None:
    one = write_csv(tmp_path / "a.csv", [row("Ilford", "01/10/24", Total_Alerts="x")])
    other = write_csv(tmp_path / "b.csv", [row("Ilford", "01/10/24", Arrest="y")])
    with pytest.raises(
        DeploymentError, match=r"a.csv, row 2.*\n  b.csv, row 2.*\n  .*gone.csv does not exist"
    ):
        import_records([one, other, tmp_path / "gone.csv"])


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


def test_confirmed_false_alerts_alone_are_not_all_false_alerts(tmp_path: Path) -> None:
    at = HEADINGS.index("False Alerts Unconfirmed")
    given = [each[:at] + each[at + 1 :] for each in rows(3)]
    file = write_csv(tmp_path / "a.csv", given, HEADINGS[:at] + HEADINGS[at + 1 :])
    records = import_records([file]).records
    assert records["false_confirmed"].notna().all()
    assert records["false_alerts"].isna().all()
    assert records["true_alerts"].notna().all()


def test_a_row_of_totals_is_passed_over_and_said(tmp_path: Path) -> None:
    total = row("Total", "", Total_Alerts="8")
    found = import_records([write_csv(tmp_path / "a.csv", [*rows(2), total])])
    assert len(found.records) == 2
    assert found.passed_over[0] == "a.csv, row 4: a row of totals"


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


def test_blanks_are_zero_in_the_files_that_are_named_and_said(tmp_path: Path) -> None:
    given = [row("A", "01/10/24", Arrest="-"), row("B", "02/10/24", Arrest="0")]
    files = [write_csv(tmp_path / name, given) for name in ("a.csv", "b.csv")]
    found = import_records(files, blanks={"b.csv": "zero"})
    assert found.records["arrests"].fillna(-1).tolist() == [-1, 0, 0, 0]
    assert found.passed_over == [
        "b.csv, column 'Arrest': 1 cell is blank or a dash and read as 0 (row 2), "
        "although 1 cell says 0"
    ]
    with pytest.raises(DeploymentError, match=r"--blank names 'c\.csv', which is not one of"):
        import_records(files, blanks={"c.csv": "zero"})


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


SUMS = {
    "Total_Alerts": "8",
    "True_Alerts_Confirmed": "6",
    "False_Alerts_Confirmed": "2",
    "Arrest": "4",
    "Other_Disposal": "2",
    "No_Action": "2",
    "Faces_seen_(Estimate)": "20,000",
}


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


def test_utf_16_and_pipes_are_refused_with_the_remedy(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", rows(1))
    path.write_bytes(path.read_text("utf-8").encode("utf-16"))
    with pytest.raises(DeploymentError, match=r"is UTF-16 .* Save it as 'CSV UTF-8'"):
        import_records([path])
    os.mkfifo(tmp_path / "b.csv")
    with pytest.raises(DeploymentError, match=r"b\.csv is not a regular file"):
        import_records([tmp_path / "b.csv"])


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


def test_false_alerts_by_group_are_kept(tmp_path: Path) -> None:
    headings = ["Location", "Date", "Total alerts", "False alerts", "False alerts: Black"]
    path = write_csv(tmp_path / "a.csv", [["Ilford", "01/10/24", "9", "3", "2"]], headings)
    assert '"black": 2' in import_records([path]).records["false_by_group"].iloc[0]


def test_rows_are_those_of_a_spreadsheet_whatever_a_cell_holds(tmp_path: Path) -> None:
    headings = ["Location", "Date", "Total alerts", "False alerts"]
    rows = [["Ilford\n(station)", "01/10/24", "9", "3"], ["Barking", "02/10/24", "9", "3"]]
    path = write_csv(tmp_path / "a.csv", rows, headings)
    assert import_records([path]).records["row"].tolist() == [2, 3]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_separator_within_quotes_separates_nothing(tmp_path: Path, separator: str) -> None:
    place = "Ilford, Barking, Romford, Dagenham, Hornchurch, Upminster, Rainham"
    rows = [["Location", "Date", "Total alerts", "False alerts"], [place, "01/10/24", "9", "3"]]
    with (tmp_path / "a.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL).writerows(rows)
    assert import_records([tmp_path / "a.csv"]).records["place"].tolist() == [place]


def test_separators_byte_order_marks_and_older_encodings_are_read(tmp_path: Path) -> None:
    lines = ["Location;Date;Total alerts;False alerts", "Caf\u00e9;01/10/24;9;3"]
    for number, encoding in enumerate(("utf-8-sig", "cp1252")):
        path = tmp_path / f"{number}.csv"
        path.write_bytes("\r\n".join(lines).encode(encoding))
        assert import_records([path]).records["place"].tolist() == ["Caf\u00e9"]


@pytest.mark.parametrize(
    ("place", "encoding"),
    [("King\u2019s Cross", "mac_roman"), ("King\u2019s Cross".encode().decode("cp1252"), "utf-8")],
)
def test_letters_that_no_english_text_has_are_refused(
    tmp_path: Path, place: str, encoding: str
) -> None:
    path = tmp_path / "a.csv"
    lines = ["Location,Date,Total alerts,False alerts", f"{place},01/10/24,9,3"]
    path.write_bytes("\n".join(lines).encode(encoding))
    with pytest.raises(DeploymentError, match=r"a word in it reads 'King.*s'\. Save the original"):
        import_records([path])


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


def test_days_that_seem_to_begin_with_the_year_are_refused(tmp_path: Path) -> None:
    headings = ["Location", "Date", "Total alerts", "False alerts"]

    def of(*days: str) -> Path:
        given = [["Ilford", day, "9", "3"] for day in days]
        return write_csv(tmp_path / "a.csv", given, headings)

    with pytest.raises(DeploymentError, match=r"'26-01-09' \(row 3\) .* year with four digits"):
        import_records([of("25-11-20", "26-01-09")])
    assert len(import_records([of("25-11-20", "26-01-09")], month_first=False).records) == 2
    for days in (("20-11-25", "09-01-26"), ("25-11-20", "20-12-20"), ("14-01-19", "26-01-09")):
        assert len(import_records([of(*days)]).records) == 2


def test_the_same_file_given_twice_is_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", rows(1))
    with pytest.raises(DeploymentError, match="occurs 2 times"):
        import_records([path, path])


@pytest.mark.parametrize("name", ["a.pdf", "a.xlsx", "a.csv", "deployment.json", "a.docx"])
def test_a_file_of_something_else_is_refused_in_a_sentence(tmp_path: Path, name: str) -> None:
    for content in (b"", b"\0\1\2", b"hello", b"[" * 5000):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DeploymentError, match=name):
            import_records([tmp_path / name])


@pytest.mark.mirror
def test_the_published_grids_come_out_row_for_row(published: pd.DataFrame) -> None:
    records = published
    assert records.groupby("source").size().tolist() == [9, 203]
    shown = {
        ("2020-02-27", "Oxford Circus"): (7292, None, None, 8, 1, 7, 1, 8600),
        ("2022-07-14", "Oxford Circus"): (6713, None, None, 3, 2, 1, 1, 34360),
        ("2023-04-06", "Camden"): (9764, 0.6, 5.05, 1, 1, 0, 1, 5460),
        ("2023-06-17", "Westminster, The Mall"): (10412, 0.6, 5 + 40 / 60, 1, 1, 0, 0, 8630),
        ("2023-11-06", "Haringey, Love Lane"): (12187, 0.6, 5.95, 2, 1, 1, 0, 8285),
        ("2024-11-13", "North End, Croydon"): (14457, 0.64, 5 + 56 / 60, 24, 24, 0, 11, 12820),
        ("2024-12-20", "Rushey Green, Catford"): (15229, 0.64, 5 + 23 / 60, 3, 3, 0, 1, 5180),
        ("2024-10-24", "Belvedere Rd, Waterloo"): (14858, 0.64, 4 + 10 / 60, 0, 0, 0, 0, 10520),
    }
    names = ["watchlist_size", "threshold", "hours", "alerts", "true_alerts", "false_alerts"]
    for (day, place), expected in shown.items():
        row_ = records[(records["date"] == day) & (records["place"] == place)].iloc[0]
        for name, value in zip([*names, "arrests", "faces_seen"], expected, strict=True):
            assert (
                pd.isna(row_[name])
                if value is None
                else row_[name] == pytest.approx(value, abs=1e-5)
            )
    year = records["date"].str[:4]
    sums = records.groupby(year)[["alerts", "false_alerts", "faces_seen", "arrests"]].sum()
    assert sums.loc["2023"].tolist() == [68, 2, 326_994, 37]
    assert sums.loc["2024"].tolist() == [1_276, 27, 902_146, 572]
    fault = records[(records["date"] == "2020-02-21")].iloc[0]
    assert fault["place"] == "Oxford Circus"
    assert "technical fault" in fault["remark"]
    assert list(itertools.compress(names, fault[names].notna())) == ["watchlist_size"]
