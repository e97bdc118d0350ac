"""Stage `capture`: degraded pictures in the private cache, each made only once.

A degraded face is still a face. Pictures are kept like templates: without loss, outside every
study, in a folder that only its owner can enter, under meaningless names. `lfr-eval purge` deletes
them.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path

import numpy as np

from lfr_eval.cohort.capture.transforms import Step, degrade
from lfr_eval.contract.errors import DISK_FULL, MendableError
from lfr_eval.contract.folder import private_folder, sha256_of, written_aside
from lfr_eval.contract.pictures import READING, read_picture
from lfr_eval.contract.places import Kept

FOLDER = "captured"
KEPT = Kept("degraded pictures", FOLDER, "", r"[0-9a-f]{64}\.png")
OWNER_ONLY = 0o600
THREADS = min(4, os.cpu_count() or 1)
"""Threads that share the pictures; each picture has its own random numbers."""


class CaptureError(MendableError, ValueError):
    """Images cannot be degraded as configured; the message says which and what to do."""


@dataclass(frozen=True)
class Order:
    """A picture to be made.

    Attributes
    ----------
    image
        The file it is made from.
    digest
        SHA-256 of that file.
    step
        What is done to it.
    repeat
        Number of the repetition.
    seed
        Seed of the study's capture.
    """

    image: Path
    digest: str
    step: Step
    repeat: int
    seed: int

    @cached_property
    def _recipe(self) -> dict[str, object]:
        chance = self.step.by_chance
        return {
            "image": self.digest,
            "chain": self.step.chain,
            "angle": self.step.angle if "motion_blur" in self.step.strengths else 0.0,
            "repeat": self.repeat if chance else 0,
            "seed": self.seed if chance else 0,
        }

    @cached_property
    def key(self) -> str:
        """Name of the picture: a hash of everything that it depends on."""
        return _hash({**self._recipe, "versions": _versions()})

    @property
    def randomness(self) -> np.random.Generator:
        """Its own random generator, independent of the order of pictures and of threads."""
        return np.random.default_rng(list(bytes.fromhex(_hash(self._recipe))))

    @property
    def path(self) -> str:
        """Its file, relative to the folder of pictures."""
        return f"{self.key}.png"


def make_pictures(orders: Sequence[Order], eyes: Sequence[float | None], folder: Path) -> list[str]:
    """Make the pictures that are missing, and return the SHA-256 of each file, in order.

    Parameters
    ----------
    orders
        The pictures.
    eyes
        Pixels between the eyes of each one's image, where its step needs them.
    folder
        Private folder.

    Raises
    ------
    CaptureError
        If the disk is full.
    """
    private_folder(folder.parent)
    private_folder(folder)
    # The same image may stand in two rows of a cohort.
    wanted = {one.key: (one, wide) for one, wide in zip(orders, eyes, strict=True)}
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            made = pool.map(lambda item: _make(item[0], item[1], folder), wanted.values())
            digests = dict(zip(wanted, made, strict=True))
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        raise CaptureError(
            f"The disk of {folder} is full ({error.strerror}). Free space there, or choose another "
            "place with paths.cache=FOLDER, and run the study again."
        ) from error
    return [digests[order.key] for order in orders]


def missing(orders: Sequence[Order], folder: Path) -> list[Order]:
    """Return the pictures that are not there yet."""
    return [order for order in orders if not (folder / order.path).is_file()]


def _make(order: Order, eyes: float | None, folder: Path) -> str:
    path = folder / order.path
    if path.is_file():
        return sha256_of(path)
    made = degrade(read_picture(order.image), order.step, order.randomness, eyes)
    with io.BytesIO() as file:
        made.save(file, "PNG")
        content = file.getvalue()
    with written_aside(path, tidy=False) as aside:
        aside.touch(OWNER_ONLY)
        aside.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def _hash(recipe: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


@cache
def _versions() -> list[str]:
    """Return the versions of the image libraries, which may round pixels differently."""
    return [f"read{READING}", *(version(name) for name in ("pillow", "numpy", "scipy"))]
