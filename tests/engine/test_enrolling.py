"""A manifest to a watchlist: who is on it, and who of it is nearest to a face."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lfr_eval.cohort import load_manifest
from lfr_eval.engine.watchlist import WatchlistError, enrol
from tests.engine.builders import ALICE, GREY, SIZE, SquareMatcher, template_of, write_watchlist


def test_references_without_a_face_are_named_and_an_empty_watchlist_refused(tmp_path: Path) -> None:
    manifest = write_watchlist(tmp_path / "people", {"alice": ALICE, "blank": GREY})
    watchlist = enrol(load_manifest(manifest), SquareMatcher(), tmp_path / "cache")
    assert (watchlist.size, watchlist.failed) == (1, ("blank-1",))
    table = manifest.read_text().replace("reference", "probe").replace("filler", "probe")
    manifest.write_text(table)
    with pytest.raises(WatchlistError, match="no row has the role"):
        enrol(load_manifest(manifest), SquareMatcher(), tmp_path / "cache")


def test_the_best_reference_is_found_with_the_score_of_studies(tmp_path: Path) -> None:
    colours = {f"p{r}{g}": (r * 120, g * 120, 250) for r in range(3) for g in range(3)}
    manifest = write_watchlist(tmp_path / "people", colours)
    watchlist = enrol(load_manifest(manifest), SquareMatcher(), tmp_path / "cache")
    probe = np.random.default_rng(2).normal(size=64).astype(np.float32)
    found = watchlist.best(probe)
    unit = probe.astype(float) / np.linalg.norm(probe)
    scores = {
        f"{name}-1": float(unit @ (t / np.linalg.norm(t)))
        for name, t in ((n, template_of(c).astype(float)) for n, c in colours.items())
    }
    best = max(scores, key=scores.__getitem__)
    assert found.reference_id == best
    assert found.score == pytest.approx(scores[best], abs=1e-6)
    assert SIZE == (160, 120)
