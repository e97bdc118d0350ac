"""Whether a study describes the live engine: its configuration and matcher in, a sentence out.

A study of a registered version, or of an endpoint, describes what runs only if a parity check of
exactly these two found no difference. Without one the study says so itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lfr_eval.config import ConfigError, HttpConfig, MlflowConfig, StudyConfig
from lfr_eval.matchers import Matcher
from lfr_eval.registered import RegistryError, find_version, registry_uri, talking_to

PARITY_TAG = "parity"
NOT_DESCRIBED = "This study does not describe the live engine"


@dataclass(frozen=True)
class LiveEngine:
    """What the study says about the live engine.

    Attributes
    ----------
    described
        Whether the matcher of the study is what runs live.
    statement
        The sentence that says so, or why not.
    version, fingerprint
        The registered version that parity compared with what the study tested, NAME/VERSION, and
        its matcher's fingerprint; None where nothing was compared.
    endpoint, checked
        What it was compared with, and when, ISO 8601.
    """

    described: bool
    statement: str
    version: str | None = None
    fingerprint: str | None = None
    endpoint: str | None = None
    checked: str | None = None


@dataclass(frozen=True)
class ParityRecord:
    """The result of a parity check, as it is kept.

    Attributes
    ----------
    holds
        Whether nothing differed.
    model, fingerprint
        The registered version, and its matcher's fingerprint.
    endpoint, served_fingerprint
        The address without credentials, and the fingerprint that the endpoint stated.
    tolerance
        Largest difference of template values that counts as none, relative to the template's
        length.
    probes, templates
        Pictures sent to both, and those that gave a template on both sides.
    probes_sha256
        Over the digests of the pictures.
    largest_difference, least_cosine
        Over all pairs of templates; None without any.
    differences
        Everything that differs, in words; the constants of preprocessing first.
    at
        When, ISO 8601, UTC.
    """

    holds: bool
    model: str
    fingerprint: str
    endpoint: str
    served_fingerprint: str
    tolerance: float
    probes: int
    templates: int
    probes_sha256: str
    largest_difference: float | None
    least_cosine: float | None
    differences: tuple[str, ...]
    at: str

    def to_json(self) -> dict[str, Any]:
        """Return plain values; no template is among them."""
        return {**asdict(self), "differences": list(self.differences)}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> ParityRecord:
        """Return the record of plain values.

        Raises
        ------
        TypeError
            If they are not one.
        """
        return cls(**{**values, "differences": tuple(values["differences"])})


def live_engine(config: StudyConfig, matcher: Matcher) -> LiveEngine | None:
    """Return what a study says about the live engine; None where nothing claims to be one.

    Raises
    ------
    ConfigError
        If `parity=FILE` names no parity record.
    RegistryError
        If the registry cannot be asked.
    """
    settings = config.matcher
    if not isinstance(settings, HttpConfig | MlflowConfig) and config.parity is None:
        return None
    record = _record(config)
    if record is None:
        return LiveEngine(
            False,
            f"{NOT_DESCRIBED}: no parity check compared the registered matcher with what runs.",
        )
    tested = str(matcher.card.recipe.get("stated", matcher.card.fingerprint))
    endpoint = matcher.card.recipe.get("endpoint", record.endpoint)
    checked = record.served_fingerprint if "stated" in matcher.card.recipe else record.fingerprint
    if tested != checked or endpoint != record.endpoint:
        return LiveEngine(
            False,
            f"{NOT_DESCRIBED}: the parity check is of another matcher or endpoint "
            f"({record.model} and {record.endpoint}).",
        )
    if record.holds:
        said = (
            f"This study describes the live engine at {record.endpoint}: it gave the templates of "
            f"{record.model} on {record.probes} pictures on {record.at[:10]} (largest difference "
            f"{record.largest_difference or 0:.1e})."
        )
    else:
        said = (
            f"{NOT_DESCRIBED}: the parity check of {record.model} with {record.endpoint} on "
            f"{record.at[:10]} found differences. {'; '.join(record.differences[:3])}."
        )
    return LiveEngine(
        *(record.holds, said),
        version=record.model.removeprefix("models:/"),
        fingerprint=record.fingerprint,
        endpoint=record.endpoint,
        checked=record.at,
    )


def read_parity(path: Path) -> ParityRecord:
    """Read the file that `lfr-eval engine parity` wrote.

    Raises
    ------
    ConfigError
        If it is none.
    """
    try:
        return ParityRecord.of(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ConfigError(
            f"parity={path} is not a parity record ({type(error).__name__}); make one: lfr-eval "
            "engine parity models:/NAME@ALIAS --endpoint URL"
        ) from error


def _record(config: StudyConfig) -> ParityRecord | None:
    if config.parity is not None:
        return read_parity(Path(config.parity))
    settings = config.matcher
    assert isinstance(settings, HttpConfig | MlflowConfig)
    model = settings.model if isinstance(settings, HttpConfig) else settings.uri
    if model is None:
        return None
    where = settings.registry or registry_uri(config)
    with talking_to(where):
        _, version = find_version(model, where)
    text = version.tags.get(PARITY_TAG)
    try:
        return ParityRecord.of(json.loads(text)) if text else None
    except (ValueError, TypeError, KeyError) as error:
        raise RegistryError(f"The tag '{PARITY_TAG}' of {model} is no parity record.") from error
