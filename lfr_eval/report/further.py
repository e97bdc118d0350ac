"""Stage report: charts of the further tables (view model in, charts out)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Further:
    """Charts of the further tables; those of growth and of models in the order of their blocks."""

    growth: tuple[Chart | None, ...]
    modelled: tuple[tuple[Chart, ...], ...]
    scores: Chart | None

    @property
    def all(self) -> tuple[Chart, ...]:
        """All of them."""
        known = [*self.growth, *(chart for part in self.modelled for chart in part), self.scores]
        return tuple(chart for chart in known if chart is not None)


def further_charts(report: Report) -> Further:
    """Draw the charts of the further tables."""
    mark = report.record.mark
    growth = report.growth
    return Further(
        tuple(_growth(growth, place, block, mark) for place, block in enumerate(growth.blocks))
        if growth
        else (),
        tuple(
            tuple(_modelled(tail, report.record.thresholds.operating, mark))
            for tail in report.tails or ()
        ),
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
        lines = []
        for way, style in styles.items():
            of_way = _thin(part[part["way"] == way].sort_values("watchlist_size"))
            values = {name: of_way[name].astype(float).tolist()
                      for name in ("watchlist_size", "rate", "lower", "upper")}  # fmt: skip
            band = (values["lower"], values["upper"]) if way == "resampled" else ((), ())
            lines.append(Line(style, values["watchlist_size"], values["rate"], *band))
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
        modelled = tail.modelled[(tail.modelled["factor"] == factor)]
        modelled = modelled[modelled["rate"].notna()]
        observed = tail.observed[tail.observed["factor"] == factor]
        panels: list[tuple[str, list[Line]]] = []
        for group, part in modelled.groupby("group", sort=False):
            seen = _thin(observed[observed["group"] == group].sort_values("threshold"))
            part = _thin(part.sort_values("threshold"))
            at_, rate, lower, upper = (
                part[name].astype(float).tolist()
                for name in ("threshold", "rate", "lower", "upper")
            )
            model = Line("second", at_, rate, lower, upper)
            panels.append((f"{group_name(str(group))}: MODELLED", [_observed(seen), model]))
        if not panels:
            continue
        caption = (
            f"MODELLED, not observed: {tail.metric.name.lower()} by {factor_words(str(factor))} "
            "against the threshold. Solid: observed, with intervals. Dashed: the model and its "
            "interval."
        )
        name = f"modelled-{tail.watchlist_size or 'pairs'}-{place}"
        yield draw(name, caption, panels, at=at, mark=mark)


def _observed(rows: pd.DataFrame) -> Line:
    rates = to_rows(rows)
    return line_of("first", [rate.threshold or 0.0 for rate in rates], rates, banded=False)


def _thin(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.iloc[:: max(1, len(rows) // POINTS)]


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
