"""Mutated ledgers, plans, policies, study files, templates and records of deployments, counted.

    python benchmarks/fuzz_trust.py [--seed 17] [--part 0.1]

A mutation flips, cuts, doubles or swaps bytes, or puts in what is known to hurt. A reader may
accept the file, or refuse it in one sentence (a `MendableError`); anything else is a fault, and so
is a run of more than ten seconds, a file that appears, or the text of an environment variable in an
answer. A row of deployments that is neither read nor said to be passed over is a fault too.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))

from lfr_eval.config import DesignConfig, PolicyConfig
from lfr_eval.config.chosen import read_policy
from lfr_eval.contract.decisions import decisions_of
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.keys import new_key
from lfr_eval.contract.ledger import Ledger
from lfr_eval.contract.sealing import read_sealed, seal, verify
from lfr_eval.contract.swapping import contents
from lfr_eval.deployments.importing import import_records
from lfr_eval.finished.approvers import register_key
from lfr_eval.matchers.templates import TemplateFile
from lfr_eval.study.registration import overrides_of, read_plan
from tests.deployments.grids import HEADINGS, row, write_csv

COUNTS = {
    "ledgers": 400, "plans": 300, "study files": 200, "policies": 100, "templates as npz": 200,
    "templates as Parquet": 200, "records of deployments": 600,
}  # fmt: skip
SECRET = "a-secret-of-the-environment"
HURTS = (
    *("${oc.env:LFR_EVAL_FUZZ}", "!!python/object/apply:os.system [touch executed]", "\u2028"),
    *("[" * 4_000, '{"a":' * 4_000, "\x00", "\ud7ff", ".inf", ".nan", "1e999", "&a [*a]", "null"),
    *("{_target_: os.system}", "../../etc/passwd", "-1", "true", "''", "9" * 5_000, "\r", "\n"),
)
PLAN = {
    "title": "A", "question": "B", "hypotheses": ["C"], "who": "D", "contact": "E",
    "experiment": "rehearsal", "factors": ["gender"], "reference_groups": {"gender": "male"},
    "primary": {"metrics": ["FPIR"], "thresholds": [0.5]}, "margin": 1.5,
    "sample": {"recruitment": "none"}, "stopping": "fixed", "overrides": ["dataset.seed=7"],
    "exclusions": [{"subject_id": "p1", "reason": "withdrew"}],
}  # fmt: skip
DECISION = {
    "decided": "2026-05-01T00:00:00+00:00", "model": "m", "version": "1", "fingerprint": "ab",
    "threshold": 0.5, "approver": "Dr Grey", "role": "panel", "proposer": "B", "study": "s",
    "study_hash": "cd", "findings": {}, "conditions": [], "expires": None, "withdrawn": False,
}  # fmt: skip


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Return content with one to three changes."""
    made = bytearray(content)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(made) + 1)
        what = chance.randrange(5)
        if what == 0 and made:
            made[at % len(made)] ^= 1 << chance.randrange(8)
        elif what == 1:
            del made[at : at + chance.randint(1, 40)]
        elif what == 2:
            made[at:at] = made[at : at + chance.randint(1, 200)]
        elif what == 3:
            made[at:at] = chance.choice(HURTS).encode()
        else:
            end = made.find(b"\n", at)
            made[at : end if end > 0 else len(made)] = chance.choice(HURTS).encode()
    return bytes(made)


def tried(read: Callable[[], object]) -> str:
    """Return what became of a file: accepted, refused, or a fault."""
    signal.alarm(10)
    try:
        answer = repr(read())
    except MendableError as error:
        answer = "refused"
        if SECRET in str(error):
            return "FAULT: reads the environment"
    except Exception as error:
        return f"FAULT: {type(error).__name__}: {str(error)[:80]}"
    finally:
        signal.alarm(0)
    if SECRET in answer:
        return "FAULT: reads the environment"
    return "refused" if answer == "refused" else "accepted"


def ledgers(folder: Path) -> tuple[Path, Callable[[], object]]:
    ledger, key = Ledger(folder / "approvals.jsonl"), new_key(folder / "key.pem")
    register_key(ledger, "Dr Grey", "panel", key.public, key)
    for _ in range(3):
        ledger.append(DECISION, key)
    return ledger.path, lambda: decisions_of(ledger.entries())


