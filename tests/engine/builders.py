"""A matcher whose faces are plain squares, and videos of them, for tests without a network."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
import pandas as pd
from PIL import Image
from scipy import ndimage

from lfr_eval.config import EngineConfig, PathsConfig, TrackingConfig
from lfr_eval.matchers import Embedding, Face, MatcherCard

Colour = tuple[int, int, int]
GREY = (128, 128, 128)
SIZE = (160, 120)
RATE = 10
SQUARE = 20

ALICE, BOB, CAROL, EVE = (250, 10, 10), (10, 250, 10), (10, 10, 250), (250, 250, 10)
"""Alice, Bob and Carol are on the watchlist; Eve is not."""


class SquareMatcher:
    """Finds squares that are not grey; the template belongs to the colour."""

    card = MatcherCard(
        name="squares",
        fingerprint="ab" * 32,
        description="squares",
        similarity="cosine",
        score_range=(-1.0, 1.0),
        acquisition="no square is a failure to acquire",
    )

    def embed(self, images: Sequence[Path]) -> Iterator[Embedding]:
        for path in images:
            faces = self.faces_of(Image.open(path).convert("RGB"))
            yield Embedding(faces[0].template, None, 1) if faces else Embedding(None, "no square")

    def faces_of(self, picture: Image.Image) -> list[Face]:
        pixels = np.asarray(picture).astype(int)
        labels, _ = ndimage.label(np.abs(pixels - 128).max(axis=2) > 60)
        found = []
        for rows, columns in ndimage.find_objects(labels):
            middle = pixels[(rows.start + rows.stop) // 2, (columns.start + columns.stop) // 2]
            box = (columns.start, rows.start, columns.stop, rows.stop)
            found.append(Face(tuple(float(edge) for edge in box), template_of(middle)))
        return found


def template_of(colour: Sequence[int]) -> np.ndarray:
    """Return a template that a slightly different colour shares, and another does not."""
    name = bytes(round(float(value) / 120) for value in colour)
    drawn = np.random.default_rng(zlib.crc32(name)).normal(size=64)
    return drawn.astype(np.float32)


@dataclass
class Walk:
    """A square that walks from left to right from one time to another, seconds."""

    colour: Colour
    start: float
    end: float
    row: int = 40
    pixels: int = 100


def picture(walks: Sequence[Walk], time: float) -> Image.Image:
    drawn = Image.new("RGB", SIZE, GREY)
    for walk in walks:
        if walk.start <= time < walk.end:
            left = round(10 + walk.pixels * (time - walk.start) / (walk.end - walk.start))
            drawn.paste(walk.colour, (left, walk.row, left + SQUARE, walk.row + SQUARE))
    return drawn


def frames_of(walks: Sequence[Walk], seconds: float) -> list[Image.Image]:
    return [picture(walks, number / RATE) for number in range(round(seconds * RATE))]


def write_video(
    path: Path, pictures: Sequence[Image.Image], codec: str = "mjpeg", rate: int = RATE
) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height = pictures[0].size
        stream.pix_fmt = "yuvj444p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.bit_rate = 4_000_000
        for drawn in pictures:
            for packet in stream.encode(av.VideoFrame.from_image(drawn)):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return path


def write_watchlist(folder: Path, people: dict[str, Colour]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for place, (name, colour) in enumerate(people.items()):
        reference = Image.new("RGB", SIZE, GREY)
        reference.paste(colour, (50, 40, 90, 80))
        reference.save(folder / f"{name}.png")
        role = "filler" if place else "reference"
        gender, ethnicity = ("female", "male")[place % 2], ("black", "white")[place % 2]
        rows.append((f"{name}-1", name, f"{name}.png", role, gender, ethnicity))
    columns = ["image_id", "subject_id", "path", "role", "gender", "ethnicity"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "watchlist.csv", index=False)
    return folder / "watchlist.csv"


@dataclass(frozen=True)
class Registered:
    """What records know of a registered matcher."""

    name: str = "squares"
    version: str = "3"
    fingerprint: str = SquareMatcher.card.fingerprint
    tags: dict[str, str] = field(default_factory=dict)


def configured(tmp_path: Path, **values: object) -> EngineConfig:
    settings: dict[str, object] = {
        "source": "walk.mkv",
        "watchlist": "watchlist.csv",
        "model": "models:/squares/3",
        "threshold": 0.8,
        "wait": 0.0,
        "tracking": TrackingConfig(enabled=False),
        "paths": PathsConfig(
            studies=str(tmp_path / "studies"),
            cache=str(tmp_path / "cache"),
            deployments=str(tmp_path / "deployments"),
        ),
    }
    return EngineConfig(**{**settings, **values})
