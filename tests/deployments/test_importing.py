"""Published grids come in cell by cell, or are refused with their page and row."""

import csv
import itertools
import os
from pathlib import Path

import pandas as pd
import pytest

from lfr_eval.deployments import DeploymentError, import_records
from tests.deployments.grids import HEADINGS, row, rows, write_csv, write_pdf


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


def test_confirmed_false_alerts_alone_are_not_all_false_alerts(tmp_path: Path) -> None:
    at = HEADINGS.index("False Alerts Unconfirmed")
    given = [each[:at] + each[at + 1 :] for each in rows(3)]
    file = write_csv(tmp_path / "a.csv", given, HEADINGS[:at] + HEADINGS[at + 1 :])
    records = import_records([file]).records
    assert records["false_confirmed"].notna().all()
    assert records["false_alerts"].isna().all()
    assert records["true_alerts"].notna().all()


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


def test_utf_16_and_pipes_are_refused_with_the_remedy(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", rows(1))
    path.write_bytes(path.read_text("utf-8").encode("utf-16"))
    with pytest.raises(DeploymentError, match=r"is UTF-16 .* Save it as 'CSV UTF-8'"):
        import_records([path])
    os.mkfifo(tmp_path / "b.csv")
    with pytest.raises(DeploymentError, match=r"b\.csv is not a regular file"):
        import_records([tmp_path / "b.csv"])


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
