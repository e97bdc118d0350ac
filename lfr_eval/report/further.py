"""Stage report: charts of the further tables (view model in, charts out)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from lfr_eval.contract.names import factor_words, group_name
from lfr_eval.contract.tables import EVERYBODY
from lfr_eval.contract.words import count, spoken_threshold
from lfr_eval.report.along import line_of
from lfr_eval.report.chart import POINTS, Chart, Line, draw, log_scale
from lfr_eval.report.model import Report
from lfr_eval.report.modelled import Tail
from lfr_eval.report.rates import to_rows
from lfr_eval.report.watchlists import WAYS, Growth, GrowthBlock

DECADES = 3.0
"""Decades of watchlist sizes drawn below the longest of the fillers: shorter ones tell no more."""


class Further(NamedTuple):
    """Charts of the further tables; those of growth and of models in the order of their blocks."""

    growth: list[Chart | None]
    modelled: list[list[Chart]]
    scores: Chart | None

    @property
    def all(self) -> list[Chart]:
        """All of them."""
        known = [*self.growth, *(chart for part in self.modelled for chart in part), self.scores]
        return [chart for chart in known if chart is not None]


def further_charts(report: Report) -> Further:
    """Draw the charts of the further tables."""
    growth, mark, at = report.growth, report.record.mark, report.record.thresholds.operating
    blocks = enumerate(growth.blocks) if growth else ()
    return Further(
        [_growth(growth, place, block, mark) for place, block in blocks if growth],
        [list(_modelled(tail, at, mark)) for tail in report.tails or ()],
        _scores(report),
    )


def _growth(growth: Growth, place: int, block: GrowthBlock, mark: str | None) -> Chart | None:
    rows = growth.curves
    rows = rows[(rows["composition"] == block.composition) & (rows["factor"] == block.factor)]
    longest = int(rows["fillers"].iloc[0])
    rows = rows[(rows["matches"] > 0) & (rows["watchlist_size"] >= longest / 10**DECADES)]
    if rows.empty:
        return None
    styles = dict(zip(WAYS, ("first", "second", "third"), strict=True))
    panels: list[tuple[str, list[Line]]] = []
    for group, part in rows.groupby("group", sort=False):
        ways = ((way, style, part[part["way"] == way]) for way, style in styles.items())
        lines = [_line(style, "watchlist_size", of_way, banded=way == "resampled")
                 for way, style, of_way in ways]  # fmt: skip
        panels.append((group_name(str(group)), lines))
    by = "" if block.factor == "overall" else f" by {factor_words(block.factor)}"
    caption = (
        f"False alerts{by} against the length of the watchlist at threshold "
        f"{spoken_threshold(block.threshold)}, composition: {block.composition}. Solid, with its "
        "interval: drawn from the fillers; dashed: closed form; dotted: in proportion. All fillers "
        f"together: {count(longest)}; beyond, nothing was compared."
    )
    sizes = log_scale(rows["watchlist_size"].astype(float))
    return draw(f"growth-{place}", caption, panels, sizes, mark=mark)


def _modelled(tail: Tail, at: float | None, mark: str | None) -> Iterator[Chart]:
    """Draw one chart per factor; groups of which nothing could be modelled have no panel."""
    for place, factor in enumerate(tail.modelled["factor"].unique()):
        modelled = tail.modelled[(tail.modelled["factor"] == factor)].dropna(subset="rate")
        observed = tail.observed[tail.observed["factor"] == factor]
        panels: list[tuple[str, list[Line]]] = []
        for group, part in modelled.groupby("group", sort=False):
            rates = to_rows(_thin(observed[observed["group"] == group], "threshold"))
            seen = line_of("first", [rate.threshold or 0.0 for rate in rates], rates, banded=False)
            model = _line("second", "threshold", part)
            panels.append((f"{group_name(str(group))}: MODELLED", [seen, model]))
        if not panels:
            continue
        caption = (
            f"MODELLED, not observed: {tail.metric.name.lower()} by {factor_words(str(factor))} "
            "against the threshold. Solid: observed, with intervals. Dashed: the model and its "
            "interval."
        )
        name = f"modelled-{tail.watchlist_size or 'pairs'}-{place}"
        yield draw(name, caption, panels, at=at, mark=mark)


def _thin(rows: pd.DataFrame, along: str) -> pd.DataFrame:
    return rows.sort_values(along).iloc[:: max(1, len(rows) // POINTS)]


def _line(style: str, along: str, rows: pd.DataFrame, banded: bool = True) -> Line:
    columns = (along, "rate", *(("lower", "upper") if banded else ()))
    rows = _thin(rows, along)
    return Line(style, *(rows[name].astype(float).tolist() for name in columns))


def _scores(report: Report) -> Chart | None:
    """Draw how often each comparison score occurred, as shares of the comparisons, by group."""
    table = report.group_scores
    if table is None or table.empty:
        table = report.histogram
    if table is None:
        return None
    table = table if "group" in table else table.assign(group=EVERYBODY)
    panels: list[tuple[str, list[Line]]] = []
    for group, part in table.groupby("group", sort=False):
        lines = []
        for kind, style in (("non_mated", "first"), ("mated", "second")):
            rows = part[part["kind"] == kind].sort_values("lower")
            counts = rows["count"].to_numpy(float)
            if counts.sum():
                middles = ((rows["lower"] + rows["upper"]) / 2).astype(float).tolist()
                lines.append(Line(style, middles, (counts / counts.sum()).tolist()))
        if lines:
            panels.append((group_name(str(group)), lines))
    if not panels:
        return None
    within = "two different people of the group" if len(panels) > 1 else "two different people"
    caption = (
        f"How often each comparison score occurred, as a share of comparisons: solid, {within}; "
        "dashed, the same person. The vertical line is the threshold in use."
    )
    at, mark = report.record.thresholds.operating, report.record.mark
    return draw("scores-chart", caption, panels, at=at, mark=mark)
