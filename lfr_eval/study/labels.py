"""What people and passes are labelled by (configuration and cohort in, a settled one out).

Settings name labels as people write them; the cohort may hold them in another spelling, with a
short name, or not at all. Here both are brought together before anything is computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import pandas as pd

from lfr_eval.cohort import Cohort
from lfr_eval.cohort.people_table import usual_columns
from lfr_eval.config import ConfigError, ManifestDatasetConfig, PairsDatasetConfig, StudyConfig
from lfr_eval.contract import defaults
from lfr_eval.contract.names import factor_words
from lfr_eval.contract.spelling import skeleton
from lfr_eval.contract.tables import CAPTURE, COHORT, CROSS
from lfr_eval.contract.words import joined, several, some

MOST_GROUPS = 20
"""A column with more values than this is taken for a remark, not for a label of groups."""

NO_LABELS = ("dataset_card", "filler")

SHOWN = 5
"""Images that a refusal names."""


@dataclass(frozen=True)
class Settled:
    """A configuration whose labels are those of the cohort.

    Attributes
    ----------
    config
        With the factors that people have labels for, and reference groups in their spelling.
    notes
        What was settled, in sentences without identities.
    """

    config: StudyConfig
    notes: tuple[str, ...]


def settled(config: StudyConfig, cohort: Cohort) -> Settled:
    """Bring the labels that a configuration names and those of the cohort together.

    The default factors are compared as far as people have labels for them. Where there is none of
    them, every label of people is compared.

    Raises
    ------
    ConfigError
        If a factor that was asked for has no label, or differs within a few people only, which is
        more often a slip than a condition of their passes.
    """
    people = cohort.people[~cohort.people["filler"].to_numpy(bool)]
    inference, notes = config.inference, list(cohort.notes)
    absent = [factor for factor in inference.factors if _nobody_has(people, factor)]
    problems = []
    if absent and list(inference.factors) == list(defaults.FACTORS):
        there = [factor for factor in inference.factors if factor not in absent]
        chosen = there or own_labels(people)
        missing = dict.fromkeys(part for f in absent for part in f.split(CROSS))
        unnamed = [part for part in missing if people[part].isna().all()]
        compared = ", ".join(chosen) or "none, since there is no label with two groups"
        meant = usual_columns([str(name) for name in people if name not in (*unnamed, *chosen)], {})
        rename = "".join(
            f" If '{meant[part]}' is {part}, rename that column."
            for part in unnamed
            if part in meant
        )
        notes.append(
            f"Nobody has a label for {' and '.join(unnamed)}. Groups are compared by: {compared}."
            f"{rename}"
        )
        inference = replace(inference, factors=chosen)
    elif absent:
        problems.append(
            f"inference.factors names {', '.join(absent)}, for which nobody has a label. Name "
            "labels that people have"
        )
    conditions, wrong = _conditions(config, cohort.images, people)
    problems += wrong
    if problems:
        raise ConfigError("The study cannot be run: " + "; ".join(problems) + ".")
    if conditions:
        notes.append(
            f"Labels of {' and '.join(conditions)} differ within people, so that it is a condition "
            "of passes: there is no false match rate by it."
        )
    notes += [
        f"The study cannot tell w{each[1:]}" for each in inseparable(inference.factors, cohort)
    ]
    groups = {
        factor: _as_labelled(group, factor, people, cohort.label_names)
        for factor, group in inference.reference_groups.items()
    }
    inference = replace(inference, reference_groups=groups)
    return Settled(replace(config, inference=inference), tuple(notes))


def inseparable(factors: Sequence[str], cohort: Cohort) -> list[str]:
    """Say which two factors divide people and passes alike, so that they cannot be told apart.

    Whoever compares women with men where all women passed camera 2 and all men camera 1 compares
    the cameras as well.

    Parameters
    ----------
    factors
        Those that groups are compared by; labels of people or of passes. Of crossed ones each part.

    Returns
    -------
    list of str
        A sentence for each two of them. Missing labels do not count.
    """
    images, found = cohort.images, []
    passes = images[~images["role"].isin(["reference", "filler"])]
    labels = cohort.people
    parts = dict.fromkeys(part for factor in factors for part in factor.split(CROSS))
    if len(parts) < 2:
        return []
    told = {
        part: passes["subject_id"].map(labels[part]) if part in labels else passes[part]
        for part in parts
        if part in labels or part in passes
    }
    for first, second in combinations(told, 2):
        pairs = pd.DataFrame({"a": told[first].array, "b": told[second].array}).dropna()
        pairs = pairs.drop_duplicates().sort_values(["a", "b"])
        if len(pairs) < 2 or pairs["a"].duplicated().any() or pairs["b"].duplicated().any():
            continue
        same = [
            f"{factor_words(first)} '{a}' always goes with {factor_words(second)} '{b}'"
            for a, b in pairs.head(SHOWN).itertuples(index=False)
        ]
        found.append(
            f"Whether {factor_words(first)} or {factor_words(second)} is the reason for a "
            f"difference: {joined(same)}, and vice versa."
        )
    return found


def check_roles(config: StudyConfig, images: pd.DataFrame) -> None:
    """Refuse people who cannot be compared, before any image is looked at.

    Raises
    ------
    ConfigError
        If nobody is enrolled, or nobody passes.
    """
    if isinstance(config.dataset, PairsDatasetConfig):
        return
    needed = {"probe": ("probe", "both")}
    if "verification" in config.design.kinds:
        needed["reference"] = ("reference", "both")
    problems = [
        f"no image has the role '{name}' or 'both', which {config.design.name} needs"
        for name, roles in needed.items()
        if not images["role"].isin(roles).any()
    ]
    if problems:
        log = config.matcher.name == "alerts" and getattr(config.dataset, "pass_log", "") is None
        remedy = " Give the log of passes: dataset.pass_log=FILE." if log else ""
        raise ConfigError("The people cannot be compared: " + "; ".join(problems) + f".{remedy}")


def told_factors(people: pd.DataFrame) -> list[str]:
    """Return the default factors that somebody has the labels of."""
    return [
        factor
        for factor in defaults.FACTORS
        if all(part in people and people[part].notna().any() for part in factor.split(CROSS))
    ]


def own_labels(people: pd.DataFrame) -> list[str]:
    """Return the labels of people, beside those of a manifest, that have 2 to 20 groups.

    Age bands are compared where there is no other label.
    """
    found = [
        str(name)
        for name in people.columns
        if name not in (*COHORT.names, *NO_LABELS)
        and not str(name).endswith("_source")
        and 2 <= people[name].nunique() <= MOST_GROUPS
    ]
    if not found and "age_band" in people and len(people["age_band"].dropna().unique()) > 1:
        found = ["age_band"]
    return found


def _nobody_has(people: pd.DataFrame, factor: str) -> bool:
    """Whether a part of a factor is a label of people that is missing for everybody."""
    return any(part in people and people[part].isna().all() for part in factor.split(CROSS))


def _as_labelled(
    group: str, factor: str, people: pd.DataFrame, names: Mapping[str, Mapping[str, str]]
) -> str:
    """Return a group in the spelling that people have, its full name replaced by the short one."""
    parts, labels = factor.split(CROSS), group.split(CROSS)
    if len(parts) != len(labels):
        return group
    return CROSS.join(
        _label(label, people[part], names.get(part, {})) if part in people else label
        for part, label in zip(parts, labels, strict=True)
    )


def _label(label: str, values: pd.Series, names: Mapping[str, str]) -> str:
    meant = skeleton(label)
    full = {skeleton(long): short for short, long in names.items()}
    known = {skeleton(str(value)): str(value) for value in values.dropna().unique()}
    return full.get(meant) or known.get(meant) or label


def _conditions(
    config: StudyConfig, images: pd.DataFrame, people: pd.DataFrame
) -> tuple[list[str], list[str]]:
    """Return the factors that are conditions of passes, and what is wrong with their labels."""
    named = [*config.inference.factors, *config.inference.strata]
    told = getattr(config.dataset, "conditions", [])
    found: list[str] = []
    problems: list[str] = []
    for part in dict.fromkeys(part for factor in named for part in factor.split(CROSS)):
        if part not in images or part in people or part in (*COHORT.names, CAPTURE):
            continue
        found.append(part)
        if part not in told and isinstance(config.dataset, ManifestDatasetConfig):
            problems += _slips(images[images["role"] != "filler"], part)
    return found, problems


def _slips(images: pd.DataFrame, factor: str) -> Iterator[str]:
    """Say which images break the rule, where most people have one label and a few have two."""
    labels = images[["image_id", "subject_id", factor]].dropna()
    persons = labels.groupby("subject_id")[factor]
    several_rows, different = persons.transform("size") > 1, persons.transform("nunique") > 1
    asked = labels.loc[several_rows, "subject_id"].nunique()
    odd = labels[different]
    number = odd["subject_id"].nunique()
    if not number or 2 * number > asked:
        return
    usual = odd.groupby("subject_id")[factor].transform(lambda own: own.mode().iloc[0])
    rows = odd[odd[factor] != usual]
    of_rows = list(zip(rows["image_id"], rows[factor], strict=True))
    shown = some(of_rows, say=lambda row: f"{row[0]} ({row[1]})")
    yield (
        f"'{factor}' has two labels within {several(number, 'person', 'people')} of {asked:,}, and "
        f"one label within everybody else: images {shown}. Give a person the same label in "
        f"every row, or, if it is a condition of passes, say so: 'dataset.conditions=[{factor}]'"
    )
