"""Benchmarks: the trials of a drawn study, without templates, tables or files (arrays to trials).

This is for repeating a simulated study hundreds of times. The trials equal those of a full study:
the score of a pass is its person's best product with a reference times the quality of the pass, so
one search per person is enough.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from lfr_eval.cohort.drawing import Drawn
from lfr_eval.cohort.population import Population
from lfr_eval.contract.trials import PersonTrials

_BLOCK = 16_384


def people_of(population: Population, drawn: Drawn) -> pd.DataFrame:
    """Return gender and ethnicity of the people under test, one row each."""
    cells = [population.cells[code] for code in drawn.tested.cell]
    return pd.DataFrame(
        {"gender": [c.gender for c in cells], "ethnicity": [c.ethnicity for c in cells]}
    )


def false_positive_trials(drawn: Drawn) -> PersonTrials:
    """Search every pass against all fillers: the trials of FPIR."""
    tested = drawn.tested.identity.astype(np.float32)
    best = np.full(len(tested), -np.inf, np.float32)
    cause = np.zeros(len(tested), np.intp)
    for start in range(0, len(drawn.watched.cell), _BLOCK):
        block = slice(start, start + _BLOCK)
        fillers = drawn.watched.identity[block] * drawn.filler_quality[block, None]
        products = tested @ fillers.astype(np.float32).T
        place = products.argmax(axis=1)
        found = products[np.arange(len(tested)), place]
        cause[found > best] = start + place[found > best]
        best = np.maximum(best, found)
    passes = drawn.passes
    return PersonTrials(
        metric="FPIR",
        people=len(tested),
        person=passes.person,
        score=_acquired(drawn, passes.quality * best[passes.person]),
        event_at_or_above=True,
        watchlist_size=len(drawn.watched.cell),
        reference=np.where(passes.acquired, cause[passes.person], -1),
    )


def true_positive_trials(drawn: Drawn) -> PersonTrials:
    """Compare every pass with its person's own reference: the trials of TPIR."""
    passes = drawn.passes
    return PersonTrials(
        metric="TPIR",
        people=len(drawn.tested.cell),
        person=passes.person,
        score=_acquired(drawn, passes.quality * drawn.reference_quality[passes.person]),
        event_at_or_above=True,
        watchlist_size=len(drawn.watched.cell),
    )


def acquisition_trials(drawn: Drawn) -> PersonTrials:
    """Return the trials of FTA."""
    return PersonTrials(
        metric="FTA",
        people=len(drawn.tested.cell),
        person=drawn.passes.person,
        score=_acquired(drawn, np.full(len(drawn.passes.person), np.inf)),
        event_at_or_above=False,
        has_threshold=False,
    )


def _acquired(drawn: Drawn, score: np.ndarray) -> np.ndarray:
    return np.where(drawn.passes.acquired, score, -np.inf).astype(np.float32)
