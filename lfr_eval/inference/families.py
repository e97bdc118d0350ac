"""Stage `inference`: which questions are asked together, and what asking many of them costs.

In: raw findings with p-values. Out: adjusted p-values, and for each row the level at which its
interval agrees with its adjusted p-value.

All primary questions of a study are one family: a study in which no groups differ claims any
primary difference with a chance of alpha at the most. The tests of all groups at once are asked
first, those of single factors before those of crossed factors; a factor's comparisons are opened by
its test of all groups. Everything else is exploratory.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.contract.tables import CROSS
from lfr_eval.inference.cells import Floats, divide
from lfr_eval.inference.multiplicity import benjamini_hochberg, holm

_CRUMB = 1e-4
"""Share of a rejected question's weight that leaves its own family at once, to open the next."""

_SHARED = 0.2
"""Share of a rejected omnibus test's weight that other omnibus tests get."""

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


def adjust(rows: pd.DataFrame, alpha: float) -> Adjusted:
    """Adjust the p-values of differences.

    Parameters
    ----------
    rows
        Raw findings with `p_value`, `primary`, `comparison` and the columns of `BLOCK`.
    alpha
        Chance of any false primary claim.
    """
    size = len(rows)
    p, level = np.full(size, np.nan), np.full(size, alpha)
    count, words = np.zeros(size, np.intp), np.full(size, "", dtype=object)
    primary = rows["primary"].to_numpy(bool)
    raw = rows["p_value"].to_numpy(float)
    graph = Graph.of(rows, np.flatnonzero(primary & ~np.isnan(raw)))
    if graph is not None:
        result = graph.run(alpha)
        for node, members in enumerate(graph.rows):
            p[members], level[members] = result.p_value[node], result.level[node]
        number = len(graph.rows)
        at = np.concatenate(graph.rows)
        count[at] = number
        words[at] = (
            f"graphical gatekeeping over all {number} primary tests of the study; a factor's test "
            "of all groups opens its comparisons"
        )
    for at, name in _exploratory(rows, primary):
        p[at] = benjamini_hochberg(raw[at])
        tests = int(np.count_nonzero(~np.isnan(raw[at])))
        count[at] = tests
        words[at] = f"Benjamini-Hochberg over {tests} exploratory {name}"
    return Adjusted(p, level, count, words)


