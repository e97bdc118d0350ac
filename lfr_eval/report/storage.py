"""Stage report: what storing templates in a narrower type did (table `borderline` in)."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class ScoreShift:
    """How far scores may be off, and how many of them that matters to.

    Attributes
    ----------
    within
        No score is off by more.
    mated, non_mated
        Comparisons that near to a threshold of the first screen.
    """

    within: float
    mated: int
    non_mated: int


def to_shift(borderline: pd.DataFrame | None) -> ScoreShift | None:
    """Return what the table says of the thresholds in it; None where nothing was narrowed."""
    if borderline is None or not borderline["within"].gt(0).any():
        return None
    near = borderline.groupby("kind")["comparisons"].sum()
    return ScoreShift(
        float(borderline["within"].max()), int(near.get("mated", 0)), int(near.get("non_mated", 0))
    )
