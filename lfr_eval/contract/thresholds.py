"""When two thresholds are the same: they may be of any size, and pass through files and sums."""

from __future__ import annotations

from typing import Any, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_CLOSE = 1e-9
_DIGITS = 12


@overload
def same_threshold(values: float, threshold: float) -> bool: ...
@overload
def same_threshold(values: NDArray[np.float64], threshold: float) -> NDArray[np.bool_]: ...
@overload
def same_threshold(values: pd.Series, threshold: float) -> pd.Series: ...
def same_threshold(values: Any, threshold: float) -> Any:
    """Return whether thresholds are this one but for rounding, element by element.

    Parameters
    ----------
    values
        A number, an array or a Series; what is missing is no threshold.

    Examples
    --------
    >>> same_threshold(0.1 + 0.2, 0.3), same_threshold(4e-10, 3e-10)
    (True, False)
    """
    return abs(values - threshold) <= _CLOSE * abs(threshold)


def threshold_key(threshold: float) -> float:
    """Return a number that is the same for thresholds that differ by rounding alone."""
    return float(f"{threshold:.{_DIGITS}g}")
