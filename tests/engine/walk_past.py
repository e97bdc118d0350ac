"""A walk-past made of consenting people's portraits: scaled, moved and blurred, times known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageFilter

SIZE = (384, 216)
RATE = 5


@dataclass(frozen=True)
class Passer:
    """Somebody who walks past: the portrait, when, and on which side of the picture."""

    portrait: str
    start: float
    end: float
    left: bool = True


def frames(folder: Path, passers: Sequence[Passer], seconds: float) -> list[Image.Image]:
    """Return the pictures of a camera before which people come nearer as they pass."""
    rng = np.random.default_rng(1)
    slope = np.linspace(90, 170, SIZE[0])[None, :, None] * np.ones((SIZE[1], 1, 3))
    made = []
    for number in range(round(seconds * RATE)):
        noise = rng.normal(0, 4, (SIZE[1], SIZE[0], 3))
        drawn = Image.fromarray(np.clip(slope + noise, 0, 255).astype(np.uint8))
        for passer in passers:
            if passer.start <= number / RATE < passer.end:
                way = (number / RATE - passer.start) / (passer.end - passer.start)
                side = round(130 + 50 * way)
                face = _portrait(folder / passer.portrait).resize((side, side))
                # Out of focus far away, sharper when near; and a camera never quite in focus.
                face = face.filter(ImageFilter.GaussianBlur(1.2 - 0.6 * way))
                x = round(5 + 25 * way) + (0 if passer.left else SIZE[0] // 2)
                drawn.paste(face, (x, SIZE[1] - side - round(10 * (1 - way))))
        made.append(drawn)
    return made


@cache
def _portrait(file: Path) -> Image.Image:
    with Image.open(file) as picture:
        return picture.convert("RGB")


def watchlist(london: Path, people: Sequence[str], into: Path) -> Path:
    """Write the manifest of a watchlist of people's neutral portraits, and these beside it."""
    labels = pd.read_csv(london / "labels.csv", dtype=str).set_index("file")
    rows = []
    for place, name in enumerate(people):
        portrait = f"{name}_neutral.jpg"
        (into.parent / portrait).write_bytes((london / portrait).read_bytes())
        role = "reference" if place < 2 else "filler"
        rows.append((name, name, portrait, role, *labels.loc[portrait, ["gender", "ethnicity"]]))
    columns = ["image_id", "subject_id", "path", "role", "gender", "ethnicity"]
    pd.DataFrame(rows, columns=columns).to_csv(into, index=False)
    return into
