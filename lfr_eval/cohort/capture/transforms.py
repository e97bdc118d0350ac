"""Stage `capture`: one picture in, a picture as from a worse capture out.

A step is a chain of transforms in the order in which they happen between scene and recording: the
frame crops the scene, distance makes it small, movement blurs it, exposure and contrast shift it,
the sensor adds noise, and the recorder compresses it.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance
from scipy import ndimage

Pixels = NDArray[np.float64]


@dataclass(frozen=True)
class Transform:
    """A transform: what its strength means, its range, and how it is written.

    Attributes
    ----------
    words
        With the strength in braces; the name of the condition.
    low, high
        Smallest and largest strength.
    unit
        Meaning of the strength, for messages.
    """

    words: str
    low: float
    high: float
    unit: str


TRANSFORMS: Mapping[str, Transform] = {
    "crop": Transform("crop to {:g}", 0.1, 1.0, "share of width and height that is kept"),
    "eye_distance": Transform("eye distance {:g} px", 2.0, 2_000.0, "pixels between the eyes"),
    "scale": Transform("scale {:g}", 0.01, 1.0, "factor of width and height"),
    "motion_blur": Transform("motion blur {:g} px", 1.0, 200.0, "pixels of movement"),
    "exposure": Transform("exposure {:+g} EV", -8.0, 8.0, "stops, negative for darker"),
    "contrast": Transform("contrast {:g}", 0.0, 4.0, "factor, 1 for unchanged"),
    "noise": Transform("noise {:g}", 0.0, 128.0, "standard deviation, in levels of 0 to 255"),
    "jpeg": Transform("JPEG quality {:g}", 1.0, 100.0, "quality from 1 to 100"),
}
"""Transforms by name, in the order in which they are applied."""

BY_CHANCE = ("noise",)
"""Transforms that draw at random; a motion blur without an angle does so too."""


@dataclass(frozen=True)
class Step:
    """One simulated condition of capture.

    Attributes
    ----------
    strengths
        Strength by name of transform.
    angle
        Direction of movement in degrees, 0 for sideways; None: drawn for each picture.
    """

    strengths: Mapping[str, float]
    angle: float | None = 0.0

    @property
    def chain(self) -> tuple[tuple[str, float], ...]:
        """Transforms and strengths in the order in which they are applied."""
        return tuple(
            (name, float(self.strengths[name])) for name in TRANSFORMS if name in self.strengths
        )

    @property
    def words(self) -> str:
        """The name of the condition: `motion blur 8 px`, `eye distance 24 px + noise 8`."""
        return " + ".join(TRANSFORMS[name].words.format(value) for name, value in self.chain)

    @property
    def by_chance(self) -> bool:
        """Whether two pictures of the same image differ."""
        return any(name in BY_CHANCE for name in self.strengths) or (
            "motion_blur" in self.strengths and self.angle is None
        )


def degrade(
    picture: Image.Image, step: Step, rng: np.random.Generator, eyes: float | None = None
) -> Image.Image:
    """Return the picture as from a worse capture, RGB.

    Parameters
    ----------
    picture
        RGB.
    step
        The step to apply.
    rng
        For noise and directions of movement.
    eyes
        Pixels between the eyes in `picture`, if the step has an eye distance.
    """
    angle = float(rng.uniform(0.0, 180.0)) if step.angle is None else step.angle
    for name, strength in step.chain:
        if name == "eye_distance":
            if eyes is None:
                raise ValueError("A step with an eye distance needs the distance between the eyes.")
            picture = scaled(picture, strength / eyes)
        elif name == "motion_blur":
            picture = blurred(picture, motion_kernel(strength, angle))
        elif name == "noise":
            picture = noisy(picture, strength, rng)
        else:
            picture = _PLAIN[name](picture, strength)
    return picture


def cropped(picture: Image.Image, share: float) -> Image.Image:
    """Return the centre of a picture: a share of its width and height."""
    width, height = picture.size
    kept = (max(1, round(width * share)), max(1, round(height * share)))
    left, top = (width - kept[0]) // 2, (height - kept[1]) // 2
    return picture.crop((left, top, left + kept[0], top + kept[1]))


def scaled(picture: Image.Image, factor: float) -> Image.Image:
    """Return a smaller picture, each pixel the mean of those that it covers, as on a sensor."""
    size = tuple(max(1, round(side * factor)) for side in picture.size)
    return picture.resize((size[0], size[1]), Image.Resampling.BOX)


def motion_kernel(length: float, angle: float) -> Pixels:
    """Return the weights of a movement along a line, which sum to one.

    Parameters
    ----------
    length
        Pixels that a point travels during the exposure; 1 leaves the picture as it is.
    angle
        Degrees from the horizontal.
    """
    half = (length - 1.0) / 2.0
    radius = math.ceil(half)
    weights = np.zeros((2 * radius + 1, 2 * radius + 1))
    # The path in fine steps, each shared among the four pixels around it.
    along = np.linspace(-half, half, 8 * math.ceil(length) + 1)
    x = radius + along * math.cos(math.radians(angle))
    y = radius - along * math.sin(math.radians(angle))
    column, row = np.floor(x).astype(int), np.floor(y).astype(int)
    for down in (0, 1):
        for right in (0, 1):
            share = np.abs(1 - right - (x - column)) * np.abs(1 - down - (y - row))
            inside = (row + down <= 2 * radius) & (column + right <= 2 * radius)
            np.add.at(weights, ((row + down)[inside], (column + right)[inside]), share[inside])
    kernel: Pixels = weights / weights.sum()
    return kernel


def blurred(picture: Image.Image, kernel: Pixels) -> Image.Image:
    """Return a picture convolved with a kernel, its edges repeated outwards."""
    pixels = np.asarray(picture, float)
    channels = [ndimage.convolve(pixels[..., c], kernel, mode="nearest") for c in range(3)]
    return _picture(np.stack(channels, axis=-1))


def exposed(picture: Image.Image, stops: float) -> Image.Image:
    """Return a picture with 2^stops as much light. Values above the maximum are cut off."""
    light = _to_light(np.asarray(picture, float) / 255.0) * 2.0**stops
    return _picture(255.0 * _from_light(np.clip(light, 0.0, 1.0)))


def noisy(picture: Image.Image, sigma: float, rng: np.random.Generator) -> Image.Image:
    """Return a picture with normal noise of a standard deviation in levels of 0 to 255."""
    pixels = np.asarray(picture, float)
    return _picture(pixels + sigma * rng.standard_normal(pixels.shape))


def compressed(picture: Image.Image, quality: float) -> Image.Image:
    """Return a picture after JPEG compression."""
    with io.BytesIO() as file:
        picture.save(file, "JPEG", quality=round(quality))
        with Image.open(io.BytesIO(file.getvalue())) as again:
            return again.convert("RGB")


def contrasted(picture: Image.Image, factor: float) -> Image.Image:
    """Return a picture with its contrast changed about its mean grey."""
    return ImageEnhance.Contrast(picture).enhance(factor)


_PLAIN: Mapping[str, Callable[[Image.Image, float], Image.Image]] = {
    "crop": cropped,
    "scale": scaled,
    "exposure": exposed,
    "contrast": contrasted,
    "jpeg": compressed,
}


def _picture(pixels: NDArray[Any]) -> Image.Image:
    return Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))


def _to_light(level: Pixels) -> Pixels:
    """Return linear light of sRGB levels (IEC 61966-2-1)."""
    return np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)


def _from_light(light: Pixels) -> Pixels:
    """Return sRGB levels of linear light."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
