"""What is wrong in records is found, with its reason; rows that are right are left alone."""

import csv
import errno
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lfr_eval.contract.tables import RECORDS
from lfr_eval.deployments import DeploymentError, check_records, import_records, write_records
from lfr_eval.deployments.breaks import counting_breaks
from lfr_eval.deployments.corrections import corrected, write_suggestions
from lfr_eval.deployments.dates import meant, out_of_order
from tests.deployments.grids import HEADINGS, row, write_csv

TODAY = date(2026, 1, 1)
DAYS = [f"{day:02d}/{month:02d}/24" for month in range(1, 13) for day in (3, 9, 14, 20, 27)]


def records(tmp_path: Path, **changes: dict[str, str]) -> pd.DataFrame:
    """Return sixty records without a fault but for the changes, by row number: r7={...}."""
    rows = [
        row(f"Place {n}", day, **changes.get(f"r{n}", {})) for n, day in enumerate(DAYS, start=2)
    ]
    return import_records([write_csv(tmp_path / "grid.csv", rows)]).records


def doubts(frame: pd.DataFrame) -> list[tuple[str, str | None, str | None]]:
    found = check_records(frame, TODAY)
    found = found[found["record_id"].notna()]
    return [
        (each.check, each.record_id, None if pd.isna(each.suggestion) else each.suggestion)
        for each in found.itertuples()
    ]


def test_rows_without_a_fault_are_not_doubted(tmp_path: Path) -> None:
    assert doubts(records(tmp_path)) == []


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_few_rows_are_not_doubted(tmp_path: Path, number: int) -> None:
    assert doubts(records(tmp_path).head(number)) == []


def test_a_file_without_alerts_and_faces_is_doubted_once(tmp_path: Path) -> None:
    lacking = records(tmp_path).assign(alerts=None, faces_seen=None)
    found = check_records(RECORDS.conform(lacking), TODAY)
    assert found.loc[found["check"] == "no counts", "reason"].tolist() == [
        "no row of the file has alerts or faces."
    ]


@pytest.mark.parametrize(
    ("changes", "check", "suggestion"),
    [
        ({"Date": "14/04/23"}, "date out of sequence", "2024-04-14"),
        ({"Date": "14/03/24"}, "date out of sequence", "2024-04-14"),
        ({"Date": "14/14/24"}, "impossible date", "2024-04-14"),
        ({"Date": "31/04/24"}, "impossible date", "2024-04-11"),
        ({"Watchlist_Size": "19199"}, "watchlist size", None),
        ({"Watchlist_Size": "1,600"}, "watchlist size", None),
        ({"Total_Alerts": "5"}, "alerts do not add up", "4"),
        ({"False_Alert_Rate": "0.02%"}, "rate does not follow", "0.01%"),
        ({"Faces_seen_(Estimate)": "3,940", "False_Alert_Rate": "0.02%"}, "rate cut off", "0.03%"),
        ({"Min_Threshold_Setting": "0.46"}, "threshold", None),
        ({"Min_Threshold_Setting": "64"}, "threshold", "0.64"),
        ({"Min_Threshold_Setting": "6.4"}, "threshold", "0.64"),
        ({"Faces_seen_(Estimate)": "10,000,000", "False_Alert_Rate": "0.00%"}, "faces", None),
        ({"Duration": "55h 30m"}, "hours", None),
        ({"Arrest": "9"}, "counts", None),
    ],
)
def test_a_fault_is_found_in_its_row_and_nowhere_else(
    tmp_path: Path, changes: dict[str, str], check: str, suggestion: str | None
) -> None:
    assert doubts(records(tmp_path, r19=changes)) == [(check, "grid, row 19", suggestion)]


@pytest.mark.parametrize(
    ("changes", "check", "suggestion"),
    [
        ({"Date": "27/12/25"}, "date far from the others", "2024-12-27"),
        ({"Min_Threshold_Setting": "0.46"}, "threshold", None),
    ],
)
def test_a_fault_in_the_last_row_is_found(
    tmp_path: Path, changes: dict[str, str], check: str, suggestion: str | None
) -> None:
    assert doubts(records(tmp_path, r61=changes)) == [(check, "grid, row 61", suggestion)]


