"""Records, checks and rates in, the chapters of the annual report out, and the files."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from lfr_eval.contract.words import count, listed, p_text, percentage, several
from lfr_eval.deployments.annual.figures import (
    interval,
    plain_number,
    rate_grid,
    table,
    totals,
    written,
    yield_grid,
)
from lfr_eval.deployments.annual.page import to_page
from lfr_eval.deployments.annual.picture import faces_chart, levels
from lfr_eval.deployments.breaks import Break, counting_breaks
from lfr_eval.deployments.checks import check_records
from lfr_eval.deployments.exposure import Exposure, exposure, recorded_groups
from lfr_eval.deployments.grid import DeploymentError
from lfr_eval.deployments.street import ALL, street_table
from lfr_eval.inference.field import PER_ALERT, PER_FACE, PER_HOUR
from lfr_eval.report.document.blocks import Block, Bullets, Document, Heading, Picture, Run, Text
from lfr_eval.report.pdf import to_pdf

PAGE, PAPER = "annual-report.html", "annual-report.pdf"
TEMPLATE = Path(__file__).parent / "annual.typ"
_PLACES = 15


@dataclass(frozen=True)
class Annual:
    """What a report is asked to say.

    Attributes
    ----------
    since, until
        First and last day of the period, ISO 8601; None: as far as the records go.
    stated
        Group -> (its false alerts, all false alerts), where the records hold no groups.
    shares
        Group -> assumed share of the faces seen.
    corrections
        The corrections that were confirmed, in sentences.
    title
        Above the report.
    """

    since: str | None = None
    until: str | None = None
    stated: dict[str, tuple[int, int]] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)
    corrections: Sequence[str] = ()
    title: str = "Live facial recognition deployments"


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
    checks = check_records(chosen)
    breaks = counting_breaks(chosen)
    street = street_table(chosen, breaks)
    blocks = list(_chapters(chosen, asked, checks, breaks, street))
    document = Document(
        title=asked.title,
        question=_period(chosen),
        banner=None,
        study=f"Made from published records ({listed(tuple(dict.fromkeys(chosen['source'])))}).",
        study_hash=None,
        finished=f"{date.today().isoformat()}T00:00:00+00:00",
        blocks=blocks,
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PAGE).write_text(to_page(document), encoding="utf-8")
    (folder / PAPER).write_bytes(to_pdf(document, TEMPLATE))
    tables = {"records.csv": chosen, "rates.csv": street, "doubts.csv": checks}
    for name, frame in tables.items():
        frame.to_csv(folder / name, index=False, lineterminator="\n")
    return [folder / name for name in (PAGE, PAPER, *tables)]


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
    return f"{several(len(records), 'deployment')} from {known.min()} to {known.max()}"


def _chapters(
    records: pd.DataFrame,
    asked: Annual,
    checks: pd.DataFrame,
    breaks: Sequence[Break],
    street: pd.DataFrame,
) -> Iterator[Block]:
    yield Heading("What the records say", 1)
    yield from _answer(records, street, breaks)
    yield from _groups(records, asked)
    yield Heading("Three ways to count false alerts", 1)
    yield from _denominators(breaks)
    chart = faces_chart(records, breaks)
    if chart is not None:
        yield Picture(chart.svg, chart.caption, (Run(chart.caption),))
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


def _groups(records: pd.DataFrame, asked: Annual) -> Iterator[Block]:
    yield Heading("Who the false alerts fall on", 2)
    found: list[Exposure] = []
    for groups in recorded_groups(records).values():
        total = sum(groups.values())
        found += [
            exposure(group, number, total, _stated(asked, group))
            for group, number in groups.items()
            if total
        ]
    for group, (mine, total) in asked.stated.items():
        found.append(exposure(group, mine, total, _stated(asked, group)))
    if not found:
        yield Text(
            (
                Run(
                    "The records do not say. Nobody can tell from them whether false alerts fall "
                    "on one group more often than on another."
                ),
            )
        )
    for each in found:
        yield Text((Run(exposure_sentence(each)),))


def _stated(asked: Annual, group: str) -> tuple[float, ...]:
    share = {name.casefold(): value for name, value in asked.shares.items()}.get(group.casefold())
    return () if share is None else (share,)


def exposure_sentence(found: Exposure) -> str:
    """Return what can be said of one group: never without the share that it rests on."""
    said = (
        f"{found.of_group} of {several(found.false_alerts, 'false alert')} were of {found.group} "
        f"people ({percentage(found.lower, 'down')} to {percentage(found.upper, 'up')}). "
    )
    for share, p in zip(found.shares, found.p_values, strict=True):
        if p >= 1 - found.level:
            verdict = "this would not be a significant difference"
        else:
            more = found.of_group / found.false_alerts > share
            verdict = f"this would be significantly {'more' if more else 'less'} than their share"
        said += (
            f"If {percentage(share)} of the faces seen were of {found.group} people, {verdict} "
            f"(exact binomial test, {p_text(p)}). "
        )
    low, high = found.turns_at
    if low is not None or high is not None:
        between = (
            f"between {percentage(low)} and {percentage(high)}"
            if low is not None and high is not None
            else f"above {percentage(low)}"
            if low is not None
            else f"below {percentage(high)}"
        )
        said += (
            f"The number is in keeping with a share of exposure {between}; it would be significant "
            "at any other. "
        )
    return said + "The share of faces seen is not in the records: it is an assumption."


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
