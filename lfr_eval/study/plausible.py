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
from lfr_eval.contract.words import several, significant, some, threshold_text
from lfr_eval.matchers import MatcherCard

SHOWN = 5
"""Thresholds in a message."""

MOST = 200_000
"""Non-mated scores that are looked at, spread over the whole file."""

SURE = 3.0
"""Standard errors by which mated scores must lie below the others: guessing comes this far in about
1 of 1,000 studies."""

NEARLY_ALL = 0.9
"""Of the scores of different people: whoever matches so many of them has set no threshold."""

FEWEST = 20
"""Scores of different people from which NEARLY_ALL says something."""

FAR, MOSTLY_FAR = 20.0, 5.0
"""Times that the median score, and 19 of 20 scores, exceed a threshold between 0 and 1 that is not
on their scale; of a log with a floor, all of these FAR. Scores in per cent exceed it 100 times; log
odds come below it, or near it. Scores of zero do not count: some systems write them for all that is
low."""


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
    distances = ""
    if high <= 0 < min(which):
        one = threshold_text(min(which))
        distances = f" Distances become negative scores: a distance of {one} is written -{one}."
    any_of = "the threshold" if len(which) == 1 else "any of the thresholds"
    raise ConfigError(
        f"{reached} {any_of} {_shown(which)}: {most}. Give thresholds on the scale of the scores, "
        f"which lie {_between(low, high)}: thresholds.values, thresholds.operating and "
        f"thresholds.primary.{distances}"
    )


def check_direction(
    value: NDArray[np.floating],
    mated: NDArray[np.bool_],
    people: int,
    settings: MatcherConfig,
) -> None:
    """Refuse scores by which people are less like themselves than like others.

    The share of non-mated scores that a mated one exceeds, on average, is compared with one half;
    its standard error is that of a rank-sum test with as many mated scores as there are people,
    since the scores of one person hang together [1]_.

    Parameters
    ----------
    value
        Scores, higher is more alike, (scores,).
    mated
        Which of them compare one person, (scores,).
    people
        How many people the mated scores are of.
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
    value = np.asarray(value, float)
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
    whose = "that subject_id names the same person in references and probes"
    if settings.name == "pairs":
        whose = (
            "what genuine says: if 1 in it means two different people, name its column with "
            "'matcher.columns={impostor: THEIRS}' in place of genuine"
        )
    raise ConfigError(
        f"The {several(int(mated.sum()), 'score')} of people compared with themselves (median "
        f"{_median(value[mated])}) are lower than the "
        f"{several(len(others), 'score')} of different people (median "
        f"{_median(others)}). Scores are read as matcher.higher_is="
        f"{given}; if they are {kind}, set matcher.higher_is={other} and give the thresholds on "
        f"that scale. Otherwise check {whose}."
    )


def people_of(
    scores: pd.DataFrame, images: pd.DataFrame
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the numbers of the people of references and probes, as in the table of images."""
    subjects = pd.Series(pd.factorize(images["subject_id"])[0], index=images["image_id"])
    first, second = (subjects.reindex(scores[name]) for name in ("reference_id", "probe_id"))
    return first.to_numpy(float), second.to_numpy(float)


