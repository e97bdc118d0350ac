"""Policies that ask for signatures: whose are counted, and who is counted as one person."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lfr_eval.config import PolicyConfig
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.keys import Key
from lfr_eval.contract.ledger import Ledger
from lfr_eval.engine.permission import NotApprovedError, permit
from lfr_eval.finished.approvals import approvals
from lfr_eval.finished.approvers import register_key
from lfr_eval.finished.gate import Case, judge
from lfr_eval.report.approvals import read_decisions
from tests.engine.signing import VERSION, decide
from tests.engine.studies import THRESHOLD

TODAY = datetime.now(UTC).date()


def test_a_policy_asks_for_signatures_and_signers(
    ledger: Ledger, study: StudyFolder, grey: Key, white: Key
) -> None:
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    register_key(ledger, "Dr White", "panel", white.public, grey)
    two = PolicyConfig(signatures=2)
    decide(ledger, study, "Dr Grey", grey)
    decide(ledger, study, "Dr Grey", grey)
    with pytest.raises(NotApprovedError, match="2 signatures"):
        permit(ledger, VERSION, THRESHOLD, None, policy=two)
    decide(ledger, study, "Dr White", white)
    assert permit(ledger, VERSION, THRESHOLD, None, policy=two).signed
    only = PolicyConfig(signers=[white.fingerprint[:16]])
    assert permit(ledger, VERSION, THRESHOLD, None, policy=only).signed
    other = PolicyConfig(signers=["ab" * 32])
    with pytest.raises(NotApprovedError):
        permit(ledger, VERSION, THRESHOLD, None, policy=other)
    decide(ledger, study, "Dr Grey", grey)
    with pytest.raises(NotApprovedError, match="the policy asks for chief"):
        permit(ledger, VERSION, THRESHOLD, None, policy=PolicyConfig(roles=["chief"]))
    decide(ledger, study, "Dr Grey", grey, withdrawn=True)
    decide(ledger, study, "Dr White", white)
    with pytest.raises(NotApprovedError):
        permit(ledger, VERSION, THRESHOLD, None, policy=two)


def test_each_of_the_signatures_needs_the_role(
    ledger: Ledger, study: StudyFolder, grey: Key, white: Key
) -> None:
    register_key(ledger, "Dr White", "operator", white.public, white)
    register_key(ledger, "Dr Grey", "panel", grey.public, white)
    decide(ledger, study, "Dr White", white, role="operator")
    decide(ledger, study, "Dr Grey", grey)
    assert permit(ledger, VERSION, THRESHOLD, None, policy=PolicyConfig(signatures=2)).signed
    with pytest.raises(NotApprovedError):
        permit(ledger, VERSION, THRESHOLD, None, policy=PolicyConfig(signatures=2, roles=["panel"]))


def test_two_who_propose_for_one_another_are_not_two_signatures(
    ledger: Ledger, study: StudyFolder, grey: Key, white: Key
) -> None:
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    register_key(ledger, "Dr White", "panel", white.public, grey)
    decide(ledger, study, "Dr Grey", grey, proposer="Dr White")
    decide(ledger, study, "Dr White", white, proposer="Dr Grey")
    with pytest.raises(NotApprovedError):
        permit(ledger, VERSION, THRESHOLD, None, policy=PolicyConfig(signatures=2))


def test_signatures_under_other_conditions_are_not_added_up(
    ledger: Ledger, study: StudyFolder, grey: Key, white: Key
) -> None:
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    register_key(ledger, "Dr White", "panel", white.public, grey)
    two = PolicyConfig(signatures=2)
    decide(ledger, study, "Dr Grey", grey, conditions=("daylight only",))
    decide(ledger, study, "Dr White", white)
    with pytest.raises(NotApprovedError, match="2 signatures"):
        permit(ledger, VERSION, THRESHOLD, None, policy=two)
    decide(ledger, study, "Dr White", white, conditions=("daylight only",))
    assert permit(ledger, VERSION, THRESHOLD, None, policy=two).conditions == ("daylight only",)


@pytest.mark.parametrize(
    ("other", "doubted"), [("Anna Grey", True), ("Grey", True), ("Bob Grey", False)]
)
def test_a_short_name_and_a_long_one_count_as_two_and_are_named(
    other: str, doubted: bool, ledger: Ledger, study: StudyFolder, grey: Key, white: Key
) -> None:
    register_key(ledger, "A. Grey", "panel", grey.public, grey)
    register_key(ledger, other, "panel", white.public, grey)
    decide(ledger, study, "A. Grey", grey)
    decide(ledger, study, other, white)
    two = PolicyConfig(signatures=2)
    assert permit(ledger, VERSION, THRESHOLD, None, policy=two).signed
    (check,) = (
        check
        for check in judge(Case(VERSION, study, approvals(ledger, VERSION), two, TODAY))
        if check.name == "approval"
    )
    said = f"'A. Grey' and '{other}' may be one person"
    assert check.passed
    assert (said in check.found) is doubted
    assert (said in read_decisions(ledger.path, study.study_hash()).doubted) is doubted
