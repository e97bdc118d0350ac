"""Templates from a file: a vendor's output without its model (file to templates)."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.contract.archives import Swollen, read_npz, read_parquet
from lfr_eval.contract.folder import sha256_of
from lfr_eval.contract.reading import why_no_file
from lfr_eval.contract.spelling import normal
from lfr_eval.matchers import Embedding, MatcherCard, MatcherError, Templates, assemble
from lfr_eval.matchers.number_format import LARGEST

RANGES = {"cosine": (-1.0, 1.0), "euclidean": (-np.inf, 0.0)}


ROUNDING = 1e-6
"""Difference of values of unit vectors that float32 may make."""


class TemplateFile:
    """Templates of an `.npz` (arrays `image_id`, `template`) or Parquet file (same columns).

    An image of the study that is not in the file is a failure to acquire. So is a template with a
    value that is not finite, of length zero, or too long for a score.

    Raises
    ------
    MatcherError
        If the file cannot be read, or does not hold one vector per image, all of one length.
    """

    def __init__(self, path: Path, similarity: Literal["cosine", "euclidean"] = "cosine") -> None:
        ids, vectors = _read(path)
        problems = []
        duplicates = ids[ids.duplicated()].unique()
        if len(duplicates):
            problems.append(f"image_id {list(duplicates[:5])} occurs more than once")
        if ids.isna().any():
            problems.append(f"{int(ids.isna().sum())} rows have no image_id")
        if vectors.ndim != 2 or not vectors.size:
            problems.append(f"'template' must be (images, size); its shape is {vectors.shape}")
        elif len(vectors) != len(ids):
            problems.append(f"there are {len(ids)} values of image_id but {len(vectors)} templates")
        if problems:
            raise MatcherError(f"{path}: " + "; ".join(problems) + ".")
        self._path, self._rows = path, pd.Series(np.arange(len(ids)), index=ids)
        self._vectors = vectors
        content = sha256_of(path)
        self.card = MatcherCard(
            name="templates",
            fingerprint=hashlib.sha256(f"{content} {similarity}".encode()).hexdigest(),
            description=f"templates from a file ({vectors.shape[1]} values each), {similarity}",
            similarity=similarity,
            score_range=RANGES[similarity],
            acquisition="an image without a usable template in the file is a failure to acquire",
        )

    def templates(self, images: pd.DataFrame) -> Templates:
        """Return the templates of the images of table `cohort`, in its order.

        Raises
        ------
        MatcherError
            If the file has templates for none of the images, or one and the same for all.
        """
        known = self._rows.reindex(images["image_id"])
        if known.isna().all():
            raise MatcherError(
                f"{self._path} names none of the study's images: it has '{self._rows.index[0]}', "
                f"the manifest has '{images['image_id'].iloc[0]}'."
            )
        made = assemble(images, [self._embedding(row) for row in known])
        vectors = made.vectors[made.acquisition["acquired"].to_numpy(bool)]
        if len(vectors) > 1 and _all_alike(vectors, self.card.similarity):
            raise MatcherError(
                f"{self._path}: all {len(vectors):,} templates of the study's images are the same, "
                "so they cannot tell people apart. Check how the file was made."
            )
        return made

    def _embedding(self, row: float) -> Embedding:
        if np.isnan(row):
            return Embedding(None, "no template in the file")
        vector = self._vectors[int(row)]
        if not np.isfinite(vector).all():
            return Embedding(None, "a template with a value that is not a number")
        if not vector.any():
            return Embedding(None, "a template of zeros")
        if np.linalg.norm(vector.astype(np.float64)) > LARGEST / 2:
            return Embedding(None, "a template with values too large to compare")
        return Embedding(vector)


def _all_alike(vectors: NDArray[np.float32], similarity: str) -> bool:
    """Return whether all templates, (n, size), are alike: for the cosine, in their direction."""
    unit = vectors.astype(np.float64)
    lengths = np.linalg.norm(unit, axis=1)[:, None]
    unit /= lengths if similarity == "cosine" else lengths[0]
    return bool(np.abs(unit - unit[0]).max() <= ROUNDING)


def _values(given: object) -> NDArray[np.float32]:
    """Return templates as float32.

    Raises
    ------
    ValueError
        If they are not real numbers.
    """
    values = np.asarray(given)
    if values.dtype.kind not in "fiu":
        raise ValueError(f"'template' holds values of type {values.dtype}, not real numbers")
    with np.errstate(over="ignore"):  # What float32 cannot hold is not a number then.
        return values.astype(np.float32)


def _read(path: Path) -> tuple[pd.Series, np.ndarray]:
    if not path.is_file():
        raise MatcherError(f"{path} {why_no_file(path)}. Give matcher.path=FILE.")
    try:
        if path.suffix.lower() == ".npz":
            names, templates = read_npz(path, ["image_id", "template"])
            ids, vectors = pd.Series(names.astype(str), dtype="string"), _values(templates)
        elif path.suffix.lower() in (".parquet", ".pq"):
            frame = read_parquet(path, ["image_id", "template"])
            ids = frame["image_id"].astype("string")
            vectors = np.stack([_values(row) for row in frame["template"]])
        else:
            raise MatcherError(f"{path}: templates must be an .npz or .parquet file.")
    except Swollen as error:
        raise MatcherError(
            f"{path}: {error}. Keep only the images of the study in it, and store 'template' as "
            "float32. Or use a machine with more memory."
        ) from error
    except MatcherError:
        raise
    except Exception as error:
        # Values of Parquet that are no vectors raise errors of every kind.
        raise MatcherError(
            f"{path}: expected 'image_id' and 'template' (one vector of one length an image): "
            f"{error}"
        ) from error
    return ids.map(normal, na_action="ignore"), vectors
