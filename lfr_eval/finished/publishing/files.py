"""Stage `publishing`: a published table in, a CSV that no spreadsheet runs out."""

from __future__ import annotations

import re

import pandas as pd

_FORMULA = re.compile(r"^\s*[=+\-@\t\r＝＋－＠]")


def to_csv(frame: pd.DataFrame) -> str:
    """Return a table as CSV; text that a spreadsheet would run as a formula stays text."""
    shown = frame.copy()
    for name in shown.columns:
        if pd.api.types.is_numeric_dtype(shown[name]):
            continue
        shown[name] = shown[name].map(_as_text, na_action="ignore")
    text: str = shown.to_csv(index=False, lineterminator="\r\n")
    return text


def _as_text(value: object) -> object:
    if isinstance(value, str) and _FORMULA.match(value):
        return f"'{value}"
    return value
