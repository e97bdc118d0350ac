"""Stage `inference`: which questions are asked together, and what asking many of them costs.

In: raw findings with p-values. Out: adjusted p-values, and for each row the level at which its
interval agrees with its adjusted p-value.

All primary questions of a study are one family: a study in which no groups differ claims any
primary difference with a chance of alpha at the most. The tests of all groups of single factors
are asked first and share alpha. One that is rejected opens the comparisons of its factor, the
factors that cross it, and passes weight to the other single factors. Everything else is
exploratory.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.contract.tables import CROSS
from lfr_eval.inference.cells import Floats, divide
from lfr_eval.inference.multiplicity import benjamini_hochberg, holm, told_at

_CRUMB = 1e-4
"""Share of a rejected question's weight that leaves its own family at once, to open the next."""

SHARED = 0.2
"""Share of a rejected omnibus test's weight that leaves its factor at once: half of it for the
crossed factors that it opens, half for the other omnibus tests."""

BLOCK = ["metric", "watchlist_size", "threshold", "factor"]


@dataclass(frozen=True)
class Adjusted:
    """What adjustment makes of every row.

    Attributes
    ----------
    p_value : (rows,)
        Adjusted; NaN where nothing was tested.
    level : (rows,)
        Two-sided level alpha of the row's own interval: the interval excludes 1 exactly where the
        adjusted p-value is below the plan's alpha (primary rows).
    family_size : (rows,)
        Tests adjusted together.
    words : (rows,)
        How, for the table.
    """

    p_value: Floats
    level: Floats
    family_size: NDArray[np.intp]
    words: NDArray[np.object_]


def adjust(rows: pd.DataFrame, alpha: float, shared: float | None = None) -> Adjusted:
    """Adjust the p-values of differences.

    Parameters
    ----------
    rows
        Raw findings with `p_value`, `primary`, `comparison` and the columns of `BLOCK`.
    alpha
        Chance of any false primary claim of the study.
    shared
        The part of `alpha` that these rows have together; all of it where none is given.
    """
    shared, size = alpha if shared is None else shared, len(rows)
    p, level = np.full(size, np.nan), np.full(size, alpha)
    count, words = np.zeros(size, np.intp), np.full(size, "", dtype=object)
    primary = rows["primary"].to_numpy(bool)
    raw = rows["p_value"].to_numpy(float)
    graph = Graph.of(rows, np.flatnonzero(primary & ~np.isnan(raw)))
    if graph is not None:
        result = graph.run(shared)
        told = told_at(alpha, result.p_value, shared)
        for node, members in enumerate(graph.rows):
            p[members], level[members] = told[node], result.level[node]
        number = len(graph.rows)
        at = np.concatenate(graph.rows)
        count[at] = number
        words[at] = (
            f"graphical gatekeeping over all {number} primary tests of the study; a factor's test "
            "of all groups opens its comparisons"
            f"{'; mean scores share the level' if shared < alpha else ''}"
        )
    for at, name in _exploratory(rows, primary):
        p[at] = benjamini_hochberg(raw[at])
        tests = int(np.count_nonzero(~np.isnan(raw[at])))
        count[at] = tests
        words[at] = f"Benjamini-Hochberg over {tests} exploratory {name}"
    return Adjusted(p, level, count, words)


def adjust_equivalence(
    rows: pd.DataFrame, alpha: float, shared: float | None = None
) -> tuple[Floats, Floats]:
    """Adjust the p-values of equivalence: Holm over all primary comparisons of rates.

    Parameters
    ----------
    rows
        Raw findings with `p_equivalence`, `primary` and the columns of exploratory families.
    alpha, shared
        As for `adjust`.

    Returns
    -------
    p_value : (rows,)
        Adjusted; Benjamini-Hochberg for exploratory comparisons.
    level : (rows,)
        One-sided level of the interval that lies within the margin exactly where a primary
        comparison is equivalent after adjustment.
    """
    shared, raw = alpha if shared is None else shared, rows["p_equivalence"].to_numpy(float)
    primary = rows["primary"].to_numpy(bool)
    p, level = np.full(len(rows), np.nan), np.full(len(rows), alpha)
    at = np.flatnonzero(primary & ~np.isnan(raw))
    if len(at):
        p[at] = told_at(alpha, holm(raw[at]), shared)
        order = at[np.argsort(raw[at], kind="stable")]
        shown = int(np.count_nonzero(p[at] < alpha))
        steps = len(at) - np.minimum(np.arange(len(at)), min(shown, len(at) - 1))
        level[order] = shared / steps
    for rest, _ in _exploratory(rows, primary):
        p[rest] = benjamini_hochberg(raw[rest])
    return p, level


