"""Stage `inference`: score tables in, the scores of each kind out with their people."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from lfr_eval.contract.trials import places_of
from lfr_eval.inference.score_differences import MATED, NON_MATED, SEARCH, ScoreKind


def score_kinds(
    people: pd.DataFrame,
    mated: pd.DataFrame | None = None,
    sample: pd.DataFrame | None = None,
    searches: pd.DataFrame | None = None,
) -> Iterator[ScoreKind]:
    """Yield the scores of a study; a design without a table has none of its kind.

    Parameters
    ----------
    people
        One row per person under test, indexed by `subject_id`. Scores of others are left out.
    mated, sample, searches
        The tables of these names.
    """
    if mated is not None and len(mated):
        yield _kind(people, MATED, mated, "subject_id", "subject_id")
    if sample is not None and len(sample):
        yield _kind(people, NON_MATED, sample, "probe_subject", "reference_subject")
    if searches is not None:
        for size, part in searches.groupby("watchlist_size"):
            # The person's own references are not among those whose best score this is.
            yield _kind(people, SEARCH, part, "subject_id", "subject_id", int(str(size)))


def _kind(
    people: pd.DataFrame,
    kind: str,
    table: pd.DataFrame,
    first: str,
    second: str,
    size: int | None = None,
) -> ScoreKind:
    a = b = places_of(people.index, table[first])
    if not table[first].equals(table[second]):
        b = places_of(people.index, table[second])
    score = table["score"].to_numpy(float, na_value=np.nan)
    known = (a >= 0) & (b >= 0)
    return ScoreKind(kind, a[known], b[known], score[known], size)
