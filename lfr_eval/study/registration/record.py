"""Registration: the frozen record of a plan (JSON beside the plan, and a list of its images)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import AfterValidator, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from lfr_eval.contract.commands import command, override, shell_word
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.folder import digest, sha256_of, write_json, written_aside
from lfr_eval.contract.reading import read_json
from lfr_eval.contract.record import Part
from lfr_eval.contract.validation import problems_of

SUFFIX, IMAGES_SUFFIX = ".registration.json", ".images.csv"
CONTENT, LABELS = "content", "labels"
_NOT_LABELS = ("path", "digest", "image_id")


class RegistrationError(MendableError, ValueError):
    """A study is not what was registered, or cannot be registered; the message says in what."""


def _beside(name: str) -> str:
    if Path(name).name != name:
        raise PydanticCustomError("beside", "the name of a file beside it")
    return name


Beside = Annotated[str, AfterValidator(_beside)]
"""The name of a file in the folder of the registration."""


class Whole(Part):
    """A part of a registration: its seal covers every field, so an unknown one is refused."""

    model_config = ConfigDict(extra="forbid")


class RegisteredMatcher(Whole):
    """The matcher that was registered."""

    name: str
    """Name that the configuration gives it."""
    fingerprint: str | None
    """Its fingerprint; None for simulated people, whose templates are made anew."""


class RegisteredData(Whole):
    """The people and images that were registered, before exclusions."""

    digest: str
    """Digest of the cohort."""
    images: int
    """Number of images."""
    people: int
    """Number of people."""
    images_file: Beside | None
    """Name of the list of images; None for simulated people."""
    images_sha256: str | None
    """SHA-256 of that list."""


class RegisteredCode(Whole):
    """The code that registered it: recorded, not enforced."""

    lfr_eval: str
    """Version."""
    code_digest: str
    """Digest of the source files."""
    git_revision: str | None
    """Revision of the checkout; None where there is none."""


class Registration(Whole):
    """What was frozen."""

    registered_at: str
    """UTC time, ISO 8601."""
    plan_file: Beside
    """Name of the plan."""
    plan_sha256: str
    """SHA-256 of the plan."""
    plan: Mapping[str, Any]
    """What the plan said."""
    settings: Mapping[str, Any]
    """Every setting that determines results, by dotted name."""
    matcher: RegisteredMatcher
    """What is tested."""
    data: RegisteredData | None
    """On whom; None where there were no data yet."""
    code: RegisteredCode
    """By which code it was registered."""
    after_results: tuple[str, ...]
    """Study hashes of results that existed already."""
    format: Literal[1] = 1
    """Version of this record."""

    @property
    def seal(self) -> str:
        """One hash over all of it: to be deposited where nobody can change it."""
        return digest(self.model_dump(mode="json"))


def registration_file(plan: Path) -> Path:
    """Return where the registration of a plan stands: `plan.registration.json`."""
    return plan.with_name(plan.stem + SUFFIX)


def write_registration(file: Path, registration: Registration) -> None:
    """Write the record with its seal."""
    write_json(file, {**registration.model_dump(mode="json"), "seal": registration.seal})


def read_registration(file: Path) -> Registration:
    """Read a record and check that nobody edited it, nor the list of images.

    Raises
    ------
    RegistrationError
        If it is missing, no registration, or was changed.
    """
    if file.suffix in (".yaml", ".yml"):
        raise RegistrationError(
            f"{file} is a plan. Register it ({command('plan', 'register', file)}) and give "
            f"{shell_word(override('registration', registration_file(file)))}"
        )
    if not file.exists():
        raise RegistrationError(f"There is no registration {file}.")
    try:
        content = read_json(file)
        seal = content.pop("seal")
        registration = Registration.model_validate_json(json.dumps(content))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        why = problems_of(error) if isinstance(error, ValidationError) else str(error).rstrip(".")
        raise RegistrationError(
            f"{file} is not a registration of this version: {why}. It may have been edited by "
            "hand; restore it as it was written."
        ) from error
    if registration.seal != seal:
        raise RegistrationError(
            f"{file} was edited after it was registered: its content has the hash "
            f"{registration.seal[:16]}..., its seal says {str(seal)[:16]}... . Restore it as it "
            "was written; an edited registration proves nothing."
        )
    listed = images_file(file, registration)
    if listed is not None and not listed.is_file():
        raise RegistrationError(f"{listed}, the list of registered images, is missing.")
    if listed is not None and registration.data is not None:
        expected = registration.data.images_sha256
        if sha256_of(listed) != expected:
            raise RegistrationError(
                f"{listed} was edited after it was registered: its SHA-256 is not {expected}. "
                "Restore it as it was written."
            )
    return registration


def seal_of(registration: str | None) -> str | None:
    """Return the seal of a registration file that a study names, if it names one.

    Raises
    ------
    RegistrationError
        If the file is missing or was changed.
    """
    return None if registration is None else read_registration(Path(registration)).seal


def images_file(file: Path, registration: Registration) -> Path | None:
    """Return the list of registered images; None where none was made."""
    if registration.data is None or registration.data.images_file is None:
        return None
    return file.with_name(registration.data.images_file)


def images_of(images: pd.DataFrame) -> pd.DataFrame:
    """Return one row per image: hash of its file, and hash of who it is, its role and labels.

    Parameters
    ----------
    images
        The table `cohort`.

    Returns
    -------
    DataFrame
        Indexed by `image_id`; columns `content` (empty for a template) and `labels`.
    """
    names = sorted(str(name) for name in images if name not in _NOT_LABELS)
    texts = [images[name].astype("string") for name in names]
    cells = [text.astype(object).where(text.notna(), None).tolist() for text in texts]
    rows = zip(*cells, strict=True)
    # A column without values is no label: a later version may have more of them.
    labels = [
        json.dumps({name: value for name, value in zip(names, row, strict=True) if value})
        for row in rows
    ]
    return pd.DataFrame(
        {
            CONTENT: images["digest"].fillna("").to_numpy(),
            LABELS: [hashlib.sha256(text.encode()).hexdigest()[:16] for text in labels],
        },
        index=pd.Index(images["image_id"].astype(str), name="image_id"),
    ).sort_index()


def write_images(file: Path, images: pd.DataFrame) -> None:
    """Write the list of images as CSV."""
    with written_aside(file) as aside:
        images.to_csv(aside)


def read_images(file: Path) -> pd.DataFrame:
    """Read the list of images."""
    return pd.read_csv(file, dtype="string", keep_default_na=False).set_index("image_id")
