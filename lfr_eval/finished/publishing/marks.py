"""Stage `publishing`: which cells of the rates are withheld (rates, people, cohort in, marks out).

Four things can be withheld of a group. Its size: then nothing is said of it anywhere. Its failures
to acquire or to enrol: then its one-to-one comparisons too, whose number would tell them. The
outcome at a threshold: events, rate, interval. And how many people had an event.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lfr_eval.finished.publishing.counts import Groups, Layers, layers_of
from lfr_eval.finished.publishing.linked import Flags
from lfr_eval.finished.publishing.outcomes import TOGETHER, affected_of, outcomes_of
from lfr_eval.finished.publishing.rule import ACQUISITION, Rule
from lfr_eval.finished.publishing.sizes import acquisition_of, few_people, fillers_of, sizes_of


@dataclass(frozen=True)
class Marks:
    """What is withheld.

    Attributes
    ----------
    groups, fillers
        Rows of table `people` of which everything, of which the fillers are withheld.
    sizes, outcomes, affected
        Rows of table `rates` of which trials and people, of which the outcome, of which the number
        of people with an event is withheld. Each holds those before it.
    small_groups, small_outcomes, small_affected
        Those of them that are small themselves; the others are withheld so that these cannot be
        worked out.
    """

    groups: Flags
    fillers: Flags
    sizes: Flags
    outcomes: Flags
    affected: Flags
    small_groups: Flags
    small_outcomes: Flags
    small_affected: Flags


def mark(rates: pd.DataFrame, groups: Groups, rule: Rule) -> Marks:
    """Decide what is withheld.

    Parameters
    ----------
    rates
        The rows of table `rates` that are to be published: one a metric, watchlist size, threshold,
        factor and group, with an index that counts from 0.

    Raises
    ------
    PublicationError
        If the counts do not add up, or everybody together are too few.
    """
    metrics = {str(name): layers_of(rates, groups, str(name)) for name in rates["metric"].unique()}
    few = few_people(groups, metrics, rule)
    size = sizes_of(groups, metrics, few, rule)
    fillers, few_fillers = fillers_of(groups, rule)
    acquired, few_failures = acquisition_of(groups, metrics, size, rule)
    marked = _Rows(len(rates))
    for metric, layers in metrics.items():
        is_told = rule.tells_failures(metric) or metric in ACQUISITION
        hidden = size | acquired if rule.tells_failures(metric) else size
        marked.sizes |= marked.of(layers, hidden)
        marked.outcomes |= marked.of(layers, size | acquired if is_told else size)
        marked.small_outcomes |= marked.of(layers, few | few_failures if is_told else few)
    families = [tuple(name for name in TOGETHER if name in metrics)]
    families += [(name,) for name in metrics if name not in (*TOGETHER, *ACQUISITION)]
    for family in filter(None, families):
        parts = {name: metrics[name] for name in family}
        begun = {name: size | acquired if rule.tells_failures(name) else size for name in family}
        for layers, withheld, own in outcomes_of(groups, parts, begun, few, rule):
            marked.outcomes |= marked.of(layers, withheld)
            marked.small_outcomes |= marked.of(layers, own)
    affected, small_affected = marked.outcomes.copy(), marked.small_outcomes.copy()
    for metric, layers in metrics.items():
        withheld, own = affected_of(groups, metric, layers, marked.outcomes, few, rule)
        affected |= marked.of(layers, withheld)
        small_affected |= marked.of(layers, own)
    return Marks(
        groups=size,
        fillers=fillers,
        sizes=marked.sizes,
        outcomes=marked.outcomes,
        affected=affected,
        small_groups=few | few_fillers,
        small_outcomes=marked.small_outcomes,
        small_affected=small_affected,
    )


class _Rows:
    """Flags of the rows of table `rates`."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.sizes, self.outcomes, self.small_outcomes = (np.zeros(number, bool) for _ in range(3))

    def of(self, layers: Layers, flags: Flags) -> Flags:
        """Return the rows of flagged groups, or of flagged groups at flagged layers."""
        grid = flags[:, None] if flags.ndim == 1 else flags
        rows: Flags = np.zeros(self.number, bool)
        rows[layers.rows[np.broadcast_to(grid, layers.rows.shape) & (layers.rows >= 0)]] = True
        return rows
