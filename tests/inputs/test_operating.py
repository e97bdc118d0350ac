"""A matcher may search watchlists at another threshold than it compares one face with one face."""

from __future__ import annotations

from pathlib import Path

import pytest

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


def test_what_the_evaluator_gives_stands(tmp_path: Path) -> None:
    given = ("experiment=london", "matcher=facenet", "thresholds.operating=0.6")
    sweep = read_sweep(configured(tmp_path, *given))
    assert sweep.operating == 0.6
    assert sweep.origin == "The operating threshold was given by the evaluator."


def test_a_matcher_without_one_searches_where_it_compares(tmp_path: Path) -> None:
    config = configured(tmp_path, "experiment=london", "matcher=dlib")
    assert config.matcher.search_operating is None
    assert read_sweep(config).operating == config.matcher.operating
