"""Contract: formulas, in what is read from spreadsheets and in what is written for them.

A cell that begins with `=`, `+`, `-` or `@` is a formula to Excel, LibreOffice and Google Sheets,
and a formula can send what stands beside it elsewhere (OWASP, "CSV injection").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from lfr_eval.contract.spelling import STEERING, UNSEEN

_FORMULA = re.compile(rf"^(?:[\s\u200c\u200d]|{UNSEEN})*[=+\-@\t\r＝＋－＠]")


def csv_text(frame: pd.DataFrame, end: str = "\n") -> str:
    r"""Return a table as CSV; a text that a spreadsheet would calculate begins with an apostrophe.

    What would steer a terminal is replaced. Numbers stay as they are, negative ones too.

    Parameters
    ----------
    end
        Of a line.

    Examples
    --------
    >>> csv_text(pd.DataFrame({"group": ["=1+1", "men"], "ratio": [-0.5, 2.0]}))
    "group,ratio\n'=1+1,-0.5\nmen,2.0\n"
    """
    shown = frame.copy()
    for name in shown.columns:
        if not pd.api.types.is_numeric_dtype(shown[name]):
            shown[name] = shown[name].map(_printable, na_action="ignore")
    shown.columns = pd.Index([_printable(name) for name in shown.columns])
    text: str = shown.to_csv(index=False, lineterminator=end)
    return text


def _printable(value: object) -> object:
    if isinstance(value, str) and not value.isprintable():
        value = STEERING.sub(_marked, value)
    return harmless(value)


def _marked(sign: re.Match[str]) -> str:
    return sign[0] if sign[0] in "\n\t" else "\N{REPLACEMENT CHARACTER}"


def without_values(
    formulas: Any, values: Any, rows: int | None = None, columns: int | None = None
) -> Iterator[str]:
    """Yield a sentence on each formula of a sheet whose value the workbook does not hold.

    Programs that do not calculate, such as openpyxl, write such workbooks.

    Parameters
    ----------
    formulas, values
        The sheet as openpyxl reads it without and with `data_only`.
    rows, columns
        How many of these to look at; None: all.
    """
    within = {"max_row": rows, "max_col": columns}
    both = zip(formulas.iter_rows(**within), values.iter_rows(**within), strict=True)
    for written, shown in both:
        for formula, cell in zip(written, shown, strict=True):
            # An empty text (`str`) is a value.
            if formula.data_type == "f" and cell.value is None and cell.data_type != "str":
                yield (
                    f"sheet '{formulas.title}', cell {formula.coordinate} holds a formula without "
                    "a value; open the workbook in Excel and save it"
                )


def harmless(value: object) -> object:
    """Return a cell with an apostrophe before what a spreadsheet would calculate."""
    if isinstance(value, str) and _FORMULA.match(value):
        return f"'{value}"
    return value


def as_given(cell: str) -> str:
    """Return a cell without the apostrophe that `harmless` put before it."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell[1:]) else cell
