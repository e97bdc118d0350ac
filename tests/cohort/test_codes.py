"""Demographic codes are aggregated along published mappings and never converted."""

from __future__ import annotations

import pandas as pd
import pytest

from lfr_eval.cohort.codes import CodeError, aggregate, convert, find_scheme
from lfr_eval.cohort.schemes import AGGREGATIONS, SCHEMES
from lfr_eval.contract.tables import LABEL_SOURCES


def test_every_scheme_says_what_it_is() -> None:
    for scheme in SCHEMES:
        assert scheme.title
        assert scheme.source
        assert scheme.evidence in (*LABEL_SOURCES, "any")
        assert len(set(scheme.names)) == len(scheme.names)


def test_the_census_schemes_have_the_published_number_of_codes() -> None:
    assert len(find_scheme("self_defined_18plus1").names) == 18 + 1
    assert len(find_scheme("self_defined_16plus1").names) == 16 + 1
    assert len(find_scheme("self_defined_5plus1").names) == 5 + 1
    assert len(find_scheme("ic_6plus1").names) == 6 + 1


@pytest.mark.parametrize("mapping", AGGREGATIONS, ids=lambda mapping: mapping.name)
def test_a_mapping_covers_every_code_of_its_source(mapping) -> None:
    assert [code for code, _ in mapping.pairs] == list(find_scheme(mapping.source).names)
    assert {group for _, group in mapping.pairs} == set(find_scheme(mapping.target).names)


def test_aggregation_keeps_every_row_and_the_small_groups() -> None:
    codes = pd.Series(["W3", "M9", "A4", "B9", "O2", "NS", None], index=list("abcdefg"))
    groups = aggregate(codes, "18plus1_to_5plus1_v1")
    assert groups.index.equals(codes.index)
    assert groups[:-1].tolist() == ["W", "M", "A", "B", "O", "NS"]
    assert pd.isna(groups["g"])


def test_chinese_moved_between_the_censuses() -> None:
    later = convert(pd.Series(["A4"]), "self_defined_18plus1", "self_defined_5plus1")
    earlier = convert(pd.Series(["O1"]), "self_defined_16plus1", "self_defined_5plus1_2001")
    assert (later[0], earlier[0]) == ("A", "O")
    assert find_scheme("self_defined_5plus1_2001").label("O") == "Chinese or other"


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("ic_6plus1", "self_defined_18plus1"),
        ("self_defined_18plus1", "ic_6plus1"),
        ("fairface_7", "self_defined_5plus1"),
        ("ic_6plus1", "fairface_7"),
    ],
)
def test_what_others_see_is_never_turned_into_what_people_say(source: str, target: str) -> None:
    with pytest.raises(CodeError, match=r"never converted.*different measurements"):
        convert(pd.Series(["IC3"]), source, target)


def test_a_code_outside_the_mapping_is_not_dropped() -> None:
    with pytest.raises(CodeError, match=r"\['IC1', 'X'\] are none.*would be dropped"):
        aggregate(pd.Series(["W1", "X", "IC1"]), "18plus1_to_5plus1_v1")


def test_names_that_do_not_exist_are_answered_with_those_that_do() -> None:
    with pytest.raises(CodeError, match="Did you mean 'fairface_7'"):
        find_scheme("fairface7")
    with pytest.raises(CodeError, match="Did you mean '18plus1_to_5plus1_v1'"):
        aggregate(pd.Series(["W1"]), "18plus1_to_5plus1")
    with pytest.raises(CodeError, match="No mapping from 'self_defined_16plus1'"):
        convert(pd.Series(["W1"]), "self_defined_16plus1", "self_defined_18plus1")
