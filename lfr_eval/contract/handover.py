"""What is entered when images, templates or scores are given to an organisation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Handover:
    """What was given to whom, and on what terms."""

    organisation: str
    """Who received it."""
    what: str
    """Images, templates or scores."""
    purpose: str
    """What they received it for."""
    agreement: str
    """Name or reference of the agreement."""
    since: date
    """First day, as 2024-09-01."""
    by: str
    """Who makes the entry."""
    count: int | None = None
    """How many were given; default: one per person."""
    until: date | None = None
    """Last day by which they must be deleted."""
    basis: str | None = None
    """Lawful basis."""
    dataset: str | None = None
    """Name of the dataset, if they are part of one."""
