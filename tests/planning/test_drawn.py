"""Powers of drawn studies are those of studies drawn and analysed otherwise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks import planned_power
from benchmarks.acceptance.counting import of_matches, of_passes
from benchmarks.acceptance.judging import omnibus_p
from benchmarks.acceptance.methods import ours
from benchmarks.worlds import beta_rates, matches_within, passes_of, tendencies, unsaturated
from lfr_eval.inference import Plan
from lfr_eval.inference.precision import Evidence
from lfr_eval.planning.drawn import Group, share_found
from lfr_eval.planning.sample import Setting, difference_power, people_needed
from lfr_eval.planning.several import share_different
from lfr_eval.planning.simulation import Design, simulate_power

STUDIES = 2000

# FPIR of few and of many events, passes alike and not; TPIR as misses; FMR of people alike and not.
PAIRS_OF_GROUPS = [
    ("FPIR", Group(120, 0.03, 10, 0.0), Group(120, 0.015, 10, 0.0)),
    ("FPIR", Group(203, 0.03, 10, 0.2), Group(203, 0.01, 10, 0.2)),
    ("FPIR, unequal groups", Group(60, 0.04, 10, 0.1), Group(400, 0.01, 10, 0.1)),
    ("misses", Group(150, 0.3, 10, 0.3), Group(150, 0.2, 10, 0.3)),
    ("FMR", Group(122, 0.003, 1, 0.0, 0.0), Group(122, 0.001, 1, 0.0, 0.0)),
    ("FMR of unlike people", Group(150, 0.003, 1, 0.0, 1.0), Group(150, 0.001, 1, 0.0, 1.0)),
]


def otherwise(group: Group, rng: np.random.Generator) -> Evidence:
    """Draw the same group with the generators of the acceptance benchmark."""
    if group.spread is None:
        draw = beta_rates(group.rate, group.correlation)
        return of_passes(passes_of(rng, STUDIES, group.people, draw, group.passes), group.passes)
    spread = float(np.sqrt(np.log1p(group.spread**2)))
    kind = ("lognormal", spread) if spread else None
    factor = unsaturated(group.rate, kind, kind)
    return of_matches(matches_within(rng, factor, tendencies(rng, kind, (STUDIES, group.people))))


@pytest.mark.parametrize(("metric", "higher", "lower"), PAIRS_OF_GROUPS)
def test_planned_power_is_that_of_the_acceptance_benchmark(
    metric: str, higher: Group, lower: Group
) -> None:
    rng = np.random.default_rng(5)
    found = float(np.mean(ours(otherwise(higher, rng), otherwise(lower, rng)) < 0.05))
    planned, _ = share_found(higher, lower, 0.05)
    print(f"{metric}: planned {100 * planned:.1f} %, by simulation {100 * found:.1f} %")
    assert 0.3 < found < 0.97
    assert planned == pytest.approx(found, abs=0.03)


def test_whole_studies_are_judged_by_their_primary_questions() -> None:
    # False alerts are primary at the largest watchlist only, which has to be found first.
    design, group = planned_power.designs()[0], np.repeat([0, 1, 2], 40)
    trials = planned_power.trials_of(design, group, np.random.default_rng(1))
    people = pd.DataFrame({"group": np.char.add("g", group.astype(str))})
    plan = Plan(
        factors=("group",), primary_metrics=(design.metric,), primary_thresholds=(0.0,),
        reference_groups={"group": "g1"},
    )  # fmt: skip
    found = planned_power.claims(trials, people, planned_power.SWEEP, plan, same=False)
    primary = found[found["primary"].astype(bool)]
    assert set(primary["comparison"]) == {"omnibus", "reference"}
    assert set(primary["threshold"]) == {0.0}


@pytest.mark.parametrize(
    "group", [Group(100, 0.02, 10, 0.3), Group(100, 0.02, 10, 0.0), Group(80, 0.01, 1, 0.0, 0.8)]
)
def test_drawn_rates_and_their_variance_are_the_true_ones(group: Group) -> None:
    evidence = group.evidence(4000, 9)
    rate = evidence.rate[:, -1]
    assert rate.mean() == pytest.approx(group.rate, rel=0.04)
    assert evidence.variance[:, -1].mean() == pytest.approx(rate.var(), rel=0.12)


def test_equal_groups_are_rarely_told_apart_and_often_equivalent() -> None:
    group = Group(400, 0.1, 10, 0.1)
    assert share_found(group, group, 0.05)[0] < 0.06
    assert share_found(group, group, 0.05, margin=1.5)[0] > 0.9
    other = Group(400, 0.15, 10, 0.1)
    assert share_found(other, group, 0.05, margin=1.5)[0] < 0.06


def test_three_groups_are_planned_as_they_are_tested() -> None:
    groups = [Group(120, 0.05, 10, 0.1), Group(120, 0.02, 10, 0.1), Group(60, 0.02, 10, 0.1)]
    planned = share_different(groups, 0.05, STUDIES)
    rng, studies = np.random.default_rng(7), 400
    drawn = [otherwise(group, rng).take(np.arange(studies)) for group in groups]
    # The test of all groups opens comparisons at 5 %: at most one of two is true if groups differ.
    found = ours(drawn[0], drawn[1]) < 0.05
    for study in np.flatnonzero(found):
        found[study] = omnibus_p([one.take(np.array([study])) for one in drawn]) < 0.05
    assert 0.5 < planned < 0.9
    assert planned == pytest.approx(float(np.mean(found)), abs=0.06)


@pytest.mark.slow
def test_whole_studies_reach_the_power_that_was_planned() -> None:
    setting, ratio = Setting(0.001, 1, 1.0, 0.05, 1.0), 3.0
    people = people_needed(lambda n: difference_power(setting, n, ratio), 0.8)
    design = Design(
        int(people), 2, int(setting.passes), setting.rate, ratio, setting.design_effect, 1.5,
        0.05, setting.spread,
    )  # fmt: skip
    found = simulate_power(design, 60)
    assert found.different == pytest.approx(0.8, abs=0.03 + 2 * found.error)
