"""Stage report: what an instrument asks for, item by item, as an evidence map states it."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Give(_Part):
    """One thing that a study may have to say to an item.

    Exactly one of: a piece of `evidence`, by its name in `panel.evidence.EVIDENCE`; primary
    `findings` of the answer that metric, factor and verdict choose; a `table`, given where the
    study has it; a dotted `field` of the study record, given where it is not empty; or what it
    `says`. Beside a table or field, that is what it says there, {} standing for the value.
    """

    evidence: str | None = None
    findings: Mapping[str, tuple[str, ...]] | None = None
    table: str | None = None
    field: str | None = None
    says: str | None = None


class Item(_Part):
    """One thing that an instrument asks for.

    It has a number or title, and what it `asks` in words if the title does not say it; `source` and
    `check` are as in a map. It `gives` what a study may have to say to it, and `lacks` what no
    study of this kind does, in sentences or pieces of evidence. `because` says why nothing is.
    """

    item: str
    asks: str = ""
    source: str = ""
    check: str = ""
    gives: tuple[Give, ...] = ()
    lacks: tuple[str | Give, ...] = ()
    because: str = ""


class EvidenceMap(_Part):
    """What an instrument asks for, and where a study answers it.

    `lead` says what it is and where its words come from, `source` where the wording of the items
    was read (empty: the titles are the report's own), and `check` by whom it must be checked,
    because it was not read. If `printed`, it stands in `report.pdf` too, not only on the page and
    in `conformance.json`.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    lead: str
    source: str = ""
    check: str = ""
    printed: bool = False
    items: tuple[Item, ...] = Field(min_length=1)
