"""One person, as their rows, images and templates can be found in files of the tool."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Set
from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import quote

import pandas as pd

PEOPLE = re.compile(r"(subject|person)(_id|_a|_b)?|(reference|probe)_subject")
IMAGES = re.compile(r"(image|reference|probe|pass)(_id)?")
"""Names of the columns of people, and of images. Columns that count people, such as `subjects_a`,
hold numbers that may look like somebody's name.
"""
SHORTEST = 5
"""Characters of a name that can be searched for among bytes; a shorter one occurs by chance."""

BEFORE = 3
"""Bytes before a name that may belong to another sign: \\n of JSON, %20 of an address."""
_WHOLE = rb"(?:(?<![A-Za-z0-9])|(?<=\\[a-z])|(?<=%%[0-9A-F]{2}))%s(?![A-Za-z0-9])"


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
        theirs = people | (self.images if IMAGES.fullmatch(column) else set())
        # Tables of a Python session are as they were given.
        return theirs | {unicodedata.normalize("NFD", name) for name in theirs}

    def is_theirs(self, name: str, value: object) -> bool:
        """Return whether a named value is theirs."""
        return str(value) in self._theirs(name)

    @property
    def needles(self) -> Needles:
        """What no file of the tool may hold."""
        names = [name for name in (self.subject, *self.images) if len(name) >= SHORTEST]
        forms = {form.encode() for name in names for form in _forms(name)}
        return Needles(forms, {*map(str.encode, self.digests), *self.templates})


def _forms(name: str) -> set[str]:
    """Return a name as files may hold it: of JSON, HTML and addresses, composed or not."""
    return {
        form
        for text in (name, unicodedata.normalize("NFD", name))
        for form in (text, *_in_json(text), html.escape(text), quote(text))
    }


def _in_json(text: str) -> tuple[str, str]:
    return json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]


@dataclass(frozen=True)
class Needles:
    """Bytes that are searched for.

    Attributes
    ----------
    names
        Names, which do not count as part of a longer one: person-1 is not in person-10.
    others
        Digests and templates.
    """

    names: Set[bytes]
    others: Set[bytes]

    def are_in(self, stream: BinaryIO) -> bool:
        """Return whether a file holds one of them."""
        longest = max(map(len, (*self.names, *self.others)), default=1)
        held, begun = b"", False
        while True:
            block = stream.read(1 << 22)
            tail = held[-(longest + BEFORE) :]
            held = tail + block
            if any(other in held for other in self.others):
                return True
            # What may go on in the next block is judged there, with what stands before it.
            start, end = BEFORE if begun else 0, len(held) - bool(block)
            if any(
                start <= found.start() and found.end() <= end
                for name in self.names
                if name in held
                for found in re.finditer(_WHOLE % re.escape(name), held)
            ):
                return True
            if not block:
                return False
            begun = len(tail) + len(block) > longest + BEFORE
