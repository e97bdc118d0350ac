"""Stage cohort: times of capture in, the time of day of each pass out.

A band is read off the time as it was written: the clock of the place where the camera stands.
"""

from __future__ import annotations

from datetime import datetime

import pandas as pd

TIME_OF_DAY = "time_of_day"
"""The column that is derived where a manifest has times and no such column of its own."""

BANDS = ((6, "night 00-06"), (12, "morning 06-12"), (18, "afternoon 12-18"), (24, "evening 18-24"))
"""End (exclusive, in hours) and name of each band."""


def time_of_day(captured_at: pd.Series, pass_id: pd.Series) -> pd.Series:
    """Return the band of each image's pass, that of its earliest frame.

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
