"""Somebody with a publication, and with arithmetic, who looks for what is withheld.

Reads the files as strangers do and knows how counts hang together: groups add up, a success is no
miss, a miss is a missed match or no usable face, both watchlists hold the same enrolled people.
Nothing here uses the code under test.
"""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd

from lfr_eval.contract.names import factor_words, group_name

Cell = tuple[str, int, float, str, str]
"""Metric, watchlist size, threshold, factor, group."""

KEYS = ["metric", "watchlist_size", "threshold", "factor", "group"]
WHOLE = r"(\d{1,3}(?:,\d{3})+|\d+)"


def cells_of(rates: pd.DataFrame) -> list[Cell]:
    """The cell of every row."""
    return [
        (row.metric, int(row.watchlist_size), round(float(row.threshold), 9), row.factor, row.group)
        for row in rates[KEYS].fillna({"watchlist_size": 0, "threshold": -1.0}).itertuples()
    ]


def _label(cell: Cell, factor: str) -> str:
    """A crossed group's label of one of its factors."""
    return cell[4].split(" x ")[cell[3].split(" x ").index(factor)]


@dataclass
class Attacker:
    """What is known of events: sums of cells, each with its value."""

    cells: list[Cell]
    place: dict[Cell, int] = field(init=False)
    sums: list[tuple[dict[int, float], float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.place = {cell: number for number, cell in enumerate(self.cells)}

    def learn(self, parts: dict[Cell, float], value: float) -> None:
        """Note that so many times these cells make this sum."""
        if all(cell in self.place for cell in parts):
            self.sums.append(({self.place[cell]: times for cell, times in parts.items()}, value))

    def learn_structure(self) -> None:
        """Note how groups add up, setting by setting."""
        for setting, members in groupby(sorted(self.cells), key=lambda cell: cell[:3]):
            if setting[0] == "FMR":
                continue
            listed = list(members)
            everybody = {cell: -1.0 for cell in listed if cell[3] == "overall"}
            for factor in {cell[3] for cell in listed} - {"overall"}:
                parts = {cell: 1.0 for cell in listed if cell[3] == factor}
                self.learn({**parts, **everybody}, 0)
                for cell in parts:
                    within = {
                        other: 1.0
                        for other in listed
                        if " x " in other[3]
                        and other[3] != factor
                        and _label(other, factor) == cell[4]
                    }
                    if within:
                        self.learn({**within, cell: -1.0}, 0)

    def learn_identities(self, trials: dict[Cell, float]) -> None:
        """Note what ties metrics together in a study of one frame a pass."""
        for cell in self.cells:
            metric, size, threshold, factor, group = cell
            if metric == "TPIR" and cell in trials:
                miss = ("FNIR", size, threshold, factor, group)
                self.learn({cell: 1.0, miss: 1.0}, trials[cell])
            if metric == "FNIR":
                pair = ("FNMR", 0, threshold, factor, group)
                none = ("FTA", 0, -1.0, factor, group)
                self.learn({cell: 1.0, pair: -1.0, none: -1.0}, 0)
                for other in self.cells:
                    if other[0] == "FNIR" and other[2:] == cell[2:] and other[1] > size:
                        self.learn({cell: 1.0, other: -1.0}, 0)

    def is_found(self, cells: list[Cell]) -> list[bool]:
        """Whether linear algebra gives a cell: no two solutions differ in it."""
        system = np.zeros((len(self.sums), len(self.cells)))
        for row, (parts, _) in enumerate(self.sums):
            for place, times in parts.items():
                system[row, place] = times
        _, values, directions = np.linalg.svd(system, full_matrices=True)
        free = directions[int((values > 1e-9 * values[0]).sum()) :]
        return [bool(np.all(np.abs(free[:, self.place[cell]]) < 1e-7)) for cell in cells]

    def misfit(self, truth: dict[Cell, float]) -> float:
        """How badly what was noted fits the truth: an attacker with wrong ideas proves nothing."""
        return max(
            abs(sum(times * truth[self.cells[place]] for place, times in parts.items()) - value)
            for parts, value in self.sums
        )


def from_csv(folder: Path) -> tuple[dict[Cell, float], dict[Cell, float]]:
    """Events and trials that `rates.csv` gives."""
    rates = pd.read_csv(io.StringIO((folder / "rates.csv").read_text()))
    for name in ("group", "factor"):
        rates[name] = rates[name].str.removeprefix("'")
    known = dict(zip(cells_of(rates), rates["events"], strict=True))
    # A rate and its number of trials would give the events too.
    for cell, rate, trials in zip(cells_of(rates), rates["rate"], rates["trials"], strict=True):
        if pd.isna(known[cell]) and not pd.isna(rate):
            known[cell] = rate * trials
    trials_of = dict(zip(cells_of(rates), rates["trials"], strict=True))
    return (
        {cell: float(value) for cell, value in known.items() if not pd.isna(value)},
        {cell: float(value) for cell, value in trials_of.items() if not pd.isna(value)},
    )


def from_page(folder: Path) -> dict[Cell, float]:
    """Events that the rates in the data of the page's script give, where only one number fits."""
    page = (folder / "report.html").read_text("utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert found is not None
    data = json.loads(found[1])
    rates = pd.read_csv(folder / "rates.csv")
    rates["group"] = rates["group"].str.lstrip("'")
    sizes = [
        0 if text.startswith("none") else int(text.split()[0].replace(",", ""))
        for text in re.findall(r'data-errors="[^"]*">([^<]*)</option>', page)
    ]
    factors = {factor_words(each): each for each in rates["factor"].unique()}
    by = re.search(r'<select id="factor">(.*?)</select>', page, re.S)
    assert by is not None
    named = [factors[text] for text in re.findall(r">([^<]+)</option>", by[1])]
    labels = {group_name(each): each for each in rates["group"].unique()}
    _, trials = from_csv(folder)
    known = {}
    for key, part in data["parts"].items():
        size, factor = (int(each) for each in key.split("|"))
        metrics = ("FPIR", "FNIR") if sizes[size] else ("FMR", "FNMR")
        for name, sides in part["rows"]:
            for metric, bars in zip(metrics, sides, strict=True):
                for threshold, bar in zip(data["thresholds"], bars, strict=True):
                    at = round(float(threshold.replace("−", "-")), 9)
                    cell = (metric, sizes[size], at, named[factor], labels[name])
                    events = _only_number(data["words"][bar[0]], trials.get(cell))
                    if events is not None:
                        known[cell] = events
    assert known
    return known


def _only_number(text: str, trials: float | None) -> float | None:
    """The number of events that a printed rate of so many trials can be; None where several can."""
    if text == "none seen":
        return 0.0
    rate = re.fullmatch(r"1 in ([\d,.]+)|([\d.]+) %", text)
    if rate is None or trials is None:
        return None
    value = 1 / float(rate[1].replace(",", "")) if rate[1] else float(rate[2]) / 100
    # Tenths below 10, then whole ones, and three digits at most: half a step either way.
    step = 0.005
    if rate[1]:
        step = max(0.005, (0.05 if value > 0.1 else 0.5) * value)
    spread = step * value * trials
    low, high = np.ceil(value * trials - spread), np.floor(value * trials + spread)
    return float(low) if low == high else None


def parts_of_wholes(text: str) -> list[tuple[int, str, int]]:
    """Every "N of M" and "N in M" of a text."""
    found = re.findall(rf"{WHOLE}(?: [a-z]+){{0,3}} (of|in) {WHOLE}\b(?![.,]\d)", text)
    return [(int(a.replace(",", "")), word, int(b.replace(",", ""))) for a, word, b in found]
