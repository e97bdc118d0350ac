"""Planning: an answer as a person reads it, and as a program does (`Answer` in, text out)."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import pandas as pd

from lfr_eval.contract.columns import aligned
from lfr_eval.contract.names import factor_words
from lfr_eval.contract.spreadsheets import csv_text
from lfr_eval.contract.tables import PLANNING
from lfr_eval.contract.words import joined, one_in, threshold_text
from lfr_eval.inference.families import SHARED
from lfr_eval.planning.answer import Answer, Case
from lfr_eval.planning.dependence import correlation_of
from lfr_eval.planning.pilot import Pilot
from lfr_eval.planning.question import CLOSED, LINEAR, REAL_SPREAD, Question

TITLES = {
    "people": "How many people a group?",
    "power": "What is the power of this design?",
    "ratio": "Which ratio does this design find?",
    "bound": "If no event is seen, how low is the rate?",
}


def as_text(answer: Answer) -> str:
    """Return an answer as tables and sentences for a terminal."""
    parts = [_setting(answer)]
    rows = _records(answer)
    for asked, title in TITLES.items():
        chosen = [row for row in rows if row["asked"] == asked]
        if chosen:
            head, *cells = _cells(chosen, asked)
            parts.append("\n".join([title, *aligned(head, cells)]).rstrip())
    parts.append("\n".join(["What this rests on", *(f"- {note}" for note in assumptions(answer))]))
    return "\n\n".join(parts)


def as_json(answer: Answer) -> str:
    """Return an answer as JSON: the question as asked, the rows, what it rests on."""
    rows = [
        {key: None if _missing(value) else value for key, value in row.items()}
        for row in _records(answer)
    ]
    content = {
        "question": asdict(answer.question),
        "rows": rows,
        "assumptions": list(assumptions(answer)),
    }
    return json.dumps(content, indent=2)


def as_csv(answer: Answer) -> str:
    """Return the table `planning` as CSV."""
    return csv_text(answer.rows).rstrip("\n")


def assumptions(answer: Answer) -> list[str]:
    """Return what the answer rests on, in sentences."""
    question = answer.question
    said = list(answer.notes)
    if question.rate is not None:
        said.append(
            "The lower group has the expected rate, the higher one the ratio times it; groups "
            "are of equal size."
        )
    if question.rate is not None:
        said.append(_shared_words(question))
    if question.groups > 2:
        opened = question.level * (1 - SHARED if len(question.sharing) > 1 else 1)
        said.append(
            f"{question.groups - 1} groups are compared with a reference group. Each comparison is "
            "planned as the study tests it: first all groups at once, then each group with the "
            f"reference group at {100 * opened / (question.groups - 2):.3g} %; equivalence "
            "by Holm's procedure. The answer assumes that only one group differs. The other "
            "methods have "
            f"{100 * question.level / (question.groups - 1):.3g} % for each comparison."
        )
    several = len(question.cases) > 1 and len({case.dependence.name for case in answer.cases}) > 1
    if question.pairs and several:
        said.append(
            "How much people differ in how often they are falsely matched is not stated "
            "(--spread), so two answers are shown: not at all, and by a coefficient of variation "
            f"of {REAL_SPREAD:g}, as in FairFace groups with FaceNet."
        )
    elif several:
        said.append(
            "How much the passes of one person repeat one another is not stated, so both extremes "
            "are shown: not at all, and completely. Narrow this with --pilot or --correlation."
        )
    if not question.pairs:
        said.append(BORROWED)
    if question.watchlist is not None and question.fillers is not None:
        said.append(_scaling_words(answer))
    evidence = set(answer.rows["evidence"])
    said += [sentence for name, sentence in _EVIDENCE.items() if name in evidence]
    return said


def _shared_words(question: Question) -> str:
    """Return how much of the level this is planned with, and what would take some of it away."""
    alone = (
        f"{question.metric} is the only primary metric (inference.primary_metrics="
        f"[{question.metric}]). A second primary metric would halve the level."
    )
    if len(question.sharing) > 1:
        names = joined([factor_words(one) for one in question.sharing])
        level = f"the significance level of {100 * question.alpha:g} %"
        return f"The factors {names} share {level}, and {alone}"
    return (
        f"One factor has the whole significance level of {100 * question.alpha:g} %, and {alone} A "
        "study as shipped compares gender and ethnicity. If yours has several factors, name them "
        "(--factors gender ethnicity). Otherwise its power will be lower than printed."
    )


def pilot_words(pilot: Pilot) -> tuple[str, ...]:
    """Return what a pilot says, in sentences with its uncertainty."""
    at = "" if pilot.threshold is None else f" at threshold {threshold_text(pilot.threshold)}"
    if pilot.watchlist_size is not None:
        at += f" and a watchlist of {pilot.watchlist_size:,}"
    counts = f"{pilot.events:,} of {pilot.trials:,} trials of {pilot.people:,} people"
    if pilot.rate is None:
        rate = (
            f"The pilot saw no event of {pilot.metric}{at} ({counts}): the rate is below "
            f"{in_full(pilot.upper, 'up')} (95 % confidence), and what follows is the least that a "
            "study must be."
        )
    else:
        rate = (
            f"The pilot's {pilot.metric}{at} is {in_full(pilot.rate)} ({counts}; 95 % interval "
            f"{in_full(pilot.lower, 'down')} to {in_full(pilot.upper, 'up')})."
        )
    correlation = [
        correlation_of(effect, pilot.passes)
        for effect in (pilot.design_effect, pilot.effect_lower, pilot.effect_upper)
    ]
    return (
        rate,
        f"Its design effect within groups is {pilot.design_effect:.2f} (95 % interval "
        f"{pilot.effect_lower:.2f} to {pilot.effect_upper:.2f}, people redrawn), measured "
        f"{pilot.effect_from}: a within-person correlation of {correlation[0]:.2f} "
        f"({correlation[1]:.2f} to {correlation[2]:.2f}) over {pilot.passes:.3g} passes a person.",
        "The answer is given at the estimates and at both ends of these intervals: highest rate "
        "and least dependence, lowest rate and most.",
    )


BORROWED = (
    "If a group has fewer than ten events, the study also looks at other listed thresholds to see "
    "how alike the trials of one person are. This answer assumes that it lists thresholds with up "
    "to eight times as many events. With only the threshold in use, power is lower."
)
"""What every power of trials of one person assumes."""

_EVIDENCE = {
    "enumerated": "Enumerated: every outcome listed with its probability; trials are "
    "independent, or count as fewer independent ones.",
    "drawn": "Drawn: the test applied to up to 2,000 studies, in each of which it estimates how "
    "much trials share; events of people are beta-binomial, tendencies to false matches "
    "log-normal.",
    "normal approximation": "Normal approximation: Fleiss, Levin and Paik (2003), chapter 4; for "
    "few events it errs, and the enumeration beside it counts.",
    "simulated": "Simulated: whole studies analysed by the code that analyses yours, at four "
    "thresholds each; events of people are beta-binomial, tendencies to false matches log-normal.",
    "exact": "The bound is 1 - 0.05^(1/n) for n independent trials; without pilot, independent "
    "trials are people, and passes only if a person's passes do not repeat one another. "
    "Comparisons that share people are not independent.",
}


def _records(answer: Answer) -> list[dict[str, Any]]:
    return [
        dict(zip(PLANNING.names, row, strict=True)) for row in answer.rows.itertuples(index=False)
    ]


def _setting(answer: Answer) -> str:
    question = answer.question
    rate = "" if question.rate is None else f"Expected rate {in_full(question.rate)}"
    if question.rate is not None and question.watchlist is not None:
        rate += f" at a watchlist of {question.watchlist:,}"
    if question.rate is not None and question.fillers is not None:
        searched = in_full(answer.cases[0].searched(question.rate))
        rate += f", {searched} at the {question.fillers:,} that are searched"
    passes = _number(question.passes)
    trials = f"{passes} pass{'' if passes == '1' else 'es'} per person"
    if question.pairs:
        trials = "every two people of a group compared once"
    design = f"{question.groups} groups, {trials}"
    powers = dict.fromkeys(f"{100 * case.question.power:g}" for case in answer.cases)
    of = f"for each of {len(question.sharing)} factors" if len(question.sharing) > 1 else ""
    of = of or f"for {factor_words(*question.sharing) if question.sharing else 'one factor'}"
    test = f"{100 * question.level:.3g} % level {of}, {', '.join(powers)} % power wanted"
    return "; ".join(part for part in (rate, design, test) if part) + "."


def _scaling_words(answer: Answer) -> str:
    question = answer.question
    other = CLOSED if question.scaling == LINEAR else LINEAR
    words = {
        LINEAR: "in proportion to the size, as the 2023 study published",
        CLOSED: "by the closed form 1 - (1 - rate)^(ratio of sizes), for independent references",
    }
    text = f"Rates are scaled between the two sizes {words[question.scaling]}."
    if question.rate is None:
        return text
    case = answer.cases[0]
    alternative = Case(replace(question, scaling=other), case.dependence)
    return f"{text} The {other} scaling would give {in_full(alternative.searched(question.rate))}."


def _cells(rows: Sequence[dict[str, Any]], asked: str) -> list[list[str]]:
    """Return header and cells; columns that say the same in every row are left out."""
    table = [[name for name, _ in _COLUMNS[asked]]]
    # By what is to be found; within it in the order of the answer.
    if asked != "ratio":
        rows = sorted(rows, key=lambda row: _nan_last(row["ratio"]))
    table += [[show(row) for _, show in _COLUMNS[asked]] for row in rows]
    keep = [
        place
        for place, name in enumerate(table[0])
        if name not in _MAY_BE_LEFT_OUT
        or len({line[place] for line in table[1:]} - {"-"}) > 1
        or (name == "events expected" and table[1][place] != "-")
    ]
    return [[line[place] for place in keep] for line in table]


_MAY_BE_LEFT_OUT = ("how trials depend", "events expected")


def _to_find(row: dict[str, Any]) -> str:
    if row["about"] == "no event":
        return "a bound without a false match"
    if row["about"] == "equivalence":
        return f"equal within {row['margin']:g}"
    return f"ratio {_number(row['ratio'])}"


def _people(row: dict[str, Any]) -> str:
    people = row["people"]
    return f"{people:,.0f}" if math.isfinite(people) else "no number is enough"


def _events(row: dict[str, Any]) -> str:
    lower, higher = row["events_lower"], row["events_higher"]
    if _missing(lower):
        return "-"
    return f"{lower:.3g} / {'-' if _missing(higher) else f'{higher:.3g}'}"


def _expected(row: dict[str, Any]) -> str:
    return "-" if _missing(row["events_lower"]) else f"{row['events_lower']:.3g}"


def _power(row: dict[str, Any]) -> str:
    value = row["power"]
    if _missing(value):
        return "-"
    text = f"{100 * value:.2g} %" if value < 0.1 else f"{100 * value:.1f} %"
    if 0.9995 <= value < 1:
        text = "over 99.9 %"
    return text if _missing(row["power_error"]) else f"{text} ± {100 * row['power_error']:.1f}"


def _ratio(row: dict[str, Any]) -> str:
    ratio = row["ratio"]
    return "none, however large" if _missing(ratio) or math.isinf(ratio) else f"{ratio:.3g}"


def _method(row: dict[str, Any]) -> str:
    return f"{row['method']}, {row['evidence']}" if row["evidence"] != "exact" else row["method"]


_COLUMNS: dict[str, list[tuple[str, Any]]] = {
    "people": [
        ("to be found", _to_find),
        ("people a group", _people),
        ("events expected", _events),
        ("power", _power),
        ("how trials depend", lambda row: row["case"]),
        ("how", _method),
    ],
    "power": [
        ("to be found", _to_find),
        ("power", _power),
        ("events expected", _events),
        ("how trials depend", lambda row: row["case"]),
        ("how", _method),
    ],
    "ratio": [
        ("ratio", _ratio),
        ("how trials depend", lambda row: row["case"]),
        ("how", _method),
    ],
    "bound": [
        ("rate below", lambda row: in_full(row["bound"])),
        ("that is", lambda row: f"{100 * row['bound']:.3g} %"),
        ("at the size searched", lambda row: f"{100 * row['searched_bound']:.3g} %"),
        ("independent trials", lambda row: f"{row['effective_trials']:,.0f}"),
        ("events expected", _expected),
        ("how trials depend", lambda row: row["case"]),
    ],
}


def in_full(rate: float, rounding: str = "nearest") -> str:
    """Write a rate as `1 in N`, N in full: plans are compared to the last person.

    The upper end of an interval is rounded `up` and its lower end `down`, as in `one_in`.
    """
    if not 0 < rate < 0.01:
        return one_in(rate, rounding)
    exact = 1 / rate
    whole = {"nearest": round(exact), "up": math.floor(exact), "down": math.ceil(exact)}
    return f"1 in {whole[rounding]:,}"


def _number(value: float) -> str:
    return f"{value:,.4g}"


def _missing(value: object) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _nan_last(value: float) -> float:
    return math.inf if _missing(value) else value
