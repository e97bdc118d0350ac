"""Clusters of people in the plain functions: households take the place of people."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lfr_eval.inference import compare_groups, equity_summary, rates_by_group

FAMILIES, MEMBERS, PASSES = 40, 4, 3
RNG = np.random.default_rng(11)
FAMILY = np.repeat(np.arange(FAMILIES), MEMBERS)
PERSON = np.repeat(np.arange(FAMILIES * MEMBERS), PASSES)
TENDENCY = RNG.beta(0.4, 3, FAMILIES)
GROUP = np.where(FAMILY < FAMILIES // 2, "a", "b")
EVENT = RNG.random(len(PERSON)) < TENDENCY[FAMILY[PERSON]]
NUMBERS = ["rate", "lower", "upper"]


def width(table: pd.DataFrame) -> np.ndarray:
    return (table["upper"] - table["lower"]).to_numpy(float)


def of_passes(**more: object) -> dict[str, object]:
    return {"event": EVENT, "person": PERSON, "group": GROUP[PERSON], **more}


def of_pairs(**more: object) -> dict[str, object]:
    """Comparisons of people of two families, which resemble as their families do."""
    first, second = np.triu_indices(len(FAMILY), 1)
    apart = FAMILY[first] != FAMILY[second]
    first, second = first[apart], second[apart]
    tendency = np.exp(np.random.default_rng(3).normal(0, 0.9, FAMILIES))
    chance = 0.02 * tendency[FAMILY[first]] * tendency[FAMILY[second]]
    event = np.random.default_rng(4).random(len(first)) < chance
    return {
        "event": event, "person": first, "group": GROUP[first],
        "other": second, "other_group": GROUP[second], **more,
    }  # fmt: skip


def test_families_are_counted_as_if_each_were_a_person() -> None:
    family = FAMILY[PERSON]
    told = rates_by_group(**of_passes(cluster=family))
    as_people = rates_by_group(**of_passes(person=family))
    pd.testing.assert_frame_equal(told[NUMBERS], as_people[NUMBERS])
    assert np.all(width(told) > 1.2 * width(rates_by_group(**of_passes())))
    ours, oracle = (
        compare_groups(**of_passes(**one)) for one in ({"cluster": family}, {"person": family})
    )
    for name in ("ratio", "ratio_lower", "ratio_upper", "p_value", "p_equivalence"):
        np.testing.assert_array_equal(ours[name], oracle[name])


def test_families_of_compared_people_are_counted_as_if_each_were_a_person() -> None:
    given = of_pairs()
    sides = {"cluster": FAMILY[given["person"]], "other_cluster": FAMILY[given["other"]]}
    told = rates_by_group(**given, **sides)
    families = given | {"person": sides["cluster"], "other": sides["other_cluster"]}
    oracle = rates_by_group(**families)
    pd.testing.assert_frame_equal(told[NUMBERS], oracle[NUMBERS])
    assert np.all(width(told) > 1.2 * width(rates_by_group(**given)))


def test_a_column_names_clusters_too_and_a_missing_one_is_a_person_alone() -> None:
    data = {"who": PERSON, "skin": GROUP[PERSON], "alert": EVENT, "home": FAMILY[PERSON]}
    found = compare_groups("alert", "who", "skin", data=data, cluster="home")
    expected = compare_groups(**of_passes(cluster=FAMILY[PERSON]))
    pd.testing.assert_frame_equal(found, expected)
    nobody = np.full(len(PERSON), None)
    pd.testing.assert_frame_equal(
        compare_groups(**of_passes(cluster=nobody)), compare_groups(**of_passes())
    )


def test_equity_measures_redraw_families() -> None:
    found = equity_summary(**of_passes(cluster=FAMILY[PERSON]), replicates=300)
    alone = equity_summary(**of_passes(), replicates=300)
    measured = found["measure"].isin(["Gini", "worst/best"])
    assert measured.any()
    assert np.all(width(found[measured]) > width(alone[measured]))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"cluster": np.arange(len(PERSON))}, "'cluster' of a person must be one"),
        ({"other_cluster": FAMILY[PERSON]}, "'other_cluster' parameter must be given if"),
    ],
)
def test_what_cannot_be_a_cluster_is_refused(more: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compare_groups(**of_passes(**more))


def test_both_people_of_a_comparison_need_a_cluster() -> None:
    given = of_pairs()
    with pytest.raises(ValueError, match="the clusters of both people"):
        rates_by_group(**given, cluster=FAMILY[given["person"]])
