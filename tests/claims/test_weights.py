"""The weights of words are those that scikit-learn would use, and survive being kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from lfr_eval.finished.claims.kinds import views_of
from lfr_eval.finished.claims.learned import read_examples
from lfr_eval.finished.claims.weights import Weights, keep, kept, trained
from lfr_eval.finished.claims.wording import in_plain

EXAMPLES = [one for one in read_examples()[::12] if one.says in ("alike", "difference", "beyond")]
VIEWS = [views_of(in_plain(one.sentence)) for one in EXAMPLES]
SAYS = np.array([one.says for one in EXAMPLES])


CLAIMS = ("alike", "difference")


@pytest.fixture(scope="module")
def weights() -> Weights:
    return trained(VIEWS, [(SAYS, CLAIMS)])


def test_a_sentence_is_as_likely_as_scikit_learn_finds_it(weights: Weights) -> None:
    parts = []
    for number, longest in enumerate((3, 4, 3, 5, 1)):
        column = TfidfVectorizer(
            ngram_range=(1, longest), analyzer="word", token_pattern=r"\S+", lowercase=False,
            min_df=2, sublinear_tf=True,
        )  # fmt: skip
        parts.append(column.fit_transform([view[number] for view in VIEWS]))
    rows = hstack(parts, "csr")
    told = np.isin(SAYS, CLAIMS)
    model = LogisticRegression(C=20, class_weight="balanced", solver="liblinear")
    model.fit(rows[told], SAYS[told] == "alike")
    found = [weights.chances(view)["alike"] for view in VIEWS]
    assert found == pytest.approx(model.predict_proba(rows)[:, 1], rel=1e-3)


def test_weights_that_were_kept_are_the_same(weights: Weights, tmp_path: Path) -> None:
    path = tmp_path / "cache" / "claims.npz"
    assert kept(path) is None
    keep(weights, path)
    found = kept(path)
    assert found is not None
    assert found.chances(VIEWS[3]) == weights.chances(VIEWS[3])
    path.write_bytes(path.read_bytes()[:1000])
    assert kept(path) is None


def test_a_cache_that_cannot_be_written_is_no_error(weights: Weights, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    keep(weights, tmp_path / "file" / "claims.npz")
    assert kept(tmp_path / "file" / "claims.npz") is None
