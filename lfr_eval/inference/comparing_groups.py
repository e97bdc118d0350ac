"""Stage `inference`: groups of people compared with each other.

In: the study of one kind of trials, groupings of its people. Out: raw comparisons: all
groups at once, each with the reference group, each with the rest.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lfr_eval.contract.spelling import is_group
from lfr_eval.contract.trials import Grouping
from lfr_eval.contract.vocabulary import KINDS_OF_COMPARISON
from lfr_eval.inference.cells import Bools, Floats, divide
from lfr_eval.inference.comparison_rows import (
    REST,
    Limits,
    Pair,
    People,
    Study,
    Tested,
    compare_sides,
    omnibus_rows,
    pair_rows,
)
from lfr_eval.inference.joined import Columns
from lfr_eval.inference.limits import limits_of
from lfr_eval.inference.minimum import FEWEST_PEOPLE, enough_evidence
from lfr_eval.inference.mover import Compared
from lfr_eval.inference.observed import Counts, counts_of, evidence_of, sides_of
from lfr_eval.inference.omnibus import bonferroni, omnibus
from lfr_eval.inference.precision import precision_of
from lfr_eval.inference.spanning import Spanning
from lfr_eval.inference.statements import Sides

Naming = Callable[[str, str], Sides]


def compare_groupings(
    study: Study,
    groupings: Sequence[Grouping],
    kinds: Sequence[str] = KINDS_OF_COMPARISON,
    references: Sequence[str] | None = None,
    naming: Naming | None = None,
) -> list[Columns]:
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
    frames = []
    for place, grouping in enumerate(groupings):
        named = [code for code, name in enumerate(grouping.names) if is_group(name)]
        if len(named) > 1:
            reference = references[place] if references else None
            frames += _compare(study, grouping, named, kinds, reference, naming)
    return frames


@dataclass(frozen=True)
class _Pair:
    """One comparison: which groups are on each side, and its names."""

    a: Bools
    b: Bools
    names: tuple[str, str]


def _compare(
    study: Study,
    grouping: Grouping,
    named: list[int],
    kinds: Sequence[str],
    declared: str | None,
    naming: Naming | None,
) -> list[Columns]:
    plan = study.plan
    counts = counts_of(study.swept, grouping, study.controls, plan.watchlist, study.clusters)
    declared = declared or plan.reference_groups.get(grouping.factor)
    reference = reference_group(grouping, declared, counts.exposed, named)
    against = [_pair(grouping, code, [reference]) for code in named if code != reference]
    tried = [code for code in named if counts.trials[code] > 0]
    others = {code: [other for other in tried if other != code] for code in named}
    rest = [_pair(grouping, code, others[code], REST) for code in named if others[code]]
    frames = []

    def sides(a: str, b: str) -> Sides | None:
        return naming(a, b) if naming else None

    spanning = Spanning.of(study.swept, grouping, study.controls, study.clusters)
    asked = _Asked(study, grouping, counts, spanning)
    compared = asked.test([*against, *rest])
    if "omnibus" in kinds:
        statistic, p_value, testable = _omnibus(asked, tried, compared, against, rest)
        frames.append(
            omnibus_rows(
                study, grouping.factor, statistic, p_value, testable, len(named), sides("", "")
            )
        )
    for row, pair in enumerate([*against, *rest]):
        kind = "rest" if row >= len(against) else "reference"
        # With two groups the rest is the other group: the question has been asked.
        if kind not in kinds or (kind == "rest" and len(named) == 2):
            continue
        limits = limits_of(study.swept, grouping.codes, pair.a, pair.b)
        people, told = people_of(counts, pair.a, pair.b, limits), sides(*pair.names)
        frames.append(
            pair_rows(study, grouping.factor, Pair(pair.names, told), compared, row, people)
        )
    return frames


def _pair(grouping: Grouping, code: int, others: list[int], name: str = "") -> _Pair:
    codes = np.arange(len(grouping.names))
    second = name or grouping.names[others[0]]
    return _Pair(codes == code, np.isin(codes, others), (grouping.names[code], second))


@dataclass(frozen=True)
class _Asked:
    """One grouping of a study's people, counted."""

    study: Study
    grouping: Grouping
    counts: Counts
    spanning: Spanning | None

    def test(self, pairs: Sequence[_Pair]) -> Tested:
        members = [(pair.a, pair.b) for pair in pairs]
        a, b, shared = sides_of(self.counts, members)
        sides = Compared(precision_of(a), precision_of(b))
        if self.spanning is not None:
            sides = self.spanning.correlated(sides, members)
        return compare_sides(a, b, shared, enough_evidence(a, b), self.study.plan.margin, sides)


