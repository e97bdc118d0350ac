"""Signed approvals: who can forge what, and who notices."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lfr_eval.config import PolicyConfig
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.keys import WEAK, Key, SigningError, holds, new_key, read_key
from lfr_eval.contract.ledger import Ledger, LedgerError
from lfr_eval.engine.permission import NotApprovedError, permit, watching
from lfr_eval.finished.approvals import approvals
from lfr_eval.finished.approvers import ApprovalError, register_key
from lfr_eval.registry.versions import APPROVAL, Version
from lfr_eval.report.approvals import read_decisions
from tests.engine.signing import VERSION, appended, decide, known_to_registry, permitted
from tests.engine.studies import FINGERPRINT, THRESHOLD

TODAY = datetime.now(UTC).date()


def edit_last(ledger: Ledger, **values: object) -> None:
    lines = ledger.path.read_text().splitlines()
    lines[-1] = json.dumps({**json.loads(lines[-1]), **values}, sort_keys=True)
    ledger.path.write_text("\n".join(lines) + "\n")


def test_nobody_approves_their_own_proposal(ledger: Ledger, study: StudyFolder) -> None:
    for other in ("Dr. Grey", "Gr\u0435y", "Gr\u200bey"):
        with pytest.raises(ApprovalError, match="same person"):
            decide(ledger, study, "Dr Grey", None, proposer=other)


@pytest.mark.parametrize(
    "said",
    [
        {"decided": "9999-12-31T23:59:59-14:00"},
        {"decided": "0001-01-01T00:00:00+14:00"},
        {"conditions": [1, None, {}]},
        {"findings": {"F-1": 5}},
        {"threshold": 10**40},
    ],
)
def test_a_line_that_is_no_decision_is_refused(said: dict[str, object], ledger: Ledger) -> None:
    appended(ledger, **said)
    with pytest.raises(LedgerError):
        approvals(ledger, VERSION)


def test_a_line_by_hand_in_which_the_proposer_approves_does_not_count(ledger: Ledger) -> None:
    for other in ("Dr Grey", "dr. grey", "\uff27\uff52\uff45\uff59"):
        appended(ledger, approver="Dr Grey", proposer=other)
    assert approvals(ledger, VERSION) == []


def test_a_clock_that_was_set_back_gives_no_approval_a_new_life(
    ledger: Ledger, study: StudyFolder, grey: Key
) -> None:
    """A later decision, at any threshold, shows that the day is past."""
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    decide(ledger, study, "Dr Grey", grey, expires=TODAY.isoformat())
    policy, studies, tomorrow = PolicyConfig(), study.path.parent, TODAY + timedelta(1)
    assert permit(ledger, VERSION, THRESHOLD, None, TODAY, policy, studies).approved
    later = {"decided": f"{tomorrow}T09:00:00+00:00", "threshold": 0.99, "expires": None}
    kept = ledger.entries()[-1].values
    made = {name: kept[name] for name in kept if name not in ("number", "previous")}
    ledger.append({**made, **later}, grey)
    made_later = f"says {TODAY}, but entry 3 of the ledger was made on {tomorrow}"
    with pytest.raises(NotApprovedError, match=made_later):
        permit(ledger, VERSION, THRESHOLD, None, TODAY, policy, studies)


def test_an_engine_that_runs_notices_a_clock_that_is_set_back(
    ledger: Ledger, study: StudyFolder, grey: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    decide(ledger, study, "Dr Grey", grey)
    check = watching(ledger, VERSION, THRESHOLD, PolicyConfig(), study.path.parent, every=0)
    check()
    yesterday = TODAY - timedelta(1)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime(yesterday.year, yesterday.month, yesterday.day, tzinfo=tz)

    monkeypatch.setattr("lfr_eval.engine.permission.datetime", Clock)
    with pytest.raises(NotApprovedError, match=f"was set back from {TODAY} to {yesterday}"):
        check()


def test_an_appended_line_is_not_believed(ledger: Ledger, study: StudyFolder) -> None:
    """Unkeyed: the registry does not know it. Its chain is whole, and so says the ledger."""
    studies = study.path.parent
    appended(ledger)
    with pytest.raises(NotApprovedError, match="unknown to the registry"):
        permit(ledger, VERSION, THRESHOLD, None, studies=studies)
    ledger.path.unlink()
    known = decide(ledger, study, "Dr Grey", None)
    tagged = Version(*(VERSION.name, VERSION.version, FINGERPRINT), {APPROVAL: known})
    assert permit(ledger, tagged, THRESHOLD, None, studies=studies).approved
    appended(ledger)
    with pytest.raises(NotApprovedError, match="unknown to the registry"):
        permit(ledger, tagged, THRESHOLD, None, studies=studies)


def test_a_foreign_study_hash_is_not_believed(ledger: Ledger, study: StudyFolder) -> None:
    """Even where the registry was made to name the line."""
    tagged = Version(*(VERSION.name, VERSION.version, FINGERPRINT), {APPROVAL: appended(ledger)})
    with pytest.raises(NotApprovedError, match="has no unchanged study with the hash"):
        permit(ledger, tagged, THRESHOLD, None, studies=study.path.parent)
    ledger.path.unlink()
    real = appended(ledger, study_hash=study.study_hash())
    tagged = Version(*(VERSION.name, VERSION.version, FINGERPRINT), {APPROVAL: real})
    assert permit(ledger, tagged, THRESHOLD, None, studies=study.path.parent).signed is False
    (study.path / "rates.parquet").write_bytes(b"changed")
    with pytest.raises(NotApprovedError, match="has no unchanged study with the hash"):
        permit(ledger, tagged, THRESHOLD, None, studies=study.path.parent)


def test_where_keys_are_registered_only_their_signatures_count(
    ledger: Ledger, study: StudyFolder, grey: Key, white: Key
) -> None:
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    for key, why in ((None, "only signed decisions"), (white, "is not registered")):
        with pytest.raises(ApprovalError, match=why):
            decide(ledger, study, "Dr Grey", key)
    with pytest.raises(ApprovalError, match="The key belongs to Dr Grey"):
        decide(ledger, study, "Dr White", grey)
    with pytest.raises(ApprovalError, match="same person"):
        decide(ledger, study, "Dr Grey", grey, proposer="Gr\u0435y")
    appended(ledger, study_hash=study.study_hash())
    assert approvals(ledger, VERSION) == []
    decide(ledger, study, "Dr. Grey", grey)
    assert permit(ledger, VERSION, THRESHOLD, None, studies=study.path.parent).signed
    decisions = read_decisions(ledger.path, study.study_hash())
    assert [words[:9] for words in decisions.signed] == ["does not ", "signed wi"]
    assert len(decisions.approved) == 1
    assert decisions.keys == {grey.fingerprint: "Dr Grey (panel)"}


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": 0.6},
        {"study_hash": "00" * 32},
        {"version": "4"},
        {"approver": "Dr White"},
        {"expires": "2099-01-01"},
        {"conditions": []},
        {"decided": "2020-01-01T00:00:00+00:00"},
        {"signature": "00" * 64},
        {"signature": "no"},
        {"key": "00" * 32},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_signed_last_line_cannot_be_edited(
    change: dict[str, object], ledger: Ledger, study: StudyFolder, grey: Key
) -> None:
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    decide(ledger, study, "Dr Grey", grey, conditions=["daylight only"])
    edit_last(ledger, **change)
    with pytest.raises(LedgerError, match="entry 2 was changed"):
        permit(ledger, VERSION, THRESHOLD, None)


def test_a_signature_that_is_stripped_or_moved_counts_no_more(
    ledger: Ledger, study: StudyFolder, grey: Key
) -> None:
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    decide(ledger, study, "Dr Grey", grey)
    whole = ledger.path.read_text()
    last = json.loads(whole.splitlines()[-1])
    stripped = {name: value for name, value in last.items() if name not in ("key", "signature")}
    ledger.path.write_text(whole.splitlines()[0] + "\n" + json.dumps(stripped) + "\n")
    with pytest.raises(NotApprovedError):
        permit(ledger, VERSION, THRESHOLD, None)
    ledger.path.write_text(whole)
    decide(ledger, study, "Dr Grey", grey, withdrawn=True)
    appended(ledger, **{k: v for k, v in last.items() if k not in ("number", "previous")})
    with pytest.raises(LedgerError, match="signature does not hold"):
        permit(ledger, VERSION, THRESHOLD, None)


def test_nobody_brings_in_a_key_alone(ledger: Ledger, grey: Key, white: Key) -> None:
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    with pytest.raises(ApprovalError, match="must vouch"):
        register_key(ledger, "Dr White", "panel", white.public, white)
    values: dict[str, Any] = {"kind": "holder", "registered": "2026-05-01T00:00:00+00:00"}
    values |= {"name": "Dr White", "role": "panel", "public_key": white.public}
    for key in (None, white):
        before = ledger.path.read_bytes()
        with pytest.raises((LedgerError, KeyError, TypeError)):
            ledger.append(values, key)
        assert ledger.path.read_bytes() == before
    register_key(ledger, "Dr White", "panel", white.public, grey)
    with pytest.raises(ApprovalError, match="has a key already"):
        register_key(ledger, "Dr. Wh\u0456te", "panel", "ab" * 32, grey)
    with pytest.raises(ApprovalError, match="is registered for Dr White"):
        register_key(ledger, "Dr Green", "panel", white.public, grey)


@pytest.mark.parametrize("expires", [20270101, 1.5, [], True, "soon"])
def test_an_expiry_that_is_no_day_is_refused(
    ledger: Ledger, study: StudyFolder, expires: object
) -> None:
    appended(ledger, expires=expires)
    with pytest.raises(LedgerError, match="expires must be a day"):
        permitted(ledger, study)


def test_a_ledger_cut_at_any_byte_gives_a_part_of_its_entries_or_is_refused(
    ledger: Ledger, study: StudyFolder, grey: Key
) -> None:
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    decide(ledger, study, "Dr Grey", grey)
    decide(ledger, study, "Dr Grey", grey, withdrawn=True)
    whole, known = ledger.path.read_bytes(), known_to_registry(ledger)
    for at in range(len(whole)):
        ledger.path.write_bytes(whole[:at])
        # What is left says that it was approved; the registry knows that more was written.
        with pytest.raises(LedgerError, match="does not contain"):
            permit(ledger, known, THRESHOLD, None, studies=study.path.parent)


def test_an_engine_that_runs_notices_the_end_of_an_approval(
    ledger: Ledger, study: StudyFolder, grey: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    decide(ledger, study, "Dr Grey", grey, expires=TODAY.isoformat())
    policy, studies = PolicyConfig(), study.path.parent
    check = watching(ledger, VERSION, THRESHOLD, policy, studies, every=0)
    check()
    decide(ledger, study, "Dr Grey", grey, withdrawn=True)
    with pytest.raises(NotApprovedError):
        check()
    decide(ledger, study, "Dr Grey", grey, expires=TODAY.isoformat())
    check()
    tomorrow = TODAY + timedelta(1)
    with pytest.raises(NotApprovedError, match=f"until {TODAY}"):
        permit(ledger, VERSION, THRESHOLD, None, tomorrow, policy, studies)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=tz)

    slow = watching(ledger, VERSION, THRESHOLD, policy, studies, every=1e9)
    slow()
    monkeypatch.setattr("lfr_eval.engine.permission.datetime", Clock)
    with pytest.raises(NotApprovedError):
        slow()


def test_a_private_key_is_private(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    made = new_key(file, "open sesame")
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_key(file, lambda: "open sesame").public == made.public
    for wrong in (lambda: "", lambda: "closed"):
        with pytest.raises(SigningError, match="its passphrase is another"):
            read_key(file, wrong)
    with pytest.raises(SigningError, match="which cannot be entered here"):
        read_key(file)
    with pytest.raises(SigningError, match="exists"):
        new_key(file)
    file.chmod(0o640)
    with pytest.raises(SigningError, match="chmod 600"):
        read_key(file, lambda: "open sesame")
    file.write_text("no key")
    file.chmod(0o600)
    with pytest.raises(SigningError, match="not a private key"):
        read_key(file)


@pytest.mark.parametrize(
    "respelled",
    [
        lambda line: re.sub(rb"[0-9a-f]{128}", lambda found: found[0].upper(), line),
        lambda line: re.sub(rb"([0-9a-f]{64})([0-9a-f]{64})", rb"\1 \2", line),
        lambda line: line.replace(b'": ', b'":  '),
        lambda line: line.replace(b"0.64", b"6.4e-1"),
        lambda line: line.replace(b"Dr Grey", b"Dr \\u0047rey"),
        lambda line: json.dumps(dict(reversed(json.loads(line).items()))).encode(),
    ],
    ids=["capitals", "space in it", "spaces", "number", "escape", "order"],
)
def test_a_signed_line_has_one_spelling(
    respelled: Any, ledger: Ledger, study: StudyFolder, grey: Key
) -> None:
    """The values are the same, and so is the signature's number."""
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    decide(ledger, study, "Dr Grey", grey)
    first, last = ledger.path.read_bytes().splitlines()
    assert respelled(last) != last
    ledger.path.write_bytes(first + b"\n" + respelled(last) + b"\n")
    with pytest.raises(LedgerError, match=r"entry 2 .*(does not hold|not written as it was)"):
        ledger.entries()


