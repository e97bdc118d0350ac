"""Stage `inference`: trials -> rates by group with person-clustered intervals.

In: trials, the people's labels, factors, thresholds, plan. Out: the `rates` table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from lfr_eval.contract.progress import counted
from lfr_eval.contract.spelling import is_group
from lfr_eval.contract.tables import CROSS, OVERALL, RATES
from lfr_eval.contract.trials import Grouping, PairTrials, PersonTrials, Trials
from lfr_eval.contract.words import RANDOM
from lfr_eval.inference.bands import band_level
from lfr_eval.inference.cells import Codes, Floats
from lfr_eval.inference.clusters import clusters_of
from lfr_eval.inference.controls import no_controls
from lfr_eval.inference.counting import Swept, steps_of
from lfr_eval.inference.crossed import crossed_cells
from lfr_eval.inference.ends import lower_ends, upper_ends
from lfr_eval.inference.factors import check_factors, units_of
from lfr_eval.inference.joined import Columns, joined
from lfr_eval.inference.observed import counts_of, evidence_of
from lfr_eval.inference.plan import Plan
from lfr_eval.inference.pooling import FEWEST_GROUPS, POOLED, pooled_rates
from lfr_eval.inference.precision import Evidence, Precision, precision_of
from lfr_eval.inference.watchlists import holds_for

SUCCESS = "TPIR"
"""The metric of which an event is no error: counted as its misses, and turned."""

COUNTERPART_IS_EVERYBODY = ("FPIR", "FNIR", "TPIR", "misidentification")

_TYPES = {"watchlist_size": "Int64", "rank": "Int64"}


def rate_table(
    trials: Sequence[Trials],
    people: pd.DataFrame,
    factors: Sequence[str],
    thresholds: Sequence[float],
    plan: Plan,
    *,
    bands: bool = False,
) -> pd.DataFrame:
    """Error rates of every group at every threshold.

    Parameters
    ----------
    trials
        The evidence; every object counts the same people.
    people
        One row per person, one column per factor. A missing label is the group `unknown`.
    factors
        Factors to divide people and trials by; `overall` is always first. A factor with a
        condition of trials (`camera`, `camera x ethnicity`) has rows for the trials that have it.
    thresholds
        A score at or above a threshold is a match. None may be below the floor of `PairTrials`.
    plan
        Level of the intervals, and fixed or random watchlist.
    bands
        Whether to compute the bands that hold at all thresholds of all groups of a factor at once,
        and the pooled rates of crossed factors.

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
    clusters = clusters_of(people)
    parts = [
        part
        for one in counted(trials, "metrics")
        for factor in dict.fromkeys((OVERALL, *factors))
        if (units := units_of(one, people, factor))
        for part in _rates(*units, thresholds, plan, _of_units(clusters, one, units[0]), bands)
    ]
    return RATES.conform(joined(parts, **_TYPES)) if parts else RATES.empty()


