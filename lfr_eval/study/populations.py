"""The composition of the watchlist: configuration and people in, a `Mix` out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from lfr_eval.config import ConfigError, StudyConfig
from lfr_eval.contract import defaults
from lfr_eval.contract.mixing import AS_THEY_COME, Mix
from lfr_eval.contract.spelling import is_group
from lfr_eval.contract.tables import CROSS, OVERALL
from lfr_eval.contract.trials import group_people
from lfr_eval.contract.words import joined, several

MOST_GROUPS = 200
"""A column with more values is no factor."""


def finest_factor(images: pd.DataFrame, factors: Sequence[str]) -> str:
    """Return the finest factor by which the watchlist can be divided into groups.

    A condition of passes, such as the camera, divides nobody on a watchlist.
    """
    known = [
        factor
        for factor in factors
        if all(part in images and _is_label(images, part) for part in factor.split(CROSS))
    ]
    return max(known, key=lambda factor: factor.count(CROSS), default=OVERALL)


def _is_label(images: pd.DataFrame, column: str) -> bool:
    """Whether a column says one thing of a person, and says it of people on watchlists."""
    enrolled = images.loc[images["role"] != "probe", column]
    values = images.groupby("subject_id")[column].nunique()
    return bool(enrolled.notna().any()) and int(values.max()) <= 1


def check_watchlist(config: StudyConfig, images: pd.DataFrame) -> None:
    """Refuse a watchlist that these images cannot make, before any of them is looked at.

    Raises
    ------
    ConfigError
        If it is larger than there are images for it, or as `watchlist_mix`.
    """
    watchlist_mix(config, images)
    there = len(pool(images, config.design.watchlist_members))
    if not there:
        raise ConfigError(
            "No image can be on the watchlist. Add rows with the role filler, name a dataset with "
            "dataset.fillers=fairface, or choose design.watchlist_members=everybody."
        )
    larger = [size for size in config.design.watchlist_sizes if size > there]
    if larger:
        raise ConfigError(
            f"design.watchlist_sizes asks for {', '.join(f'{size:,}' for size in larger)}, and "
            f"only {there:,} images can be on the watchlist. Lower design.watchlist_sizes, add "
            "fillers, or search the whole watchlist: 'design.watchlist_sizes=[]'."
        )


def with_sizes(config: StudyConfig, images: pd.DataFrame) -> tuple[StudyConfig, list[str]]:
    """Leave out default watchlist sizes that are larger than there are images, and say so.

    Sizes of a registered plan, or other ones that somebody chose, stay: they are refused.
    """
    sizes = list(config.design.watchlist_sizes)
    there = len(pool(images, config.design.watchlist_members))
    left = [size for size in sizes if size > there]
    chosen = sizes != list(defaults.WATCHLIST_SIZES) or config.registration is not None
    if chosen or not left or not there or set(left) & {*config.inference.primary_watchlist_sizes}:
        return config, []
    kept = [size for size in sizes if size <= there]
    searched = joined([f"{size:,}" for size in kept]) if kept else f"all {there:,}"
    said = (
        f"Only {several(there, 'image')} can be on the watchlist, so watchlists of "
        f"{joined([f'{size:,}' for size in left])} are left out. Searched: a watchlist of "
        f"{searched}. Choose others with design.watchlist_sizes."
    )
    return replace(config, design=replace(config.design, watchlist_sizes=kept)), [said]


def watchlist_mix(config: StudyConfig, images: pd.DataFrame) -> Mix:
    """Return the composition that the configuration asks for.

    Parameters
    ----------
    images
        The table `cohort`.

    Raises
    ------
    ConfigError
        If two compositions are given, a group is unknown, or its number cannot be; the message
        names them all.
    """
    population, given = config.population, config.design.watchlist_composition
    if given and population.like != "fillers":
        raise ConfigError(
            f"The watchlist cannot be both design.watchlist_composition and like the population "
            f"'{population.name}'; leave one of them out."
        )
    on_watchlist = pool(images, config.design.watchlist_members)
    finest = finest_factor(images, config.inference.factors)
    if given:
        return _given("given", given, on_watchlist, config, "design.watchlist_composition")
    if population.like == "shares":
        return _given(population.name, population.shares, on_watchlist, config, "population.shares")
    if population.like == "balanced":
        known = {name: 1.0 for name in _groups(on_watchlist, finest) if is_group(name)}
        return Mix.of(population.name, finest, known) if known else AS_THEY_COME
    if population.like == "cohort":
        tested = images[images["role"] != "filler"].drop_duplicates("subject_id")
        weights = {name: float(n) for name, n in _groups(tested, finest).items()}
        mix = Mix.of(population.name, finest, weights)
        _check_names(mix, on_watchlist, "The people under test are of")
        return mix
    return AS_THEY_COME


def filler_weights(config: StudyConfig, images: pd.DataFrame) -> pd.Series:
    """Return how much each filler counts on the watchlist that is searched, by row of `images`."""
    fillers = images[images["role"] == "filler"]
    mix = watchlist_mix(config, images)
    grouping = group_people(fillers, mix.factor)
    return pd.Series(mix.weights(grouping.names, grouping.codes), index=fillers.index)


EVERYBODY_LISTED = "The references of everybody under test, and all fillers, if there are any."


def describe_mix(config: StudyConfig, mix: Mix) -> str:
    """Return the composition in words, with where it comes from."""
    population = config.population
    inline = bool(config.design.watchlist_composition)
    everybody = config.design.watchlist_members != "fillers" and population.like == "fillers"
    usual = EVERYBODY_LISTED if everybody else population.description
    parts = ["As given in design.watchlist_composition." if inline else usual]
    if mix.factor != OVERALL:
        shares = zip(mix.groups, mix.shares, strict=True)
        parts.append(
            f"By {mix.factor}: "
            + ", ".join(f"{group} {100 * share:.3g} %" for group, share in shares)
            + "."
        )
    if population.source and not inline:
        evidence = f" [{population.evidence}]" if population.evidence else ""
        parts.append(f"Source: {population.source}{evidence}")
    return " ".join(parts)


def pool(images: pd.DataFrame, members: str) -> pd.DataFrame:
    """Return the images that may be on the watchlist."""
    roles = ["filler"] if members == "fillers" else ["filler", "reference", "both"]
    return images[images["role"].isin(roles)]


def _given(
    name: str,
    weights: Mapping[str, float],
    images: pd.DataFrame,
    config: StudyConfig,
    setting: str,
) -> Mix:
    problems = [f"'{group}' is {value:g}" for group, value in weights.items() if not value >= 0]
    total = sum(weights.values())
    whole = all(float(value).is_integer() for value in weights.values())
    if not problems and abs(total - 1) > 1e-6 and not (whole and total >= 1):
        problems.append(f"the numbers add up to {total:g}")
    if problems or not weights:
        raise ConfigError(
            f"{setting} must hold shares that add up to 1, or whole numbers of references: "
            f"{'; '.join(problems) or 'it is empty'}."
        )
    # The factor is the one whose groups are named; of several, the one that leaves fewest unknown.
    columns = [str(name) for name in images if images[name].nunique() <= MOST_GROUPS]
    factors = [
        factor
        for factor in dict.fromkeys([*config.inference.factors, *columns])
        if set(factor.split(CROSS)) <= set(images)
    ]
    factor = max(factors, key=lambda one: len(set(_groups(images, one)) & set(weights)))
    if not set(_groups(images, factor)) & set(weights):
        factor = finest_factor(images, config.inference.factors)
    counts = whole and total > 1
    mix = Mix.of(name, factor, dict(weights), int(total) if counts else None)
    _check_names(mix, images, f"{setting} names")
    return mix


def _check_names(mix: Mix, images: pd.DataFrame, subject: str) -> None:
    there = _groups(images, mix.factor)
    unknown = [f"'{group}'" for group in mix.groups if group not in there]
    if unknown:
        raise ConfigError(
            f"{subject} {', '.join(unknown)}, but nobody who may be on the watchlist is. By "
            f"{mix.factor} there are {', '.join(there) or 'none'}. Labels of different schemes are "
            "never converted: name the groups of the fillers in design.watchlist_composition."
        )


def _groups(images: pd.DataFrame, factor: str) -> dict[str, int]:
    grouping = group_people(images, factor)
    found = pd.Series(grouping.codes, dtype="int64").value_counts()
    return {name: int(found.get(code, 0)) for code, name in enumerate(grouping.names)}