HEAD = ("number", "previous")


def test_nothing_is_in_force_before_it_was_decided(
    ledger: Ledger, study: StudyFolder, grey: Key
) -> None:
    """A clock that was set back does not bring an approval to life that has expired since."""
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    decide(ledger, study, "Dr Grey", grey, expires=TODAY.isoformat())
    assert permit(ledger, VERSION, THRESHOLD, None).approved
    for day in (TODAY - timedelta(1), TODAY + timedelta(1)):
        with pytest.raises(NotApprovedError):
            permit(ledger, VERSION, THRESHOLD, None, day)


def doubled(point: tuple[int, int], prime: int) -> tuple[int, int]:
    """Add a point of edwards25519 to itself (RFC 8032, section 5.1.4, in affine coordinates)."""
    d = -121665 * pow(121666, -1, prime)
    x, y = point
    both = d * x * x * y * y
    return (
        2 * x * y * pow(1 + both, -1, prime) % prime,
        (y * y + x * x) * pow(1 - both, -1, prime) % prime,
    )


def test_a_key_for_which_anybody_can_sign_is_no_key(ledger: Ledger, grey: Key) -> None:
    prime = 2**255 - 19
    root = pow(2, (prime - 1) // 4, prime)  # Of -1.
    for y in WEAK:
        square = (y * y - 1) * pow(-121665 * pow(121666, -1, prime) * y * y + 1, -1, prime) % prime
        x = pow(square, (prime + 3) // 8, prime)
        x = x if (x * x - square) % prime == 0 else x * root % prime
        assert (x * x - square) % prime == 0
        point = (x, y % prime)
        for _ in range(3):
            point = doubled(point, prime)
        assert point == (0, 1)
    identity = (1).to_bytes(32, "little").hex()
    values = {"approver": "Dr White", "signature": identity + "00" * 32}
    assert holds(identity, values), "no private key made this signature"
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    for y in WEAK:
        for sign in (0, 1 << 255):
            weak = (y + sign).to_bytes(32, "little").hex()
            with pytest.raises(ApprovalError, match="public key"):
                register_key(ledger, "Dr White", "panel", weak, grey)


def test_a_signature_counts_for_its_holder_in_their_role_alone(
    ledger: Ledger, study: StudyFolder, grey: Key, white: Key
) -> None:
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    with pytest.raises(ApprovalError, match="registered for the role 'panel', not 'chief'"):
        decide(ledger, study, "Dr Grey", grey, role="chief")
    decide(ledger, study, "Dr Grey", grey, role=" PANEL ")
    honest = {k: v for k, v in ledger.entries()[-1].values.items() if k not in ("key", "signature")}
    for change, why in (
        ({"role": "chief"}, "registered for the role panel"),
        ({"approver": "Dr White"}, "the key of Dr Grey, who is not the approver"),
        ({"proposer": "Grey"}, "the proposer signed it"),
    ):
        ledger.append({k: v for k, v in {**honest, **change}.items() if k not in HEAD}, grey)
        shown = read_decisions(ledger.path, study.study_hash())
        assert why in shown.signed[-1]
        assert len(shown.approved) == len(approvals(ledger, VERSION)) == 1
    for name, public, why in (
        ("Dr White", grey.public, "already registered"),
        ("Gr\u0435y", white.public, "a second key"),
    ):
        holder = {"kind": "holder", "registered": "-", "name": name, "role": "panel"}
        with pytest.raises(LedgerError, match=why):
            ledger.append({**holder, "public_key": public}, grey)
