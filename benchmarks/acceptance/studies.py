"""Whole studies without any difference: how many claim a primary one.

`python -m benchmarks.acceptance.studies --studies 1000`, with `--scores` also those of studies
that name mean scores among their primary metrics: false matches, false alerts and misses by
gender, ethnicity and both, in groups whose people differ unequally among themselves and resemble
their own group ten times as much as others.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pandas as pd

from lfr_eval.contract.trials import PairTrials, PersonTrials, Trials
from lfr_eval.contract.vocabulary import SCORES
from lfr_eval.inference import Plan, score_difference_table
from lfr_eval.inference.comparison_rows import raw_findings
from lfr_eval.inference.families import adjust
from lfr_eval.inference.finding_table import compare_all
from lfr_eval.inference.score_differences import (
    MATED,
    MEAN,
    NON_MATED,
    SEARCH,
    STATISTICS,
    ScoreKind,
)

THRESHOLDS = (1.0, 2.0)
METRICS = ("FMR", "FPIR", "FNIR")
FACTORS = ("gender", "ethnicity", "gender x ethnicity")
PLAN = Plan(
    factors=FACTORS,
    primary_metrics=METRICS,
    primary_thresholds=(2.0,),
    primary_comparisons=("omnibus", "reference"),
)
SHARES = (0.4, 0.25, 0.15, 0.12, 0.08)


def people_of(rng: np.random.Generator, people: int) -> pd.DataFrame:
    """Draw people of two genders and five ethnicities of unequal size."""
    return pd.DataFrame(
        {
            "gender": rng.choice(["female", "male"], people, p=[0.4, 0.6]),
            "ethnicity": rng.choice(list("abcde"), people, p=SHARES),
        }
    )


def study(rng: np.random.Generator, people: pd.DataFrame, planted: float = 1.0) -> list[Trials]:
    """Draw the trials of one study; ethnicity `b` has `planted` times the false alerts."""
    n = len(people)
    code = pd.factorize(people["ethnicity"], sort=True)[0]
    spread = np.array([0.3, 1.0, 0.0, 0.8, 0.5])[code]
    tendency = np.exp(rng.normal(-(spread**2) / 2, spread))
    first, second = np.triu_indices(n, 1)
    alike = people["ethnicity"].to_numpy()[first] == people["ethnicity"].to_numpy()[second]
    alike &= people["gender"].to_numpy()[first] == people["gender"].to_numpy()[second]
    # Within every cell of people the same rate; a tenth of it across cells.
    chance = 0.02 * np.where(alike, 1.0, 0.1) * tendency[first] * tendency[second]
    draw = rng.random(len(first)) / np.maximum(chance, 1e-12)
    level = np.select([draw < 0.3, draw < 1, draw < 4], [3.0, 2.0, 1.0], 0.0)
    hit = level > 0
    one = np.ones(n, np.intp)
    pairs = PairTrials(
        n, first[hit], second[hit], level[hit].astype(np.float32), 1.0, one, one, one
    )
    alert = 0.03 * tendency * np.where(people["ethnicity"] == "b", planted, 1.0)
    miss = 0.06 * np.exp(rng.normal(-(spread**2) / 2, spread))
    return [pairs, _passes(rng, "FPIR", alert), _passes(rng, "FNIR", miss)]


def _passes(rng: np.random.Generator, metric: str, chance: np.ndarray) -> PersonTrials:
    person = np.repeat(np.arange(len(chance)), 8)
    draw = rng.random(len(person)) / np.maximum(chance[person], 1e-12)
    if metric == "FPIR":
        level = np.select([draw < 0.3, draw < 1, draw < 4], [3.0, 2.0, 1.0], 0.0)
    else:
        level = np.select([draw < 0.3, draw < 1, draw < 4], [0.0, 1.0, 2.0], 3.0)
    return PersonTrials(
        metric, len(chance), person, level.astype(np.float32), metric == "FPIR", 1000
    )


def scores_claimed(rng: np.random.Generator, people: pd.DataFrame, plan: Plan) -> bool:
    """Draw scores whose means are equal in all groups, and say whether any is called different.

    People of some ethnicities are unlike and skewed; those of others are alike.
    """
    n = len(people)
    code = pd.factorize(people["ethnicity"], sort=True)[0]
    own = np.array([0.3, 1.0, 0.0, 0.8, 0.5])[code] * (rng.exponential(size=n) - 1)
    first, second = np.triu_indices(n, 1)
    passes, twice = (np.repeat(np.arange(n), times) for times in (8, 2))
    kinds = [
        ScoreKind(kind, one, other, level + rng.standard_normal(len(one)), size)
        for kind, one, other, level, size in (
            (MATED, twice, twice, 3 - own[twice], None),
            (NON_MATED, first, second, (own[first] + own[second]) / 2, None),
            (SEARCH, passes, passes, own[passes], 1000),
        )
    ]
    with patch.dict(STATISTICS, dict.fromkeys(STATISTICS, (MEAN,))):
        rows = score_difference_table(kinds, people, plan)
    return bool((rows["primary"] & (rows["verdict"] == "different")).any())


def adjusted_rows(
    trials: Sequence[Trials], people: pd.DataFrame, thresholds: Sequence[float], plan: Plan
) -> pd.DataFrame:
    """Return the rows of the table `findings` without a sentence each, which takes as long again.

    Column `claimed` says which are called different, as
    `tests/inference/test_acceptance.py` holds.
    """
    sizes = {one.watchlist_size for one in trials if one.watchlist_size}
    plan = plan.leading({one.metric for one in trials}, sizes)
    rows = raw_findings([c for one in trials for c in compare_all(one, people, thresholds, plan)])
    p = adjust(rows, plan.alpha, plan.shared_alpha()).p_value
    return rows.assign(claimed=rows["testable"].to_numpy(bool) & (p < plan.alpha))


def main() -> None:
    """Print the share of studies with a false primary claim, and with the planted one found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first study")
    parser.add_argument("--people", type=int, default=250)
    parser.add_argument("--planted", type=float, default=1.0)
    parser.add_argument("--scores", action="store_true", help="mean scores are primary, too")
    given = parser.parse_args()
    start, claimed, found_it, by_scores = time.process_time(), 0, 0, 0
    plan = replace(PLAN, primary_metrics=(*METRICS, SCORES)) if given.scores else PLAN
    for seed in range(given.first, given.first + given.studies):
        rng = np.random.default_rng([20260101, seed])
        people = people_of(rng, given.people)
        trials = study(rng, people, given.planted)
        rows = adjusted_rows(trials, people, THRESHOLDS, plan)
        claims = rows[rows["claimed"] & rows["primary"]]
        scored = given.scores and scores_claimed(rng, people, plan)
        by_scores += scored
        claimed += scored or len(claims) > 0
        found_it += bool(((claims["metric"] == "FPIR") & (claims["factor"] == "ethnicity")).any())
    share = claimed / given.studies
    error = (max(share * (1 - share), 1e-4) / given.studies) ** 0.5
    print(
        f"{given.studies} studies of {given.people} people, planted ratio {given.planted:g}: "
        f"{100 * share:.1f} % (+-{100 * error:.1f}) claim a primary difference, "
        f"{100 * found_it / given.studies:.1f} % one of FPIR by ethnicity, "
        f"{100 * by_scores / given.studies:.1f} % one of mean scores; "
        f"{time.process_time() - start:.0f} s of CPU"
    )


if __name__ == "__main__":
    main()
