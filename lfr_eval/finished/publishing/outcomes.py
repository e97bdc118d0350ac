"""Stage `publishing`: which outcomes are withheld (counts of a metric in, flags by cell out)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lfr_eval.finished.publishing.counts import Groups, Layers, linked_passes
from lfr_eval.finished.publishing.linked import Flags, Linked, pairs_within
from lfr_eval.finished.publishing.rule import RISING, Rule
from lfr_eval.finished.publishing.withholding import small, withhold

TOGETHER = ("FNIR", "TPIR", "FNMR")
"""Withheld together: a success is a pass without miss, a miss a missed match or no usable face."""


def outcomes_of(
    groups: Groups,
    parts: Mapping[str, Layers],
    begun: Mapping[str, Flags],
    few: Flags,
    rule: Rule,
) -> list[tuple[Layers, Flags, Flags]]:
    """Return, for each metric and watchlist size, what is withheld and what of it is small.

    Metrics that are withheld together have one pattern over groups and thresholds, whatever the
    watchlist; a metric alone has one pattern over all its watchlist sizes and thresholds, so that
    what a longer list says of a shorter one is known.
    """
    together = len(parts) > 1
    systems = []
    for metric, layers in parts.items():
        for size in layers.sizes if together or metric in TOGETHER else (None,):
            systems.append((metric, layers if size is None else layers.at(size)))
    own = [
        rule.small(layers.events, layers.trials)
        | _all_made(layers, rule)
        | small(layers.affected, rule.minimum)
        | few[:, None]
        for _, layers in systems
    ]
    pattern: dict[object, Flags] = {}
    for (metric, layers), mine in zip(systems, own, strict=True):
        for step, key in enumerate(_units(layers, together)):
            known = pattern.setdefault(key, np.zeros(len(groups.names), bool))
            pattern[key] = known | (mine[:, step] & layers.there) | begun[metric]
    before: dict[object, Flags] | None = None
    while before is None or any(np.any(before[key] != pattern[key]) for key in pattern):
        before = {key: flags.copy() for key, flags in pattern.items()}
        for (metric, layers), mine in zip(systems, own, strict=True):
            keys, there = _units(layers, together), layers.there
            pairs = pairs_within(groups.member(there)) if metric == "FMR" else None
            linked = linked_passes(groups, layers, metric, pairs, metric in RISING)
            withheld = np.stack([pattern[key] for key in keys], axis=1)[there]
            found = withhold(
                linked, withheld, mine[there], rule.minimum, rule.costs(groups, layers)
            )
            for step, key in enumerate(keys):
                pattern[key][there] |= found[:, step]
    return [
        (layers, np.stack([pattern[key] for key in _units(layers, together)], axis=1), mine)
        for (_, layers), mine in zip(systems, own, strict=True)
    ]


def _all_made(layers: Layers, rule: Rule) -> Flags:
    """Where nearly every comparison that was made is an event: its number tells failures."""
    prevented: Flags = layers.made < layers.trials
    return prevented & (layers.made - layers.events < rule.minimum)


def _units(layers: Layers, together: bool) -> list[object]:
    return [threshold if together else (size, threshold) for size, threshold in layers.keys]


def affected_of(
    groups: Groups, metric: str, layers: Layers, outcomes: Flags, few: Flags, rule: Rule
) -> tuple[Flags, Flags]:
    """Return where the number of people with an event is withheld, and where it is small."""
    hidden = np.where(layers.rows >= 0, outcomes[layers.rows], False)
    own = rule.small(layers.affected, layers.subjects) | few[:, None]
    own &= layers.rows >= 0
    found = hidden | own
    if metric == "FMR":
        # A person's false matches within a group and within a larger one are not parts of a sum.
        return found, own
    for size in layers.sizes:
        part = layers.at(size)
        steps = [place for place, key in enumerate(layers.keys) if key[0] == size]
        for kind in groups.kinds:
            chosen = kind & part.there
            if not chosen.any():
                continue
            values = part.affected[chosen]
            order = [
                pair
                for pair in part.order(metric in RISING)
                if np.all(values[:, pair[0]] >= values[:, pair[1]])
            ]
            names = groups.told(chosen, f"table rates, people with {metric}")
            linked = Linked(
                groups.member(chosen), values, part.subjects[chosen], tuple(order), names
            )
            grid = np.ix_(np.flatnonzero(chosen), np.array(steps))
            costs = rule.costs(groups, part)[chosen[part.there]]
            found[grid] |= withhold(linked, found[grid], own[grid], rule.minimum, costs)
    return found, own
