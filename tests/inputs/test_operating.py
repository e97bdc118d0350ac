"""A matcher may search watchlists at another threshold than it compares one face with one face."""

from __future__ import annotations

from pathlib import Path

import pytest

from lfr_eval.config.study import BY_EVALUATOR
from lfr_eval.study.sweep import read_sweep
from tests.studies import configured


@pytest.mark.parametrize(
    ("experiment", "operating"), [("london", 0.70), ("fairface_verification", 0.491)]
)
def test_a_search_takes_the_threshold_for_searches(
    tmp_path: Path, experiment: str, operating: float
) -> None:
    sweep = read_sweep(configured(tmp_path, f"experiment={experiment}", "matcher=facenet"))
    assert sweep.operating == operating
    assert sweep.primary == (operating,)
    assert sweep.origin.startswith(f"{operating:g}".ljust(4, "0"))


@pytest.mark.parametrize(
    ("overrides", "origin"),
    [
        (("experiment=london", "matcher=facenet", "thresholds.operating=0.6"), BY_EVALUATOR),
        (("experiment=london", "matcher=facenet", "matcher.search_operating=0.6"), BY_EVALUATOR),
        (("experiment=npl_2023", "thresholds.operating=0.6"), BY_EVALUATOR),
        (("experiment=rehearsal", "matcher.operating=0.6"), BY_EVALUATOR),
        (
            ("experiment=npl_2023", "thresholds.operating=0.6", "thresholds.origin=Trials."),
            "Trials.",
        ),
        (("experiment=npl_2023",), "0.60 was the default threshold of a study published in 2023"),
    ],
)
def test_a_threshold_comes_from_whoever_gave_it(
    tmp_path: Path, overrides: tuple[str, ...], origin: str
) -> None:
    """What an experiment or a matcher says of its own threshold is not said of another."""
    sweep = read_sweep(configured(tmp_path, *overrides))
    assert sweep.operating == 0.6
    assert sweep.origin.startswith(origin)


def test_a_matcher_without_one_searches_where_it_compares(tmp_path: Path) -> None:
    config = configured(tmp_path, "experiment=london", "matcher=dlib")
    assert config.matcher.search_operating is None
    assert read_sweep(config).operating == config.matcher.operating
