"""Stage `matchers`: images of faces in, templates out (or a failure to acquire).

A matcher is any object with a `card` and one of three methods: `embed` (images to templates),
`templates` (templates from elsewhere) or `scores` (comparisons from elsewhere). It is found by
name in a registry whose entries are imported only on request. `matchers.null` is the
contract as a program, docs/matchers.md the contract in words.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.score_scale import UNSCALED, ScoreScale
from lfr_eval.contract.tables import ACQUISITION

if TYPE_CHECKING:
    from PIL.Image import Image

Vector = NDArray[np.float32]
Picture = Path | bytes
"""A picture as a file, or as the content of one."""


class MatcherError(MendableError, RuntimeError):
    """A matcher cannot be made, or its output cannot be used; the message says why."""


@dataclass(frozen=True)
class MatcherCard:
    """A matcher's description of itself.

    Attributes
    ----------
    fingerprint
        SHA-256 over weights, preprocessing, detector, library versions and score scale: two
        matchers with the same fingerprint make the same templates and the same scores of them.
    similarity
        `cosine`, `euclidean` (minus the distance) or `given`.
    score_range
        Lowest and highest possible score, on the scale; higher means more alike.
    acquisition
        What counts as a failure to acquire, and which face is taken of several.
    template_size
        Values in a template; None where there are no templates, or none was seen yet.
    multi_face
        Which face of a still picture is taken: an entry of `faces.MULTI_FACE`; None where the
        matcher does not look for faces.
    batch_size
        Pictures processed at once. It does not change a template.
    recipe
        Content of which the fingerprint is the hash, so that differences can be named.
    version
        `models:/NAME/VERSION` of a registered matcher.
    scale
        Scale that turns a similarity into a score.
    """

    name: str
    fingerprint: str
    description: str
    similarity: str
    score_range: tuple[float, float]
    acquisition: str
    template_size: int | None = None
    multi_face: str | None = None
    batch_size: int = 1
    recipe: Mapping[str, object] = field(default_factory=dict)
    version: str | None = None
    scale: ScoreScale = UNSCALED

    def on(self, scale: ScoreScale) -> MatcherCard:
        """Return the card of the same matcher with its scores on a scale.

        Raises
        ------
        MatcherError
            If its scores come from elsewhere, since they have a scale already.
        """
        if scale == UNSCALED:
            return self
        if self.similarity == "given":
            raise MatcherError(f"The scores of '{self.name}' are kept as they are given.")
        recipe = {**(self.recipe or {"unscaled": self.fingerprint}), "scale": asdict(scale)}
        return replace(
            self,
            fingerprint=fingerprint_of(recipe),
            description=f"{self.description}; score = {scale}",
            score_range=scale.range_of(self.score_range),
            recipe=recipe,
            scale=scale,
        )


def fingerprint_of(recipe: Mapping[str, object]) -> str:
    """Return the SHA-256 of a recipe, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Embedding:
    """The template of one image, or the reason why it has none."""

    template: Vector | None
    reason: str | None = None
    faces: int | None = None


@dataclass(frozen=True, eq=False)
class Face:
    """One of the faces of a picture.

    Attributes
    ----------
    box
        Left, top, right and bottom edge, pixels.
    template : (size,), float32
        Its template, not normalised; NaN where none could be made.
    """

    box: tuple[float, float, float, float]
    template: Vector


@dataclass(frozen=True)
class Templates:
    """Templates of images, in the order of `acquisition`.

    Attributes
    ----------
    acquisition
        Table `acquisition`, one row per image.
    vectors : (images, size), float32
        NaN where nothing was acquired. The caller owns the array and may overwrite it.
    moved : (images,), optional
        Change of each template by storing it in a narrower type, as a length.
    """

    acquisition: pd.DataFrame
    vectors: Vector
    moved: NDArray[np.float32] | None = None


@runtime_checkable
class ImageMatcher(Protocol):
    """Makes templates of images."""

    card: MatcherCard

    def embed(self, images: Sequence[Picture]) -> Iterator[Embedding]:
        """Yield one embedding per image, in order, independent of the other images."""


@runtime_checkable
class FrameMatcher(Protocol):
    """Makes templates of every face of a picture, as the live engine needs."""

    card: MatcherCard

    def faces_of(self, picture: Image) -> list[Face]:
        """Return all faces of an RGB picture, whatever the policy for images with several."""


@runtime_checkable
class TemplateMatcher(Protocol):
    """Brings templates from elsewhere."""

    card: MatcherCard

    def templates(self, images: pd.DataFrame) -> Templates:
        """Return the templates of the images of table `cohort`, in its order."""


