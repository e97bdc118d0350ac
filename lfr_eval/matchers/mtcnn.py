"""MTCNN of facenet-pytorch: finds faces and cuts them out as a square or by landmarks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from lfr_eval.matchers.faces import Box, Pixels
from lfr_eval.matchers.torchvision_ops import ensure_torchvision


class MtcnnFinder:
    """Finds faces by MTCNN.

    Parameters
    ----------
    image_size
        Side of the cut face in pixels.
    margin
        Pixels of the cut face outside the detected box, both sides together.
    min_face_size
        Smallest face to detect, in pixels.
    largest_first
        Order of the boxes: by size, or by probability.
    points : (5, 2)
        Positions of eyes, nose and corners of the mouth in the cut face; None: the box is cut out
        as it is.
    """

    def __init__(
        self,
        image_size: int,
        margin: int,
        min_face_size: int,
        device: torch.device,
        largest_first: bool = True,
        points: Sequence[Sequence[float]] | None = None,
    ) -> None:
        ensure_torchvision()
        import facenet_pytorch

        self._size, self._margin, self._points = image_size, margin, points
        self._smallest = min_face_size
        self._network = facenet_pytorch.MTCNN(
            min_face_size=min_face_size,
            select_largest=largest_first,
            keep_all=True,
            device=device,
        )
        self.weights = digest_of(self._network.state_dict())
        self.recipe: Mapping[str, object] = {
            "detector": self.weights,
            "detection": "one picture at a time",
            "image_size": image_size,
            "margin": margin,
            "min_face_size": min_face_size,
            "points": points,
            "facenet-pytorch": version("facenet-pytorch"),
        }

    def boxes(self, picture: Image.Image) -> list[Box]:
        """Return where the faces of one picture are."""
        # Of a picture without room for the smallest face MTCNN makes no pyramid, and fails.
        if min(picture.size) < self._smallest:
            return []
        # One picture at a time. MTCNN takes several, but where boxes of one face score alike their
        # order in the batch decides which is kept: of FairFace, one picture in twenty gets another
        # crop beside other pictures, and so another template than live, where it is alone.
        (corners,), (probabilities,), (landmarks,) = self._network.detect([picture], landmarks=True)
        if corners is None:
            return []
        found = zip(corners, probabilities, landmarks, strict=True)
        return [Box(np.asarray(box), float(p), np.asarray(points)) for box, p, points in found]

    def cut(self, picture: Image.Image, box: Box) -> Pixels:
        """Return one face, (image_size, image_size, 3)."""
        if self._points is None:
            return cut_box(picture, box.corners, self._size, self._margin)
        assert box.landmarks is not None
        return cut_points(picture, box.landmarks, np.asarray(self._points, float), self._size)


def cut_box(picture: Image.Image, corners: NDArray[Any], size: int, margin: int) -> Pixels:
    """Cut a box with a margin out of a picture, as facenet-pytorch does; (size, size, 3)."""
    from facenet_pytorch.models.utils.detect_face import extract_face

    pixels: Pixels = extract_face(picture, corners, size, margin).numpy().astype(np.uint8)
    return np.ascontiguousarray(pixels.transpose(1, 2, 0))


def cut_points(
    picture: Image.Image, landmarks: NDArray[Any], points: NDArray[Any], size: int
) -> Pixels:
    """Turn, scale and shift a picture so that its landmarks fit `points`, and cut it.

    Parameters
    ----------
    landmarks, points : (n, 2)
        Pixels of the picture, and of the cut face.

    Notes
    -----
    The least-squares similarity of Umeyama (1991), IEEE TPAMI 13 (4), 376-380, from the cut face
    to the picture, because that is the way in which pixels are looked up.
    """
    source, target = points - points.mean(axis=0), landmarks - landmarks.mean(axis=0)
    left, singular, right = np.linalg.svd(target.T @ source)
    flip = np.array([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right))])
    turn = left @ np.diag(flip) @ right
    scale = (singular * flip).sum() / (source**2).sum()
    moved = landmarks.mean(axis=0) - scale * turn @ points.mean(axis=0)
    rows = np.column_stack([scale * turn, moved]).ravel().tolist()
    cut = picture.transform((size, size), Image.Transform.AFFINE, rows, Image.Resampling.BILINEAR)
    return np.asarray(cut)


def digest_of(state: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 over the weights of a network."""
    total = hashlib.sha256()
    for name in sorted(state):
        total.update(name.encode())
        total.update(state[name].cpu().contiguous().numpy().tobytes())
    return total.hexdigest()
