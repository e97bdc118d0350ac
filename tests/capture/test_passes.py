"""Simulated passes: rows, privacy, determinism, and what is refused."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lfr_eval.cohort import capture, load_manifest, with_captures
from lfr_eval.cohort.capture import CaptureError, Recipe, Step
from lfr_eval.cohort.cohort import Cohort
from lfr_eval.contract.tables import CAPTURE

BLUR = Recipe((Step({"motion_blur": 6}), Step({"noise": 9})), seed=3)


def cohort(folder: Path, roles: Sequence[str] = ("reference", "probe", "probe")) -> Cohort:
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(1)
    lines = ["image_id,subject_id,path,role,pass_id,gender,ethnicity"]
    for person in ("ann", "bob"):
        for number, role in enumerate(roles):
            name = f"{person}{number}"
            levels = rng.integers(0, 255, (40, 50, 3)).astype(np.uint8)
            Image.fromarray(levels).save(folder / f"{name}.png")
            walk = "" if role != "probe" else f"{person}-walk"
            lines.append(f"{name},{person},{name}.png,{role},{walk},female,white")
    (folder / "people.csv").write_text("\n".join(lines) + "\n")
    return load_manifest(folder / "people.csv")


def apart(images: Sequence[Path]) -> list[float | None]:
    return [20.0 for _ in images]


def simulated(people: Cohort, recipe: Recipe, cache: Path, eyes: object = apart) -> Cohort:
    paths = [people.resolve(image) for image in people.images["image_id"]]
    images = capture.simulate_passes(people.images, paths, recipe, eyes, cache)  # type: ignore[arg-type]
    return with_captures(people, images, cache / capture.FOLDER, recipe.words)


def test_every_pass_becomes_one_pass_a_step(tmp_path: Path) -> None:
    people = cohort(tmp_path / "faces")
    made = simulated(people, BLUR, tmp_path / "cache").images
    probes = made[made["role"] == "probe"]
    assert len(made) == len(people.images) + 2 * 4
    assert made["image_id"].is_unique
    by_pass = probes.groupby("pass_id")
    assert by_pass.size().tolist() == [2] * 6
    assert by_pass[["subject_id", CAPTURE]].nunique().max().tolist() == [1, 1]
    assert sorted(probes[CAPTURE].unique()) == ["motion blur 6 px", "no degradation", "noise 9"]
    assert made.loc[made["role"] == "reference", CAPTURE].isna().all()
    alone = simulated(people, Recipe(BLUR.steps, original=False), tmp_path / "cache").images
    assert "no degradation" not in set(alone[CAPTURE])
    assert len(alone) == 2 + 8


def test_rows_name_the_picture_and_its_digest(tmp_path: Path) -> None:
    made = simulated(cohort(tmp_path / "faces"), BLUR, tmp_path / "cache")
    for row in made.images.itertuples():
        content = made.resolve(row.image_id).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row.digest
    derived = made.images[made.images[CAPTURE] == "noise 9"]
    assert not derived["path"].str.contains("ann|bob").any()
    card = next(card for card in made.cards if card.name == "people, simulated capture")
    assert set(derived["dataset_card"]) == {card.name}
    assert card.title.endswith(", simulated capture")
    assert "motion blur 6 px, noise 9" in card.limits[0]


def test_pictures_are_private_and_can_be_purged(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        simulated(cohort(tmp_path / "faces"), BLUR, tmp_path / "cache")
    finally:
        os.umask(before)
    folder = tmp_path / "cache" / capture.FOLDER
    for path in (tmp_path / "cache", folder):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    files = list(folder.iterdir())
    assert len(files) == 8
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.suffix == ".png"
    assert capture.KEPT.delete(tmp_path / "cache") == 8
    assert not folder.exists()


def test_a_picture_is_made_once(tmp_path: Path) -> None:
    people = cohort(tmp_path / "faces")
    simulated(people, BLUR, tmp_path / "cache")
    folder = tmp_path / "cache" / capture.FOLDER
    times = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    simulated(people, BLUR, tmp_path / "cache")
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == times


def test_the_digest_changes_with_one_strength_or_seed(tmp_path: Path) -> None:
    people = cohort(tmp_path / "faces")

    def digest(blur: float, noise: float, seed: int) -> str:
        steps = (Step({"motion_blur": blur}), Step({"noise": noise}))
        return simulated(people, Recipe(steps, seed=seed), tmp_path / "cache").digest

    digests = [digest(6, 9, 3), digest(6.5, 9, 3), digest(6, 9.5, 3), digest(6, 9, 4)]
    assert len(set(digests)) == 4
    assert digest(6, 9, 3) == digests[0]
    assert people.digest not in digests


def test_only_chance_depends_on_the_seed(tmp_path: Path) -> None:
    people = cohort(tmp_path / "faces")
    one, two = (
        simulated(people, Recipe(BLUR.steps, seed=seed), tmp_path / "cache").images
        for seed in (1, 2)
    )
    same = one["digest"] == two["digest"]
    assert same[one[CAPTURE] != "noise 9"].all()
    assert not same[one[CAPTURE] == "noise 9"].any()


PROGRAM = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.capture.test_passes import BLUR, simulated
from lfr_eval.cohort import load_manifest
import lfr_eval.cohort.capture.pictures as pictures
pictures.THREADS = {threads}
people = load_manifest(Path({manifest!r}))
images = people.images[::{order}].reset_index(drop=True)
people = type(people)(images, people.root, people.cards, "")
images = simulated(people, BLUR, Path({cache!r})).images
print(sorted(images["digest"]))
"""


