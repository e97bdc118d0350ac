"""Ends of intervals that come from a threshold whose count is withheld."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lfr_eval.finished.publishing.ends import borrowed
from lfr_eval.finished.publishing.tables import WITHHELD, marked


def rates(metric: str, events: list[int], upper: list[float], lower: list[float]) -> pd.DataFrame:
    """One group's rates at thresholds 0.1, 0.2, ..., as studies of the first edition hold them."""
    return pd.DataFrame(
        {
            "metric": metric,
            "watchlist_size": 100,
            "factor": "gender",
            "group": "female",
            "threshold": [round(0.1 * (place + 1), 1) for place in range(len(events))],
            "events": events,
            "trials": 100,
            "lower": lower,
            "upper": upper,
        }
    )


def test_an_end_of_a_withheld_count_is_not_published_elsewhere() -> None:
    # Twelve events bound more closely than none does by itself.
    study = rates("FPIR", [40, 12, 0], [0.3, 0.08, 0.08], [0.1, 0.01, 0.0])
    flags = borrowed(study, study, np.array([False, True, False]))
    assert flags.tolist() == [False, False, True]


def test_ends_of_published_counts_and_own_ends_stay() -> None:
    study = rates("FPIR", [20, 11, 0], [0.3, 0.09, 0.09], [0.1, 0.02, 0.0])
    assert not borrowed(study, study, np.zeros(3, bool)).any()
    study = rates("FPIR", [20, 3, 0], [0.3, 0.12, 0.1], [0.1, 0.01, 0.0])
    assert not borrowed(study, study, np.array([False, True, False])).any()


def test_misses_borrow_from_the_other_side() -> None:
    study = rates("FNIR", [0, 12, 40], [0.08, 0.08, 0.3], [0.0, 0.01, 0.1])
    flags = borrowed(study, study, np.array([False, True, False]))
    assert flags.tolist() == [True, False, False]


def test_a_threshold_that_is_not_published_lends_nothing() -> None:
    study = rates("FPIR", [20, 12, 7], [0.3, 0.1, 0.1], [0.1, 0.02, 0.01])
    published = study[[True, False, True]].reset_index(drop=True)
    assert borrowed(study, published, np.zeros(2, bool)).tolist() == [False, True]


def test_an_interval_that_the_study_does_not_have_is_not_called_withheld() -> None:
    shown = rates("FPIR", [6, 6, 6], [0.3, np.nan, np.nan], [0.1, np.nan, np.nan])
    shown = shown.assign(rate=0.06, subjects_with_event=6, interval=["own", "own", WITHHELD])
    assert marked(shown)["withheld"].tolist() == ["", "", "interval"]
