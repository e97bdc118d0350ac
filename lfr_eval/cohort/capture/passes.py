"""Stage `capture`: the table `cohort` in, the same with simulated passes out.

Every pass of a probe becomes one pass for each step (and repetition), of the same frames degraded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pandas as pd

from lfr_eval.cohort.capture.pictures import FOLDER, CaptureError, Order, make_pictures, missing
from lfr_eval.cohort.capture.transforms import TRANSFORMS, Step
from lfr_eval.contract.tables import CAPTURE, NO_DEGRADATION
from lfr_eval.contract.words import joined, some

Eyes = Callable[[Sequence[Path]], Sequence[float | None]]


@dataclass(frozen=True)
class Recipe:
    """The simulated capture of a study.

    Attributes
    ----------
    steps
        The simulated conditions.
    repeats
        Pictures made of each image in each step.
    seed
        Seed of noise and directions of movement.
    original
        Whether the original passes are kept as well.
    """

    steps: tuple[Step, ...]
    repeats: int = 1
    seed: int = 1
    original: bool = True

    @property
    def words(self) -> str:
        """The recipe as part of a sentence: what was simulated, and its seed."""
        steps = ", ".join(_together(self.steps))
        again = f", {self.repeats} times each" if self.repeats > 1 else ""
        beside = ", beside the images as captured" if self.original else ""
        blurs = [step for step in self.steps if "motion_blur" in step.strengths]
        angles = {"any angle" if s.angle is None else f"{s.angle:g} degrees" for s in blurs}
        moving = f"; movement at {' or '.join(sorted(angles))}" if angles else ""
        return f"{steps}{again}{beside}{moving}; seed {self.seed}"


def _together(steps: Sequence[Step]) -> Iterator[str]:
    """Name together the steps that differ only in their strength: "motion blur 8, 16 and 24 px"."""
    for names, group in groupby(steps, key=lambda step: [name for name, _ in step.chain]):
        same = list(group)
        if len(same) == 1 or len(names) > 1:
            yield from (step.words for step in same)
            continue
        before, _, rest = TRANSFORMS[names[0]].words.partition("{")
        form, _, after = rest.partition("}")
        strengths = [f"{{{form}}}".format(value) for step in same for _, value in step.chain]
        yield f"{before}{joined(strengths)}{after}"


def simulate_passes(
    images: pd.DataFrame, paths: Sequence[Path | None], recipe: Recipe, eyes: Eyes, cache: Path
) -> pd.DataFrame:
    """Return the cohort's images with simulated passes, their paths relative to the pictures.

    Parameters
    ----------
    images
        Table `cohort`.
    paths
        The file of each image.
    recipe
        What is simulated.
    eyes
        Finds the pixels between the eyes on each image, None where there is no face.
    cache
        Private cache; pictures go to its folder `captured`.

    Returns
    -------
    DataFrame
        The rows of the other roles and, where asked for, of the original probes; then one row for
        each picture, with its own `image_id`, `pass_id`, `path` and `digest`. The column
        `capture` names the condition of each probe.

    Raises
    ------
    CaptureError
        If the recipe or an image does not allow it. The message lists all problems.
    """
    _check(images, recipe)
    probe = (images["role"] == "probe").to_numpy(bool)
    sources = images[probe]
    files = {place: path for place, path in enumerate(paths) if probe[place] and path is not None}
    rows, orders = [], []
    numbers = range(recipe.repeats)
    for code, step in enumerate(recipe.steps):
        for repeat in numbers:
            name = f"~{code + 1}" + (f".{repeat + 1}" if recipe.repeats > 1 else "")
            made = [
                Order(path, str(images["digest"].iloc[place]), step, repeat, recipe.seed)
                for place, path in files.items()
            ]
            orders += made
            rows.append(
                sources.assign(
                    image_id=sources["image_id"] + name,
                    pass_id=sources["pass_id"] + name,
                    path=[order.path for order in made],
                    **{CAPTURE: step.words},
                )
            )
    folder = cache / FOLDER
    digests = make_pictures(orders, _eyes(orders, eyes, folder), folder)
    degraded = pd.concat(rows, ignore_index=True).assign(digest=digests)
    kept = images.assign(
        **{CAPTURE: pd.Series(pd.NA, images.index, "string").mask(probe, NO_DEGRADATION)}
    )
    return pd.concat([kept if recipe.original else kept[~probe], degraded], ignore_index=True)


def _check(images: pd.DataFrame, recipe: Recipe) -> None:
    problems = []
    for step in recipe.steps:
        for name, strength in step.strengths.items():
            known = TRANSFORMS.get(name)
            if known is None:
                problems.append(f"there is no transform '{name}' (choose {', '.join(TRANSFORMS)})")
            elif not (isinstance(strength, int | float) and known.low <= strength <= known.high):
                problems.append(
                    f"{name} of {strength}: give {known.low:g} to {known.high:g} ({known.unit})"
                )
        if {"eye_distance", "scale"} <= set(step.strengths):
            problems.append("eye_distance and scale both set the size; give only one of them")
        if not step.strengths:
            problems.append("a step without transforms; leave it out, or set capture.original=true")
    if not recipe.steps:
        problems.append("capture.steps is empty; give one such as [{motion_blur: 8}]")
    if not problems and len({step.words for step in recipe.steps}) < len(recipe.steps):
        problems.append("a step is listed twice; capture.repeats makes several pictures of each")
    if recipe.repeats < 1:
        problems.append(f"capture.repeats is {recipe.repeats}; give 1 or more")
    if not problems and recipe.repeats > 1:
        problems += [
            f"'{step.words}' draws nothing at random, so its {recipe.repeats} repetitions would "
            "be the same picture counted again; set capture.repeats=1"
            for step in recipe.steps
            if not step.by_chance
        ]
    if CAPTURE in images:
        problems.append(f"the manifest already has a column '{CAPTURE}'; rename it")
    if (images["role"] == "both").any():
        problems.append(
            "images with the role 'both' would be compared with copies of themselves; give people "
            "separate reference and probe images"
        )
    if not (images["role"] == "probe").any():
        problems.append("there is no probe image to degrade")
    elif images.loc[images["role"] == "probe", "path"].isna().any():
        problems.append("there are only templates, no images")
    if problems:
        raise CaptureError("Captures cannot be simulated: " + "; ".join(problems) + ".")


def _eyes(orders: Sequence[Order], find: Eyes, folder: Path) -> list[float | None]:
    """Return the pixels between the eyes for orders that need them and are not made yet."""
    wanted = {
        order.digest: order.image
        for order in missing(orders, folder)
        if "eye_distance" in order.step.strengths
    }
    found = dict(zip(wanted, find(list(wanted.values())) if wanted else (), strict=True))
    distances = [found.get(order.digest) for order in orders]
    asked = [order for order in missing(orders, folder) if order.digest in found]
    blind = {order.image.name for order in asked if found[order.digest] is None}
    if blind:
        raise CaptureError(
            f"No eyes were found on {len(blind)} of {len(wanted)} images "
            f"({some(sorted(blind), 3)}), so they cannot be given an eye distance. Use scale, a "
            "factor of the picture's size, instead."
        )
    near = {
        f"{order.image.name}: {found[order.digest]:.0f} px"
        for order in asked
        if order.step.strengths.get("eye_distance", 0.0) > (found[order.digest] or 0.0)
    }
    if near:
        raise CaptureError(
            f"{len(near)} images have eyes closer together than a requested eye_distance "
            f"({some(sorted(near), 3)}); a picture can only be made smaller. Give smaller "
            "distances."
        )
    return distances
