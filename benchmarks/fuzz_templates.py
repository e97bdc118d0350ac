"""Files of templates whose content is odd or wrong, beside a loop over what was written.

    python benchmarks/fuzz_templates.py [--files 400] [--seed 0]

Every file, `.npz` or Parquet, is a sound archive of twelve images, with one to three odd or wrong
things in its arrays. If no study could use them, it must be refused. Else every image must have the
template that was written, or be a failure to acquire for the reason that holds. Anything else is a
failure: an image that is dropped or has another template, or an exception of another kind.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.contract.errors import MendableError
from lfr_eval.matchers.templates import TemplateFile

IMAGES = [f"Zo\u00eb-{number}" for number in range(12)]
SIZE = 8
LONGEST = float(np.finfo(np.float32).max) / 2
"""Longest template: the distance of two of them fits into float32."""
NUMBERS = ("f2", "f4", "f8", "i1", "u1", "i8", "u8")
NO_NUMBERS = ("c8", "?", "U9", "O", "M8[s]", "S9")


@dataclass
class Content:
    """Names, and their vectors (images, size) as they are written in a type."""

    names: list[Any]
    vectors: NDArray[np.float64]
    dtype: str = "f4"
    shape: str = ""
    lacking: str = ""
    parquet: bool = False

    @property
    def written(self) -> NDArray[Any]:
        """The vectors in their type and shape."""
        with np.errstate(all="ignore"):
            made = np.clip(self.vectors, 0, 100) if self.dtype[0] in "iu" else self.vectors
            made = (
                made.astype("i8").astype(self.dtype)
                if "M8" in self.dtype
                else made.astype(self.dtype)
            )
        shapes = {
            "flat": made.ravel(),
            "turned": made.T,
            "deep": made[:, :, None],
            "short": made[:-1],
        }
        return shapes.get(self.shape, made)


def _cell(value: float) -> Callable[[Content, np.random.Generator], None]:
    def change(content: Content, rng: np.random.Generator) -> None:
        content.vectors[_row(content, rng), int(rng.integers(SIZE))] = value

    return change


def _all_of_row(value: float) -> Callable[[Content, np.random.Generator], None]:
    def change(content: Content, rng: np.random.Generator) -> None:
        content.vectors[_row(content, rng)] = value

    return change


def _name(made: Callable[[Any], Any]) -> Callable[[Content, np.random.Generator], None]:
    def change(content: Content, rng: np.random.Generator) -> None:
        at = _row(content, rng)
        content.names[at] = made(content.names[at])

    return change


def _row(content: Content, rng: np.random.Generator) -> int:
    return int(rng.integers(len(content.names)))


def _drop(content: Content, rng: np.random.Generator) -> None:
    at = _row(content, rng)
    del content.names[at]
    content.vectors = np.delete(content.vectors, at, axis=0)


def _again(content: Content, rng: np.random.Generator) -> None:
    at = _row(content, rng)
    content.names.append(rng.choice([content.names[at], "another"]))
    content.vectors = np.vstack([content.vectors, content.vectors[at] + 1])


def _order(content: Content, rng: np.random.Generator) -> None:
    order = rng.permutation(len(content.names))
    content.names = [content.names[at] for at in order]
    content.vectors = content.vectors[order]


def _alike(content: Content, rng: np.random.Generator) -> None:
    content.vectors = np.outer(rng.uniform(0.5, 2, len(content.names)), content.vectors[0])


def _dtype(content: Content, rng: np.random.Generator) -> None:
    content.dtype = str(rng.choice(NUMBERS if rng.random() < 0.5 else NO_NUMBERS))


def _shape(content: Content, rng: np.random.Generator) -> None:
    content.shape = str(rng.choice(["flat", "turned", "deep", "short"]))


def _lacking(content: Content, rng: np.random.Generator) -> None:
    content.lacking = str(rng.choice(["image_id", "template"]))


CHANGES: dict[str, Callable[[Content, np.random.Generator], None]] = {
    "not a number": _cell(np.nan), "infinite": _cell(np.inf), "beyond float32": _cell(1e39),
    "zeros": _all_of_row(0), "too long": _all_of_row(3e38), "long enough": _all_of_row(1e18),
    "row dropped": _drop, "row again": _again, "other order": _order, "all alike": _alike,
    "other type": _dtype, "other shape": _shape, "array lacking": _lacking,
    "name in another form": _name(lambda name: unicodedata.normalize("NFD", str(name))),
    "other name": _name(lambda name: f"{name}x"), "name of nothing": _name(lambda _: None),
    "name with a blank": _name(lambda name: f" {name}"),
}  # fmt: skip


def expected(content: Content) -> dict[str, Any] | None:
    """Return what each image must come to, a vector or why there is none; None: refused."""
    written = content.written
    # Parquet knows no objects: what are numbers is written as numbers.
    numbers = content.dtype not in NO_NUMBERS or (content.parquet and content.dtype == "O")
    if content.lacking or not numbers or written.ndim != 2:
        return None
    names = [
        None if each is None else unicodedata.normalize("NFC", str(each)) for each in content.names
    ]
    if len(written) != len(names) or None in names or len({*names}) < len(names):
        return None
    found: dict[str, Any] = {}
    for image in IMAGES:
        if image not in names:
            found[image] = "no template in the file"
            continue
        with np.errstate(over="ignore"):
            vector = written[names.index(image)].astype(np.float32)
        if not np.isfinite(vector).all():
            found[image] = "a template with a value that is not a number"
        elif not vector.any():
            found[image] = "a template of zeros"
        elif np.sqrt((vector.astype(float) ** 2).sum()) > LONGEST:
            found[image] = "a template with values too large to compare"
        else:
            found[image] = vector
    made = [each.astype(float) for each in found.values() if not isinstance(each, str)]
    unit = [each / np.sqrt((each**2).sum()) for each in made]
    alike = len(unit) > 1 and all(np.abs(each - unit[0]).max() <= 1e-6 for each in unit)
    return None if not made or alike else found


def write(content: Content, folder: Path) -> Path:
    """Write a file; a Parquet file has one list an image.

    Raises
    ------
    ValueError, TypeError, NotImplementedError
        If Parquet does not take such arrays.
    """
    names, written = content.names, content.written
    arrays: dict[str, Any] = {"image_id": np.array(names, object), "template": written}
    arrays.pop(content.lacking, None)
    if content.parquet:
        file = folder / "t.parquet"
        columns = {name: list(values) for name, values in arrays.items()}
        pd.DataFrame({name: pd.Series(values) for name, values in columns.items()}).to_parquet(file)
        return file
    file = folder / "t.npz"
    if None not in names and "image_id" in arrays:
        arrays["image_id"] = np.array(names, str)
    np.savez(file, **arrays)
    return file


def file_of_templates(seed: int, folder: Path) -> tuple[str, list[str]]:
    """Return how one file went (`as written`, `refused`, or what is wrong), and what was in it."""
    rng = np.random.default_rng(seed)
    content = Content(list(IMAGES), rng.normal(size=(len(IMAGES), SIZE)))
    changes = [str(each) for each in rng.choice(list(CHANGES), rng.integers(1, 4), replace=False)]
    for each in changes:
        CHANGES[each](content, rng)
    content.parquet = rng.random() < 0.5
    try:
        file = write(content, folder)
    except (ValueError, TypeError, NotImplementedError):
        content.parquet = False
        file = write(content, folder)
    wanted = expected(content)
    try:
        made = TemplateFile(file).templates(pd.DataFrame({"image_id": IMAGES}))
    except MendableError as error:
        return ("refused" if wanted is None else f"refused, and could be used: {error}"), changes
    except Exception as error:
        return f"{type(error).__name__}: {error}", changes
    if wanted is None:
        return "was read, and no study can use it", changes
    rows = zip(made.acquisition.itertuples(), made.vectors, wanted.values(), strict=True)
    wrong = [row.image_id for row, vector, want in rows if not _is_so(row, vector, want)]
    return (f"{wrong} are not as written" if wrong else "as written"), changes


def _is_so(row: Any, vector: NDArray[np.float32], want: Any) -> bool:
    if isinstance(want, str):
        return not row.acquired and row.reason == want and bool(np.isnan(vector).all())
    return bool(row.acquired) and np.array_equal(vector, want)


def main() -> int:
    """Try all files; print how they went for each change, and every failure with its seed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0, help="the first file's")
    chosen, ends, of_change = parser.parse_args(), Counter[str](), Counter[tuple[str, str]]()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(chosen.seed, chosen.seed + chosen.files):
            end, changes = file_of_templates(seed, Path(folder))
            kind = end if end in ("as written", "refused") else "failed"
            ends[kind] += 1
            of_change.update((change, kind) for change in changes)
            if kind == "failed":
                print(f"  seed {seed} ({', '.join(changes)}): {end}")
    for change in CHANGES:
        print(
            f"{change}: " + ", ".join(f"{n} {k}" for (c, k), n in of_change.items() if c == change)
        )
    print(
        f"{chosen.files} files of templates: " + ", ".join(f"{n} {end}" for end, n in ends.items())
    )
    return 1 if ends["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
