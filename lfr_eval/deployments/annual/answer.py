"""Records and table `street` in, the first words of the annual report out: sums, rates, origins."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from lfr_eval.contract.defaults import ALPHA
from lfr_eval.contract.words import count, p_text, percentage, several
from lfr_eval.deployments.annual.figures import (
    MEASURES,
    amount,
    interval,
    rate_grid,
    sums_grid,
    written,
)
from lfr_eval.deployments.annual.picture import levels
from lfr_eval.deployments.breaks import Break
from lfr_eval.deployments.elements import heading, paragraph
from lfr_eval.deployments.origins import FILE, FORCE, SYSTEM, differing, origins, strata
from lfr_eval.deployments.street import ALL
from lfr_eval.inference.field import PER_ALERT, PER_FACE, PER_HOUR

_MANY = {FORCE: "forces", SYSTEM: "systems", FILE: "files"}
_EXPOSURE = {PER_ALERT: "alerts", PER_HOUR: "hours", PER_FACE: "faces_seen"}


def answer(
    records: pd.DataFrame, street: pd.DataFrame, breaks: Sequence[Break]
) -> Iterator[Markup]:
    """Yield what the records say in all; several forces or systems come one by one first."""
    apart = origins(records)
    everything: dict[str, dict[Hashable, Any]] = {
        str(row["measure"]): row for row in street[street["dimension"] == ALL].to_dict("records")
    }
    mixed = [name for name in apart if name != FILE]
    if mixed:
        number = len(strata(records).unique())
        many = _MANY[mixed[0]] if len(mixed) == 1 else "combinations of force and system"
        yield paragraph(
            f"These records are of {number} {many}. Each has its own rates; the rates of "
            "all records together may describe none of them.",
            "lead",
        )
    elif PER_ALERT in everything:
        yield paragraph(_rate_said(everything[PER_ALERT], PER_ALERT, records), "lead")
        if unlike := _unlike(street):
            yield paragraph(unlike, "notice")
    if FILE in apart:
        yield paragraph(_files_said(len(apart[FILE].unique())), "notice")
    for name, values in apart.items():
        yield heading(f"By {name}", 2)
        yield sums_grid(records, values, name.capitalize(), f"Totals by {name}")
        grid = rate_grid(street, name, f"False alerts by {name}")
        if grid is not None:
            yield grid
    yield heading("All records together", 2)
    whole = pd.Series("All", records.index)
    yield sums_grid(records, whole, "Records", f"Totals of {several(len(records), 'record')}")
    if not everything:
        yield paragraph(
            "No rate can be given: no record has false alerts together with alerts, hours or faces "
            "seen.",
            "notice",
        )
    measures = [PER_HOUR, PER_FACE] if not mixed else [PER_ALERT, PER_HOUR, PER_FACE]
    for measure in measures:
        if measure not in everything:
            continue
        if measure == PER_FACE and FORCE in apart:
            yield paragraph(
                "No rate per face is given for all forces together, because each may count "
                "faces in its own way."
            )
            continue
        said = _rate_said(everything[measure], measure, records)
        if measure == PER_FACE and breaks:
            said += f" This is not one rate: {changes(breaks)}"
        yield paragraph(said, "notice" if measure == PER_FACE and breaks else "")
    for name, values in apart.items():
        yield from _differences(records, name, values)


def changes(breaks: Sequence[Break]) -> str:
    """Return the changes of counting in a clause."""
    return f"the way of counting faces seems to change ({levels(breaks)})."


def _rate_said(row: Mapping[Hashable, Any], measure: str, records: pd.DataFrame) -> str:
    """Tell a rate with what it was counted from, and the false alerts that it leaves out."""
    # The interval by deployments is the safer one, where there are enough of them.
    wide = not pd.isna(row["wide_upper"])
    low, high = (row["wide_lower"], row["wide_upper"]) if wide else (row["lower"], row["upper"])
    beyond = " and differences between deployments" if wide else ""
    ends = f"allowing for chance{beyond}, {interval(low, high, measure)}"
    number = int(row["false_alerts"])
    if measure == PER_ALERT:
        total = count(int(row["exposure"]))
        was = "was" if number == 1 else "were"
        said = f"{count(number)} of {total} alerts {was} false: {written(row['rate'], measure)}"
        return f"{said} ({ends})."
    said = (
        f"False alerts {measure}: {written(row['rate'], measure)} ({ends}), "
        f"{count(number)} in {amount(row['exposure'], measure)}."
    )
    if left := int(records["false_alerts"].sum()) - number:
        said += (
            f" {several(left, 'more false alert')}, from records without {MEASURES[measure]}, "
            f"{'is' if left == 1 else 'are'} not in this rate."
        )
    return said


def _unlike(street: pd.DataFrame) -> str:
    """Say over which thresholds and years the first rate goes, from the lowest to the highest."""
    spans = []
    for dimension in ("threshold", "year"):
        rows = street[(street["dimension"] == dimension) & (street["measure"] == PER_ALERT)]
        if len(rows) < 2:
            continue
        ordered = rows.sort_values("rate", kind="stable").to_dict("records")
        low, high = (
            f"{count(int(row['false_alerts']))} of {count(int(row['exposure']))} "
            f"{'at' if dimension == 'threshold' else 'in'} {row['value']}"
            for row in (ordered[0], ordered[-1])
        )
        spans.append(f"{len(rows)} {dimension}s (false alerts: from {low} to {high})")
    if not spans:
        return ""
    return f"This rate combines {' and '.join(spans)}. It may hold for none of them."


def _files_said(number: int) -> str:
    return (
        f"These records come from {number} files and are counted together. If the files are from "
        "different forces, import them again and say so (--force FILE=NAME): what looks like a "
        "change on one day may only be a different force."
    )


def _differences(records: pd.DataFrame, name: str, values: pd.Series) -> Iterator[Markup]:
    """Say how far the rates of forces, systems or files lie apart: a mean of them hides it."""
    for measure in (PER_ALERT, PER_HOUR):
        exposure = records[_EXPOSURE[measure]]
        found = differing(records["false_alerts"], exposure, values, measure == PER_ALERT)
        if found is None:
            continue
        (least, low), (most, high) = found.lowest, found.highest
        verdict = (
            f"The {_MANY[name]} differ more than chance and the differences between deployments "
            "explain, so the overall rate mixes unlike rates"
            if found.p_value < ALPHA
            else f"The records do not show that the {_MANY[name]} differ, nor that they are alike"
        )
        yield paragraph(
            f"False alerts {measure} range from {written(low, measure)} ({least}) to "
            f"{written(high, measure)} ({most}). {verdict} ({p_text(found.p_value)}; "
            f"I squared {percentage(found.inconsistency)})."
        )
    yield paragraph(
        f"A difference between {_MANY[name]} does not show by itself which is better. "
        "They may also differ in place, crowd, hours, watchlist and threshold, and a test "
        "of these records cannot separate these effects.",
        "" if name == FILE else "notice",
    )
