"""How primary questions share the level."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.families import CROSSED, study
from lfr_eval.inference import Plan
from lfr_eval.inference.families import adjust


def answered(**p_values: float):
    """Rows of one rate by ethnicity (3 groups) and by cells (6), with some p-values given."""
    rows = study(np.random.default_rng(1), ((0.0,) * 6, (0.0,) * 6))
    rows = rows[(rows["metric"] == "FPIR") & (rows["factor"] != "gender")].reset_index(drop=True)
    rows["p_value"] = 0.9
    for name, value in p_values.items():
        kind, place = name.split("_")
        factor = "ethnicity" if kind == "ethnicity" else CROSSED
        at = rows.index[rows["factor"] == factor][int(place)]
        rows.loc[at, "p_value"] = value
    return rows, adjust(rows, 0.05)


def test_three_groups_that_are_not_all_alike_leave_one_comparison_that_can_be_true() -> None:
    # The omnibus passes four fifths of its level on, and both comparisons are tested at all of it.
    _, found = answered(ethnicity_0=0.001, ethnicity_1=0.035, ethnicity_2=0.9)
    assert found.p_value[1] == pytest.approx(0.035 / 0.8, rel=1e-3)
    assert found.p_value[2] > 0.05


def test_a_shut_gate_stays_shut() -> None:
    _, found = answered(ethnicity_0=0.06, ethnicity_1=1e-9, cells_0=1e-9, cells_5=1e-9)
    assert np.all(found.p_value >= 0.05)


def test_a_difference_between_single_groups_opens_the_cells_at_once() -> None:
    # One comparison of ethnicity is not rejected, and the cells still have a tenth of the level.
    rows, found = answered(ethnicity_0=1e-6, ethnicity_1=0.9, cells_0=1e-6, cells_5=1e-5)
    cells = np.flatnonzero(rows["factor"] == CROSSED)
    assert found.p_value[cells[0]] < 0.05
    assert found.p_value[cells[5]] < 0.05
    assert found.p_value[cells[1]] >= 0.05


def test_single_factors_do_not_pay_for_cells() -> None:
    _, with_cells = answered(ethnicity_0=0.049)
    assert with_cells.p_value[0] == pytest.approx(0.049)


def test_a_study_is_primarily_about_the_errors_of_its_operation() -> None:
    searched = Plan().leading(["FMR", "FNMR", "FPIR", "FNIR"], [1000, 10_000])
    assert searched.primary_metrics == ("FPIR", "FNIR")
    assert searched.primary_watchlist_sizes == (10_000,)
    assert Plan().leading(["FMR", "FNMR"], []).primary_metrics == ("FMR", "FNMR")
    named = Plan(primary_metrics=("FMR",), primary_watchlist_sizes=(1000,))
    assert named.leading(["FMR", "FPIR"], [1000, 10_000]) == named
