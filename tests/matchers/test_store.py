"""The private template store: embedded once, private, and lost by one batch at most."""

from __future__ import annotations

import contextlib
import errno
import random
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lfr_eval.matchers import Embedding, MatcherCard, MatcherError
from lfr_eval.matchers.store import BATCH, TEMPLATES_KEPT, TemplateStore, acquire


class CountingMatcher:
    """Its template of an image is the number in the file's name; `bad` files have no face."""

    def __init__(self, fingerprint: str = "f" * 64, fail_after: int | None = None) -> None:
        self.card = MatcherCard("counting", fingerprint, "", "cosine", (-1.0, 1.0), "")
        self.embedded: list[str] = []
        self._fail_after = fail_after

    def embed(self, images: Sequence[Path]) -> Iterator[Embedding]:
        for image in images:
            if self._fail_after is not None and len(self.embedded) >= self._fail_after:
                raise RuntimeError("killed")
            self.embedded.append(image.name)
            if image.name.startswith("bad"):
                yield Embedding(None, "no face detected", 0)
            else:
                yield Embedding(np.array([int(image.stem), 1.0], np.float32), None, 1)


def cohort(*names: str) -> tuple[pd.DataFrame, list[Path]]:
    images = pd.DataFrame({"image_id": names, "digest": [f"sha-{name}" for name in names]})
    return images.astype("string"), [Path(name) for name in names]


def test_a_second_run_embeds_nothing(tmp_path: Path) -> None:
    first, second = CountingMatcher(), CountingMatcher()
    one = acquire(first, *cohort("1.jpg", "bad.jpg", "2.jpg"), tmp_path)
    two = acquire(second, *cohort("2.jpg", "1.jpg", "bad.jpg"), tmp_path)
    assert first.embedded == ["1.jpg", "bad.jpg", "2.jpg"]
    assert second.embedded == []
    np.testing.assert_array_equal(one.vectors[[2, 0]], two.vectors[:2])
    assert one.acquisition["reason"].fillna("").tolist() == ["", "no face detected", ""]
    assert two.acquisition["acquired"].tolist() == [True, True, False]


def test_the_same_content_is_embedded_once(tmp_path: Path) -> None:
    matcher = CountingMatcher()
    images, paths = cohort("1.jpg", "2.jpg")
    images["digest"] = pd.Series(["same", "same"], dtype="string")
    found = acquire(matcher, images, paths, tmp_path)
    assert len(matcher.embedded) == 1
    np.testing.assert_array_equal(found.vectors[0], found.vectors[1])


def test_another_matcher_has_its_own_templates(tmp_path: Path) -> None:
    acquire(CountingMatcher("a" * 64), *cohort("1.jpg"), tmp_path)
    other = CountingMatcher("b" * 64)
    acquire(other, *cohort("1.jpg"), tmp_path)
    assert other.embedded == ["1.jpg"]


def test_a_killed_run_loses_one_batch_at_most(tmp_path: Path) -> None:
    names = [f"{number}.jpg" for number in range(3 * BATCH)]
    with pytest.raises(RuntimeError, match="killed"):
        acquire(CountingMatcher(fail_after=2 * BATCH + 5), *cohort(*names), tmp_path)
    rest = CountingMatcher()
    acquire(rest, *cohort(*names), tmp_path)
    assert rest.embedded == names[2 * BATCH :]


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    acquire(CountingMatcher(), *cohort("1.jpg"), cache)
    store = TemplateStore(cache, "f" * 64)
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in store.folder.iterdir()} == {0o600}


def test_purge_leaves_nothing(tmp_path: Path) -> None:
    acquire(CountingMatcher(), *cohort("1.jpg"), tmp_path)
    assert TEMPLATES_KEPT.delete(tmp_path) == 1
    assert not (tmp_path / "templates").exists()
    assert TEMPLATES_KEPT.delete(tmp_path) == 0


