"""Sealed studies with rates and findings to order, for approvals, the gate and the field."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from lfr_eval.contract import tables
from lfr_eval.contract.folder import STAGES, StudyFolder
from lfr_eval.contract.provenance import Provenance
from tests.report import captured, described
from tests.report.labels import ETHNICITIES, GENDERS, SWEEP, Labels

FINGERPRINT = "5f2b" * 16
THRESHOLD = 0.64


def sealed(
    path: Path,
    upper: float | None = 0.0005,
    ratio: tuple[float | None, float | None] = (0.7, 1.5),
    verdict: str = "inconclusive",
    simulated: bool = False,
    finished: str = "2026-05-10T09:01:12+00:00",
    fingerprint: str = FINGERPRINT,
    registered: str = "none",
) -> StudyFolder:
    """Write and seal a study whose rates and findings at 0.64 are those given."""
    path.mkdir(parents=True)
    groups = [
        ("overall", "everybody"),
        *(("gender", group) for group in GENDERS),
        *(("ethnicity", group) for group in ETHNICITIES),
    ]
    rates = [
        (
            *("FPIR", threshold, size, None, factor, group, None, 2, 13_000, 1_300, 2),
            *(2 / 13_000, 1e-5, bound, 0.95, 13_000.0, "Wilson on effective trials"),
        )
        for factor, group in groups
        for threshold, bound in ((0.6, 0.02), (THRESHOLD, upper))
        for size in (1_000, 10_000)
    ]
    tables.RATES.build(rates).to_parquet(path / tables.RATES.file)
    made = {
        "metric": "FPIR",
        "threshold": THRESHOLD,
        "rate_a": 1e-4,
        "rate_b": 1e-4,
        "ratio": 1.0,
        "ratio_lower": ratio[0],
        "ratio_upper": ratio[1],
        "detectable_ratio": None,
        "verdict": verdict,
        "primary": True,
        "statement": "-",
        "registered": registered,
    }
    findings = [
        {
            **dict.fromkeys(tables.FINDINGS.names),
            **made,
            "finding_id": f"F-{size}-{group}",
            "watchlist_size": size,
            "factor": factor,
            "group_a": group,
            "group_b": reference,
        }
        for factor, group, reference in (
            ("gender", "female", "male"),
            ("ethnicity", "black", "white"),
            ("ethnicity", "asian", "white"),
        )
        for size in (1_000, 10_000)
    ]
    frame = tables.FINDINGS.conform(pd.DataFrame(findings))
    frame.to_parquet(path / tables.FINDINGS.file)
    labels = Labels()
    people = [captured.make_image(person, 1, "female", "white") for person in range(20)]
    tables.COHORT.conform(pd.DataFrame(people)).to_parquet(path / tables.COHORT.file)
    about = described.make_record(simulated, labels, SWEEP, THRESHOLD, "A trial")
    matcher = {**about["matcher"], "fingerprint": fingerprint}
    about = {**about, "finished": finished, "matcher": matcher}
    (path / "study.json").write_text(json.dumps(about))
    (path / STAGES).write_text("{}")
    folder = StudyFolder(path)
    folder.seal(Provenance.of(described.make_provenance(about)))
    return folder


def record(**values: object) -> dict[str, object]:
    """Return the record of a deployment, as a row of a CSV file."""
    return {
        "deployment_id": "2026-03-01-a",
        "date": "2026-03-01",
        "hours": 5.5,
        "threshold": THRESHOLD,
        "model_version": "lfr-matcher/3",
        "matcher_fingerprint": FINGERPRINT,
        "watchlist_size": 16_000,
        "faces_seen": 12_000,
        "counting_rule": "passes",
        "alerts": 10,
        "true_confirmed": 6,
        "true_unconfirmed": 1,
        "false_confirmed": 1,
        "false_unconfirmed": 0,
        **values,
    }


def write_records(path: Path, *rows: dict[str, object]) -> Path:
    pd.DataFrame(list(rows)).to_csv(path, index=False)
    return path


def write_people(folder: Path, people: int = 12) -> Path:
    """Write a manifest of pictures of noise, two of each person, and return it."""
    folder.mkdir()
    generator, rows = np.random.default_rng(3), []
    for person in range(people):
        for role in ("reference", "probe"):
            name = f"{person}-{role}.png"
            Image.fromarray(generator.integers(0, 255, (9, 9, 3), np.uint8)).save(folder / name)
            groups = ("female", "male")[person % 2], ("black", "white")[person // 2 % 2]
            rows.append((f"{person}-{role}", person, name, role, *groups))
    columns = ["image_id", "subject_id", "path", "role", "gender", "ethnicity"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "people.csv", index=False)
    return folder / "people.csv"
