"""What was learned reads as its libraries would, and survives being kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from lfr_eval.finished.claims.keeping import keep, kept
from lfr_eval.finished.claims.kinds import told_of, views_of
from lfr_eval.finished.claims.learned import Model, read_examples
from lfr_eval.finished.claims.network import network_told
from lfr_eval.finished.claims.weights import weights_of
from lfr_eval.finished.claims.wording import in_plain

EXAMPLES = read_examples()[::12]
PLAINS = [in_plain(one.sentence) for one in EXAMPLES]


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.of(EXAMPLES)


def test_a_sentence_is_as_likely_as_scikit_learn_finds_it() -> None:
    views, says = [views_of(one) for one in PLAINS], np.array([one.says for one in EXAMPLES])
    weights = weights_of(views, (says == "alike").astype(int), 2)
    parts = []
    for number, longest in enumerate((3, 4, 3, 5, 1)):
        column = TfidfVectorizer(
            ngram_range=(1, longest), analyzer="word", token_pattern=r"\S+", lowercase=False,
            min_df=2, sublinear_tf=True,
        )  # fmt: skip
        parts.append(column.fit_transform([view[number] for view in views]))
    rows = hstack(parts, "csr")
    model = LogisticRegression(C=10, solver="liblinear").fit(rows, says == "alike")
    found = [weights.chances(view)[1] for view in views]
    assert found == pytest.approx(model.predict_proba(rows)[:, 1], rel=1e-3)


def test_a_sentence_is_read_as_pytorch_reads_it(model: Model) -> None:
    network = model.networks[0]
    layers = {name: torch.tensor(one) for name, one in network.layers.items()}
    for plain in PLAINS[:20]:
        told = told_of(plain)
        rows = torch.tensor(network.places(told)).T[None]
        there = torch.ones(rows.shape[:2], dtype=torch.bool)
        due = network_told(layers, rows, there, forgotten=0.0).softmax(-1)[0]
        assert network.chances(told) == pytest.approx(due.numpy(), rel=1e-3, abs=1e-6)


def test_what_was_learned_is_told_again(model: Model) -> None:
    claims = ("alike", "difference", "both")
    read = model.read(PLAINS)
    told = [(one.says, got.polarity) for one, got in zip(EXAMPLES, read, strict=True)]
    assert np.mean([says == got for says, got in told if says in claims]) > 0.85
    assert np.mean([got not in claims for says, got in told if says not in claims]) > 0.85


def test_what_was_kept_is_the_same(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "cache" / "claims.npz"
    assert kept(path) is None
    keep(model.held(), path)
    held = kept(path)
    assert held is not None
    assert Model.read_from(held).chances(PLAINS[3]) == pytest.approx(model.chances(PLAINS[3]))
    path.write_bytes(path.read_bytes()[:1000])
    assert kept(path) is None


def test_a_cache_that_cannot_be_written_is_no_error(model: Model, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    keep(model.held(), tmp_path / "file" / "claims.npz")
    assert kept(tmp_path / "file" / "claims.npz") is None
