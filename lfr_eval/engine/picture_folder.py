"""Engine: a folder in, its pictures in natural order and its other files out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from string import digits

from lfr_eval.contract.pictures import FORMATS, is_picture
from lfr_eval.contract.words import several, some

SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".webp", ".tif", ".tiff"),
    *(".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".j2k", ".jpx"),
)
"""Endings of file names that count as frames, even if the file cannot be decoded. Other files are
frames if their content begins like a picture."""


@dataclass(frozen=True)
class Listing:
    """Content of a folder, without hidden files.

    Attributes
    ----------
    pictures
        In natural order.
    others
        Files and folders that are left out.
    """

    folder: Path
    pictures: tuple[Path, ...]
    others: tuple[Path, ...]

    @property
    def left_out(self) -> str:
        """Sentence that says which files are left out and why; empty if there are none."""
        if not self.others:
            return ""
        return (
            f"{self.folder}: {several(len(self.others), 'file')} left out because they are not "
            f"pictures in a supported format ({', '.join(FORMATS)}): "
            f"{some(self.others, say=lambda file: file.name)}."
        )


def listed(folder: Path) -> Listing:
    """Return what is in a folder."""
    files = sorted(
        (file for file in folder.iterdir() if not file.name.startswith(".")), key=natural_order
    )
    pictures = [
        file
        for file in files
        if file.is_file() and (file.suffix.lower() in SUFFIXES or is_picture(file))
    ]
    taken = set(pictures)
    return Listing(folder, tuple(pictures), tuple(file for file in files if file not in taken))


def natural_order(file: Path) -> tuple[list[tuple[bool, int, str]], str]:
    """Return a key that sorts file names as people do: frame_2 before frame_10.

    Of equal numbers and letters (frame_2, frame_02) the name itself decides.
    """
    parts = re.findall(r"[0-9]+|[^0-9]+", file.name)
    key = [
        (False, int(part), "") if part[0] in digits else (True, 0, part.casefold())
        for part in parts
    ]
    return key, file.name
