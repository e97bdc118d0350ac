"""Whether a study describes the live engine: its configuration and matcher in, a sentence out.

A study of a registered version or an endpoint describes the live engine only if a parity check of
the two found no difference. Otherwise the study itself says that it does not.
"""

from __future__ import annotations

from pathlib import Path

from lfr_eval.config import StudyConfig
from lfr_eval.contract.record import LiveEngine
from lfr_eval.matchers import Matcher
from lfr_eval.matchers.endpoint import endpoint_of
from lfr_eval.registry.parity_records import ParityRecord, bare, newest_checks, read_parity
from lfr_eval.registry.registered import named_version, registry_uri, talking_to
from lfr_eval.tracking import impatient

NOT_DESCRIBED = "This study does not describe the live engine"


def live_engine(config: StudyConfig, matcher: Matcher) -> LiveEngine | None:
    """Return what a study says about the live engine; None if its matcher is not a live one.

    Raises
    ------
    ConfigError
        If `parity=FILE` does not name a parity record.
    ParityError
        If the registry holds an invalid parity record.
    RegistryError
        If the registry cannot be asked.
    """
    settings = config.matcher
    if settings.kind not in ("http", "mlflow") and config.parity is None:
        return None
    record = _record(config, matcher)
    if record is None:
        return _not_described(
            "no parity check has compared the registered matcher with the live engine."
        )
    tested = str(matcher.card.recipe.get("stated", matcher.card.fingerprint))
    endpoint = endpoint_of(matcher.card.recipe) or record.endpoint
    checked = record.served_fingerprint if "stated" in matcher.card.recipe else record.fingerprint
    if tested != checked or bare(endpoint) != bare(record.endpoint):
        return _not_described(
            "the parity check was of another matcher or endpoint "
            f"({record.model} and {record.endpoint})."
        )
    if record.holds:
        said = (
            f"This study describes the live engine at {record.endpoint}: it gave the same "
            "templates as "
            f"{record.model} on {record.probes} pictures on {record.at[:10]} (largest difference "
            f"{record.largest_difference or 0:.1e})."
        )
    else:
        said = (
            f"{NOT_DESCRIBED}: the parity check of {record.model} with {record.endpoint} on "
            f"{record.at[:10]} found differences. {'; '.join(record.differences[:3])}."
        )
    return LiveEngine(
        described=record.holds,
        statement=said,
        version=record.model.removeprefix("models:/"),
        fingerprint=record.fingerprint,
        endpoint=record.endpoint,
        checked=record.at,
    )


def _not_described(why: str) -> LiveEngine:
    return LiveEngine(described=False, statement=f"{NOT_DESCRIBED}: {why}")


def _record(config: StudyConfig, matcher: Matcher) -> ParityRecord | None:
    """Return the check that counts: of the study's endpoint, else a failed one, else the last.

    A study of the registered version in process describes every endpoint that runs it, or none.
    """
    if config.parity is not None:
        return read_parity(Path(config.parity))
    settings = config.matcher
    # An endpoint is said to serve a version; a registered matcher is one.
    model = getattr(settings, "model" if settings.kind == "http" else "uri", None)
    if model is None:
        return None
    where = getattr(settings, "registry", None) or registry_uri(config)
    with impatient(config.tracking.timeout), talking_to(where):
        _, version = named_version(model, where)
    checks = newest_checks(version.tags)
    endpoint = endpoint_of(matcher.card.recipe)
    telling = [
        *(check for check in checks if endpoint and bare(check.endpoint) == bare(endpoint)),
        *(check for check in checks if endpoint is None and not check.holds),
        *reversed(checks),
    ]
    return telling[0] if telling else None
