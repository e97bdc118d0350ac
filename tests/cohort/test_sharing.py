"""The register of sharing: what it knows, what it cannot know, and who changed it."""

import hashlib
import json
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml

from lfr_eval.cli.main import main
from lfr_eval.cohort import CardError, load_card
from lfr_eval.cohort.cards import cards_folder
from lfr_eval.cohort.loading import load_manifest
from lfr_eval.cohort.sharing import Register, SharingError
from lfr_eval.cohort.sharing_told import told_of_sharing
from lfr_eval.cohort.subject_list import SubjectListError, read_subjects
from lfr_eval.contract.handover import Handover
from lfr_eval.contract.keys import Key, new_key
from lfr_eval.contract.ledger import FIRST, Ledger, LedgerError
from tests.cohort.builders import good_rows, write

TODAY = date(2026, 1, 1)


def recorded(register: Register, *people: str, key: Key | None = None, **changes: object) -> int:
    values = {
        "purpose": "test of a matcher",
        "agreement": "agreement 7",
        "since": date(2025, 12, 1),
        "by": "A. Clerk",
        **changes,
    }
    given = Handover("Acme Ltd", "images", **values)  # type: ignore[arg-type]
    return register.record(given, people, key)


def test_who_has_and_with_find_what_was_entered(tmp_path: Path) -> None:
    register = Register(tmp_path / "sharing.jsonl")
    recorded(register, "P1", "P2")
    other = {"until": date(2025, 12, 31), "since": date(2025, 12, 2)}
    recorded(register, "P2", **other)
    assert [each.number for each in register.who_has("P2", TODAY).sharings] == [2, 3]
    assert [each.number for each in register.who_has("P1", TODAY).sharings] == [2]
    assert register.who_has("P9", TODAY).sharings == ()
    assert len(register.shared_with(" ACME ltd ", TODAY).sharings) == 2
    assert len(register.shared_with("Another", TODAY).sharings) == 0


def test_no_answer_is_stronger_than_the_register(tmp_path: Path) -> None:
    register = Register(tmp_path / "sharing.jsonl")
    assert "empty" in next(register.who_has("P1").lines())
    recorded(register, "P1")
    said = " ".join(register.who_has("P9", TODAY).lines())
    assert said.startswith(
        "As far as this register knows (1 entry since it was opened, the last of "
    )
    assert "nobody under the id 'P9'. A sharing that nobody entered is not in it." in said


def test_seven_images_that_were_found_later(tmp_path: Path) -> None:
    """In 2019 seven images had been shared locally; the centre had said that there were none."""
    register = Register(tmp_path / "sharing.jsonl")
    recorded(register, "P1", since=date(2016, 5, 1), until=date(2018, 3, 31))
    before = " ".join(register.shared_with("King's Cross estate", TODAY).lines())
    assert "As far as this register knows" in before
    assert "nobody" in before
    register.record(
        Handover(
            "King's Cross estate",
            "images",
            purpose="locating people",
            agreement="local agreement, not known to the centre",
            since=date(2016, 5, 1),
            until=date(2018, 3, 31),
            count=7,
            by="Centre",
        )
    )
    after = " ".join(register.shared_with("king\u2019s cross ESTATE", TODAY).lines())
    assert "received 7 images on 2016-05-01" in after
    assert "deletion was due on 2018-03-31 and nobody confirmed it" in after
    assert "days after it happened" in after
    # Nobody wrote down whose images they were, so nobody can be ruled out.
    anybody = " ".join(register.who_has("P9", TODAY).lines())
    assert "1 sharing in the register do" in anybody or "cannot be ruled out" in anybody
    assert len([each for each in register.verify(TODAY) if "2018-03-31" in each]) == 2


