"""Engine: records of registered versions, without loading their matchers."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lfr_eval.contract.ledger import LedgerError
from lfr_eval.registry.registered import RegistryError, named_version, registry_client, talking_to

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

FINGERPRINT = "fingerprint"
APPROVAL, LATEST = "approval_entry", "ledger_entry"
"""Tags that name entries of the ledger: the last decision on the version, and the last of all."""
TAG_LIMIT = 5000


@dataclass(frozen=True)
class Version:
    """A registered version.

    Attributes
    ----------
    fingerprint
        Of the matcher that was registered.
    tags
        What the registry says of it.
    """

    name: str
    version: str
    fingerprint: str
    tags: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.name}/{self.version}"

    def check_recorded(self, entries: Set[str], ledger: Path) -> None:
        """Check that the ledger contains the entries that the registry names.

        Raises
        ------
        LedgerError
            If it does not: entries were removed, or this is another ledger.
        """
        for what, tag in (("approval", APPROVAL), ("entry", LATEST)):
            tagged = self.tags.get(tag)
            if tagged and tagged not in entries:
                raise LedgerError(
                    f"{ledger} does not contain the {what} {tagged[:12]} that the registry names "
                    f"for {self}. Either entries were removed from its end, or it is the wrong "
                    "ledger: give the right one with paths.approvals=FILE."
                )


def find_version(uri: str, tracking_uri: str) -> Version:
    """Return the version that `models:/NAME@ALIAS` or `models:/NAME/VERSION` names.

    Raises
    ------
    RegistryError
        If there is no such version, or lfr-eval did not register it.
    """
    with talking_to(tracking_uri):
        version = _version(named_version(uri, tracking_uri)[1])
    if not version.fingerprint:
        raise RegistryError(f"{uri} has no fingerprint. Register it with lfr-eval engine register.")
    return version


def version_tested(fingerprint: str, tracking_uri: str) -> Version:
    """Return the one registered version with this fingerprint.

    Raises
    ------
    RegistryError
        If there is none, or more than one.
    """
    with talking_to(tracking_uri):
        client = registry_client(tracking_uri)
        found = client.search_model_versions(f"tag.{FINGERPRINT} = '{fingerprint}'")
    if len(found) != 1:
        names = ", ".join(f"models:/{one.name}/{one.version}" for one in found)
        raise RegistryError(
            f"The matcher that the study tested ({fingerprint[:12]}) is registered as "
            f"{names or 'no model version'}. Name the version with --model models:/NAME/VERSION."
        )
    return _version(found[0])


def record(version: Version, tags: Mapping[str, str], tracking_uri: str) -> None:
    """Set tags of a version.

    Raises
    ------
    RegistryError
        If the registry refuses.
    """
    with talking_to(tracking_uri):
        client = registry_client(tracking_uri)
        for key, value in tags.items():
            client.set_model_version_tag(version.name, version.version, key, value[:TAG_LIMIT])


def _version(found: ModelVersion) -> Version:
    tags = dict(found.tags)
    return Version(str(found.name), str(found.version), tags.get(FINGERPRINT, ""), tags)
