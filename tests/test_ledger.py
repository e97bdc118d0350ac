"""The ledger shows every change but a cut end, which the registry's tag shows."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

from lfr_eval.contract.ledger import FIRST, Ledger, LedgerError
from lfr_eval.registry.versions import APPROVAL, Version


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger(tmp_path / "approvals.jsonl")
    for number in range(5):
        ledger.append({"what": f"decision {number}"})
    return ledger


def test_each_entry_holds_the_hash_of_the_line_before(ledger: Ledger) -> None:
    lines = ledger.path.read_bytes().splitlines()
    hashes = [FIRST, *(hashlib.sha256(line).hexdigest() for line in lines)]
    assert [json.loads(line)["previous"] for line in lines] == hashes[:-1]
    assert [entry.sha256 for entry in ledger.entries()] == hashes[1:]


def broken_at(ledger: Ledger) -> int | None:
    try:
        ledger.entries()
    except LedgerError as error:
        return int(str(error).partition(": entry ")[2].split()[0])
    return None


def test_the_first_entry_that_is_not_as_written_is_named(ledger: Ledger) -> None:
    lines = ledger.path.read_text().splitlines(keepends=True)
    changed = {
        "changed": ([*lines[:2], lines[2].replace("decision 2", "decision 9"), *lines[3:]], 4),
        "removed": ([*lines[:1], *lines[2:]], 2),
        "swapped": ([*lines[:1], lines[2], lines[1], *lines[3:]], 2),
        "inserted": ([*lines[:3], lines[3], *lines[3:]], 5),
        "garbage": ([*lines[:4], "approved by everybody\n"], 5),
    }
    for text, first in changed.values():
        ledger.path.write_text("".join(text))
        assert broken_at(ledger) == first
        with pytest.raises(LedgerError):
            ledger.append({"what": "on top"})
        assert ledger.path.read_text() == "".join(text)


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 10**6), value=st.integers(0, 255))
def test_no_byte_of_an_earlier_entry_can_be_changed(
    tmp_path_factory: pytest.TempPathFactory, place: int, value: int
) -> None:
    ledger = Ledger(tmp_path_factory.mktemp("bytes") / "approvals.jsonl")
    for number in range(3):
        ledger.append({"what": number})
    content = bytearray(ledger.path.read_bytes())
    end = content.rindex(b"\n", 0, len(content) - 1)  # of the last entry but one
    before, content[place % end] = content[place % end], value
    ledger.path.write_bytes(content)
    assert (broken_at(ledger) is not None) == (before != value)


def test_entries_cut_off_the_end_are_noticed_by_the_tag(ledger: Ledger) -> None:
    entries = ledger.entries()
    version = Version("m", "1", "ab", {APPROVAL: entries[-1].sha256})
    version.check_recorded({entry.sha256 for entry in entries}, ledger.path)
    ledger.path.write_text("".join(ledger.path.read_text().splitlines(keepends=True)[:-1]))
    shorter = ledger.entries()
    assert len(shorter) == 4
    with pytest.raises(LedgerError, match="removed from its end"):
        version.check_recorded({entry.sha256 for entry in shorter}, ledger.path)


def test_no_ledger_is_an_empty_one(tmp_path: Path) -> None:
    assert Ledger(tmp_path / "none.jsonl").entries() == []


def test_a_reader_waits_for_the_entry_that_is_being_written(ledger: Ledger) -> None:
    whole = ledger.path.read_bytes()
    found: list[int | None] = []
    reader = threading.Thread(target=lambda: found.append(broken_at(ledger)))
    with FileLock(f"{ledger.path}.lock"):
        ledger.path.write_bytes(whole[:-9])
        reader.start()
        reader.join(0.3)
        assert reader.is_alive()
        ledger.path.write_bytes(whole)
    reader.join(10)
    assert found == [None]


def test_where_no_lock_can_be_had_a_ledger_is_read_without(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = Path(f"{ledger.path}.lock")
    with FileLock(lock):
        monkeypatch.setattr("lfr_eval.contract.ledger.LONGEST", 0.1)
        assert len(ledger.entries()) == 5
    lock.unlink(missing_ok=True)
    lock.mkdir()  # what a read-only folder is to others, this is to the superuser as well
    assert len(ledger.entries()) == 5
