"""SIGKILL inside every write of the ledger and of a registration: the same after a second try."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lfr_eval.contract.ledger import Ledger
from lfr_eval.contract.writing import written_aside
from lfr_eval.study.registration import read_registration
from tests.forked import Forked
from tests.test_foreign import plan_file

HARNESS = """
import os, signal, sys
kill, count = int(sys.argv[1]), 0
def perhaps():
    global count
    count += 1
    if count == kill:
        os.kill(os.getpid(), signal.SIGKILL)
def hook(event, details):
    name = str(details[0]) if details else ""
    if not name.startswith(sys.argv[2]):
        return
    if event in ("os.rename", "os.remove", "os.mkdir", "os.truncate"):
        perhaps()
    elif event == "open" and details[2] & (os.O_WRONLY | os.O_RDWR):
        perhaps()
fsync, write = os.fsync, os.write
def slow(file):
    perhaps(); fsync(file); perhaps()
def half(file, content):
    if len(content) > 8 and count + 1 == kill:
        write(file, bytes(content)[: len(content) // 2])
    perhaps()
    return write(file, content)
"""
APPEND = (
    HARNESS
    + """
from lfr_eval.contract.ledger import Ledger
from lfr_eval.contract.writing import written_aside
from pathlib import Path
os.fsync, os.write = slow, half
sys.addaudithook(hook)
Ledger(Path(sys.argv[2]) / "approvals.jsonl").append({"what": "second"})
"""
)
REGISTER = (
    HARNESS
    + """
from lfr_eval.planning import freezing
from pathlib import Path
os.fsync, os.write = slow, half
sys.addaudithook(hook)
place = Path(sys.argv[2])
freezing.freeze(place / "plan.yaml", places=[f"paths.studies={place / 'studies'}"])
"""
)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forked]:
    """Processes that have imported and solved what a registration needs before it writes."""
    plan = plan_file(tmp_path_factory.mktemp("prepared"))
    studies = [f"paths.studies={plan.parent / 'studies'}"]
    forked = Forked(
        "from pathlib import Path\n"
        "from lfr_eval.planning import freezing\n"
        f"freezing.freeze(Path({str(plan)!r}), places={studies!r})"
    )
    yield forked
    forked.close()


def killed(python: Forked, code: str, kill: int, folder: Path) -> bool:
    """Run code that dies at a moment; whether it came to its end."""
    status = python.begin(code, str(kill), str(folder)).wait()
    assert status in (0, -9)
    return status == 0


def test_a_kill_inside_an_entry_leaves_a_ledger_that_is_whole(
    tmp_path: Path, python: Forked
) -> None:
    kill, ended, torn = 0, False, 0
    while not ended:
        kill += 1
        folder = tmp_path / str(kill)
        folder.mkdir()
        ledger = Ledger(folder / "approvals.jsonl")
        ledger.append({"what": "first"})
        ended = killed(python, APPEND, kill, folder)
        before = [entry.values["what"] for entry in ledger.entries()]
        assert before in (["first"], ["first", "second"])
        torn += not ledger.path.read_bytes().endswith(b"\n")
        ledger.append({"what": "third"})
        assert [entry.values["what"] for entry in ledger.entries()] == [*before, "third"]
    assert kill > 3
    assert torn > 0


def test_a_full_disk_leaves_the_ledger_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    from lfr_eval.contract.ledger import LedgerError

    ledger = Ledger(tmp_path / "approvals.jsonl")
    ledger.append({"what": "first"})
    whole, write = ledger.path.read_bytes(), os.write

    def full(file: int, content: bytes) -> int:
        write(file, bytes(content)[:9])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(LedgerError, match="No space left"):
        ledger.append({"what": "second"})
    assert ledger.path.read_bytes() == whole


def test_what_a_kill_left_of_a_file_goes_when_the_file_is_written_again(
    tmp_path: Path, python: Forked
) -> None:
    code = (
        HARNESS
        + """
from lfr_eval.contract.writing import written_aside
from pathlib import Path
os.fsync, os.write = slow, half
with written_aside(Path(sys.argv[2]) / "a[1].csv", new=sys.argv[1] != "9") as aside:
    aside.write_text("half" if kill else "whole")
    perhaps()
"""
    )
    file = tmp_path / "a[1].csv"
    for kill in (1, 2):
        assert not killed(python, code, kill, tmp_path)
        assert [path.suffix for path in tmp_path.iterdir()] == [".aside"]
    for_another = tmp_path / ".a[1].csv.2.aside.csv"
    for_another.touch()
    assert killed(python, code, 0, tmp_path)
    assert {file, for_another} == set(tmp_path.iterdir())
    assert file.read_text() == "whole"
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError), written_aside(file, new=True):
        pass
    assert {file, for_another} == set(tmp_path.iterdir())


@pytest.mark.slow
def test_a_kill_inside_a_registration_leaves_none_or_a_whole_one(
    tmp_path: Path, python: Forked
) -> None:
    kill, ended = 0, False
    while not ended:
        kill += 1
        folder = tmp_path / str(kill)
        folder.mkdir()
        plan = plan_file(folder)
        ended = killed(python, REGISTER, kill, folder)
        file = folder / "plan.registration.json"
        if not file.exists():
            assert killed(python, REGISTER, 0, folder)
        assert read_registration(file).plan_file == plan.name
        assert json.loads(file.read_text())["seal"]
        left = {path.name for path in folder.iterdir()} - {"studies", plan.name, file.name}
        assert left == set()
    assert kill > 2
