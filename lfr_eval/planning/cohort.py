"""Planning: what a cohort that is known can show (a table of people and a `Question` in, rows out).

Each group of a factor is compared with the largest one, as the study tests it: single factors share
the level, and all groups of a factor are tested first. A crossed factor is planned as the only
primary one, since in a study of single factors it is tested only after one of them has rejected.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from lfr_eval.cohort.labels import respelled
from lfr_eval.cohort.people_table import GUESSED, usual_columns
from lfr_eval.cohort.problems import ManifestMissingError
from lfr_eval.cohort.reading import read_text_table
from lfr_eval.contract.names import factor_words, group_words
from lfr_eval.contract.progress import counted
from lfr_eval.contract.spelling import is_group
from lfr_eval.contract.tables import CROSS
from lfr_eval.contract.trials import group_people
from lfr_eval.contract.words import joined, one_in
from lfr_eval.inference.intervals import no_event_bound
from lfr_eval.inference.minimum import FEWEST_EVENTS, FEWEST_PEOPLE
from lfr_eval.planning.answer import Case
from lfr_eval.planning.question import PlanningError, Question
from lfr_eval.planning.sample import LARGEST_RATIO, Power, Setting, difference_power, ratio_found
from lfr_eval.planning.words import BORROWED

DEFAULT_FACTORS = ("gender", "ethnicity", f"gender{CROSS}ethnicity")
SUBJECT = "subject_id"
NOTES = "notes"
STEPS = 10
"""Halvings of a range of ratios: to 1 %, which is half a point of power."""


@dataclass(frozen=True)
class Shown:
    """What one group of a cohort can show, compared with the reference group.

    Attributes
    ----------
    factor, group, reference
        Which groups.
    people, reference_people
        How many people each has.
    case
        How trials are taken to depend on one another.
    events, reference_events
        Events expected where both have the expected rate.
    powers
        Power for each ratio asked for.
    finds
        Smallest ratio found with the wanted power; infinite where none is.
    bound
        Rate that is bounded from above where the group has no event at all.
    untestable
        Why the comparison can only end untestable; empty where it need not.
    """

    factor: str
    group: str
    reference: str
    people: int
    reference_people: int
    case: str
    events: float
    reference_events: float
    powers: tuple[float, ...]
    finds: float
    bound: float
    untestable: str


def read_people(file: Path, factors: Sequence[str]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Read the labels of a cohort, and the factors that it has.

    Parameters
    ----------
    file
        CSV, Excel or Parquet with one row per person, or per image with `subject_id`, and a column
        a label, under the headings that `lfr-eval manifest` knows.
    factors
        Those asked for; none: those of gender, ethnicity and both that the file has labels for.

    Returns
    -------
    DataFrame, tuple
        The labels, one row per person, and the factors. `attrs[NOTES]` of the labels says which
        were changed.

    Raises
    ------
    PlanningError
        If the file cannot be read, or lacks a label.
    """
    try:
        read = read_text_table(file)
    except ManifestMissingError as error:
        raise PlanningError(f"--people: {error}") from error
    if read.problems:
        raise PlanningError(f"--people {file}: {read.problems[0]}")
    there = [str(name) for name in read.frame.columns]
    usual = usual_columns(there, {name: name for name in there if name in GUESSED})
    table = read.frame.rename(columns={column: name for name, column in usual.items()})
    # Groups as a study counts them: one spelling for each, and short names.
    labels = respelled(replace(read, frame=table), counted=("person", "people"))
    table = labels.table.frame
    if SUBJECT in table:
        table = table.drop_duplicates(SUBJECT).set_index(SUBJECT)
    asked = tuple(factors) or tuple(
        one for one in DEFAULT_FACTORS if set(one.split(CROSS)) <= set(table)
    )
    lacking = sorted({part for one in asked for part in one.split(CROSS)} - set(table))
    if lacking or not asked or not len(table):
        raise PlanningError(
            f"--people {file} must have a row per person and a column for every label: it has "
            f"{len(table)} rows and the columns {', '.join(map(str, table)) or 'none'}"
            + (f", and lacks {', '.join(lacking)}" if lacking else "")
            + ". Give labels that it has: --factors LABEL ..."
        )
    table.attrs[NOTES] = labels.table.notes
    return table, asked


def shown_by(people: pd.DataFrame, factors: Sequence[str], cases: Sequence[Case]) -> list[Shown]:
    """Say for every group of every factor what its comparison can show."""
    asked = list(_comparisons(people, factors, cases))
    return [_shown(*one) for one in counted(asked, "comparisons planned")]


