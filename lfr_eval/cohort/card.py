"""Stage cohort: dataset cards, which say where people's faces come from and what they allow.

A `DatasetCard` has origin, licence, consent, the source of the labels, limits that every report
prints, checksums, and rules that turn the raw labels into a manifest. `lfr_eval.cohort.cards` reads
it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from lfr_eval.cohort.permission import alike_purpose
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.words import joined

EXPIRED, FORBIDDEN = "expired", "forbidden"
"""Objections of a card to its use; `dataset.despite` names those to override."""

NEVERTHELESS = "It was used nevertheless."
"""Ends the sentence about an objection that was overridden."""

KINDS = ("faces", "weights", "simulated")


class CardError(MendableError, ValueError):
    """A dataset card does not exist or cannot be used; the message lists every problem."""


@dataclass(frozen=True)
class PublishedFile:
    """A file that the publisher offers.

    Attributes
    ----------
    name
        File name.
    url
        Address.
    checksum
        `sha256:...` or `md5:...`; None where the card's `checksums` address has it.
    unpack
        Folder that the images of this ZIP archive are unpacked to; None for other files.
    """

    name: str
    url: str
    checksum: str | None = None
    unpack: str | None = None


@dataclass(frozen=True)
class ColumnRule:
    """How one column of the manifest is made from the columns of a label file.

    Attributes
    ----------
    name
        Column of the manifest.
    take
        Text with label columns in braces, such as `{face_id}_{expression}`.
    meanings
        Meaning of each text, if it is not taken as it is.
    """

    name: str
    take: str
    meanings: Mapping[str, str]


@dataclass(frozen=True)
class Layout:
    """How a folder of published files becomes a manifest.

    Attributes
    ----------
    labels
        The label file, relative to the folder. If it is there, this layout is used.
    columns
        One rule for each column of the manifest.
    keep
        Label column and the values of rows that belong to the dataset; empty for all rows.
    each
        The images described by one row of the label file, as additional label columns; empty
        where a row is an image.
    strip
        Label column and a prefix that some editions of the file put before its values.
    """

    labels: str
    columns: tuple[ColumnRule, ...]
    keep: Mapping[str, tuple[str, ...]]
    each: tuple[Mapping[str, str], ...]
    strip: Mapping[str, str]


@dataclass(frozen=True)
class DatasetCard:
    """What a reader must know about a dataset before trusting a number made from it.

    Attributes
    ----------
    name, title, kind
        Short name, full name, and one of `faces`, `weights`, `simulated`.
    origin, licence, consent, lawful_basis, citation
        Plain sentences.
    label_source
        Factor and who assigned its labels, an entry of `tables.LABEL_SOURCES`.
    schemes
        Factor and the name of its demographic scheme.
    limits
        Sentences that a report prints beside every result.
    files
        What the publisher offers.
    checksums
        Address of a figshare record with the files' checksums; None where the files have them.
    by_hand
        What to do if the publisher offers no download that a program can use.
    mirror, mirror_digest
        Path of the dataset in an offline mirror (its label file, or the weights), and the SHA-256
        of that copy.
    layouts
        How its folder becomes a manifest, the mirror's layout first.
    purpose
        Permitted use of the images.
    forbids
        Forbidden purposes. `dataset.purpose` is compared with them by its words.
    dpia, eia
        References of the data protection and equality impact assessments.
    collected
        When the images were made.
    expires
        Last day, ISO 8601, on which they may be kept.
    register
        The register of sharing that knows of the dataset: a file beside the card.
    """

    name: str
    title: str
    kind: str
    origin: str
    licence: str
    consent: str
    lawful_basis: str
    citation: str
    label_source: Mapping[str, str]
    schemes: Mapping[str, str]
    limits: tuple[str, ...]
    files: tuple[PublishedFile, ...] = ()
    checksums: str | None = None
    by_hand: str | None = None
    mirror: str | None = None
    mirror_digest: str | None = None
    layouts: tuple[Layout, ...] = ()
    purpose: str | None = None
    forbids: tuple[str, ...] = ()
    dpia: str | None = None
    eia: str | None = None
    collected: str | None = None
    expires: str | None = None
    register: str | None = None

    @property
    def simulated(self) -> bool:
        """Whether the dataset is simulated."""
        return self.kind == "simulated"

    def objections(self, purpose: str, today: date) -> dict[str, str]:
        """Return why the dataset may not be used for a purpose on a day: reason and sentence."""
        found: dict[str, str] = {}
        if self.expires is not None and date.fromisoformat(self.expires) < today:
            found[EXPIRED] = (
                f"The pictures of '{self.name}' were allowed to be kept until {self.expires}. That "
                "day has passed. Delete them and, with lfr-eval purge, what was made from them."
            )
        forbidden = [each for each in self.forbids if alike_purpose(each, purpose)]
        if forbidden:
            named = joined([f"'{each}'" for each in forbidden])
            found[FORBIDDEN] = (
                f"The card of dataset '{self.name}' forbids {named}, and the purpose of this study "
                f"(dataset.purpose) is '{purpose}'."
            )
        return found
