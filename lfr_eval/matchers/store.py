"""The private template store, so that no image is embedded twice.

Templates are biometric special-category data. They are kept outside studies, in a folder that
only its owner can enter, by the SHA-256 of the image and the fingerprint of the matcher. Every
batch is a file of its own, written aside and renamed, so a killed run loses one batch at most.
Templates are mapped from these files, not read, and those of a study are gathered in a file without
a name: memory holds what is in use, however many there are.
"""

from __future__ import annotations

import os
import stat
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from lfr_eval.contract.errors import DISK_FULL
from lfr_eval.contract.folder import mapped_array, private_folder, written_aside
from lfr_eval.contract.pictures import READING
from lfr_eval.contract.places import Kept
from lfr_eval.contract.progress import counting
from lfr_eval.contract.words import several
from lfr_eval.contract.writing import check_room, clear_dead
from lfr_eval.matchers import Embedding, ImageMatcher, MatcherError, Templates, Vector, collect

FOLDER = "templates"
SHARDS = "shards"
"""Folder of finished shards of comparisons, private because scores are personal data too."""
TEMPLATES_KEPT = Kept("templates", FOLDER, "*", r"[0-9a-f]{32}\.npy")
SHARDS_KEPT = Kept("unfinished comparisons", SHARDS, "*", r"shard-[0-9]+\.npz")

BATCH = 128
_REMEDY = "delete it; its images are embedded again when they are needed."


@dataclass(frozen=True)
class Shard:
    """One batch of embeddings: the result for each image, and the templates that were made.

    Attributes
    ----------
    known : (images,)
        Structured: `digest`, `reason` (empty where a template was made), `faces` (-1: unknown),
        `row` of the template (-1: none) and, of narrower templates, how far each was `moved`.
    vectors : (templates, size), float32 or float16
        Mapped from the file.
    """

    known: np.ndarray
    vectors: Vector

    @classmethod
    def read(cls, path: Path) -> Shard:
        """Read the results, and map the templates.

        Raises
        ------
        MatcherError
            If the file is damaged.
        """
        try:
            with path.open("rb") as file:
                known = np.lib.format.read_array(file, allow_pickle=False)
                np.lib.format.read_magic(file)
                shape, _, dtype = np.lib.format.read_array_header_1_0(file)
                start = file.tell()
            if len(shape) != 2 or dtype not in (np.float32, np.float16):
                raise ValueError("it holds no templates")
            rows = known["row"]
            if len(rows) and (rows.max() >= shape[0] or rows.min() < -1):
                raise ValueError("it names templates that it does not hold")
            for name in ("digest", "reason"):
                np.char.decode(known[name], "utf-8")
            if not all(shape):
                return cls(known, np.empty(shape, np.float32))
            return cls(known, np.memmap(path, dtype, "r", start, shape))
        except Exception as error:
            # NumPy reads the header as Python literals, with the errors of Python's own parser.
            raise MatcherError(f"{path} is damaged ({error}): {_REMEDY}") from error


