"""Python and the command line state the same plan unless somebody says otherwise."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from lfr_eval.config import InferenceConfig
from lfr_eval.inference import Plan
from tests.studies import configured

SHARED = [entry.name for entry in fields(InferenceConfig)]


@pytest.mark.parametrize("name", SHARED)
def test_plan_and_configuration_have_one_default(name: str, tmp_path: Path) -> None:
    # The default experiment names reference groups, so the bare dataset is asked.
    composed = configured(tmp_path, "~experiment").inference
    wanted = getattr(Plan(), name)
    for configuration in (InferenceConfig(), composed):
        given = getattr(configuration, name)
        assert (tuple(given) if isinstance(given, list) else given) == wanted


def test_the_values_are_those_of_studies_made_so_far() -> None:
    plan = Plan()
    assert (plan.level, plan.alpha, plan.margin, plan.power) == (0.95, 0.05, 1.5, 0.8)
    assert plan.seed == 1
    assert (plan.primary_metrics, plan.primary_comparisons) == ((), ("omnibus", "reference"))


def test_every_setting_of_the_configuration_is_one_of_the_plan() -> None:
    assert set(SHARED) <= {entry.name for entry in fields(Plan)}
