"""Score tables to trials: passes against everybody who may be on the watchlist."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lfr_eval.contract.trials import WatchlistTrials


def watchlist_trials(
    people: pd.DataFrame,
    searches: pd.DataFrame,
    watchlist: pd.DataFrame,
    matches: pd.DataFrame,
    floor: float,
) -> WatchlistTrials:
    """Return the trials from which the rates of other watchlists follow.

    Parameters
    ----------
    people
        One row per person under test.
    searches, watchlist, matches
        The tables `searches`, `watchlist` and `watchlist_matches`.
    floor
        Every match at or above it is in the table.
    """
    keys = ["pass_id", "subject_id"]
    passes = searches.drop_duplicates(keys)
    names = pd.MultiIndex.from_frame(passes[keys].astype(str))
    hits = names.get_indexer(pd.MultiIndex.from_frame(matches[keys].astype(str)))
    return WatchlistTrials(
        people=len(people),
        person=people.index.get_indexer(pd.Index(passes["subject_id"])).astype(np.intp),
        acquired=(passes["acquired"] > 0).to_numpy(bool),
        owner=people.index.get_indexer(pd.Index(watchlist["reference_subject"])).astype(np.intp),
        hit_pass=hits.astype(np.intp),
        hit_reference=matches["place"].to_numpy(np.intp),
        hit_score=matches["score"].to_numpy(np.float32),
        floor=floor,
    )
