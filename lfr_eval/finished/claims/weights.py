"""What the models of `learned.py` have learned from the sorted sentences, and where that is kept.

In: sorted sentences. Out: a weight of every word or run of kinds. Training takes a few seconds, so
the result is kept in the user's cache under a name made of all that it depends on.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np

from lfr_eval.contract.places import default_cache
from lfr_eval.contract.writing import private_folder, written_aside
from lfr_eval.finished.claims.kinds import Views

_RUNS = (3, 4, 3, 5, 1)
"""Words or kinds of each view of a sentence that are looked at together, at most."""

_FILES = (
    *("examples.csv", "kinds.toml", "words.toml"),
    *("kinds.py", "lexicon.py", "rewording.py", "weights.py", "wording.py"),
)
"""What the weights depend on, beside the version of the library that finds them."""


class Weights(NamedTuple):
    """Weights of two sets of linear models.

    Attributes
    ----------
    places
        Where each run of words stands among the weights; it begins with its view's number.
    scale
        How much a run counts, shape (runs,): more if it is rare.
    names
        What the models tell apart, those of the first set first.
    slopes, starts
        Shapes (models, runs) and (models,).
    """

    places: dict[str, int]
    scale: np.ndarray
    names: tuple[str, ...]
    slopes: np.ndarray
    starts: np.ndarray

    def chances(self, views: Views) -> dict[str, float]:
        """Return how likely each model finds that a sentence is what it tells."""
        total = self.starts.astype(float)
        for number, (text, longest) in enumerate(zip(views, _RUNS, strict=True)):
            told = text.split()
            counts = Counter(
                f"{number}{' '.join(told[at : at + long])}"
                for long in range(1, longest + 1)
                for at in range(len(told) - long + 1)
            )
            known = {self.places[run]: n for run, n in counts.items() if run in self.places}
            if known:
                at = np.fromiter(known, int)
                values = (1 + np.log(np.fromiter(known.values(), float))) * self.scale[at]
                total += self.slopes[:, at] @ (values / np.sqrt(values @ values))
        return dict(zip(self.names, (1 / (1 + np.exp(-total))).tolist(), strict=True))


def trained(views: Sequence[Views], targets: Sequence[tuple[np.ndarray, Sequence[str]]]) -> Weights:
    """Return weights that tell what sentences are.

    Parameters
    ----------
    targets
        For each set of models, what each sentence is, shape (sentences,), and the names of what
        the models tell apart. Sentences of another name are left out of that set.
    """
    # Loading it takes a second, which no other command should wait for.
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    columns = [
        TfidfVectorizer(
            ngram_range=(1, longest),
            tokenizer=str.split,
            token_pattern=None,
            lowercase=False,
            min_df=2,
            sublinear_tf=True,
        )
        for longest in _RUNS
    ]
    seen = hstack(
        [one.fit_transform([view[at] for view in views]) for at, one in enumerate(columns)],
        "csr",
    )
    names, slopes, starts = [], [], []
    for told, wanted in targets:
        kept = np.isin(told, wanted)
        for name in wanted:
            model = LogisticRegression(C=20, class_weight="balanced", solver="liblinear")
            model.fit(seen[kept], told[kept] == name)
            names.append(name)
            slopes.append(model.coef_[0])
            starts.append(model.intercept_[0])
    runs = [f"{at}{run}" for at, one in enumerate(columns) for run in one.get_feature_names_out()]
    return Weights(
        {run: at for at, run in enumerate(runs)},
        np.concatenate([one.idf_ for one in columns]).astype(np.float32),
        tuple(names),
        np.array(slopes, np.float32),
        np.array(starts, np.float32),
    )


def place() -> Path:
    """Return the file in which the weights of the shipped sentences are kept."""
    from importlib.metadata import version

    made = hashlib.sha256(version("scikit-learn").encode())
    for name in _FILES:
        made.update((Path(__file__).parent / name).read_bytes())
    return default_cache() / f"claims-{made.hexdigest()[:16]}.npz"


def keep(weights: Weights, path: Path) -> None:
    """Write weights; a cache that cannot be written costs the next call some seconds."""
    with suppress(OSError):
        private_folder(path.parent)
        with written_aside(path) as aside, aside.open("wb") as file:
            np.savez(
                file,
                places=np.frombuffer("\n".join(weights.places).encode(), np.uint8),
                names=np.frombuffer("\n".join(weights.names).encode(), np.uint8),
                scale=weights.scale,
                slopes=weights.slopes,
                starts=weights.starts,
            )


def kept(path: Path) -> Weights | None:
    """Return the weights of a file; None if there is none or it is damaged."""
    damaged = (OSError, ValueError, KeyError, EOFError, BadZipFile)
    with suppress(*damaged), path.open("rb") as file, np.load(file) as held:
        runs = held["places"].tobytes().decode().split("\n")
        names = tuple(held["names"].tobytes().decode().split("\n"))
        slopes = held["slopes"]
        if slopes.shape == (len(names), len(runs)):
            places = {run: at for at, run in enumerate(runs)}
            return Weights(places, held["scale"], names, slopes, held["starts"])
    return None