def _comparisons(
    people: pd.DataFrame, factors: Sequence[str], cases: Sequence[Case]
) -> Iterator[tuple[Case, Setting, tuple[str, str, str], list[float]]]:
    """Yield what `_shown` takes, for every group of every factor."""
    singles = [factor for factor in factors if CROSS not in factor]
    for factor in factors:
        names, sizes = _groups(people, factor)
        if len(names) < 2:
            continue
        alone = CROSS in factor or len(factors) == 1
        reference = int(np.argmax(sizes))
        for case in cases:
            asked = replace(case.question, factors=(factor,) if alone else tuple(singles))
            setting = replace(replace(case, question=asked).setting, groups=len(names))
            for code in range(len(names)):
                if code == reference:
                    continue
                rest = [one for one in range(len(names)) if one not in (code, reference)]
                counts = [float(sizes[one]) for one in (code, reference, *rest)]
                named = factor, names[code], names[reference]
                yield case, setting, named, counts


def reference_of(people: pd.DataFrame, factor: str) -> str:
    """Return the largest group of a factor, or the first of equally large ones."""
    names, sizes = _groups(people, factor)
    return names[int(np.argmax(sizes))] if names else ""


def _groups(people: pd.DataFrame, factor: str) -> tuple[list[str], list[int]]:
    """Return the groups that can be compared, and how many people each has."""
    grouping = group_people(people, factor)
    sizes = np.bincount(grouping.codes, minlength=len(grouping.names)).tolist()
    both = [(name, n) for name, n in zip(grouping.names, sizes, strict=True) if is_group(name)]
    return [name for name, _ in both], [n for _, n in both]


def _shown(
    case: Case, setting: Setting, named: tuple[str, str, str], people: Sequence[float]
) -> Shown:
    """Say what one group can show; `people` of it, of the reference group and of all others."""
    question, (size, other, *third) = case.question, people

    def power_of(ratio: float) -> Power:
        return difference_power(setting, other, case.searched_ratio(ratio), size, third=third)

    few = min(size, other) < FEWEST_PEOPLE
    most = min(LARGEST_RATIO, 0.999 / setting.rate)
    events, reference_events = (setting.raw_trials(n) * setting.rate for n in (size, other))
    untestable = ""
    if few:
        untestable = f"fewer than {FEWEST_PEOPLE} people"
    elif reference_events + setting.raw_trials(size) < FEWEST_EVENTS:
        untestable = f"fewer than {FEWEST_EVENTS} events, whatever happens"
    return Shown(
        *named,
        int(size),
        int(other),
        case.dependence.name,
        events,
        reference_events,
        tuple(0.0 if untestable else power_of(ratio).value for ratio in question.ratios),
        math.inf if untestable else ratio_found(power_of, question.power, most, STEPS),
        float(no_event_bound(max(setting.certain_trials(size), 1.0), 0.95)),
        untestable,
    )


def _found(row: Shown) -> str:
    if row.untestable:
        return f"untestable: {row.untestable}"
    return "none" if math.isinf(row.finds) else f"ratio {row.finds:.3g}"


def as_table(rows: Sequence[Shown], ratios: Sequence[float], power: float) -> list[tuple[str, ...]]:
    """Return header and cells of what is shown."""
    head = (
        "group",
        "people",
        "against",
        "events if equal",
        *(f"power, ratio {ratio:g}" for ratio in ratios),
        f"finds with {100 * power:g} %",
        "below, without event",
        "how trials depend",
    )
    cells = [
        (
            group_words(row.group),
            f"{row.people:,}",
            f"{group_words(row.reference)} ({row.reference_people:,})",
            f"{row.events:.3g} / {row.reference_events:.3g}",
            *("-" if row.untestable else f"{100 * value:.0f} %" for value in row.powers),
            _found(row),
            one_in(row.bound, "up"),
            row.case,
        )
        for row in rows
    ]
    return [head, *cells]


def rests_on(factors: Sequence[str], question: Question) -> list[str]:
    """Return what the powers of a cohort rest on, in sentences."""
    singles = [factor for factor in factors if CROSS not in factor]
    crossed = [factor for factor in factors if CROSS in factor]
    said = [
        f"{question.metric} is the only primary metric of the study "
        f"(inference.primary_metrics=[{question.metric}]). A second one would halve the level.",
        "One group at a time has the ratio times the expected rate; all others have that rate.",
    ]
    if len(singles) > 1:
        said.append(
            f"{joined([factor_words(one) for one in singles])} share the significance level of "
            f"{100 * question.alpha:g} %, and each starts with "
            f"{100 * question.alpha / len(singles):.3g} %."
        )
    if not question.pairs:
        said.append(BORROWED)
    if crossed and singles:
        said.append(
            f"A crossed factor ({crossed[0]}) is planned as the only primary one "
            f"(inference.primary_factors=[{crossed[0]}]). Beside single factors it is "
            "tested only once one of them has shown a difference, and then at a small part of the "
            "level."
        )
    return said
