"""Stage `inference`: groups of people compared with each other.

In: the study of one kind of trials, groupings of its people. Out: frames of raw comparisons: all
groups at once, each with the reference group, each with the rest.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from lfr_eval.contract.trials import Grouping
from lfr_eval.inference.cells import Floats
from lfr_eval.inference.comparison_rows import REST, Study, omnibus_rows, pair_rows
from lfr_eval.inference.observed import counts_of
from lfr_eval.inference.permutation import against_rest, between_pair
from lfr_eval.inference.plan import COMPARISONS
from lfr_eval.inference.statements import Sides

Naming = Callable[[str, str], Sides]


def compare_groupings(
    study: Study,
    groupings: Sequence[Grouping],
    kinds: Sequence[str] = COMPARISONS,
    references: Sequence[str] | None = None,
    naming: Naming | None = None,
) -> list[pd.DataFrame]:
    """Compare the groups of every grouping that has two or more.

    Parameters
    ----------
    study
        The trials, counted.
    groupings
        Divisions of its people.
    kinds
        Which comparisons: `omnibus`, `reference`, `rest`.
    references
        The reference group of each grouping, where the plan does not say.
    naming
        How a sentence names two sides that are not simply groups of people.
    """
    chosen = [place for place, grouping in enumerate(groupings) if len(grouping.names) > 1]
    kept = [groupings[place] for place in chosen]
    plan, seed = study.plan, study.seed
    tests = against_rest(
        study.counter, [study.division(grouping) for grouping in kept], plan.permutations, seed
    )
    frames = []
    for place, grouping, rest in zip(chosen, kept, tests, strict=True):
        counts = counts_of(
            study.trials, study.counter, study.steps, grouping, study.controls, plan.watchlist
        )
        groups = range(len(grouping.names))

        def sides(a: str, b: str) -> Sides | None:
            return naming(a, b) if naming else None

        if "omnibus" in kinds:
            frames.append(
                omnibus_rows(
                    study, grouping, counts.cells, rest.omnibus, rest.omnibus_p, sides("", "")
                )
            )
        declared = references[place] if references else plan.reference_groups.get(grouping.factor)
        reference = reference_group(grouping, declared, counts.people.sum(axis=1))
        for group in groups if "reference" in kinds else ():
            if group == reference:
                continue
            names = (grouping.names[group], grouping.names[reference])
            # With two groups the rest is the other group: the test is already done.
            tested = (rest.statistic[group], rest.p_value[group])
            if len(groups) > 2:
                tested = between_pair(
                    study.counter,
                    study.division(grouping),
                    (group, reference),
                    plan.permutations,
                    [*seed, zlib.crc32("|".join((grouping.factor, *names)).encode())],
                )
            frames.append(
                pair_rows(
                    study, grouping, counts, (group,), (reference,), names, tested, sides(*names)
                )
            )
        for group in groups if "rest" in kinds and len(groups) > 2 else ():
            others = tuple(other for other in groups if other != group)
            names = (grouping.names[group], REST)
            tested = rest.statistic[group], rest.p_value[group]
            frames.append(
                pair_rows(study, grouping, counts, (group,), others, names, tested, sides(*names))
            )
    return frames


def reference_group(grouping: Grouping, declared: str | None, people: Floats) -> int:
    """Return the group that others are compared with: the declared, or else the largest.

    Raises
    ------
    ValueError
        If there is no such group.
    """
    if declared is None:
        return int(np.argmax(people))
    if declared not in grouping.names:
        raise ValueError(
            f"The reference group of {grouping.factor!r} must be among {grouping.names}. "
            f"Got {declared!r} instead."
        )
    return grouping.names.index(declared)
