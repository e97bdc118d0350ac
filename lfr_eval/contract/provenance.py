"""The provenance of a study: what is needed to make it again, kept in `provenance.json`.

Written by `study/`, read by whatever is asked of a finished study. The seal adds hashes of files to
the same file (`sealing.py`). A field that an earlier version did not write is empty, and one that
this version does not know is kept, so that a study can be sealed again as it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, Field, ValidationError

from lfr_eval.contract.dates import spoken_day
from lfr_eval.contract.record import Instant, Part
from lfr_eval.contract.sealing import FolderError
from lfr_eval.contract.swapping import PROVENANCE
from lfr_eval.contract.validation import problems_of
from lfr_eval.contract.words import joined


class Withdrawal(Part):
    """One person's data that were taken out of a finished study."""

    at: Instant
    """When."""
    what: str
    """What was done."""
    study_hash_before: str
    """The hash that the study had until then."""


class _Settings(dict[str, Any]):
    """Recorded settings of a group; one that is missing is named."""

    def __init__(self, group: str, recorded: Mapping[str, Any]) -> None:
        super().__init__(recorded)
        self._group = group

    def __missing__(self, name: str) -> Any:
        raise FolderError(_not_recorded(f"'{self._group}.{name}'"))


def _not_recorded(what: str) -> str:
    return (
        f"{PROVENANCE}: its config has no {what}. The study was made by another version of "
        "lfr_eval, or the file was edited: run the study again."
    )


class Provenance(Part):
    """What is needed to make a study again."""

    model_config = ConfigDict(extra="allow")

    lfr_eval: str | None = None
    """Version of the package."""
    code_digest: str | None = None
    """SHA-256 over its source."""
    git_revision: str | None = None
    """Commit of the checkout, `+` where it had changes; None outside of one."""
    matcher: Mapping[str, Any] = Field(default_factory=dict)
    """The matcher's card."""
    dataset_digest: str | None = None
    """SHA-256 over the people and their images."""
    config: Mapping[str, Any] = Field(default_factory=dict)
    """The configuration, without this machine's paths and without credentials."""
    seeds: Mapping[str, int | None] = Field(default_factory=dict)
    """Part of the study -> its seed."""
    packages: Mapping[str, str] = Field(default_factory=dict)
    """Installed package -> its version."""
    hardware: Mapping[str, Any] = Field(default_factory=dict)
    """The machine."""
    started: Instant | None = None
    """When the run began."""
    finished: Instant | None = None
    """When the run ended."""
    withdrawals: tuple[Withdrawal, ...] = ()
    """What was taken out since."""
    evidence_maps: tuple[Mapping[str, Any], ...] = ()
    """Evidence maps that were given with a report."""

    def settings(self, group: str) -> Mapping[str, Any]:
        """Return a group of the configuration.

        Raises
        ------
        FolderError
            If there is none; and where a setting of it is read that it does not have.
        """
        recorded = self.config.get(group)
        if not isinstance(recorded, Mapping):
            raise FolderError(_not_recorded(f"'{group}'"))
        return _Settings(group, recorded)

    @property
    def withdrawn(self) -> str:
        """Say that people were withdrawn, when, and what that leaves; empty where nobody was."""
        if not self.withdrawals:
            return ""
        days = joined([*dict.fromkeys(spoken_day(each.at) for each in self.withdrawals)])
        before = joined([f"{each.study_hash_before[:16]}..." for each in self.withdrawals])
        one = len(self.withdrawals) == 1
        who = "One person was" if one else f"{len(self.withdrawals)} people were"
        return (
            f"{who} withdrawn on {days}, and the study was sealed anew (earlier "
            f"{'hash' if one else 'hashes'}: {before}). Rates were computed before the withdrawal."
        )

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Provenance:
        """Read it from the content of a file.

        Raises
        ------
        FolderError
            If a field has another type.
        """
        try:
            return cls.model_validate_json(json.dumps(values))
        except ValidationError as error:
            raise FolderError(
                f"{PROVENANCE} cannot be read: {problems_of(error)}. Restore it from a copy, or "
                "run the study again."
            ) from None

    def content(self) -> dict[str, Any]:
        """Return what `provenance.json` holds of it: the fields that were given."""
        return self.model_dump(mode="json", exclude_unset=True)
