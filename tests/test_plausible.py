"""Thresholds that no score can reach, and distances taken for similarities, are refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu

from lfr_eval.config import ConfigError, MatcherConfig
from lfr_eval.matchers import MatcherCard
from lfr_eval.study.plausible import check_direction, check_reach, check_scale, people_of
from tests.studies import configured


def card(low: float, high: float, similarity: str = "cosine") -> MatcherCard:
    return MatcherCard("m", "f", "d", similarity, (low, high), "a")


@pytest.mark.parametrize(
    ("thresholds", "scale", "message"),
    [
        ((30, 40), (-1, 1), r"thresholds 30\.00, 40\.00 are outside .*between -1\.00 and 1\.00"),
        ((0.3, 0.4, 1.01), (-1, 1), r"The threshold 1\.01 is outside"),
        ((-1.2, 0.4), (-1, 1), r"The threshold -1\.20 is outside"),
        ((-0.5, 0.1), (-np.inf, 0), r"The threshold 0\.10 is outside .*at or below 0"),
        ((0.4, 60), (0, 100), None),
        (tuple(range(2, 10)), (0, 1), "and 3 more are outside"),
    ],
)
def test_a_threshold_outside_of_a_similarity_is_refused(
    thresholds: tuple[float, ...], scale: tuple[float, float], message: str | None
) -> None:
    if message is None:
        check_reach(thresholds, card(*scale))
        return
    with pytest.raises(ConfigError, match=message):
        check_reach(thresholds, card(*scale))


def test_the_ends_of_the_scale_are_on_it() -> None:
    check_reach((-1.0, 1.0), card(-1, 1))
    check_reach((-1e30, 0.0), card(-np.inf, 0))


def test_of_scores_from_a_file_one_threshold_must_lie_among_them() -> None:
    given = card(0.2, 0.9, "given")
    check_reach((0.1, 0.5, 3.0), given)
    check_reach((0.9,), given)
    with pytest.raises(ConfigError, match=r"No score reaches .*the highest score is 0\.90"):
        check_reach((0.91, 30), given)
    with pytest.raises(ConfigError, match=r"Every score reaches .*the lowest score is 0\.20"):
        check_reach((-3, 0.1), given)


def test_a_distance_is_written_as_a_negative_score() -> None:
    with pytest.raises(ConfigError, match=r"a distance of 0\.40 is written -0\.40\."):
        check_reach((0.4, 0.5), card(-1.0, -0.05, "given"))


def test_of_scores_from_a_file_every_reported_threshold_must_lie_among_them() -> None:
    given = card(0.2, 0.9, "given")
    check_reach((0.1, 0.5, 3.0), given, (0.5,))
    with pytest.raises(ConfigError, match=r"No score reaches the threshold 3\.00: the highest"):
        check_reach((0.1, 0.5, 3.0), given, (0.5, 3.0))
    with pytest.raises(ConfigError, match=r"Every score reaches the threshold 0\.10: the lowest"):
        check_reach((0.1, 0.5, 3.0), given, (0.1, 0.5))


def people(count: int) -> pd.DataFrame:
    subjects = np.repeat([f"p{number}" for number in range(count)], 2)
    return pd.DataFrame(
        {"image_id": [f"i{number}" for number in range(2 * count)], "subject_id": subjects}
    )


def scores(count: int, shift: float, seed: int = 1) -> pd.DataFrame:
    """All references against all probes; mated scores are higher by `shift` deviations."""
    reference, probe = (grid.ravel() for grid in np.mgrid[:count, :count])
    value = np.random.default_rng(seed).normal(size=count**2) + shift * (reference == probe)
    names = {"reference_id": 2 * reference, "probe_id": 2 * probe + 1}
    return pd.DataFrame(
        {name: [f"i{number}" for number in at] for name, at in names.items()} | {"score": value}
    )


def direction(scores: pd.DataFrame, count: int, settings: MatcherConfig) -> None:
    first, second = people_of(scores, people(count))
    mated = first == second
    check_direction(scores["score"].to_numpy(), mated, len(np.unique(first[mated])), settings)


@pytest.mark.parametrize("shift", [-5.0, -1.0])
def test_mated_scores_below_the_others_are_refused_with_the_remedy(shift: float) -> None:
    with pytest.raises(ConfigError, match=r"if they are distances, set matcher\.higher_is=worse"):
        direction(scores(40, shift), 40, MatcherConfig())
    worse = MatcherConfig()
    vars(worse)["higher_is"] = "worse"
    with pytest.raises(ConfigError, match=r"if they are similarities, set matcher.higher_is=bett"):
        direction(scores(40, shift), 40, worse)


def test_good_scores_and_guesses_are_not_refused() -> None:
    """Guessing comes so far in about one of a thousand studies."""
    direction(scores(40, 3.0), 40, MatcherConfig())
    refused = 0
    for seed in range(200):
        try:
            direction(scores(12, 0.0, seed), 12, MatcherConfig())
        except ConfigError:
            refused += 1
    assert refused <= 2


def test_the_limit_is_that_of_a_rank_sum_test() -> None:
    """With one mated score per person, three standard errors are three of SciPy's."""
    for shift in np.linspace(-1.2, -0.2, 11):
        given = scores(30, shift, 7)
        mated = given["reference_id"].str[1:].astype(int) + 1 == given["probe_id"].str[1:].astype(
            int
        )
        value, others = given["score"][mated], given["score"][~mated]
        test = mannwhitneyu(value, others, alternative="less", method="asymptotic")
        exceeded = test.statistic / (len(value) * len(others))
        expected = (0.5 - exceeded) * np.sqrt(12 * 30) >= 3
        try:
            direction(given, 30, MatcherConfig())
            refused = False
        except ConfigError:
            refused = True
        assert refused == expected
        # A thousandth of the other scores changes the error of the mean little.
        assert not refused or test.pvalue < 0.003


