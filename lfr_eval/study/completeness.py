"""Whether a file of scores has every comparison that the design needs (scores in, notes out)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import pandas as pd

from lfr_eval.comparison import Absent, Sides, absent_of
from lfr_eval.config import ConfigError, StudyConfig
from lfr_eval.contract.tables import CROSS
from lfr_eval.contract.words import several, some, threshold_text
from lfr_eval.matchers import ScoreMatcher, floor_of

DECLARED = "not acquired, as the people's data say"
"""Reason of an image that the manifest itself counts as a failure."""
SHOWN = 5
"""Absent comparisons in a message."""


def check_complete(
    matcher: ScoreMatcher,
    scores: pd.DataFrame,
    sides: Sides,
    people: pd.DataFrame,
    config: StudyConfig,
) -> list[str]:
    """Return what readers must know of comparisons without a score, in sentences.

    A comparison without a score leaves its rate. Where the file does not tell why it is absent, a
    cut at a floor looks like a matcher that never fails, so whoever runs the study has to say it.

    Parameters
    ----------
    scores
        reference_id, probe_id and score.
    people
        People under test, with their labels.

    Raises
    ------
    ConfigError
        If comparisons have no score and nobody has said what that means, or if there is no mated
        score at all.
    """
    absent = absent_of(sides, scores)
    counts = absent.people.sum()
    if "verification" not in config.design.kinds:
        # A search that was not made with the whole watchlist is refused by itself.
        counts["non_mated"] = counts["non_mated_due"] = 0
    due, lacking = (
        counts["mated_due"] + counts["non_mated_due"],
        counts["mated"] + counts["non_mated"],
    )
    floor = floor_of(matcher)
    declared = getattr(matcher, "missing", "refused") == "not_compared"
    if not lacking:
        return []
    told = _told(counts)
    if floor is not None:
        return [
            f"The system reports no score below {threshold_text(floor)} (matcher.floor). Of the "
            f"{due:,} comparisons, {lacking:,} have no score ({told}). They count as below it."
        ]
    if declared and counts["mated"] < counts["mated_due"]:
        return [
            f"Of the {due:,} comparisons that the roles in the manifest ask for, {lacking:,} were "
            f"not made ({told}; matcher.missing=not_compared). No rate counts them, so the rates "
            "describe only the comparisons that were made."
        ]
    raise ConfigError(_refusal(absent, counts, scores, people, config))


def check_told(matcher: ScoreMatcher, thresholds: Sequence[float]) -> None:
    """Refuse thresholds below the lowest score that a system reports.

    Raises
    ------
    ConfigError
        If there are any.
    """
    floor = floor_of(matcher)
    if floor is None:
        return
    below = [value for value in thresholds if value < floor]
    if below:
        raise ConfigError(
            f"The file of scores has no score below matcher.floor={threshold_text(floor)}, so "
            f"nothing is known at the thresholds {some(below, say=threshold_text)}. Start "
            "thresholds.values at the floor."
        )


def notes_of_acquisition(images: pd.DataFrame, acquisition: pd.DataFrame) -> Iterator[str]:
    """Say how many images count as failures because of what the file has of them."""
    reasons = acquisition["reason"].mask(acquisition["reason"].eq(DECLARED).fillna(False))
    for reason in reasons.dropna().unique():
        role = images.loc[reasons.eq(reason).fillna(False).to_numpy(bool), "role"]
        counts = ", ".join(
            f"{number:,} with the role {name}" for name, number in role.value_counts().items()
        )
        yield (
            f"{several(len(role), 'image has', 'images have')} {reason} and "
            f"{'counts' if len(role) == 1 else 'count'} as not acquired or not enrolled ({counts})."
            " To change this, fill in the manifest's column acquired. Table acquisition lists "
            "the images."
        )


def _told(counts: pd.Series) -> str:
    kinds = (("mated", "of people with themselves"), ("non_mated", "of different people"))
    return " and ".join(
        f"{counts[name]:,} of {counts[f'{name}_due']:,} {said}"
        for name, said in kinds
        if counts[f"{name}_due"]
    )


def _refusal(
    absent: Absent,
    counts: pd.Series,
    scores: pd.DataFrame,
    people: pd.DataFrame,
    config: StudyConfig,
) -> str:
    lowest = float(scores["score"].min())
    groups = "".join(
        f" By {factor}: {'; '.join(_by_group(absent.people, people[factor], counts))}."
        for factor in config.inference.factors
        if CROSS not in factor and factor in people
    )
    pairs = absent.mated.head(SHOWN)
    named = ", ".join(f"{row.reference_id} and {row.probe_id}" for row in pairs.itertuples())
    first = f" The first missing comparisons of people with themselves: {named}." if named else ""
    if counts["mated"] == counts["mated_due"]:
        return (
            f"The scores lack every comparison of people with themselves ({_told(counts)} have no "
            f"score), so no miss could be counted.{first} Check that subject_id, role and the "
            "names of images are right, and whether a matrix uses other names of images."
        )
    return (
        f"Comparisons that the roles in the manifest ask for have no score: {_told(counts)}."
        f"{groups}{first} Give all scores. If the system does not report scores below a floor, "
        f"set matcher.floor=FLOOR (the lowest score is "
        f"{threshold_text(math.floor(lowest * 1e6) / 1e6)}); missing comparisons then count as "
        "below it. If they were not made, set matcher.missing=not_compared; no rate then counts "
        "them, and the report says so. If no template could be made of an image, write 'no' in "
        "the manifest's column acquired."
    )


def _by_group(table: pd.DataFrame, labels: pd.Series, counts: pd.Series) -> Iterator[str]:
    kinds = [name for name in ("mated", "non_mated") if counts[name]]
    of_group = table.groupby(labels.reindex(table.index)).sum()
    for group, row in of_group.iterrows():
        said = ", ".join(
            f"{row[name]:,} of {row[f'{name}_due']:,} {name.replace('_', '-')}" for name in kinds
        )
        yield f"{group} {said}"
