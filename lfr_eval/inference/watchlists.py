"""Stage `inference`: inference for watchlists like the one that was used.

In: `Cells` of an identification metric and the watchlist person who caused each score. Out: the
same cells with a variance clustered by person and by reference.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeGuard

import numpy as np
from scipy import sparse

from lfr_eval.contract.trials import PersonTrials, Trials
from lfr_eval.contract.words import FIXED, RANDOM
from lfr_eval.inference.cells import Cells, Codes, Floats, divide, satterthwaite


def holds_for(trials: Trials, watchlist: str) -> str:
    """Return for which watchlists a claim about these trials holds; empty where none is searched.

    Parameters
    ----------
    trials
        The trials.
    watchlist
        `Plan.watchlist`.
    """
    if trials.watchlist_size is None:
        return ""
    return RANDOM if watchlist == "random" and has_causes(trials) else FIXED


def watchlist_variance(
    cells: Cells, trials: Trials, codes: Codes, steps: Floats, condition: Codes | None = None
) -> Cells:
    """Widen the variance of a false positive rate to watchlists like this one.

    Parameters
    ----------
    cells
        What was observed.
    trials
        The trials.
    codes : (people,)
        Cell of each person.
    steps
        Thresholds.
    condition : (trials,), optional
        Condition of each trial, where cells are counted by condition; the same reference may
        cause alerts under several.

    Notes
    -----
    The rate is a sum over references, each with the alerts that it caused, so drawing the
    watchlist anew adds the variance of these sums: V = V_person + V_reference - V_pair
    (Cameron, Gelbach & Miller 2011). Other trials are returned as they are: only a false alert
    has a reference of somebody else as its cause.
    """
    if not has_causes(trials) or trials.reference is None or trials.watchlist_size is None:
        return cells
    conditions = cells.conditions
    cell = codes[trials.person] * conditions + (0 if condition is None else condition)
    number, size = len(cells.events), float(trials.watchlist_size)
    people = np.sqrt(np.outer(cells.people, cells.people))
    blocks = number // conditions
    extra = np.zeros((blocks, conditions, conditions, len(steps)))
    for step, threshold in enumerate(steps):
        caused = trials.events(threshold) & (trials.reference >= 0)
        person, reference = trials.person[caused], trials.reference[caused]
        width = int(reference.max(initial=0)) + 1
        _, pair = np.unique(person * width + reference, return_inverse=True)
        events = np.bincount(cell[caused], minlength=number).astype(float)
        product = np.outer(events, events)
        between = _alike(reference, cell[caused], number) - product / size
        within = _alike(pair, cell[caused], number) - divide(product, people * size)
        # Shared references add to the variance; where they seem to take away, that is chance.
        wider = np.maximum(between - within, 0.0).reshape(blocks, conditions, blocks, conditions)
        own = np.arange(blocks)
        extra[..., step] = wider[own, :, own, :]
    total = cells.trials.reshape(blocks, conditions, 1)
    extra = divide(extra, total[:, :, None] * total[:, None])
    own = np.arange(conditions)
    variance = cells.variance + extra[:, own, own].reshape(number, len(steps))
    covariance = None if cells.covariance is None else cells.covariance + extra
    return replace(cells, variance=variance, covariance=covariance)


@dataclass(frozen=True)
class References:
    """What single references do to the rates of groups.

    Attributes
    ----------
    largest : (cells, thresholds)
        Most false alerts that one reference causes.
    degrees : (cells, thresholds)
        Degrees of freedom of the references' share of the variance.
    """

    largest: Floats
    degrees: Floats


def references_of(trials: Trials, codes: Codes, number: int, steps: Floats) -> References | None:
    """Count false alerts by reference and cell; None where no trial has a cause.

    Parameters
    ----------
    codes : (people,)
        Cell of each person.
    """
    if not has_causes(trials):
        return None
    shape = (number, len(steps))
    largest, degrees = np.zeros(shape), np.full(shape, np.inf)
    size = float(trials.watchlist_size or 1)
    for step, threshold in enumerate(steps):
        reference = trials.reference if trials.reference is not None else np.empty(0, np.intp)
        caused = trials.events(threshold) & (reference >= 0)
        if not np.any(caused):
            continue
        # References without an alert must not decide in which order the others are added up.
        known, cause = np.unique(reference[caused], return_inverse=True)
        width = len(known)
        key = codes[trials.person[caused]] * width + cause
        table = np.bincount(key, minlength=number * width).reshape(number, width).astype(float)
        largest[:, step] = table.max(axis=1)
        mean = table.sum(axis=1, keepdims=True) / size
        # References without an alert are (size - width) residuals more, of the mean each.
        silent = max(size - width, 0.0)
        squares = np.sum((table - mean) ** 2, axis=1) + silent * mean[:, 0] ** 2
        fourths = np.sum((table - mean) ** 4, axis=1) + silent * mean[:, 0] ** 4
        degrees[:, step] = satterthwaite(squares, fourths, size)
    return References(largest, degrees)


def has_causes(trials: Trials) -> TypeGuard[PersonTrials]:
    """Whether these are false alerts of which the watchlist person is known."""
    return (
        isinstance(trials, PersonTrials)
        and trials.reference is not None
        and trials.watchlist_size is not None
        and trials.event_at_or_above
        and trials.metric == "FPIR"
    )


def _alike(cause: Codes, cell: Codes, cells: int) -> Floats:
    """Sum over causes of the products of their numbers of alerts in two cells, (cells, cells)."""
    known, cause = np.unique(cause, return_inverse=True)
    shape = (len(known), cells)
    if len(known) * cells > _DENSE:
        table = sparse.csr_array((np.ones(len(cause)), (cause, cell)), shape=shape)
        product: Floats = (table.T @ table).toarray()
        return product
    counts = np.bincount(cause * cells + cell, minlength=len(known) * cells)
    dense = counts.reshape(shape).astype(float)
    return np.asarray(dense.T @ dense)


_DENSE = 1_000_000
"""Entries up to which a table is made whole: of few, a sparse one takes ten times longer."""
