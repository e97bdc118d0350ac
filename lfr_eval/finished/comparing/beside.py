"""Comparing: studies side by side at a matched rate (finished studies in, a `Comparison` out)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from lfr_eval.config import ConfigError
from lfr_eval.contract.tables import CROSS, EVERYBODY, OVERALL, STUDIES_COMPARED
from lfr_eval.contract.trials import Trials, group_people, rearranged
from lfr_eval.finished.comparing.matching import Matched, match
from lfr_eval.finished.finished import Finished
from lfr_eval.inference import rate_table
from lfr_eval.inference.at_one_rate import (
    AtOneRate,
    at_one_rate,
    enough_discordant,
    sides_at_one_rate,
)
from lfr_eval.inference.clusters import clusters_of
from lfr_eval.inference.mover import difference_ends, p_value, ratio_ends
from lfr_eval.inference.multiplicity import holm

PAIRED = "interval of each rate, combined by MOVER; the same people, thresholds estimated"
INDEPENDENT = "interval of each rate, combined by MOVER; independent studies, thresholds estimated"
NONE = "none: matched by design, or too few people, events or misses to tell a difference"
LEVEL = 0.95


@dataclass(frozen=True)
class Asked:
    """What is asked of a comparison.

    Attributes
    ----------
    metric, target, size
        FPIR (at a watchlist size; None: the largest that all searched) or FMR, and its overall
        rate.
    same_people
        Whether equal subject ids are stated to be the same people.
    factors
        Groups; empty: those of the first study's plan.
    """

    metric: str
    target: float
    size: int | None = None
    same_people: bool = False
    factors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Side:
    """One study, cut where it has the rate that was asked for."""

    study: Finished
    matched: Matched
    trials: tuple[Trials, ...]


@dataclass(frozen=True)
class Comparison:
    """Studies side by side.

    Attributes
    ----------
    sides
        The studies; others are compared with the first.
    rates
        Rows of table `rates` at each study's threshold, with the column `study` (its number).
    differences
        Table `studies_compared`.
    paired
        Whether each further study has the people of the first, and how that is known.
    """

    asked: Asked
    sides: tuple[Side, ...]
    rates: pd.DataFrame
    differences: pd.DataFrame
    paired: tuple[str | None, ...]


def compare(studies: Sequence[Finished], asked: Asked) -> Comparison:
    """Cut studies at one overall rate and compare their rates by group.

    Raises
    ------
    ConfigError
        If there are fewer than two, or one cannot be cut there.
    """
    if len(studies) < 2:
        raise ConfigError("Give two studies or more.")
    asked = replace(asked, factors=asked.factors or tuple(studies[0].plan.factors))
    if asked.metric == "FPIR" and asked.size is None:
        shared = set.intersection(*(set(study.sizes) for study in studies))
        if not shared:
            raise ConfigError(
                "No watchlist size was searched in all of these studies; give --at-fmr."
            )
        asked = replace(asked, size=max(shared))
    sides = tuple(_side(study, asked) for study in studies)
    rates = [_rates(side, asked).assign(study=number) for number, side in enumerate(sides, 1)]
    frames, paired = [], []
    for number, other in enumerate(sides[1:], 2):
        how = same_people(studies[0], other.study, asked)
        paired.append(how)
        frames.append(_differences(sides[0], other, asked, how is not None).assign(study=number))
    return Comparison(
        asked,
        sides,
        pd.concat(rates, ignore_index=True),
        STUDIES_COMPARED.conform(pd.concat(frames, ignore_index=True)),
        tuple(paired),
    )


def same_people(first: Finished, second: Finished, asked: Asked) -> str | None:
    """Say how it is known that two studies are of the same people; None: it is not."""
    if first.record.data_digest == second.record.data_digest:
        return "the same data digest"
    shared = len(first.people.index.intersection(second.people.index))
    if asked.same_people and shared > 1:
        return f"{shared} subject ids in both, stated to be the same people"
    return None


def _side(study: Finished, asked: Asked) -> Side:
    wanted = ("FPIR", "TPIR") if asked.metric == "FPIR" else ("FMR", "FNMR")
    trials = [
        one
        for metric in wanted
        if (one := study.searched(metric, asked.size) if asked.size else study.named(metric))
    ]
    if not trials or trials[0].metric != asked.metric:
        where = f" at a watchlist of {asked.size:,}" if asked.size else ""
        raise ConfigError(f"The study {study.name} has no trials of {asked.metric}{where}.")
    return Side(study, match(trials[0], asked.target, study.name), tuple(trials))


def _rates(side: Side, asked: Asked) -> pd.DataFrame:
    """Return the rates at the matched threshold, as intervals of the whole grid see them."""
    study, at = side.study, side.matched.threshold
    known = [one for one in asked.factors if set(one.split(CROSS)) <= set(study.people)]
    grid = [*side.matched.grid, at]
    table = rate_table(side.trials, study.people, known, grid, study.plan)
    own = table["counterpart"].isna() | (table["counterpart"] == table["group"])
    return table[(own & (table["threshold"] == at)).to_numpy(bool)].reset_index(drop=True)


def _differences(first: Side, second: Side, asked: Asked, paired: bool) -> pd.DataFrame:
    rows = list(_rows(first, second, asked, paired))
    columns = [name for name in STUDIES_COMPARED.names if name not in ("study", "p_adjusted")]
    frame = pd.DataFrame(rows, columns=columns)
    tested = frame["p_value"].notna().to_numpy(bool)
    adjusted = np.full(len(frame), np.nan)
    adjusted[tested] = holm(frame.loc[tested, "p_value"].to_numpy(float))
    return frame.assign(p_adjusted=adjusted)


def _rows(first: Side, second: Side, asked: Asked, paired: bool) -> Iterator[tuple[object, ...]]:
    people = [side.study.people for side in (first, second)]
    trials = [list(side.trials) for side in (first, second)]
    if paired:
        shared = people[0].index.intersection(people[1].index)
        for number in (0, 1):
            who = people[number].index.get_indexer(shared).astype(np.intp)
            trials[number] = [rearranged(one, who) for one in trials[number]]
        # One person has one label: that of the first study.
        people = [people[0].loc[shared]] * 2
    for factor in (OVERALL, *asked.factors):
        if not all(set(factor.split(CROSS)) <= {*each, OVERALL} for each in people):
            continue
        groupings = [group_people(each, factor) for each in people]
        names = [name for name in groupings[0].names if name in groupings[1].names]
        if not names:
            continue
        for metric in (one.metric for one in trials[0]):
            both = [next((one for one in each if one.metric == metric), None) for each in trials]
            counted = [
                at_one_rate(
                    each[0],
                    one,
                    grouping,
                    side.matched.grid,
                    side.matched.place,
                    clusters_of(labels),
                )
                for each, one, side, grouping, labels in zip(
                    trials, both, (first, second), groupings, people, strict=True
                )
                if one is not None
            ]
            if len(counted) < 2:
                continue
            at = [[grouping.names.index(name) for name in names] for grouping in groupings]
            a, b = (one.take(np.array(where)) for one, where in zip(counted, at, strict=True))
            yield from _compared(b, a, metric, factor, names, asked, paired)


def _compared(
    second: AtOneRate,
    first: AtOneRate,
    metric: str,
    factor: str,
    names: Sequence[str],
    asked: Asked,
    paired: bool,
) -> Iterator[tuple[object, ...]]:
    """Yield rates, difference, ratio, test and p-value of every group."""
    sides = sides_at_one_rate(second, first, paired)
    testable = enough_discordant(second, first, paired)
    p_values = p_value(sides)
    lower, upper = difference_ends(sides, LEVEL)
    ratio_lower, ratio_upper = ratio_ends(sides, LEVEL)
    a, b = sides.b.rate, sides.a.rate
    for row, name in enumerate(names):
        by_design = metric == asked.metric and name == EVERYBODY
        tried = sides.a.trials[row] > 0 and sides.b.trials[row] > 0
        ratio = b[row] / a[row] if tried and a[row] > 0 else np.nan
        numbers = (lower[row], upper[row], ratio, ratio_lower[row], ratio_upper[row])
        test, p = NONE, np.nan
        if by_design:
            numbers = (np.nan, np.nan, ratio, np.nan, np.nan)
        elif testable[row] and not np.isnan(p_values[row]):
            test, p = PAIRED if paired else INDEPENDENT, float(p_values[row])
        rates = (a[row], b[row], b[row] - a[row]) if tried else (np.nan, np.nan, np.nan)
        yield (metric, factor, name, *rates, *numbers, test, p)