def _exploratory(
    rows: pd.DataFrame, primary: NDArray[np.bool_]
) -> list[tuple[NDArray[np.intp], str]]:
    """Exploratory families: comparisons of one kind of one metric at one watchlist size."""
    keys = ["metric", "watchlist_size", "comparison"]
    indices = pd.Series(np.arange(len(rows)), index=rows.index)
    families = []
    for (metric, _, comparison), part in rows[~primary].groupby(keys, dropna=False, sort=False):
        families.append((indices[part.index].to_numpy(), f"{comparison} tests of {metric}"))
    return families


@dataclass(frozen=True)
class Decided:
    """Adjusted p-values and local levels of the questions of a graph."""

    p_value: Floats
    level: Floats


@dataclass(frozen=True)
class Graph:
    """Primary questions, their weights, and where the weight of a rejected one goes.

    Attributes
    ----------
    rows
        The rows of each question: with two groups the omnibus test and the comparison are one.
    p_values, weights : (questions,)
    edges : (questions, questions)
        Shares of the weight of a question that the others get when it is rejected.
    gate : (questions,)
        The question that opens this one, -1 for none.
    bonus : (questions,)
        By how much the weight of a comparison counts more while no comparison of its factor is
        rejected. If k groups are not all alike, at most k - 2 of them are like the reference group.

    References
    ----------
    Bretz, Maurer, Brannath & Posch (2009), Statistics in Medicine 28, 586-604; Shaffer (1986),
    JASA 81, 826-831; both are sequentially rejective as Goeman & Solari (2010), Annals of
    Statistics 38, 3782-3810, require.
    """

    rows: list[NDArray[np.intp]]
    p_values: Floats
    weights: Floats
    edges: Floats
    gate: NDArray[np.intp]
    bonus: Floats

    @classmethod
    def of(cls, table: pd.DataFrame, tested: NDArray[np.intp]) -> Graph | None:
        """Make the graph of the tested primary rows; None where there is none."""
        if not len(tested):
            return None
        part = table.iloc[tested]
        kinds, two = table["comparison"].to_numpy(), table["pairwise"].to_numpy()
        asked = table[table["primary"].to_numpy(bool)].groupby(BLOCK, dropna=False)
        all_asked = {_named(key): int(size) for key, size in asked.size().items()}
        nodes: list[NDArray[np.intp]] = []
        gate: list[int] = []
        bonus: list[float] = []
        blocks: list[_Block] = []
        for key, block in part.groupby(BLOCK, dropna=False, sort=False):
            at = tested[part.index.get_indexer(block.index)]
            omnibus, pairs = at[kinds[at] == "omnibus"], at[kinds[at] != "omnibus"]
            first, named = len(nodes), _named(key)
            if len(omnibus) and bool(two[omnibus[0]]):
                omnibus, pairs = np.concatenate([omnibus, pairs]), pairs[:0]
            whole = len(at) == all_asked[named] and np.all(kinds[pairs] == "reference")
            nodes += [omnibus] * (len(omnibus) > 0) + [np.array([pair]) for pair in pairs]
            opened = first if len(omnibus) else -1
            gate += [-1] * (len(omnibus) > 0) + [opened] * len(pairs)
            more = (
                len(pairs) / (len(pairs) - 1) if whole and opened >= 0 and len(pairs) > 1 else 1.0
            )
            bonus += [1.0] * (len(omnibus) > 0) + [max(more * (1 - _CRUMB), 1.0)] * len(pairs)
            heads = [first] if len(omnibus) else list(range(first, len(nodes)))
            blocks.append(_Block(named[:-1], tuple(named[-1].split(CROSS)), np.array(heads)))
        raw = table["p_value"].to_numpy(float)
        p_values = np.array([float(raw[members].max()) for members in nodes])
        gates = np.array(gate, np.intp)
        weights, edges = _weights(gates, blocks)
        return cls(nodes, p_values, weights, edges, gates, np.array(bonus))

    def run(self, alpha: float) -> Decided:
        """Reject questions one after another, and pass their weight on."""
        number = len(self.rows)
        weights, edges = self.weights.copy(), self.edges.copy()
        bonus = self.bonus.copy()
        adjusted, level = np.ones(number), np.zeros(number)
        left = np.ones(number, bool)
        largest, stopped = 0.0, False
        while np.any(left & (weights > 1e-12)):
            own = weights * bonus
            ratio = np.where(left & (own > 1e-12), self.p_values / np.maximum(own, 1e-12), np.inf)
            best = int(np.argmin(ratio))
            largest = min(max(largest, float(ratio[best])), 1.0)
            if largest >= alpha and not stopped:
                stopped, level = True, np.where(left, self._open(alpha, own), level)
            adjusted[best] = largest
            if not stopped:
                level[best] = alpha * max(own[best], 1 / number)
            left[best] = False
            if self.gate[best] >= 0:
                bonus[self.gate == self.gate[best]] = 1.0
            weights, edges = _passed_on(weights, edges, best, left)
        if not stopped:
            level = np.where(left, self._open(alpha, weights * bonus), level)
        return Decided(adjusted, level)

    def _open(self, alpha: float, weights: Floats) -> Floats:
        """Levels of the questions that were not rejected.

        That of its weight, or of an equal share if that is more, so that a question behind a shut
        gate has a level too; but never above its own p-value, so that the interval does not claim
        what was not.
        """
        level = alpha * np.maximum(weights, 1 / len(self.rows))
        return np.maximum(np.minimum(level, self.p_values * (1 - 1e-9)), 1e-14)


