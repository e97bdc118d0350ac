"""Rates of the street: exact intervals, wide ones, exposure, and what may not be compared."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lfr_eval.deployments import DeploymentError, import_records
from lfr_eval.deployments.annual.groups import missing_sentence
from lfr_eval.deployments.breaks import Break, counting_breaks
from lfr_eval.deployments.dispersion import dispersion, widened
from lfr_eval.deployments.exposure import exposure, p_at
from lfr_eval.deployments.origins import differing
from lfr_eval.deployments.street import _by_number, street_table
from tests.deployments.grids import row, write_csv


def of(table: pd.DataFrame, dimension: str, value: str, measure: str) -> pd.Series:
    found = table[
        (table["dimension"] == dimension)
        & (table["value"] == value)
        & (table["measure"] == measure)
    ]
    assert len(found) == 1
    return found.iloc[0]


@pytest.mark.mirror
def test_the_known_totals_by_threshold_come_out_to_the_last_digit(published: pd.DataFrame) -> None:
    table = street_table(published, counting_breaks(published))
    for threshold, deployments, false, faces, one_in, ends in (
        ("0.60", 112, 25, 491_246, 19_650, (30_364, 13_311)),
        ("0.62", 10, 4, 16_589, 4_147, (15_221, 1_620)),
    ):
        found = of(table, "threshold", threshold, "per face")
        assert (found["deployments"], found["false_alerts"]) == (deployments, false)
        assert found["exposure"] == faces
        assert round(1 / found["rate"]) == one_in
        assert (round(1 / found["lower"]), round(1 / found["upper"])) == ends
        assert "changed" in found["note"]
    per_alert = of(table, "threshold", "0.60", "per alert")
    assert round(100 * per_alert["rate"], 2) == 3.62
    per_hour = of(table, "threshold", "0.60", "per hour")
    assert (round(per_hour["exposure"], 1), round(100 * per_hour["rate"], 2)) == (593.1, 4.22)


def test_a_row_on_both_sides_of_a_break_is_marked(tmp_path: Path) -> None:
    days = [f"{day:02d}/06/24" for day in range(1, 21)]
    records = import_records(
        [write_csv(tmp_path / "a.csv", [row(f"P{n}", day) for n, day in enumerate(days)])]
    ).records
    table = street_table(records, [Break("2024-06-11", 100, 1000)])
    assert "changed" in of(table, "all", "all", "per face")["note"]
    assert pd.isna(of(table, "all", "all", "per alert")["note"])
    later = of(table, "way of counting", "from 2024-06-11", "per face")
    assert later["deployments"] == 10


def test_deployments_alike_have_no_dispersion_and_equal_intervals() -> None:
    rng = np.random.default_rng(7)
    spreads = [
        dispersion(rng.poisson(2.0, 60).astype(float), np.full(60, 1000.0)) for _ in range(200)
    ]
    assert np.mean(spreads) == pytest.approx(1.08, abs=0.06)
    assert widened(np.array([2.0, 3.0]), np.array([863_630.0, 1e6]), 1.0, 0.95) == pytest.approx(
        (stats.chi2.ppf(0.025, 10) / 2 / 1_863_630, stats.chi2.isf(0.025, 12) / 2 / 1_863_630)
    )


@pytest.mark.parametrize(("deployments", "covers"), [(80, 0.91), (8, 0.88)])
def test_the_wide_interval_covers_where_deployments_differ_and_the_exact_one_does_not(
    deployments: int, covers: float
) -> None:
    rng = np.random.default_rng(11)
    under = rng.uniform(500, 3000, deployments)
    rate, hits = 0.002, {"exact": 0, "wide": 0}
    for _ in range(400):
        events = rng.poisson(rate * under * rng.gamma(0.5, 2, deployments)).astype(float)
        for name, spread in (("exact", 1.0), ("wide", dispersion(events, under))):
            lower, upper = widened(events, under, spread, 0.95)
            hits[name] += lower <= rate <= upper
    assert hits["exact"] / 400 < 0.75
    assert hits["wide"] / 400 > covers


def test_forces_that_differ_by_chance_alone_are_seldom_said_to_differ() -> None:
    rng = np.random.default_rng(4)
    groups, hours = pd.Series(np.repeat(["A", "B", "C"], 20)), pd.Series(rng.uniform(3, 8, 60))
    found = [
        differing(pd.Series(rng.poisson(0.3 * hours * rng.gamma(0.5, 2, 60))), hours, groups)
        for _ in range(150)
    ]
    assert np.mean([each is not None and each.p_value < 0.05 for each in found]) <= 0.05 + 0.035


def test_how_forces_differ_is_pearsons_statistic() -> None:
    false, alerts = pd.Series([9.0, 30.0, 4.0]), pd.Series([100, 120, 90])
    found = differing(false, alerts, pd.Series(["A", "B", "C"]), binomial=True)
    assert found is not None
    statistic, p, _, _ = stats.chi2_contingency([false, alerts - false], correction=False)
    assert (found.p_value, found.inconsistency) == pytest.approx((p, 1 - 2 / statistic))
    assert (found.lowest[0], found.highest) == ("C", ("B", 0.25))
    few = differing(pd.Series([0, 3]), pd.Series([50, 40]), pd.Series(["A", "B"]), binomial=True)
    assert few is not None
    assert few.p_value == pytest.approx(stats.fisher_exact([[0, 50], [3, 37]]).pvalue)
    assert differing(pd.Series([0, 0]), alerts[:2], pd.Series(["A", "B"])) is None


def test_eight_of_ten_says_nothing_without_a_share() -> None:
    found = exposure("Black", 8, 10, (0.135, 1 / 3, 0.5))
    assert found.p_values == pytest.approx([3.8e-6, 0.0034, 0.109], rel=0.02)
    assert (found.lower, found.upper) == pytest.approx((0.4439, 0.9748), abs=1e-4)
    low, high = found.turns_at
    assert low is not None
    assert high is not None
    assert p_at(8, 10, low) >= 0.05 > p_at(8, 10, low - 1e-6)
    assert p_at(8, 10, high) >= 0.05 > p_at(8, 10, high + 1e-6)
    assert found.p_values[2] == stats.binomtest(8, 10, 0.5).pvalue


@pytest.mark.parametrize(("mine", "total"), [(0, 10), (10, 10), (5, 12), (1, 1), (0, 1)])
def test_the_interval_holds_every_share_that_the_test_leaves_open(mine: int, total: int) -> None:
    found = exposure("Black", mine, total)
    for share in np.linspace(0.001, 0.999, 333):
        if stats.binomtest(mine, total, share).pvalue >= 0.05:
            assert found.lower <= share <= found.upper
            assert (found.turns_at[0] or 0) - 1e-6 <= share <= (found.turns_at[1] or 1) + 1e-6


def test_false_alerts_of_unknown_groups_may_be_of_any_group() -> None:
    assert missing_sentence(exposure("Black", 8, 10, (0.135, 0.5)), 30) == (
        "The group of 30 further false alerts is not known: if none of them fell on Black people, "
        "the count would be 8 of 40; if all did, it would be 38 of 40. With a share of 13.5 %, the "
        "conclusion depends on them (p = 0.243 and p = 5.28 × 10⁻³¹). With a share of 50 %, the "
        "conclusion depends on them (p = 0.000182 and p = 1.49 × 10⁻⁹)."
    )
    assert "the conclusion is the same" in missing_sentence(exposure("Black", 8, 10, (0.135,)), 1)


def test_impossible_counts_and_shares_are_refused() -> None:
    with pytest.raises(DeploymentError, match=r"share of 1.2.*11 of 10"):
        exposure("Black", 11, 10, (1.2,))


def test_bands_of_watchlists_are_in_the_order_of_their_sizes() -> None:
    bands = ["10,000 to 10,999", "500 to 999", "unknown", "9,000 to 9,999", "0.60"]
    assert sorted(bands, key=_by_number) == [
        *("0.60", "500 to 999", "9,000 to 9,999", "10,000 to 10,999", "unknown"),
    ]