def adjust_equivalence(rows: pd.DataFrame, alpha: float) -> tuple[Floats, Floats]:
    """Adjust the p-values of equivalence: Holm over all primary comparisons of the study.

    Returns
    -------
    p_value : (rows,)
        Adjusted; Benjamini-Hochberg for exploratory comparisons.
    level : (rows,)
        One-sided level of the interval that lies within the margin exactly where a primary
        comparison is equivalent after adjustment.
    """
    raw = rows["p_equivalence"].to_numpy(float)
    primary = rows["primary"].to_numpy(bool)
    p, level = np.full(len(rows), np.nan), np.full(len(rows), alpha)
    at = np.flatnonzero(primary & ~np.isnan(raw))
    if len(at):
        p[at] = holm(raw[at])
        order = at[np.argsort(raw[at], kind="stable")]
        shown = int(np.count_nonzero(p[at] < alpha))
        steps = len(at) - np.minimum(np.arange(len(at)), min(shown, len(at) - 1))
        level[order] = alpha / steps
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

    References
    ----------
    Bretz, Maurer, Brannath & Posch (2009), Statistics in Medicine 28, 586-604.
    """

    rows: list[NDArray[np.intp]]
    p_values: Floats
    weights: Floats
    edges: Floats
    gate: NDArray[np.intp]

    @classmethod
    def of(cls, table: pd.DataFrame, tested: NDArray[np.intp]) -> Graph | None:
        """Make the graph of the tested primary rows; None where there is none."""
        if not len(tested):
            return None
        part = table.iloc[tested]
        nodes: list[NDArray[np.intp]] = []
        gate: list[int] = []
        heads: list[list[int]] = []
        crossed: list[bool] = []
        for _, block in part.groupby(BLOCK, dropna=False, sort=False):
            at = tested[part.index.get_indexer(block.index)]
            kind = table["comparison"].to_numpy()[at]
            omnibus, pairs = at[kind == "omnibus"], at[kind != "omnibus"]
            crossed.append(CROSS in str(block["factor"].iloc[0]))
            first = len(nodes)
            if len(omnibus) and bool(table["pairwise"].to_numpy()[omnibus[0]]):
                nodes.append(np.concatenate([omnibus, pairs]))
                gate.append(-1)
                heads.append([first])
                continue
            if len(omnibus):
                nodes.append(omnibus)
                gate.append(-1)
            opened = first if len(omnibus) else -1
            nodes += [np.array([pair]) for pair in pairs]
            gate += [opened] * len(pairs)
            heads.append([first] if len(omnibus) else list(range(first, len(nodes))))
        raw = table["p_value"].to_numpy(float)
        p_values = np.array([float(raw[members].max()) for members in nodes])
        weights, edges = _weights(len(nodes), np.array(gate), heads, np.array(crossed))
        return cls(nodes, p_values, weights, edges, np.array(gate, np.intp))

    def run(self, alpha: float) -> Decided:
        """Reject questions one after another, and pass their weight on."""
        number = len(self.rows)
        weights, edges = self.weights.copy(), self.edges.copy()
        adjusted, level = np.ones(number), np.zeros(number)
        left = np.ones(number, bool)
        largest, stopped = 0.0, False
        while np.any(left & (weights > 1e-12)):
            ratio = np.where(
                left & (weights > 1e-12), self.p_values / np.maximum(weights, 1e-12), np.inf
            )
            best = int(np.argmin(ratio))
            largest = min(max(largest, float(ratio[best])), 1.0)
            if largest >= alpha and not stopped:
                stopped, level = True, np.where(left, self._open(alpha, weights), level)
            adjusted[best] = largest
            if not stopped:
                level[best] = alpha * max(weights[best], 1 / number)
            left[best] = False
            weights, edges = _passed_on(weights, edges, best, left)
        if not stopped:
            level = np.where(left, self._open(alpha, weights), level)
        return Decided(adjusted, level)

    def _open(self, alpha: float, weights: Floats) -> Floats:
        """Levels of the questions that were not rejected.

        That of its weight, or of an equal share if that is more, so that a question behind a shut
        gate has a level too; but never above its own p-value, so that the interval does not claim
        what was not.
        """
        level = alpha * np.maximum(weights, 1 / len(self.rows))
        return np.maximum(np.minimum(level, self.p_values * (1 - 1e-9)), 1e-14)


def _weights(
    number: int, gate: NDArray[np.intp], heads: list[list[int]], crossed: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    weights, edges = np.zeros(number), np.zeros((number, number))
    first = ~crossed if np.any(~crossed) else crossed
    blocks = np.flatnonzero(first)
    for block in blocks.tolist():
        weights[heads[block]] = 1 / len(blocks) / len(heads[block])
    entry = [np.array(head) for head in heads]
    for place, head in enumerate(entry):
        same = [entry[b] for b in range(len(entry)) if b != place and crossed[b] == crossed[place]]
        later = [entry[b] for b in range(len(entry)) if crossed[b] and not crossed[place]]
        for node in [*head, *np.flatnonzero(np.isin(gate, head))]:
            children = np.flatnonzero(gate == node)
            siblings = (
                np.flatnonzero((gate == gate[node]) & (gate >= 0)) if gate[node] >= 0 else head
            )
            siblings = siblings[siblings != node]
            near, shared = (children, 1 - _SHARED) if len(children) else (siblings, 1.0 - _CRUMB)
            left = 1.0
            if len(near):
                edges[node, near] += (shared if same or later else 1.0) / len(near)
                left -= shared if same or later else 1.0
            for targets, share in ((same, 1.0 if not later else 1 - _CRUMB), (later, 1.0)):
                if targets and left > 0:
                    give = left * share
                    for target in targets:
                        edges[node, target] += give / len(targets) / len(target)
                    left -= give
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