@dataclass(frozen=True, eq=False)
class _Block:
    """Questions of one factor: metric, size and threshold; its parts; what is asked first."""

    of: tuple[str, ...]
    parts: tuple[str, ...]
    heads: NDArray[np.intp]

    def opens(self, other: _Block) -> bool:
        """Whether the other's factor crosses this one."""
        return self.of == other.of and set(self.parts) < set(other.parts)


def _named(key: object) -> tuple[str, ...]:
    return tuple(str(value) for value in key) if isinstance(key, tuple) else (str(key),)


def _weights(gate: NDArray[np.intp], blocks: list[_Block]) -> tuple[Floats, Floats]:
    """Return the weights of the questions, and the shares that a rejected one passes on."""
    number = len(gate)
    weights, edges = np.zeros(number), np.zeros((number, number))
    first = [block for block in blocks if len(block.parts) == 1] or blocks
    crossed = [block for block in blocks if block not in first]
    orphans = [block for block in crossed if not any(other.opens(block) for other in first)]
    for block in first:
        weights[block.heads] = 1 / len(first) / len(block.heads)
    for block in blocks:
        inner = [other for other in blocks if block.opens(other)]
        others = [other for other in [*first, *orphans] if other is not block]
        away = [targets for targets in (inner, others) if targets]
        for node in [*block.heads, *np.flatnonzero(np.isin(gate, block.heads))]:
            children = np.flatnonzero(gate == node)
            same = np.flatnonzero(gate == gate[node]) if gate[node] >= 0 else block.heads
            near = children if len(children) else same[same != node]
            leaves = (SHARED if len(children) else _CRUMB) if len(near) else 1.0
            if len(near):
                edges[node, near] += (1 - leaves * bool(away)) / len(near)
            for targets in away:
                for target in targets:
                    share = leaves / len(away) / len(targets) / len(target.heads)
                    edges[node, target.heads] += share
    return weights, edges


def _passed_on(
    weights: Floats, edges: Floats, gone: int, left: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Pass the weight of a rejected question on, and join the edges that led through it."""
    passed = weights + weights[gone] * edges[gone]
    through = edges + np.outer(edges[:, gone], edges[gone])
    back = edges[:, gone] * edges[gone]
    joined = divide(through, (1 - back)[:, None])
    np.fill_diagonal(joined, 0.0)
    keep = left.astype(float)
    return passed * keep, joined * keep[:, None] * keep[None, :]
