"""The commands that `kills.py` kills: what must be there before, and how their results are read."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from killing import NOT_OURS, forked
from PIL import Image

from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.ledger import Ledger
from lfr_eval.matchers import make_matcher
from lfr_eval.study.registration import read_registration
from tests.engine.studies import THRESHOLD, sealed
from tests.test_foreign import PLAN

TIMES = ("started", "finished", "registered_at", "decided")
STUDY = (
    *("dataset.people=12", "dataset.passes=2", "dataset.fillers=30", "design.watchlist_sizes=[30]"),
    *("thresholds.values=[0.45]", "thresholds.operating=0.45", "inference.factors=[gender]"),
    *("name=trial", "tracking=none", "report.pdf=false", "paths.studies=studies"),
)
"""The smallest study: it makes as many writes as a larger one."""
MATCHER = ("matcher=null_matcher", "matcher.salt=one", "name=lfr-null")


def of_tables(study: Path) -> str:
    """Return a hash of all that a study found: every table, and its record but for the times."""
    total = hashlib.sha256()
    for path in sorted(study.glob("*.parquet")):
        total.update(path.name.encode() + path.read_bytes())
    record = json.loads((study / "study.json").read_text("utf-8"))
    total.update(json.dumps({k: v for k, v in record.items() if k not in TIMES}).encode())
    return total.hexdigest()


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
        others = name.endswith(NOT_OURS) or "matplotlib" in path.parts
        if not path.is_file() or others or path.name == ".lock":
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
    "withdraw": Case(("withdraw", "person-03", "--yes"), own_people, of_files, "was not found"),
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