@dataclass(frozen=True)
class TemplateStore:
    """Templates of one matcher, from pictures that were all read in the same way.

    Attributes
    ----------
    storage
        `float32`, or `float16`, which takes half the space and changes templates by a known length.
    """

    cache: Path
    fingerprint: str
    storage: str = "float32"

    @property
    def folder(self) -> Path:
        """Folder of this matcher's templates."""
        narrow = "" if self.storage == "float32" else f"-{self.storage}"
        return self.cache / FOLDER / f"{self.fingerprint}-read{READING}{narrow}"

    def shards(self) -> Iterator[Shard]:
        """Yield the batches, templates mapped."""
        for path in sorted(self.folder.glob("*.npy")) if self.folder.is_dir() else ():
            yield Shard.read(path)

    def digests(self) -> set[str]:
        """Return the SHA-256 of every image that was embedded."""
        return {digest.decode() for shard in self.shards() for digest in shard.known["digest"]}

    def load(self) -> dict[str, Embedding]:
        """Return all embeddings by the SHA-256 of their image, templates mapped."""
        return {
            digest.decode(): Embedding(
                shard.vectors[row] if row >= 0 else None,
                reason.decode() or None,
                None if faces < 0 else int(faces),
            )
            for shard in self.shards()
            for digest, reason, faces, row, *_ in shard.known.tolist()
        }

    def templates(self, images: pd.DataFrame) -> Templates:
        """Return the templates of images that were all embedded, shard by shard.

        Parameters
        ----------
        images
            Table `cohort`, with the SHA-256 of each image in `digest`.

        Raises
        ------
        MatcherError
            If no image gave a template, or the cache was emptied meanwhile.
        """
        places = images.groupby("digest").indices
        reason, faces = np.full(len(images), "", object), np.full(len(images), -1)
        moved = np.zeros(len(images), np.float32)
        vectors: Vector | None = None
        there = np.zeros(len(images), bool)
        for shard in self.shards():
            for digest, why, count, row, *off in shard.known.tolist():
                # The same content may stand in several places of a cohort, or in none.
                at = places.get(digest.decode())
                if at is None:
                    continue
                reason[at], faces[at], there[at] = why.decode(), count, True
                if row < 0:
                    continue
                template = shard.vectors[row]
                if vectors is None:
                    vectors = mapped_array(self.cache, (len(images), len(template)))
                    vectors[:] = np.nan
                vectors[at] = template
                moved[at] = off[0] if off else 0.0
        if not there.all():
            raise MatcherError(
                f"The cache {self.folder} lacks the results of "
                f"{several(int((~there).sum()), 'image')} that were embedded: it was emptied while "
                "the study ran, for example by `lfr-eval purge`. Run the study again."
            )
        return collect(images, reason, faces, vectors, None if self.storage == "float32" else moved)

    def add(self, embeddings: Mapping[str, Embedding]) -> None:
        """Store embeddings by the SHA-256 of their image.

        Raises
        ------
        MatcherError
            If the disk is full.
        """
        made = [e.template for e in embeddings.values() if e.template is not None]
        vectors = np.stack(made) if made else np.empty((0, 0), np.float32)
        with np.errstate(over="ignore"):
            stored = vectors.astype(self.storage)
        if not np.isfinite(stored).all():
            raise MatcherError(
                f"A template has the value {np.abs(vectors).max():.3g}, too large for "
                f"{self.storage}. Choose matcher.storage=float32."
            )
        has = np.array([e.template is not None for e in embeddings.values()])
        columns = {
            "digest": np.array([digest.encode() for digest in embeddings]),
            "reason": np.array([(e.reason or "").encode() for e in embeddings.values()]),
            "faces": np.array([-1 if e.faces is None else e.faces for e in embeddings.values()]),
            "row": np.where(has, np.cumsum(has) - 1, -1),
        }
        if self.storage != "float32":
            gap = np.linalg.norm(vectors.astype(np.float64) - stored, axis=1)
            columns["moved"] = np.zeros(len(embeddings))
            columns["moved"][has] = gap
        # numpy has no bytes of length zero.
        types = [(n, c.dtype if c.dtype.itemsize else "S1") for n, c in columns.items()]
        known = np.empty(len(embeddings), types)
        for name, column in columns.items():
            known[name] = column
        try:
            private_folder(self.folder)
            clear_dead(self.folder)
            with (
                written_aside(self.folder / f"{uuid.uuid4().hex}.npy", tidy=False) as aside,
                aside.open("wb") as file,
            ):
                os.fchmod(file.fileno(), stat.S_IRUSR | stat.S_IWUSR)
                np.save(file, known)
                np.lib.format.write_array(file, stored, version=(1, 0))
        except OSError as error:
            if error.errno not in DISK_FULL:
                raise
            raise MatcherError(
                f"The disk of {self.folder} is full ({error.strerror}). Free space there, or "
                "choose "
                "another place with paths.cache=FOLDER, and run the study again: the templates "
                "made so far are kept."
            ) from error


def acquire(
    matcher: ImageMatcher,
    images: pd.DataFrame,
    paths: Sequence[Path],
    cache: Path,
    storage: str = "float32",
) -> Templates:
    """Embed the images that the store does not have, and return the templates of all.

    Parameters
    ----------
    images
        Table `cohort`, with the SHA-256 of each image in `digest`.
    paths
        The image files, in the same order.
    storage
        Type in which templates are stored, `float32` or `float16`.

    Raises
    ------
    MatcherError
        If no image gave a template.
    OSError
        If the disk has no room for the templates.
    """
    store = TemplateStore(cache, matcher.card.fingerprint, storage)
    private_folder(cache)
    known = store.digests()
    todo = {
        digest: path
        for digest, path in zip(images["digest"].tolist(), paths, strict=True)
        if digest not in known
    }
    each = (matcher.card.template_size or 0) * np.dtype(storage).itemsize
    check_room(cache, each * len(todo))
    embeddings = zip(todo, matcher.embed(list(todo.values())), strict=True)
    with counting("images embedded", len(todo)) as done:
        while batch := dict(islice(embeddings, BATCH)):
            store.add(batch)
            done(len(batch))
    return store.templates(images)
