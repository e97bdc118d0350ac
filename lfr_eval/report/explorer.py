"""Stage report: what follows the threshold slider (tables `rates`, `findings` in, words out).

The page carries finished strings and places on axes; its script picks them and writes no number.
Without it the page shows the setting of the brief.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from lfr_eval.contract.names import factor_words, group_name, metric_named
from lfr_eval.contract.record import StudyRecord
from lfr_eval.contract.tables import CROSS, EVERYBODY, OVERALL
from lfr_eval.contract.thresholds import same_threshold
from lfr_eval.contract.words import ratio, spoken_threshold
from lfr_eval.report.along import Setting, along_threshold, trade_off, watchlist_words
from lfr_eval.report.chart import Chart, across, threshold_scale
from lfr_eval.report.crowd import crowd_sentence
from lfr_eval.report.findings import SYMBOLS, pair_words
from lfr_eval.report.picture import FEWEST, Bar, Picture, to_bar, to_picture, top_of
from lfr_eval.report.rates import Rate, as_miss, quote, real, to_rows

STEPS = 40
"""Positions of the slider at most: a finer one cannot be set by hand and would swell the page."""

Rates = Mapping[tuple[str, str], Mapping[int, Rate]]
"""(metric, group) to the rates along the places of the slider."""


@dataclass(frozen=True)
class Part:
    """One setting: a watchlist (or none) and a way to tell groups apart.

    Attributes
    ----------
    key
        Name within the page: place of the watchlist and place of the factor.
    chart
        Rates along the threshold, a panel per group.
    trade_off
        One kind of error against the other; None where no group had both.
    """

    key: str
    chart: Chart
    trade_off: Chart | None
    rows: tuple[Any, ...]
    ends: tuple[Any, ...]
    verdicts: tuple[Any, ...]
    crowd: tuple[str, ...] = ()


@dataclass(frozen=True)
class Explorer:
    """The section where it starts, and what the script needs to move it.

    Attributes
    ----------
    cut
        What the slider moves: a threshold, or a rank where lists hold no scores.
    thresholds, start
        Of the sweep, in words, and the place of the one in use.
    marks
        Places with why they are marked: the threshold in use, approved ones.
    picture, verdicts, crowd
        What is shown first.
    """

    cut: str
    thresholds: tuple[str, ...]
    start: int
    marks: tuple[tuple[int, str], ...]
    watchlists: tuple[tuple[str, tuple[str, str]], ...]
    factors: tuple[str, ...]
    parts: tuple[Part, ...]
    picture: Picture
    data: dict[str, Any]

    @property
    def verdicts(self) -> list[tuple[str, str, str]]:
        """Comparisons of the first setting: error, groups and verdict."""
        pool = self.data["words"]
        return [(row[0], row[1], pool[row[2][self.start]]) for row in self.parts[0].verdicts]

    @property
    def crowd(self) -> str:
        """The crowd of the first setting."""
        found = self.parts[0].crowd
        return found[self.start] if found else ""


@dataclass
class Pool:
    """Texts, each once: a page of fourteen groups repeats them thousands of times."""

    texts: dict[str, int] = field(default_factory=dict)

    def place(self, text: str) -> int:
        """Return where the text stands."""
        return self.texts.setdefault(text, len(self.texts))


def sweep_thresholds(rates: pd.DataFrame, keep: Iterable[float]) -> list[float]:
    """Return the thresholds of the sweep, ascending, thinned to about `STEPS`.

    Parameters
    ----------
    keep
        Thresholds that are never left out, where the sweep has them.
    """
    values = np.unique(rates["threshold"].dropna().to_numpy(float))
    if len(values) <= STEPS:
        return [float(value) for value in values]
    places = set(np.linspace(0, len(values) - 1, STEPS).round().astype(int).tolist())
    for value in keep:
        nearest = int(np.abs(values - value).argmin())
        if same_threshold(values[nearest], value):
            places.add(nearest)
    return [float(value) for value in values[sorted(places)]]


def to_explorer(
    rates: pd.DataFrame,
    findings: pd.DataFrame,
    record: StudyRecord,
    approved: Sequence[tuple[float, str]],
) -> Explorer | None:
    """Return the section; None where there is one setting only, so nothing to explore.

    Parameters
    ----------
    rates
        Table `rates`, one row per metric, watchlist size, threshold and group.
    findings
        Table `findings`.
    approved
        Thresholds to mark beside the operating one, each with its label.
    """
    rates = rates[rates["threshold"].notna()]
    settings = _settings(rates)
    keep = (*record.thresholds.tabulated, *(value for value, _ in approved))
    thresholds = sweep_thresholds(rates, keep)
    if len(settings) * len(thresholds) < 2:
        return None
    places = {value: place for place, value in enumerate(thresholds)}
    rates = rates[rates["threshold"].isin(thresholds)]
    marks = _marks(thresholds, record.thresholds.operating, approved)
    named = [*(each for each in record.thresholds.primary if each in places), thresholds[-1]]
    start = marks[0][0] if marks else places[named[0]]
    factors = plain_factors([str(name) for name in rates["factor"]])
    pool, parts, scale = Pool(), [], threshold_scale(thresholds)
    shown: Picture | None = None
    rows: dict[tuple[int | None, str], list[Rate]] = {}
    for rate in to_rows(rates):
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
            verdicts = _verdicts(findings, setting, pool)
            parts.append(_part(setting, found, all_of, verdicts, pool, record))
            if shown is None:
                first = [each[start] for each in found.values() if start in each]
                shown = to_picture(quote(first), whole=True)
                if len(settings) > 1:  # The caption stays when another setting is chosen.
                    shown = replace(shown, tries="")
    if shown is None:
        return None
    cut = "rank" if record.matcher.ranks else "threshold"
    said = [f"{-value:g}" if cut == "rank" else spoken_threshold(value) for value in thresholds]
    return Explorer(
        cut, tuple(said), start, marks,
        tuple(
            (watchlist_words(size), (metric_named(wrong).plain, metric_named(right).plain))
            for wrong, right, size in settings
        ),
        tuple(map(factor_words, factors)), tuple(parts), shown,
        {
            "cut": cut,
            "thresholds": said,
            "parts": {
                each.key: {"rows": each.rows, "ends": each.ends, "verdicts": each.verdicts,
                           "crowd": each.crowd}
                for each in parts
            },
            "words": list(pool.texts),
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
    setting: Setting, found: Rates, all_of: Rates, verdicts: tuple[Any, ...], pool: Pool,
    record: StudyRecord,
) -> Part:  # fmt: skip
    people = {group: max(each.subjects or FEWEST for each in rates.values())
              for (_, group), rates in found.items()}  # fmt: skip
    groups = [group for group, known in people.items() if known >= FEWEST] or list(people)
    steps = range(len(setting.thresholds))
    sides = [
        [[found.get((code, group), {}).get(place) for place in steps] for group in groups]
        for code in setting.metrics
    ]
    tops = [[top_of([rates[place] for rates in side]) for place in steps] for side in sides]
    ends = tuple(
        [pool.place(end) for _, end in (side_tops[place] for side_tops in tops)] for place in steps
    )
    rows = tuple(
        [
            group_name(group, setting.factor),
            [
                [_packed(to_bar(side[number][place], side_tops[place][0]), pool) for place in steps]
                for side, side_tops in zip(sides, tops, strict=True)
            ],
        ]
        for number, group in enumerate(groups)
    )
    crowd: tuple[str, ...] = ()
    if setting.metrics[0] == "FPIR":
        every = all_of.get((setting.metrics[0], EVERYBODY), {})
        crowd = tuple(crowd_sentence(every.get(place), record.simulated) for place in steps)
    everybody = [
        [all_of.get((code, EVERYBODY), {}).get(place) for place in steps]
        for code in setting.metrics
    ]
    along = along_threshold(setting, groups, sides, record)
    against = trade_off(setting, groups, sides, everybody if all_of else [], record)
    return Part(setting.key, along, against, rows, ends, verdicts, crowd)


def _packed(bar: Bar, pool: Pool) -> list[int]:
    """Return a bar as numbers: places of its texts, then thousandths of the axis, -1 for none."""
    ends = (-1 if each is None else round(1000 * each) for each in (bar.low, bar.middle, bar.high))
    return [pool.place(bar.rate), pool.place(bar.behind), *ends]


def _verdicts(findings: pd.DataFrame, setting: Setting, pool: Pool) -> tuple[Any, ...]:
    """Return the primary comparisons along the sweep.

    A comparison is followed where it is primary at some threshold; elsewhere its verdict is
    exploratory, and marked so.
    """
    metrics, size, factor = setting.metrics, setting.size, setting.factor
    right = metrics[1] if metrics[1] in set(findings["metric"]) else "TPIR"
    here = findings["threshold"].isin(setting.thresholds) & (findings["factor"] == factor)
    rows = findings[here & findings["metric"].isin([metrics[0], right])]
    sized = rows["watchlist_size"]
    rows = rows[(sized.isna() if size is None else sized == size).fillna(False).to_numpy(bool)]
    followed: dict[tuple[str, str, str], dict[float | None, Any]] = {}
    for row in rows[_TOLD].itertuples(index=False):
        key = (str(row.metric), str(row.group_a), str(row.group_b))
        followed.setdefault(key, {})[real(row.threshold)] = row
    made = []
    for (metric, a, b), at in followed.items():
        if not any(_is_primary(row) for row in at.values()):
            continue
        told = [pool.place(_verdict(at[value]) if value in at else "not compared here")
                for value in setting.thresholds]  # fmt: skip
        made.append([metric_named(metric).plain, pair_words(a, b, factor), told])
    return tuple(made)


_TOLD = ["metric", "group_a", "group_b", "threshold", "verdict", "primary", "ratio",
         "ratio_lower", "ratio_upper"]  # fmt: skip


def _is_primary(row: Any) -> bool:
    return not pd.isna(row.primary) and bool(row.primary)


def _verdict(row: Any) -> str:
    text = f"{SYMBOLS.get(str(row.verdict), '–')} {row.verdict}"
    low, high = real(row.ratio_lower), real(row.ratio_upper)
    if real(row.ratio) is not None and low is not None and high is not None:
        upper = "no limit" if math.isinf(high) else ratio(high, "up")
        text += f", {ratio(real(row.ratio))} times ({ratio(low, 'down')} to {upper})"
    return text if _is_primary(row) else f"{text}, exploratory"


def _marks(
    thresholds: Sequence[float], operating: float | None, approved: Sequence[tuple[float, str]]
) -> tuple[tuple[int, str], ...]:
    named = [] if operating is None else [(operating, "in use")]
    named += [(value, label) for value, label in approved]
    return tuple(
        (place, f"{spoken_threshold(value)} {label}")
        for value, label in named
        for place, threshold in enumerate(thresholds)
        if same_threshold(threshold, value)
    )