def test_a_deletion_is_another_entry(tmp_path: Path) -> None:
    register = Register(tmp_path / "sharing.jsonl")
    number = recorded(register, "P1", until=date(2025, 12, 31))
    assert len(register.verify(TODAY)) == 1
    register.deleted(number, date(2025, 12, 30), "B. Keeper", "letter 12")
    assert register.verify(TODAY) == []
    assert "deleted on 2025-12-30, as B. Keeper confirmed" in register.sharings()[0].sentence(TODAY)
    with pytest.raises(SharingError, match="was deleted on 2025-12-30"):
        register.deleted(number, date(2025, 12, 31), "B. Keeper")
    with pytest.raises(SharingError, match=r"Entry 1 of .* is not a sharing\. Sharings .*: none"):
        register.deleted(1, date(2025, 12, 31), "B. Keeper")


def test_the_file_names_nobody_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "sharing.jsonl"
    recorded(Register(path), "Erika Mustermann")
    assert "Mustermann" not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0


def test_one_name_in_two_unicode_forms_is_one_person(tmp_path: Path) -> None:
    register = Register(tmp_path / "sharing.jsonl")
    recorded(register, "Jos\u00e9")
    assert len(register.who_has("Jose\u0301").sharings) == 1


def test_another_spelling_is_offered_and_never_answered_with_nobody_alone(tmp_path: Path) -> None:
    register = Register(tmp_path / "sharing.jsonl")
    recorded(register, "P-017", "Jos\u00e9")
    for asked in ("p 17", "P017", "\uff30-017", "\u0440-017", "jose"):
        answer = register.who_has(asked, TODAY)
        assert answer.sharings == ()
        assert "Possibly meant, under another spelling: Acme Ltd" in " ".join(answer.lines())
    assert register.who_has("P-170", TODAY).near == ()
    assert register.who_has("P-017", TODAY).near == ()
    answer, _ = register.of_study("d", ["p17", "P5"], TODAY)
    assert len(answer.near) == 1
    # An entry of an earlier version holds no near form: upper and lower case are tried.
    old = Register(tmp_path / "old.jsonl")
    recorded(old, "P1")
    opened, entry = old.path.read_bytes().splitlines()
    values = {name: value for name, value in json.loads(entry).items() if name != "near"}
    old.path.write_bytes(opened + b"\n" + json.dumps(values, sort_keys=True).encode() + b"\n")
    assert len(old.who_has("p1", TODAY).near) == len(old.who_has("P1", TODAY).sharings) == 1


def test_near_organisations_are_offered(tmp_path: Path) -> None:
    register = Register(tmp_path / "sharing.jsonl")
    recorded(register, "P1")
    said = " ".join(register.shared_with("Acme Limited", TODAY).lines())
    assert "nobody under the name 'Acme Limited'" in said
    assert "Similar names in the register: Acme Ltd." in said
    said = " ".join(register.shared_with("Borough of Camden", TODAY).lines())
    assert "No name in the register is similar. It has 1 organisation: Acme Ltd." in said


