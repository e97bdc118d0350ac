"""People, images, searches and scores of the study folders that `builders` writes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lfr_eval.contract import tables
from tests.report.labels import PASSES, PEOPLE_A_CELL, SIZES, Labels


def make_cohort(labels: Labels) -> pd.DataFrame:
    """Return people with one reference and ten probes each, some unlabelled, and fillers."""
    rows: list[dict[str, object]] = []
    person = 0
    for gender in labels.genders:
        for ethnicity in labels.ethnicities:
            for number in range(PEOPLE_A_CELL):
                person += 1
                stated = None if number == 0 else gender
                for image in range(1 + PASSES):
                    rows.append(make_image(person, image, stated, ethnicity))
    for number in range(300):
        rows.append(
            make_image(
                10_000 + number,
                0,
                labels.genders[number % len(labels.genders)],
                labels.ethnicities[number % min(3, len(labels.ethnicities))],
            )
        )
        rows[-1]["role"] = "filler"
    return tables.COHORT.conform(pd.DataFrame(rows))


def make_image(person: int, image: int, gender: str | None, ethnicity: str) -> dict[str, object]:
    """Return one row of the cohort."""
    return {
        "image_id": f"IMAGE-{person:05}-{image:02}",
        "subject_id": f"PERSON-{person:05}",
        "role": "reference" if image == 0 else "probe",
        "pass_id": f"PASS-{person:05}-{image:02}",
        "frame": 0,
        "session_id": "SESSION-1",
        "camera": "CAMERA-1",
        "captured_at": "2026-05-04T10:00:00",
        "gender": gender,
        "ethnicity": ethnicity,
        "age": 20.0 + person % 50,
        "age_band": None,
        "path": f"faces/PERSON-{person:05}/{image:02}.jpg",
        "digest": f"{person:032x}{image:032x}",
    }


def make_acquisition(cohort: pd.DataFrame) -> pd.DataFrame:
    """Return outcomes in which every 250th image fails, for one of two reasons."""
    place = np.arange(len(cohort))
    failed = place % 250 == 3
    reason = np.where(place % 500 == 3, "no face detected", "face too small")
    return tables.ACQUISITION.conform(
        pd.DataFrame(
            {
                "image_id": cohort["image_id"],
                "acquired": ~failed,
                "reason": pd.Series(reason).where(failed, None),
                "faces": np.where(failed, 0, 1),
            }
        )
    )


def make_searches(cohort: pd.DataFrame) -> pd.DataFrame:
    """Return one row a probe pass and watchlist size."""
    probes = cohort[cohort["role"] == "probe"]
    parts = [
        pd.DataFrame(
            {
                "pass_id": probes["pass_id"],
                "subject_id": probes["subject_id"],
                "watchlist_size": size,
                "frames": 1,
                "acquired": 1,
                "mated_score": 0.7,
                "score": 0.4,
                "reference_id": "IMAGE-10001-00",
                "reference_subject": "PERSON-10001",
                "rank": None,
                "left_out": 0,
            }
        )
        for size in SIZES
    ]
    return tables.SEARCHES.conform(pd.concat(parts))


def make_histogram() -> pd.DataFrame:
    """Return mated and non-mated scores in forty bins."""
    edges = np.linspace(-0.4, 1.0, 57)
    rows: list[tuple[object, ...]] = []
    for kind, mean, spread, total in (
        ("non_mated", 0.05, 0.11, 39_000_000),
        ("mated", 0.74, 0.09, 3_900),
    ):
        middle = (edges[:-1] + edges[1:]) / 2
        weights = np.exp(-((middle - mean) ** 2) / (2 * spread**2))
        counts = np.floor(total * weights / weights.sum()).astype(int)
        rows += [
            (kind, lower, upper, int(n))
            for lower, upper, n in zip(edges[:-1], edges[1:], counts, strict=True)
        ]
    return tables.HISTOGRAM.build(rows)
