"""Stored results of parity checks: files and a version's tags in, records out.

A version has one tag for each endpoint that was compared with it, so that a check of one endpoint
does not replace that of another.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lfr_eval.config import ConfigError
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.reading import json_value, read_text

TAG = "parity"
TAG_LIMIT = 5_000


class ParityError(MendableError, ValueError):
    """The registry holds an invalid record of a parity check."""


@dataclass(frozen=True)
class ParityRecord:
    """The stored result of a parity check.

    Attributes
    ----------
    holds
        Whether no difference was found.
    model, fingerprint
        The registered version, and its matcher's fingerprint.
    endpoint, served_fingerprint
        The address without credentials, and the fingerprint that the endpoint stated.
    tolerance
        Largest difference of template values that is ignored, relative to the template's length.
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
        """Return the record as plain values, without templates."""
        return {**asdict(self), "differences": list(self.differences)}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> ParityRecord:
        """Return the record of plain values.

        Raises
        ------
        TypeError, ValueError
            If they are not a valid record.
        """
        if not isinstance(values["differences"], list | tuple):
            raise TypeError("the differences are not a list")
        record = cls(**{**values, "differences": tuple(values["differences"])})
        _check_types(record)
        _check_values(record)
        return record

    @property
    def tag(self) -> str:
        """The name under which a version keeps the newest check of this endpoint."""
        return f"{TAG}_{hashlib.sha256(bare(self.endpoint).encode()).hexdigest()[:12]}"

    @property
    def checked(self) -> datetime:
        """Time of the check, with its time zone."""
        return datetime.fromisoformat(self.at)

    def as_tag(self) -> str:
        """Return the record as text that fits the registry; the last differences are left out."""
        values = self.to_json()
        while len(text := json.dumps(values)) > TAG_LIMIT and values["differences"]:
            values["differences"] = values["differences"][:-1]
        return text


def bare(endpoint: str) -> str:
    """Return an address without slashes at its end, which do not change the endpoint."""
    return endpoint.rstrip("/")


def newest_checks(tags: Mapping[str, str]) -> list[ParityRecord]:
    """Return the newest check of each endpoint in a version's tags, in order of time.

    Raises
    ------
    ParityError
        If a tag is not a valid record.
    """
    newest: dict[str, ParityRecord] = {}
    for key, text in tags.items():
        # A tag without an endpoint's hash is older than those with one.
        if not re.fullmatch(f"{TAG}(_[0-9a-f]{{12}})?", key):
            continue
        try:
            record = ParityRecord.of(json_value(text))
            known = newest.get(bare(record.endpoint))
            if known is None or record.checked > known.checked:
                newest[bare(record.endpoint)] = record
        except (ValueError, TypeError, KeyError) as error:
            raise ParityError(
                f"The tag '{key}' is not a valid record of a parity check "
                f"({type(error).__name__}). Delete it from the version, and check its endpoint "
                "again: lfr-eval engine parity models:/NAME@ALIAS --endpoint URL"
            ) from error
    return sorted(newest.values(), key=lambda record: record.checked)


def read_parity(path: Path) -> ParityRecord:
    """Read the file that `lfr-eval engine parity` wrote.

    Raises
    ------
    ConfigError
        If the file is not a valid record.
    """
    try:
        return ParityRecord.of(json_value(read_text(path)))
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigError(
            f"parity={path} is not a parity record ({type(error).__name__}). Make one: lfr-eval "
            "engine parity models:/NAME@ALIAS --endpoint URL"
        ) from error


def _check_types(record: ParityRecord) -> None:
    texts = (
        record.model,
        record.fingerprint,
        record.endpoint,
        record.served_fingerprint,
        record.probes_sha256,
        record.at,
        *record.differences,
    )
    measured = (record.tolerance, record.largest_difference, record.least_cosine)
    if (
        type(record.holds) is not bool
        or not all(isinstance(text, str) for text in texts)
        or not all(type(count) is int for count in (record.probes, record.templates))
        or not all(type(value) in (int, float) for value in measured if value is not None)
        or record.tolerance is None
    ):
        raise TypeError("a value has the wrong type")


def _check_values(record: ParityRecord) -> None:
    measured = (record.tolerance, record.largest_difference, record.least_cosine)
    if record.checked.tzinfo is None:
        raise ValueError("the time has no time zone")
    if not re.fullmatch(r"models:/[^/]+/[0-9]+", record.model):
        raise ValueError("the model is not a registered version")
    if not 0 <= record.templates <= record.probes:
        raise ValueError("there are more templates than pictures, or fewer than none")
    if not all(math.isfinite(value) for value in measured if value is not None):
        raise ValueError("a number is not finite")
    if record.holds and (
        record.differences
        or record.templates == 0
        or record.largest_difference is None
        or record.largest_difference > record.tolerance
    ):
        raise ValueError(
            "it says that parity holds, but nothing was compared or something differed"
        )
