"""FaceNet: MTCNN detection and InceptionResnetV1 of facenet-pytorch (images to 512-d templates)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from PIL import Image

from lfr_eval.compute.workers import cores, overlapping, single_threaded
from lfr_eval.config.signatures import AtLeast, Weights
from lfr_eval.contract.archives import swollen
from lfr_eval.matchers import Embedding, Face, MatcherCard, MatcherError, Picture, fingerprint_of
from lfr_eval.matchers.faces import (
    MULTI_FACE,
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
from lfr_eval.matchers.packing import Packed

if TYPE_CHECKING:
    import torch

SIZE = 512


class FacenetMatcher:
    """The matcher of facenet-pytorch with weights from a file.

    Parameters
    ----------
    weights
        State dictionary of InceptionResnetV1, `.pt` or `.safetensors`; its classification layer
        may be absent. The command line also accepts the name of a card of weights.
    image_size, margin, min_face_size
        Side of the face crop in pixels, margin around the detected box at that size, and smallest
        face to detect.
    multi_face
        An entry of `faces.MULTI_FACE`.
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
        weights: Weights,
        image_size: Annotated[int, AtLeast(1)] = 160,
        margin: Annotated[int, AtLeast(0)] = 14,
        min_face_size: Annotated[int, AtLeast(1)] = 20,
        multi_face: MultiFace = "largest",
        batch_size: Annotated[int, AtLeast(1)] = 32,
        device: str = "auto",
    ) -> None:
        import torch

        from lfr_eval.matchers.mtcnn import MtcnnFinder, digest_of

        check_crop(image_size, margin)
        chosen = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        self._device = torch.device(chosen)
        self._weights = weights
        self._parameters = {
            "image_size": image_size,
            "margin": margin,
            "min_face_size": min_face_size,
            "multi_face": multi_face,
            "batch_size": batch_size,
            # Another kind of device is another matcher.
            "device": self._device.type,
        }
        self._batch_size = batch_size
        self._multi_face = multi_face
        self._finder = MtcnnFinder(
            image_size,
            margin,
            min_face_size,
            self._device,
            largest_first=multi_face == "largest",
        )
        self._network = network_of(weights)
        weights_digest = digest_of(self._network.state_dict())
        # Half precision is several times faster on GPUs; its templates are another matcher's.
        self._type = torch.float16 if self._device.type == "cuda" else torch.float32
        self._network.to(self._device, self._type)
        # torch's own types leave this call out.
        self._network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        recipe: dict[str, object] = {
            "detector": self._finder.weights,
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
            fingerprint=fingerprint_of(recipe),
            description=(
                f"facenet-pytorch: MTCNN detection, {image_size}-pixel crop with a margin of "
                f"{margin}, InceptionResnetV1 ({weights.stem}), 512-d template, cosine similarity"
            ),
            similarity="cosine",
            score_range=(-1.0, 1.0),
            acquisition=f"no face detected is a failure to acquire; {MULTI_FACE[multi_face]}",
            template_size=SIZE,
            multi_face=multi_face,
            batch_size=batch_size,
            recipe=recipe,
        )

    def embed(self, images: Sequence[Picture]) -> Iterator[Embedding]:
        """Yield one embedding per image, in order.

        Batches are read, searched for faces and embedded at once, each by workers of its own.
        """
        # A GPU is one worker; more would take turns.
        workers = 1 if self._device.type == "cuda" else cores()
        with single_threaded():
            pictures = overlapping(batches(images, self._batch_size), open_pictures, cores())
            faces = overlapping(pictures, self.find_faces, workers)
            for embeddings in overlapping(faces, self.represent, workers):
                yield from embeddings

    def faces_of(self, picture: Image.Image) -> list[Face]:
        """Return all faces of an RGB picture, whatever the policy for images with several."""
        boxes = self._finder.boxes(picture)
        with single_threaded():
            vectors = self._represent([self._finder.cut(picture, box) for box in boxes])
        return faces_at(boxes, vectors)

    def pack(self, folder: Path) -> Packed:
        """Write the weights as safetensors."""
        from safetensors.torch import save_file

        name = f"{self._weights.stem}.safetensors"
        state = {key: value.contiguous() for key, value in read_state(self._weights).items()}
        save_file(state, folder / name)
        return Packed("facenet", self._parameters, {"weights": name})

    def find_faces(self, pictures: Sequence[Image.Image | None]) -> list[Found]:
        """Return the cut face of each picture, or the reason why there is none."""
        return [find_face(self._finder, picture, self._multi_face) for picture in pictures]

    def represent(self, found: Sequence[Found]) -> list[Embedding]:
        """Return the templates of cut faces."""
        cuts = [one.face for one in found if one.face is not None]
        return with_templates(found, iter(self._represent(cuts)))

    def _represent(self, cuts: list[Pixels]) -> np.ndarray[Any, np.dtype[np.float32]]:
        if not cuts:
            return np.empty((0, SIZE), np.float32)
        import torch

        with torch.inference_mode():
            pixels = torch.from_numpy(np.stack(cuts)).permute(0, 3, 1, 2).to(torch.float32)
            # facenet-pytorch's fixed standardisation, which the weights were trained with.
            batch = ((pixels - 127.5) / 128.0).to(
                self._device, self._type, memory_format=torch.channels_last
            )
            output: np.ndarray[Any, np.dtype[np.float32]] = (
                self._network(batch).float().cpu().numpy()
            )
        return output