@pytest.mark.parametrize("changes", [{"Date": "03/06/25"}, {"Min_Threshold_Setting": "0.66"}])
def test_a_last_row_may_be_of_another_time_or_setting(
    tmp_path: Path, changes: dict[str, str]
) -> None:
    assert doubts(records(tmp_path, r61=changes)) == []


def test_rows_that_vary_as_published_ones_do_are_not_doubted(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    day, size, rows = date(2024, 1, 4), 9744, []
    for n in range(150):
        day += timedelta(days=int(random.integers(0, 5)))
        size += int(random.integers(-60, 75))
        hours, true, false = random.integers(2, 9), random.poisson(4), random.poisson(0.1)
        faces = int(hours * (500 if n < 80 else 2000) * random.uniform(0.2, 1.9))
        arrests = random.integers(0, true + 1)
        changes = {
            "Duration": f"{hours}h {random.integers(0, 60):02d}m", "Watchlist_Size": f"{size:,}",
            "Min_Threshold_Setting": "0.60" if n < 80 else "0.64", "Total_Alerts": true + false,
            "True_Alerts_Confirmed": true, "False_Alerts_Confirmed": false,
            "False_Alert_Rate": f"{100 * false / faces:.2f}%", "Arrest": arrests,
            "Other_Disposal": true - arrests, "No_Action": false,
            "Faces_seen_(Estimate)": f"{faces:,}",
        }  # fmt: skip
        texts = {name: str(value) for name, value in changes.items()}
        rows.append(row(f"Site {n % 23}", day.strftime("%d/%m/%y"), **texts))
    frame = import_records([write_csv(tmp_path / "a.csv", rows)]).records
    assert check_records(frame, TODAY).empty


def test_day_and_month_exchanged_are_told_from_another_fault(tmp_path: Path) -> None:
    # The third of April, written as the fourth of March.
    assert doubts(records(tmp_path, r17={"Date": "04/03/24"})) == [
        ("date out of sequence", "grid, row 17", "2024-04-03")
    ]


def american(tmp_path: Path, *days: str, dates: bool | None = None) -> pd.DataFrame:
    rows = [row(f"Place {n}", day) for n, day in enumerate(days)]
    return import_records([write_csv(tmp_path / "us.csv", rows)], month_first=dates).records


def test_a_file_that_writes_month_first_is_refused_until_somebody_says_so(tmp_path: Path) -> None:
    days = ["02/03/24", "02/28/24", "03/01/24", "03/05/24"]
    with pytest.raises(DeploymentError, match=r"us\.csv: 1 day can only .* '02/28/24' \(row 3\)"):
        american(tmp_path, *days)
    with pytest.raises(DeploymentError, match="2 days can only be month first, and 1 other only"):
        american(tmp_path, *days, "30/03/24", "03/31/24")
    with pytest.raises(DeploymentError, match="of 1 other stored as dates may already be exch"):
        american(tmp_path, "2024-03-02", "02/28/24")
    right = ["2024-02-03", "2024-02-28", "2024-03-01", "2024-03-05"]
    found = american(tmp_path, *days, dates=True)
    assert found["date"].tolist() == right
    assert doubts(found) == []
    # Imported as day first all the same, as earlier versions did: every row is doubted.
    found = american(tmp_path, *days, dates=False)
    assert doubts(found) == [
        ("day and month exchanged", f"us, row {n}", day) for n, day in enumerate(right, start=2)
    ]


def test_days_that_are_in_order_only_as_month_first_are_doubted(tmp_path: Path) -> None:
    days = ["02/03/24", "02/12/24", "03/01/24", "03/05/24", "04/04/24"]
    right = ["2024-02-03", "2024-02-12", "2024-03-01", "2024-03-05"]
    assert doubts(american(tmp_path, *days)) == [
        ("day and month exchanged", f"us, row {n}", day) for n, day in enumerate(right, start=2)
    ]
    assert doubts(american(tmp_path, *days, dates=True)) == []
    slip = american(tmp_path, *days[:3], "03/05/23", *days[4:], "04/20/24", dates=True)
    assert doubts(slip) == [("date out of sequence", "us, row 5", "2024-03-05")]


def test_whole_numbers_as_thresholds_are_doubted_in_every_row(tmp_path: Path) -> None:
    rows = [row(f"Place {n}", day, Min_Threshold_Setting="64") for n, day in enumerate(DAYS[:3])]
    found = doubts(import_records([write_csv(tmp_path / "grid.csv", rows)]).records)
    assert found == [("threshold", f"grid, row {n}", "0.64") for n in (2, 3, 4)]


def test_totals_that_were_imported_before_are_doubted(tmp_path: Path) -> None:
    frame = records(tmp_path)
    summed = ["alerts", "true_alerts", "false_alerts", "arrests", "other_disposals", "no_action"]
    for name in (*summed, "faces_seen"):
        frame.loc[17, name] = frame.loc[14:16, name].sum()
    found = check_records(frame, TODAY)
    assert found.loc[found["check"] == "row of totals", "record_id"].tolist() == ["grid, row 19"]


def test_the_part_that_was_blank_as_printed_is_doubted_and_not_the_sum(tmp_path: Path) -> None:
    changes = {"True_Alerts_Confirmed": "3", "Total_Alerts": "4"}
    headings = [each.removesuffix(" Confirmed") for each in HEADINGS if "Unconfirmed" not in each]
    drop = [at for at, each in enumerate(HEADINGS) if "Unconfirmed" in each]
    given = [
        [
            cell
            for at, cell in enumerate(
                row("A", day, **changes, False_Alerts_Confirmed="-" if n == 2 else "1")
            )
            if at not in drop
        ]
        for n, day in enumerate(DAYS[:6])
    ]
    path = write_csv(tmp_path / "grid.csv", given, headings)
    found = check_records(import_records([path], blanks={"": "zero"}).records, TODAY)
    (doubt,) = found[found["check"] == "alerts do not add up"].to_dict("records")
    assert (doubt["record_id"], doubt["column"]) == ("grid, row 4", "false_alerts")
    assert (doubt["value"], doubt["suggestion"]) == ("0", "1")


@pytest.mark.parametrize(("arrests", "said"), [("1", []), ("0", ["0 of 60 rows"])])
def test_outcomes_may_add_up_to_the_true_alerts(
    tmp_path: Path, arrests: str, said: list[str]
) -> None:
    changes = {f"r{n}": {"Arrest": arrests} for n in range(2, 62)}
    found = check_records(records(tmp_path, **changes), TODAY)
    reasons = found.loc[found["check"] == "outcomes do not add up", "reason"]
    assert [text in reason for text, reason in zip(said, reasons, strict=True)] == [True] * len(
        said
    )


@pytest.mark.parametrize("seed", range(8))
def test_watchlists_that_vary_in_the_whole_file_are_not_doubted(tmp_path: Path, seed: int) -> None:
    sizes = np.random.default_rng(seed).integers(4000, 17000, 60)
    changes = {f"r{n}": {"Watchlist_Size": str(size)} for n, size in enumerate(sizes, start=2)}
    assert doubts(records(tmp_path, **changes)) == []


def test_a_repeated_row_is_found(tmp_path: Path) -> None:
    rows = [row(f"Place {n}", day) for n, day in enumerate(DAYS)]
    frame = import_records([write_csv(tmp_path / "grid.csv", [*rows, rows[-1]])]).records
    assert doubts(frame) == [("duplicate", "grid, row 62", None)]


def test_a_day_to_come_is_found(tmp_path: Path) -> None:
    found = check_records(records(tmp_path), date(2024, 12, 20))
    assert found["check"].tolist()[0] == "date in the future"


def test_outcomes_that_repeat_one_another_are_said_once_for_the_file(tmp_path: Path) -> None:
    found = check_records(records(tmp_path), TODAY)
    assert found["check"].tolist() == ["outcomes repeated"]
    assert found["record_id"].isna().all()


@given(st.lists(st.dates(date(2023, 1, 1), date(2024, 12, 31)), min_size=1, max_size=40))
def test_what_is_left_of_a_file_is_in_order(days: list[date]) -> None:
    out = out_of_order(days)
    if out is not None:
        kept = [each for place, each in enumerate(days) if place not in out]
        assert kept in (sorted(kept), sorted(kept, reverse=True))


@settings(max_examples=50)
@given(st.dates(date(2024, 1, 1), date(2024, 12, 31)), st.sampled_from([-1, 1]))
def test_another_year_is_found_back(day: date, years: int) -> None:
    try:
        slip = day.replace(year=day.year + years)
    except ValueError:
        return
    guess, kind = meant(slip, slip.strftime("%d/%m/%y"), day, day)
    assert (guess, kind) == (day, "another year")


def test_only_a_confirmed_correction_counts_and_the_records_stay(tmp_path: Path) -> None:
    frame = records(tmp_path, r19={"Date": "14/04/23"}, r30={"Total_Alerts": "5"})
    frame["record_id"] = "=" + frame["record_id"]  # As of a file whose name is a formula.
    path = tmp_path / "corrections.csv"
    assert write_suggestions(check_records(frame, TODAY), path) == 2
    unchanged, said = corrected(frame, path)
    pd.testing.assert_frame_equal(unchanged, frame)
    assert said == []
    confirm(path, "date", "yes", "A. Clerk")
    changed, said = corrected(frame, path)
    assert changed.loc[17, "date"] == "2024-04-14"
    assert frame.loc[17, "date"] == "2023-04-14"
    assert "Confirmed by A. Clerk." in said[0]
    assert changed.drop(index=17).equals(frame.drop(index=17))
    # Looking again keeps what was confirmed.
    write_suggestions(check_records(frame, TODAY), path)
    assert corrected(frame, path)[1] == said


@pytest.mark.parametrize(
    ("answer", "by", "said"), [("maybe", "A", "write yes or no"), ("yes", " ", "nobody is named")]
)
def test_a_half_confirmed_correction_is_refused(
    tmp_path: Path, answer: str, by: str, said: str
) -> None:
    frame = records(tmp_path, r19={"Date": "14/04/23"})
    path = tmp_path / "corrections.csv"
    write_suggestions(check_records(frame, TODAY), path)
    confirm(path, "date", answer, by)
    with pytest.raises(DeploymentError, match=f"corrections.csv row 2: .*{said}"):
        corrected(frame, path)


def confirm(path: Path, column: str, answer: str, by: str) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for each in rows:
        if each["column"] == column:
            each |= {"confirmed": answer, "by": by}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_a_change_of_counting_is_found_on_its_day(tmp_path: Path) -> None:
    rows = [
        row(
            f"P{n}",
            day,
            **{"Faces_seen_(Estimate)": str((1500 if n < 35 else 9000) + 37 * (n % 11))},
        )
        for n, day in enumerate(DAYS)
    ]
    found = counting_breaks(import_records([write_csv(tmp_path / "a.csv", rows)]).records)
    assert [each.day for each in found] == ["2024-08-03"]
    assert found[0].factor == pytest.approx(6, rel=0.2)
    assert counting_breaks(records(tmp_path)) == []


@pytest.mark.mirror
def test_the_published_grids_hold_the_faults_that_are_known(published: pd.DataFrame) -> None:
    found = check_records(published, TODAY)
    by_check = found.groupby("check").size().to_dict()
    assert by_check == {
        "date out of sequence": 1,
        "alerts do not add up": 1,
        "rate does not follow": 1,
        "rate cut off": 10,
        "no counts": 1,
        "outcomes repeated": 1,
        "outcomes do not add up": 1,
    }
    dalston = found[found["check"] == "date out of sequence"].iloc[0]
    assert (dalston["value"], dalston["suggestion"]) == ("2023-07-11", "2024-07-11")
    assert [each.day for each in counting_breaks(published)] == ["2024-01-23", "2024-08-06"]


def test_a_full_disk_leaves_no_half_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "records.parquet"
    write_records(RECORDS.empty(), file)
    before = file.read_bytes()

    def half(frame: pd.DataFrame, path: Path, **settings: object) -> None:
        del frame, settings
        path.write_bytes(before[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", half)
    with pytest.raises(OSError, match="No space"):
        write_records(RECORDS.empty(), file)
    assert file.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["records.parquet"]