@runtime_checkable
class ScoreMatcher(Protocol):
    """Brings comparison scores from elsewhere."""

    card: MatcherCard

    def scores(self, images: pd.DataFrame) -> pd.DataFrame:
        """Return reference_id, probe_id and score (higher is more alike).

        Scores that were computed in float32 are float32; others are float64, as they are written.
        """


@runtime_checkable
class AlertMatcher(Protocol):
    """Brings the alerts of a system that reports no score below its floor.

    Attributes
    ----------
    floor
        Lowest score that it reports.
    at_most
        Most references that it reports for one pass; 0: all that reach the floor.
    first_only
        Whether it reports the first score of a pass that reaches the floor, not the highest.
    """

    card: MatcherCard
    floor: float
    at_most: int
    first_only: bool

    def alerts(self, images: pd.DataFrame) -> pd.DataFrame:
        """Return table `alert_log`: every alert, and the pass of table `cohort` it belongs to."""


@runtime_checkable
class PairMatcher(Protocol):
    """Brings scores of pairs, of which there are no images.

    Attributes
    ----------
    independent
        Whether it is unknown which pairs share a person, so that each pair is counted by itself.
    """

    card: MatcherCard
    independent: bool

    def people(self) -> pd.DataFrame:
        """Return subject_id and labels, one row per person or separately counted pair."""

    def pairs(self) -> pd.DataFrame:
        """Return subject_a, subject_b, genuine and score (higher is more alike)."""


Matcher = ImageMatcher | TemplateMatcher | ScoreMatcher | AlertMatcher | PairMatcher


def floor_of(matcher: Matcher) -> float | None:
    """Return the lowest score that a matcher reports; None where it reports every score."""
    floor: float | None = getattr(matcher, "floor", None)
    return floor


def gives_ranks(matcher: Matcher) -> bool:
    """Whether the lists of a matcher hold ranks and no scores; a score is then minus the rank."""
    return bool(getattr(matcher, "ranks", False))


def make_matcher(kind: str, scale: ScoreScale = UNSCALED, **settings: object) -> Matcher:
    """Make a matcher by its name: one that ships, or one that another package registers.

    Parameters
    ----------
    scale
        Scale of its scores.

    Raises
    ------
    MatcherError
        If there is none of this name, or the matcher cannot be made.
    """
    from lfr_eval.config import ConfigError
    from lfr_eval.config.plugins import plugin_named
    from lfr_eval.matchers.making import make

    try:
        return make(plugin_named(kind), scale, settings)
    except ConfigError as error:
        raise MatcherError(str(error)) from error


def assemble(images: pd.DataFrame, embeddings: Sequence[Embedding]) -> Templates:
    """Combine embeddings, one per image of table `cohort`.

    Raises
    ------
    MatcherError
        If no image at all gave a template.
    """
    made = [item.template for item in embeddings if item.template is not None]
    vectors = np.full((len(embeddings), len(made[0])), np.nan, np.float32) if made else None
    for row, item in enumerate(embeddings):
        if vectors is not None and item.template is not None:
            vectors[row] = item.template
    reason = np.array([item.reason or "" for item in embeddings], object)
    faces = np.array([-1 if item.faces is None else item.faces for item in embeddings])
    return collect(images, reason, faces, vectors)


def collect(
    images: pd.DataFrame,
    reason: NDArray[np.object_],
    faces: NDArray[np.integer],
    vectors: Vector | None,
    moved: NDArray[np.float32] | None = None,
) -> Templates:
    """Combine the results for the images of table `cohort`.

    Parameters
    ----------
    reason : (images,)
        Reason why there is no template; empty where there is one.
    faces : (images,)
        Faces detected; -1: unknown.
    vectors : (images, size)
        NaN where there is no template; None if there is none at all.
    moved : (images,), optional
        How far each template was moved by storing it.

    Raises
    ------
    MatcherError
        If no image at all gave a template.
    """
    if vectors is None:
        raise MatcherError(
            f"No template could be made of any of the {len(images)} images. First reason: "
            f"{reason[0] if len(reason) else 'there are no images'}."
        )
    acquisition = pd.DataFrame(
        {
            "image_id": images["image_id"].to_numpy(),
            # A template is all there or all missing: one value tells, and reads no more of it.
            "acquired": ~np.isnan(vectors[:, 0]),
            "reason": [one or None for one in reason],
            "faces": pd.Series(faces, dtype="Int64").mask(faces < 0),
        }
    )
    return Templates(ACQUISITION.conform(acquisition), vectors, moved)
