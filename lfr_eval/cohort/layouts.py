"""Stage cohort: a dataset's label file in, the rows of a manifest out, by its card's rules.

Publishers name files, people and labels in different ways. The card's layout says how these become
the columns of a manifest. This module applies the layout and contains no rule for a single dataset.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from lfr_eval.cohort.card import CardError, ColumnRule, DatasetCard, Layout
from lfr_eval.cohort.problems import ManifestError, Problem
from lfr_eval.cohort.reading import TextTable, read_text_table


def find_layout(card: DatasetCard, folder: Path) -> Layout | None:
    """Return the first layout of the card whose label file is in the folder."""
    for layout in card.layouts:
        if (folder / layout.labels).is_file():
            return layout
    return None


def manifest_rows(card: DatasetCard, folder: Path) -> TextTable:
    """Return a dataset's label file as the rows of a manifest.

    Parameters
    ----------
    card
        The dataset.
    folder
        Where its files are.

    Raises
    ------
    CardError
        If the folder has none of the card's layouts.
    ManifestError
        If the label file lacks a column, or has a value that the card does not explain.
    """
    layout = find_layout(card, folder)
    if layout is None:
        expected = " or ".join(f"'{layout.labels}'" for layout in card.layouts)
        raise CardError(
            f"The folder '{folder}' is not dataset '{card.name}': it has no {expected}."
        )
    raw = read_text_table(folder / layout.labels)
    labels = raw.frame.assign(row=raw.rows)
    absent = [name for name in (*layout.keep, *layout.strip) if name not in labels]
    problems = [*raw.problems, *(_absent(name) for name in absent)]
    for name, prefix in layout.strip.items():
        if name in labels:
            labels[name] = labels[name].str.removeprefix(prefix)
    for name, values in layout.keep.items():
        if name in labels:
            labels = labels[labels[name].isin(values)]
    if layout.each:
        labels = pd.concat([labels.assign(**dict(image)) for image in layout.each])
    labels = labels.reset_index(drop=True)
    columns = {}
    for rule in layout.columns:
        columns[rule.name], wrong = _column(labels, rule)
        problems += wrong
    if problems:
        raise ManifestError(raw.file, problems)
    frame = pd.DataFrame(columns, dtype="string")
    return TextTable(raw.file, frame, labels["row"].to_numpy(dtype="int64"))


def _column(labels: pd.DataFrame, rule: ColumnRule) -> tuple[pd.Series, list[Problem]]:
    """Fill the rule's text with each row's labels. If a label is missing, so is the result."""
    result = pd.Series("", labels.index, "string")
    for literal, name in _parts(rule.take):
        result = result + literal
        if name is None:
            continue
        if name not in labels:
            return result, [_absent(name)]
        result = result + labels[name]
    if not rule.meanings:
        return result, []
    known = result.map(rule.meanings, na_action="ignore").astype("string")
    unknown = (result.notna() & known.isna()).to_numpy()
    problems = [
        Problem(
            "unknown label",
            "the dataset card does not explain this value",
            f"It knows: {', '.join(rule.meanings)}.",
            int(labels["row"].to_numpy()[at]),
            rule.name,
            str(value),
        )
        for at, value in zip(np.flatnonzero(unknown), result[unknown], strict=True)
    ]
    return known, problems


def _parts(take: str) -> list[tuple[str, str | None]]:
    """Split `a{b}c` into (`a`, `b`), (`c`, None)."""
    parts: list[tuple[str, str | None]] = []
    rest = take
    while "{" in rest:
        literal, _, after = rest.partition("{")
        name, _, rest = after.partition("}")
        parts.append((literal, name))
    return [*parts, (rest, None)]


def _absent(name: str) -> Problem:
    remedy = "Is this another edition of the dataset? The card says which columns it reads."
    return Problem("missing column", "the label file has no such column", remedy, None, name)
