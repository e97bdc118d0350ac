"""Any embedding network as an ONNX graph, described by its settings (images to templates)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lfr_eval.compute.workers import cores, overlapping
from lfr_eval.config.signatures import AtLeast
from lfr_eval.contract.folder import sha256_of
from lfr_eval.matchers import Embedding, Face, MatcherCard, MatcherError, Picture, fingerprint_of
from lfr_eval.matchers.faces import (
    MULTI_FACE,
    Box,
    FaceFinder,
    Found,
    MultiFace,
    Pixels,
    batches,
    check_crop,
    faces_at,
    find_face,
    open_pictures,
    with_templates,
)
from lfr_eval.matchers.onnx_graph import OnnxGraph
from lfr_eval.matchers.packing import Packed
from lfr_eval.matchers.probing import REMEDY, not_a_template, probe_faces

RANGES = {"cosine": (-1.0, 1.0), "euclidean": (-np.inf, 0.0)}


class WholePicture:
    """Takes the whole picture as one face, because it was cut before."""

    def __init__(self, image_size: int) -> None:
        self._size = image_size
        self.recipe = {"detector": "none", "image_size": image_size}

    def boxes(self, picture: Image.Image) -> list[Box]:
        """Return the picture's own edges."""
        return [Box(np.array([0, 0, *picture.size], float), 1.0)]

    def cut(self, picture: Image.Image, box: Box) -> Pixels:  # noqa: ARG002
        """Return the picture, resized."""
        size = (self._size, self._size)
        return np.asarray(picture.resize(size, Image.Resampling.BILINEAR))


