"""Figures of a claim: whether the study has them, and where; those of two settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lfr_eval.contract.names import group_words
from lfr_eval.contract.tables import EVERYBODY
from lfr_eval.contract.thresholds import same_threshold
from lfr_eval.contract.words import one_in, threshold_text
from lfr_eval.finished.claims.units import unit_beside

_NUMBER = r"\d+(?:\.\d+)?"
_ALONE = r"(?!\d|\.\d| ?%| in \d)"
_SETTING = re.compile(
    rf"\b(?:thresholds?|settings?|sensitivity)(?: (?:of|was|is|at|value|level|to|set|set to|set at|"
    rf"now|between|from|above|below))* (-?{_NUMBER}){_ALONE}(?: (?:and|to|or) (-?{_NUMBER})"
    rf"{_ALONE})?|\b(?:at|from|to|of|above|below|and|than) (-?0\.\d+)(?! ?%)|"
    r"\b(-?0\.\d+) (?:(?:threshold|setting|option|level|mark|operating)|(?:is|was|seems|looks|"
    r"gives|strikes|should|would|must|may|might|can)(?!\w))"
)
_SIZE = re.compile(
    r"\bwatch-?lists?(?: (?:of|with|held|holds|holding|contain\w+|had|has|size|over|about|was|is|"
    r"up to))* (\d+)|\b(\d+)(?:[- ](?:images?|faces?|people|person|names?|strong|entr(?:y|ies)))? "
    r"watch-?list|\b(\d+) (?:images?|faces?|people|names?|entries) (?:on (?:the|a|its) watch-?list|"
    r"to (?:search|match))"
)
_ONE_IN = re.compile(
    rf"\b({_NUMBER}) (?:times? )?(?:in|out of) (?:every )?({_NUMBER})\b|"
    rf"\b({_NUMBER}) (?:[\w-]+ ){{1,3}}(?:in|per|out of|for|to) (?:every |each )?(\d{{2,}})\b"
)
_MORE = re.compile(rf"\b({_NUMBER}) % (more|less|higher|lower|fewer|greater|harder|easier)\b")
_PROPORTION = re.compile(
    r"\b(?:tpir|fpir|fnir|fmr|fnmr|rates?|probability|proportion)(?: (?!at\b|thresh)\w+){0,3}? "
    r"(?:(?:of|was|is|equals|=) )(0?\.\d+)(?!\d| ?%)"
)
_PERCENT = re.compile(rf"({_NUMBER}) %")
_TIMES = re.compile(
    rf"\b({_NUMBER}) times (?:more|less|as|higher|lower|greater|the|that|likelier|worse)\b"
)
_COUNT = re.compile(
    r"\b(\d+) (?:people |persons |passes |participants |volunteers )?(?:out )?of "
    r"(?:the |all )?(\d+)\b"
)
_P = re.compile(rf"\bp(?:[- ]values?)? ?(?:=|<|>|≤|≥|was|of|is)* ?({_NUMBER})")
_LEVEL = re.compile(
    rf"\b{_NUMBER} % (?:confiden\w+|intervals?|ranges?|certain\w*|sure|level|power)"
)
_Reader = Callable[[re.Match[str], pd.DataFrame], pd.DataFrame]

_BELOW = 2e-3
"""How near a ratio or p-value must be at least, relative to itself, where it is written in full."""


@dataclass(frozen=True)
class Rate:
    """A rate or a ratio in a claim, and where the study has it.

    Attributes
    ----------
    text
        As it is written: `1 in 6000` or `89 %`.
    places
        Rows of the table `rates` (of `findings`, for a ratio) that are this figure, as precisely
        as it is written.
    unit
        The word beside it that says what is counted; empty where there is none.
    """

    text: str
    places: pd.DataFrame
    unit: str = ""


@dataclass(frozen=True)
class Figures:
    """The figures of a claim.

    Attributes
    ----------
    thresholds, sizes
        Face-match thresholds and watchlist sizes that it names.
    rates, counts, ratios
        Its rates, as `1 in N` or percentages and as numbers of a number, and how many times a rate
        is another.
    strange
        Figures that no table of the study holds, as they are written.
    several
        How many figures there are that the study could hold.
    """

    thresholds: tuple[float, ...]
    sizes: tuple[float, ...]
    rates: tuple[Rate, ...]
    counts: tuple[Rate, ...]
    ratios: tuple[Rate, ...]
    strange: tuple[str, ...]
    several: int

    def at_setting(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the rows at the threshold and the watchlist size that the claim names."""
        keep = at(rows["threshold"], self.thresholds)
        keep = keep & at(rows["watchlist_size"].astype("Float64"), self.sizes)
        return _kept(rows, keep)


