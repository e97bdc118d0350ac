"""Comparing: studies side by side at a matched rate (finished studies in, a `Comparison` out)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from lfr_eval.config import ConfigError
from lfr_eval.contract.tables import CROSS, EVERYBODY, OVERALL, STUDIES_COMPARED
from lfr_eval.contract.trials import PersonTrials, Trials, among, group_people
from lfr_eval.finished.comparing.matching import Matched, match
from lfr_eval.finished.comparing.redrawing import redraw
from lfr_eval.finished.comparing.swapping import on_common_scale, swap_test
from lfr_eval.finished.finished import Finished
from lfr_eval.inference import rate_table
from lfr_eval.inference.bootstrap import person_weights
from lfr_eval.inference.multiplicity import holm

SWAP = "swap of studies within people, studentised, matched again"
WALD_PAIRED = "Wald on log ratio, same people redrawn, matched again"
WALD = "Wald on log ratio, independent studies, people redrawn, matched again"
NONE = "none: matched by design, or too few events or misses to tell a difference"


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
    replicates, permutations, seed
        Of bootstrap and swaps.
    """

    metric: str
    target: float
    size: int | None = None
    same_people: bool = False
    factors: tuple[str, ...] = ()
    replicates: int = 1_000
    permutations: int = 1_999
    seed: int = 1


@dataclass(frozen=True)
class Side:
    """One study, cut where it has the rate that was asked for."""

    study: Finished
    matched: Matched
    deciding: Trials
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
            raise ConfigError("The studies searched no watchlist of one size; give --at-fmr.")
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
    return Side(study, match(trials[0], asked.target, study.name), trials[0], tuple(trials))


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
            keep = people[number].index.isin(shared)
            trials[number] = [among(one, keep) for one in trials[number]]
            people[number] = people[number][keep]
    # The same seed and number of people draw the same people in both studies.
    weights = [
        person_weights(len(each), asked.replicates, asked.seed + (0 if paired else number))
        for number, each in enumerate(people)
    ]
    for factor in (OVERALL, *asked.factors):
        if not all(set(factor.split(CROSS)) <= {*each, OVERALL} for each in people):
            continue
        groupings = [group_people(each, factor) for each in people]
        names = [name for name in groupings[0].names if name in groupings[1].names]
        for metric in (one.metric for one in trials[0]):
            both = [next((one for one in each if one.metric == metric), None) for each in trials]
            if both[0] is None or both[1] is None:
                continue
            drawn = [
                redraw(each[0], one, side.matched, asked.target, grouping, weight)
                for each, one, side, grouping, weight in zip(
                    trials, both, (first, second), groupings, weights, strict=True
                )
                if one is not None
            ]
            swapped = _swapped(trials, (both[0], both[1]), groupings[0].codes, asked, paired)
            for name in names:
                place = [grouping.names.index(name) for grouping in groupings]
                rates = [one.observed[at] for one, at in zip(drawn, place, strict=True)]
                again = [one.replicates[:, at] for one, at in zip(drawn, place, strict=True)]
                by_design = metric == asked.metric and name == EVERYBODY
                p_swap = np.nan if swapped is None else float(swapped[place[0]])
                yield (metric, factor, name, *_row(rates, again, p_swap, paired, by_design))


def _swapped(
    trials: list[list[Trials]],
    both: tuple[Trials, Trials],
    codes: np.ndarray,
    asked: Asked,
    paired: bool,
) -> np.ndarray | None:
    """Return p-values by group of the swap test; None where there is nothing to swap."""
    decided = [each[0] for each in trials]
    sides = [
        on_common_scale(alerts, one)
        for alerts, one in zip(decided, both, strict=True)
        if isinstance(alerts, PersonTrials) and isinstance(one, PersonTrials)
    ]
    if not paired or len(sides) < 2:
        return None
    groups = int(codes.max()) + 1
    return swap_test(
        sides[0], sides[1], codes, groups, asked.target, asked.permutations, asked.seed
    )[1]


def _row(
    rates: list[float],
    again: list[np.ndarray],
    p_swap: float,
    paired: bool,
    by_design: bool,
) -> tuple[object, ...]:
    """Return rates, difference, ratio, test and p-value of one group."""
    a, b = rates
    tail = [2.5, 97.5]
    redrawn = again[1] - again[0]
    # A rate of 0 or 1 stays what it is when people are redrawn, which is no evidence of equality.
    known = not by_design and 0 < a < 1 and 0 < b < 1
    lower, upper = np.percentile(redrawn, tail) if known else (np.nan, np.nan)
    ratio = b / a if a > 0 and not np.isnan(b) else np.nan
    log_error, ends = np.nan, (np.nan, np.nan)
    usable = (again[0] > 0) & (again[1] > 0)
    if known and usable.mean() > 0.9:
        log_ratio = np.log(again[1][usable] / again[0][usable])
        log_error = float(log_ratio.std(ddof=1))
        wide = stats.norm.ppf(0.975) * log_error
        ends = (ratio * np.exp(-wide), ratio * np.exp(wide))
    test, p_value = NONE, np.nan
    if not by_design and not np.isnan(p_swap) and (known or a != b):
        test, p_value = SWAP, p_swap
    elif log_error > 0:
        test = WALD_PAIRED if paired else WALD
        p_value = float(2 * stats.norm.sf(abs(np.log(ratio)) / log_error))
    return (a, b, b - a, lower, upper, ratio, *ends, test, p_value)
