"""Whether thresholds lie on the scale of the scores, and whether a higher score means more alike.

In: the thresholds of a study, what its matcher says of its scores, and scores from elsewhere. Out:
a refusal with the remedy, where the study could only end in nonsense.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.config import ConfigError, MatcherConfig
from lfr_eval.contract.words import several, significant, threshold_text
from lfr_eval.matchers import MatcherCard

SHOWN = 5
"""Thresholds in a message."""

MOST = 200_000
"""Non-mated scores that are looked at, spread over the whole file."""

SURE = 3.0
"""Standard errors by which mated scores must lie below the others: guessing comes this far in about
1 of 1,000 studies."""


def check_reach(
    thresholds: Sequence[float], card: MatcherCard, reported: Sequence[float] = ()
) -> None:
    """Refuse thresholds that lie outside of what a matcher's scores can be.

    Of a similarity, every threshold must lie within its range. Of scores from a file only the range
    in the file is known: one threshold at least must lie within it, and each that is reported.

    Parameters
    ----------
    thresholds
        On the scale of the scores, increasing.
    reported
        The operating and the primary ones among them.

    Raises
    ------
    ConfigError
        If they do not; the message gives the scale and the remedy.
    """
    low, high = card.score_range
    above = [value for value in thresholds if value > high]
    below = [value for value in thresholds if value < low]
    if card.similarity != "given":
        outside = [*below, *above]
        if outside:
            raise ConfigError(
                f"{_named(outside)} outside of the scale of the matcher '{card.name}': its scores "
                f"lie {_between(low, high)}, so such a threshold is reached by every score or by "
                "none. Give thresholds on that scale: thresholds.values, thresholds.sweep, "
                "thresholds.operating and thresholds.primary."
            )
        return
    lost = [value for value in reported if value > high], [v for v in reported if v < low]
    if len(above) == len(thresholds) or lost[0]:
        reached, which = "No score reaches", lost[0] or above
        most = f"the highest score is {threshold_text(high)}"
    elif len(below) == len(thresholds) or lost[1]:
        reached, which = "Every score reaches", lost[1] or below
        most = f"the lowest score is {threshold_text(low)}"
    else:
        return
    any_of = "the threshold" if len(which) == 1 else "any of the thresholds"
    raise ConfigError(
        f"{reached} {any_of} {_shown(which)}: {most}. Give thresholds on the scale of the scores, "
        f"which lie {_between(low, high)}: thresholds.values, thresholds.operating and "
        "thresholds.primary."
    )


def check_direction(scores: pd.DataFrame, images: pd.DataFrame, settings: MatcherConfig) -> None:
    """Refuse scores by which people are less like themselves than like others.

    The share of non-mated scores that a mated one exceeds, on average, is compared with one half;
    its standard error is that of a rank-sum test with as many mated scores as there are people,
    since the scores of one person hang together [1]_.

    Parameters
    ----------
    scores
        reference_id, probe_id and score.
    images
        Table `cohort`.
    settings
        Of the matcher, for the remedy.

    Raises
    ------
    ConfigError
        If mated scores are clearly lower.

    References
    ----------
    .. [1] Mann, H. B. and Whitney, D. R. (1947). On a test of whether one of two random variables
       is stochastically larger than the other. Annals of Mathematical Statistics 18, 50-60.
    """
    subjects = pd.Series(pd.factorize(images["subject_id"])[0], index=images["image_id"])
    first = subjects.reindex(scores["reference_id"]).to_numpy()
    second = subjects.reindex(scores["probe_id"]).to_numpy()
    value, mated = scores["score"].to_numpy(float), first == second
    people = len(np.unique(first[mated]))
    others = value[~mated]
    if not people or not len(others):
        return
    seen = np.sort(others[:: max(1, len(others) // MOST)])
    below = np.searchsorted(seen, value[mated], "left") + np.searchsorted(
        seen, value[mated], "right"
    )
    exceeded = float(below.mean()) / (2 * len(seen))
    if (0.5 - exceeded) * math.sqrt(12 * people) < SURE:
        return
    given = getattr(settings, "higher_is", "better")
    kind, other = ("similarities", "better") if given == "worse" else ("distances", "worse")
    raise ConfigError(
        f"The {several(int(mated.sum()), 'score')} of people compared with themselves (median "
        f"{_median(value[mated])}) are lower than the "
        f"{several(len(others), 'score')} of different people (median "
        f"{_median(others)}). Scores are read as matcher.higher_is="
        f"{given}; if they are {kind}, set matcher.higher_is={other} and give the thresholds on "
        "that scale. Otherwise check that subject_id names the same person in references and "
        "probes."
    )


def _median(values: NDArray[np.float64]) -> str:
    return threshold_text(float(significant(float(np.median(values)))))


def _named(values: Sequence[float]) -> str:
    one = len(values) == 1
    return f"The threshold{'' if one else 's'} {_shown(values)} {'is' if one else 'are'}"


def _shown(values: Sequence[float]) -> str:
    more = f" and {len(values) - SHOWN:,} more" if len(values) > SHOWN else ""
    return ", ".join(threshold_text(value) for value in values[:SHOWN]) + more


def _between(low: float, high: float) -> str:
    if math.isinf(low):
        return f"at or below {threshold_text(high)}"
    if math.isinf(high):
        return f"at or above {threshold_text(low)}"
    return f"between {threshold_text(low)} and {threshold_text(high)}"
