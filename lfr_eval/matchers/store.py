"""The private template store: what was embedded once is not embedded again.

Templates are biometric special-category data. They are kept outside studies, in a folder that
only its owner can enter, by the SHA-256 of the image and the fingerprint of the matcher. Every
batch is a file of its own, written aside and renamed, so a killed run loses one batch at most.
"""

from __future__ import annotations

import os
import shutil
import stat
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from lfr_eval.folder import written_aside
from lfr_eval.matchers import Embedding, ImageMatcher, Templates, assemble

FOLDER = "templates"
BATCH = 128


@dataclass(frozen=True)
class TemplateStore:
    """Templates of one matcher in `cache`/templates/`fingerprint`."""

    cache: Path
    fingerprint: str

    @property
    def folder(self) -> Path:
        """Where this matcher's templates are."""
        return self.cache / FOLDER / self.fingerprint

    def load(self) -> dict[str, Embedding]:
        """Return all embeddings by the SHA-256 of their image."""
        found: dict[str, Embedding] = {}
        for shard in sorted(self.folder.glob("*.npz")) if self.folder.is_dir() else ():
            with np.load(shard, allow_pickle=False) as arrays:
                rows = zip(
                    arrays["digest"].tolist(),
                    arrays["template"],
                    arrays["reason"].tolist(),
                    arrays["faces"].tolist(),
                    strict=True,
                )
                for digest, template, reason, faces in rows:
                    known = None if faces < 0 else faces
                    found[digest] = Embedding(None if reason else template, reason or None, known)
        return found

    def add(self, embeddings: Mapping[str, Embedding]) -> None:
        """Keep embeddings, by the SHA-256 of their image."""
        private_folder(self.folder)
        size = max(
            (len(e.template) for e in embeddings.values() if e.template is not None), default=0
        )
        nothing = np.zeros(size, np.float32)
        with (
            written_aside(self.folder / f"{uuid.uuid4().hex}.npz") as aside,
            aside.open("wb") as file,
        ):
            os.fchmod(file.fileno(), stat.S_IRUSR | stat.S_IWUSR)
            np.savez(
                file,
                digest=np.array(list(embeddings)),
                template=np.stack(
                    [nothing if e.template is None else e.template for e in embeddings.values()]
                ),
                reason=np.array([e.reason or "" for e in embeddings.values()]),
                faces=np.array([-1 if e.faces is None else e.faces for e in embeddings.values()]),
            )


def private_folder(path: Path) -> None:
    """Create a folder that only its owner can enter."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.chmod(0o700)


def purge(cache: Path) -> int:
    """Delete all cached templates; return how many files there were."""
    folder = cache / FOLDER
    count = sum(1 for path in folder.rglob("*") if path.is_file())
    if folder.is_dir():
        shutil.rmtree(folder)
    return count


def acquire(
    matcher: ImageMatcher, images: pd.DataFrame, paths: Sequence[Path], cache: Path
) -> Templates:
    """Embed the images that the store does not have, and return the templates of all.

    Parameters
    ----------
    images
        Table `cohort`, with the SHA-256 of each image in `digest`.
    paths
        The image files, in the same order.

    Raises
    ------
    MatcherError
        If no image gave a template.
    """
    store = TemplateStore(cache, matcher.card.fingerprint)
    private_folder(cache)
    known = store.load()
    digests = images["digest"].tolist()
    todo = {
        digest: path for digest, path in zip(digests, paths, strict=True) if digest not in known
    }
    with tqdm(total=len(todo), unit="image", desc="embedding", disable=not todo) as progress:
        for start in range(0, len(todo), BATCH):
            batch = list(todo.items())[start : start + BATCH]
            made = matcher.embed([path for _, path in batch])
            fresh = dict(zip((digest for digest, _ in batch), made, strict=True))
            store.add(fresh)
            known.update(fresh)
            progress.update(len(batch))
    return assemble(images, [known[digest] for digest in digests])
