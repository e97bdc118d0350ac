"""Score tables to trials: which person each trial belongs to, and the score that decides it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.contract.trials import (
    Condition,
    PairTrials,
    PersonTrials,
    Trials,
    condition_of,
    places_of,
)

NO_CONDITION = (
    *("image_id", "subject_id", "role", "pass_id", "frame", "captured_at", "path", "digest"),
    *("age", "age_band", "acquired"),
)
"""Columns of a cohort that say which image or who it is, not under what condition it was taken."""


@dataclass(frozen=True)
class ComparedPairs:
    """The tables of 1:1 comparisons, and the score from which non-mated ones are listed."""

    comparisons: pd.DataFrame
    corrections: pd.DataFrame
    mated: pd.DataFrame
    non_mated: pd.DataFrame
    floor: float


def verification_trials(
    people: pd.DataFrame,
    pairs: ComparedPairs,
    images: pd.DataFrame | None = None,
    controls: Sequence[str] = (),
) -> list[PairTrials | PersonTrials]:
    """Return the trials of FMR and, where anybody has a mated comparison, FNMR.

    A mated comparison has the conditions of its probe (`images`, `controls` as in
    `identification_trials`), unless an image is both reference and probe, or pairs are listed: it
    then has no one probe. A comparison of two people has no one person whose condition it would be.
    """
    corrections, mated, non_mated = pairs.corrections, pairs.mated, pairs.non_mated
    # A list of pairs does not say which side was the probe.
    mutual = images is not None and bool(images["role"].isin(["both", "pair"]).any())
    if mutual:
        images = None
    if _of_nobody(non_mated, "probe_subject", "reference_subject") or _of_nobody(corrections):
        false_matches = _independent_pairs(people, non_mated, corrections)
        return [false_matches, *_mated_trials(people, mated, images, controls)]
    counts = pairs.comparisons.set_index("subject_id").reindex(people.index, fill_value=0)
    return [
        PairTrials(
            people=len(people),
            first=places_of(people.index, non_mated["probe_subject"]),
            second=places_of(people.index, non_mated["reference_subject"]),
            score=non_mated["score"].to_numpy(np.float32),
            floor=pairs.floor,
            references=counts["references"].to_numpy(np.intp),
            probes=counts["probes"].to_numpy(np.intp),
            both=counts["both"].to_numpy(np.intp),
            correction_first=places_of(people.index, corrections["subject_a"]),
            correction_second=places_of(people.index, corrections["subject_b"]),
            correction=corrections["trials"].to_numpy(np.intp),
            mutual=mutual,
        ),
        *_mated_trials(people, mated, images, controls),
    ]


def _of_nobody(pairs: pd.DataFrame, one: str = "subject_a", other: str = "subject_b") -> bool:
    """Whether nobody knows whose the pairs are."""
    return bool(len(pairs) and (pairs[one] == pairs[other]).all())


def _independent_pairs(
    people: pd.DataFrame, non_mated: pd.DataFrame, corrections: pd.DataFrame
) -> PersonTrials:
    """Return the trials of FMR where nobody knows whose the pairs are: each is a unit by itself.

    Earlier studies listed only pairs from the floor on, and all of them in `corrections`.
    """
    listed = places_of(people.index, non_mated["probe_subject"])
    counted = places_of(people.index, corrections["subject_a"])
    below = counted[~np.isin(counted, listed)]
    score = non_mated["score"].to_numpy(np.float32)
    return PersonTrials(
        metric="FMR",
        people=len(people),
        person=np.concatenate([listed, below]),
        score=np.concatenate([score, np.full(len(below), -np.inf, np.float32)]),
        event_at_or_above=True,
    )


def _mated_trials(
    people: pd.DataFrame,
    mated: pd.DataFrame,
    images: pd.DataFrame | None,
    controls: Sequence[str],
) -> list[PersonTrials]:
    """Return the trials of FNMR; none where nobody has a mated comparison."""
    if not len(mated):
        return []
    known, passes = _known(people, images, controls), pd.Series(dtype="string")
    if images is not None and len(known.columns):
        passes = images.set_index("image_id")["pass_id"].reindex(mated["probe_id"])
    return [
        PersonTrials(
            metric="FNMR",
            people=len(people),
            person=places_of(people.index, mated["subject_id"]),
            score=mated["score"].to_numpy(np.float32),
            event_at_or_above=False,
            conditions=_conditions(known, passes),
        )
    ]


def pass_conditions(images: pd.DataFrame) -> pd.DataFrame:
    """Return the conditions of every recognition opportunity, one row per pass.

    Parameters
    ----------
    images
        The table `cohort`.

    Returns
    -------
    DataFrame
        Indexed by `pass_id`; columns: camera, session and whatever else is constant within
        every pass and known of at least one.
    """
    probes = images[images["role"].isin(["probe", "both"])]
    names = [str(name) for name in images if name not in NO_CONDITION]
    passes = probes.groupby("pass_id")[names]
    constant = passes.nunique(dropna=False).max() <= 1
    told = probes[names].notna().any()
    kept = [name for name in names if constant.loc[name] and told.loc[name]]
    return passes.first()[kept]


def identification_trials(
    people: pd.DataFrame,
    searches: pd.DataFrame,
    images: pd.DataFrame | None = None,
    controls: Sequence[str] = (),
) -> list[PersonTrials]:
    """Return the trials of FPIR and, of enrolled people, of the rest, by watchlist size.

    The rest is FNIR, TPIR, and misidentification: the highest score is somebody else's. A tie
    between the own reference and somebody else's counts as misidentification.

    Parameters
    ----------
    people
        One row per person.
    searches
        The table `searches`.
    images
        The table `cohort`, for the conditions of passes.
    controls
        Conditions of passes to keep with the trials; labels of people are ignored.
    """
    known = _known(people, images, controls)
    trials = []
    for size in sorted(set(searches["watchlist_size"].tolist())):
        table = searches[searches["watchlist_size"] == size]
        told = table
        if "others_told" in table:
            told = table[table["others_told"].fillna(True).to_numpy(bool)]
        if len(told):
            reference, _ = pd.factorize(told["reference_subject"], sort=True)
            trials.append(
                PersonTrials(
                    metric="FPIR",
                    people=len(people),
                    person=places_of(people.index, told["subject_id"]),
                    score=told["score"].to_numpy(np.float32),
                    event_at_or_above=True,
                    watchlist_size=size,
                    reference=reference.astype(np.intp),
                    conditions=_conditions(known, told["pass_id"]),
                )
            )
        enrolled = table[table["mated_score"].notna()]
        if not len(enrolled):
            continue
        found, other = (enrolled[name].to_numpy(np.float32) for name in ("mated_score", "score"))
        named_wrongly = np.where(other >= found, other, np.float32(-np.inf))
        trials += [
            PersonTrials(
                metric=metric,
                people=len(people),
                person=places_of(people.index, enrolled["subject_id"]),
                score=score,
                event_at_or_above=event_at_or_above,
                watchlist_size=size,
                conditions=_conditions(known, enrolled["pass_id"]),
                acquired=enrolled["acquired"].to_numpy(bool) if metric == "FNIR" else None,
            )
            for metric, score, event_at_or_above in (
                ("FNIR", found, False),
                ("TPIR", found, True),
                ("misidentification", named_wrongly, True),
            )
        ]
    return trials


def rank_trials(
    people: pd.DataFrame,
    searches: pd.DataFrame,
    ranks: Sequence[int],
    by_threshold: bool,
    images: pd.DataFrame | None = None,
    controls: Sequence[str] = (),
) -> list[PersonTrials]:
    """Return the trials of FNIR and TPIR where the mate must be among the first candidates.

    Parameters
    ----------
    searches
        The table `searches`, with ranks.
    ranks
        How many candidates are looked at.
    by_threshold
        Whether the score must reach the threshold, too.
    """
    known = _known(people, images, controls)
    enrolled = searches[searches["mated_score"].notna()]
    trials = []
    for size in sorted(set(enrolled["watchlist_size"].tolist())):
        table = enrolled[enrolled["watchlist_size"] == size]
        place = table["rank"].fillna(np.iinfo(np.int64).max).to_numpy(np.int64)
        found = table["mated_score"].to_numpy(np.float32) if by_threshold else np.float32(np.inf)
        trials += [
            PersonTrials(
                metric=metric,
                people=len(people),
                person=places_of(people.index, table["subject_id"]),
                score=np.where(place <= rank, found, np.float32(-np.inf)),
                event_at_or_above=event_at_or_above,
                watchlist_size=size,
                has_threshold=by_threshold,
                conditions=_conditions(known, table["pass_id"]),
                rank=rank,
            )
            for rank in ranks
            for metric, event_at_or_above in (("FNIR", False), ("TPIR", True))
        ]
    return trials


def compared(trials: Sequence[Trials]) -> list[Trials]:
    """Return the trials by which groups are compared: each question once.

    A person is found or missed: FNIR says all that TPIR says, and its ratio is the one that does
    not flatter. Nor does a miss depend on who else is on the watchlist, so it is compared at the
    largest size only. Misidentification and rates by rank are reported and not compared.
    """
    sizes = [one.watchlist_size for one in trials if one.watchlist_size is not None]
    largest = max(sizes, default=None)
    return [
        one
        for one in trials
        if one.metric not in ("TPIR", "misidentification")
        and one.rank is None
        and not (one.metric == "FNIR" and one.watchlist_size != largest)
    ]


def acquisition_trials(
    people: pd.DataFrame,
    images: pd.DataFrame,
    acquired: NDArray[np.bool_],
    controls: Sequence[str] = (),
) -> list[PersonTrials]:
    """Return the trials of FTA (passes, with their conditions) and FTE (reference images)."""
    known = _known(people, images, controls)
    frame = images.assign(acquired=acquired)
    probes = frame[frame["role"].isin(["probe", "both"])]
    passes = probes.groupby(["pass_id", "subject_id"])["acquired"].any().reset_index()
    references = frame[frame["role"].isin(["reference", "both"])]
    return [
        PersonTrials(
            metric=metric,
            people=len(people),
            person=places_of(people.index, table["subject_id"]),
            score=np.where(table["acquired"], np.inf, -np.inf).astype(np.float32),
            event_at_or_above=False,
            has_threshold=False,
            conditions=_conditions(known, table["pass_id"]) if metric == "FTA" else (),
        )
        for metric, table in (("FTA", passes), ("FTE", references))
        if len(table)
    ]


def _known(
    people: pd.DataFrame, images: pd.DataFrame | None, controls: Sequence[str]
) -> pd.DataFrame:
    """Return the wanted conditions of passes that are no labels of people."""
    if images is None or not controls:
        return pd.DataFrame()
    known = pass_conditions(images)
    return known[[name for name in controls if name in known and name not in people]]


def _conditions(known: pd.DataFrame, passes: pd.Series) -> tuple[Condition, ...]:
    return tuple(condition_of(str(name), known[name].reindex(passes)) for name in known)
