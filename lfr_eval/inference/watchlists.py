"""Stage `inference`: inference for watchlists like the one that was used.

In: `Cells` of an identification metric and the watchlist person who caused each score. Out: the
same cells with a variance clustered by person and by reference.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lfr_eval.inference.cells import Cells, Floats, divide
from lfr_eval.trials import Grouping, PersonTrials, Trials


def watchlist_variance(cells: Cells, trials: Trials, grouping: Grouping, steps: Floats) -> Cells:
    """Widen the variance of a false positive rate to watchlists like this one.

    The rate is a sum over references, each with the alerts that it caused, so drawing the
    watchlist anew adds the variance of these sums: V = V_person + V_reference - V_pair
    (Cameron, Gelbach & Miller 2011). Other trials are returned as they are: only a false alert
    has a reference of somebody else as its cause.
    """
    if (
        not isinstance(trials, PersonTrials)
        or trials.reference is None
        or trials.watchlist_size is None
        or not trials.event_at_or_above
        or trials.metric != "FPIR"
    ):
        return cells
    groups, top = len(grouping.names), len(steps)
    code = grouping.codes[trials.person]
    extra = np.zeros((1, groups, top))
    for step, threshold in enumerate(steps):
        caused = trials.events(threshold) & (trials.reference >= 0)
        g, person, reference = code[caused], trials.person[caused], trials.reference[caused]
        width = int(reference.max(initial=0)) + 1
        by_reference, count_r = np.unique(g * width + reference, return_counts=True)
        by_pair, count_p = np.unique(person * width + reference, return_counts=True)
        squares = np.bincount(by_reference // width, count_r**2.0, groups)
        pairs = np.bincount(grouping.codes[by_pair // width], count_p**2.0, groups)
        events = np.bincount(g, minlength=groups).astype(float)
        people = cells.people[0, :, 0]
        size = float(trials.watchlist_size)
        between = squares - events**2 / size
        within = pairs - divide(events**2, people * size)
        extra[0, :, step] = divide(between - within, cells.trials[0, :, 0] ** 2)
    return replace(cells, variance=cells.variance + np.maximum(extra, 0.0))
