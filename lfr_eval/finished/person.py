"""One person, as their rows, images and templates can be found in files of the tool."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pandas as pd

PEOPLE = re.compile(r"(subject|person)(_id|_a|_b)?|(reference|probe)_subject")
IMAGES = re.compile(r"(image|reference|probe|pass)(_id)?")
"""Names of the columns of people, and of images. Columns that count people, such as `subjects_a`,
hold numbers that may look like somebody's name.
"""
SHORTEST = 5
"""Characters of a name that can be searched for among bytes; a shorter one occurs by chance."""


@dataclass
class Person:
    """Everything by which one person can be found.

    Attributes
    ----------
    subject
        Their `subject_id`.
    images, digests
        Names of their images, and the SHA-256 of the files.
    templates
        Bytes of their templates.
    pictures
        SHA-256 of degraded pictures of them, in caches.
    """

    subject: str
    images: set[str] = field(default_factory=set)
    digests: set[str] = field(default_factory=set)
    templates: set[bytes] = field(default_factory=set)
    pictures: set[str] = field(default_factory=set)

    def rows(self, frame: pd.DataFrame) -> pd.Series:
        """Return which rows of a table are about them."""
        hit = pd.Series(False, index=frame.index)
        for name in map(str, frame):
            theirs = self._theirs(name)
            if theirs:
                hit |= frame[name].astype("string").isin(theirs).fillna(False).astype(bool)
        if "digest" in frame:
            hit |= frame["digest"].astype("string").isin(self.digests).fillna(False).astype(bool)
        return hit

    def _theirs(self, column: str) -> set[str]:
        """Return the values of a column that are theirs."""
        people = {self.subject} if PEOPLE.fullmatch(column) else set()
        return people | (self.images if IMAGES.fullmatch(column) else set())

    def is_theirs(self, name: str, value: object) -> bool:
        """Return whether a named value is theirs."""
        return str(value) in self._theirs(name)

    @property
    def needles(self) -> list[bytes]:
        """Bytes that no file of the tool may hold."""
        names = [name for name in (self.subject, *self.images) if len(name) >= SHORTEST]
        return [*(name.encode() for name in names), *map(str.encode, self.digests), *self.templates]