def _of_units(clusters: Codes | None, trials: Trials, divided: Trials) -> Codes | None:
    """Clusters of the units of a factor with conditions: a person there is several units."""
    if clusters is None or divided.people == trials.people:
        return clusters
    return np.repeat(clusters, divided.people // trials.people)


def _rates(
    trials: Trials,
    grouping: Grouping,
    thresholds: Sequence[float],
    plan: Plan,
    clusters: Codes | None,
    bands: bool,
) -> list[Columns]:
    if isinstance(trials, PersonTrials) and trials.metric == SUCCESS and trials.event_at_or_above:
        misses = replace(trials, event_at_or_above=False)
        (rows,) = _rates(misses, grouping, thresholds, plan, clusters, bands)
        return [_turned(rows, _people_found(trials, grouping, thresholds))]
    swept = Swept.of(trials, thresholds)
    steps, counter = swept.steps, swept.counter
    groups = len(grouping.names)
    names = np.array(grouping.names, dtype=object)
    alone = trials.metric in COUNTERPART_IS_EVERYBODY
    counterpart = np.full(groups, None, dtype=object) if alone else names
    counts = counts_of(swept, grouping, no_controls(trials), plan.watchlist, clusters)
    evidence = evidence_of(counts)
    cells = _Cells(names, counterpart, evidence, counts.exposed, counts.affected)
    within = _rows(trials, grouping.factor, cells, steps, plan)
    if bands:
        one_sided = band_level(counter, grouping.codes, groups, plan.level, plan.seed, clusters)
        precise = precision_of(evidence)
        within["band_lower"] = _end(lower_ends(precise, one_sided), evidence).ravel()
        within["band_upper"] = _end(upper_ends(precise, one_sided), evidence).ravel()
        within |= _pooled(grouping, precise, plan.level)
    parts: list[Columns] = [within]
    if isinstance(trials, PairTrials) and groups > 1:
        across = crossed_cells(trials, grouping, steps)
        units = across
        if clusters is not None:
            units = crossed_cells(trials, grouping, steps, clusters)
        lending = crossed_cells(trials, grouping, swept.lenders.grid, clusters)
        cells = _Cells(
            names[across.group],
            names[across.counterpart],
            units.evidence.borrowing(lending.evidence, swept.lenders),
            across.exposed,
            across.affected,
        )
        rows = _rows(trials, grouping.factor, cells, steps, plan)
        blank = np.full(len(rows["rate"]), np.nan)
        parts.append(dict.fromkeys(within, blank) | rows)
    return parts


def _turned(rows: Columns, found: Floats) -> Columns:
    """Rates of misses as rates of people who are found, whose ends are those of the misses."""
    ends = [("lower", "upper"), ("band_lower", "band_upper"), ("pooled_lower", "pooled_upper")]
    values = {low: 1 - rows[high] for pair in ends for low, high in (pair, pair[::-1])
              if high in rows}  # fmt: skip
    values |= {name: 1 - rows[name] for name in ("rate", "pooled") if name in rows}
    events = rows["trials"] - rows["events"]
    return {**rows, **values, "events": events, "subjects_with_event": found}


def _people_found(trials: PersonTrials, grouping: Grouping, thresholds: Sequence[float]) -> Floats:
    """People of each group who are found in any trial, (groups x thresholds,)."""
    best = np.full(trials.people, -np.inf, np.float32)
    np.maximum.at(best, trials.person, trials.score.astype(np.float32))
    found = best[:, None] >= steps_of(trials, thresholds).astype(np.float32)
    groups = np.arange(len(grouping.names))
    numbers: Floats = np.stack([found[grouping.codes == code].sum(axis=0) for code in groups])
    return numbers.ravel().astype(float)


def _pooled(grouping: Grouping, cells: Precision, level: float) -> dict[str, Floats]:
    """Pooled rates of the groups of a crossed factor, (groups x thresholds,); NaN of others."""
    columns = np.full((3, *cells.rate.shape), np.nan)
    named = [code for code, name in enumerate(grouping.names) if is_group(name)]
    if CROSS in grouping.factor and len(named) >= FEWEST_GROUPS:
        worth, names = cells.effective_trials, [grouping.names[code] for code in named]
        for step in range(cells.rate.shape[1]):
            found = pooled_rates(names, cells.rate[named, step], worth[named, step], level)
            columns[:, named, step] = found.rate, found.lower, found.upper
    return dict(zip(POOLED, columns.reshape(3, -1), strict=True))


@dataclass(frozen=True)
class _Cells:
    """Groups, or pairs of groups, with what was counted of each and the people behind it."""

    group: np.ndarray
    counterpart: np.ndarray
    evidence: Evidence
    exposed: Floats
    affected: Floats


def _rows(trials: Trials, factor: str, of: _Cells, steps: Floats, plan: Plan) -> dict[str, Any]:
    """Return one row per cell and threshold."""
    group, evidence = of.group, of.evidence
    cells, tail = precision_of(evidence), (1 - plan.level) / 2
    total, count = cells.trials, len(steps)
    some = total > 0
    like = f"; for {RANDOM}" if holds_for(trials, plan.watchlist) == RANDOM else ""
    return {
        "metric": trials.metric,
        "threshold": np.tile(steps if trials.has_threshold else [np.nan], len(group)),
        "watchlist_size": trials.watchlist_size,
        "rank": trials.rank,
        "factor": factor,
        "group": np.repeat(group, count),
        "counterpart": np.repeat(of.counterpart, count),
        "events": cells.events.round().ravel(),
        "trials": total.round().ravel(),
        "subjects": np.repeat(of.exposed, count),
        "subjects_with_event": of.affected.ravel(),
        "rate": np.where(some, cells.rate, np.nan).ravel(),
        "lower": _end(lower_ends(cells, tail), evidence).ravel(),
        "upper": _end(upper_ends(cells, tail), evidence).ravel(),
        "level": plan.level,
        "effective_trials": cells.effective_trials.ravel(),
        "interval": [f"{basis}{like}" for basis in cells.basis.ravel()],
    }


def _end(ends: Floats, evidence: Evidence) -> Floats:
    """Leave out the ends of groups without trials, or of one person: one person is no group."""
    return np.where((evidence.trials > 0) & (evidence.people > 1), ends, np.nan)