def test_without_one_sort_of_scores_nothing_can_be_said() -> None:
    direction(scores(1, -5), 1, MatcherConfig())
    empty = scores(3, 0).iloc[:0]
    direction(empty, 3, MatcherConfig())


@pytest.mark.parametrize(
    ("times", "thresholds", "remedy"),
    [
        (
            100,
            (0.5, 0.6),
            r"of 100, write thresholds\.values=\[50,60\], or divide the scores by 100",
        ),
        (1000, (0.5, 0.6), r"thresholds\.values=\[500,600\], or divide the scores by 1,000"),
        (
            1,
            (50, 60),
            r"scores are shares of 100, write thresholds\.values=\[0\.5,0\.6\], or multi",
        ),
        (100, (50, 60), None),
        (1, (0.05, 0.1, 0.6), None),
    ],
)
@pytest.mark.parametrize("told", ["all", "from a floor"])
def test_thresholds_in_another_unit_than_the_scores_are_refused(
    times: float, thresholds: tuple[float, ...], remedy: str | None, told: str
) -> None:
    """In scores and pairs by the share of other people who match, in logs by the sizes alone."""
    given = scores(20, 4.0)
    value = times * np.clip(given["score"] * 0.1 + 0.3, 0.001, 0.999).to_numpy()
    first, second = people_of(given, people(20))
    others = value[first != second]
    if told != "all":
        value, others = value[value >= thresholds[0]], None
        value = value if len(value) else np.array([0.7])
    if remedy is None:
        check_scale(value, others, thresholds)
        return
    with pytest.raises(ConfigError, match=remedy):
        check_scale(value, others, thresholds)


def test_what_may_be_meant_is_not_refused() -> None:
    others = np.linspace(-12, 1, 200)
    mated = np.linspace(3, 20, 50)
    check_scale(np.concatenate([others, mated]), others, (0.3, 0.5))  # log odds
    check_scale(mated, None, (0.5,), 0.5, 0.5)  # a log of them from 0.5
    check_scale(100 * np.linspace(0.1, 1, 50), None, (0.0,), 0.0, 0.0)  # lists without a threshold
    check_scale(np.linspace(0, 1, 90), np.linspace(0, 0.5, 80), (0.01, 0.4))  # a low end of a sweep
    check_scale(np.array([]), None, (0.5,))
    with pytest.raises(
        ConfigError, match=r"198 of 200 scores .*Raise the thresholds: half .*0\.50"
    ):
        check_scale(np.linspace(0, 1, 200), np.linspace(0, 1, 200), (0.01, 0.4), 0.01)


def test_the_floor_of_a_log_is_told_on_the_scale_of_its_scores() -> None:
    with pytest.raises(
        ConfigError,
        match=r"scores run from 60\.00 to 96\.00 and the thresholds run from 0\.60 to 0\.64\. .*"
        r"write thresholds\.values=\[60,64\] thresholds\.operating=60 matcher\.floor=60, or",
    ):
        check_scale(np.linspace(60, 96, 40), None, (0.6, 0.64), 0.6, 0.6)
    with pytest.raises(
        ConfigError, match=r"shares of 100, write thresholds\.values=\[0\.6,0\.65\]"
    ):
        check_scale(np.linspace(0.6, 1.04, 40), None, (60, 65), None, 0.6)


def test_a_study_is_refused_before_anything_is_compared(tmp_path: pytest.TempPathFactory) -> None:
    from lfr_eval.study.inputs import read_inputs

    config = configured(tmp_path, "thresholds.values=[0.5,2]")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"2\.00.*outside of the scale of the matcher 'simul"):
        read_inputs(config)


@pytest.mark.parametrize("top", [100, 1000])
def test_scores_in_per_cent_that_are_mostly_zero_are_not_shares(top: int) -> None:
    """Some systems write zero for all that is low, or whole numbers."""
    rng = np.random.default_rng(2)
    mated = rng.uniform(0.6, 0.95, 40) * top
    others = np.zeros(400)
    others[:60] = rng.uniform(0.001, 0.3, 60) * top
    if top > 100:
        mated, others = mated.round(), others.round()
    value = np.concatenate([mated, others])
    with pytest.raises(ConfigError, match=f"shares of {top:,}, write"):
        check_scale(value, others, (0.3, 0.4), 0.4, mated=mated)
    check_scale(value, others, (0.3 * top, 0.4 * top), 0.4 * top, mated=mated)
    shares = np.round(value / top, 4)
    check_scale(shares, shares[40:], (0.3, 0.4), 0.4, mated=shares[:40])
    ratios = 10 ** rng.normal(0, 1.5, 400)  # of likelihoods: 1 is where they begin to speak for it
    check_scale(ratios, ratios[40:], (0.5, 1.0), 1.0, mated=100 * ratios[:40])