def test_another_process_another_order_other_threads_make_the_same(tmp_path: Path) -> None:
    made = simulated(cohort(tmp_path / "faces"), BLUR, tmp_path / "cache")
    program = PROGRAM.format(
        root=str(Path(__file__).parents[2]), threads=1, order=-1,
        manifest=str(tmp_path / "faces" / "people.csv"), cache=str(tmp_path / "other"),
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(sorted(made.images["digest"]))


def test_repeats_differ_by_chance_alone(tmp_path: Path) -> None:
    recipe = Recipe((Step({"noise": 5}), Step({"motion_blur": 9}, angle=None)), repeats=3)
    made = simulated(cohort(tmp_path / "faces"), recipe, tmp_path / "cache").images
    derived = made[made["image_id"].str.contains("~")]
    assert len(derived) == 2 * 3 * 4
    assert derived["digest"].is_unique
    assert derived["image_id"].str.endswith("~2.3").sum() == 4


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (Recipe((Step({"fog": 1}),)), "there is no transform 'fog' .choose crop, "),
        (Recipe((Step({"jpeg": 300}),)), "jpeg of 300: give 1 to 100"),
        (Recipe((Step({"noise": "much"}),)), "noise of much: give 0 to 128"),  # type: ignore[dict-item]
        (Recipe(()), "capture.steps is empty"),
        (Recipe((Step({}),)), "a step without transforms"),
        (Recipe((Step({"jpeg": 5}), Step({"jpeg": 5}))), "a step is listed twice"),
        (Recipe((Step({"jpeg": 5}),), repeats=2), "the same picture counted again"),
        (Recipe((Step({"noise": 5}),), repeats=0), "give 1 or more"),
        (Recipe((Step({"scale": 0.5, "eye_distance": 9}),)), "both set the size"),
    ],
)
def test_what_cannot_be_is_refused(recipe: Recipe, message: str, tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=message):
        simulated(cohort(tmp_path / "faces"), recipe, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_images_that_do_not_allow_it_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"copies of themselves.*no probe image"):
        simulated(cohort(tmp_path / "faces", ("both", "both")), BLUR, tmp_path / "cache")
    people = cohort(tmp_path / "faces")
    far = Recipe((Step({"eye_distance": 30}),))
    with pytest.raises(CaptureError, match=r"4 images have eyes closer together.*ann1.png: 20 px"):
        simulated(people, far, tmp_path / "cache")

    def nobody(images: Sequence[Path]) -> list[float | None]:
        return [None for _ in images]

    with pytest.raises(CaptureError, match=r"No eyes were found on 4 of 4 images.*Use scale"):
        simulated(people, far, tmp_path / "cache", nobody)
    owned = pd.DataFrame(people.images.assign(capture="x"))
    with pytest.raises(CaptureError, match="already has a column 'capture'"):
        capture.simulate_passes(owned, [None] * 6, BLUR, apart, tmp_path / "cache")
