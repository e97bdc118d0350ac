"""Stage `publishing`: whose interval ends are another threshold's (rates and flags in, flags out).

Thresholds of a sweep bound each other, so that the end of an interval may be that of a threshold
whose count is withheld, or is not published at all. Such an end would tell about that count.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lfr_eval.contract.thresholds import threshold_key
from lfr_eval.finished.publishing.linked import Flags
from lfr_eval.finished.publishing.rule import RISING

SETTING = ["metric", "watchlist_size", "factor", "group"]


def borrowed(study: pd.DataFrame, published: pd.DataFrame, outcomes: Flags) -> Flags:
    """Return the published rates whose ends come from a threshold that tells no count.

    Parameters
    ----------
    study
        The rates at every threshold of the sweep; as in `published`, one a setting and group.
    published
        Those at the thresholds that are published.
    outcomes
        Of these, the ones whose outcome is withheld.
    """
    # Nothing, and everything, tell nobody's count.
    plain = (study["events"] == 0) | (study["events"] == study["trials"])
    given = frozenset((*_places(published[~outcomes]), *_places(study[plain.to_numpy(bool)])))
    flags = np.zeros(len(published), bool)
    for end in ("lower", "upper"):
        lent = study.dropna(subset=["threshold", end])
        # Events fall with the threshold: the first to give an upper end is the lowest; misses rise.
        is_first = lent["metric"].isin(RISING).to_numpy(bool) ^ (end == "upper")
        donors = lent.groupby([*SETTING, end], dropna=False, sort=False)["threshold"]
        origin = np.where(is_first, donors.transform("min"), donors.transform("max"))
        hidden = [place not in given for place in _places(lent.assign(threshold=origin))]
        from_hidden = frozenset(_places(lent[hidden]))
        flags |= np.array([place in from_hidden for place in _places(published)], dtype=bool)
    return flags & ~outcomes


def _places(rates: pd.DataFrame) -> Sequence[tuple[str, int, str, str, float]]:
    columns = (
        rates["metric"],
        rates["watchlist_size"].fillna(0).astype(int),
        rates["factor"],
        rates["group"],
        rates["threshold"].astype(float).fillna(-1.0).map(threshold_key),
    )
    return [
        (str(metric), int(size), str(factor), str(group), float(at))
        for metric, size, factor, group, at in zip(*columns, strict=True)
    ]
