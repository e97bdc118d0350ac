"""Planning: curves (an answered question in, an SVG or PNG file out).

Three panels: power against people a group, the ratio that is found against people, and the upper
bound without events against people.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lfr_eval.contract.words import one_in
from lfr_eval.contract.writing import written_aside
from lfr_eval.inference.intervals import no_event_bound
from lfr_eval.planning.answer import THIS_TEST, Answer, Case
from lfr_eval.planning.dependence import rate_at
from lfr_eval.planning.question import PlanningError
from lfr_eval.planning.sample import (
    LARGEST_RATIO,
    Power,
    difference_power,
    equivalence_power,
    ratio_found,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = (".svg", ".png", ".pdf")
RATIOS = (2.0, 3.0, 5.0, 10.0)
STYLES = ("-", "--", ":")
COLOURS = ("#005a9c", "#b3430b", "#00704f", "#8a2f73", "#5f6b7a")
POINTS = 25
STUDIES = 400
"""Studies drawn for a point of a curve: its standard error is at most 2.5 points."""
STEPS = 10
"""Halvings of the search for a ratio: nearer than a line is wide."""


def draw(answer: Answer, file: Path) -> None:
    """Draw the curves of an answer.

    Raises
    ------
    PlanningError
        If the file's ending is none of .svg, .png and .pdf, or there is no rate to draw from.
    """
    if file.suffix not in FORMATS:
        raise PlanningError(f"--figure {file} must end in one of {', '.join(FORMATS)}.")
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "lfr_eval", "font.size": 9}):
        stated = answer.question.rate is not None
        figure = Figure(figsize=(14 if stated else 5, 4.6), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(1, 3 if stated else 1, squeeze=False)[0]
        people = _people(answer)
        if stated:
            _power(axes[0], answer, people)
            _ratio(axes[1], answer, people)
        _bound(axes[-1], answer, people)
        for axis in axes:
            axis.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
            axis.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.14))
            axis.set_xscale("log")
            axis.set_xlabel("people a group")
            axis.grid(True, color="#d9dee5", linewidth=0.6)
            axis.spines[["top", "right"]].set_visible(False)
        kind, plain = file.suffix[1:], {"Date": None} if file.suffix == ".svg" else None
        with written_aside(file) as aside:
            figure.savefig(aside, format=kind, dpi=150, metadata=plain)


def _people(answer: Answer) -> np.ndarray:
    """People from a tenth of what the answer needs to ten times as many."""
    rows = answer.rows
    known = rows.loc[rows["method"].ne("two proportions") & rows["people"].notna(), "people"]
    finite = known[np.isfinite(known.to_numpy(float))].to_numpy(float)
    low, high = (finite.min(), finite.max()) if len(finite) else (100.0, 100.0)
    return np.unique(np.geomspace(max(5.0, low / 10), 10 * high, POINTS).round())


def _power(axis: Axes, answer: Answer, people: np.ndarray) -> None:
    question = answer.question
    ratios = question.ratios or (() if question.margin else RATIOS)
    for case, style in zip(_shown(answer), STYLES, strict=False):
        setting = case.setting
        for colour, ratio in zip(COLOURS, ratios, strict=False):
            searched = case.searched_ratio(ratio)
            values = _rising(
                partial(difference_power, setting, ratio=searched, studies=STUDIES), people
            )
            label = f"ratio {ratio:g}{_case_words(answer, case)}"
            axis.plot(people, values, style, color=colour, label=label)
        if question.margin is not None:
            margin = question.margin
            values = _rising(
                partial(equivalence_power, setting, margin=margin, studies=STUDIES), people
            )
            label = f"equal within {margin:g}{_case_words(answer, case)}"
            axis.plot(people, values, style, color=COLOURS[-1], label=label)
    axis.axhline(question.power, color="#5f6b7a", linewidth=0.8)
    axis.set_ylim(0, 1)
    axis.set_ylabel("power")
    axis.set_title("Power against people", loc="left")


def _rising(power_of: Callable[[float], Power], people: np.ndarray) -> list[float]:
    """Return the power of each number of people; from the first that is certain, all are."""
    values: list[float] = []
    for n in people:
        certain = bool(values) and values[-1] == 1.0
        values.append(1.0 if certain else power_of(float(n)).value)
    return values


def _ratio(axis: Axes, answer: Answer, people: np.ndarray) -> None:
    for case, style in zip(_shown(answer), STYLES, strict=False):
        people = people[:: max(1, len(people) // 12)]
        most = min(LARGEST_RATIO, 0.999 / case.searched(case.rate))
        setting = case.setting
        values = [
            ratio_found(
                lambda r, n=n, s=setting, c=case: difference_power(
                    s, float(n), c.searched_ratio(r), studies=STUDIES
                ),  # type: ignore[misc]
                answer.question.power,
                most,
                STEPS,
            )
            for n in people
        ]
        shown = [value if math.isfinite(value) else math.nan for value in values]
        label = case.dependence.name
        axis.plot(people, shown, style, color=COLOURS[0], label=label)
    axis.set_yscale("log")
    for formatted in (axis.yaxis.set_major_formatter, axis.yaxis.set_minor_formatter):
        formatted(lambda value, _: f"{value:g}")
    axis.set_ylabel(f"smallest ratio found with {100 * answer.question.power:g} % power")
    axis.set_title(f"Ratio found by {THIS_TEST}", loc="left")


def _bound(axis: Axes, answer: Answer, people: np.ndarray) -> None:
    question = answer.question
    for case, style in zip(_shown(answer), STYLES, strict=False):
        trials = people * question.passes / case.dependence.design_effect
        bound = np.asarray(no_event_bound(trials, 0.95))
        if question.watchlist is not None and question.fillers is not None:
            sizes = question.fillers, question.watchlist
            bound = np.array([rate_at(float(b), *sizes, question.scaling) for b in bound])
        axis.plot(people, bound, style, color=COLOURS[3], label=case.dependence.name)
    axis.set_yscale("log")
    axis.yaxis.set_major_formatter(lambda value, _: one_in(value))
    at = "" if question.watchlist is None else f" at a watchlist of {question.watchlist:,}"
    axis.set_title("Upper bound if no event is seen", loc="left")
    axis.set_ylabel(f"rate{at} (95 % confidence)")


def _shown(answer: Answer) -> tuple[Case, ...]:
    return answer.cases[: len(STYLES)]


def _case_words(answer: Answer, case: Case) -> str:
    return f", {case.dependence.name}" if len(answer.cases) > 1 else ""
