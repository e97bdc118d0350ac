"""Trials: the evidence behind a rate, kept by person.

A rate is events over trials; whether it can be believed depends on the people behind it. Stage
`rates` makes these objects from score tables, stage `inference` reads them. Nothing is counted
yet: an event is decided by comparing a score with a threshold, so that one object serves every
threshold, every grouping and every permutation of people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.contract.tables import CROSS, EVERYBODY, OVERALL, UNKNOWN

Ints = NDArray[np.intp]
Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Condition:
    """A condition under which trials took place, such as the camera.

    Attributes
    ----------
    factor
        Its name.
    names
        Its values, in order of code.
    codes : (trials,)
        The value in each trial.
    """

    factor: str
    names: tuple[str, ...]
    codes: Ints


@dataclass(frozen=True)
class PersonTrials:
    """Trials that belong to one person each: recognition opportunities or mated comparisons.

    Attributes
    ----------
    metric
        FNMR, FPIR, FNIR, TPIR, misidentification, FTA or FTE.
    people
        Number of people; a person is an index from 0 to `people` - 1.
    person : (trials,)
        The person of each trial.
    score : (trials,)
        The score that decides the trial; -inf where no template was acquired.
    event_at_or_above
        Whether the event is a score at or above the threshold (FPIR, TPIR) or below it
        (FNMR, FNIR).
    watchlist_size
        References searched; None for 1:1.
    reference : (trials,), optional
        The watchlist person who caused the score (-1: nobody), for inference on watchlists like
        this one.
    has_threshold
        False for FTA, FTE and rates by rank alone: an event does not depend on a threshold. The
        score is then -inf or +inf.
    conditions
        Conditions of the trials that groups may be compared within, which are no labels of
        people: a person may pass several cameras.
    rank
        TPIR and FNIR: a mate counts as found among the first `rank` candidates only; None: among
        all.
    acquired : (trials,), optional
        Whether a template was acquired, of misses, so that a sentence can tell these apart.
    """

    metric: str
    people: int
    person: Ints
    score: Floats
    event_at_or_above: bool
    watchlist_size: int | None = None
    reference: Ints | None = None
    has_threshold: bool = True
    conditions: tuple[Condition, ...] = ()
    rank: int | None = None
    acquired: NDArray[np.bool_] | None = None

    def events(self, threshold: float) -> NDArray[np.bool_]:
        """Which trials are events at the threshold, (trials,)."""
        at_or_above: NDArray[np.bool_] = self.score >= np.float32(threshold)
        return at_or_above if self.event_at_or_above else ~at_or_above


@dataclass(frozen=True)
class PairTrials:
    """Comparisons between two different people: the evidence behind a false match rate.

    Person i has `references[i]` reference images, `probes[i]` probe images, and `both[i]` images
    that are in both counts; people i and j are therefore compared
    r_i p_j + p_i r_j - b_i b_j times, plus what the corrections say.

    Attributes
    ----------
    people
        Number of people.
    first, second : (hits,)
        The two people of every comparison whose score reached `floor`: the probe's and the
        reference's. An unordered pair of people may occur in either order and many times.
    score : (hits,)
        Its score.
    floor
        Every comparison with a score at or above it is listed; thresholds must not be lower.
    references, probes, both : (people,)
        Acquired images by role.
    correction_first, correction_second, correction : (corrections,)
        Number of comparisons to add (or subtract) for single pairs of people: the probe's and
        the reference's, where images have one role only.
    metric
        FMR.
    mutual
        Whether comparisons have no direction although `both` is 0: each is then a correction.
    """

    people: int
    first: Ints
    second: Ints
    score: Floats
    floor: float
    references: Ints
    probes: Ints
    both: Ints
    correction_first: Ints = field(default_factory=lambda: np.empty(0, np.intp))
    correction_second: Ints = field(default_factory=lambda: np.empty(0, np.intp))
    correction: Ints = field(default_factory=lambda: np.empty(0, np.intp))
    metric: str = "FMR"
    mutual: bool = False

    event_at_or_above: bool = True
    watchlist_size: None = None
    has_threshold: bool = True
    rank: None = None

    @property
    def comparisons(self) -> float:
        """Comparisons of two people in all, listed or not."""
        r, p, b = (np.asarray(n, float) for n in (self.references, self.probes, self.both))
        apart = r.sum() * p.sum() - (r * p).sum() - (b.sum() ** 2 - (b * b).sum()) / 2
        return float(apart + self.corrected[2].sum())

    @cached_property
    def corrected(self) -> tuple[Ints, Ints, Ints]:
        """Corrections of any two people, in both directions together.

        The lower and the higher number of the two, in ascending order, and the comparisons to add.
        """
        a, b, value = self.correction_first, self.correction_second, self.correction
        low, high = np.minimum(a, b), np.maximum(a, b)
        apart = low < high
        key, at = np.unique(low[apart] * self.people + high[apart], return_inverse=True)
        value = np.bincount(at, value[apart], len(key)).astype(np.intp)
        key, value = key[value != 0], value[value != 0]
        return key // max(self.people, 1), key % max(self.people, 1), value


Trials = PersonTrials | PairTrials


def among(trials: Trials, keep: NDArray[np.bool_]) -> Trials:
    """Return the trials among the people in `keep` alone, renumbered.

    Parameters
    ----------
    keep : (people,)
        Whose trials stay; of a comparison, both people must.
    """
    return rearranged(trials, np.flatnonzero(keep))


def rearranged(trials: Trials, who: Ints) -> Trials:
    """Return the trials among some people alone, who get the numbers of their place in `who`."""
    place = np.full(trials.people, -1)
    place[who] = np.arange(len(who))
    keep, people = place >= 0, len(who)
    if isinstance(trials, PersonTrials):
        kept = keep[trials.person]
        return replace(
            trials,
            people=people,
            person=place[trials.person[kept]],
            score=trials.score[kept],
            reference=None if trials.reference is None else trials.reference[kept],
            conditions=tuple(replace(one, codes=one.codes[kept]) for one in trials.conditions),
        )
    hit = keep[trials.first] & keep[trials.second]
    corrected = keep[trials.correction_first] & keep[trials.correction_second]
    return replace(
        trials,
        people=people,
        first=place[trials.first[hit]],
        second=place[trials.second[hit]],
        score=trials.score[hit],
        references=trials.references[who],
        probes=trials.probes[who],
        both=trials.both[who],
        correction_first=place[trials.correction_first[corrected]],
        correction_second=place[trials.correction_second[corrected]],
        correction=trials.correction[corrected],
    )


@dataclass(frozen=True)
class Grouping:
    """People divided into the groups of one factor.

    Attributes
    ----------
    factor
        `overall`, a column such as `gender`, or columns joined by ` x `.
    names
        Group names, in order of code.
    codes : (people,)
        The group of each person.
    """

    factor: str
    names: tuple[str, ...]
    codes: Ints


def condition_of(factor: str, values: pd.Series) -> Condition:
    """Divide trials by a condition; a missing value makes one of its own, `unknown`."""
    codes, names = pd.factorize(values.astype("string").fillna(UNKNOWN), sort=True)
    return Condition(factor, tuple(str(name) for name in names), codes.astype(np.intp))


def labels_by(table: pd.DataFrame, factor: str) -> pd.Series:
    """Return the group of each row by a factor of the table; missing labels are `unknown`."""
    if factor == OVERALL:
        return pd.Series(EVERYBODY, index=table.index)
    codes, names = _coded(table, factor)
    return pd.Series(pd.array(names, "string").take(codes), index=table.index)


def places_of(names: pd.Index, wanted: pd.Series) -> Ints:
    """Return the place of each name in an index of different names; -1 where it has none.

    No text of Python is made of a name, which takes long where there are millions.
    """
    listed = pd.Series(names.array).astype("string")
    codes, _ = pd.factorize(pd.concat([listed, wanted.astype("string")], ignore_index=True))
    found = codes[len(names) :].astype(np.intp)
    found[found >= len(names)] = -1
    return found


def _coded(table: pd.DataFrame, factor: str) -> tuple[Ints, NDArray[np.object_]]:
    """Return the group of each row as a code, and the names of the groups in order."""
    codes, names = np.zeros(len(table), np.intp), [""]
    for column in factor.split(CROSS):
        own, labels = pd.factorize(table[column].astype("string"))
        told = [*map(str, labels), UNKNOWN]
        used, codes = np.unique(codes * len(told) + own % len(told), return_inverse=True)
        names = [names[at // len(told)] + CROSS + told[at % len(told)] for at in used]
    names = [name.removeprefix(CROSS) for name in names]
    said, place = np.unique(np.array(names, object), return_inverse=True)
    return place[codes] if len(table) else codes, said


def group_people(people: pd.DataFrame, factor: str) -> Grouping:
    """Divide people by a factor; a missing label makes a group of its own, `unknown`.

    Parameters
    ----------
    people
        One row per person, one column per factor.
    factor
        `overall`, a column, or columns joined by ` x `.

    Raises
    ------
    KeyError
        If a column is missing; the message lists those that exist.
    """
    if factor == OVERALL:
        return Grouping(factor, (EVERYBODY,), np.zeros(len(people), np.intp))
    columns = factor.split(CROSS)
    missing = [column for column in columns if column not in people]
    if missing:
        raise KeyError(f"No factor {missing} among the people's labels: {list(people.columns)}.")
    codes, names = _coded(people, factor)
    return Grouping(factor, tuple(map(str, names)), codes)


def group_all(people: pd.DataFrame, factors: Sequence[str]) -> list[Grouping]:
    """Divide people by each factor, `overall` first."""
    return [group_people(people, factor) for factor in dict.fromkeys((OVERALL, *factors))]


@dataclass(frozen=True)
class WatchlistTrials:
    """Passes against everybody who may be on the watchlist: which references each one matches.

    Attributes
    ----------
    people
        Number of people under test.
    person : (passes,)
        The person of each recognition opportunity.
    acquired : (passes,)
        Whether a template was made of any frame.
    owner : (references,)
        The person under test on each reference; -1: nobody under test. Nobody is compared with
        a reference of their own.
    hit_pass, hit_reference : (hits,)
        Every pass and reference of somebody else whose score reaches `floor`.
    hit_score : (hits,)
        The score of the best frame.
    floor
        Thresholds must not be lower.
    """

    people: int
    person: Ints
    acquired: NDArray[np.bool_]
    owner: Ints
    hit_pass: Ints
    hit_reference: Ints
    hit_score: Floats
    floor: float