def _kept(rows: pd.DataFrame, keep: np.ndarray) -> pd.DataFrame:
    return rows.take(np.flatnonzero(keep))


def at(column: pd.Series, named: tuple[float, ...]) -> np.ndarray:
    """Return which thresholds or sizes are named; all where none is."""
    if not named:
        return np.ones(len(column), bool)
    values = column.to_numpy(float, na_value=np.nan)
    near: np.ndarray = np.any([same_threshold(values, one) for one in named], axis=0)
    return near


def figures_of(plain: str, rates: pd.DataFrame, findings: pd.DataFrame) -> Figures:
    """Return the figures of a claim.

    Parameters
    ----------
    plain
        As `wording.in_plain` gives it.
    rates, findings
        The tables of a study.
    """
    plain = _PROPORTION.sub(_in_percent, plain)
    thresholds = [float(one) for found in _SETTING.findall(plain) for one in found if one]
    sizes = [float(one) for found in _SIZE.findall(plain) for one in found if one]
    # What names a setting or a confidence level is no rate.
    rest = _LEVEL.sub(" ", _SIZE.sub(" ", _SETTING.sub(" ", plain)))
    strange: list[str] = []
    ratios: list[Rate] = []
    counts: list[Rate] = []
    several = 0
    at_threshold = findings[at(findings["threshold"], tuple(thresholds))]
    read: tuple[tuple[re.Pattern[str], _Reader, pd.DataFrame], ...] = (
        (_P, _p_values, at_threshold),
        (_MORE, _ratios, findings),
        (_TIMES, _ratios, findings),
        (_COUNT, _counts, rates),
    )
    for pattern, places, table in read:
        for found in pattern.finditer(rest):
            several += 1
            text = f"{found.group(1)} times" if pattern is _TIMES else found.group().strip()
            one = Rate(text, places(found, table), unit_beside(rest, *found.span()))
            if one.places.empty:
                strange.append(one.text)
            elif pattern in (_MORE, _TIMES):
                ratios.append(one)
            elif pattern is _COUNT:
                counts.append(one)
        rest = pattern.sub(" ", rest)
    told = list(_rates(rest, rates))
    strange += [one.text for one in told if one.places.empty]
    return Figures(
        tuple(dict.fromkeys(thresholds)),
        tuple(dict.fromkeys(sizes)),
        tuple(told),
        tuple(counts),
        tuple(ratios),
        tuple(strange),
        several + len(told),
    )


def _in_percent(found: re.Match[str]) -> str:
    """Write a proportion as a percentage, as precisely as it is written."""
    digits = len(found.group(1).partition(".")[2])
    percent = f"{100 * float(found.group(1)):.{max(digits - 2, 0)}f} %"
    return found.group().replace(found.group(1), percent)


def misplaced(figures: Figures) -> Iterator[str]:
    """Yield one sentence for each figure that the study has, but elsewhere than the claim says."""
    found = False
    words = [("threshold", figures.thresholds), ("watchlist size", figures.sizes)]
    named = " and the ".join(word for word, values in words if values)
    for figure in figures.rates:
        if named and len(figure.places) and figures.at_setting(figure.places).empty:
            found = True
            yield (
                f"{figure.text} is {describe(figure.places)}, not a rate at the {named} that the "
                "claim names."
            )
    known = [one for one in figures.rates if not one.places.empty]
    if not found and len(known) == 1 and len(figures.thresholds) > 1:
        found = True
        listed = " and ".join(threshold_text(one) for one in figures.thresholds)
        yield f"It names thresholds {listed}, but {known[0].text} is {describe(known[0].places)}."
    if not found:
        yield from _mixed(known)