SEVERAL = ("P1 P2", "P1  P2", "P1/P2", "P1 and P2", "P1&P2", "P1:P2", "P1 to P9", "P1 (and P2)")


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("P1\n P2 \n\n", ("P1", "P2")),
        ("subject;note\nP4;x\n", ("P4",)),
        ("subject_id,gender\nP7,f\nP8,m\n", ("P7", "P8")),
        ("\ufeffSubject ID\nP9\n", ("P9",)),
        ('subject_id\n"Doe, Jane"\n', ("Doe, Jane",)),
        ("P4;x\nP5;y\n", "no column of ids"),
        ("P4\nP5;y\n", r"line 2 \('P5;y'\)"),
        ("P4\n'P5'\tm\n", "line 2"),
        ("Number\nP5\nP6\n", "looks like a heading"),
        ("code,gender\nP7,f\n", "--column"),
        ("subject_id\n\n", "no rows"),
        ("", "is empty. Give one id per line"),
        *((f"P1\n{line}\n", "may hold several ids.*--as-written") for line in SEVERAL),
        *((f"subject_id\n{line}\n", "may hold several ids") for line in SEVERAL),
        *((f"P1\n{line}\n", "may be a range") for line in ("P1-P10", "0001-0010", "Q1..Q9")),
        ("P1\n# comment\n", "line 2 .* looks like a comment"),
        ("12345\n12345.0\n", "line 2 .*remove the decimals"),
        ("Name\nAnna Smith\n", ("Anna Smith",)),
        ("P-17\nP-170\n2024-017\n", ("P-17", "P-170", "2024-017")),
    ],
)
def test_a_file_of_people_is_read_as_it_is_meant_or_refused(
    tmp_path: Path, text: str, ids: tuple[str, ...] | str
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(text, "utf-8")
    if isinstance(ids, tuple):
        assert read_subjects(path) == ids
    else:
        with pytest.raises(SubjectListError, match=ids):
            read_subjects(path)


def test_an_id_may_hold_anything_if_somebody_says_so(tmp_path: Path) -> None:
    path = tmp_path / "people.txt"
    path.write_text("P1\nWard 3 bed 4\nP1-P10\n# 12\n")
    assert read_subjects(path, as_written=True) == ("P1", "Ward 3 bed 4", "P1-P10", "# 12")


_MOVED = "entries were moved, removed or inserted"
NAMED = {
    "edit": ["entry 3 was changed after entry 4 was written"],
    "two edits": [f"entry {n} was changed after entry {n + 1} was written" for n in (2, 4)],
    "remove": ["entry 3 is missing before entry 4"],
    "insert": [f"entry 2 stands after entry 2, but was written after entry 1: {_MOVED}"],
    "swap": [
        f"entry 4 stands after entry 2, but was written after entry 3: {_MOVED}",
        f"entry 3 stands after entry 4, but was written after entry 2: {_MOVED}",
        f"entry 5 stands after entry 3, but was written after entry 4: {_MOVED}",
    ],
    "renumber": [
        "entry 3 was changed: it has the number 9",
        "entry 3 was changed after entry 4 was written",
    ],
    "garbage": ["line 3 is not an entry"],
    "first": ["entry 1 was changed after entry 2 was written"],
}


@pytest.mark.parametrize("change", NAMED)
def test_every_tampered_entry_is_named(tmp_path: Path, change: str) -> None:
    path = tmp_path / "sharing.jsonl"
    for number in range(5):
        recorded(Register(path), f"P{number}")
    lines = path.read_text().splitlines(keepends=True)

    def edit(at: int, **changes: object) -> None:
        values = json.loads(lines[at]) | changes
        lines[at] = json.dumps(values, sort_keys=True) + "\n"

    if change == "edit":
        edit(2, organisation="Nobody Ltd")
    elif change == "two edits":
        edit(1, count=9)
        edit(3, until="2030-01-01")
    elif change == "renumber":
        edit(2, number=9)
    elif change == "first":
        edit(0, salt="00" * 32)
    elif change == "garbage":
        lines[2] = "deleted\n"
    elif change == "remove":
        del lines[2]
    elif change == "insert":
        lines.insert(2, lines[1])
    else:
        lines[2], lines[3] = lines[3], lines[2]
    path.write_text("".join(lines))
    assert [each.partition(": ")[2] for each in Register(path).verify(TODAY)] == NAMED[change]
    with pytest.raises(LedgerError, match="entry"):
        Register(path).who_has("P1")


@pytest.mark.parametrize("keep", [3, 4])
def test_a_cut_or_changed_end_is_seen_by_the_hash_that_was_kept(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "sharing.jsonl"
    for number in range(3):
        recorded(Register(path), f"P{number}")
    last = Register(path).last_hash()
    recorded(Register(path), "P4")
    assert Register(path).verify(TODAY, last) == []
    lines = path.read_text().splitlines(keepends=True)[:keep]
    lines[-1] = lines[-1].replace("Acme", "Amce")
    path.write_text("".join(lines))
    assert Register(path).verify(TODAY) == []
    assert f"no entry has the SHA-256 {last}" in Register(path).verify(TODAY, last)[0]


def test_all_that_is_wrong_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(
        SharingError, match=r"purpose is empty.*'faces' is not one of.*neither people"
    ):
        Register(tmp_path / "s.jsonl").record(
            Handover("Acme", "faces", purpose=" ", agreement="a", since=date(2025, 1, 1), by="A")
        )
    assert not (tmp_path / "s.jsonl").exists()


def test_the_command_line_records_and_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.txt").write_text("P1\nP2\n\n")
    command = ["sharing", "record", "--with", "Acme Ltd", "--what", "templates", "--by", "A. Clerk"]
    command += ["--purpose", "test", "--agreement", "no. 7", "--from", "2025-12-01"]
    assert main([*command, "--subjects", "people.txt"]) == 0
    assert main(["sharing", "who-has", "P2"]) == 0
    assert main(["sharing", "with", "acme LTD"]) == 0
    assert main(["sharing", "deleted", "2", "--on", "2025-12-02", "--by", "B. Keeper"]) == 0
    assert main(["sharing", "verify"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Entry 2 of sharing.jsonl, which entry 1 opens. 2 people: P1, P2.")
    assert "Acme Ltd received templates of 2 people on 2025-12-01" in said
    late = ["--register", "late.jsonl"]
    assert main([*command, "--subject", "P1", "--until", "2025-12-02", *late]) == 0
    assert main(["sharing", "verify", *late]) == 1
    told = "The chain is whole, and 1 deletion is overdue among 1 sharing."
    assert told in capsys.readouterr().out
    assert main([*command, "--subject", "P1,P2"]) != 0
    assert "may hold several ids" in capsys.readouterr().err
    assert main([*command, "--subject", "P 1", "--subject", "P-1", "--as-written"]) == 0
    assert (
        "Note: P 1, P-1 were entered as 2 people; they may be one person."
        in capsys.readouterr().out
    )
    (tmp_path / "images.csv").write_text("subject_id,image\nP1,a.jpg\nP1,b.jpg\nP2,c.jpg\n")
    assert main([*command, "--subjects", "images.csv"]) != 0
    assert "3 lines name 2 people. Say with --count how many" in capsys.readouterr().err
    assert main([*command, "--subjects", "images.csv", "--count", "3"]) == 0
    assert main(["sharing", "who-has", "P1"]) == 0
    assert "Acme Ltd received 3 templates of 2 people on" in capsys.readouterr().out
    assert main(["sharing", "who-has", "P2", "--register", "gone.jsonl"]) != 0
    assert "There is no register gone.jsonl" in capsys.readouterr().err
    with Path("sharing.jsonl").open("rb+") as file:
        file.truncate(Path("sharing.jsonl").stat().st_size - 1)  # What a full disk leaves.
    for asked in (["who-has", "P1"], ["with", "Acme Ltd"], ["verify"]):
        assert main(["sharing", *asked]) == 0
        assert "of an entry that a crash or a full disk cut short" in capsys.readouterr().out


@pytest.mark.slow
def test_a_register_of_a_hundred_thousand_entries_answers_in_few_passes(tmp_path: Path) -> None:
    """The work grows with the entries, not with their square: CPU of 20,000 against 2,000."""
    seconds = []
    for number in (2_000, 20_000):
        path = tmp_path / f"{number}.jsonl"
        _fill(path, number)
        start = time.process_time()
        assert len(Register(path).who_has("P7").sharings) == 1
        seconds.append(time.process_time() - start)
    assert seconds[1] < 40 * max(seconds[0], 0.01)


def _fill(path: Path, number: int) -> None:
    """Write a chain of many entries at once, as single appends would have."""
    register = Register(path)
    recorded(register, "P0")
    first, second = path.read_bytes().splitlines()
    values = json.loads(second)
    previous = hashlib.sha256(second).hexdigest()
    lines = [first, second]
    for each in range(3, number + 1):
        entry = {**values, "number": each, "previous": previous}
        entry["people"] = [register._digest(f"P{each}")]
        line = json.dumps(entry, sort_keys=True, ensure_ascii=False).encode()
        previous = hashlib.sha256(line).hexdigest()
        lines.append(line)
    path.write_bytes(b"\n".join(lines) + b"\n")
    path.chmod(0o600)


def test_the_same_sharing_is_entered_once(tmp_path: Path) -> None:
    """A command that is run again after a kill finds its entry there."""
    register = Register(tmp_path / "sharing.jsonl")
    assert recorded(register, "P1", "P2") == recorded(register, "P1", "P2") == 2
    assert recorded(register, "P1") == 3
    assert recorded(register, "P1", "P2") == 4


def test_a_signed_register_is_held_by_its_last_signature(tmp_path: Path) -> None:
    """Who makes the chain anew over a changed entry has no signature for what follows it."""
    path = tmp_path / "sharing.jsonl"
    recorded(Register(path), "P1")
    key = new_key(tmp_path / "key")
    for purpose in ("one", "other"):
        recorded(Register(path), "P1", key=key, purpose=purpose)
    assert [each.signed for each in Register(path).who_has("P1").sharings] == [False, True, True]
    with pytest.raises(LedgerError, match="a key that nobody registered"):
        recorded(Register(path), "P1", key=new_key(tmp_path / "other"))
    assert len(Register(path).sharings()) == 3
    previous, lines = FIRST, []
    for line in path.read_bytes().splitlines():
        values = {**json.loads(line), "previous": previous}
        if values["number"] == 4:
            values["people"] = [Register(path)._digest("P2")]
        lines.append(json.dumps(values, sort_keys=True, ensure_ascii=False).encode())
        previous = hashlib.sha256(lines[-1]).hexdigest()
    path.write_bytes(b"\n".join(lines) + b"\n")
    assert Ledger(path).lines() is not None
    with pytest.raises(LedgerError, match=r"entry 5 .* its signature does not hold"):
        Register(path).who_has("P3")


def test_what_was_edited_is_never_answered_from(tmp_path: Path) -> None:
    """Whatever byte of an entry before the last is changed, who-has does not answer."""
    path = tmp_path / "sharing.jsonl"
    for number in range(3):
        recorded(Register(path), f"P{number}")
    whole = path.read_bytes()
    second = whole.index(b"\n") + 1
    third = whole.index(b"\n", second) + 1
    for place in range(second, third - 1, 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(LedgerError):
            Register(path).who_has("P2")


def test_a_study_keeps_what_the_register_of_its_card_said(tmp_path: Path) -> None:
    register = Register(tmp_path / "sharing.jsonl")
    cohort = load_manifest(write(tmp_path, good_rows(tmp_path)))
    (card,) = cohort.cards
    card = replace(card, register=str(register.path))
    said = told_of_sharing(card, cohort)
    assert said is not None
    assert "there was none" in said.said[0]
    recorded(register, cohort.images["subject_id"][0], "somebody else")
    recorded(register, count=7, dataset=card.name)
    recorded(register, "somebody else")
    said = told_of_sharing(card, cohort)
    assert said is not None
    assert said.said[0].startswith("As far as this register knows (3 entries since it was opened")
    assert "received images of 2 people" in said.said[1]
    assert "It names 1 person of the" in said.said[1]
    assert "received 7 images" in said.said[2]
    assert len(said.said) == 3
    assert said.head == Ledger(register.path).entries()[-1].sha256
    text = register.path.read_text()
    register.path.write_text(text.replace("test of a matcher", "nothing", 1))
    said = told_of_sharing(card, cohort)
    assert said is not None
    assert "cannot be relied on" in said.said[0]
    assert str(tmp_path) not in said.said[0]


def test_a_card_names_a_register_beside_it_and_nowhere_else(tmp_path: Path) -> None:
    raw = yaml.safe_load((cards_folder() / "london.yaml").read_text("utf-8"))
    raw["name"] = "own card"
    for register, known in (("sharing.jsonl", True), ("../a.jsonl", False), ("/etc/x", False)):
        (tmp_path / "card.yaml").write_text(yaml.safe_dump({**raw, "register": register}))
        if known:
            assert load_card(tmp_path / "card.yaml").register == str(tmp_path / register)
        else:
            with pytest.raises(CardError, match="must be the name of a file beside the card"):
                load_card(tmp_path / "card.yaml")


def test_the_register_answers_before_pandas_is_imported() -> None:
    said = "import sys, lfr_eval.cohort.sharing; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", said], check=False).returncode == 0
