"""Stage cohort: times of capture in, the time of day of each pass out.

A band is taken from the time as written, that is, from the clock at the camera.
"""

from __future__ import annotations

from datetime import datetime

import pandas as pd

TIME_OF_DAY = "time_of_day"
"""Column that is derived if a manifest has times but not this column."""

BANDS = ((6, "night 00-06"), (12, "morning 06-12"), (18, "afternoon 12-18"), (24, "evening 18-24"))
"""End (exclusive, in hours) and name of each band."""


def time_of_day(captured_at: pd.Series, pass_id: pd.Series) -> pd.Series:
    """Return the band of each image's pass, which is that of its earliest frame.

    Parameters
    ----------
    captured_at
        Times in ISO 8601; missing where not known, and for dates without a time.
    pass_id
        The pass of each image: all its frames get one band, even across the hour.
    """
    times = captured_at.astype("string")
    times = times.where(times.str.contains(r"[T ]\d{2}", regex=True))
    first = times.groupby(pass_id).transform("min")
    bands = {time: _band(datetime.fromisoformat(time).hour) for time in first.dropna().unique()}
    return first.map(bands).astype("string")


def _band(hour: int) -> str:
    return next(name for end, name in BANDS if hour < end)
