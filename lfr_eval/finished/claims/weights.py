"""What linear models of a sentence's words have learned from the sorted sentences.

In: views of sorted sentences. Out: a weight of every word or run of kinds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lfr_eval.finished.claims.kinds import Views

_RUNS = (3, 4, 3, 5, 1)
"""Words or kinds of each view of a sentence that are looked at together, at most."""


class Weights(NamedTuple):
    """Weights of linear models.

    Attributes
    ----------
    places
        Where each run of words stands among the weights; it begins with its view's number.
    scale
        How much a run counts, shape (runs,): more if it is rare.
    slopes, starts
        Shapes (models, runs) and (models,).
    """

    places: dict[str, int]
    scale: np.ndarray
    slopes: np.ndarray
    starts: np.ndarray

    def chances(self, views: Views) -> np.ndarray:
        """Return the probability that each model gives to what it tells, shape (models,)."""
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
        chances: np.ndarray = 1 / (1 + np.exp(-total))
        return chances


def weights_of(views: Sequence[Views], says: np.ndarray, tells: int) -> Weights:
    """Return weights that tell what sentences say.

    Parameters
    ----------
    says
        What each says, as a number below `tells`, shape (sentences,).
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
    models = [
        LogisticRegression(C=10, solver="liblinear").fit(seen, says == one) for one in range(tells)
    ]
    runs = [f"{at}{run}" for at, one in enumerate(columns) for run in one.get_feature_names_out()]
    return Weights(
        {run: at for at, run in enumerate(runs)},
        np.concatenate([one.idf_ for one in columns]).astype(np.float32),
        np.array([one.coef_[0] for one in models], np.float32),
        np.array([one.intercept_[0] for one in models], np.float32),
    )
