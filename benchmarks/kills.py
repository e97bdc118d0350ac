"""SIGKILL at random moments of commands, and what is there after the command is run again.

    python benchmarks/kills.py [--moments 40] [--only run track]
    python benchmarks/kills.py --writes [--moments 40] [--seconds 1800] [--record FILE]
    python benchmarks/kills.py --every --only run

Each command is run twice undisturbed, for its duration and its results. Then it is started, killed
at a moment drawn between its beginning and its end, and run again if it was killed. A fault is:
another result than undisturbed, a study, ledger or registration that its check calls changed, a
file or a run of MLflow that is left over, or a second try that fails. Commands run in forks of a
process that has imported everything, so that moments fall into work and not into imports.

With `--writes`, a command dies just before it opens a file for writing, renames, deletes, makes or
shortens one, or waits for the disk: at `--moments` of its writes (0: all), in an order that covers
them evenly wherever it stops. Each kill is a line on the screen and in the file `--record`; kills
that this file already holds are not repeated. After `--seconds`, no further kill is begun.

With `--every`, a copy of one process is killed at every write, and the process goes on to the
next. Where a kill leaves the very same files as the one before it, the command is not run again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from killed_commands import CASES, Case, study_of
from killing import at_every_write, forked

from lfr_eval.contract.writing import ASIDE
from lfr_eval.registry.registering import OWNER


def left_in(folder: Path) -> list[str]:
    """Return what a process left that died while it was writing."""
    return [
        f"left: {path.relative_to(folder)}"
        for path in folder.rglob("*")
        if ASIDE.fullmatch(path.name) or path.name in (".next", ".ready") or ".torn-" in path.name
    ]


def results_of(case: Case, folder: Path) -> tuple[str, list[str]]:
    """Read the results in a fork: MLflow keeps databases open, which must not be copied open."""
    file = folder.parent / "results.json"
    file.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        try:
            found = case.results(folder)
        except BaseException as error:
            found = ("unreadable", [f"{type(error).__name__}: {error}"])
        file.write_text(json.dumps(found))
        os._exit(0)
    os.waitpid(child, 0)
    found, faults = json.loads(file.read_text())
    return found, faults


def again(case: Case, folder: Path, words: Sequence[str]) -> None:
    """Run a command a second time."""
    try:
        forked(folder, words)
    except RuntimeError as error:
        if not case.done or case.done not in str(error):
            raise


def fresh(place: Path, template: Path) -> Path:
    """Return a copy of a prepared folder, under the one name that its contents may know."""
    folder = place / "work"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template, folder, symlinks=True)
    return folder


@dataclass(frozen=True)
class Undisturbed:
    """What a command does when nobody kills it.

    Attributes
    ----------
    template
        The folder before it, to be copied.
    words
        The command.
    results
        What is there after it.
    seconds
        How long it takes.
    writes
        How many writes it makes; 0: not counted.
    faults
        What is wrong without any kill.
    """

    template: Path
    words: Sequence[str]
    results: str
    seconds: float
    writes: int
    faults: Sequence[str]


def undisturbed(name: str, place: Path, count: bool) -> Undisturbed:
    """Prepare a command's folder, and run it twice."""
    case = CASES[name]
    template, work = place / f"{name} template", place / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    case.before(work)
    words = [
        word.replace("TRIAL", study_of(work).name) if "TRIAL" in word else word
        for word in case.words
    ]
    shutil.copytree(work, template, symlinks=True)
    takes, answers = [], []
    for _ in range(2):
        folder = fresh(place, template)
        began = time.monotonic()
        forked(folder, words)
        takes.append(time.monotonic() - began)
        answers.append(results_of(case, folder))
    if count:
        forked(fresh(place, template), words, write=0)
    writes = int((place / "writes").read_text()) if count else 0
    results, faults = answers[0]
    faults += [] if answers[1][0] == results else ["two undisturbed runs differ"]
    # The first run of a process may wait for the disk, so that moments would come too late.
    return Undisturbed(template, words, results, min(takes), writes, faults)


def killed(
    case: Case, known: Undisturbed, place: Path, at: float | None, write: int | None
) -> tuple[bool, list[str]]:
    """Kill a command at a moment or a write; return whether it died, and what is wrong then."""
    folder = fresh(place, known.template)
    try:
        died = not forked(folder, known.words, at, write)
    except RuntimeError as error:
        return False, [str(error)]
    return died, wrong_in(case, known, folder, died)


def wrong_in(case: Case, known: Undisturbed, folder: Path, died: bool) -> list[str]:
    """Run a command again if it was killed; return what is wrong then."""
    wrong: list[str]
    try:
        if died:
            again(case, folder, known.words)
        found, wrong = results_of(case, folder)
    except Exception as error:
        found, wrong = known.results, [f"{type(error).__name__}: {error}"]
    if found != known.results:
        rows, asked = found.split("\n"), known.results.split("\n")
        more, fewer = (sorted({*a} - {*b}) for a, b in ((rows, asked), (asked, rows)))
        wrong.append(f"{more} instead of {fewer}")
    return wrong + left_in(folder)


