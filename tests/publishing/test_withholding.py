"""What is withheld, against all tables that agree with what is published."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lfr_eval.contract.tables import OVERALL
from lfr_eval.finished.publishing.counts import Groups
from lfr_eval.finished.publishing.linked import Linked, PublicationError, memberships, pairs_within
from lfr_eval.finished.publishing.withholding import small, withhold

MINIMUM = 3
CAP = 8


def crossing(rows: int, columns: int) -> np.ndarray:
    """Everybody, rows, columns and cells of a table as sums of its cells."""
    cells = [(i, j) for i in range(rows) for j in range(columns)]
    groups = [[True] * len(cells)]
    groups += [[i == row for i, _ in cells] for row in range(rows)]
    groups += [[j == column for _, j in cells] for column in range(columns)]
    groups += [[here == cell for here in cells] for cell in cells]
    return np.array(groups)


def linked(atoms: np.ndarray, rows: int, columns: int, order: tuple = ()) -> Linked:
    member = crossing(rows, columns)
    values = member.astype(int) @ atoms
    caps = member.astype(int) @ np.full(atoms.shape, CAP)
    return Linked(member, values, caps, order)


def costs_of(counts: Linked) -> np.ndarray:
    return np.broadcast_to(counts.member.sum(axis=1)[:, None], counts.values.shape).astype(float)


def protect(counts: Linked) -> tuple[np.ndarray, np.ndarray]:
    sensitive = small(counts.values, MINIMUM)
    return withhold(counts, sensitive, sensitive, MINIMUM, costs_of(counts)), sensitive


@cache
def all_tables(atoms: int, layers: int) -> np.ndarray:
    """Every table with up to `CAP` events an atom and layer."""
    tried = np.array(list(product(range(CAP + 1), repeat=atoms * layers)), dtype=np.int8)
    return tried.reshape(len(tried), atoms, layers)


def possible(counts: Linked, withheld: np.ndarray) -> np.ndarray:
    """Every table that agrees with the published counts, by trying all of them.

    Every atom is a group of its own with a cap of `CAP`, so that there are no others.
    """
    tried = all_tables(counts.member.shape[1], counts.values.shape[1])
    fits = np.ones(len(tried), dtype=bool)
    for more, less in counts.order:
        fits &= np.all(tried[:, :, more] >= tried[:, :, less], axis=1)
    tried = tried[fits].astype(np.int16)
    sums = np.stack([tried[:, row].sum(axis=1) for row in counts.member], axis=1)
    return sums[np.all((sums == counts.values) | withheld, axis=(1, 2))]


def is_determined(counts: Linked, withheld: np.ndarray, group: int, layer: int) -> bool:
    """Whether linear algebra alone gives a count: it is a combination of published ones."""
    known = counts.member[~withheld[:, layer]].astype(float)
    with_it = np.vstack([known, counts.member[group].astype(float)])
    rank = np.linalg.matrix_rank(known) if len(known) else 0
    return bool(np.linalg.matrix_rank(with_it) == rank)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, CAP), min_size=4, max_size=4))
def test_a_small_count_may_be_zero_as_well_as_the_minimum(cells: list[int]) -> None:
    counts = linked(np.array(cells)[:, None], 2, 2)
    withheld, sensitive = protect(counts)
    tables = possible(counts, withheld)
    assert np.all(withheld[sensitive])
    for group, layer in zip(*np.nonzero(sensitive), strict=True):
        seen = tables[:, group, layer]
        assert seen.min() == 0
        assert seen.max() >= MINIMUM
        assert not is_determined(counts, withheld, group, layer)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, 40), min_size=6, max_size=6))
def test_no_small_count_of_a_larger_table_is_determined(cells: list[int]) -> None:
    member = crossing(2, 3)
    values = member.astype(int) @ np.array(cells)[:, None]
    counts = Linked(member, values, values + 1_000)
    withheld, sensitive = protect(counts)
    for group, layer in zip(*np.nonzero(sensitive), strict=True):
        assert withheld[group, layer]
        assert not is_determined(counts, withheld, group, layer)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, CAP), st.integers(0, CAP)), min_size=3, max_size=3))
def test_counts_at_the_next_threshold_tell_no_small_one(cells: list[tuple[int, int]]) -> None:
    # At the higher threshold nobody has more events than at the lower one.
    atoms = np.array([(max(pair), min(pair)) for pair in cells])
    member = np.vstack([np.ones(3, bool), np.eye(3, dtype=bool)])
    caps = member.astype(int) @ np.full((3, 2), CAP)
    counts = Linked(member, member.astype(int) @ atoms, caps, ((0, 1),))
    withheld, sensitive = protect(counts)
    tables = possible(counts, withheld)
    for group, layer in zip(*np.nonzero(sensitive), strict=True):
        seen = tables[:, group, layer]
        assert seen.min() == 0
        assert seen.max() >= MINIMUM


def test_a_count_between_two_equal_published_ones_is_told_by_them_and_so_they_go_too() -> None:
    # Two groups at three thresholds; group a is small in the middle, b hardly changes.
    atoms = np.array([[30, 2, 0], [40, 40, 40]])
    member = np.array([[True, True], [True, False], [False, True]])
    values = member.astype(int) @ atoms
    counts = Linked(member, values, np.full(values.shape, 1_000), ((0, 1), (1, 2)))
    withheld, _ = protect(counts)
    assert withheld[1, 1]
    assert withheld[0, 1] or withheld[2, [0, 1]].all() or withheld[2, [1, 2]].all()


def test_a_small_rest_is_protected_like_a_small_count() -> None:
    member = np.array([[True, True], [True, False], [False, True]])
    values = np.array([[14], [7], [7]])
    counts = Linked(member, values, np.array([[2 * CAP], [CAP], [CAP]]))
    rest = small(counts.caps - values, MINIMUM)
    withheld = withhold(counts, rest, rest, MINIMUM, costs_of(counts))
    tables = possible(counts, withheld)
    assert {int(value) for value in (CAP - tables[:, 1, 0])} >= {0, MINIMUM}


def test_zeros_are_published() -> None:
    counts = linked(np.array([[0], [0], [6], [7]]), 2, 2)
    withheld, _ = protect(counts)
    assert not withheld.any()


def test_counts_that_do_not_add_up_are_refused() -> None:
    member = np.array([[True, True], [True, False], [False, True]])
    names = ("table rates, FPIR, factor overall", "group x", "group y")
    counts = Linked(member, np.array([[9], [2], [5]]), np.full((3, 1), 20), names=names)
    with pytest.raises(PublicationError, match=r"do not add up.*(overall is 9|group .*would fit)"):
        protect(counts)


def test_pairs_and_fillers_of_whom_nobody_is_tested_are_parts_of_sums() -> None:
    columns = ("role", "gender")
    cohort = pd.DataFrame([("pair", "x"), ("pair", None), ("filler", "y")], columns=columns)
    groups = [("overall", "everybody"), *(("gender", name) for name in ("x", "unknown", "y"))]
    assert memberships(cohort, groups).sum(axis=1).tolist() == [2, 1, 1, 0]
    assert memberships(cohort, groups, fillers=True).sum(axis=1).tolist() == [3, 1, 1, 1]


def test_further_cells_cost_little_more_than_the_fewest_that_would_do() -> None:
    generator = np.random.default_rng(4)
    ratios = []
    for _ in range(25):
        counts = linked(generator.integers(0, CAP + 1, (4, 1)), 2, 2)
        withheld, sensitive = protect(counts)
        if not sensitive.any():
            continue
        costs = costs_of(counts)
        paid = costs[withheld & ~sensitive].sum()
        ratios.append((paid, _least(counts, sensitive, costs)))
    paid, least = np.array(ratios).sum(axis=0)
    assert len(ratios) > 15
    assert all(one >= other for one, other in ratios)
    assert paid <= 1.1 * least


def _least(counts: Linked, sensitive: np.ndarray, costs: np.ndarray) -> float:
    """The cheapest further cells that protect all small counts, by trying every choice."""
    free = np.argwhere(~sensitive)
    best = np.inf
    everything = possible(counts, np.ones_like(sensitive))
    for choice in product([False, True], repeat=len(free)):
        withheld = sensitive.copy()
        for (group, layer), is_in in zip(free, choice, strict=True):
            withheld[group, layer] = is_in
        paid = costs[withheld & ~sensitive].sum()
        if paid >= best:
            continue
        agree = everything[np.all((everything == counts.values) | withheld, axis=(1, 2))]
        ends = agree.min(axis=0)[sensitive], agree.max(axis=0)[sensitive]
        if np.all(ends[0] == 0) and np.all(ends[1] >= MINIMUM):
            best = paid
    return float(best)


def test_pairs_within_groups_are_sums_of_pairs_of_atoms() -> None:
    member = crossing(2, 2)
    pairs = pairs_within(member)
    people = np.array([3, 4, 5, 6])
    both = {tuple(column) for column in pairs.T}
    # Within a gender there are pairs of one ethnicity and of two; of these kinds nothing is lost.
    assert (True,) * 9 not in both
    assert tuple(member[:, 0]) in both
    assert pairs[0].all()
    assert len(both) == pairs.shape[1] == 9
    assert people.sum() == 18


@pytest.mark.parametrize("order", [[400, 60, 2], [60, 400, 2], [2, 60, 400], [2, 400, 60]])
def test_the_smaller_group_goes_where_one_more_must(order: list[int]) -> None:
    named = [(OVERALL, OVERALL), *(("ethnicity", f"of {number}") for number in order)]
    people = pd.DataFrame(named, columns=["factor", "group"]).assign(people=[sum(order), *order])
    groups = Groups(people, pd.DataFrame(), ())
    values = people[["people"]].to_numpy()
    member = np.vstack([np.ones((1, 3), bool), np.eye(3, dtype=bool)])
    counts = Linked(member, values, 2 * values)
    sensitive = small(values, MINIMUM)
    gone = withhold(counts, sensitive, sensitive, MINIMUM, groups.costs[:, None])[:, 0]
    assert set(people["people"][gone]) == {2, 60}
