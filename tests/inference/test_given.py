"""Trials as people give them: arrays or columns, missing as missing, no score for an event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lfr_eval.inference import compare_groups, detectable_ratio, equity_summary, rates_by_group
from lfr_eval.inference.given import MissingTrialsWarning

RNG = np.random.default_rng(5)
PERSON = np.repeat([f"p{number}" for number in range(40)], 5)
GROUP = np.where(np.arange(200) < 100, "a", "b")
EVENT = RNG.random(200) < np.where(GROUP == "a", 0.1, 0.4)
COLUMNS = {"who": PERSON, "skin": GROUP, "alert": EVENT}
FUNCTIONS = (rates_by_group, compare_groups, equity_summary)


class Foreign:
    """A table of another library: columns by name, each turned into an array by itself."""

    columns = tuple(COLUMNS)

    def __getitem__(self, name: str) -> Any:
        class Series:
            def to_numpy(self) -> Any:
                return COLUMNS[name]

        return Series()


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    "data",
    [
        COLUMNS,
        {name: list(values) for name, values in COLUMNS.items()},
        Foreign(),
        pd.DataFrame(COLUMNS, index=range(500, 700)),
    ],
    ids=["arrays", "lists", "foreign", "pandas"],
)
def test_columns_of_any_table_give_what_arrays_give(
    function: Callable[..., pd.DataFrame], data: object
) -> None:
    found = function("alert", "who", "skin", data=data)
    pd.testing.assert_frame_equal(found, function(EVENT, PERSON, GROUP))
    # A column beside an array is allowed too.
    pd.testing.assert_frame_equal(function("alert", PERSON, "skin", data=data), found)


@pytest.mark.parametrize("dtype", [bool, int, float, "Int64", "boolean", object])
def test_events_may_be_of_any_type_that_says_yes_or_no(dtype: Any) -> None:
    event = pd.Series(EVENT).astype(dtype)
    pd.testing.assert_frame_equal(
        rates_by_group(event, PERSON, GROUP), rates_by_group(EVENT, PERSON, GROUP)
    )


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT])
@pytest.mark.parametrize("name", ["alert", "who"])
def test_trials_without_an_event_or_a_person_are_left_out_and_said(name: str, missing: Any) -> None:
    data = {key: list(values) for key, values in COLUMNS.items()}
    data[name][0] = data[name][7] = missing
    with pytest.warns(MissingTrialsWarning, match="2 of 200 trials have no event or no person"):
        found = rates_by_group("alert", "who", "skin", data=data)
    kept = np.delete(np.arange(200), [0, 7])
    pd.testing.assert_frame_equal(found, rates_by_group(EVENT[kept], PERSON[kept], GROUP[kept]))


def test_a_person_without_a_name_is_nobody() -> None:
    with pytest.warns(MissingTrialsWarning, match="100 of 200 trials"):
        found = rates_by_group(EVENT, [*PERSON[:100].astype(str), *[" "] * 100], GROUP)
    assert found["subjects"].tolist() == [len({*PERSON[:100]})] * 2


@pytest.mark.parametrize("others", [["2", "2", "1", "1"], [2.0, 2.0, 1.0, 1.0], [2, 2, 1, "1 "]])
def test_a_person_on_both_sides_is_one_however_each_side_writes_names(others: list[Any]) -> None:
    found = rates_by_group([1, 0, 0, 1], [1, 1, 2, 2], list("aaaa"), others, list("aaaa"))
    assert found["subjects"].tolist() == [2, 2]


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, "", "\u200b"])
def test_a_missing_label_is_the_group_unknown(missing: Any) -> None:
    group = [*GROUP[:100], *[missing] * 100]
    assert rates_by_group(EVENT, PERSON, group)["group"].tolist() == ["everybody", "a", "unknown"]


@pytest.mark.parametrize(
    ("event", "got"),
    [
        (["True", "False"] * 100, "'True'"),
        ([b"0", b"1"] * 100, "b'0'"),
        ([0.9, 0.1] * 100, "0.9"),
        ([1, 2] * 100, "2"),
        ([np.inf, 0] * 100, "inf"),
        ([-1, 1] * 100, "-1"),
    ],
)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_texts_and_scores_are_no_events(
    function: Callable[..., pd.DataFrame], event: list[Any], got: str
) -> None:
    with pytest.raises(ValueError, match="The 'event' parameter must be booleans") as refused:
        function(event, PERSON, GROUP)
    assert got in str(refused.value)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_without_a_trial_there_is_no_row(function: Callable[..., pd.DataFrame]) -> None:
    assert function([], [], []).empty
    with pytest.warns(MissingTrialsWarning):
        none = function([None, None], ["a", "b"], ["x", "y"])
    assert none.columns.equals(function(EVENT, PERSON, GROUP).columns)


def test_two_columns_of_a_name_and_a_group_of_everybody_are_refused() -> None:
    doubled = pd.DataFrame([[1, 0, "a", "x"]], columns=["event", "event", "who", "skin"])
    with pytest.raises(ValueError, match="data has 2 columns with that name"):
        rates_by_group("event", "who", "skin", data=doubled)
    with pytest.raises(ValueError, match="the group 'everybody', which is the name of all groups"):
        rates_by_group([1, 0], ["a", "b"], ["x", "everybody"])


@pytest.mark.parametrize("other", ["Women", "wom\u0435n", "women ", "wo\u200bmen"])
def test_two_spellings_of_a_group_are_one_or_refused(other: str) -> None:
    group = [*["men"] * 100, *["women"] * 50, *[other] * 50]
    if other in ("women ", "wo\u200bmen"):
        assert rates_by_group(EVENT, PERSON, group)["group"].tolist() == [
            *("everybody", "men", "women")
        ]
    else:
        with pytest.raises(ValueError, match="which may be the same"):
            rates_by_group(EVENT, PERSON, group)


def test_parameters_of_another_type_are_named() -> None:
    with pytest.raises(ValueError, match="must be a Plan"):
        compare_groups(EVENT, PERSON, GROUP, plan={"alpha": 0.05})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="The 'event' parameter must have one element per trial"):
        rates_by_group(None, PERSON, GROUP)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at most 1,000,000"):
        equity_summary(EVENT, PERSON, GROUP, replicates=10**10)


def test_a_name_without_a_table_or_a_column_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'person' parameter is 'who'.* data=\.\.\."):
        rates_by_group(EVENT, "who", GROUP)
    with pytest.raises(ValueError, match=r"'group' parameter is 'race'.* It has who, skin, alert"):
        rates_by_group("alert", "who", "race", data=pd.DataFrame(COLUMNS))
    with pytest.raises(ValueError, match="Got lengths"):
        rates_by_group("alert", PERSON[:3], "skin", data=COLUMNS)
    with pytest.raises(ValueError, match="'event' parameter must have one element per trial"):
        rates_by_group(np.ones((200, 2)), PERSON, GROUP)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    "person",
    [set(PERSON), dict.fromkeys(PERSON), 5, [["a"], "b"] * 100, np.zeros(200, [("a", "f4")])],
)
def test_people_without_an_order_are_refused(
    function: Callable[..., pd.DataFrame], person: Any
) -> None:
    with pytest.raises(ValueError, match="The 'person' parameter must have one element per trial"):
        function(EVENT, person, GROUP)


def test_a_table_of_arrow_is_read_and_its_values_are_not_printed() -> None:
    table = pytest.importorskip("pyarrow").Table.from_pydict(
        {name: list(values) for name, values in COLUMNS.items()}
    )
    found = rates_by_group("alert", "who", "skin", data=table)
    pd.testing.assert_frame_equal(found, rates_by_group(EVENT, PERSON, GROUP))
    with pytest.raises(ValueError, match=r"no such column. It has who, skin, alert\.$"):
        rates_by_group("alerts", "who", "skin", data=table)
    with pytest.raises(ValueError, match="'data' parameter must be a table"):
        rates_by_group("alert", "who", "skin", data=5)


def test_one_name_in_two_spellings_is_one_person() -> None:
    one = rates_by_group([1, 0, 0, 1], ["Jos\u00e9", "Jose\u0301", 1, "1"], ["a", "a", "b", "b"])
    assert one["subjects"].tolist() == [2, 1, 1]


@pytest.mark.parametrize("wrong", [0, -3, 2.5, None, "9", True, 10**400])
def test_a_number_of_replicates_is_checked(wrong: Any) -> None:
    with pytest.raises(ValueError, match="'replicates' parameter of equity_summary"):
        equity_summary(EVENT, PERSON, GROUP, replicates=wrong)


@pytest.mark.parametrize("wrong", ["0.1", [10], None, np.nan, np.inf, 10**400])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_parameters_of_a_design_are_checked(wrong: Any, place: int) -> None:
    values: list[Any] = [0.1, 10, 10]
    values[place] = wrong
    name = ("base_rate", "trials_a", "trials_b")[place]
    with pytest.raises(ValueError, match=f"'{name}' parameter of detectable_ratio must be"):
        detectable_ratio(*values)
