"""Compositions: apportionment against its definition, and watchlists that hold to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lfr_eval.comparison import ComparisonError, Sides, draw_gallery, watchlist_table
from lfr_eval.config import ConfigError
from lfr_eval.contract.mixing import AS_THEY_COME, Mix
from lfr_eval.study.populations import watchlist_mix
from tests.comparison.builders import cohort
from tests.studies import configured

weights = st.lists(st.integers(1, 40), min_size=1, max_size=7)


def mix_of(numbers: list[int]) -> Mix:
    return Mix.of("given", "letter", {chr(97 + place): n for place, n in enumerate(numbers)})


@given(numbers=weights, size=st.integers(0, 300))
def test_counts_are_those_of_one_seat_after_the_other(numbers: list[int], size: int) -> None:
    mix, seats = mix_of(numbers), np.zeros(len(numbers), int)
    for _ in range(size):
        # Sainte-Laguë: the next seat goes to the largest quotient share / (2 s + 1).
        quotient = (seats + 0.5) / np.asarray(mix.shares)
        seats[int(np.argmin(quotient))] += 1
    assert mix.counts(size).tolist() == seats.tolist()


@given(numbers=weights, times=st.integers(1, 20))
def test_counts_that_can_be_exact_are(numbers: list[int], times: int) -> None:
    mix = mix_of(numbers)
    assert mix.counts(sum(numbers) * times).tolist() == [n * times for n in numbers]


@given(numbers=weights, have=st.integers(0, 60))
def test_the_largest_watchlist_cannot_be_one_longer(numbers: list[int], have: int) -> None:
    mix = mix_of(numbers)
    available = [have] * len(numbers)
    largest = mix.largest(available)
    assert (mix.counts(largest) <= have).all()
    assert largest == have * len(numbers) or (mix.counts(largest + 1) > have).any()


def with_groups(seed: int) -> Sides:
    sides = cohort(seed, people=60)
    letter = np.random.default_rng(seed).choice(list("aaaabbc"), len(sides.images))
    acquired = np.zeros(len(sides.images), bool)
    acquired[np.concatenate([sides.references, sides.probes, sides.fillers])] = True
    return Sides.of(sides.images.assign(letter=letter), acquired)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), members=st.sampled_from(["fillers", "everybody"]))
def test_the_first_of_a_watchlist_are_a_watchlist_of_its_mix(seed: int, members: str) -> None:
    sides = with_groups(seed)
    mix = Mix.of("given", "letter", {"a": 1, "b": 1, "c": 2})
    gallery = draw_gallery(sides, members, [], seed, mix)
    letter = sides.images["letter"].to_numpy(str)[gallery.rows]
    for size in range(gallery.sizes[-1] + 1):
        counts = [int((letter[:size] == group).sum()) for group in mix.groups]
        assert counts == mix.counts(size).tolist()
    everybody = draw_gallery(sides, members, [], seed).rows
    assert sorted(gallery.rows) == sorted(everybody)
    assert len(watchlist_table(sides, gallery)) == len(everybody)


def test_without_a_composition_the_order_is_a_plain_permutation() -> None:
    sides = with_groups(1)
    order = np.random.default_rng(5).permutation(len(sides.fillers))
    rows = draw_gallery(sides, "fillers", [], 5, AS_THEY_COME).rows
    assert rows.tolist() == sides.fillers[order].tolist()


def test_too_few_fillers_are_all_named() -> None:
    mix = Mix.of("given", "letter", {"b": 1, "c": 1})
    with pytest.raises(ComparisonError) as error:
        draw_gallery(with_groups(1), "fillers", [100, 200], 1, mix)
    for part in ("composition 'given' needs 50 of b (there are", "50 of c", "100 of b"):
        assert part in str(error.value)


def people(*labels: tuple[str, str, str]) -> pd.DataFrame:
    """Images of one person each: role, gender, ethnicity."""
    rows = [(f"i{n}", f"p{n}", *each) for n, each in enumerate(labels)]
    columns = ["image_id", "subject_id", "role", "gender", "ethnicity"]
    return pd.DataFrame(rows, columns=columns).astype("string")


FILLERS = people(
    *(("filler", gender, who) for gender in ("female", "male") for who in ("black", "white")),
    ("filler", "male", "white"),
    ("probe", "female", "black"),
    ("probe", "female", "black"),
    ("probe", "male", "white"),
)


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("+design.watchlist_composition={female: 30, male: 10}", (0.75, 0.25, 40)),
        ("+design.watchlist_composition={black: 0.1, white: 0.9}", (0.1, 0.9, None)),
        ("+design.watchlist_composition={male x white: 1}", (1.0, None)),
        ("population=balanced", (0.25, 0.25, 0.25, 0.25, None)),
        ("population=like_cohort", (2 / 3, 1 / 3, None)),
        ("population=fillers", (1.0, None)),
    ],
)
def test_compositions_as_configured(tmp_path: Path, override: str, expected: tuple) -> None:
    mix = watchlist_mix(configured(tmp_path, override), FILLERS)
    assert (*mix.shares, mix.size) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("{male x green: 0.5, elf x white: 0.5}", "'elf x white', 'male x green', but nobody"),
        ("{male: 0.5, female: 0.4}", "the numbers add up to 0.9"),
        ("{male: -1, female: -2}", "composition.male must be .*composition.female must be"),
        ("{purple: 3}", "By gender x ethnicity there are female x black, female x white"),
    ],
)
def test_a_composition_that_cannot_be_is_refused(
    tmp_path: Path, override: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        watchlist_mix(configured(tmp_path, f"+design.watchlist_composition={override}"), FILLERS)


def test_a_composition_and_a_population_are_one_too_many(tmp_path: Path) -> None:
    config = configured(tmp_path, "+design.watchlist_composition={male: 1}", "population=balanced")
    with pytest.raises(ConfigError, match="leave one of them out"):
        watchlist_mix(config, FILLERS)


def test_a_cohort_unlike_the_fillers_is_named(tmp_path: Path) -> None:
    stranger = people(("probe", "male", "east asian")).assign(image_id="i99", subject_id="p99")
    strangers = pd.concat([FILLERS, stranger], ignore_index=True)
    with pytest.raises(ConfigError, match="people under test are of 'male x east asian'"):
        watchlist_mix(configured(tmp_path, "population=like_cohort"), strangers)
