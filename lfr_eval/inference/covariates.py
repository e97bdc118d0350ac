"""Stage `inference`: what passes have in common beside the group: age, camera, quality, skin tone.

In: trials of one person each, the people's labels, names of covariates. Out: `Counted`, events and
trials of every person in every combination of covariates, and rates standardised over them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from lfr_eval.contract.tables import CROSS, UNKNOWN
from lfr_eval.contract.trials import PersonTrials
from lfr_eval.inference.cells import Bools, Codes, Floats, divide, leverage_factor, satterthwaite
from lfr_eval.inference.clusters import clusters_of
from lfr_eval.inference.precision import Evidence

MOST_VALUES = 8
"""A covariate of numbers with more values is cut at its pooled quartiles."""


@dataclass(frozen=True)
class Counted:
    """Events of every person in every combination of covariates; a row is one of these.

    Attributes
    ----------
    person, cluster, cell : (rows,)
        Whose row, in which cluster, under which combination.
    levels : (cells, covariates)
        The value of each covariate in each combination, as a code.
    names
        The combinations in words.
    events : (rows, thresholds)
        Events.
    trials : (rows,)
        Trials.
    falling
        As in `Evidence`.
    """

    person: Codes
    cluster: Codes
    cell: Codes
    levels: Codes
    names: tuple[str, ...]
    events: Floats
    trials: Floats
    falling: bool

    @classmethod
    def of(
        cls,
        trials: PersonTrials,
        people: pd.DataFrame,
        covariates: Sequence[str],
        thresholds: Floats,
    ) -> Counted:
        """Count trials by person and combination of covariates.

        Raises
        ------
        KeyError
            If a covariate is neither a label of people nor a condition of these trials.
        """
        coded = [_covariate(trials, people, name) for name in covariates]
        codes = np.stack([code for code, _ in coded] or [np.zeros(len(trials.person), np.intp)])
        levels, cell = np.unique(codes, axis=1, return_inverse=True)
        names = tuple(
            CROSS.join(words[at] for (_, words), at in zip(coded, level, strict=True))
            for level in levels.T
        )
        key = trials.person.astype(np.intp) * max(levels.shape[1], 1) + cell.ravel()
        rows, row = np.unique(key, return_inverse=True)
        person = (rows // max(levels.shape[1], 1)).astype(np.intp)
        clusters = clusters_of(people)
        happened = [np.bincount(row[trials.events(t)], minlength=len(rows)) for t in thresholds]
        return cls(
            person,
            person if clusters is None else clusters[person],
            rows % max(levels.shape[1], 1),
            levels.T,
            names,
            np.stack(happened, axis=1).astype(float),
            np.bincount(row, minlength=len(rows)).astype(float),
            trials.event_at_or_above,
        )

    def pooled(self) -> Counted:
        """Return the same with all combinations taken as one."""
        whole = np.zeros(len(self.cell), np.intp)
        return Counted(
            *(self.person, self.cluster, whole, np.zeros((1, 0), np.intp), ("",)),
            *(self.events, self.trials, self.falling),
        )

    def trials_by_cell(self, rows: Bools) -> Floats:
        """Trials of some rows in every combination, (cells,)."""
        return np.bincount(self.cell[rows], self.trials[rows], len(self.names))

    def people_by_cell(self, rows: Bools) -> Floats:
        """People of some rows in every combination, (cells,)."""
        pairs = np.unique(np.stack([self.cell[rows], self.person[rows]]), axis=1)
        return np.bincount(pairs[0], minlength=len(self.names)).astype(float)

    def standardised(self, rows: Bools, weight: Floats) -> Evidence:
        """Rates of some rows, averaged over combinations with stated weights.

        The rate of every combination is the group's own (a saturated model of the outcome), so
        the average is the rate that the group would have if its passes were mixed as `weight`
        says: g-computation. The variance is that of the people's (or clusters') contributions.
        The trials are those that would have the same binomial variance at that rate, so rare
        events never weigh more than were counted (Fay & Feuer 1997).

        Parameters
        ----------
        rows : (rows,)
            The rows of one group.
        weight : (cells,)
            Sums to 1.

        References
        ----------
        Robins (1986), Mathematical Modelling 7, 1393-1512; Fay & Feuer (1997), Statistics in
        Medicine 16, 791-801.
        """
        cell, unit = self.cell[rows], np.unique(self.cluster[rows], return_inverse=True)[1].ravel()
        x, m = self.events[rows], self.trials[rows]
        total = self.trials_by_cell(rows)
        events = np.stack([np.bincount(cell, column, len(total)) for column in x.T], axis=1)
        by_cell = divide(events, total[:, None])
        rate = weight @ by_cell
        number = int(unit.max(initial=-1)) + 1
        both, place = np.unique(cell * number + unit, return_inverse=True)
        units = np.bincount(both // number, minlength=len(total)).astype(float)
        own = np.bincount(place.ravel(), m)[place.ravel()]
        # The rate of every combination was estimated from its own people; that of one person says
        # nothing of how people differ, and is compared with the rate of the whole group.
        alone = (units == 1)[:, None]
        expected = np.where(alone, divide(events.sum(axis=0), total.sum()), by_cell)
        scale = divide(weight, total)[cell] * leverage_factor(own, total[cell], units[cell])
        summed = _by((x - expected[cell] * m[:, None]) * scale[:, None], unit, number)
        squares = summed**2
        each = divide(weight, total)
        binomial = (weight * each) @ (by_cell * (1 - by_cell))
        worth = divide(rate * (1 - rate), binomial, otherwise=float(divide(1.0, weight @ each)))
        # What one person counts in the average, in such trials.
        counts = each[cell][:, None] * worth
        own, without = _by(x * counts, unit, number), _by((m[:, None] - x) * counts, unit, number)
        return Evidence(
            (rate * worth)[None],
            worth[None],
            np.maximum(squares.sum(axis=0), binomial)[None],
            satterthwaite(squares.sum(axis=0), (squares**2).sum(axis=0), number)[None],
            own.max(axis=0, initial=0.0)[None],
            without.max(axis=0, initial=0.0)[None],
            np.full((1, 1), float(number)),
            np.count_nonzero(own, axis=0)[None].astype(float),
            np.count_nonzero(without, axis=0)[None].astype(float),
            pairs=False,
            falling=self.falling,
        )


def _by(values: Floats, unit: Codes, number: int) -> Floats:
    """Return sums of (rows, thresholds) by unit."""
    return np.stack([np.bincount(unit, column, number) for column in values.T], axis=1)


def known_covariates(
    trials: PersonTrials, people: pd.DataFrame, names: Sequence[str]
) -> tuple[str, ...]:
    """Return those covariates that are labels of people or conditions of these trials."""
    conditions = {one.factor for one in trials.conditions}
    return tuple(name for name in names if name in people or name in conditions)


def _covariate(
    trials: PersonTrials, people: pd.DataFrame, name: str
) -> tuple[Codes, tuple[str, ...]]:
    """Return the code of a covariate in each trial, and the words of each code."""
    if name in people:
        codes, words = _coded(people[name])
        return codes[trials.person], words
    for one in trials.conditions:
        if one.factor == name:
            codes, words = _coded(pd.Series(one.names, dtype="string"), of=one.codes)
            return codes, words
    raise KeyError(f"No covariate '{name}' among labels of people and conditions of trials.")


def _coded(values: pd.Series, of: Codes | None = None) -> tuple[Codes, tuple[str, ...]]:
    """Return codes and words; many numbers become the quarters of all, `of` them each once.

    Parameters
    ----------
    values
        One value per person, or per value of a condition.
    of : (trials,), optional
        The value of each trial, where `values` are those of a condition.
    """
    texts = values.astype("string").fillna(UNKNOWN)
    number = pd.to_numeric(texts.where(texts != UNKNOWN), errors="coerce").to_numpy(float)
    are_numbers = bool(np.isfinite(number[(texts != UNKNOWN).to_numpy(bool)]).all())
    if are_numbers and len(np.unique(number[np.isfinite(number)])) > MOST_VALUES:
        each = number if of is None else number[of]
        cuts = np.unique(np.quantile(each[np.isfinite(each)], (0.25, 0.5, 0.75)))
        place = np.searchsorted(cuts, each, side="right")
        ends = [f"below {cuts[0]:g}", *(f"{a:g} to {b:g}" for a, b in pairwise(cuts))]
        words = (*ends, f"{cuts[-1]:g} and above", UNKNOWN)
        return np.where(np.isfinite(each), place, len(words) - 1).astype(np.intp), words
    codes, names = pd.factorize(texts, sort=True)
    codes = codes.astype(np.intp)
    return codes if of is None else codes[of], tuple(str(name) for name in names)
