"""Stage report: what an instrument asks for, item by item, as an evidence map states it."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", use_attribute_docstrings=True
    )


class Give(_Part):
    """One thing that a study may have to say to an item: exactly one of the first five."""

    evidence: str | None = None
    """A piece of evidence, by its name in `panel.evidence.EVIDENCE`."""
    findings: Mapping[str, tuple[str, ...]] | None = None
    """Primary findings of the answer; `metric`, `factor` and `verdict` choose among them."""
    table: str | None = None
    """A table; given where the study has it."""
    field: str | None = None
    """A field of the study record, dotted; given where it is not empty."""
    says: str | None = None
    """A sentence; beside `table` or `field`, what it says there, {} standing for the value."""


class Item(_Part):
    """One thing that an instrument asks for."""

    item: str
    """Its number or title."""
    asks: str = ""
    """What is asked, in words; empty where the title says it."""
    source: str = ""
    """Where that was read; empty: the map's."""
    check: str = ""
    """By whom the wording must be checked, because it was not read; empty: it was read."""
    gives: tuple[Give, ...] = ()
    """What a study may have to say to it."""
    lacks: tuple[str | Give, ...] = ()
    """What no study of this kind gives to it, in sentences or pieces of evidence."""
    because: str = ""
    """Why nothing is given, where nothing is."""


class EvidenceMap(_Part):
    """What an instrument asks for, and where a study answers it."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    """Short name: small letters, digits and hyphens."""
    title: str
    """Title in the report."""
    lead: str
    """What the instrument is and where its words come from."""
    source: str = ""
    """Where the wording of the items was read; empty: the titles are the report's own."""
    check: str = ""
    """By whom the wording of all items must be checked, because it was not read."""
    printed: bool = False
    """Whether it stands in `report.pdf` too, not only on the page and in `conformance.json`."""
    items: tuple[Item, ...] = Field(min_length=1)
    """What is asked for, in the order of the instrument."""
