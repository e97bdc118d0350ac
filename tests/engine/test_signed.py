"""Signed approvals: who can forge what, and who notices."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lfr_eval.config import PolicyConfig
from lfr_eval.contract.decisions import Ruling
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.keys import Key, SigningError, new_key, read_key
from lfr_eval.contract.ledger import FIRST, Ledger, LedgerError
from lfr_eval.contract.persons import same_person
from lfr_eval.engine.permission import NotApprovedError, permit, watching
from lfr_eval.finished.approvals import approvals, approve, ledger_tags
from lfr_eval.finished.approvers import ApprovalError, register_key, revoke_key
from lfr_eval.registry.versions import APPROVAL, LATEST, Version
from lfr_eval.report.approvals import read_decisions
from tests.engine.studies import FINGERPRINT, THRESHOLD, sealed

VERSION = Version("lfr-matcher", "3", FINGERPRINT)
TODAY = datetime.now(UTC).date()


@pytest.fixture
def study(tmp_path: Path) -> StudyFolder:
    return sealed(tmp_path / "studies" / "trial")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "approvals.jsonl")


@pytest.fixture
def grey(tmp_path: Path) -> Key:
    return new_key(tmp_path / "grey.pem")


@pytest.fixture
def white(tmp_path: Path) -> Key:
    return new_key(tmp_path / "white.pem")


def decide(ledger: Ledger, study: StudyFolder, by: str, key: Key | None, **more: Any) -> str:
    given: dict[str, Any] = {"role": "panel", "proposer": "A. Brown", **more}
    _, entry = approve(ledger, study, VERSION, Ruling(THRESHOLD, by, **given), key)
    return entry.sha256


def appended(ledger: Ledger, **values: object) -> str:
    """Append a line as somebody does who knows the format, and return its hash."""
    lines = ledger.path.read_bytes().splitlines() if ledger.path.exists() else []
    previous = hashlib.sha256(lines[-1]).hexdigest() if lines else FIRST
    entry = {
        "number": len(lines) + 1,
        "previous": previous,
        "decided": "2026-05-01T00:00:00+00:00",
        "model": VERSION.name,
        "version": VERSION.version,
        "fingerprint": FINGERPRINT,
        "threshold": THRESHOLD,
        "approver": "Dr Grey",
        "role": "panel",
        "proposer": "A. Brown",
        "study": "invented",
        "study_hash": "ab" * 32,
        "findings": {},
        "conditions": [],
        "expires": None,
        "withdrawn": False,
        **values,
    }
    line = json.dumps(entry, sort_keys=True).encode()
    with ledger.path.open("ab") as file:
        file.write(line + b"\n")
    return hashlib.sha256(line).hexdigest()


def edit_last(ledger: Ledger, **values: object) -> None:
    lines = ledger.path.read_text().splitlines()
    lines[-1] = json.dumps({**json.loads(lines[-1]), **values}, sort_keys=True)
    ledger.path.write_text("\n".join(lines) + "\n")


NAMES = """
Anna Grey, Anna Green, Anne Gray, John Smith, Jon Smyth
James Brown, Ian Hill, Ivan Petrov, Maria Silva, Mario Silva
Olga, Oleg, Aisha Khan, Asha Khan, Amir, Emir
Иван Петров, Ирина Петрова, Анна Смирнова, Алла Смирнова
Павел Котов, Пётр Котов, Ольга, Олег, Сергей, Андрей, Юлия
Юрий, Нина, Инна, Дина, Лина, Лиана, Глеб, Марина, Карина
Арина
Γιώργος, Νίκος, Μαρία, Ελένη, Κώστας, Δημήτρης, Βασίλης
Ιωάννης, Ιωάννα, Άννα, Νάνσυ, Σοφία, Σόφη
محمد, أحمد, محمود, علي, عمر, عمرو, حسن, حسين, فاطمة, خديجة
سارة, سامر, ليلى, نور, نورا, كريم, رحيم, سعيد, سعد, خالد
جمال, كمال
דוד, דן, דנה, רון, רונן, רונית, משה, שרה, שירה, יוסי, יוסף
חנה, חן, נועה, נועם, גל, גיל, טל, אורי, אורן, ליאור
राम, रमा, रीमा, सीता, सुनीता, अनिता, अनीता, कुमार, कमल, कमला
विजय, विजया, सुमन, सोमन, मोहन, मेहन, गीता, गोता
สมชาย, สมหญิง, วิชัย, วิชา, กิตติ, กิตต์, สุดา, สิดา, นารี
นารา, มานะ, มานี, ปิติ, ชูใจ
王伟, 王芳, 李娜, 李强, 张敏, 张磊, 刘洋, 刘杨, 陈静, 陈晶, 周杰, 周洁, 吴昊, 吴浩
김민수, 김민서, 이지은, 이지훈, 박서연, 박서준, 최유진, 최유나, 정우, 정유
さくら, さくや, ゆい, ゆう, はると, はるか, タロウ, ジロウ, ハナ, ハル, ミカ, ミキ, リカ, リコ
Արամ, Արմեն, Անի, Աննա, Նարեկ, Նաիրա, Հասմիկ, Գոռ, Գոհար
გიორგი, ნინო, ნანა, თამარ, ლაშა, დავით, ლევან, ლელა, მარიამ
მირიამ
Abebe, አበበ, ከበደ, አለም, ሰላም, ሳራ, ሰራ
"""
"""Ordinary names that are different, in many scripts."""


@pytest.mark.parametrize(
    "other",
    [
        *("Gre\u04af", "\u050crey", "\u13c0rey", "\u0262rey"),
        *("Dr Grey", "Dr. Grey", "GREY", " grey ", "Gr\u200bey", "Gr\u0435y", "Ｇｒｅｙ", "Gréy"),
        *("Gre\u0301y", "\u202eGrey", "Prof. Dr. Grey", "Grey, Dr", "Gr\u00adey", "Gr3y"),
        *("Sergeant Grey", "Gr\u0395y", "\ufeffGrey", "G\u2060rey", "Ms Grey (PhD)"),
    ],
)
def test_one_person_in_many_spellings_is_one(other: str) -> None:
    assert same_person("Dr Grey", other)


def test_letters_with_a_stroke_and_digits_of_other_scripts_are_alike() -> None:
    assert same_person("\u0141ukasz Nowak", "Lukasz Nowak")
    assert same_person("Officer \u0661\u0662", "Officer 12")
    # Letters of two alphabets that are alike and have no like among the Latin ones.
    assert same_person("\u041f\u0430\u0432\u0435\u043b", "\u03a0\u0430\u0432\u0435\u043b")


def test_ordinary_names_are_not_taken_for_one_another() -> None:
    names = [name.strip() for name in re.split(r"[,\n]", NAMES) if name.strip()]
    assert len(names) > 150
    alike = [pair for pair in itertools.combinations(names, 2) if same_person(*pair)]
    assert not alike


@pytest.mark.parametrize("other", ["A. Brown", "Dr Green", "Gray", "Greys", "王伟", "Greyson"])
def test_another_person_is_another(other: str) -> None:
    assert not same_person("Dr Grey", other)


def test_nobody_approves_their_own_proposal(ledger: Ledger, study: StudyFolder) -> None:
    for other in ("Dr. Grey", "Gr\u0435y", "Gr\u200bey"):
        with pytest.raises(ApprovalError, match="same person"):
            decide(ledger, study, "Dr Grey", None, proposer=other)


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


def test_two_who_propose_for_one_another_are_not_two_signatures(
    ledger: Ledger, study: StudyFolder, grey: Key, white: Key
) -> None:
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    register_key(ledger, "Dr White", "panel", white.public, grey)
    decide(ledger, study, "Dr Grey", grey, proposer="Dr White")
    decide(ledger, study, "Dr White", white, proposer="Dr Grey")
    with pytest.raises(NotApprovedError):
        permit(ledger, VERSION, THRESHOLD, None, policy=PolicyConfig(signatures=2))


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
    for wrong in (None, lambda: "", lambda: "closed"):
        with pytest.raises(SigningError):
            read_key(file, wrong)
    with pytest.raises(SigningError, match="exists"):
        new_key(file)
    file.chmod(0o640)
    with pytest.raises(SigningError, match="chmod 600"):
        read_key(file, lambda: "open sesame")
    file.write_text("no key")
    file.chmod(0o600)
    with pytest.raises(SigningError, match="not a private key"):
        read_key(file)


def permitted(ledger: Ledger, study: StudyFolder) -> bool:
    try:
        return permit(ledger, VERSION, THRESHOLD, None, studies=study.path.parent).signed
    except NotApprovedError:
        return False


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


def test_a_revocation_that_nobody_signed_breaks_the_chain(ledger: Ledger, grey: Key) -> None:
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    appended(ledger, kind="revocation", fingerprint=grey.fingerprint)
    with pytest.raises(LedgerError, match="no registered key signs that"):
        ledger.entries()


def test_when_every_key_is_revoked_the_ledger_is_at_its_end(ledger: Ledger, grey: Key) -> None:
    register_key(ledger, "Dr Grey", "panel", grey.public, grey)
    revoke_key(ledger, grey.fingerprint, "lost", grey)
    with pytest.raises(ApprovalError, match="Begin another ledger"):
        register_key(ledger, "Dr Grey", "panel", "ab" * 32, grey)


def cut(ledger: Ledger, lines: int) -> None:
    kept = ledger.path.read_bytes().splitlines(keepends=True)[:-lines]
    ledger.path.write_bytes(b"".join(kept))


def known_to_registry(ledger: Ledger) -> Version:
    """Return the version as the registry has it after a command has written to the ledger."""
    tags = ledger_tags(ledger)[VERSION.name, VERSION.version, FINGERPRINT]
    return Version(VERSION.name, VERSION.version, FINGERPRINT, tags)


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
        ("Dr White", grey.public, "registered already"),
        ("Gr\u0435y", white.public, "a second key"),
    ):
        holder = {"kind": "holder", "registered": "-", "name": name, "role": "panel"}
        with pytest.raises(LedgerError, match=why):
            ledger.append({**holder, "public_key": public}, grey)


HEAD = ("number", "previous")


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
