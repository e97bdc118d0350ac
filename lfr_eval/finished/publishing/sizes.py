"""Stage `publishing`: whose size, fillers, failures are withheld (counts in, flags out)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lfr_eval.finished.publishing.counts import OVERALL_COST, Groups, Layers
from lfr_eval.finished.publishing.linked import Counts, Flags, Linked, PublicationError
from lfr_eval.finished.publishing.rule import ACQUISITION, Rule
from lfr_eval.finished.publishing.withholding import withhold

PEOPLE, FILLERS = ("people", "references", "probes", "both", "passes"), ("fillers", "filler_people")


def few_people(groups: Groups, metrics: Mapping[str, Layers], rule: Rule) -> Flags:
    """Return groups with few people, images or trials.

    Raises
    ------
    PublicationError
        If everybody together are few.
    """
    counts = [groups.people[name].to_numpy(np.int64) for name in PEOPLE]
    for layers in metrics.values():
        counts += [layers.subjects.max(axis=1), layers.trials.max(axis=1)]
    few: Flags = np.any([rule.small(one) for one in counts], axis=0)
    if np.any(few & (groups.costs == OVERALL_COST)):
        raise PublicationError(
            f"Everybody together are fewer than the minimum of {rule.minimum}: a study so small "
            "has nothing to publish."
        )
    return few


def sizes_of(groups: Groups, metrics: Mapping[str, Layers], few: Flags, rule: Rule) -> Flags:
    """Return groups whose size is withheld: those with few, and others that would tell it."""
    counts = _of_people(groups, PEOPLE)
    for metric, layers in metrics.items():
        if metric != "FMR":
            counts[f"table rates, people of {metric}"] = layers.subjects.max(axis=1)
            counts[f"table rates, trials of {metric}"] = layers.trials.max(axis=1)
    return _single(groups, few, few, counts, rule)


def fillers_of(groups: Groups, rule: Rule) -> tuple[Flags, Flags]:
    """Return groups whose fillers are withheld, and those of them with few."""
    counts = _of_people(groups, FILLERS)
    few: Flags = np.any([rule.small(one) for one in counts.values()], axis=0)
    return _single(groups, few, few, counts, rule, fillers=True), few


def acquisition_of(
    groups: Groups, metrics: Mapping[str, Layers], size: Flags, rule: Rule
) -> tuple[Flags, Flags]:
    """Return groups whose failures are withheld, and those of them whose failures are small."""
    people = groups.people["people"].to_numpy(np.int64)
    few, counts = np.zeros(len(groups.names), bool), dict[str, Counts]()
    for metric, layers in metrics.items():
        there = layers.there & groups.of_people
        # Who is missing from a metric had no usable face or reference in it.
        missing = np.where(there, people - layers.subjects.max(axis=1), 0)
        counts[f"people without {metric}"] = np.maximum(missing, 0)
        few |= rule.small(counts[f"people without {metric}"])
        if metric in ACQUISITION:
            counts[f"table rates, {metric}"] = layers.events[:, 0]
            counts[f"table rates, people with {metric}"] = layers.affected[:, 0]
            few |= rule.small(layers.events[:, 0], layers.trials[:, 0])
            few |= rule.small(layers.affected[:, 0], layers.subjects[:, 0])
    return _single(groups, few | size, few & ~size, counts, rule), few


def _of_people(groups: Groups, columns: Sequence[str]) -> dict[str, Counts]:
    return {f"table people, {name}": groups.people[name].to_numpy(np.int64) for name in columns}


def _single(
    groups: Groups,
    withheld: Flags,
    sensitive: Flags,
    counts: Mapping[str, Counts],
    rule: Rule,
    fillers: bool = False,
) -> Flags:
    """Withhold groups whole: several counts, one pattern."""
    found = withheld.copy()
    # Everybody's number is the first that anybody asks for.
    costs = groups.costs + np.where(groups.costs == OVERALL_COST, 1e3, 0.0)
    before = None
    while before is None or np.any(found != before):
        before = found.copy()
        for counted, values in counts.items():
            for chosen in groups.kinds:
                caps = np.full((int(chosen.sum()), 1), 10 * int(values.max()) + 10 * rule.minimum)
                member, names = groups.member(chosen, fillers), groups.told(chosen, counted)
                linked = Linked(member, values[chosen, None], caps, names=names)
                found[chosen] |= withhold(
                    linked, found[chosen, None], sensitive[chosen, None], rule.minimum,
                    costs[chosen, None],
                )[:, 0]  # fmt: skip
    return found