def check_scale(
    scores: NDArray[np.floating],
    others: NDArray[np.floating] | None,
    thresholds: Sequence[float],
    operating: float | None = None,
    floor: float | None = None,
    mated: NDArray[np.floating] | None = None,
) -> None:
    """Refuse thresholds that are not on the scale of the scores, such as 0.6 of scores in per cent.

    Low thresholds of a sweep are allowed: the operating threshold is looked at, else the highest.

    Parameters
    ----------
    scores
        From a file or a log, higher is more alike.
    others
        Those of different people, all of them; None where some are not told.
    thresholds
        Of the study, all of them.
    operating
        Where the matcher is meant to run; None if nobody said.
    floor
        Lowest score that the system reports; None if it reports all.
    mated
        Scores of people compared with themselves; None where nobody knows which they are.

    Raises
    ------
    ConfigError
        If nearly all different people match, or the scores are many times the thresholds or a small
        part of them; the message gives both ranges and the remedy.
    """
    if not len(scores):
        return
    value = max(thresholds) if operating is None else operating
    seen = np.asarray(scores, float)
    # A system that reports from its floor has scores near it, unless it is of another scale.
    near = FAR if floor else MOSTLY_FAR
    own = None if mated is None or not len(mated) else float(np.median(np.abs(mated)))
    factor = _factor(seen, max(thresholds), near, own) or _factor(seen, value, near, own)
    matched = 0 if others is None else int((others >= value).sum())
    all_match = others is not None and matched >= max(FEWEST, NEARLY_ALL * len(others))
    if factor is None and not all_match:
        return
    said = f"{_range('score', seen)} and {_range('threshold', np.array(thresholds))}"
    remedy = []
    if factor is not None:
        settings = [f"thresholds.values={_times(thresholds, factor)}"]
        if operating:
            settings.append(f"thresholds.operating={_times([operating], factor)[1:-1]}")
        if floor:
            settings.append(f"matcher.floor={_times([floor], factor)[1:-1]}")
        whose, how = ("thresholds", f"divide the scores by {factor:,g}")
        if factor < 1:
            whose, how = "scores", f"multiply them by {1 / factor:,g}"
        top = f"{max(factor, 1 / factor):,g}"
        remedy.append(f"If the {whose} are shares of {top}, write {' '.join(settings)}, or {how}.")
    if others is not None and all_match:
        said += (
            f"; {matched:,} of {len(others):,} scores of different people reach "
            f"{threshold_text(value)}"
        )
        remedy.append(
            f"{'Otherwise raise' if remedy else 'Raise'} the thresholds: half of the scores of "
            f"different people lie above {_median(np.asarray(others, float))}."
        )
    raise ConfigError(
        f"The thresholds are not on the scale of the scores: {said}. {' '.join(remedy)}"
    )


def _factor(
    scores: NDArray[np.float64], threshold: float, near: float, mated: float | None
) -> float | None:
    """Return how many times the scores are what the threshold takes them for; None if not plain."""
    size, at = np.abs(scores), abs(threshold)
    largest = float(size.max())
    if (scores * threshold < 0).any() or not threshold or not largest:
        return None
    if at <= 1 < largest:
        told = size[size > 0]
        mostly = float(np.quantile(told, 0.05)) >= near * at
        far = mostly and float(np.median(told)) >= FAR * at
        if at < 1 and largest >= 10:
            # No whole number lies between such thresholds, and few shares of 100 below them.
            far = far or bool((size == np.floor(size)).all())
            far = far or (largest <= 100 and mated is not None and mated >= FAR * at)
        return _power(largest) if far else None
    # A similarity that may exceed 1 a little is still one.
    if 0 < largest < 2 and at > 1 and at >= FAR * largest:
        return 1 / _power(at)
    return None


def _power(largest: float) -> float:
    """Return the end of a scale from 0 that holds a number: 100, 1,000, or further."""
    return float(10.0 ** max(2, math.ceil(math.log10(largest))))


def _times(values: Sequence[float], factor: float) -> str:
    shown = [f"{value * factor:.10g}" for value in values[:SHOWN]]
    return f"[{','.join([*shown, *(['...'] if len(values) > SHOWN else [])])}]"


def _range(what: str, values: NDArray[np.floating]) -> str:
    low, high = (
        threshold_text(float(significant(float(end), 4))) for end in (values.min(), values.max())
    )
    return f"the {what} is {low}" if low == high else f"the {what}s run from {low} to {high}"


def _median(values: NDArray[np.floating]) -> str:
    return threshold_text(float(significant(float(np.median(values)))))


def _named(values: Sequence[float]) -> str:
    one = len(values) == 1
    return f"The threshold{'' if one else 's'} {_shown(values)} {'is' if one else 'are'}"


def _shown(values: Sequence[float]) -> str:
    return some(values, say=threshold_text)


def _between(low: float, high: float) -> str:
    if math.isinf(low):
        return f"at or below {threshold_text(high)}"
    if math.isinf(high):
        return f"at or above {threshold_text(low)}"
    return f"between {threshold_text(low)} and {threshold_text(high)}"
