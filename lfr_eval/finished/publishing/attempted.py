"""Stage `publishing`: one-to-one rates of what was attempted (cohort and rates in, rates out).

The number of comparisons made reveals failures to acquire: 1,104 of 1,150 show that two images
failed. The comparisons that were attempted follow from the numbers of images alone, which
are published, and so tell nothing of failures. Where few people failed, rates are published of
these: a prevented comparison then counts as one without a match, or without a miss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.contract.trials import group_people
from lfr_eval.finished.publishing.counts import MADE
from lfr_eval.finished.publishing.linked import Flags
from lfr_eval.finished.publishing.rule import PAIRS, SEARCHED
from lfr_eval.inference.ends import upper_ends
from lfr_eval.inference.pair_sizes import KERNEL
from lfr_eval.inference.precision import independent

MOST_PREVENTED = 0.1
"""Share of the comparisons of a group above which a rate of those attempted says too little."""
DIGITS = 2
"""Significant digits of the ends of intervals, rounded outwards: more would tell the comparisons
that were made."""
COUNTED = ("trials", "subjects")


@dataclass(frozen=True)
class Attempts:
    """Comparisons by group.

    Attributes
    ----------
    made, attempted
        Metric, factor and group -> comparisons and people compared.
    """

    made: Mapping[tuple[str, str, str], tuple[int, int]]
    attempted: Mapping[tuple[str, str, str], tuple[int, int]]

    @classmethod
    def of(cls, cohort: pd.DataFrame, acquired: Flags, factors: Sequence[str]) -> Attempts:
        """Count comparisons within the groups of factors that are labels of people.

        Parameters
        ----------
        cohort
            Table `cohort`.
        acquired : (images,)
            Whether a template was made.
        """
        return cls(_counts(cohort, acquired, factors), _counts(cohort, acquired | True, factors))

    def allow(self, rates: pd.DataFrame) -> tuple[str, ...]:
        """Return the metrics whose rates can be those of what was attempted.

        The numbers of comparisons must be those that follow from images, and a miss must not be
        known from searches, whose misses count failures.
        """
        searched = rates["metric"].isin(SEARCHED).any()
        return tuple(
            metric
            for metric in PAIRS
            if not (searched and metric == "FNMR") and self._follow(rates, metric)
        )

    def _follow(self, rates: pd.DataFrame, metric: str) -> bool:
        rows = rates[rates["metric"] == metric]
        told = rows[["factor", "group", *COUNTED]].itertuples(index=False)
        for factor, group, trials, subjects in told:
            key = metric, str(factor), str(group)
            made, attempted = self.made.get(key), self.attempted.get(key, (0, 0))
            if made != (trials, subjects) or made[0] < (1 - MOST_PREVENTED) * attempted[0]:
                return False
        return len(rows) > 0

    def rates(self, rates: pd.DataFrame, metrics: Sequence[str], minimum: int) -> pd.DataFrame:
        """Return rates in which those of some metrics are of the comparisons attempted."""
        found = rates.assign(**{MADE: rates["trials"]})
        chosen = rates["metric"].isin(list(metrics)).to_numpy(bool)
        rows = rates[chosen]
        keys = zip(rows["metric"], rows["factor"], rows["group"], strict=True)
        counts = np.array([self.attempted[m, str(f), str(g)] for m, f, g in keys]).reshape(-1, 2)
        trials, subjects = counts[:, 0].astype(float), counts[:, 1].astype(float)
        events, made = (rows[name].to_numpy(float) for name in ("events", "trials"))
        shrunk = np.divide(made, trials, out=np.ones_like(made), where=trials > 0)
        upper = rows["upper"].to_numpy(float) * shrunk
        # Without an event the bound is that of people or pairs of them, and would tell how many.
        fewest = np.maximum(np.floor((subjects - minimum) / 2), 1.0)
        level = (1 - rows["level"].to_numpy(float)) / 2
        bare = (events == 0) & (rows["effective_trials"].to_numpy(float) >= fewest)
        bound = upper_ends(independent(np.zeros_like(fewest), fewest), level)
        upper = np.where(bare & ~np.isnan(upper), np.maximum(bound, 0.0), upper)
        found.loc[chosen, "trials"], found.loc[chosen, "subjects"] = counts[:, 0], counts[:, 1]
        found.loc[chosen, "rate"] = np.divide(
            events, trials, out=np.full_like(events, np.nan), where=trials > 0
        )
        found.loc[chosen, "lower"] = outwards(rows["lower"].to_numpy(float) * shrunk, np.floor)
        found.loc[chosen, "upper"] = np.minimum(outwards(upper, np.ceil), 1.0)
        found.loc[chosen, "effective_trials"] = np.nan
        found.loc[chosen, "interval"] = rows["interval"] + ", of comparisons attempted, rounded"
        return found


def outwards(values: NDArray[np.float64], rounded: np.ufunc) -> NDArray[np.float64]:
    """Round to `DIGITS` significant digits, all up (`numpy.ceil`) or all down (`numpy.floor`)."""
    size = np.abs(values)
    place = np.floor(np.log10(np.where((size > 0) & np.isfinite(size), size, 1.0))) - (DIGITS - 1)
    step = 10.0**place
    found: NDArray[np.float64] = np.where(size > 0, rounded(values / step) * step, values)
    return found


def _counts(
    cohort: pd.DataFrame, there: Flags, factors: Sequence[str]
) -> dict[tuple[str, str, str], tuple[int, int]]:
    """Return comparisons of two people and of one with themselves, and people, by group."""
    role = cohort["role"]
    number = pd.DataFrame(
        {
            "r": role.isin(["reference", "both"]) & there,
            "p": role.isin(["probe", "both"]) & there,
            "b": (role == "both") & there,
        }
    ).astype(int)
    tested = (role != "filler").to_numpy(bool)
    people = cohort[tested].drop_duplicates("subject_id").set_index("subject_id")
    each = number[tested].groupby(cohort.loc[tested, "subject_id"]).sum().reindex(people.index)
    images = each[["r", "p", "b"]].to_numpy(float)
    compared = images @ KERNEL
    alone = np.einsum("ij,ij->i", compared, images)
    r, p, b = images.T
    own = r * p - b * (b + 1) / 2
    found = {}
    for factor in factors:
        grouping = group_people(people, factor)
        for code, group in enumerate(grouping.names):
            here = grouping.codes == code
            whole = images[here].sum(axis=0)
            pairs = int((whole @ KERNEL @ whole - alone[here].sum()) / 2)
            # A person's comparisons with the others of the group.
            with_others = compared @ whole - alone
            found["FMR", factor, group] = pairs, int((with_others[here] > 0).sum())
            found["FNMR", factor, group] = int(own[here].sum()), int((own[here] > 0).sum())
    return found
