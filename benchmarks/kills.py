"""SIGKILL at random moments of commands, and what is there after the command is run again.

    python benchmarks/kills.py [--moments 40] [--only run track]
    python benchmarks/kills.py --writes --moments 40 --only withdraw purge

Each command is run once undisturbed, for its duration and its results. Then it is started, killed
at a moment drawn between its beginning and its end, and run again if it was killed. A fault is:
another result than undisturbed, a study, ledger or registration that its check calls changed, a
file or a run of MLflow that is left over, or a second try that fails. Commands run in forks of a
process that has imported everything, so that moments fall into work and not into imports.

With `--writes`, a command dies just before it opens a file for writing, renames, deletes, makes or
shortens one, or waits for the disk: at so many of these, spread over all of them.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from killed_commands import CASES, Case, study_of
from killing import forked

from lfr_eval.contract.writing import ASIDE


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


def tried(
    name: str, moments: int, chance: random.Random, place: Path, writes: bool = False
) -> tuple[int, list[str]]:
    """Kill a command at random moments, or writes; return how often it died, and every fault."""
    case = CASES[name]
    template, work = place / f"{name} template", place / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    case.before(work)
    words = [
        word.replace("TRIAL", study_of(work).name) if "TRIAL" in word else word
        for word in case.words
    ]
    shutil.rmtree(template, ignore_errors=True)
    shutil.copytree(work, template, symlinks=True)
    takes, answers = [], []
    for _ in range(2):
        folder = fresh(place, template)
        began = time.monotonic()
        forked(folder, words)
        takes.append(time.monotonic() - began)
        answers.append(results_of(case, folder))
    count = 0
    if writes:
        forked(fresh(place, template), words, write=0)
        count = int((place / "writes").read_text())
    # The first run of a process may wait for the disk, so that moments would come too late.
    wanted, faults = answers[0]
    faults += [] if answers[1][0] == wanted else ["two undisturbed runs differ"]
    takes = min(takes)
    died = 0
    chosen = sorted({1 + k * (count - 1) // max(1, moments - 1) for k in range(moments)})
    for moment in chosen if writes else range(moments):
        folder = fresh(place, template)
        at = None if writes else chance.uniform(0, takes)
        try:
            if not forked(folder, words, at, moment if writes else None):
                died += 1
                again(case, folder, words)
            found, wrong = results_of(case, folder)
        except Exception as error:
            found, wrong = wanted, [f"{type(error).__name__}: {error}"]
        if found != wanted:
            rows, asked = found.split("\n"), wanted.split("\n")
            more, fewer = (sorted({*a} - {*b}) for a, b in ((rows, asked), (asked, rows)))
            wrong.append(f"{more} instead of {fewer}")
        wrong += left_in(folder)
        when = f"write {moment} of {count}" if at is None else f"{at:.3f} s of {takes:.3f}"
        faults += [f"{name}, {when}: {one}" for one in wrong]
    return died, faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--moments", type=int, default=40)
    parser.add_argument("--only", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--writes", action="store_true")
    asked = parser.parse_args()
    chance, every = random.Random(asked.seed), []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder).resolve()
        for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME"):
            # Below what is copied: caches are part of what must come out the same.
            os.environ[name] = str(place / "work" / name)
        os.environ.pop("MLFLOW_TRACKING_URI", None)
        for name in asked.only:
            began = time.monotonic()
            died, faults = tried(name, asked.moments, chance, place, asked.writes)
            every += faults
            print(
                f"{name}: {asked.moments} moments, {died} killed, {len(faults)} faults, "
                f"{time.monotonic() - began:.0f} s",
                flush=True,
            )
            for fault in faults:
                print(f"    {fault}", flush=True)
    print(f"{len(every)} faults")
    return 1 if every else 0


if __name__ == "__main__":
    sys.exit(main())
