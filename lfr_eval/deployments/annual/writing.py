"""Records in, the annual report out: page, paper, and the tables behind them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from lfr_eval import __version__
from lfr_eval.contract.dates import spoken_day
from lfr_eval.contract.spreadsheets import csv_text
from lfr_eval.contract.words import listed, several
from lfr_eval.contract.writing import write_bytes, write_text
from lfr_eval.deployments.annual.asked import Annual
from lfr_eval.deployments.annual.chapters import chapters
from lfr_eval.deployments.annual.groups import exposures
from lfr_eval.deployments.annual.page import document_of, to_page
from lfr_eval.deployments.annual.picture import faces_chart, share_curves
from lfr_eval.deployments.breaks import counting_breaks
from lfr_eval.deployments.checks import check_records
from lfr_eval.deployments.grid import DeploymentError
from lfr_eval.deployments.origins import stated_force
from lfr_eval.deployments.street import street_table
from lfr_eval.report.paper import to_pdf

PAGE, PAPER = "annual-report.html", "annual-report.pdf"


def write_annual(records: pd.DataFrame, asked: Annual, folder: Path) -> list[Path]:
    """Write the report of records: page, paper and the tables behind them.

    Parameters
    ----------
    records
        Table `records`.
    folder
        Made if it does not exist; files of the same names are replaced.

    Raises
    ------
    DeploymentError
        If no record falls into the period, or a stated share cannot be.
    """
    chosen = in_period(records, asked)
    checks = _doubts(records, chosen)
    breaks = counting_breaks(chosen)
    street = street_table(chosen, breaks)
    found = exposures(chosen, asked)
    drawn = faces_chart(chosen, breaks), share_curves([each for _, each in found])
    charts = [each for each in drawn if each is not None]
    document = document_of(
        asked.title,
        _period(chosen),
        f"Made from published records ({listed(tuple(dict.fromkeys(chosen['source'])))}) "
        f"by lfr-eval {__version__} on {datetime.now(UTC).date()}.",
        chapters(chosen, asked, checks, breaks, street, found, charts),
        charts,
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / PAGE, to_page(document))
    write_bytes(folder / PAPER, to_pdf(document))
    # The report says once per file what each of its records holds of it.
    rows = chosen.drop(columns="file_notes")
    tables = {"records.csv": rows, "rates.csv": street, "doubts.csv": checks}
    for name, frame in tables.items():
        write_text(folder / name, csv_text(frame))
    return [folder / name for name in (PAGE, PAPER, *tables)]


def _doubts(records: pd.DataFrame, chosen: pd.DataFrame) -> pd.DataFrame:
    """Return the doubts about the records of the period.

    They are looked for in all records and in the order in which these were printed, by which dates
    are judged: the same ones as `lfr-eval deployments check` finds.
    """
    doubts = check_records(records)
    about = doubts["record_id"].isin(chosen["record_id"])
    file = doubts["record_id"].isna() & doubts["source"].isin(chosen["source"])
    return doubts[about | file].reset_index(drop=True)


def in_period(records: pd.DataFrame, asked: Annual) -> pd.DataFrame:
    """Return the records of the period in the order of their days."""
    days = records["date"].fillna("")
    inside = (days >= (asked.since or "")) & (days <= (asked.until or "9999"))
    chosen = records[inside].sort_values("date", kind="stable").reset_index(drop=True)
    if chosen.empty:
        raise DeploymentError("No record falls into the period.")
    return chosen


def _period(records: pd.DataFrame) -> str:
    known = records["date"].dropna()
    forces = stated_force(records).unique()
    who = f" of {forces[0]}" if len(forces) == 1 and records["force"].notna().any() else ""
    first, last = spoken_day(known.min()), spoken_day(known.max())
    return f"{several(len(records), 'deployment')}{who} from {first} to {last}"
