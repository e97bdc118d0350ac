"""What a dataset card says of retention is done at start-up, where it is ours to do."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import lfr_eval
from lfr_eval.cohort import load_card
from lfr_eval.cohort.card import CardError
from lfr_eval.cohort.cards import cards_folder
from lfr_eval.contract.places import CARDS, remember
from lfr_eval.finished.retention import enforce_retention
from lfr_eval.matchers import Embedding
from lfr_eval.matchers.store import TemplateStore

BEFORE, AFTER = date(2026, 5, 31), date(2026, 6, 1)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache with a download of a card that expires, and a template of each of two pictures."""
    raw = yaml.safe_load((cards_folder() / "london.yaml").read_text("utf-8"))
    raw |= {"name": "ours", "expires": "2026-05-31"}
    card = tmp_path / "ours.yaml"
    card.write_text(yaml.safe_dump(raw), "utf-8")
    assert load_card(card).expires == "2026-05-31"
    cache = tmp_path / "cache"
    (cache / "ours").mkdir(parents=True)
    (cache / "ours" / "a.png").write_bytes(b"a face")
    digest = hashlib.sha256(b"a face").hexdigest()
    (cache / "ours" / "SHA256SUMS").write_text(f"{digest}  a.png\n")
    made = {one: Embedding(np.ones(4, np.float32)) for one in (digest, "ab" * 32)}
    TemplateStore(cache, "cd" * 32).add(made)
    return cache


def test_nothing_is_deleted_before_its_day(cache: Path) -> None:
    assert enforce_retention([cache], BEFORE) == []
    assert (cache / "ours" / "a.png").is_file()


def test_downloads_and_what_was_made_of_them_are_deleted_after_it(cache: Path) -> None:
    said = " ".join(enforce_retention([cache], AFTER))
    assert "1 file; the pictures of 'ours' were allowed to be kept until 2026-05-31" in said
    assert "1 template in 1 file" in said
    assert not (cache / "ours").exists()
    assert TemplateStore(cache, "cd" * 32).digests() == {"ab" * 32}
    assert enforce_retention([cache], AFTER) == []


def test_what_somebody_else_put_there_is_left_alone(cache: Path, tmp_path: Path) -> None:
    (cache / "ours" / "SHA256SUMS").unlink()
    assert enforce_retention([cache], AFTER) == []
    (cache / "ours").rename(tmp_path / "elsewhere")
    (cache / "ours").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "SHA256SUMS").write_text("")
    assert enforce_retention([cache], AFTER) == []
    assert (tmp_path / "elsewhere" / "a.png").is_file()


def test_python_keeps_to_cards_as_the_command_line_does(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A download over its time goes, and a purpose that the card forbids is refused."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    remember(CARDS, tmp_path / "ours.yaml")
    people = pd.DataFrame({
        "image_id": ["a1", "a2"], "subject_id": "a", "role": ["reference", "probe"],
        "gender": "female",
    })  # fmt: skip
    scores = pd.DataFrame({"reference_id": ["a1"], "probe_id": ["a2"], "score": [0.9]})
    raw = yaml.safe_load((tmp_path / "ours.yaml").read_text("utf-8"))
    forbidding = tmp_path / "forbidding.yaml"
    forbidding.write_text(yaml.safe_dump(raw | {"expires": None, "forbids": ["live trial"]}))
    with pytest.raises(CardError, match="forbids 'live trial', and"):
        lfr_eval.run(
            *(f"dataset.card={forbidding}", "dataset.purpose=live trial"),
            *(f"paths.cache={cache}", f"paths.studies={tmp_path / 'studies'}"),
            people=people, scores=scores, thresholds=0.5,
        )  # fmt: skip
    assert not (cache / "ours").exists()
