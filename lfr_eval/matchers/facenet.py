"""FaceNet: MTCNN detection and InceptionResnetV1 of facenet-pytorch (images to 512-d templates)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps

from lfr_eval.matchers import Embedding, Face, MatcherCard, MatcherError
from lfr_eval.matchers.torchvision_ops import ensure_torchvision
from lfr_eval.workers import cores, overlapping, single_threaded

MULTI_FACE = {
    "largest": "the largest face is taken",
    "most_probable": "the face with the highest detection probability is taken",
    "require_one": "more than one face is a failure to acquire",
}


@dataclass(frozen=True)
class Found:
    """The face of one picture: aligned, (3, pixels, pixels), or the reason why there is none."""

    face: torch.Tensor | None
    reason: str | None
    faces: int


class FacenetMatcher:
    """The matcher of facenet-pytorch with weights from a file.

    Parameters
    ----------
    weights
        State dictionary of InceptionResnetV1; its classification layer may be absent.
    image_size, margin, min_face_size
        Face crop in pixels, margin around the detected box at that size, smallest face sought.
    multi_face
        `largest`, `most_probable` or `require_one`.
    batch_size
        Faces embedded at once.
    device
        `auto`, `cpu`, `cuda`, `cuda:1`, ...

    Raises
    ------
    MatcherError
        If the weights do not fit the network.
    """

    def __init__(
        self,
        weights: Path,
        image_size: int = 160,
        margin: int = 14,
        min_face_size: int = 20,
        multi_face: str = "largest",
        batch_size: int = 32,
        device: str = "auto",
    ) -> None:
        ensure_torchvision()
        import facenet_pytorch

        chosen = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        self._device = torch.device(chosen)
        self._batch_size = batch_size
        self._multi_face = multi_face
        self._detector = facenet_pytorch.MTCNN(
            image_size=image_size,
            margin=margin,
            min_face_size=min_face_size,
            select_largest=multi_face == "largest",
            keep_all=True,
            device=self._device,
        )
        self._network = facenet_pytorch.InceptionResnetV1(pretrained=None).eval()
        _load(self._network, weights)
        weights_digest = _digest_of(self._network.state_dict())
        # Half precision is several times faster on GPUs; its templates are another matcher's.
        self._type = torch.float16 if self._device.type == "cuda" else torch.float32
        self._network.to(self._device, self._type, memory_format=torch.channels_last)
        recipe: dict[str, object] = {
            "detector": _digest_of(self._detector.state_dict()),
            "network": weights_digest,
            "detection": "one picture at a time",
            "image_size": image_size,
            "margin": margin,
            "min_face_size": min_face_size,
            "multi_face": multi_face,
            "versions": {
                name: version(name)
                for name in ("facenet-pytorch", "torch", "torchvision", "pillow")
            },
        }
        if self._type != torch.float32:
            recipe["precision"] = str(self._type)
        self.card = MatcherCard(
            name="facenet",
            fingerprint=hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest(),
            description=(
                f"facenet-pytorch: MTCNN detection, {image_size}-pixel crop with a margin of "
                f"{margin}, InceptionResnetV1 ({weights.stem}), 512-d template, cosine similarity"
            ),
            similarity="cosine",
            score_range=(-1.0, 1.0),
            acquisition=f"no face detected is a failure to acquire; {MULTI_FACE[multi_face]}",
        )

    def embed(self, images: Sequence[Path]) -> Iterator[Embedding]:
        """Yield one embedding an image, in order.

        Batches are read, searched for faces and embedded at once, each by workers of its own.
        """
        starts = range(0, len(images), self._batch_size)
        batches = (images[start : start + self._batch_size] for start in starts)
        # A GPU is one worker; more would take turns.
        workers = 1 if self._device.type == "cuda" else cores()
        with single_threaded():
            pictures = overlapping(batches, _open_all, cores())
            faces = overlapping(pictures, self.find_faces, workers)
            for embeddings in overlapping(faces, self.represent, workers):
                yield from embeddings

    def faces_of(self, picture: Image.Image) -> list[Face]:
        """Return all faces of an RGB picture, whatever the policy for images with several."""
        (boxes,), _ = self._detector.detect([picture])
        if boxes is None or len(boxes) == 0:
            return []
        vectors = self._represent(list(self._detector.extract(picture, boxes, None)))
        left, top, right, bottom = boxes.T.tolist()
        corners = zip(left, top, right, bottom, strict=True)
        return [Face(box, vector) for box, vector in zip(corners, vectors, strict=True)]

    def find_faces(self, pictures: list[Image.Image]) -> list[Found]:
        """Return the aligned face of each picture, or why there is none."""
        return [self._find_face(picture) for picture in pictures]

    def represent(self, found: list[Found]) -> list[Embedding]:
        """Return the templates of aligned faces."""
        crops = [one.face for one in found if one.face is not None]
        vectors = iter(self._represent(crops)) if crops else iter(())
        return [
            Embedding(None, one.reason, one.faces)
            if one.face is None
            else Embedding(next(vectors), None, one.faces)
            for one in found
        ]

    def _find_face(self, picture: Image.Image) -> Found:
        # One picture at a time. MTCNN takes several, but where boxes of one face score alike their
        # order in the batch decides which is kept: of FairFace, one picture in twenty gets another
        # crop beside other pictures, and so another template than live, where it is alone.
        (boxes,), (probabilities,) = self._detector.detect([picture])
        count = 0 if boxes is None else len(boxes)
        if count == 0:
            return Found(None, "no face detected", 0)
        if count > 1 and self._multi_face == "require_one":
            return Found(None, f"{count} faces detected, one required", count)
        best = boxes[int(np.argmax(probabilities))] if self._by_probability else boxes[0]
        return Found(self._detector.extract(picture, best[None], None)[0], None, count)

    @property
    def _by_probability(self) -> bool:
        return self._multi_face == "most_probable"

    def _represent(self, crops: list[torch.Tensor]) -> np.ndarray[Any, np.dtype[np.float32]]:
        with torch.inference_mode():
            batch = torch.stack(crops).to(
                self._device, self._type, memory_format=torch.channels_last
            )
            output: np.ndarray[Any, np.dtype[np.float32]] = (
                self._network(batch).float().cpu().numpy()
            )
        return output


def _open_all(paths: Sequence[Path]) -> list[Image.Image]:
    return [_open(path) for path in paths]


def _open(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return ImageOps.exif_transpose(picture).convert("RGB")


def _load(network: torch.nn.Module, weights: Path) -> None:
    state = torch.load(weights, map_location="cpu", weights_only=True)
    # Only the classifier of the training identities may be absent: templates do not use it.
    state = {name: value for name, value in state.items() if not name.startswith("logits.")}
    result = network.load_state_dict(state, strict=False)
    lacking = [name for name in result.missing_keys if not name.startswith("logits.")]
    if lacking or result.unexpected_keys:
        raise MatcherError(
            f"{weights} does not hold the weights of InceptionResnetV1: it lacks {lacking[:3]} "
            f"and has unknown {result.unexpected_keys[:3]}."
        )


def _digest_of(state: dict[str, torch.Tensor]) -> str:
    total = hashlib.sha256()
    for name in sorted(state):
        total.update(name.encode())
        total.update(state[name].cpu().contiguous().numpy().tobytes())
    return total.hexdigest()
