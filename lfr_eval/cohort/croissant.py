"""Stage cohort: a dataset card in, its metadata as Croissant with RAI fields out.

Croissant is the vocabulary in which catalogues of datasets exchange metadata (MLCommons Croissant
1.1 and Croissant RAI 1.0, both JSON-LD). It contains no images and no data about people.
"""

from __future__ import annotations

import json
import mimetypes
from typing import Any

from lfr_eval.cohort.card import DatasetCard, PublishedFile

_OF_CROISSANT = (
    *("citeAs", "column", "equivalentProperty", "extract", "field", "fileObject", "fileProperty"),
    *("fileSet", "format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField"),
    *("path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate"),
    *("separator", "source", "subField", "transform"),
)
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{name: f"cr:{name}" for name in _OF_CROISSANT},
}


def croissant(card: DatasetCard) -> str:
    """Return a card as a Croissant document (JSON-LD)."""
    sources = ", ".join(f"{factor}: {source}" for factor, source in card.label_source.items())
    sources = sources or "no source of the labels is stated"
    schemes = ", ".join(f"{factor}: {scheme}" for factor, scheme in card.schemes.items())
    described: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": card.name,
        "description": f"{card.title}. {card.origin}",
        "conformsTo": [
            "http://mlcommons.org/croissant/1.1",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "license": card.licence,
        "citeAs": card.citation,
        "rai:dataCollection": card.origin,
        "rai:personalSensitiveInformation": [
            f"Faces, and labels of people ({sources}).",
            f"Consent: {card.consent}",
            f"Lawful basis: {card.lawful_basis}",
        ],
        "rai:dataLimitations": list(card.limits),
        "rai:dataAnnotationProtocol": [
            f"Who gave the labels: {sources}.",
            *([f"Schemes of the labels: {schemes}."] if schemes else []),
        ],
        "rai:dataUseCases": [
            f"Permitted: {card.purpose or 'not stated'}",
            *(f"Forbidden: {each}" for each in card.forbids),
        ],
    }
    optional = {
        "url": _address(card),
        "rai:dataCollectionTimeframe": card.collected,
        "rai:dataReleaseMaintenancePlan": card.expires
        and f"The pictures may be kept until {card.expires} and must be deleted after that day.",
        "rai:dataSocialImpact": _impact(card),
    }
    described |= {name: value for name, value in optional.items() if value}
    described["distribution"] = [
        {
            "@type": "cr:FileObject",
            "@id": file.name,
            "name": file.name,
            "contentUrl": file.url,
            "encodingFormat": _format(file),
            **_checksum(file.checksum),
        }
        for file in card.files
    ]
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"


def _address(card: DatasetCard) -> str | None:
    """Return the address of a dataset: that in its citation, or of its first file."""
    words = [word.rstrip(".,)") for word in card.citation.split() if word.startswith("https://")]
    return words[0] if words else next((file.url for file in card.files), None)


def _format(file: PublishedFile) -> str:
    """Return the media type of a file, as its name says."""
    if file.unpack:
        return "application/zip"
    return mimetypes.guess_type(file.name)[0] or "application/octet-stream"


def _impact(card: DatasetCard) -> str | None:
    given = {"Data protection impact assessment": card.dpia, "Equality impact assessment": card.eia}
    said = [f"{name}: {value}." for name, value in given.items() if value]
    return " ".join(said) or None


def _checksum(given: str | None) -> dict[str, str]:
    """Return a checksum in Croissant's terms, or where to find it if the card has none."""
    kind, _, value = (given or "").partition(":")
    return {kind: value} if kind in ("sha256", "md5") else {"sha256": "see the publisher's record"}
