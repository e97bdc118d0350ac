"""SIGKILL at random moments of six commands, and what is there after the command is run again.

    python benchmarks/kills.py [--moments 40] [--only run track]

Each command is run once undisturbed, for its duration and its results. Then it is started, killed
at a moment drawn between its beginning and its end, and run again if it was killed. A fault is:
another result than undisturbed, a study, ledger or registration that its check calls changed, a
file or a run of MLflow that is left over, or a second try that fails. Commands run in forks of a
process that has imported everything, so that moments fall into work and not into imports.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import yaml

import lfr_eval.report.document
import lfr_eval.report.pdf
import lfr_eval.study.run
import lfr_eval.tracking.runs  # noqa: F401
from lfr_eval.cli.main import main as command
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.ledger import Ledger
from lfr_eval.contract.writing import ASIDE
from lfr_eval.matchers import make_matcher
from lfr_eval.study.registration import read_registration
from tests.engine.studies import THRESHOLD, sealed
from tests.studies import SMALL
from tests.test_foreign import PLAN

TIMES = ("started", "finished", "registered_at", "decided")
STUDY = (
    *(*SMALL, "dataset.people=30", "dataset.fillers=100", "design.watchlist_sizes=[100]"),
    *("name=trial", "tracking=none", "report.pdf=false", "paths.studies=studies"),
)
MATCHER = ("matcher=null_matcher", "matcher.salt=one", "name=lfr-null")


def forked(folder: Path, words: Sequence[str], after: float | None = None) -> bool:
    """Run a command in a folder; kill it after so many seconds. Whether it came to its end.

    Raises
    ------
    RuntimeError
        If it ended otherwise than by the kill, and not well.
    """
    child = os.fork()
    if child == 0:
        status = 70
        with contextlib.suppress(BaseException):
            os.setsid()
            os.chdir(folder)
            with (folder.parent / "said").open("w") as said:
                os.dup2(said.fileno(), 1)
                os.dup2(said.fileno(), 2)
            try:
                status = command(list(words))
            except SystemExit as end:
                status = int(end.code or 0)
        os._exit(status)
    until = None if after is None else time.monotonic() + after
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        if until is not None and time.monotonic() >= until:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return False
        time.sleep(0.002)
    if status:
        said = (folder.parent / "said").read_text()[-800:]
        raise RuntimeError(f"{' '.join(words)} ended with {status}: {said}")
    return True


def of_tables(study: Path) -> str:
    """Return a hash of all that a study found: every table, and its record but for the times."""
    total = hashlib.sha256()
    for path in sorted(study.glob("*.parquet")):
        total.update(path.name.encode() + path.read_bytes())
    record = json.loads((study / "study.json").read_text("utf-8"))
    total.update(json.dumps({k: v for k, v in record.items() if k not in TIMES}).encode())
    return total.hexdigest()


def left_in(folder: Path) -> list[str]:
    """Return what a process left that died while it was writing."""
    return [
        f"left: {path.relative_to(folder)}"
        for path in folder.rglob("*")
        if ASIDE.fullmatch(path.name) or path.name in (".next", ".ready") or ".torn-" in path.name
    ]


def study_of(folder: Path) -> Path:
    (found,) = (folder / "studies").glob("trial*")
    return found


def of_study(folder: Path) -> tuple[str, list[str]]:
    """Return a study's results and what is wrong with it."""
    opened = StudyFolder(study_of(folder))
    names = sorted(path.name for path in opened.path.iterdir() if path.name != ".lock")
    faults = [*opened.verify(), *(f"left: {name}" for name in opened.leftovers())]
    return f"{of_tables(opened.path)} {names}", faults


def of_report(folder: Path) -> tuple[str, list[str]]:
    found, faults = of_study(folder)
    page = (study_of(folder) / "report.html").read_bytes()
    return f"{found} {hashlib.sha256(page).hexdigest()}", faults