class OnnxMatcher:
    """An ONNX graph that makes one template of one cut face; needs the extra `onnx`.

    Parameters
    ----------
    path
        The graph, in one file.
    detector
        `mtcnn`, `dlib`, or `none` if pictures are already cut faces.
    alignment
        `box`: the detected box with a margin; `five_points`: eyes, nose and mouth are moved to
        `points`, for which the detector must be `mtcnn`.
    image_size, margin
        Side of the cut face in pixels, and how many of them are outside the box.
    points : (5, 2)
        Positions of the landmarks in the cut face, in pixels.
    mean, std : (1,) or (3,)
        The network's input is (value - mean) / std of values from 0 to 255, in its own order of
        channels.
    channels
        `rgb` or `bgr`.
    layout
        `nchw` or `nhwc`.
    normalise
        Whether templates are scaled to unit length.
    similarity
        `cosine` or `euclidean`.
    multi_face
        An entry of `faces.MULTI_FACE`.

    Raises
    ------
    MatcherError
        If the extra is not installed, or the graph does not accept such faces.
    """

    def __init__(  # noqa: PLR0913
        self,
        path: Path,
        detector: Literal["mtcnn", "dlib", "none"] = "mtcnn",
        alignment: Literal["box", "five_points"] = "box",
        image_size: Annotated[int, AtLeast(1)] = 112,
        margin: Annotated[int, AtLeast(0)] = 0,
        min_face_size: Annotated[int, AtLeast(1)] = 20,
        points: Sequence[Sequence[float]] | None = None,
        mean: Sequence[float] = (127.5,),
        std: Sequence[float] = (128.0,),
        channels: Literal["rgb", "bgr"] = "rgb",
        layout: Literal["nchw", "nhwc"] = "nchw",
        normalise: bool = True,
        similarity: Literal["cosine", "euclidean"] = "cosine",
        multi_face: MultiFace = "largest",
        batch_size: Annotated[int, AtLeast(1)] = 32,
    ) -> None:
        # Every setting by its name, as it is packed and as it is in the recipe.
        settings = {name: value for name, value in locals().items() if name not in ("self", "path")}
        points = None if points is None else [list(map(float, point)) for point in points]
        self._settings = {
            **settings,
            "points": points,
            "mean": [float(value) for value in mean],
            "std": [float(value) for value in std],
        }
        self._path = path
        self._mean = np.asarray(mean, np.float32)
        self._std = np.asarray(std, np.float32)
        self._reversed, self._planes_first = channels == "bgr", layout == "nchw"
        self._normalise, self._multi_face, self._batch_size = normalise, multi_face, batch_size
        if not (self._std.shape in ((1,), (3,)) and self._mean.shape in ((1,), (3,))):
            raise MatcherError(
                "matcher.mean and matcher.std must have one value, or one per channel."
            )
        if not (self._std > 0).all():
            raise MatcherError("matcher.std must be positive.")
        if points is not None and [len(point) for point in points] != [2] * 5:
            raise MatcherError("matcher.points are five points, each [x, y] in pixels.")
        check_crop(image_size, margin)
        _check_alignment(alignment, detector, points)
        self._graph = OnnxGraph(path)
        self._finder: FaceFinder = self._make_finder(
            detector, alignment, image_size, margin, min_face_size, points
        )
        size = self._template_size(image_size)
        recipe = {
            "network": sha256_of(path),
            "finder": dict(self._finder.recipe),
            **{name: value for name, value in self._settings.items() if name != "batch_size"},
            "versions": {name: version(name) for name in ("onnxruntime", "pillow")},
        }
        self.card = MatcherCard(
            name="onnx",
            fingerprint=fingerprint_of(recipe),
            description=(
                f"ONNX network {path.stem}: detector {detector}, {image_size}-pixel faces cut by "
                f"{alignment.replace('_', ' ')}, {size}-d template, {similarity} similarity"
            ),
            similarity=similarity,
            score_range=RANGES[similarity],
            acquisition=f"no face detected is a failure to acquire; {MULTI_FACE[multi_face]}",
            template_size=size,
            multi_face=multi_face,
            batch_size=batch_size,
            recipe=recipe,
        )

    def embed(self, images: Sequence[Picture]) -> Iterator[Embedding]:
        """Yield one embedding per image, in order."""
        found = overlapping(batches(images, self._batch_size), self._find, cores())
        for embeddings in overlapping(found, self._represent_found, 1):
            yield from embeddings

    def faces_of(self, picture: Image.Image) -> list[Face]:
        """Return all faces of an RGB picture, whatever the policy for images with several."""
        boxes = self._finder.boxes(picture)
        return faces_at(boxes, self._represent([self._finder.cut(picture, box) for box in boxes]))

    def pack(self, folder: Path) -> Packed:
        """Copy the graph."""
        shutil.copyfile(self._path, folder / self._path.name)
        return Packed("onnx", self._settings, {"path": self._path.name})

    def _find(self, paths: Sequence[Picture]) -> list[Found]:
        return [
            find_face(self._finder, picture, self._multi_face) for picture in open_pictures(paths)
        ]

    def _represent_found(self, found: Sequence[Found]) -> list[Embedding]:
        cuts = [one.face for one in found if one.face is not None]
        return with_templates(found, iter(self._represent(cuts)))

    def _represent(self, cuts: Sequence[Pixels]) -> NDArray[np.float32]:
        if not cuts:
            return np.empty((0, 0), np.float32)
        with np.errstate(over="ignore"):
            vectors = np.array(self._graph.template(self._prepared(cuts)), np.float32)
        if self._normalise:
            length = np.linalg.norm(vectors, axis=1, keepdims=True)
            vectors = np.divide(vectors, length, out=vectors, where=length > 0)
        return vectors

    def _prepared(self, cuts: Sequence[Pixels]) -> NDArray[np.float32]:
        """Return the network's input for some cut faces."""
        pixels = np.stack(cuts).astype(np.float32)
        if self._reversed:
            pixels = pixels[..., ::-1]
        pixels = (pixels - self._mean) / self._std
        if self._planes_first:
            pixels = pixels.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(pixels)

    def _template_size(self, image_size: int) -> int:
        """Try the network on different faces, alone and together, and return the template size.

        Raises
        ------
        MatcherError
            If it does not accept such faces, or its output is not a template.
        """
        probes = probe_faces(image_size)
        try:
            together = self._represent(probes)
            alone = [self._represent([probe]) for probe in probes]
        except MatcherError:
            raise
        except Exception as error:
            # onnxruntime's errors have no common class of their own.
            raise MatcherError(
                f"{self._path} does not take {image_size}-pixel faces in layout "
                f"{self._settings['layout']}: its input {self._graph.wanted}. A graph must "
                f"take batches of any size, of tensor(float). ONNX "
                f"Runtime said: {' '.join(str(error).split())[:200]}"
            ) from error
        if problem := not_a_template(together, np.concatenate(alone)):
            raise MatcherError(
                f"{self._path}: the output '{self._graph.output}' {problem}. {REMEDY}"
            )
        self._graph.check_one_template(self._prepared(probes))
        return int(together.shape[1])

    def _make_finder(
        self,
        detector: str,
        alignment: str,
        image_size: int,
        margin: int,
        min_face_size: int,
        points: Sequence[Sequence[float]] | None,
    ) -> FaceFinder:
        if detector == "none":
            return WholePicture(image_size)
        if detector == "dlib":
            from lfr_eval.matchers.dlib import DlibBoxFinder

            return DlibBoxFinder(image_size, margin)
        import torch

        from lfr_eval.matchers.mtcnn import MtcnnFinder

        return MtcnnFinder(
            image_size,
            margin,
            min_face_size,
            torch.device("cpu"),
            largest_first=self._multi_face == "largest",
            points=points if alignment == "five_points" else None,
        )


def _check_alignment(
    alignment: str, detector: str, points: Sequence[Sequence[float]] | None
) -> None:
    if alignment != "five_points":
        return
    problems = []
    if detector == "dlib":
        problems.append(
            "matcher.alignment=five_points moves eyes, nose and corners of the mouth, and dlib's "
            "five landmarks are four corners of eyes and the base of the nose: choose "
            "matcher.detector=mtcnn, or matcher.alignment=box"
        )
    elif detector != "mtcnn":
        problems.append(
            f"matcher.detector={detector} finds no landmarks for matcher.alignment=five_points: "
            "choose matcher.detector=mtcnn, or matcher.alignment=box"
        )
    if points is None:
        problems.append(
            "matcher.alignment=five_points needs matcher.points: where eyes, nose and corners of "
            "the mouth go in the cut face, five [x,y] in pixels"
        )
    if problems:
        raise MatcherError(f"The matcher cannot be made: {'; '.join(problems)}.")
