"""Records, checks and rates in, the chapters of the annual report out."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from lfr_eval.contract.defaults import ALPHA
from lfr_eval.contract.words import count, listed, p_text, several
from lfr_eval.deployments.annual.answer import answer
from lfr_eval.deployments.annual.asked import Annual
from lfr_eval.deployments.annual.figures import plain_number, rate_grid, sums_grid, yield_grid
from lfr_eval.deployments.annual.groups import group_chapter
from lfr_eval.deployments.annual.picture import FACES, SHARES
from lfr_eval.deployments.breaks import Break
from lfr_eval.deployments.elements import bullets, figure, heading, paragraph, table
from lfr_eval.deployments.exposure import Exposure
from lfr_eval.deployments.grid import where
from lfr_eval.deployments.origins import differing, named
from lfr_eval.deployments.street import ranges
from lfr_eval.report.chart import Chart

_PLACES = 15


def chapters(
    records: pd.DataFrame,
    asked: Annual,
    checks: pd.DataFrame,
    breaks: Sequence[Break],
    street: pd.DataFrame,
    found: Sequence[tuple[str, Exposure]],
    charts: Sequence[Chart],
) -> Iterator[Markup]:
    """Yield the whole report, in order.

    Parameters
    ----------
    found
        Groups of false alerts, with where each comes from.
    charts
        Faces per hour by day, and what follows for these groups at each share of exposure, as far
        as these could be drawn.
    """
    yield heading("What the records say", 1)
    yield from answer(records, street, breaks)
    drawn = {each.name: each for each in charts}
    yield from group_chapter(records, found, drawn.get(SHARES))
    yield heading("Three ways to count false alerts", 1)
    yield from _denominators(breaks)
    if FACES in drawn:
        yield figure(drawn[FACES])
    for title, dimension, caption in (
        ("By threshold", "threshold", "False alerts by face-match threshold"),
        ("By year", "year", "False alerts by calendar year"),
        ("By way of counting", "way of counting", "False alerts between changes of counting"),
        ("By watchlist size", "watchlist size", "False alerts by size of the watchlist"),
        ("By use case", "use case", "False alerts by stated use case or purpose"),
        ("By camera", "camera", "False alerts by kind of camera"),
    ):
        grid = rate_grid(street, dimension, caption)
        values = street.loc[street["dimension"] == dimension, "value"].unique()
        if grid is not None and len(values) > 1:
            yield heading(title, 2)
            if dimension == "year":
                years = records["date"].str[:4]
                yield sums_grid(records, years, "Year", "Totals by calendar year")
            yield grid
    cameras = yield_grid(records)
    if cameras is not None:
        yield heading("What each kind of camera led to", 2)
        yield cameras
        yield from _camera_differences(records)
        yield from _same_places(records)
    yield from _places(records)
    yield heading("What looks wrong in the records", 1)
    yield from _doubts(checks, asked.corrections)
    yield heading("What the records cannot show", 1)
    yield bullets(_unknown(records))
    yield heading("Annex: the files", 1)
    yield _files(records)
    yield from _notes(records)
    yield heading("Annex: the records", 1)
    yield _annex(records)


def _denominators(breaks: Sequence[Break]) -> Iterator[Markup]:
    only = " It is compared only between deployments that count alike." if breaks else ""
    meant = {
        "Per alert": "of the alerts that officers saw, how many named the wrong person. It falls "
        "when more people on the watchlist pass by, without any change in the system.",
        "Per hour": "how often a false alert is raised while the cameras run. It grows with the "
        "crowd.",
        "Per face": "how often somebody who walks past sets off a false alert. It depends on how "
        f"faces are counted: one person may be counted several times.{only}",
    }
    told = Markup("<strong>{}</strong>: {}")
    yield bullets(told.format(name, text) for name, text in meant.items())
    yield paragraph(
        "The 95 % interval treats false alerts as independent of one another. The interval "
        "by deployments lets deployments differ beyond chance and is the safer one; it "
        "needs five deployments and a false alert."
    )


def _camera_differences(records: pd.DataFrame) -> Iterator[Markup]:
    """Say whether kinds of camera differ by more than chance and their deployments do."""
    for name in ("alerts", "arrests"):
        found = differing(records[name], records["hours"], named(records, records["camera"]))
        if found is not None:
            said = (
                "differ by more than chance and the differences between deployments explain"
                if found.p_value < ALPHA
                else "are not shown to differ, nor to be alike"
            )
            yield paragraph(f"By kind of camera, {name} per hour {said} ({p_text(found.p_value)}).")


def _same_places(records: pd.DataFrame) -> Iterator[Markup]:
    """Compare kinds of camera where both stood; say where place and camera are one difference."""
    places = named(records, records["place"])
    kinds = records.groupby(places)["camera"].nunique()
    both = records[places.isin(kinds.index[kinds > 1]).fillna(False).to_numpy(bool)]
    grid = yield_grid(records, both)
    if grid is None:
        said = (
            "No place had more than one kind of camera, so the records cannot separate the effect "
            "of the camera from that of the place."
        )
        yield paragraph(said, "notice")
        return
    yield grid


def _places(records: pd.DataFrame) -> Iterator[Markup]:
    if records["place"].isna().all():
        return
    names = named(records, records["place"]).dropna()
    frame = pd.DataFrame({"number": names.groupby(names).size()})
    frame["alerts"] = records.loc[names.index].groupby(names)["alerts"].sum()
    order = frame.sort_values(["number", "alerts"], ascending=False, kind="stable").index
    yield heading("By place", 2)
    shown = (
        f"The {_PLACES} places with the most deployments, of {len(order)}"
        if len(order) > _PLACES
        else f"Totals of {several(len(order), 'place')}"
    )
    caption = f"{shown}, as printed in the records; records.csv has all deployments"
    yield sums_grid(records, names, "Place", caption, order[:_PLACES])


def _doubts(checks: pd.DataFrame, corrections: Sequence[str]) -> Iterator[Markup]:
    if checks.empty:
        yield paragraph("No check found a doubt.")
    else:
        yield paragraph(
            "Nothing was changed because of a doubt alone. A correction is confirmed first."
        )
        heads = ("Record", "Doubt", "Value", "Why", "Would fit")
        yield table(
            several(len(checks), "doubt"),
            heads,
            [
                [
                    str(row["source"] if pd.isna(row["record_id"]) else row["record_id"]),
                    str(row["check"]),
                    "" if pd.isna(row["value"]) else str(row["value"]),
                    str(row["reason"]),
                    "" if pd.isna(row["suggestion"]) else str(row["suggestion"]),
                ]
                for row in checks.to_dict("records")
            ],
        )
    if corrections:
        yield heading("Corrections that were confirmed", 2)
        yield bullets(corrections)


def _unknown(records: pd.DataFrame) -> Iterator[str]:
    yield (
        "How many people on the watchlist passed without an alert. The share of them that the "
        "system misses cannot be known from deployments alone."
    )
    yield (
        "False alerts that nobody noticed. An alert counts as true where an operator or officer "
        "judged it so."
    )
    if records["false_by_group"].isna().all():
        yield "The gender, ethnicity and age of the people behind alerts and faces."
    else:
        yield "The gender, ethnicity and age of the people who walked past."
    if records["model_version"].isna().any():
        yield "Which version of the software ran at each deployment."
    yield (
        "Whether crime or anybody's behaviour changed. That needs a comparison with places and "
        "times without deployments, which records of deployments do not hold."
    )
    if records["faces_seen"].notna().any():
        yield "How many different people were seen: a face may be counted more than once."


def _files(records: pd.DataFrame) -> Markup:
    """Return every file with its hash, so that a record can be found in the very same file."""
    rows = []
    for source, part in records.groupby("source", sort=False):
        pages = part["page"].dropna()
        rows.append(
            [
                str(source),
                listed(tuple(part["force"].dropna().unique())) or "not stated",
                count(len(part)),
                "–" if pages.empty else ranges(pages.unique()),
                listed(tuple(part["source_sha256"].dropna().unique())) or "not known",
            ]
        )
    heads = ("File", "Force", "#Records", "#Pages or sheets", "SHA-256")
    return table("Files that the records were read from", heads, rows)


def _printed_where(row: Mapping[Hashable, Any]) -> str:
    """Return the name of a record, with its file and row where it has a name of its own."""
    name = str(row["record_id"])
    if pd.isna(row["row"]) or name.startswith(Path(str(row["source"])).stem):
        return name
    page = None if pd.isna(row["page"]) else int(row["page"])
    return f"{name} ({row['source']}, {where(page, int(row['row']), str(row['source']))})"


def _notes(records: pd.DataFrame) -> Iterator[Markup]:
    """Say what the import said of the files: a footnote may change what the rows mean."""
    notes = [each for kept in records["file_notes"].dropna().unique() for each in json.loads(kept)]
    if notes:
        yield heading("How the files were read", 2)
        yield bullets(f"{str(each).rstrip('.')}." for each in notes)


def _annex(records: pd.DataFrame) -> Markup:
    rows = []
    for place, row in enumerate(records.to_dict("records"), start=1):
        printed = json.loads(row["as_printed"]) if isinstance(row["as_printed"], str) else {}
        day = row["date"] if isinstance(row["date"], str) else printed.get("date", "")
        rows.append(
            [
                str(place),
                str(day),
                "" if pd.isna(row["place"]) else str(row["place"]),
                *(
                    "–" if pd.isna(row[name]) else plain_number(row[name])
                    for name in ("hours", "watchlist_size", "faces_seen", "alerts", "true_alerts")
                ),
                *(
                    "–" if pd.isna(row[name]) else plain_number(row[name])
                    for name in ("false_alerts", "arrests")
                ),
                "–" if pd.isna(row["threshold"]) else f"{row['threshold']:.2f}",
                _printed_where(row),
            ]
        )
    heads = ("#No.", "Date", "Place", "#Hours", "#Watchlist", "#Faces", "#Alerts", "#True",
             "#False", "#Arrests", "#Threshold", "Where it is printed")  # fmt: skip
    return table("All records of the period, in the order of their days", heads, rows)
