"""Stage `publishing`: what rests on withheld counts (rates and flags in, flags of findings out)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lfr_eval.contract.tables import OVERALL
from lfr_eval.contract.thresholds import threshold_key
from lfr_eval.finished.publishing.linked import Flags

ALL, REST = "*", "rest"
Setting = tuple[str, int, float, str]
"""Metric, watchlist size (0 for 1:1), threshold (-1 for none) and factor."""


@dataclass(frozen=True)
class Hidden:
    """Groups of which something is withheld, by setting; a setting without rates is not known."""

    groups: Mapping[Setting, frozenset[str]]

    @classmethod
    def of(cls, rates: pd.DataFrame, flags: Flags) -> Hidden:
        """Return the groups of flagged rates."""
        found: dict[Setting, set[str]] = {}
        for key, group, flag in zip(_settings(rates), rates["group"], flags, strict=True):
            found.setdefault(key, set()).update([str(group)] if flag else [])
        return cls({key: frozenset(groups) for key, groups in found.items()})

    def any_of(self, findings: pd.DataFrame) -> Flags:
        """Whether comparisons rest on what is withheld."""
        pairs = zip(findings["group_a"], findings["group_b"], strict=True)
        settings = _settings(findings)
        found = [
            self._compared(key, {str(a), str(b)})
            for key, (a, b) in zip(settings, pairs, strict=True)
        ]
        return np.array(found, dtype=bool)

    def within(self, measures: pd.DataFrame) -> Flags:
        """Whether measures over all groups of a factor rest on what is withheld."""
        found = [
            any(self._compared((metric, *key[1:]), {ALL}) for metric in key[0].split(" + "))
            for key in _settings(measures)
        ]
        return np.array(found, dtype=bool)

    def _compared(self, key: Setting, compared: set[str]) -> bool:
        groups = self.groups.get(key)
        if groups is None:
            return True
        if ALL in compared:
            return bool(groups)
        if REST not in compared:
            return bool(compared & groups)
        # The rest is everybody without the group; of false matches, those within the other groups.
        everybody = self.groups.get((*key[:3], OVERALL), frozenset())
        within = groups if key[0] == "FMR" else compared & groups
        return bool(within) or bool(everybody)


def _settings(frame: pd.DataFrame) -> list[Setting]:
    columns = (
        frame["metric"],
        frame["watchlist_size"].fillna(0).astype(int),
        frame["threshold"].astype(float).fillna(-1.0).map(threshold_key),
        frame["factor"],
    )
    return [
        (str(metric), int(size), float(at), str(factor))
        for metric, size, at, factor in zip(*columns, strict=True)
    ]
