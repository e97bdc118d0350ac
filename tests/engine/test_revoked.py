"""Keys that were revoked, and ledgers that were cut off: who notices."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lfr_eval.config import PolicyConfig
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.keys import Key, new_key
from lfr_eval.contract.ledger import Ledger, LedgerError
from lfr_eval.engine.permission import NotApprovedError, permit, watching
from lfr_eval.finished.approvers import ApprovalError, register_key, revoke_key
from lfr_eval.registry.versions import APPROVAL, LATEST
from lfr_eval.report.approvals import read_decisions
from tests.engine.signing import VERSION, appended, cut, decide, known_to_registry, permitted
from tests.engine.studies import THRESHOLD


def test_a_revoked_key_signs_nothing_more_and_what_it_signed_stands(
    ledger: Ledger, study: StudyFolder, grey: Key, white: Key
) -> None:
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    register_key(ledger, "Dr White", "panel", white.public, grey)
    decide(ledger, study, "Dr Grey", grey)
    revoke_key(ledger, grey.fingerprint[:16], "lost", white)
    assert permitted(ledger, study)
    with pytest.raises(ApprovalError, match="was revoked"):
        decide(ledger, study, "Dr Grey", grey)
    # Whoever found the key can sign a line: it is in the chain, and does not count.
    decide(ledger, study, "Dr White", white, withdrawn=True)
    signed = ledger.entries()[2].values
    forged = {name: value for name, value in signed.items() if name != "signature"}
    forged |= {"number": len(ledger.entries()) + 1, "previous": ledger.entries()[-1].sha256}
    forged["signature"] = grey.sign(forged)
    with ledger.path.open("ab") as file:
        file.write(json.dumps(forged, sort_keys=True).encode() + b"\n")
    last = ledger.entries()[-1]
    assert (last.signer, last.revoked) == (None, grey.fingerprint)
    assert not permitted(ledger, study)
    shown = read_decisions(ledger.path, study.study_hash())
    assert "does not count" in shown.signed[-1]
    assert "revoked at" in shown.keys[grey.fingerprint]


def test_a_revoked_key_vouches_for_nobody_and_its_holder_may_have_another(
    ledger: Ledger, grey: Key, white: Key, tmp_path: Path
) -> None:
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    register_key(ledger, "Dr White", "panel", white.public, grey)
    revoke_key(ledger, grey.fingerprint, "left the panel", grey)
    new = new_key(tmp_path / "new.pem")
    with pytest.raises(ApprovalError, match="must vouch for a new key"):
        register_key(ledger, "Dr Grey", "panel", new.public, grey)
    with pytest.raises(ApprovalError, match="This key was revoked"):
        register_key(ledger, "Dr Grey", "panel", grey.public, white)
    register_key(ledger, "Dr Grey", "panel", new.public, white)
    with pytest.raises(ApprovalError, match="revoked it already"):
        revoke_key(ledger, grey.fingerprint, "again", white)
    with pytest.raises(ApprovalError, match=r"No key 'abc' is registered.*Give the reason"):
        revoke_key(ledger, "abc", " ", white)


def test_somebody_with_a_new_key_is_not_two_approvers(
    ledger: Ledger, study: StudyFolder, grey: Key, white: Key, tmp_path: Path
) -> None:
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    register_key(ledger, "Dr White", "panel", white.public, grey)
    decide(ledger, study, "Dr Grey", grey)
    revoke_key(ledger, grey.fingerprint, "lost", white)
    new = new_key(tmp_path / "new.pem")
    register_key(ledger, "Dr. GREY", "panel", new.public, white)
    decide(ledger, study, "Dr Grey", new)
    two = PolicyConfig(signatures=2)
    with pytest.raises(NotApprovedError, match="2 signatures"):
        permit(ledger, VERSION, THRESHOLD, None, policy=two)
    decide(ledger, study, "Dr White", white)
    assert permit(ledger, VERSION, THRESHOLD, None, policy=two).signed


def test_a_revocation_that_nobody_signed_breaks_the_chain(ledger: Ledger, grey: Key) -> None:
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    appended(ledger, kind="revocation", fingerprint=grey.fingerprint)
    with pytest.raises(LedgerError, match="no registered key signs that"):
        ledger.entries()
    ledger.path.unlink()
    appended(ledger, kind="revocation", fingerprint=grey.fingerprint)
    with pytest.raises(LedgerError, match=r"entry 1 .*no registered key signs that"):
        ledger.entries()


def test_when_every_key_is_revoked_the_ledger_is_at_its_end(ledger: Ledger, grey: Key) -> None:
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    revoke_key(ledger, grey.fingerprint, "lost", grey)
    with pytest.raises(ApprovalError, match="Begin another ledger"):
        register_key(ledger, "Dr Grey", "panel", "ab" * 32, grey)


def test_a_revocation_cannot_be_cut_off(
    ledger: Ledger, study: StudyFolder, grey: Key, white: Key
) -> None:
    """Whoever found the key cuts its revocation off, and signs as if there had been none."""
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    register_key(ledger, "Dr White", "panel", white.public, grey)
    decide(ledger, study, "Dr White", white)
    revoke_key(ledger, grey.fingerprint, "stolen", white)
    tagged = known_to_registry(ledger)
    cut(ledger, 1)
    decide(ledger, study, "Dr Grey", grey)
    with pytest.raises(LedgerError, match="does not contain the entry"):
        permit(ledger, tagged, THRESHOLD, None)


def test_a_command_that_is_run_again_takes_nothing_back(ledger: Ledger, study: StudyFolder) -> None:
    decide(ledger, study, "Dr Grey", None)
    last = decide(ledger, study, "Dr White", None)
    assert decide(ledger, study, "Dr Grey", None) != last
    tagged = known_to_registry(ledger)
    assert tagged.tags[APPROVAL] == tagged.tags[LATEST] == last
    assert permit(ledger, tagged, THRESHOLD, None, studies=study.path.parent).entry == last


def test_an_engine_that_runs_notices_that_an_entry_is_gone(
    ledger: Ledger, study: StudyFolder, grey: Key
) -> None:
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    decide(ledger, study, "Dr Grey", grey)
    check = watching(ledger, VERSION, THRESHOLD, PolicyConfig(), study.path.parent, every=0)
    appended(ledger, threshold=0.6, withdrawn=True)
    check()
    cut(ledger, 1)
    with pytest.raises(LedgerError, match="does not contain the entry"):
        check()