def plans(folder: Path) -> tuple[Path, Callable[[], object]]:
    file = folder / "plan.yaml"
    file.write_text(yaml.safe_dump(PLAN))
    return file, lambda: overrides_of(read_plan(file))


def policies(folder: Path) -> tuple[Path, Callable[[], object]]:
    file = folder / "policy.yaml"
    file.write_text(yaml.safe_dump(vars(PolicyConfig()), sort_keys=False))
    return file, lambda: read_policy([f"policy={file}"])


def study_files(folder: Path) -> tuple[Path, Callable[[], object]]:
    study = folder / "study"
    study.mkdir()
    (study / "stages.json").write_text("{}")
    (study / "study.json").write_text(json.dumps({"title": "A", "design": vars(DesignConfig())}))
    seal(study, {"config": {"inference": {"alpha": 0.05}}, "git_revision": "a"})

    def read() -> object:
        problems = verify(study)
        if not problems:
            raise AssertionError("a change was not noticed")
        return problems, sorted(contents(study)[0]), read_sealed(study)["study_hash"]

    return study / "provenance.json", read


def templates(folder: Path, kind: str) -> tuple[Path, Callable[[], object]]:
    names = [f"p{number}" for number in range(12)]
    vectors = np.random.default_rng(1).normal(size=(12, 8)).astype(np.float32)
    file, images = folder / f"templates{kind}", pd.DataFrame({"image_id": names})
    if kind == ".npz":
        np.savez(file, image_id=names, template=vectors)
    else:
        images.assign(template=list(vectors)).to_parquet(file)

    def read() -> object:
        made = TemplateFile(file).templates(images)
        if len(made.acquisition) != len(names):
            raise AssertionError("an image was dropped")
        return made

    return file, read


def deployments(folder: Path) -> tuple[Path, Callable[[], object]]:
    days = [[*row("Croydon", f"{day:02d}/01/2024"), "Kent"] for day in range(1, 13)]
    file = write_csv(folder / "records.csv", days, [*HEADINGS, "Force"])

    def read() -> object:
        made = import_records([file])
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            wanted = sum(any(map(str.strip, cells)) for cells in csv.reader(lines)) - 1
        if len(made.records) < wanted and not made.passed_over:
            raise AssertionError(f"{wanted - len(made.records)} rows were dropped in silence")
        return made

    return file, read


KINDS = {
    "ledgers": ledgers, "plans": plans, "study files": study_files, "policies": policies,
    "templates as npz": lambda folder: templates(folder, ".npz"),
    "templates as Parquet": lambda folder: templates(folder, ".parquet"),
    "records of deployments": deployments,
}  # fmt: skip


def main() -> int:
    """Try every kind; 1 where there is a fault."""
    os.environ["LFR_EVAL_FUZZ"] = SECRET
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--part", type=float, default=1.0, help="share of the files to try")
    given = parser.parse_args()
    chance, faults = random.Random(given.seed), 0
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        for kind, make in KINDS.items():
            folder = Path(place, kind)
            folder.mkdir()
            file, read = make(folder)
            content, found = file.read_bytes(), Counter[str]()
            number = round(COUNTS[kind] * given.part)
            for _ in range(number):
                changed = mutated(content, chance)
                if kind == "study files" and _same(changed, content):
                    changed = content + b"x"
                file.write_bytes(changed)
                found[tried(read)] += 1
            faults += sum(count for said, count in found.items() if said.startswith("FAULT"))
            print(f"{kind}: {number} mutated; {dict(found)}")
        executed = Path(place, "executed").exists()
    print(f"{faults} faults; {'code was executed' if executed else 'nothing was executed'}")
    return 1 if faults or executed else 0


def _same(first: bytes, second: bytes) -> bool:
    """Whether two JSON files say the same, so that nothing is there to notice."""
    try:
        return bool(json.loads(first) == json.loads(second))
    except (ValueError, RecursionError):
        return False


if __name__ == "__main__":
    sys.exit(main())
