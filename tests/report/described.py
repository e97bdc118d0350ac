"""`study.json` and `provenance.json` of the study folders that `builders` writes."""

from __future__ import annotations

import json
from collections.abc import Sequence

from lfr_eval.contract.record import StudyRecord, to_record
from tests.report.labels import PRIMARY, SIZES, Labels


def make_record(
    simulated: bool,
    labels: Labels,
    thresholds: Sequence[float],
    operating: float | None,
    title: str,
) -> dict[str, object]:
    """Return the content of study.json."""
    return {
        "title": title,
        "question": "Do false alerts and recognition differ by gender and ethnicity?",
        "study": "walk-past",
        "simulated": simulated,
        "matcher": {
            "name": "facenet",
            "fingerprint": "5f2b" * 16,
            "description": "InceptionResnetV1 trained on VGGFace2, faces found by MTCNN.",
            "score_range": [-1.0, 1.0],
        },
        "datasets": [
            {
                "name": "volunteers",
                "title": "Volunteers 2026",
                "origin": "Recruited for this study",
                "licence": "not for redistribution",
                "consent": "written, specific to this study",
                "lawful_basis": "explicit consent",
                "label_source": {"gender": "self_defined", "ethnicity": "self_defined"},
                "limits": ["Volunteers are paid and aware of the camera.", "Nobody is under 18."],
                "citation": "Volunteers dataset, 2026",
            }
        ],
        "design": {
            "name": "walk-past",
            "description": "Each volunteer walks past the camera ten times.",
            "watchlist_sizes": list(SIZES),
            "watchlist_members": "filler faces, balanced by gender and ethnicity",
        },
        "thresholds": {
            "values": list(thresholds),
            "primary": list(PRIMARY),
            "operating": operating,
            "origin": "The operating threshold is the one in force since July 2024.",
        },
        "factors": ["gender", "ethnicity", *(["gender x ethnicity"] if labels.crossed else [])],
        "inference": {
            "level": 0.95,
            "alpha": 0.05,
            "margin": 1.5,
            "seed": 20260504,
            "reference_groups": {"gender": labels.genders[-1], "ethnicity": labels.ethnicities[-1]},
        },
        "notes": ["The second camera failed on day two; its passes are left out."],
        "data_digest": "ab12" * 16,
        "started": "2026-05-10T09:00:00+00:00",
        "finished": "2026-05-10T09:01:12+00:00",
    }


def record_of(**changes: object) -> StudyRecord:
    """Return the record of a study of nobody simulated, with other fields."""
    content = make_record(False, Labels(), PRIMARY, None, "Study")
    return to_record(json.dumps({**content, **changes}), "study.json")


def make_provenance(study: dict[str, object]) -> dict[str, object]:
    """Return the content of provenance.json, with settings that must not be shown."""
    return {
        "study_hash": "c0ffee" * 10 + "c0ff",
        "files": {"rates.parquet": "11" * 32, "findings.parquet": "22" * 32},
        "matcher": {"name": "facenet", "fingerprint": "5f2b" * 16},
        "dataset_digest": study["data_digest"],
        "config": {
            "dataset": {"name": "volunteers", "path": "/home/evaluator/volunteers/people.csv"},
            "tracking": {"uri": "sqlite:////home/evaluator/mlflow.db"},
            "thresholds": {"primary": [0.56, 0.6, 0.64]},
        },
        "seeds": {"cohort": 7},
        "git_revision": "0123abcd" * 5,
        "packages": {"numpy": "2.4.1", "torch": "2.9.0"},
        "hardware": {"cpu": "x86_64, 2 cores", "hostname": "evaluators-laptop"},
        "started": "2026-05-10T09:00:00+00:00",
        "finished": "2026-05-10T09:01:12+00:00",
    }
