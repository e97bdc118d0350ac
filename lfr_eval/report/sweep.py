"""Stage report: the threshold sweep as data of the page (tables `rates`, `findings` in, JSON out).

The page carries every number behind its charts once, as compact JSON. The script reads nothing
else, so that a slider, a table behind a chart and a download cannot tell different stories.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lfr_eval.contract.tables import CROSS, OVERALL
from lfr_eval.contract.thresholds import same_threshold
from lfr_eval.contract.words import spoken_threshold
from lfr_eval.report.findings import OMNIBUS, still_possible
from lfr_eval.report.rates import real, whole
from lfr_eval.report.words import clean

STEPS = 50
"""Positions of the slider at most: a finer one cannot be set by hand and would swell the page."""
DIGITS = 5
COUNTS = {"events": "events", "affected": "subjects_with_event"}
CONSTANTS = {"trials": "trials", "people": "subjects"}
ENDS = {"lower": "down", "upper": "up"}

Compact = list[Any] | int | float | None


@dataclass(frozen=True)
class Approved:
    """A threshold that somebody approved, and who or what says so."""

    threshold: float
    label: str


def sweep_thresholds(rates: pd.DataFrame, keep: Sequence[float]) -> tuple[float, ...]:
    """Return the thresholds of the sweep, ascending, thinned to about `STEPS`.

    Parameters
    ----------
    keep
        Thresholds that are never left out, where the sweep has them.
    """
    values = np.unique(rates["threshold"].dropna().to_numpy(float))
    if len(values) <= STEPS:
        return tuple(float(value) for value in values)
    places = set(np.linspace(0, len(values) - 1, STEPS).round().astype(int).tolist())
    for value in keep:
        nearest = int(np.abs(values - value).argmin())
        if same_threshold(values[nearest], value):
            places.add(nearest)
    return tuple(float(value) for value in values[sorted(places)])


def setting_key(metric: str, size: int | None, factor: str) -> str:
    """Return the name under which the page keeps rates or comparisons of one setting."""
    return f"{metric}|{'' if size is None else size}|{factor}"


def rate_data(
    rates: pd.DataFrame, thresholds: Sequence[float], methods: list[str]
) -> dict[str, list[dict[str, Any]]]:
    """Return the rates of every setting, one entry a group, one number a threshold.

    Parameters
    ----------
    rates
        Table `rates`, one row a metric, watchlist size, threshold and group.
    thresholds
        Of the slider.
    methods
        Methods of intervals; those met here are added, and rows refer to them by place.
    """
    codes = set(rates["metric"])
    found: dict[str, list[dict[str, Any]]] = {}
    rates = rates[rates["threshold"].isin(list(thresholds))]
    for setting, part in rates.groupby(
        ["metric", "watchlist_size", "factor", "group"], dropna=False, sort=False
    ):
        metric, size, factor, group = setting
        if metric == "FNIR" and "TPIR" in codes:
            continue
        key = setting_key(str(metric), whole(size), str(factor))
        rows = part.drop_duplicates("threshold").set_index("threshold").reindex(list(thresholds))
        entry: dict[str, Any] = {"group": str(group)}
        for name, column in COUNTS.items():
            entry[name] = [whole(value) for value in rows[column]]
        for name, column in CONSTANTS.items():
            entry[name] = _constant([whole(value) for value in rows[column]])
        for name, rounding in ENDS.items():
            entry[name] = [_rounded(value, rounding) for value in rows[name]]
        entry["method"] = _places(rows["interval"], methods)
        found.setdefault(key, []).append(entry)
    return found


def verdict_data(
    findings: pd.DataFrame, thresholds: Sequence[float]
) -> dict[str, list[dict[str, Any]]]:
    """Return the verdicts of the planned comparisons along the sweep.

    A comparison is followed where the plan names it at some threshold; elsewhere its verdict
    is exploratory, and marked so.
    """
    keys = ["metric", "watchlist_size", "factor", "group_a", "group_b"]
    planned = findings.loc[findings["primary"].fillna(False).to_numpy(bool), keys]
    chosen = findings.merge(planned.drop_duplicates(), on=keys)
    chosen = chosen[chosen["threshold"].isin(list(thresholds))]
    found: dict[str, list[dict[str, Any]]] = {}
    for setting, part in chosen.groupby(keys, dropna=False, sort=False):
        metric, size, factor, a, b = setting
        rows = part.drop_duplicates("threshold").set_index("threshold").reindex(list(thresholds))
        verdicts = [None if pd.isna(value) else str(value) for value in rows["verdict"]]
        entry: dict[str, Any] = {
            "a": str(a),
            "b": str(b),
            "omnibus": a == OMNIBUS,
            "verdict": "".join("-" if each is None else each[0] for each in verdicts),
            "primary": "".join("1" if each is True else "0" for each in _flags(rows["primary"])),
            "id": _names(rows["finding_id"], thresholds),
            "ratio": [_rounded(value, "nearest") for value in rows["ratio"]],
            "lower": [_rounded(value, "down") for value in rows["ratio_lower"]],
            "upper": [_rounded(value, "up") for value in rows["ratio_upper"]],
            "possible": [
                _rounded(still_possible(lower, upper), "up")
                for lower, upper in zip(rows["ratio_lower"], rows["ratio_upper"], strict=True)
            ],
        }
        key = setting_key(str(metric), whole(size), str(factor))
        found.setdefault(key, []).append(entry)
    return found


def plain_factors(factors: Sequence[str]) -> tuple[str, ...]:
    """Return factors as a reader meets them: single ones, then intersections, else everybody."""
    named = [factor for factor in dict.fromkeys(factors) if factor != OVERALL]
    return tuple(sorted(named, key=lambda factor: CROSS in factor)) or (OVERALL,)


def to_json(content: Mapping[str, Any]) -> str:
    """Return JSON that may stand inside an HTML script element.

    `<`, `>` and `&` are escaped, so that no text of a study can end the element or open another.
    """
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _flags(values: pd.Series) -> Iterator[bool]:
    for value in values:
        yield not pd.isna(value) and bool(value)


def _constant(values: list[int | None]) -> Compact:
    return values[0] if len(set(values)) == 1 else list(values)


def _rounded(value: object, rounding: str) -> float | int | None:
    """Round outwards to a few digits; infinity, which JSON does not know, becomes a large number.

    A bound in the page is then never stronger than the computed one.
    """
    number = real(value)
    if number is None:
        return None
    if math.isinf(number):
        return 1e308
    if number == 0:
        return 0
    unit = 10.0 ** (math.floor(math.log10(abs(number))) - DIGITS + 1)
    steps = float(f"{number / unit:.9g}")
    turned = math.floor(steps) if rounding == "down" else math.ceil(steps)
    if rounding == "nearest":
        turned = round(steps)
    return float(f"{turned * unit:.{DIGITS}g}")


def _places(values: pd.Series, methods: list[str]) -> str:
    """Return one letter a threshold: the method of the interval, or a space where there is none."""
    letters = []
    for value in values:
        if pd.isna(value):
            letters.append(" ")
            continue
        name = clean(str(value))
        if name not in methods:
            methods.append(name)
        letters.append(chr(ord("a") + methods.index(name)))
    return "".join(letters)


def _names(values: pd.Series, thresholds: Sequence[float]) -> str | list[str]:
    """Return finding ids as one pattern where they differ in the threshold alone."""
    names = ["" if pd.isna(value) else str(value) for value in values]
    texts = [spoken_threshold(value).replace("−", "-") for value in thresholds]
    patterns = {
        name.replace(text, "@") if name.count(text) == 1 else None
        for name, text in zip(names, texts, strict=True)
        if name
    }
    pattern = patterns.pop() if len(patterns) == 1 else None
    return pattern if pattern is not None and pattern.count("@") == 1 else names
