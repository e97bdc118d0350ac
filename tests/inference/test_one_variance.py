"""Every estimate of trials of one person each has the variance of leaving one person out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lfr_eval.contract.mixing import AS_THEY_COME
from lfr_eval.contract.trials import WatchlistTrials
from lfr_eval.inference import tail
from lfr_eval.inference.plan import Plan
from lfr_eval.inference.score_evidence import Scores, _exceeding, mean_of
from lfr_eval.inference.watchlist_sizes import _variance
from lfr_eval.inference.watchlist_ways import Exposure, resampled

PEOPLE = 12
RNG = np.random.default_rng(2)
PERSON = np.repeat(np.arange(PEOPLE), RNG.integers(2, 9, PEOPLE))
SCORE = RNG.normal(size=PEOPLE)[PERSON] + RNG.normal(size=len(PERSON))


def left_out(estimate: Callable[[np.ndarray], float], people: int = PEOPLE) -> float:
    """Jackknife variance by its definition; `estimate` takes whom to keep."""
    everybody = np.ones(people, bool)
    values = [estimate(everybody & (np.arange(people) != one)) for one in range(people)]
    gaps = np.array(values) - estimate(everybody)
    return float((people - 1) / people * np.sum(gaps**2))


def test_means_and_shares_of_scores() -> None:
    scores = Scores(PERSON, PERSON, SCORE)
    by_hand = left_out(lambda keep: float(SCORE[keep[PERSON]].mean()))
    assert mean_of(scores).error ** 2 == pytest.approx(by_hand)
    found = _exceeding(scores, np.array([0.0])).variance[0, 0]
    assert found == pytest.approx(left_out(lambda keep: float((SCORE[keep[PERSON]] > 0).mean())))


def test_scores_of_pairs_of_clusters_by_every_two_comparisons() -> None:
    first, second = np.triu_indices(14, 1)
    own = RNG.normal(size=14)
    score = own[first] + own[second] + RNG.normal(size=len(first))
    a, b = first // 2, second // 2
    shares = (a[:, None] == a) | (a[:, None] == b) | (b[:, None] == a) | (b[:, None] == b)
    residual = score - score.mean()
    # The share of comparisons that share nobody is what residuals leave of the variance.
    by_hand = residual @ shares @ residual / (1 - shares.mean()) / len(score) ** 2
    assert mean_of(Scores(a, b, score)).error ** 2 == pytest.approx(by_hand)


def test_watchlists_of_other_sizes() -> None:
    references = 9
    hit = RNG.random((len(PERSON), references)) < 0.05 * (1 + PERSON[:, None] % 5)
    at = np.argwhere(hit)
    nobody = np.full(references, -1)
    trials = WatchlistTrials(
        PEOPLE, PERSON, np.ones(len(PERSON), bool), nobody, at[:, 0], at[:, 1],
        np.ones(len(at), np.float32), 0.5,
    )  # fmt: skip

    def exposure(keep: np.ndarray) -> Exposure:
        return Exposure.of(trials, keep, AS_THEY_COME, np.zeros(references, np.intp), 0.5)

    whole = exposure(np.ones(PEOPLE, bool))
    found = _variance(resampled(whole, 4), whole, Plan())
    assert found == pytest.approx(left_out(lambda keep: resampled(exposure(keep), 4).rate))


def test_the_highest_scores_of_searches() -> None:
    total = len(PERSON)
    high = SCORE > 0.5
    share = np.bincount(PERSON) / total
    scores = tail.Scores(PERSON[high], None, SCORE[high], share, total)
    ones = np.ones((int(high.sum()), 1))
    rate = high.mean()
    found = scores.covariance(ones / total, slice(0, None), rate * share[:, None])[0, 0]
    assert found == pytest.approx(left_out(lambda keep: float(high[keep[PERSON]].mean())))
