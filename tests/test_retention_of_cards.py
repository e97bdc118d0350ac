"""What a dataset card says of retention is done at start-up, where it is ours to do."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import yaml

from lfr_eval.cohort import load_card
from lfr_eval.cohort.cards import cards_folder
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
    assert "1 file deleted; the dataset 'ours' had to be deleted by 2026-05-31" in said
    assert "1 templates deleted" in said
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
