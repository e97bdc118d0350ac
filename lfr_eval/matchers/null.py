"""The null matcher: the contract of a matcher as a program that can be run (images to templates).

It detects no face. Its template of a picture is drawn from the SHA-256 of the picture's pixels, the
same for a file and a live frame. Two pictures are alike only by chance, even two of one person, so
its error rates are those of guessing. A study of it shows what a study of your own matcher will
need, and that the rest works. To write a matcher, copy this file and change `_template`;
docs/matchers.md explains how.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from PIL import Image

from lfr_eval.config.signatures import AtLeast
from lfr_eval.matchers import Embedding, Face, MatcherCard, Picture, Vector, fingerprint_of
from lfr_eval.matchers.faces import UNREADABLE, batches, open_pictures
from lfr_eval.matchers.packing import Packed


class NullMatcher:
    """Templates drawn from the pixels of a picture.

    Parameters
    ----------
    size
        Values in a template.
    salt
        Changes all templates, as another preprocessing would.
    batch_size
        Pictures opened at once. It must not change a template.
    """

    def __init__(
        self,
        size: Annotated[int, AtLeast(1)] = 64,
        salt: str = "",
        batch_size: Annotated[int, AtLeast(1)] = 32,
    ) -> None:
        self._size, self._salt, self._batch_size = size, salt, batch_size
        # Everything that changes a template stands in the recipe; nothing else does.
        recipe = {"matcher": "null", "of": "pixels", "size": size, "salt": salt}
        self.card = MatcherCard(
            name="null",
            fingerprint=fingerprint_of(recipe),
            description=f"null matcher: a {size}-d template drawn from the picture's pixels",
            similarity="cosine",
            score_range=(-1.0, 1.0),
            acquisition="a picture that cannot be read is a failure to acquire",
            template_size=size,
            batch_size=batch_size,
            recipe=recipe,
        )

    def embed(self, images: Sequence[Picture]) -> Iterator[Embedding]:
        """Yield one embedding per image, in order: a template or a reason."""
        for batch in batches(images, self._batch_size):
            for picture in open_pictures(batch):
                if picture is None:
                    yield Embedding(None, UNREADABLE, 0)
                else:
                    yield Embedding(self._template(picture), None, 1)

    def faces_of(self, picture: Image.Image) -> list[Face]:
        """Return the whole picture as its only face."""
        box = (0.0, 0.0, float(picture.width), float(picture.height))
        return [Face(box, self._template(picture))]

    def pack(self, folder: Path) -> Packed:  # noqa: ARG002
        """Return the parameters from which it can be made again; it has no weights."""
        return Packed(
            "null", {"size": self._size, "salt": self._salt, "batch_size": self._batch_size}
        )

    def _template(self, picture: Image.Image) -> Vector:
        content = f"{self._salt} {picture.size} ".encode() + picture.tobytes()
        seed = int.from_bytes(hashlib.sha256(content).digest())
        generator = np.random.Generator(np.random.PCG64(seed))
        return generator.standard_normal(self._size).astype(np.float32)
