"""Stage `inference`: how much the trials of a group are worth, given that they share people.

In: events, trials and a variance robust to shared people, by group and threshold. Out: `Precision`,
the design effect with its degrees of freedom and the size of a clump of events, from which every
interval and every test is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lfr_eval.inference.cells import Bools, Floats, Labels, divide
from lfr_eval.inference.repeats import correlation_bound

ENOUGH_EVENTS = 10
"""Events, and trials without one, from which a design effect is believed."""

FEW_PEOPLE = 10
"""So few that their variance misses part of how unlike people are; see `_spread`."""

OWN = "own variance"
NEAR = "largest of own variance and that of the nearest score with ten events"
PEOPLE = "people are the trials"
PAIRS_OF_PEOPLE = "disjoint pairs of people are the trials"
REPEATS = "largest correlation that fits the number of people with events"
OWN_FEW = "own variance of few events"
NO_TRIAL = "no trial"


@dataclass(frozen=True)
class Evidence:
    """What was counted in some groups at ascending thresholds.

    Attributes
    ----------
    events, trials : (groups, thresholds)
        May be fractional where rates are standardised.
    variance : (groups, thresholds)
        Variance of events / trials, robust to trials that share people.
    degrees : (groups, thresholds)
        Degrees of freedom of that variance.
    largest, largest_without : (groups, thresholds)
        Most events, and most trials without one, of one person (or one reference).
    people : (groups, 1)
        People with a trial.
    affected, affected_without : (groups, thresholds)
        People with an event, and with a trial that is none.
    pairs
        Whether a trial belongs to two people.
    falling
        Whether events become fewer as the threshold rises.
    lent_effect, lent_degrees, lent_spread, broad_spread : (groups, thresholds), optional
        Design effect, its degrees of freedom, and `Precision.spread`, that a threshold with few
        events borrows, and the spread at the lender with most events; NaN where there is none. If
        not given, the thresholds lend to one another.
    alike : (groups, 1), optional
        People with as many comparisons each who would weigh as much together as these do,
        (sum C)^2 / sum C^2; if not given, all people.
    """

    events: Floats
    trials: Floats
    variance: Floats
    degrees: Floats
    largest: Floats
    largest_without: Floats
    people: Floats
    affected: Floats
    affected_without: Floats
    pairs: bool
    falling: bool
    lent_effect: Floats | None = None
    lent_degrees: Floats | None = None
    lent_spread: Floats | None = None
    broad_spread: Floats | None = None
    alike: Floats | None = None

    def take(self, rows: Floats) -> Evidence:
        """Return some of the groups, by index."""
        arrays: dict[str, Any] = {name: value[rows] for name, value in self._arrays()}
        return replace(self, **arrays)

    def at(self, thresholds: slice) -> Evidence:
        """Return the evidence at some of the thresholds."""
        arrays: dict[str, Any] = {
            name: value if name in ("people", "alike") else value[..., thresholds]
            for name, value in self._arrays()
        }
        return replace(self, **arrays)

    def split(self, lenders: Lenders, counted: Evidence | None = None) -> Evidence:
        """Let the thresholds after the first, `lenders.steps`, lend to these and be left out."""
        here, rest = slice(len(lenders.steps)), slice(len(lenders.steps), None)
        return self.at(here).borrowing(self.at(rest), lenders, counted and counted.at(rest))

    def borrowing(
        self, lender: Evidence, lenders: Lenders, counted: Evidence | None = None
    ) -> Evidence:
        """Return the same, borrowing from the same groups at other scores, as `lent` says."""
        names = "lent_effect", "lent_degrees", "lent_spread", "broad_spread"
        found: dict[str, Any] = dict(zip(names, lent(self, lender, lenders, counted), strict=True))
        return replace(self, **found)

    @classmethod
    def stack(cls, rows: Sequence[Evidence]) -> Evidence:
        """Return the groups of several pieces of evidence of one kind, one after another."""
        joined: dict[str, Any] = {
            name: np.concatenate([getattr(row, name) for row in rows])
            for name, _ in rows[0]._arrays()
        }
        return replace(rows[0], **joined)

    def _arrays(self) -> list[tuple[str, Floats]]:
        given = ((name, getattr(self, name)) for name in _ARRAYS)
        return [(name, value) for name, value in given if value is not None]

    @property
    def rate(self) -> Floats:
        """Events / trials; 0 without trials."""
        return divide(self.events, self.trials)


_ARRAYS = (
    "events", "trials", "variance", "degrees", "largest", "largest_without", "people",
    "affected", "affected_without", "lent_effect", "lent_degrees", "lent_spread",
    "broad_spread", "alike",
)  # fmt: skip


@dataclass(frozen=True)
class Precision:
    """What a rate's trials are worth.

    Attributes
    ----------
    events, trials : (groups, thresholds)
        As in `Evidence`.
    effect : (groups, thresholds)
        Design effect: how many trials are worth one independent trial.
    degrees : (groups, thresholds)
        Degrees of freedom of the variance behind it, at least 1.
    clump : (groups, thresholds)
        Events that one person may add at once.
    spread : (groups, thresholds)
        Relative variance of the rate from people who resemble many others. It stays as it is
        where the rate is higher, so that the design effect rises with the rate; 0: it does not.
    basis : (groups, thresholds)
        Where the design effect comes from, in words.
    """

    events: Floats
    trials: Floats
    effect: Floats
    degrees: Floats
    clump: Floats
    spread: Floats
    basis: NDArray[np.str_]

    @property
    def rate(self) -> Floats:
        """Events / trials; 0 without trials."""
        return divide(self.events, self.trials)

    @property
    def variance(self) -> Floats:
        """Variance of the rate."""
        return divide(self.rate * (1 - self.rate), self.effective_trials)

    @property
    def effective_trials(self) -> Floats:
        """Independent trials that would have the same variance."""
        return divide(self.trials, self.effect)

    def take(self, index: Any) -> Precision:
        """Return some of the cells, by an index of NumPy."""
        at = index
        return Precision(
            self.events[at],
            self.trials[at],
            self.effect[at],
            self.degrees[at],
            self.clump[at],
            self.spread[at],
            self.basis[at],
        )


def independent(events: Floats, trials: Floats) -> Precision:
    """Trials that share nobody, as a plan supposes them."""
    x, n = np.broadcast_arrays(np.asarray(events, float), np.asarray(trials, float))
    one = np.ones(x.shape)
    return Precision(x, n, one, np.full(x.shape, np.inf), one, 0 * one, np.full(x.shape, OWN))


def precision_of(evidence: Evidence, counted: Evidence | None = None) -> Precision:
    """Take the design effect of every group at every threshold from where it can be believed.

    With ten events and ten trials without one it is the group's own. With fewer, the largest of
    its own, the one lent (unscaled: scaling it by the rates believes a model), and 1. Where there
    is nothing to borrow, what the people with an event bound: people, or disjoint pairs of them,
    are the trials where no event was seen.

    Parameters
    ----------
    evidence
        What was counted, or standardised to a mix of strata.
    counted
        Of standardised evidence: the same before it was weighted. A design effect is believed
        from ten of its events on, and the events of one person have the mean weight of a trial:
        the largest weight is that of whoever is in the rarest stratum, and far too wide.

    References
    ----------
    Korn & Graubard (1998), Survey Methodology 24, 193-201, for effective trials with degrees of
    freedom; Tiwari, Clegg & Zou (2006), Statistical Methods in Medical Research 15, 547-569, for
    the mean weight.
    """
    x, n = np.broadcast_arrays(evidence.events, evidence.trials)
    own, enough = _own(evidence, counted)
    every = np.arange(x.shape[-1])
    if evidence.lent_effect is None:
        evidence = evidence.borrowing(evidence, Lenders(every, every), counted)
    lent_effect, lent_degrees = np.asarray(evidence.lent_effect), np.asarray(evidence.lent_degrees)
    borrowed = ~enough & ~np.isnan(lent_effect)
    from_near = np.maximum(np.maximum(own, np.nan_to_num(lent_effect)), 1.0)
    nothing, basis = _unborrowed(evidence, counted, own, ~enough & ~borrowed)
    effect = np.where(enough, own, np.where(borrowed, from_near, nothing))
    # Trials never number fewer than one independent trial, nor are they worth more than they are.
    effect = np.clip(effect, 0.0, np.maximum(n, 1.0))
    effect = np.where(effect > 0, effect, 1.0)
    degrees = np.where(borrowed, lent_degrees, evidence.degrees)
    degrees = np.where(_stated(evidence, own, ~enough & ~borrowed, effect), np.inf, degrees)
    degrees = np.maximum(degrees, 1.0)
    words = np.where(enough, OWN, np.where(borrowed, NEAR, basis))
    spread = np.where(enough, _spread(evidence, effect), 0.0)
    spread = _broadened(evidence, np.where(borrowed, np.asarray(evidence.lent_spread), spread))
    largest = evidence.largest
    if counted is not None:
        largest = counted.largest * divide(n, counted.trials)
    return Precision(
        x,
        n,
        effect,
        degrees,
        np.maximum(effect, largest),
        spread,
        np.where(n > 0, words, NO_TRIAL),
    )


def _own(evidence: Evidence, counted: Evidence | None) -> tuple[Floats, Bools]:
    """Design effects of the cells themselves, and where there are enough events to believe them."""
    x, n = np.broadcast_arrays(evidence.events, evidence.trials)
    rate, raw = divide(x, n), counted or evidence
    enough: Bools = np.minimum(raw.events, raw.trials - raw.events) >= ENOUGH_EVENTS - 1e-9
    return divide(evidence.variance * n, rate * (1 - rate), otherwise=0.0), enough


def _spread(evidence: Evidence, effect: Floats) -> Floats:
    """Relative variance of the rate that a design effect above 1 stands for (`Precision.spread`).

    The fewer people a variance is estimated from, and the more unequally they weigh, the more of
    it is missing where those who resemble many are; (n + 10) / n_e, of n people who weigh as n_e,
    was found by simulation. A rate of passes does not rest on pairs of people, so this is used for
    ten people or fewer only.
    """
    missing = divide(evidence.people + FEW_PEOPLE, _alike(evidence), otherwise=1.0)
    if not evidence.pairs:
        missing = np.where(evidence.people <= FEW_PEOPLE, missing, 0.0)
    extra = (1 - evidence.rate) * np.maximum(effect - 1, 0.0)
    return missing * divide(extra, evidence.events)


def _broadened(evidence: Evidence, spread: Floats) -> Floats:
    """Spread where people weigh unequally: not below that of the lender with most events.

    Whether the few who weigh most resemble many others is seen better where more events tell. The
    rule sets in as people become unequal, and holds in full where n people weigh as n / 2. Where
    they weigh alike it would cost power, and gain nothing.
    """
    unequal = np.clip(2 * (1 - divide(_alike(evidence), evidence.people, otherwise=1.0)), 0.0, 1.0)
    broad = np.nan_to_num(np.asarray(evidence.broad_spread, float))
    wider: Floats = spread + unequal * np.maximum(broad - spread, 0.0)
    return wider


def _alike(evidence: Evidence) -> Floats:
    return evidence.people if evidence.alike is None else evidence.alike


def _stated(evidence: Evidence, own: Floats, alone: Bools, effect: Floats) -> Bools:
    """Where the design effect is known, and was not estimated from residuals.

    It is where nothing can be borrowed, and where everybody has one trial. With
    events of one or two people the degrees of freedom of residuals would be one or two, and 101
    events of 102 people would say less than 88.
    """
    n, people = np.broadcast_arrays(evidence.trials, np.maximum(evidence.people, 1.0))
    if evidence.pairs:
        stated: Bools = alone & (effect > own)
        return stated
    # Residuals have n / (n - 1) of it at the most, unless references or clusters add to it.
    stated = own <= n / np.maximum(people - 1, 1e-9) * (1 + 1e-9)
    stated &= alone | (np.abs(n - people) < 1e-6)
    return stated


def _unborrowed(
    evidence: Evidence, counted: Evidence | None, own: Floats, alone: Bools
) -> tuple[Floats, NDArray[np.str_]]:
    """Design effects where no threshold has enough events."""
    x, n = np.broadcast_arrays(evidence.events, evidence.trials)
    people, raw = np.maximum(evidence.people, 1.0), counted or evidence
    rare = raw.events <= raw.trials - raw.events
    seen = np.where(rare, raw.events, raw.trials - raw.events)
    touched = np.where(rare, raw.affected, raw.affected_without)
    if evidence.pairs:
        # A comparison has two people, so that two with an event are one pair with an event.
        people = np.maximum(np.floor(people / 2), 1.0)
        touched = np.maximum(touched / 2, np.minimum(touched, 1.0))
    alike = np.ones(x.shape)
    alike[alone] = correlation_bound(seen[alone], touched[alone], (n / people)[alone])
    most = 1 + np.maximum(n / people - 1, 0) * alike
    nothing = PAIRS_OF_PEOPLE if evidence.pairs else PEOPLE
    basis = np.where(own > most, OWN_FEW, np.where(alike < 1, REPEATS, nothing))
    return np.maximum(own, most), basis


@dataclass(frozen=True)
class Lenders:
    """Thresholds that lend their design effect to others.

    Attributes
    ----------
    steps : (thresholds,)
        Those that borrow, ascending.
    grid : (lenders,)
        Those that lend, ascending.
    """

    steps: Floats
    grid: Floats


def nearest_lender(enough: Bools, lenders: Lenders, falling: bool) -> Labels:
    """Return the place of the nearest lender with enough events, on the side of more events.

    Parameters
    ----------
    enough : (..., lenders)
        Which of them have enough.

    Returns
    -------
    Labels
        Of shape (..., thresholds); as many as there are lenders stands for none.
    """
    size = len(lenders.grid)
    none = np.full((*enough.shape[:-1], 1), size)
    if falling:
        places = np.where(enough, np.arange(size), -1)
        reached = np.maximum.accumulate(places, axis=-1)
        places = np.concatenate([none, np.where(reached < 0, size, reached)], axis=-1)
        return places[..., np.searchsorted(lenders.grid, lenders.steps, "right")]
    places = np.where(enough, np.arange(size), size)
    reached = np.minimum.accumulate(places[..., ::-1], axis=-1)[..., ::-1]
    places = np.concatenate([reached, none], axis=-1)
    return places[..., np.searchsorted(lenders.grid, lenders.steps, "left")]


def lent(
    evidence: Evidence, lender: Evidence, lenders: Lenders, counted: Evidence | None = None
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return effect, degrees and spread of the nearest lender with enough events; NaN: none.

    The nearest is sought on the side of more events. Last comes the spread of the furthest there.

    Parameters
    ----------
    evidence, lender
        The same groups at `lenders.steps`, and at `lenders.grid`.
    counted
        As in `precision_of`, of the lender.
    """
    own, enough = _own(lender, counted)
    size = len(lenders.grid)
    found = nearest_lender(enough, lenders, evidence.falling)
    none = np.full((*own.shape[:-1], 1), size)
    furthest = none
    if size and evidence.falling:
        furthest = np.argmax(enough, axis=-1, keepdims=True)
    elif size:
        furthest = size - 1 - np.argmax(enough[..., ::-1], axis=-1, keepdims=True)

    def taken(values: Floats, places: Labels) -> Floats:
        wide = np.concatenate([np.broadcast_to(values, own.shape), none * np.nan], axis=-1)
        picked: Floats = np.take_along_axis(wide, places, axis=-1)
        return picked

    spread = _spread(lender, own)
    # A lender on the other side of a threshold has fewer events and lends nothing to it.
    furthest = np.where(found == size, size, furthest)
    return (
        taken(own, found),
        taken(lender.degrees, found),
        taken(spread, found),
        taken(spread, furthest),
    )
