"""Engine: pictures through the registered matcher and through the endpoint in, differences out.

The live engine runs what was tested only if both give the same templates, find the same faces and
fail on the same pictures. If they do not, the constants in which they differ are named first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from lfr_eval.cohort.chosen import read_cohort
from lfr_eval.config import StudyConfig
from lfr_eval.contract.folder import digest
from lfr_eval.matchers import Embedding, ImageMatcher, MatcherError
from lfr_eval.matchers.endpoint import endpoint_of
from lfr_eval.matchers.http import HttpMatcher
from lfr_eval.matchers.packing import differences
from lfr_eval.registry.parity_records import ParityRecord
from lfr_eval.registry.registered import RegisteredModel, named_version, talking_to

TOLERANCE = 1e-5
SHOWN = 5


def probe_pictures(config: StudyConfig, limit: int) -> list[Path]:
    """Return at most `limit` pictures of the configured people, evenly spread over them.

    Raises
    ------
    ConfigError, CardError, CohortError, FetchError, ManifestError
        If there are none.
    """
    cohort = read_cohort(config)
    images = cohort.images["image_id"].to_numpy()
    chosen = np.unique(np.linspace(0, len(images) - 1, min(limit, len(images))).round().astype(int))
    return [cohort.resolve(image) for image in images[chosen]]


def check_parity(
    registered: RegisteredModel,
    endpoint: HttpMatcher,
    pictures: Sequence[Path],
    tolerance: float = TOLERANCE,
) -> ParityRecord:
    """Send pictures through both matchers, and return what differs.

    Parameters
    ----------
    tolerance
        Largest difference of template values that is ignored, relative to the length of the
        registered matcher's template.

    Raises
    ------
    MatcherError
        If the endpoint does not answer, or neither side made a template.
    """
    here, there = registered.matcher, endpoint
    pairs = list(zip(here.embed(pictures), there.embed(pictures), strict=True))
    both = [
        (left.template, right.template)
        for left, right in pairs
        if left.template is not None and right.template is not None
    ]
    gaps = [_gap(left, right) for left, right in both if left.shape == right.shape]
    cosines = [_cosine(left, right) for left, right in both if left.shape == right.shape]
    if not both and not any(left.template is not None for left, _ in pairs):
        raise MatcherError(
            f"None of the {len(pictures)} pictures gave a template, so parity is unknown; "
            "choose others with --probes."
        )
    found = [
        *_constants(here, endpoint),
        *_acquisitions(pairs, pictures),
        *_templates(len(both), gaps, cosines, tolerance),
    ]
    content = [hashlib.sha256(path.read_bytes()).hexdigest() for path in pictures]
    return ParityRecord(
        holds=not found,
        model=registered.uri,
        fingerprint=registered.fingerprint,
        endpoint=str(endpoint_of(endpoint.card.recipe)),
        served_fingerprint=endpoint.stated.fingerprint,
        tolerance=tolerance,
        probes=len(pictures),
        templates=len(both),
        probes_sha256=digest(content),
        largest_difference=max(gaps, default=None),
        least_cosine=min(cosines, default=None),
        differences=tuple(found),
        at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def record_parity(registered: RegisteredModel, record: ParityRecord, tracking_uri: str) -> None:
    """Write the result to the registered version, where studies and the gate read it.

    It replaces the last check of the same endpoint only.

    Raises
    ------
    RegistryError
        If the registry cannot be used.
    """
    with talking_to(tracking_uri):
        client, version = named_version(registered.uri, tracking_uri)
        client.set_model_version_tag(version.name, version.version, record.tag, record.as_tag())


def _constants(here: ImageMatcher, endpoint: HttpMatcher) -> list[str]:
    """Name the constants in which the served matcher differs from the registered one."""
    stated = endpoint.stated
    named = differences(here.card.recipe, stated.recipe)
    if not named and stated.fingerprint != here.card.fingerprint:
        named = [
            f"the fingerprint is {stated.fingerprint[:12]}… instead of "
            f"{here.card.fingerprint[:12]}…, and the endpoint does not explain the difference"
        ]
    plain = ("similarity", "scale", "template_size", "multi_face")
    named += [
        f"{name} is {getattr(stated, name)} instead of {getattr(here.card, name)}"
        for name in plain
        if getattr(stated, name) != getattr(here.card, name) and name not in here.card.recipe
    ]
    return [f"in what runs, {one}" for one in named]


def _acquisitions(
    pairs: Sequence[tuple[Embedding, Embedding]], pictures: Sequence[Path]
) -> list[str]:
    """Name pictures on which only one side fails, or the sides find different numbers of faces."""
    failures, faces = [], []
    for number, ((left, right), path) in enumerate(zip(pairs, pictures, strict=True), 1):
        # A file's name may be a person's: the picture is known by its place and its hash.
        name = f"picture {number} ({hashlib.sha256(path.read_bytes()).hexdigest()[:8]})"
        if (left.reason or "") != (right.reason or ""):
            failures.append(f"{name}: {_outcome(right)} instead of {_outcome(left)}")
        elif left.faces != right.faces:
            faces.append(f"{name}: {right.faces} faces instead of {left.faces}")
    return [
        f"{len(found)} of {len(pairs)} pictures differ in {what}: {', '.join(found[:SHOWN])}"
        for what, found in (("acquisition", failures), ("the number of faces", faces))
        if found
    ]


def _templates(
    both: int, gaps: Sequence[float], cosines: Sequence[float], tolerance: float
) -> list[str]:
    found = []
    if len(gaps) < both:
        found.append(f"{both - len(gaps)} of {both} templates have another size")
    wrong = sum(gap > tolerance for gap in gaps)
    if wrong:
        found.append(
            f"{wrong} of {both} templates differ by more than {tolerance:g}: by {max(gaps):.1e} at "
            f"most, cosine {min(cosines):.6f} at least"
        )
    return found


def _outcome(embedding: Embedding) -> str:
    return embedding.reason or "a template"


def _gap(left: np.ndarray, right: np.ndarray) -> float:
    length = float(np.linalg.norm(left.astype(float)))
    return float(np.abs(left.astype(float) - right).max()) / length


def _cosine(left: np.ndarray, right: np.ndarray) -> float:
    one, other = left.astype(float), right.astype(float)
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))
