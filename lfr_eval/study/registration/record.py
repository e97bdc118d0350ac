"""Registration: the frozen record of a plan (JSON beside the plan, and a list of its images)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.folder import digest, read_json, sha256_of, write_json, written_aside

SUFFIX, IMAGES_SUFFIX = ".registration.json", ".images.csv"
FORMAT = 1
CONTENT, LABELS = "content", "labels"
_NOT_LABELS = ("path", "digest", "image_id")


class RegistrationError(MendableError, ValueError):
    """A study is not what was registered, or cannot be registered; the message says in what."""


@dataclass(frozen=True)
class Registration:
    """What was frozen.

    Attributes
    ----------
    registered_at
        UTC time, ISO 8601.
    plan_file, plan_sha256, plan
        Name and hash of the plan, and what it said.
    settings
        Every setting that determines results, by dotted name.
    matcher
        Name and fingerprint; the fingerprint is None for simulated people.
    data
        Digest of the cohort before exclusions, number of images and people, and the name and hash
        of the list of images; None where there were no data yet.
    code
        Version, digest and revision of the code that registered it: recorded, not enforced.
    after_results
        Study hashes of results that existed already.
    format
        Version of this record.
    """

    registered_at: str
    plan_file: str
    plan_sha256: str
    plan: Mapping[str, Any]
    settings: Mapping[str, Any]
    matcher: Mapping[str, Any]
    data: Mapping[str, Any] | None
    code: Mapping[str, Any]
    after_results: tuple[str, ...] = field(default=())
    format: int = FORMAT

    @property
    def seal(self) -> str:
        """One hash over all of it: to be deposited where nobody can change it."""
        return digest(json.loads(json.dumps(asdict(self))))


def registration_file(plan: Path) -> Path:
    """Return where the registration of a plan stands: `plan.registration.json`."""
    return plan.with_name(plan.stem + SUFFIX)


def write_registration(file: Path, registration: Registration) -> None:
    """Write the record with its seal."""
    write_json(file, {**asdict(registration), "seal": registration.seal})


def read_registration(file: Path) -> Registration:
    """Read a record and check that nobody edited it, nor the list of images.

    Raises
    ------
    RegistrationError
        If it is missing, no registration, or was changed.
    """
    if file.suffix in (".yaml", ".yml"):
        raise RegistrationError(
            f"{file} is a plan. Register it (lfr-eval plan register {file}) and give "
            f"registration={registration_file(file)}"
        )
    if not file.exists():
        raise RegistrationError(f"There is no registration {file}.")
    try:
        content = read_json(file)
        seal = content.pop("seal")
        content["after_results"] = tuple(content["after_results"])
        registration = Registration(**content)
        problems = list(_problems(registration))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        why = str(error).rstrip(".")
        raise RegistrationError(
            f"{file} is not a registration of this version: {why}. It may have been edited by "
            "hand; restore it as it was written."
        ) from error
    if problems:
        raise RegistrationError(
            f"{file} is not a registration of this version: {'; '.join(problems)}. Restore it as "
            "it was written."
        )
    if registration.seal != seal:
        raise RegistrationError(
            f"{file} was edited after it was registered: its content has the hash "
            f"{registration.seal[:16]}..., its seal says {str(seal)[:16]}... . Restore it as it "
            "was written; an edited registration is evidence of nothing."
        )
    listed = images_file(file, registration)
    if listed is not None and not listed.is_file():
        raise RegistrationError(f"{listed}, the list of registered images, is missing.")
    if listed is not None and registration.data is not None:
        expected = registration.data["images_sha256"]
        if sha256_of(listed) != expected:
            raise RegistrationError(
                f"{listed} was edited after it was registered: its SHA-256 is not {expected}. "
                "Restore it as it was written."
            )
    return registration


def _problems(record: Registration) -> Iterator[str]:
    """Say what in a record is not what `write_registration` writes: it may come from anybody."""
    shapes: list[tuple[str, object, Any]] = [
        ("registered_at", record.registered_at, str),
        ("plan_file", record.plan_file, str),
        ("plan_sha256", record.plan_sha256, str),
        ("plan", record.plan, dict),
        ("settings", record.settings, dict),
        ("matcher", record.matcher, dict),
        ("data", record.data, dict | None),
        ("code", record.code, dict),
    ]
    wrong = [name for name, value, kind in shapes if not isinstance(value, kind)]
    yield from (f"{name} is not what it should be" for name in wrong)
    if wrong:
        return
    data = dict.fromkeys(_DATA) if record.data is None else record.data
    for where, there, names in (
        ("matcher", record.matcher, ("name", "fingerprint")),
        ("data", data, _DATA),
        ("code", record.code, ("lfr_eval",)),
    ):
        yield from (f"{where} has no {name}" for name in names if name not in there)
    for name in (record.plan_file, data.get("images_file")):
        if name is not None and (not isinstance(name, str) or Path(name).name != name):
            yield f"it names the file {name!r}, which does not lie beside it"
    if not all(isinstance(one, str) for one in record.after_results):
        yield "after_results is not a list of study hashes"


_DATA = ("digest", "images", "people", "images_file", "images_sha256")


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
    if registration.data is None or registration.data["images_file"] is None:
        return None
    return file.with_name(registration.data["images_file"])


def images_of(images: pd.DataFrame) -> pd.DataFrame:
    """Return one row an image: hash of its file, and hash of who it is, its role and labels.

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