def _omnibus(
    asked: _Asked,
    tried: list[int],
    compared: Tested,
    against: Sequence[_Pair],
    rest: Sequence[_Pair],
) -> tuple[Floats, Floats, Bools]:
    """Test all groups with enough people: with two of them, the pair's own test."""
    study, grouping, counts = asked.study, asked.grouping, asked.counts
    top = len(study.steps)
    enough = [code for code in tried if counts.units[code] >= FEWEST_PEOPLE]
    if len(enough) < 2:
        return np.full(top, np.nan), np.full(top, np.nan), np.zeros(top, bool)
    if len(enough) == 2:
        pair = _pair(grouping, enough[0], [enough[1]])
        one = asked.test([pair])
        return np.abs(one.deviates[0]), one.p_value[0], one.testable[0]
    where = {pair.names[0]: len(against) + place for place, pair in enumerate(rest)}
    rows = [where[grouping.names[code]] for code in enough]
    if asked.spanning is not None:
        # The contrasts depend on one another by the clusters that groups share, too.
        return bonferroni(compared.p_value[rows], compared.deviates[rows])
    evidence = precision_of(evidence_of(counts))
    found = omnibus(
        compared.deviates[rows],
        evidence.trials[enough],
        evidence.effective_trials[enough],
        zlib.crc32(f"{study.plan.seed} {study.trials.metric} {grouping.factor}".encode()),
    )
    testable = np.any(compared.testable[rows], axis=0)
    return found.statistic, np.where(testable, found.p_value, np.nan), testable


def people_of(counts: Counts, a: Bools, b: Bools, limits: Limits) -> People:
    """Count the people behind two sides, and what would have to be taken from whom."""
    cells = counts.cells
    events = cells.events.reshape(counts.here.groups, -1, cells.events.shape[-1])
    events, trials = events.sum(axis=1), counts.trials
    x_a, x_b = events[a].sum(axis=0), events[b].sum(axis=0)
    n_a, n_b = trials[a].sum(), trials[b].sum()
    often = divide(x_a + x_b, n_a + n_b) > 0.5
    higher_a = divide(x_a, n_a) >= divide(x_b, n_b)
    sides = [(most(counts.top[side]), most(counts.top_without[side])) for side in (a, b)]
    rare = np.where(higher_a, sides[0][0], sides[1][0])
    without = np.where(higher_a, sides[1][1], sides[0][1])
    return People(
        float(counts.exposed[a].sum()),
        float(counts.exposed[b].sum()),
        counts.affected[a].sum(axis=0),
        counts.affected[b].sum(axis=0),
        np.where(often, without, rare),
        limits,
    )


def most(top: Floats) -> Floats:
    """Merge lists in descending order, (lists, people, thresholds), and keep the longest part."""
    joined = top.reshape(-1, top.shape[-1])
    found: Floats = -np.sort(-joined, axis=0)[: top.shape[1]]
    return found


def reference_group(
    grouping: Grouping, declared: str | None, people: Floats, named: Sequence[int] | None = None
) -> int:
    """Return the group that others are compared with: the declared, or else the largest.

    Raises
    ------
    ValueError
        If there is no such group.
    """
    if declared is None:
        if named is None:
            return int(np.argmax(people))
        return int(named[int(np.argmax(people[list(named)]))])
    if declared not in grouping.names:
        raise ValueError(
            f"The reference group of {grouping.factor!r} must be among {grouping.names}. "
            f"Got {declared!r} instead."
        )
    return grouping.names.index(declared)
