"""Records, checks and rates in, the chapters of the annual report out."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import pandas as pd

from lfr_eval.contract.words import count, several
from lfr_eval.deployments.annual.asked import Annual
from lfr_eval.deployments.annual.figures import (
    interval,
    plain_number,
    rate_grid,
    table,
    totals,
    written,
    yield_grid,
)
from lfr_eval.deployments.annual.groups import group_chapter
from lfr_eval.deployments.annual.picture import faces_chart, levels
from lfr_eval.deployments.breaks import Break
from lfr_eval.deployments.street import ALL
from lfr_eval.inference.field import PER_ALERT, PER_FACE, PER_HOUR
from lfr_eval.report.document.blocks import Block, Bullets, Heading, Picture, Run, Text

_PLACES = 15


def chapters(
    records: pd.DataFrame,
    asked: Annual,
    checks: pd.DataFrame,
    breaks: Sequence[Break],
    street: pd.DataFrame,
) -> Iterator[Block]:
    """Yield the whole report, in order."""
    yield Heading("What the records say", 1)
    yield from _answer(records, street, breaks)
    yield from group_chapter(records, asked)
    yield Heading("Three ways to count false alerts", 1)
    yield from _denominators(breaks)
    chart = faces_chart(records, breaks)
    if chart is not None:
        yield Picture(chart.sheet, chart.caption, (Run(chart.caption),))
    for heading, dimension, caption in (
        ("By threshold", "threshold", "False alerts by face-match threshold"),
        ("By year", "year", "False alerts by calendar year"),
        ("By way of counting", "way of counting", "False alerts between changes of counting"),
        ("By watchlist size", "watchlist size", "False alerts by size of the watchlist"),
        ("By use case", "use case", "False alerts by stated use case or purpose"),
        ("By camera", "camera", "False alerts by kind of camera"),
    ):
        grid = rate_grid(street, records, dimension, caption, breaks)
        if grid is not None and len({row.cells[0].runs[0].text for row in grid.rows} - {""}) > 1:
            yield Heading(heading, 2)
            yield grid
    cameras = yield_grid(records)
    if cameras is not None:
        yield Heading("What each kind of camera led to", 2)
        yield cameras
    yield from _places(records)
    yield Heading("What looks wrong in the records", 1)
    yield from _doubts(checks, asked.corrections)
    yield Heading("What the records cannot show", 1)
    yield Bullets([(Run(each),) for each in _unknown(records)])
    yield Heading("Annex: the records", 1)
    yield _annex(records)


def _answer(
    records: pd.DataFrame, street: pd.DataFrame, breaks: Sequence[Break]
) -> Iterator[Block]:
    sums = totals(records)
    alerts, false = sums["alerts"][0], sums["false_alerts"][0]
    everything: dict[str, dict[Hashable, Any]] = {
        str(row["measure"]): row for row in street[street["dimension"] == ALL].to_dict("records")
    }
    if alerts and false is not None and PER_ALERT in everything:
        row = everything[PER_ALERT]
        yield Text(
            (
                Run(
                    f"{count(int(row['false_alerts']))} of {count(int(row['exposure']))} alerts "
                    f"were false: {written(row['rate'], PER_ALERT)} "
                    f"({interval(row['lower'], row['upper'], PER_ALERT)})."
                ),
            ),
            lead=True,
        )
    lines = []
    for name, words in (
        ("hours", "hours of deployment"),
        ("faces_seen", "faces seen, as the force counted them"),
        ("alerts", "alerts"),
        ("true_alerts", "true alerts"),
        ("false_alerts", "false alerts"),
        ("arrests", "arrests"),
    ):
        total, known = sums[name]
        short = "" if known == len(records) else f"; {known} of {len(records)} records give it"
        lines.append((words, f"{plain_number(total)}{short}"))
    files = records["source"].nunique()
    if files > 1:
        yield Text(
            (
                Run(
                    f"These records come from {files} files and are counted together. If the files "
                    "are from different forces, import and report each by itself: what looks like "
                    "a change on one day may only be a different force."
                ),
            )
        )
    yield table("Totals", (("", 2.0, False), ("In all", 2.0, True)), lines)
    for measure, words in ((PER_HOUR, "per hour"), (PER_FACE, "per face")):
        if measure in everything:
            row = everything[measure]
            said = f"False alerts {words}: {written(row['rate'], measure)} "
            said += f"({interval(row['lower'], row['upper'], measure)})."
            if measure == PER_FACE and breaks:
                said += " This is not one rate: " + _breaks(breaks)
            yield Text((Run(said),), notice=bool(measure == PER_FACE and breaks))


def _breaks(breaks: Sequence[Break]) -> str:
    return f"the way of counting faces seems to change ({levels(breaks)})."


def _denominators(breaks: Sequence[Break]) -> Iterator[Block]:
    yield Bullets(
        [
            (
                Run("Per alert", "strong"),
                Run(
                    ": of the alerts that officers saw, how many named the wrong person. It falls "
                    "when more people on the watchlist pass by, without any change in the system."
                ),
            ),
            (
                Run("Per hour", "strong"),
                Run(": how often an officer is sent to the wrong person. It grows with the crowd."),
            ),
            (
                Run("Per face", "strong"),
                Run(
                    ": how often somebody who walks past sets off a false alert. It depends on how "
                    "faces are counted: one person may be counted several times."
                    + (
                        " It is compared only between deployments that count alike."
                        if breaks
                        else ""
                    )
                ),
            ),
        ]
    )
    yield Text(
        (
            Run(
                "The 95 % interval takes false alerts as independent of one another. The interval "
                "by deployments lets deployments differ beyond chance and is the safer one; it "
                "needs five deployments and a false alert."
            ),
        )
    )


def _places(records: pd.DataFrame) -> Iterator[Block]:
    known = records.dropna(subset=["place"])
    if known.empty:
        return
    sums = known.groupby("place")[["hours", "faces_seen", "alerts", "false_alerts", "arrests"]]
    frame = sums.sum(min_count=1).assign(deployments=known.groupby("place").size())
    frame = frame.sort_values(["deployments", "alerts"], ascending=False).head(_PLACES)
    yield Heading("By place", 2)
    names = ("deployments", "hours", "faces_seen", "alerts", "false_alerts", "arrests")
    titles = ("Deployments", "Hours", "Faces seen", "Alerts", "False alerts", "Arrests")
    places = known["place"].nunique()
    yield table(
        f"The {min(_PLACES, places)} places with most deployments, of {places}, as they are "
        "printed; all are in records.csv",
        (("Place", 2.4, False), *((title, 1.0, True) for title in titles)),
        [
            [str(place), *(plain_number(row[name]) for name in names)]
            for place, row in frame.iterrows()
        ],
    )


def _doubts(checks: pd.DataFrame, corrections: Sequence[str]) -> Iterator[Block]:
    if checks.empty:
        yield Text((Run("No check found a doubt."),))
    else:
        yield Text(
            (Run("Nothing was changed because of a doubt alone. A correction is confirmed first."),)
        )
        columns = (
            ("Record", 2.2, False),
            ("Doubt", 1.4, False),
            ("Value", 1.0, False),
            ("Why", 3.6, False),
            ("Would fit", 1.0, False),
        )
        yield table(
            several(len(checks), "doubt"),
            columns,
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
        yield Heading("Corrections that were confirmed", 2)
        yield Bullets([(Run(each),) for each in corrections])


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


def _annex(records: pd.DataFrame) -> Block:
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
                str(row["record_id"]),
            ]
        )
    titles = ("Hours", "Watchlist", "Faces", "Alerts", "True", "False", "Arrests", "Threshold")
    columns = (
        ("No.", 0.5, True),
        ("Date", 1.1, False),
        ("Place", 2.0, False),
        *((title, 0.9, True) for title in titles),
        ("Where it is printed", 2.4, False),
    )
    return table("All records of the period, in the order of their days", columns, rows)