@pytest.mark.parametrize("left", [0, 1])
def test_a_cache_that_is_emptied_during_a_run_stops_it(left: int, tmp_path: Path) -> None:
    """Images whose results are gone were not "not acquired"."""
    matcher = CountingMatcher()
    images, paths = cohort(*(f"{number}.jpg" for number in range(BATCH + 1)))
    acquire(matcher, images.head(1), paths[:1], tmp_path)
    store = TemplateStore(tmp_path, matcher.card.fingerprint)
    kept = set(store.folder.glob("*.npy"))
    acquire(matcher, images, paths, tmp_path)
    for file in set(store.folder.glob("*.npy")) - (kept if left else set()):
        file.unlink()
    number = BATCH + 1 - left
    with pytest.raises(MatcherError, match=f"lacks the results of {number:,} images .* purge"):
        store.templates(images)


def test_templates_are_mapped_not_read(tmp_path: Path) -> None:
    acquire(CountingMatcher(), *cohort("1.jpg", "bad.jpg"), tmp_path)
    shard = next(iter(TemplateStore(tmp_path, "f" * 64).shards()))
    assert isinstance(shard.vectors, np.memmap)
    assert shard.known["row"].tolist() == [0, -1]
    assert TemplateStore(tmp_path, "f" * 64).digests() == {"sha-1.jpg", "sha-bad.jpg"}


def test_a_batch_without_any_face_is_kept(tmp_path: Path) -> None:
    with pytest.raises(MatcherError, match="No template could be made of any of the 2 images"):
        acquire(CountingMatcher(), *cohort("bad1.jpg", "bad2.jpg"), tmp_path)
    again = CountingMatcher()
    found = acquire(again, *cohort("bad1.jpg", "bad2.jpg", "3.jpg"), tmp_path)
    assert again.embedded == ["3.jpg"]
    assert found.acquisition["acquired"].tolist() == [False, False, True]


def test_a_full_disk_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    acquire(CountingMatcher(), *cohort("1.jpg"), tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "save", full)
        with pytest.raises(MatcherError, match=r"disk of .* is full .*paths\.cache=FOLDER"):
            acquire(CountingMatcher(), *cohort("1.jpg", "2.jpg"), tmp_path)
    rest = CountingMatcher()
    acquire(rest, *cohort("1.jpg", "2.jpg"), tmp_path)
    assert rest.embedded == ["2.jpg"]


def test_templates_are_gathered_in_a_file_without_a_name(tmp_path: Path) -> None:
    found = acquire(CountingMatcher(), *cohort("1.jpg", "2.jpg"), tmp_path)
    assert isinstance(found.vectors, np.memmap)
    assert not list(tmp_path.glob("tmp*"))
    assert found.moved is None


def test_half_the_room_and_how_far_each_template_moved(tmp_path: Path) -> None:
    names = [f"{number}.jpg" for number in (1, 2049, 4097)]
    whole = acquire(CountingMatcher(), *cohort(*names), tmp_path)
    again = CountingMatcher()
    half = acquire(again, *cohort(*names), tmp_path, "float16")
    assert again.embedded == names  # another store: neither is read as the other
    stored = next(iter(TemplateStore(tmp_path, "f" * 64, "float16").shards())).vectors
    assert stored.dtype == np.float16
    assert half.moved is not None
    np.testing.assert_allclose(half.moved, [0.0, 1.0, 1.0])  # 2049 and 4097 lie between two
    np.testing.assert_array_equal(half.moved, np.linalg.norm(whole.vectors - half.vectors, axis=1))


def test_a_template_that_half_precision_cannot_hold(tmp_path: Path) -> None:
    with pytest.raises(MatcherError, match=r"value 7e\+04, too large for float16"):
        acquire(CountingMatcher(), *cohort("70000.jpg"), tmp_path, "float16")


def test_a_damaged_batch_of_templates_is_named(tmp_path: Path) -> None:
    store = TemplateStore(tmp_path, "ab" * 32)
    made = {f"{each:064x}": Embedding(np.full(8, 0.5, np.float32)) for each in range(9)}
    store.add(made)
    (shard,) = store.folder.glob("*.npy")
    whole, chance = shard.read_bytes(), random.Random(1)
    for _ in range(200):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(damaged) - 1)
            damaged[at : at + chance.randrange(9)] = chance.choice([b"[" * 50, b"\xff", b"\n", b""])
        shard.write_bytes(bytes(damaged))
        with contextlib.suppress(MatcherError):
            store.load()
    shard.write_bytes(whole[:40])
    with pytest.raises(MatcherError, match=r"is damaged .*delete it"):
        store.load()