def _mixed(figures: list[Rate]) -> Iterator[str]:
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
                    f"{one.text} and {other.text} are not from the same setting: {one.text} is "
                    f"{describe(searches[0])}; {other.text} is {describe(searches[1])}."
                )


def _rates(text: str, rates: pd.DataFrame) -> Iterator[Rate]:
    known = rates[rates["events"] > 0]
    values = known["rate"].to_numpy(float)
    told: list[tuple[int, Rate]] = []
    for found in _ONE_IN.finditer(text):
        a, b, c, d = found.groups()
        above, below = (a, b) if a else (c, d)
        if float(above) > float(below) or not float(below):
            continue
        # As precise as it is written: `1 in 6000` may stand for 5,950 to 6,050, `9 in 10` for
        # 8.5 to 9.5 in 10.
        near = np.abs(float(above) / values - float(below)) <= _step(below)
        if float(above) > 1:
            near = np.abs(float(below) * values - float(above)) <= _step(above)
        unit = unit_beside(text, *found.span())
        told.append((found.start(), Rate(f"{above} in {below}", known[near], unit)))
    for found in _PERCENT.finditer(_ONE_IN.sub(lambda one: " " * len(one.group()), text)):
        written = found.group(1)
        near = np.abs(100 * values - float(written)) <= _step(written)
        unit = unit_beside(text, *found.span())
        told.append((found.start(), Rate(f"{written} %", known[near], unit)))
    yield from (rate for _, rate in sorted(told, key=lambda each: each[0]))


def _step(written: str) -> float:
    decimals = len(written.partition(".")[2])
    if decimals:
        return 0.5 * 10.0**-decimals
    digits = written.rstrip("0")
    return max(0.5 * 10.0 ** (len(written) - max(len(digits), 2)), 0.5)


def _p_values(found: re.Match[str], findings: pd.DataFrame) -> pd.DataFrame:
    written = found.group(1)
    columns = findings[["p_value", "p_adjusted"]].to_numpy(float)
    near = np.abs(columns - float(written)) <= _step(written)
    return _kept(findings, np.any(near, axis=1))


def _ratios(found: re.Match[str], findings: pd.DataFrame) -> pd.DataFrame:
    value, step = _ratio(found)
    known = findings["ratio"].to_numpy(float)
    step = max(step, _BELOW * abs(value))
    with np.errstate(divide="ignore", invalid="ignore"):
        near = (np.abs(known - value) <= step) | (np.abs(1 / known - value) <= step)
    return _kept(findings, near & np.isfinite(known) & (known > 0))


def _ratio(found: re.Match[str]) -> tuple[float, float]:
    """Return a ratio, from "4 times" or from "40 % more", and how precisely it is written."""
    written = found.group(1)
    if found.re is _TIMES:
        return float(written), _step(written)
    sign = -1 if found.group(2) in ("less", "lower", "fewer") else 1
    return 1 + sign * float(written) / 100, _step(written) / 100


def _counts(found: re.Match[str], rates: pd.DataFrame) -> pd.DataFrame:
    part, whole = map(float, found.groups())
    people = (rates["subjects_with_event"] == part) & (rates["subjects"] == whole)
    trials = (rates["events"] == part) & (rates["trials"] == whole)
    return _kept(rates, (people | trials).to_numpy(bool, na_value=False))


def describe(places: pd.DataFrame) -> str:
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
        who = "" if row["group"] == EVERYBODY else f" of {group_words(row['group'], row['factor'])}"
        where = f" at {' and '.join(at)}" if at else ""
        words.append(f"the {row['metric']}{who} ({one_in(row['rate'])}){where}")
    return " or ".join(words)


def told_ratio(plain: str) -> float | None:
    """Return the ratio that a claim names; None where it names none."""
    found = _TIMES.search(plain) or _MORE.search(plain)
    return _ratio(found)[0] if found else None
