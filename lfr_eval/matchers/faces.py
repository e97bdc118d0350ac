"""From a picture to the face that is embedded: open it, find faces, choose one, cut it out.

A `FaceFinder` finds faces and cuts one out. The rule for choosing among several is the same for
every finder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lfr_eval.contract.pictures import PictureError, read_picture
from lfr_eval.matchers import Embedding, Face, MatcherError, Picture

Pixels = NDArray[np.uint8]
"""(height, width, 3), RGB."""

MultiFace = Literal["largest", "most_central", "most_probable", "require_one", "all"]
"""Rule for pictures with several faces: a key of `MULTI_FACE`."""

UNREADABLE = "the picture cannot be read"
NO_FACE = "no face detected"
NO_TEMPLATE = "the network made no usable template of the face"

MULTI_FACE: dict[MultiFace, str] = {
    "largest": "the largest face is taken",
    "most_central": "the face nearest to the middle of the picture is taken",
    "most_probable": "the face with the highest detection probability is taken",
    "require_one": "more than one face is a failure to acquire",
    # Every face of a live frame is searched; a still picture is one labelled person's.
    "all": "every face of a live frame is taken; in a still picture more than one face is a "
    "failure to acquire",
}


@dataclass(frozen=True)
class Box:
    """Position of a face.

    Attributes
    ----------
    corners : (4,)
        Left, top, right and bottom in pixels.
    probability
        The detector's confidence on its own scale.
    landmarks : (5, 2)
        Eyes, nose, corners of the mouth in pixels; None if the detector does not give them.
    """

    corners: NDArray[Any]
    probability: float
    landmarks: NDArray[Any] | None = None

    @property
    def area(self) -> float:
        """In square pixels."""
        left, top, right, bottom = self.corners
        return float((right - left) * (bottom - top))


@dataclass(frozen=True)
class Found:
    """The cut face of one picture, or the reason why there is none."""

    face: Pixels | None
    reason: str | None
    faces: int


class FaceFinder(Protocol):
    """Finds faces and cuts them out for a network."""

    @property
    def recipe(self) -> Mapping[str, object]:
        """Everything that changes a cut face."""

    def boxes(self, picture: Image.Image) -> list[Box]:
        """Return where the faces of one picture are."""

    def cut(self, picture: Image.Image, box: Box) -> Pixels:
        """Return one face in the form for the network, before its values are scaled."""


def open_picture(picture: Picture) -> Image.Image | None:
    """Open a picture in RGB, turned as its camera says; None if it cannot be read.

    Raises
    ------
    OSError
        If there is no such file, or it may not be read.
    """
    try:
        return read_picture(picture)
    except PictureError:
        return None


def open_pictures(pictures: Sequence[Picture]) -> list[Image.Image | None]:
    """Open several pictures."""
    return [open_picture(picture) for picture in pictures]


def find_face(finder: FaceFinder, picture: Image.Image | None, policy: str) -> Found:
    """Return the face of a still picture, by the policy, an entry of `MULTI_FACE`."""
    if picture is None:
        return Found(None, UNREADABLE, 0)
    boxes = finder.boxes(picture)
    if not boxes:
        return Found(None, NO_FACE, 0)
    if len(boxes) > 1 and policy in ("require_one", "all"):
        return Found(None, f"{len(boxes)} faces detected, one required", len(boxes))
    return Found(finder.cut(picture, choose(boxes, picture.size, policy)), None, len(boxes))


def choose(boxes: Sequence[Box], size: tuple[int, int], policy: str) -> Box:
    """Return the face to take of those of a picture of `size` (width, height)."""
    if policy == "most_probable":
        ranks = [box.probability for box in boxes]
    elif policy == "most_central":
        middle = np.asarray(size) / 2
        ranks = [-float(np.hypot(*(_middle(box) - middle))) for box in boxes]
    else:
        ranks = [box.area for box in boxes]
    return boxes[int(np.argmax(ranks))]


def _middle(box: Box) -> NDArray[Any]:
    left, top, right, bottom = (float(value) for value in box.corners)
    return np.array([(left + right) / 2, (top + bottom) / 2])


def with_templates(found: Sequence[Found], templates: Iterator[NDArray[Any]]) -> list[Embedding]:
    """Return the embedding of each picture, given the templates of those that have a face."""
    made = []
    for one in found:
        template = None if one.face is None else np.asarray(next(templates), np.float32)
        if template is not None and _usable(template):
            made.append(Embedding(template, None, one.faces))
        else:
            made.append(Embedding(None, one.reason or NO_TEMPLATE, one.faces))
    return made


def faces_at(boxes: Sequence[Box], templates: Iterable[NDArray[Any]]) -> list[Face]:
    """Combine the templates of all faces of a picture with their boxes.

    A face without a usable template counts as seen and matches nobody.
    """
    made = []
    for box, template in zip(boxes, templates, strict=True):
        left, top, right, bottom = map(float, box.corners)
        vector = np.asarray(template, np.float32)
        if not _usable(vector):
            vector = np.full_like(vector, np.nan)
        made.append(Face((left, top, right, bottom), vector))
    return made


def _usable(template: NDArray[np.float32]) -> bool:
    return bool(np.isfinite(template).all() and template.any())


def check_crop(image_size: int, margin: int) -> None:
    """Refuse a margin that leaves no room for the face.

    Parameters
    ----------
    image_size, margin
        Side of the cut face in pixels, and how many of them are outside the box.

    Raises
    ------
    MatcherError
        If the margin is not smaller than the side.
    """
    if margin >= image_size:
        raise MatcherError(
            f"matcher.margin is {margin}, and a cut face has {image_size} pixels "
            f"(matcher.image_size): give a margin from 0 to {image_size - 1}."
        )


def batches(pictures: Sequence[Picture], size: int) -> Iterator[Sequence[Picture]]:
    """Yield pictures in batches."""
    return (pictures[start : start + size] for start in range(0, len(pictures), size))
