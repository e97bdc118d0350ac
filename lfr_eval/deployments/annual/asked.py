"""What a person asks an annual report to say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Annual:
    """What a report is asked to say.

    Attributes
    ----------
    since, until
        First and last day of the period, ISO 8601; None: as far as the records go.
    stated
        Group -> (its false alerts, all false alerts), where the records hold no groups.
    shares
        Group -> assumed share of the faces seen.
    corrections
        The corrections that were confirmed, in sentences.
    title
        Above the report.
    """

    since: str | None = None
    until: str | None = None
    stated: dict[str, tuple[int, int]] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)
    corrections: Sequence[str] = ()
    title: str = "Live facial recognition deployments"
