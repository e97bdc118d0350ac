"""Findings as they are published: what is said where the numbers are withheld."""

from __future__ import annotations

import numpy as np

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
    shown = publish_findings(findings, every, every).set_index("finding_id")
    assert shown["verdict"].tolist() == ["different", "different", "withheld", "withheld"]
    assert shown[["rate_a", "rate_b"]].isna().all(axis=None)
    said = shown["statement"]
    assert said["omnibus"].startswith("All groups by ethnicity at once: a difference was shown; ")
    assert said["pair"].startswith("White people had events more often than Black people; the num")
    assert "no difference was shown, which is not evidence that there is none" in said["open"]
    assert "difference" not in said["exploratory"]
