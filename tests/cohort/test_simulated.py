"""The simulated cohort: its true rates against brute force, and what its configuration plants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lfr_eval.cohort.planting import population
from lfr_eval.cohort.population import Population
from lfr_eval.cohort.simulated import simulate
from lfr_eval.config import ConfigError, SimulatedDatasetConfig

BASE = SimulatedDatasetConfig(
    name="test", people=60, passes=2, fillers=600, cameras={"north": 0.15, "south": -0.15}
)
CUT = np.array([0.45, 0.5, 0.55, 0.6])


def rate(table: pd.DataFrame, metric: str, group: str, threshold: float | None) -> float:
    found = table[(table["metric"] == metric) & (table["group"] == group)]
    if threshold is not None:
        found = found[np.isclose(found["threshold"], threshold)]
    assert len(found) == 1
    return float(found["rate"].iloc[0])


@pytest.mark.slow
def test_true_rates_equal_a_large_sample() -> None:
    """Every rate of the model, against 6,000 people drawn from it."""
    config = replace(
        BASE, people=6_000, passes=1, fillers=6_000, false_positive_ratio={"black": 3.0}
    )
    drawn = simulate(config)
    size = 200
    truth = drawn.truth(CUT.tolist(), [size])
    images = drawn.cohort.images
    label = (images["gender"] + " x " + images["ethnicity"]).to_numpy(str)
    role = images["role"].to_numpy(str)
    for group in ("female x black", "male x white"):
        own = (label == group) & drawn.acquired
        references, probes = (drawn.vectors[own & (role == r)] for r in ("reference", "probe"))
        person = images["subject_id"].to_numpy(str)
        r_id, p_id = (person[own & (role == r)] for r in ("reference", "probe"))
        score = references @ probes.T
        same = r_id[:, None] == p_id
        # A watchlist of its own for every probe: what the truth averages over.
        fillers = drawn.vectors[role == "filler"]
        rng = np.random.default_rng(0)
        best = np.array(
            [(fillers[rng.choice(len(fillers), size, False)] @ probe).max() for probe in probes]
        )
        passes = int(((label == group) & (role == "probe")).sum())
        for t in CUT:
            sampled = [
                ("FMR", score[~same] >= t, (~same).sum() / len(references) * 0.5),
                ("FNMR", score[same] < t, same.sum()),
                ("FPIR", np.r_[best >= t, np.zeros(passes - len(probes), bool)], passes),
            ]
            for metric, events, independent in sampled:
                true = rate(truth, metric, group, t)
                spread = np.sqrt(true * (1.0 - true) / independent)
                assert abs(events.mean() - true) < 4.5 * spread + 1e-6, (metric, group, t)


def test_a_planted_ratio_is_the_true_ratio() -> None:
    config = replace(
        BASE,
        false_positive_ratio={"black": 5.0, "female x asian": 0.5},
        miss_ratio={"female": 1.5},
        acquisition_ratio={"white": 2.0},
        ratios_hold_at=0.55,
    )
    truth = simulate(config).truth([0.55], [config.fillers])
    unnamed = ("female x white", "male x asian", "male x white")
    base = np.mean([rate(truth, "FPIR", group, 0.55) for group in unnamed])
    assert rate(truth, "FPIR", "male x black", 0.55) / base == pytest.approx(5.0, rel=0.02)
    assert rate(truth, "FPIR", "female x black", 0.55) / base == pytest.approx(5.0, rel=0.02)
    assert rate(truth, "FPIR", "female x asian", 0.55) / base == pytest.approx(0.5, rel=0.02)
    misses = [rate(truth, "FNMR", f"{gender} x black", 0.55) for gender in ("female", "male")]
    assert misses[0] / misses[1] == pytest.approx(1.5, rel=1e-3)
    failures = [rate(truth, "FTA", group, None) for group in ("white", "black")]
    assert failures == pytest.approx([0.04, 0.02])


def test_without_planted_differences_all_groups_are_alike() -> None:
    truth = simulate(BASE).truth([0.5], [100])
    for metric in ("FMR", "FNMR", "FPIR", "FNIR", "TPIR"):
        cells = truth[(truth["metric"] == metric) & (truth["factor"] == "gender x ethnicity")]
        assert cells["rate"].std() / cells["rate"].mean() < 1e-9


def test_scores_are_shaped_like_facenets() -> None:
    """Means and spreads of the default model, beside those measured on real faces.

    Measured with FaceNet: non-mated scores of white FairFace adults of one gender have mean 0.05
    to 0.07 and spread 0.16 to 0.17; mated scores of the posed London Set have mean 0.94.
    """
    drawn = simulate(replace(BASE, people=600, fillers=6, probe_quality=0.97))
    images = drawn.cohort.images
    own = (images["gender"] == "male") & (images["ethnicity"] == "white")
    references = drawn.vectors[(own & (images["role"] == "reference")).to_numpy(bool)]
    score = (references @ references.T)[np.triu_indices(len(references), 1)]
    # Quality pulls scores down by a few percent; the noise axis of references is shared here.
    assert 0.03 < score.mean() < 0.15
    assert 0.13 < score.std() < 0.18
    mated = np.multiply(*drawn.population.probe_quality)[0].sum()
    assert 0.90 < mated * 0.97 < 0.97


def test_same_seed_same_people_other_seed_others() -> None:
    first, again, other = simulate(BASE), simulate(BASE), simulate(replace(BASE, seed=2))
    np.testing.assert_array_equal(first.vectors, again.vectors)
    assert first.cohort.digest == again.cohort.digest
    assert not np.array_equal(first.vectors, other.vectors, equal_nan=True)


def test_the_cohort_is_marked_simulated_and_balanced() -> None:
    cohort = simulate(BASE).cohort
    assert cohort.simulated
    people = cohort.people[~cohort.people["filler"].to_numpy(bool)]
    assert set(people.groupby(["gender", "ethnicity"]).size()) == {10}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"false_positive_ratio": {"blakc": 5.0}}, "names the group 'blakc'"),
        ({"false_positive_ratio": {"black": -1.0}}, "must be positive"),
        ({"miss_ratio": {"female": 2.0, "male": 3.0}}, "names every group"),
        ({"false_positive_ratio": {"black": 1e9}}, "cannot be reached"),
    ],
)
def test_what_cannot_be_planted_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        population(replace(BASE, **change))


def test_misses_equal_scipy() -> None:
    """P(p r < t) with r nearly fixed is a normal probability of logit p."""
    config = replace(BASE, reference_quality=1.0 - 1e-12, cameras={})
    people: Population = population(config)
    spread = np.hypot(config.quality_spread_people, config.quality_spread_passes)
    for t in (0.5, 0.7, 0.9):
        z = (
            np.log(t / (1 - t)) - np.log(config.probe_quality / (1 - config.probe_quality))
        ) / spread
        assert people.miss(t)[0] == pytest.approx(stats.norm.cdf(z), rel=1e-9)
