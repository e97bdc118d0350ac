"""Stage report: what follows the threshold slider (tables `rates`, `findings` in, words out).

The page carries finished strings and places on axes; its script picks them and writes no number.
Without it the page shows the setting of the brief.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from lfr_eval.contract.names import factor_words, group_name, metric_named
from lfr_eval.contract.record import StudyRecord
from lfr_eval.contract.tables import CROSS, EVERYBODY, OVERALL
from lfr_eval.contract.thresholds import same_threshold
from lfr_eval.contract.words import count, ratio, spoken_threshold
from lfr_eval.report.along import PAIRS, Setting, along_threshold, trade_off
from lfr_eval.report.chart import Chart, across, threshold_scale
from lfr_eval.report.crowd import crowd_sentence
from lfr_eval.report.findings import SYMBOLS, pair_words
from lfr_eval.report.picture import FEWEST, Bar, Picture, to_bar, to_picture, top_of
from lfr_eval.report.rates import Rate, as_miss, quote, records, to_rows

STEPS = 40
"""Positions of the slider at most: a finer one cannot be set by hand and would swell the page."""

Rates = Mapping[tuple[str, str], Mapping[int, Rate]]
"""(metric, group) to the rates along the places of the slider."""


class Part(NamedTuple):
    """One setting: a watchlist (or none) and a way to tell groups apart; `key` has their places.

    The `chart` shows rates along the threshold, `trade_off` one kind of error against the other
    (None where no group had both), and `data` is what the script shows at each threshold.
    """

    key: str
    chart: Chart
    trade_off: Chart | None
    data: dict[str, list[Any]]


class Explorer(NamedTuple):
    """The section where it starts, and what the script needs to move it.

    The slider moves the `cut`: a threshold, or a rank where lists hold no scores. It starts at one
    of the `thresholds`, and the `marks` say at which places, and why, others stand out: one is in
    use or was approved.
    """

    cut: str
    thresholds: list[str]
    start: int
    marks: list[tuple[int, str]]
    watchlists: list[tuple[str, tuple[str, str]]]
    factors: list[str]
    parts: list[Part]
    picture: Picture
    data: dict[str, Any]


class Pool(dict[str, int]):
    """Texts, each once: a page of fourteen groups repeats them thousands of times."""

    def place(self, text: str) -> int:
        """Return where the text stands."""
        return self.setdefault(text, len(self))


def sweep_thresholds(rates: pd.DataFrame, keep: Iterable[float]) -> list[float]:
    """Return the thresholds of the sweep, ascending, thinned to about `STEPS`.

    Thresholds to `keep` are never left out where the sweep has them.
    """
    values = np.unique(rates["threshold"].dropna().to_numpy(float))
    if len(values) > STEPS:
        places = set(np.linspace(0, len(values) - 1, STEPS).round().astype(int).tolist())
        for value in keep:
            places.update(np.flatnonzero(same_threshold(values, value)).tolist())
        values = values[sorted(places)]
    return [float(value) for value in values]


def to_explorer(
    rates: pd.DataFrame,
    findings: pd.DataFrame,
    record: StudyRecord,
    approved: Sequence[tuple[float, str]],
) -> Explorer | None:
    """Return the section; None where there is one setting only, so nothing to explore.

    `rates` have one row per metric, watchlist size, threshold and group. Thresholds that were
    `approved`, each with its label, are marked beside the operating one.
    """
    settings, at = _settings(rates), record.thresholds
    thresholds = sweep_thresholds(rates, (*at.tabulated, *(value for value, _ in approved)))
    if len(settings) * len(thresholds) < 2:
        return None
    places = {value: place for place, value in enumerate(thresholds)}
    labelled = [*([] if at.operating is None else [(at.operating, "in use")]), *approved]
    marks = [
        (place, f"{spoken_threshold(value)} {label}")
        for value, label in labelled
        for threshold, place in places.items()
        if same_threshold(threshold, value)
    ]
    primary = [places[value] for value in at.primary if value in places]
    start = [*(place for place, _ in marks), *primary, len(thresholds) - 1][0]
    factors = plain_factors([str(name) for name in rates["factor"]])
    pool, parts = Pool(), []
    shown: Picture | None = None
    rows: dict[tuple[int | None, str], list[Rate]] = {}
    for rate in to_rows(rates[rates["threshold"].isin(thresholds)]):
        rows.setdefault((rate.watchlist_size, rate.factor), []).append(rate)
    for number, (wrong, right, size) in enumerate(settings):
        all_of = _along(rows.get((size, OVERALL), []), wrong, right, places)
        for place, factor in enumerate(factors):
            found = _along(rows.get((size, factor), []), wrong, right, places)
            if not found:
                continue
            setting = Setting(
                f"{number}|{place}", (wrong, right), size, factor, thresholds, thresholds[start]
            )
            parts.append(_part(setting, found, all_of, findings, pool, record))
            if shown is None:
                first = [each[start] for each in found.values() if start in each]
                shown = to_picture(quote(first), whole=True)
                if len(settings) > 1:  # The caption stays when another setting is chosen.
                    shown = shown._replace(tries="")
    if shown is None:
        return None
    cut = "rank" if record.matcher.ranks else "threshold"
    said = [f"{-value:g}" if cut == "rank" else spoken_threshold(value) for value in thresholds]
    scale = threshold_scale(thresholds)
    return Explorer(
        *(cut, said, start, marks),
        [
            (f"{count(size)} faces" if size else f"none, {PAIRS}",
             (metric_named(wrong).plain, metric_named(right).plain))
            for wrong, right, size in settings
        ],
        *([factor_words(factor) for factor in factors], parts, shown),
        {
            "cut": cut,
            "thresholds": said,
            "parts": {each.key: each.data for each in parts},
            "words": list(pool),
            "across": [round(across(value, scale), 1) for value in thresholds],
        },
    )  # fmt: skip


def plain_factors(factors: Sequence[str]) -> tuple[str, ...]:
    """Return factors as a reader meets them: ethnicity first, crossed ones last."""
    named = [factor for factor in dict.fromkeys(factors) if factor != OVERALL]
    order = sorted(named, key=lambda factor: (CROSS in factor, factor != "ethnicity"))
    return tuple(order) or (OVERALL,)


def _settings(rates: pd.DataFrame) -> list[tuple[str, str, int | None]]:
    """Return the pairs of errors that belong together, the longest watchlist first."""
    codes = set(rates["metric"])
    searched = rates[rates["metric"].isin(["FPIR", "FNIR", "TPIR"])]["watchlist_size"].dropna()
    sizes = sorted({int(size) for size in searched}, reverse=True)
    found: list[tuple[str, str, int | None]] = [("FPIR", "FNIR", size) for size in sizes]
    return [*found, ("FMR", "FNMR", None)] if codes & {"FMR", "FNMR"} else found


def _along(
    rates: Sequence[Rate], wrong: str, right: str, places: Mapping[float, int]
) -> dict[tuple[str, str], dict[int, Rate]]:
    found: dict[tuple[str, str], dict[int, Rate]] = {}
    misses = right if right in {rate.metric for rate in rates} else "TPIR"
    for rate in rates:
        if rate.metric not in (wrong, misses):
            continue
        rate = as_miss(rate) if rate.metric == "TPIR" else rate
        place = places.get(rate.threshold or 0.0)
        if place is not None:
            found.setdefault((rate.metric, rate.group), {})[place] = rate
    return found


def _part(
    setting: Setting, found: Rates, all_of: Rates, findings: pd.DataFrame, pool: Pool,
    record: StudyRecord,
) -> Part:  # fmt: skip
    people = {group: max(each.subjects or FEWEST for each in rates.values())
              for (_, group), rates in found.items()}  # fmt: skip
    groups = [group for group, known in people.items() if known >= FEWEST] or list(people)
    steps = range(len(setting.thresholds))

    def along(of: Rates, code: str, group: str) -> list[Rate | None]:
        return [of.get((code, group), {}).get(place) for place in steps]

    sides = [[along(found, code, group) for group in groups] for code in setting.metrics]
    everybody = [along(all_of, code, EVERYBODY) for code in setting.metrics]
    tops = [[top_of([rates[place] for rates in side]) for place in steps] for side in sides]
    rows = []
    for number, group in enumerate(groups):
        bars = [
            [_packed(to_bar(side[number][place], top[place][0]), pool) for place in steps]
            for side, top in zip(sides, tops, strict=True)
        ]
        rows.append([group_name(group, setting.factor), bars])
    alerts = everybody[0] if setting.metrics[0] == "FPIR" else []
    data: dict[str, list[Any]] = {
        "rows": rows,
        "ends": [[pool.place(top[place][1]) for top in tops] for place in steps],
        "verdicts": _verdicts(findings, setting, pool),
        "crowd": [crowd_sentence(each, record.simulated) for each in alerts],
    }
    against = trade_off(setting, groups, sides, everybody if all_of else [], record)
    return Part(setting.key, along_threshold(setting, groups, sides, record), against, data)


def _packed(bar: Bar, pool: Pool) -> list[int]:
    """Return a bar as numbers: places of its texts, then thousandths of the axis, -1 for none."""
    ends = (-1 if each is None else round(1000 * each) for each in (bar.low, bar.middle, bar.high))
    return [pool.place(bar.rate), pool.place(bar.behind), *ends]


def _verdicts(findings: pd.DataFrame, setting: Setting, pool: Pool) -> list[Any]:
    """Return the primary comparisons along the sweep.

    A comparison is followed where it is primary at some threshold; elsewhere its verdict is
    exploratory, and marked so.
    """
    wrong, right = setting.metrics
    codes = [wrong, right if right in set(findings["metric"]) else "TPIR"]
    here = findings["threshold"].isin(setting.thresholds) & findings["metric"].isin(codes)
    here &= findings["watchlist_size"].fillna(0) == (setting.size or 0)
    rows = findings[(here & (findings["factor"] == setting.factor)).to_numpy(bool)]
    followed: dict[tuple[str, str, str], dict[float, Any]] = {}
    for row in records(rows[_TOLD]):
        followed.setdefault((row.metric, row.group_a, row.group_b), {})[row.threshold] = row
    made = []
    for (metric, a, b), at in followed.items():
        if any(row.primary for row in at.values()):
            told = [pool.place(_verdict(at[value]) if value in at else "not compared here")
                    for value in setting.thresholds]  # fmt: skip
            made.append([metric_named(metric).plain, pair_words(a, b, setting.factor), told])
    return made


_TOLD = ["metric", "group_a", "group_b", "threshold", "verdict", "primary", "ratio",
         "ratio_lower", "ratio_upper"]  # fmt: skip


def _verdict(row: SimpleNamespace) -> str:
    text, low, high = SYMBOLS.get(row.verdict, "–"), row.ratio_lower, row.ratio_upper
    text += f" {row.verdict}"
    if None not in (row.ratio, low, high):
        upper = "no limit" if math.isinf(high) else ratio(high, "up")
        text += f", {ratio(row.ratio)} times ({ratio(low, 'down')} to {upper})"
    return text if row.primary else f"{text}, exploratory"
