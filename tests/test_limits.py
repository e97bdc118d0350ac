"""Settings: each says what it means, and refuses what it does not take."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Annotated, Any, get_type_hints

import pytest

from lfr_eval.config import (
    ConfigError,
    MlflowConfig,
    ThresholdsConfig,
    datasets,
    matchers,
    operating,
    study,
)
from lfr_eval.config.chosen import read_policy
from lfr_eval.config.composition import compose_study
from lfr_eval.config.engine_composition import compose_engine
from lfr_eval.config.limits import (
    FILLED,
    OneOf,
    Range,
    check,
    limits_of,
    meanings_of,
    problems_of,
    type_of,
)
from lfr_eval.finished.choosing.constraints import read_constraints

SCHEMAS = [
    kind
    for module in (datasets, matchers, operating, study)
    for kind in vars(module).values()
    if is_dataclass(kind) and kind.__module__ == module.__name__
]
ENGINE = ["source=v.mp4", "watchlist=w.csv", "model=models:/m/1", "threshold=0.6"]


@dataclass
class Inner:
    """A part."""

    size: Annotated[int, Range(least=2, below=10)] = 3
    """Its size."""


@dataclass
class Given:
    """Settings of every sort."""

    way: Annotated[str, OneOf("fast", "slow", "steady")] = "fast"
    """How it goes,
    on two lines."""
    rate: Annotated[float, Range(above=0, most=1)] | None = None
    """How often."""
    ways: Annotated[list[str], OneOf("fast", "slow"), FILLED] = field(default_factory=list)
    shares: Annotated[dict[str, float], Range(least=0)] = field(default_factory=dict)
    free: float = 0.0
    inner: Inner = field(default_factory=Inner)


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.__name__)
def test_every_field_of_every_schema_says_what_it_means(schema: Any) -> None:
    hints = get_type_hints(schema)
    silent = [
        entry.name
        for entry in fields(schema)
        if entry.name not in meanings_of(schema) and not is_dataclass(hints[entry.name])
    ]
    assert silent == []


def choices() -> list[tuple[str, str, OneOf]]:
    """Return the schema, name and choices of every setting that is one of several words."""
    return [
        (schema.__name__, entry.name, limit)
        for schema in SCHEMAS
        for entry in fields(schema)
        for limit in limits_of(schema, entry.name)
        if isinstance(limit, OneOf)
    ]


@pytest.mark.parametrize(("schema", "name", "limit"), choices())
def test_a_misspelt_choice_is_refused_with_the_nearest(
    schema: str, name: str, limit: OneOf
) -> None:
    kind = next(each for each in SCHEMAS if each.__name__ == schema)
    listed = "list" in str(get_type_hints(kind)[name])
    for choice in limit.choices:
        for value, refused in ((choice, False), (f"{choice}s", True)):
            made = kind(**{name: [value] if listed else value})
            said = [one for one in problems_of(made) if one.startswith(f"{name} must be ")]
            assert bool(said) is refused
            assert not refused or "did you mean '" in said[0]
            assert not refused or f"(got '{value}')" in said[0]


def test_a_list_has_an_end() -> None:
    (problem,) = problems_of(ThresholdsConfig(values=[0.5] * 2_001))
    assert problem == "values has 2,001 entries; give at most 2,000"


def test_every_problem_is_named_with_its_value() -> None:
    given = Given(
        way="slwo", rate=0.0, ways=["fast", "up"], shares={"a": -1.0}, free=math.nan, inner=Inner(1)
    )
    assert list(problems_of(given)) == [
        "way must be fast, slow or steady; did you mean 'slow'? (got 'slwo')",
        "rate must be above 0 and at most 1 (got 0.0)",
        "ways must be fast or slow (got 'up')",
        "shares.a must be at least 0 (got -1.0)",
        "free must be a finite number (got nan)",
        "inner.size must be at least 2 and below 10 (got 1)",
    ]
    with pytest.raises(ConfigError, match=r"^Nothing works so: way must be .*\(got 1\)\.$"):
        check(given, "Nothing works so")
    assert list(problems_of(Given())) == ["ways must have at least one entry"]


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.__name__)
def test_every_count_has_an_upper_limit(schema: Any) -> None:
    """A slip of zeros must not start a study that never ends."""
    counts = {
        entry.name: [limit.most for limit in limits_of(schema, entry.name) if type(limit) is Range]
        for entry in fields(schema)
        if re.search(r"\bint\b", type_of(schema, entry.name)) and entry.name != "seed"
    }
    assert [name for name, most in counts.items() if not most or math.isinf(min(most))] == []


@pytest.mark.parametrize("end", [math.nan, math.inf, -math.inf])
def test_no_range_holds_what_is_not_finite(end: float) -> None:
    assert list(problems_of(Given(rate=end, ways=["fast"])))
    assert list(problems_of(Given(free=end, ways=["fast"])))


def test_help_names_type_limits_and_meaning() -> None:
    assert type_of(Given, "rate") == "float or null: above 0 and at most 1"
    assert type_of(Given, "ways") == "list[str]: fast or slow; at least one"
    assert meanings_of(Given)["way"] == "How it goes, on two lines."
    assert meanings_of(MlflowConfig)["sweep"].startswith("Thresholds on the matcher's scale")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["compute.precision=bfloat61"], "did you mean 'bfloat16'? (got 'bfloat61')"),
        (["inference.primary_metrics=[FMRR]"], "did you mean 'FMR'? (got 'FMRR')"),
        (["inference.level=nan", "tracking.timeout=0"], "tracking.timeout must be at least 1"),
        (["dataset.passes=1000000000000"], "dataset.passes must be at least 1 and at most 10,000"),
        (["design.watchlist_sizes=[10,1000000000]"], "at most 100,000,000 (got 1000000000)"),
        (["thresholds.operating=inf"], "thresholds.operating must be a finite number (got inf)"),
        (
            ["report.minimum_count=1"],
            "minimum_count must be at least 2 and at most 1,000 (got 1)",
        ),
    ],
)
def test_a_study_is_refused(words: list[str], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        compose_study(words)
    assert said in str(refused.value)


def test_what_is_not_a_study_is_refused_too() -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'live'\? \(got 'alive'\)"):
        compose_engine([*ENGINE, "pace=alive"])
    with pytest.raises(ConfigError, match=r"registration must be any or as_registered"):
        read_policy(["registration=always"])
    with pytest.raises(ConfigError, match=r"tpir_of must be groups or overall.*\(got 'group'\)"):
        read_constraints(["max_fpir=1/1000", "tpir_of=group"])