def runs_of(folder: Path) -> Counter[str]:
    """Return how many runs of each status MLflow holds."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{folder / 'studies' / 'mlflow.db'}")
    known = [each.experiment_id for each in client.search_experiments()]
    return Counter(str(run.info.status) for run in client.search_runs(known))


def of_tracking(folder: Path) -> tuple[str, list[str]]:
    runs = runs_of(folder)
    _, faults = of_study(folder)
    return str(dict(runs)), faults


def of_plan(folder: Path) -> tuple[str, list[str]]:
    read = read_registration(folder / "plan.registration.json")
    names = sorted(path.name for path in folder.iterdir())
    return f"{read.plan_sha256} {names}", []


def of_ledger(folder: Path) -> tuple[str, list[str]]:
    from lfr_eval.finished.approvals import approvals, standing
    from lfr_eval.registry.versions import APPROVAL, find_version

    ledger = Ledger(folder / "studies" / "approvals.jsonl")
    version = find_version("models:/lfr-null/1", f"sqlite:///{folder / 'studies' / 'mlflow.db'}")
    from datetime import UTC, datetime

    found = standing(approvals(ledger, version), THRESHOLD, datetime.now(UTC).date())
    faults = [] if found else ["no approval stands"]
    last = ledger.entries()[-1]
    if version.tags.get(APPROVAL) != last.sha256:
        faults.append("the registry does not name the last decision")
    return f"approved at {found[0].threshold if found else None}", faults


def of_registry(folder: Path) -> tuple[str, list[str]]:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{folder / 'studies' / 'mlflow.db'}")
    versions = client.search_model_versions("name = 'lfr-null'")
    alias = client.get_model_version_by_alias("lfr-null", "candidate")
    faults = [f"half a version {each.version}" for each in versions if "owner" in each.tags]
    return f"{len(versions)} versions, {alias.tags['fingerprint']}, {dict(runs_of(folder))}", faults


@dataclass(frozen=True)
class Case:
    """A command, what must be there before, and how its results are read."""

    words: tuple[str, ...]
    before: Callable[[Path], None]
    results: Callable[[Path], tuple[str, list[str]]]
    done: str = ""
    """What the second try may say instead: the first one had done it already."""


def nothing(folder: Path) -> None:
    (folder / "studies").mkdir()


def a_study(folder: Path) -> None:
    forked(folder, ["run", *STUDY])


def a_plan(folder: Path) -> None:
    nothing(folder)
    (folder / "plan.yaml").write_text(yaml.safe_dump(PLAN))


def a_version(folder: Path) -> None:
    nothing(folder)
    forked(folder, ["engine", "register", *MATCHER])
    fingerprint = make_matcher("null", salt="one").card.fingerprint
    sealed(folder / "studies" / "trial", fingerprint=fingerprint)


CASES = {
    "run": Case(("run", *STUDY), nothing, of_study),
    "report": Case(("report", "studies/TRIAL"), a_study, of_report),
    "track": Case(("track", "studies/TRIAL"), a_study, of_tracking),
    "plan register": Case(("plan", "register", "plan.yaml"), a_plan, of_plan, "was registered at"),
    "approve": Case(
        (
            *("approve", "studies/TRIAL", "--threshold", str(THRESHOLD), "--by", "Dr Grey"),
            *("--role", "panel", "--proposer", "A. Brown", "--model", "models:/lfr-null/1"),
        ),
        *(a_version, of_ledger),
    ),
    "engine register": Case(("engine", "register", *MATCHER), nothing, of_registry),
}


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


def tried(name: str, moments: int, chance: random.Random, place: Path) -> tuple[int, list[str]]:
    """Kill a command at random moments; return how often it died, and every fault."""
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
    # The first run of a process may wait for the disk, so that moments would come too late.
    wanted, faults = answers[0]
    faults += [] if answers[1][0] == wanted else ["two undisturbed runs differ"]
    takes = min(takes)
    died = 0
    for moment in range(moments):
        folder = fresh(place, template)
        at = chance.uniform(0, takes)
        try:
            if not forked(folder, words, at):
                died += 1
                again(case, folder, words)
            found, wrong = results_of(case, folder)
        except Exception as error:
            found, wrong = wanted, [f"{type(error).__name__}: {error}"]
        wrong += [f"{found} instead of {wanted}"] if found != wanted else []
        wrong += left_in(folder)
        faults += [f"{name}, moment {moment} ({at:.3f} s of {takes:.3f}): {one}" for one in wrong]
    return died, faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--moments", type=int, default=40)
    parser.add_argument("--only", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance, every = random.Random(asked.seed), []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder).resolve()
        for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME"):
            os.environ[name] = str(place / name)
        os.environ.pop("MLFLOW_TRACKING_URI", None)
        for name in asked.only:
            began = time.monotonic()
            died, faults = tried(name, asked.moments, chance, place)
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
