"""Small studies for the tests of `inference`, and the slow definitions they are judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from lfr_eval.contract.trials import PairTrials, PersonTrials


def random_pairs(
    people: int,
    seed: int = 0,
    *,
    images: str = "one",
    corrections: int = 0,
    floor: float = 0.2,
) -> tuple[PairTrials, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pair trials and the full list of comparisons: reference person, probe person, score."""
    rng = np.random.default_rng(seed)
    if images == "one":
        both = np.ones(people, int)
        only_r, only_p = np.zeros(people, int), np.zeros(people, int)
    elif images == "crossed":
        both = np.zeros(people, int)
        only_r, only_p = rng.integers(0, 3, people), rng.integers(0, 4, people)
    else:
        both = rng.integers(0, 3, people)
        only_r, only_p = rng.integers(0, 2, people), rng.integers(0, 3, people)
    roles = [
        (person, role)
        for person in range(people)
        for role, count in (("both", both), ("reference", only_r), ("probe", only_p))
        for _ in range(count[person])
    ]
    tendency = rng.normal(0, 0.12, people)
    first, second, scores = [], [], []
    for a, (i, role_i) in enumerate(roles):
        for j, role_j in roles[a + 1 :]:
            if i == j or {role_i, role_j} in ({"reference"}, {"probe"}):
                continue
            probe, reference = (j, i) if role_j == "probe" or role_i == "reference" else (i, j)
            first.append(probe)
            second.append(reference)
            scores.append(tendency[i] + tendency[j] + rng.normal(0, 0.15))
    probe, reference = np.array(first, int), np.array(second, int)
    score = np.round(np.array(scores), 2).astype(np.float32)
    c_first = c_second = c_value = np.empty(0, np.intp)
    if corrections and len(score):
        gone = rng.choice(len(score), min(corrections, len(score)), replace=False)
        c_first, c_second = probe[gone], reference[gone]
        c_value = np.full(len(gone), -1)
        keep = np.ones(len(score), bool)
        keep[gone] = False
        probe, reference, score = probe[keep], reference[keep], score[keep]
    listed = score >= np.float32(floor)
    trials = PairTrials(
        people,
        probe[listed],
        reference[listed],
        score[listed],
        floor,
        both + only_r,
        both + only_p,
        both,
        c_first,
        c_second,
        c_value,
    )
    return trials, probe, reference, score, np.arange(people)


def brute_pairs(
    probe: np.ndarray, reference: np.ndarray, score: np.ndarray, inside: np.ndarray, t: float
) -> tuple[float, float, float]:
    """Events, trials and dyadic variance by looking at every two comparisons that share people."""
    keep = inside[probe] & inside[reference]
    a, b, hit = probe[keep], reference[keep], score[keep] >= np.float32(t)
    trials, events = len(hit), int(hit.sum())
    if not trials:
        return 0, 0, 0.0
    p = events / trials
    e = hit - p
    shares = (a[:, None] == a) | (a[:, None] == b) | (b[:, None] == a) | (b[:, None] == b)
    same = np.minimum(a, b) * 10_000 + np.maximum(a, b)
    # The share of pairs of comparisons that share nobody is what residuals leave of the variance.
    correction = min(1 / max(1 - shares.sum() / trials**2, 1e-9), 6.0)
    variance = correction * float(e @ shares @ e) / trials**2
    of_pairs = float(e @ (same[:, None] == same) @ e) / trials**2
    return events, trials, max(variance, of_pairs, p * (1 - p) / trials)


def random_persons(
    people: int, seed: int = 0, *, metric: str = "FPIR", spread: float = 0.4
) -> PersonTrials:
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), rng.integers(0, 6, people))
    score = rng.normal(0, spread, people)[person] + rng.normal(0, 0.3, len(person))
    return PersonTrials(
        metric,
        people,
        person,
        np.round(score, 2).astype(np.float32),
        metric in ("FPIR", "TPIR"),
        watchlist_size=None if metric == "FNMR" else 500,
        reference=rng.integers(0, 12, len(person)) if metric == "FPIR" else None,
    )


def labels(people: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed + 100)
    gender = rng.choice(["female", "male"], people)
    ethnicity = rng.choice(["asian", "black", "white", None], people, p=[0.3, 0.3, 0.3, 0.1])
    return pd.DataFrame({"gender": gender, "ethnicity": ethnicity})


def side_by_side(studies: Sequence[PersonTrials]) -> list[PersonTrials]:
    """Give studies of the same people watchlists of their own lengths.

    One table of findings then analyses them all, each by itself but for the adjustment of its
    p-value, in a third of the time of as many tables.
    """
    return [replace(trials, watchlist_size=10 + at) for at, trials in enumerate(studies)]


def pairs_of(found: pd.DataFrame) -> pd.DataFrame:
    """Return the row of the only two groups of each such study."""
    return found[found["group_a"] != "*"].groupby("watchlist_size").nth(0)
