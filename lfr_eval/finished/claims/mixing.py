"""Figures of a claim that belong to another threshold or watchlist size than the claim names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lfr_eval.contract.tables import EVERYBODY
from lfr_eval.contract.words import one_in, threshold_text
from lfr_eval.finished.claims.wording import words_of

FIGURE = re.compile(r"\b1 in (\d+(?:\.\d+)?)|(\d+(?:\.\d+)?) %")
THRESHOLD = re.compile(r"\bthreshold (?:of )?(\d+(?:\.\d+)?)|\bat (0\.\d+)\b")
SIZE = re.compile(r"\bwatchlist (?:of )?(\d+)\b")
LEVELS = (95.0, 90.0, 99.0, 80.0)
"""Confidence levels and powers are no rates."""


@dataclass(frozen=True)
class Figure:
    """A rate in a claim, and where the study has it."""

    text: str
    places: pd.DataFrame

    def at(self, column: str) -> set[float]:
        """Return the thresholds or sizes at which the study has this rate."""
        return set(self.places[column].dropna().astype(float))


def misplaced_figures(claim: str, rates: pd.DataFrame) -> Iterator[str]:
    """Yield one sentence for each figure that the study has, but elsewhere than the claim says.

    Parameters
    ----------
    claim
        The claim, as quoted.
    rates
        The table `rates`.
    """
    plain = " ".join(words_of(claim))
    named = {
        "threshold": {float(a or b) for a, b in THRESHOLD.findall(plain)},
        "watchlist_size": {float(size) for size in SIZE.findall(plain)},
    }
    # What names a threshold is no rate.
    figures = list(_figures(SIZE.sub("", THRESHOLD.sub("", plain)), rates))
    found = False
    for column, word in (("threshold", "threshold"), ("watchlist_size", "watchlist size")):
        for figure in figures:
            elsewhere = figure.at(column)
            if named[column] and elsewhere and not elsewhere & named[column]:
                found = True
                yield (
                    f"{figure.text} is {_describe(figure.places)}, not a rate at the {word} that "
                    "the claim names."
                )
    if not found:
        yield from _mixed(figures)


def _mixed(figures: list[Figure]) -> Iterator[str]:
    """Say so where two figures come from no one threshold and watchlist size."""
    for number, one in enumerate(figures):
        for other in figures[number + 1 :]:
            columns = ["threshold", "watchlist_size"]
            searches = [f.places[f.places["watchlist_size"].notna()] for f in (one, other)]
            if any(part.empty for part in searches):
                continue
            first, second = (set(map(tuple, p[columns].astype(float).to_numpy())) for p in searches)
            if not first & second:
                yield (
                    f"{one.text} and {other.text} come from no one setting: {one.text} is "
                    f"{_describe(searches[0])}; {other.text} is {_describe(searches[1])}."
                )


def _figures(text: str, rates: pd.DataFrame) -> Iterator[Figure]:
    known = rates[rates["events"] > 0]
    for match in FIGURE.finditer(text):
        one_in_n, percent = match.groups()
        if percent and float(percent) in LEVELS:
            continue
        written, unit = (one_in_n, "1 in ") if one_in_n else (percent, "")
        decimals = len(written.partition(".")[2])
        values = 1.0 / known["rate"] if one_in_n else 100.0 * known["rate"]
        # As precise as it is written: `1 in 6000` may stand for 5,950 to 6,050.
        digits = written.rstrip("0") if not decimals else written
        step = 0.5 * 10.0 ** (-decimals if decimals else len(written) - max(len(digits), 2))
        near = np.abs(values.to_numpy(float) - float(written)) <= max(step, 0.5 * 10.0**-decimals)
        if near.any():
            yield Figure(f"{unit}{written}{'' if one_in_n else ' %'}", known[near])


def _describe(places: pd.DataFrame) -> str:
    """Say where the study has a rate: of everybody first, at most three places."""
    overall = places[places["group"] == EVERYBODY]
    shown = (overall if len(overall) else places).head(3)
    words = []
    for _, row in shown.iterrows():
        at = []
        if pd.notna(row["threshold"]):
            at.append(f"threshold {threshold_text(float(row['threshold']))}")
        if pd.notna(row["watchlist_size"]):
            at.append(f"a watchlist of {int(row['watchlist_size']):,}")
        who = "" if row["group"] == EVERYBODY else f" of {row['group']}"
        words.append(f"the {row['metric']}{who} ({one_in(row['rate'])}) at {' and '.join(at)}")
    return " or ".join(words)
