"""Families of four who share a tendency: with `cluster_id`, all that is said is less sure."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from lfr_eval.config import ConstraintsConfig
from lfr_eval.contract.mixing import AS_THEY_COME
from lfr_eval.contract.trials import PairTrials, PersonTrials, WatchlistTrials, group_people
from lfr_eval.finished.choosing.sample import Sample, halves
from lfr_eval.finished.choosing.weighing import weigh
from lfr_eval.inference import (
    Plan,
    bootstrap,
    equity_table,
    modelled_table,
    rate_table,
    watchlist_size_table,
)
from lfr_eval.inference.at_one_rate import at_one_rate
from lfr_eval.inference.clusters import clusters_of
from lfr_eval.inference.precision import precision_of

PEOPLE, PASSES = 240, 5
THRESHOLDS = (0.0, 0.3, 0.6)
FAMILY = np.arange(PEOPLE) // 4
ALONE = pd.DataFrame({"g": np.where(np.arange(PEOPLE) < PEOPLE // 2, "a", "b")})
TOGETHER = ALONE.assign(cluster_id=FAMILY)
PLAN = Plan(factors=("g",), primary_thresholds=(0.3,), reference_groups={"g": "a"})
RNG = np.random.default_rng(5)
TENDENCY = RNG.normal(size=PEOPLE // 4)[FAMILY]
PERSON = np.repeat(np.arange(PEOPLE), PASSES)
HITS = RNG.random((len(PERSON), 40)) < 0.004 * np.exp(TENDENCY)[PERSON][:, None]
"""Which passes match which references of a watchlist."""


def passes(metric: str, above: bool = True, strength: float = 0.8) -> PersonTrials:
    noise = np.random.default_rng(7).normal(size=len(PERSON))
    score = TENDENCY[PERSON] * strength + noise * 0.6 - (1.0 if above else 0.0)
    size = 100 if above else None
    return PersonTrials(metric, PEOPLE, PERSON, score.astype(np.float32), above, size)


@cache
def alerts() -> PersonTrials:
    return passes("FPIR")


@cache
def alike_alerts() -> PersonTrials:
    """Alerts of families who differ so little that their highest scores can be modelled."""
    return passes("FPIR", strength=0.3)


@cache
def matches(strength: float = 0.3) -> PairTrials:
    first, second = np.triu_indices(PEOPLE, 1)
    noise = np.random.default_rng(5).normal(size=len(first))
    score = (TENDENCY[first] + TENDENCY[second]) * strength + noise * 0.6 - 1.6
    listed, one = score >= -0.5, np.ones(PEOPLE, np.intp)
    scores = score[listed].astype(np.float32)
    return PairTrials(PEOPLE, first[listed], second[listed], scores, -0.5, one, one, one)


def sample(people: pd.DataFrame) -> Sample:
    return Sample("everybody", people, alerts(), None, THRESHOLDS, PLAN)


def bounds(people: pd.DataFrame) -> np.ndarray:
    limits = ConstraintsConfig(max_ratio=2.0, factors=["g"])
    return weigh(sample(people), limits)["bound"].to_numpy(float)


def equity(people: pd.DataFrame, trials: PersonTrials | PairTrials) -> np.ndarray:
    found = equity_table([trials], people, ["g"], THRESHOLDS, PLAN, 500)
    return np.log(found.loc[found["measure"] == "worst/best", "upper"].to_numpy(float))


def width(table: pd.DataFrame, low: str = "lower", high: str = "upper") -> np.ndarray:
    return (table[high] - table[low]).to_numpy(float)


def at_rate(people: pd.DataFrame, trials: PersonTrials | PairTrials) -> np.ndarray:
    grouping, clusters = group_people(people, "g"), clusters_of(people)
    found = precision_of(
        at_one_rate(trials, trials, grouping, np.array(THRESHOLDS), 1, clusters).evidence
    )
    return np.stack([found.effect, found.clump])


def across(people: pd.DataFrame) -> np.ndarray:
    table = rate_table([matches()], people, ["g"], THRESHOLDS, PLAN)
    return width(table[table["counterpart"] != table["group"]])


def within(people: pd.DataFrame, trials: PersonTrials | PairTrials) -> np.ndarray:
    return width(
        rate_table([trials], people, ["g"], THRESHOLDS, PLAN, bands=True),
        "band_lower",
        "band_upper",
    )


def sizes(people: pd.DataFrame) -> np.ndarray:
    at = np.argwhere(HITS)
    trials = WatchlistTrials(
        PEOPLE, PERSON, np.ones(len(PERSON), bool), np.full(40, -1), at[:, 0], at[:, 1],
        np.ones(len(at), np.float32), 0.5,
    )  # fmt: skip
    references = pd.DataFrame(index=range(40))
    found = watchlist_size_table(trials, people, references, [AS_THEY_COME], [0.5], PLAN)
    return width(found[(found["way"] == "resampled") & (found["rate"] > 0)])


def modelled(people: pd.DataFrame, trials: PersonTrials | PairTrials, at: float) -> np.ndarray:
    found = modelled_table(trials, people, ["g"], [at], PLAN, 500)
    refused = found["refused"].notna()
    assert not (refused.any() and people is ALONE)
    return np.where(refused, np.inf, np.log(found["upper"] / found["lower"]))


@pytest.mark.parametrize(
    "said",
    [
        bounds,
        lambda people: equity(people, alerts()),
        lambda people: equity(people, matches()),
        lambda people: at_rate(people, alerts()),
        lambda people: at_rate(people, matches()),
        lambda people: within(people, alerts()),
        across,
        sizes,
        lambda people: modelled(people, alike_alerts(), 1.5),
        lambda people: modelled(people, matches(0.05), 0.9),
    ],
    ids=["bounds", "equity", "equity of pairs", "one rate", "one rate of pairs", "bands",
         "across", "sizes", "modelled", "modelled pairs"],
)  # fmt: skip
def test_families_make_it_less_sure(said):
    alone, together = said(ALONE), said(TOGETHER)
    assert alone.size
    assert np.all(together > 1.04 * alone)


def test_families_count_among_many_people_who_are_drawn_together(monkeypatch):
    monkeypatch.setattr(bootstrap, "MOST_ALONE", 10)
    assert np.all(equity(TOGETHER, alerts()) > 1.04 * equity(ALONE, alerts()))


def test_halves_do_not_part_a_family():
    parts = halves(sample(TOGETHER), 0.5, 3)
    families = [set(part.people["cluster_id"]) for part in parts]
    assert families[0].isdisjoint(families[1])
    assert len(families[0] | families[1]) == PEOPLE // 4
    assert all(part.people["g"].value_counts().min() >= 56 for part in parts)