def network_of(weights: Path) -> torch.nn.Module:
    """Return InceptionResnetV1 with weights from a file, on the CPU.

    Raises
    ------
    MatcherError
        If they belong to another network.
    """
    from lfr_eval.matchers.torchvision_ops import ensure_torchvision

    ensure_torchvision()
    import facenet_pytorch

    network: torch.nn.Module = facenet_pytorch.InceptionResnetV1(pretrained=None).eval()
    state = read_state(weights)
    try:
        result = network.load_state_dict(state, strict=False)
    except RuntimeError as error:
        first = str(error).partition("\n\t")[2].partition("\n")[0]
        raise MatcherError(f"{weights} has weights of other sizes: {first}") from error
    lacking = [name for name in result.missing_keys if not name.startswith("logits.")]
    if lacking or result.unexpected_keys:
        raise MatcherError(
            f"{weights} does not hold the weights of InceptionResnetV1: it lacks {lacking[:3]} "
            f"and has unknown {result.unexpected_keys[:3]}."
        )
    return network


def read_state(weights: Path) -> dict[str, torch.Tensor]:
    """Read the weights of a network, without code that a file may carry.

    Raises
    ------
    MatcherError
        If the file holds anything else, or unpacks to far more than weights would.
    """
    import torch

    too_large = swollen(weights)
    if too_large is not None:
        raise MatcherError(
            f"{weights}: {too_large}. Save it with torch.save, which does not compress, or as "
            ".safetensors."
        )
    try:
        if weights.suffix == ".safetensors":
            from safetensors.torch import load_file

            state = load_file(weights)
        else:
            state = torch.load(weights, map_location="cpu", weights_only=True)
    except Exception as error:
        # torch raises pickle's errors and many of its own, safetensors one of its own.
        raise MatcherError(
            f"{weights} cannot be read as weights ({type(error).__name__}); none of it was "
            "executed. Give a state dictionary of tensors, .pt or .safetensors."
        ) from error
    if not isinstance(state, dict) or not all(map(torch.is_tensor, state.values())):
        raise MatcherError(
            f"{weights} does not hold a state dictionary of tensors. Give one, .pt or .safetensors."
        )
    # Only the classifier of the training identities may be absent: templates do not use it.
    return {name: value for name, value in state.items() if not name.startswith("logits.")}
