"""Manifests of generated noise, so that no test needs a face."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

COLUMNS = ("image_id", "subject_id", "path", "role", "pass_id", "gender", "ethnicity", "age")


def noise(path: Path, seed: int, size: tuple[int, int] = (24, 20)) -> Path:
    """Write an image of noise; the seed decides its content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def good_rows(folder: Path) -> list[dict[str, str]]:
    """Six rows without a problem, rows 2 to 7 of a spreadsheet: three people, one a filler."""
    people = [
        ("p1", "female", "W1", "31"),
        ("p1", "female", "W1", "31"),
        ("p2", "male", "B2", "45"),
        ("p2", "male", "B2", "46"),
        ("p3", "female", "NS", ""),
        ("p4", "", "", "NA"),
    ]
    rows = []
    for at, (person, gender, ethnicity, age) in enumerate(people):
        noise(folder / f"{at}.png", at)
        role = "filler" if person == "p4" else ("reference", "probe")[at % 2]
        cells = (f"i{at}", person, f"{at}.png", role, f"w{at}", gender, ethnicity, age)
        rows.append(dict(zip(COLUMNS, cells, strict=True)))
    return rows


def write(folder: Path, rows: Sequence[Mapping[str, str]], name: str = "people.csv") -> Path:
    """Write rows as CSV."""
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path
