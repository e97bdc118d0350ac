"""Findings as they are published: what is said where the numbers are withheld."""

from __future__ import annotations

import numpy as np
import pytest

from lfr_eval.contract.tables import FINDINGS
from lfr_eval.finished.publishing.tables import publish_findings


def test_a_difference_that_was_shown_is_published_though_its_numbers_are_not() -> None:
    findings = FINDINGS.empty().reindex(range(4))
    findings["finding_id"] = ["omnibus", "pair", "open", "exploratory"]
    findings["metric"] = "event"
    findings["factor"], findings["group_b"] = "ethnicity", ["*", "white", "white", "white"]
    findings["group_a"] = ["*", "black", "asian", "black"]
    findings["rate_a"], findings["rate_b"] = [np.nan, 0.1, 0.1, 0.1], [np.nan, 0.4, 0.1, 0.01]
    findings["primary"] = [True, True, True, False]
    findings["verdict"] = ["different", "different", "equivalent", "different"]
    every = np.ones(4, bool)
    shown = publish_findings(findings, every, every, ~every).set_index("finding_id")
    assert shown["verdict"].tolist() == ["different", "different", "withheld", "withheld"]
    assert shown[["rate_a", "rate_b"]].isna().all(axis=None)
    said = shown["statement"]
    assert said["omnibus"].startswith("All groups by ethnicity at once: a difference was shown; ")
    assert said["pair"].startswith("White people had events more often than Black people; the num")
    assert "no difference was shown, which is not evidence that there is none" in said["open"]
    assert "difference" not in said["exploratory"]


@pytest.mark.parametrize("withheld", ["numbers", "sentence", "sentence of attempts"])
def test_a_published_difference_keeps_the_warning_that_it_rests_on_few(withheld: str) -> None:
    findings = FINDINGS.empty().reindex(range(4))
    findings["finding_id"] = ["few", "many", "open", "unknown"]
    findings["metric"], findings["factor"], findings["primary"] = "FMR", "ethnicity", True
    findings["group_a"], findings["group_b"] = "black", "white"
    findings["rate_a"], findings["rate_b"] = 0.1, 0.01
    findings["verdict"] = ["different", "different", "inconclusive", "different"]
    findings["fragility"] = [2, 6, 2, None]
    every, none = np.ones(4, bool), np.zeros(4, bool)
    masks = {
        "numbers": (every, every, none),
        "sentence": (none, every, none),
        "sentence of attempts": (none, every, every),
    }
    shown = publish_findings(findings, *masks[withheld]).set_index("finding_id")["statement"]
    few = "This rests on at most 5 people: without their false matches, no difference would be"
    assert few in shown["few"]
    assert not shown.drop("few").str.contains("rests on").any()
    assert ("too small" in shown["few"]) == (withheld != "sentence of attempts")
