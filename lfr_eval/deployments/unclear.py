"""Rows of a file in, the values that may be read in two ways out, each with what to say of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from lfr_eval.deployments.dates import unclear, year_first
from lfr_eval.deployments.grid import where
from lfr_eval.deployments.headings import SKIP, plain


def unclear_days(name: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Refuse days that the file shows to be written month first, or to begin with the year."""
    cells = [str(json.loads(row["as_printed"]).get("date", "")) for row in rows]
    old = year_first(cells, datetime.now(UTC).date())
    if old is not None:
        place = where(rows[old]["page"], rows[old]["row"], name)
        yield (
            f"{name}: days such as '{cells[old]}' ({place}) seem to begin with the year. Write the "
            "year with four digits, or say how the file writes days: --dates day-first"
        )
    found = unclear(cells)
    if found is not None:
        at, why = found
        place = where(rows[at]["page"], rows[at]["row"], name)
        yield (
            f"{name}: {why}, such as '{cells[at]}' ({place}). Say how the file writes days: "
            "--dates month-first, or --dates day-first if these are mistakes"
        )


def unclear_hours(name: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Refuse hours such as 6.35 where no value of the file shows that they are decimals."""
    parts = []
    for at, row in enumerate(rows):
        cell = str(json.loads(row["as_printed"]).get("hours", ""))
        found = re.fullmatch(r"\d{1,3}\.(\d+)( ?(?:h|hrs?|hours?))?", cell.strip().casefold())
        if found and found[1].strip("0"):
            parts.append((at, cell, found[1]))
    # Quarters of an hour are .25, .5 and .75; minutes are below .60, with two digits.
    minutes = all(len(part) <= 2 and part.ljust(2, "0") < "60" for _, _, part in parts)
    odd = [each for each in parts if each[2].rstrip("0") not in ("25", "5")]
    if minutes and odd:
        at, cell, _ = odd[0]
        yield (
            f"{name}, {where(rows[at]['page'], rows[at]['row'], name)}: hours '{cell}' may be "
            "hours and minutes or a decimal, and no row shows which. Write hours and minutes as "
            "6h 35m, or decimals with three digits (6.350)"
        )


def codes_for_places(
    name: str, rows: Sequence[Mapping[str, Any]], names: Mapping[str, str], said: Mapping[str, str]
) -> Iterator[str]:
    """Refuse numbers or codes below 'Deployment', which may stand above places and above these."""
    heading = names.get("place", "")
    if heading in said or plain(heading).removeprefix("lfr ") != "deployment":
        return
    codes = [
        row for row in rows if re.fullmatch(r"[A-Z/#_. -]*\d[\dA-Z/_. -]*", row["place"] or "")
    ]
    if 2 * len(codes) > len(rows):
        place = where(codes[0]["page"], codes[0]["row"], name)
        yield (
            f"{name}, {place}: '{codes[0]['place']}' below '{heading}' seems to be a reference, "
            f"not a place. Say which it is: --map '{heading}={SKIP}' or --map '{heading}=place'"
        )
