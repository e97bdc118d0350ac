"""Stage `publishing`: which further counts must be withheld (linked counts in, cells out).

A small count that is withheld can often be worked out: from the total and the other groups, from
the group's own count at the next threshold. So further cells are withheld until, for every group
with small counts, two other studies exist that agree with everything published: in one these counts
are 0, in the other they reach the minimum. Such a study is found, or shown to be impossible, by
integer linear programming; cells in which it differs from the real one are withheld. This is the
classical heuristic of complementary suppression (Fischetti & Salazar 2001; Hundepool et al. 2012,
Statistical Disclosure Control, section 4.4), with counts along thresholds in one model, because
they only rise or only fall.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csc_array

from lfr_eval.finished.publishing.linked import Counts, Flags, Linked, PublicationError

Floats = NDArray[np.float64]
Targets = tuple[NDArray[np.float64], NDArray[np.float64]]

EXACT = 120
"""Cells up to which other studies are chosen by how many cells they cost, not by how far they move.
"""
SECONDS = 20.0
GAP = 0.05


def small(counts: Counts, minimum: int) -> Flags:
    """Whether counts are too small to be published: below the minimum, but not 0.

    A zero is published. It names nobody, it is the most quoted result of such studies, and its
    upper bound is what keeps it from being read as a rate of zero.
    """
    return (counts > 0) & (counts < minimum)


def withhold(
    linked: Linked, withheld: Flags, sensitive: Flags, minimum: int, costs: Floats
) -> Flags:
    """Return what must be withheld so that no sensitive cell can be worked out.

    Parameters
    ----------
    linked
        The counts.
    withheld : (groups, layers)
        Cells that are withheld already.
    sensitive : (groups, layers)
        Those of them that must not be narrowed to fewer than `minimum` + 1 values.
    minimum
        Counts from 1 to below it are small.
    costs : (groups, layers)
        How much is lost with a cell.

    Returns
    -------
    (groups, layers)
        `withheld`, and further cells.

    Raises
    ------
    PublicationError
        If the counts do not add up as they are said to.
    """
    # Nothing, and everything, are no small counts, whatever else is withheld of their group.
    sensitive = sensitive & (linked.values > 0) & (linked.values < linked.caps)
    if not sensitive.any():
        return withheld
    counts = (linked.member, linked.values, linked.caps, withheld, sensitive, costs)
    key = (linked.order, minimum, *((one.shape, one.tobytes()) for one in counts))
    return _withheld(_Question(key, linked, withheld, sensitive, minimum, costs))


@dataclass(frozen=True)
class _Question:
    """What `withhold` is given, told apart by its content: it is asked until nothing changes."""

    key: tuple[object, ...]
    linked: Linked = field(compare=False)
    withheld: Flags = field(compare=False)
    sensitive: Flags = field(compare=False)
    minimum: int = field(compare=False)
    costs: Floats = field(compare=False)


@lru_cache(maxsize=200)
def _withheld(question: _Question) -> Flags:
    linked, withheld, sensitive = question.linked, question.withheld, question.sensitive
    minimum, costs = question.minimum, question.costs
    nothing = np.zeros_like(withheld)
    nearest, apart = another_study(linked, nothing, _as_they_may_be(linked), costs, exact=False)
    for group, layer in np.argwhere(apart).tolist():
        raise PublicationError(
            "Counts of groups do not add up to those of larger groups, so that nobody can say "
            f"what follows from a publication: {linked.names[group]} is "
            f"{linked.values[group, layer]:,}, and {nearest[group, layer]:,} would fit to the "
            "others. Run the study again, or leave this factor out of inference.factors."
        )
    exact = linked.values.size <= EXACT
    found, others = withheld, list[Counts]()
    for group in np.flatnonzero(sensitive.any(axis=1)).tolist():
        for low, high in worlds(linked, sensitive & _row(linked, group), minimum):
            # A study found for one group often serves another.
            if any(np.all((low <= other) & (other <= high)) for other in others):
                continue
            other, moved = another_study(linked, found, (low, high), costs, exact)
            others.append(other)
            found = found | moved
    found.flags.writeable = False
    return found


def worlds(linked: Linked, sensitive: Flags, minimum: int) -> tuple[Targets, Targets]:
    """Return what sensitive counts must be able to be: lower and upper ends in two other studies.

    A count below the minimum: 0, and the minimum. A rest (trials without event) below it: the
    minimum, and nothing. Any other: less by the minimum, and itself. All counts of one of these
    studies are low, and all of the other high, as counts along thresholds are.
    """
    values, caps = linked.values, linked.caps
    few = values < minimum
    rest = ~few & (caps - values < minimum)
    least = np.where(few, 0, np.maximum(np.where(rest, caps, values) - minimum, 0))
    most = np.where(few, np.minimum(minimum, caps), np.where(rest, caps, values))
    low, high = _as_they_may_be(linked)
    return (low, np.where(sensitive, least, high)), (np.where(sensitive, most, low), high)


def another_study(
    linked: Linked, withheld: Flags, target: Targets, costs: Floats, exact: bool
) -> tuple[Counts, Flags]:
    """Return a study that keeps to the target, and the published cells in which it differs.

    Parameters
    ----------
    target
        Lower and upper ends of every count.
    exact
        Whether the cost is that of every cell that differs, else in proportion to by how much.

    Raises
    ------
    PublicationError
        If there is none.
    """
    atoms, layers = linked.member.shape[1], linked.values.shape[1]
    published = np.flatnonzero(~withheld.ravel())
    free, told = atoms * layers, len(published)
    price = costs.ravel()[published]
    # Variables: atoms by layer; what published counts gain, what they lose; whether they move.
    cost = [np.zeros(free), price, price]
    whole = [np.ones(free), np.zeros(2 * told)]
    top = [np.full(free + 2 * told, np.inf)]
    if exact:
        cost = [np.zeros(free), 1e-6 * price, 1e-6 * price, price]
        whole, top = [*whole, np.ones(told)], [*top, np.ones(told)]
    result = milp(
        np.concatenate(cost),
        integrality=np.concatenate(whole),
        bounds=Bounds(0.0, np.concatenate(top)),
        constraints=_constraints(linked, published, target, exact),
        options={"time_limit": SECONDS, "mip_rel_gap": GAP},
    )
    if result.x is None:
        raise PublicationError(
            "No further counts can be withheld that would keep a small one from being worked out "
            f"({result.message}): raise the minimum, or publish fewer factors."
        )
    found = np.rint(result.x[:free]).reshape(atoms, layers)
    counts: Counts = (linked.member @ found).astype(np.int64)
    return counts, ~withheld & (counts != linked.values)


def _constraints(
    linked: Linked, published: NDArray[np.intp], target: Targets, exact: bool
) -> LinearConstraint:
    """Return what every other study must keep to; variables as in `another_study`."""
    atoms, layers = linked.member.shape[1], linked.values.shape[1]
    free, told, size = atoms * layers, len(published), linked.values.size
    # Counts are sums of atoms of their layer; published ones but for what they gain or lose.
    group, atom = np.nonzero(linked.member)
    layer, own = np.arange(layers), np.arange(told)
    count, of = (np.add.outer(one * layers, layer).ravel() for one in (group, atom))
    place = np.full(size, -1)
    place[published] = own
    kept = place[count] >= 0
    entries = [
        (place[count[kept]], of[kept], 1.0),
        (own, free + own, -1.0),
        (own, free + told + own, 1.0),
        (told + count, of, 1.0),
    ]
    values = linked.values.ravel()[published].astype(float)
    lower, upper = [values, target[0].ravel()], [values, target[1].ravel()]
    rows = told + size
    if linked.order:
        # Of each atom, counts that rise or fall along the thresholds.
        steps = rows + np.arange(atoms * len(linked.order))
        for column, sign in zip(np.transpose(linked.order), (1.0, -1.0), strict=True):
            entries.append((steps, np.add.outer(layers * np.arange(atoms), column).ravel(), sign))
        lower.append(np.zeros(len(steps)))
        upper.append(np.full(len(steps), np.inf))
        rows += len(steps)
    if exact:
        most = float(linked.caps.max(initial=1))
        entries += [(rows + own, free + n * told + own, sign)
                    for n, sign in enumerate((1.0, 1.0, -most))]  # fmt: skip
        lower.append(np.full(told, -np.inf))
        upper.append(np.zeros(told))
        rows += told
    columns = free + (3 if exact else 2) * told
    data = np.concatenate([np.full(len(at), value) for at, _, value in entries])
    at, to = (np.concatenate([entry[n] for entry in entries]) for n in (0, 1))
    matrix = csc_array((data, (at, to)), shape=(rows, columns))
    return LinearConstraint(matrix, np.concatenate(lower), np.concatenate(upper))


def _row(linked: Linked, group: int) -> Flags:
    flags = np.zeros(linked.values.shape, bool)
    flags[group] = True
    return flags


def _as_they_may_be(linked: Linked) -> Targets:
    return np.zeros(linked.values.shape), linked.caps.astype(float)