def killed_at_every_write(
    name: str, known: Undisturbed, place: Path, record: Record, until: float
) -> None:
    """Kill a command at every write of one run."""
    work, held, before = fresh(place, known.template), place / "held", ""
    for number, alive, dead in at_every_write(work, known.words):
        said = f"write {number}"
        state = files_of(work)
        if state == before:
            record.add(name, said, True, [], "the same files as at the write before")
        elif (name, said) not in record.tried:
            # The process that goes on keeps the folder that it has open.
            work.rename(held)
            shutil.copytree(held, work, symlinks=True)
            begun_by(work, alive, dead)
            record.add(name, said, True, wrong_in(CASES[name], known, work, True))
            shutil.rmtree(work)
            held.rename(work)
        before = state
        if time.monotonic() > until:
            break


def begun_by(folder: Path, alive: int, dead: int) -> None:
    """Let what was begun bear the number of the process that is dead, not of its twin."""
    for aside in [*folder.rglob(f".*.{alive}.aside")]:
        aside.rename(aside.with_name(aside.name.replace(f".{alive}.", f".{dead}.")))
    for database in folder.rglob("mlflow.db"):
        with closing(sqlite3.connect(database)) as store, store:
            for table in ("tags", "model_version_tags"):
                store.execute(
                    f"UPDATE {table} SET value = replace(value, ?, ?) WHERE key = ?",
                    (f" {alive}", f" {dead}", OWNER),
                )


def files_of(folder: Path) -> str:
    """Return a hash of all names and contents in a folder."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        kind = "link" if path.is_symlink() else "file" if path.is_file() else "other"
        total.update(f"{path.relative_to(folder)}\0{kind}\0".encode())
        if kind == "file":
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def evenly(count: int, wanted: int) -> Iterator[int]:
    """Yield numbers from 1 to `count`: the ends, their middle, the middles of the halves, ..."""
    seen: set[int] = set()
    wanted = min(count, wanted or count)
    for step in range(count.bit_length() + 1):
        for part in range(2**step + 1):
            number = 1 + round(part * (count - 1) / 2**step)
            if number not in seen and len(seen) < wanted:
                seen.add(number)
                yield number


FINE = "as undisturbed"


class Record:
    """Every kill that was tried, as lines of a file."""

    def __init__(self, file: Path | None) -> None:
        self.file = file
        lines = file.read_text().splitlines() if file is not None and file.exists() else []
        self.tried = {(one["command"], one["moment"]): one for one in map(json.loads, lines)}

    def add(
        self, command: str, moment: str, died: bool, faults: Sequence[str], fine: str = FINE
    ) -> None:
        """Note a kill, and print it; `fine` is said where there is no fault."""
        one = {"command": command, "moment": moment, "died": died, "faults": list(faults)}
        self.tried[command, moment] = one
        said = "; ".join(faults) if faults else fine
        print(f"{command}: {moment}: {'killed' if died else 'it ended before'}, {said}", flush=True)
        if self.file is not None:
            with self.file.open("a") as file:
                file.write(json.dumps(one) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--moments", type=int, default=40)
    parser.add_argument("--only", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--writes", action="store_true")
    parser.add_argument("--every", action="store_true")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--record", type=Path)
    asked = parser.parse_args()
    until, record, counts = time.monotonic() + asked.seconds, Record(asked.record), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder).resolve()
        for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME"):
            # Below what is copied: caches are part of what must come out the same.
            os.environ[name] = str(place / "work" / name)
        os.environ.pop("MLFLOW_TRACKING_URI", None)
        for name in asked.only:
            if time.monotonic() < until:
                counts[name] = tried(name, asked, place, record, until)
    every = [one for one in record.tried.values() if one["command"] in asked.only]
    for name in asked.only:
        of = f" of {counts[name]} writes" if counts[name] else ""
        own = [one for one in every if one["command"] == name]
        print(
            f"{name}: {len(own)}{of} tried, {sum(one['died'] for one in own)} killed, "
            f"{sum(len(one['faults']) for one in own)} faults"
        )
    faults = sum(len(one["faults"]) for one in every)
    print(f"{len(every)} tried, {faults} faults")
    return 1 if faults else 0


def tried(name: str, asked: argparse.Namespace, place: Path, record: Record, until: float) -> int:
    """Kill a command until the moments or the time are used up; return how many writes it has."""
    known = undisturbed(name, place, asked.writes or asked.every)
    if known.faults:
        record.add(name, "undisturbed", False, known.faults)
    if asked.every:
        killed_at_every_write(name, known, place, record, until)
        return known.writes
    chance = random.Random(f"{asked.seed} {name}")
    drawn = (chance.uniform(0, 1) for _ in range(asked.moments))
    for moment in evenly(known.writes, asked.moments) if asked.writes else drawn:
        at = None if asked.writes else moment * known.seconds
        said = f"{moment:.3f} of its time" if at is not None else f"write {moment}"
        if (name, said) in record.tried:
            continue
        if time.monotonic() > until:
            break
        died, faults = killed(CASES[name], known, place, at, moment if asked.writes else None)
        record.add(name, said, died, faults)
    shutil.rmtree(known.template)
    return known.writes


if __name__ == "__main__":
    sys.exit(main())
