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
import contextlib
import hashlib
import json
import os
import random
import re
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

import numpy as np
import yaml
from PIL import Image

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


WRITES = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.link", "os.symlink")
NOT_OURS = (".lock", "-journal", "-wal", "-shm", "mlflow.db", "said", ".pyc")
"""Ends of names that are no results: locks, and what SQLite writes and mends itself."""


def die_at(folder: Path, place: int) -> Callable[[], int]:
    """Make this process kill itself at a write below a folder; return what counts them."""
    count = 0

    def perhaps() -> None:
        nonlocal count
        count += 1
        if count == place:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, details: tuple[object, ...]) -> None:
        if event != "open" and event not in WRITES:
            return
        if not isinstance(details[0], str | os.PathLike):
            return
        name = str(folder / os.fspath(details[0]))
        if not name.startswith(str(folder)) or name.endswith(NOT_OURS):
            return
        if event != "open" or (isinstance(details[2], int) and details[2] & _WRITING):
            perhaps()

    synced = os.fsync

    def slow(file: int) -> None:
        perhaps()
        synced(file)

    os.fsync = slow
    sys.addaudithook(hook)
    return lambda: count


_WRITING = os.O_WRONLY | os.O_RDWR


def forked(
    folder: Path, words: Sequence[str], after: float | None = None, write: int | None = None
) -> bool:
    """Run a command in a folder; kill it after so many seconds. Whether it came to its end.

    Parameters
    ----------
    write
        The write at which it dies instead; 0: it counts them.

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
            counted = None if write is None else die_at(folder, write)
            with (folder.parent / "said").open("w") as said:
                os.dup2(said.fileno(), 1)
                os.dup2(said.fileno(), 2)
            try:
                status = command(list(words))
            except SystemExit as end:
                status = int(end.code or 0)
            if counted is not None:
                (folder.parent / "writes").write_text(str(counted()))
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
    if write and os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return False
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


def of_files(folder: Path) -> tuple[str, list[str]]:
    """Return the names and contents of what a command wrote, and what is wrong with the studies.

    Pages, documents and databases hold times: of those, only the end is looked at.
    """
    found, faults = [], []
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if not path.is_file() or name.endswith(NOT_OURS) or path.name == ".lock":
            continue
        content, kind = path.read_bytes(), path.suffix
        if kind in (".html", ".pdf", ".png"):
            ends = {".html": b"</html>", ".pdf": b"%%EOF", ".png": b"IEND"}[kind]
            content = b"" if ends in content[-64:] else b"cut off"
        elif kind in (".json", ".jsonl", ".yaml", ".csv", ".md", ""):
            content = re.sub(rb"[0-9a-f]{64}|20\d\d-[-0-9T:.+Z]{8,}", b"", content)
        found.append(f"{name} {hashlib.sha256(content).hexdigest()[:8]}")
    for study in (folder / "studies").glob("*/provenance.json"):
        opened = StudyFolder(study.parent)
        faults += [*opened.verify(), *(f"left: {each}" for each in opened.leftovers())]
    return "\n".join(found), faults


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


def two_studies(folder: Path) -> None:
    forked(folder, ["run", *STUDY])
    study_of(folder).rename(folder / "studies" / "first")
    forked(folder, ["run", *STUDY, "dataset.seed=2"])


def pictures(folder: Path) -> None:
    """Make a folder of pictures for each of twelve people, and a table of them."""
    nothing(folder)
    noise = np.random.default_rng(5)
    for number in range(12):
        own = folder / "faces" / f"person-{number:02}"
        own.mkdir(parents=True)
        for role in ("reference", "probe"):
            pixels = noise.integers(0, 255, (9, 9, 3), np.uint8)
            Image.fromarray(pixels).save(own / f"{role}.png")
    rows = [f"person-{n:02},{('female', 'male')[n % 2]}" for n in range(12)]
    (folder / "people.csv").write_text("\n".join(["subject,gender", *rows]) + "\n")


def own_people(folder: Path) -> None:
    pictures(folder)
    forked(folder, MANIFEST)
    forked(
        folder,
        [
            *("run", "~experiment", "dataset=manifest", "dataset.path=faces/manifest.csv"),
            *("matcher=null_matcher", "design=verification", "thresholds.values=[0.4]"),
            *("thresholds.operating=0.4", "inference.factors=[gender]", "name=trial"),
            *("tracking=none", "report.pdf=false", "paths.studies=studies"),
        ],
    )


def published(folder: Path) -> None:
    """Write published records of deployments."""
    nothing(folder)
    lines = ["Date,Location,Watchlist size,Faces seen,Alerts,True alerts,False alerts,Hours"]
    lines += [f"2025-0{m}-0{d},Croydon,9{m}00,1{d}000,6,5,1,6" for m in range(1, 7) for d in (1, 8)]
    (folder / "records.csv").write_text("\n".join(lines) + "\n")


def imported(folder: Path) -> None:
    published(folder)
    forked(folder, IMPORT)


MANIFEST = ("manifest", "faces", "people.csv", "--gender", "gender", "--reference", "reference")
IMPORT = ("deployments", "import", "records.csv", "--to", "records.parquet", "--force", "Kent")
SHARED = (
    *("sharing", "record", "--with", "University", "--what", "images", "--purpose", "a study"),
    *("--agreement", "A1", "--from", "2026-01-01", "--by", "Dr Grey", "--subject", "alice"),
)


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
    "thresholds": Case(
        ("thresholds", "studies/TRIAL", "max_fpir=0.9", "splits=1", "drift=[0.01]"),
        a_study,
        of_files,
    ),
    "compare": Case(
        ("compare", "studies/first", "studies/TRIAL", "--at-fpir", "0.1"), two_studies, of_files
    ),
    "annex": Case(("report", "studies/TRIAL", "--annex"), a_study, of_files),
    "publish": Case(
        ("report", "studies/TRIAL", "--publish", "--to", "published"), a_study, of_files
    ),
    "share": Case(
        ("report", "studies/TRIAL", "--share", "--to", "shared"), a_study, of_files, "exists"
    ),
    "withdraw": Case(("withdraw", "person-03", "--yes"), own_people, of_files, "There is no"),
    "purge": Case(("purge",), own_people, of_files),
    "manifest": Case((*MANIFEST, "--to", "new.csv"), pictures, of_files, "exists"),
    "templates export": Case(
        ("templates", "export", "studies/TRIAL", "--to", "templates.npz"),
        *(own_people, of_files, "exists"),
    ),
    "deployments import": Case(IMPORT, published, of_files),
    "deployments report": Case(
        ("deployments", "report", "records.parquet", "--to", "annual"), imported, of_files
    ),
    "deployments monitor": Case(
        ("deployments", "monitor", "records.parquet", "--limit", "0.5", "--to", "monitor.html"),
        *(imported, of_files),
    ),
    "sharing record": Case(SHARED, nothing, of_files, "already"),
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
