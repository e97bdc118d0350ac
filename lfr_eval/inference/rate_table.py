"""Stage `inference`: trials -> rates by group with person-clustered intervals.

In: trials, the people's labels, factors, thresholds, plan. Out: the `rates` table.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lfr_eval.contract.tables import OVERALL, RATES
from lfr_eval.contract.trials import Grouping, PairTrials, Trials
from lfr_eval.inference.cells import Cells, Floats, divide
from lfr_eval.inference.counting import counter_of, steps_of
from lfr_eval.inference.crossed import crossed_cells
from lfr_eval.inference.factors import check_factors, units_of
from lfr_eval.inference.intervals import bound_each_other, independent_units, rate_intervals
from lfr_eval.inference.plan import Plan
from lfr_eval.inference.watchlists import watchlist_variance

COUNTERPART_IS_EVERYBODY = ("FPIR", "FNIR", "TPIR", "misidentification")


def rate_table(
    trials: Sequence[Trials],
    people: pd.DataFrame,
    factors: Sequence[str],
    thresholds: Sequence[float],
    plan: Plan,
) -> pd.DataFrame:
    """Error rates of every group at every threshold.

    Parameters
    ----------
    trials
        The evidence; every object counts the same people.
    people
        One row a person, one column a factor. A missing label is the group `unknown`.
    factors
        Factors to divide people and trials by; `overall` is always first. A factor with a
        condition of trials (`camera`, `camera x ethnicity`) has rows for the trials that have it.
    thresholds
        A score at or above a threshold is a match. None may be below the floor of `PairTrials`.
    plan
        Level of the intervals, and fixed or random watchlist.

    Returns
    -------
    DataFrame
        The table `rates`: for FMR within each group (`counterpart` equal to `group`) and across
        groups; for identification `counterpart` is null. Rates without trials are null.

    Raises
    ------
    ValueError
        If a threshold is below a floor, or the trials are not about these people.
    KeyError
        If a factor is neither a label of people nor a condition of any trials.
    """
    check_factors(trials, people, factors)
    frames = [
        _rates(*units, thresholds, plan)
        for one in trials
        for factor in dict.fromkeys((OVERALL, *factors))
        if _checked(one, people) and (units := units_of(one, people, factor))
    ]
    return RATES.conform(pd.concat(frames, ignore_index=True)) if frames else RATES.empty()


def _checked(trials: Trials, people: pd.DataFrame) -> bool:
    if trials.people != len(people):
        raise ValueError(
            f"The trials of {trials.metric} are about {trials.people} people, but the people's "
            f"labels have {len(people)} rows."
        )
    return True


def _rates(
    trials: Trials, grouping: Grouping, thresholds: Sequence[float], plan: Plan
) -> pd.DataFrame:
    steps = steps_of(trials, thresholds)
    counter = counter_of(trials, steps)
    groups = len(grouping.names)
    cells = counter.count(grouping.codes[None], groups)
    if plan.watchlist == "random":
        cells = watchlist_variance(cells, trials, grouping.codes, steps)
    exposed = counter.exposed(grouping.codes, groups)
    affected = counter.affected(grouping.codes, groups)
    names = np.array(grouping.names, dtype=object)
    alone = trials.metric in COUNTERPART_IS_EVERYBODY
    counterpart = np.full(groups, None, dtype=object) if alone else names
    degrees = counter.degrees(grouping.codes, groups)
    skewness = counter.skewness(grouping.codes, groups)
    frames = [
        _frame(
            trials,
            grouping.factor,
            names,
            counterpart,
            cells,
            (exposed, affected, degrees, skewness),
            steps,
            plan,
        )
    ]
    if isinstance(trials, PairTrials) and groups > 1:
        across = crossed_cells(trials, grouping, steps)
        people = (across.exposed, across.affected, across.degrees, across.skewness)
        frames.append(
            _frame(
                trials,
                grouping.factor,
                names[across.group],
                names[across.counterpart],
                across.cells,
                people,
                steps,
                plan,
            )
        )
    return pd.concat(frames, ignore_index=True)


def _frame(
    trials: Trials,
    factor: str,
    group: np.ndarray,
    counterpart: np.ndarray,
    cells: Cells,
    people: tuple[Floats, Floats, Floats, Floats],
    steps: Floats,
    plan: Plan,
) -> pd.DataFrame:
    """One row a cell and threshold; `people`: exposed, affected, degrees of freedom, skewness."""
    exposed, affected, degrees, skewness = people
    events, variance = cells.events[0], cells.variance[0]
    total = np.broadcast_to(cells.trials[0], events.shape)
    pairs = isinstance(trials, PairTrials)
    interval = rate_intervals(
        events,
        total,
        variance,
        independent_units(cells.people[0], pairs),
        plan.level,
        degrees,
        skewness,
    )
    interval = bound_each_other(interval, events, total, trials.event_at_or_above)
    count = len(steps)
    rate = np.where(total > 0, divide(events, total), np.nan)
    return pd.DataFrame(
        {
            "metric": trials.metric,
            "threshold": np.tile(steps if trials.has_threshold else [np.nan], len(group)),
            "watchlist_size": pd.array(
                [trials.watchlist_size] * (len(group) * count), dtype="Int64"
            ),
            "rank": pd.array([trials.rank] * (len(group) * count), dtype="Int64"),
            "factor": factor,
            "group": np.repeat(group, count),
            "counterpart": np.repeat(counterpart, count),
            "events": events.round().ravel(),
            "trials": total.round().ravel(),
            "subjects": np.repeat(exposed, count),
            "subjects_with_event": affected.ravel(),
            "rate": rate.ravel(),
            "lower": interval.lower.ravel(),
            "upper": interval.upper.ravel(),
            "level": plan.level,
            "effective_trials": interval.effective_trials.ravel(),
            "interval": interval.method.ravel(),
        }
    )
