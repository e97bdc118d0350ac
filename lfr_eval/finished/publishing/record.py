"""Stage `publishing`: what a study says of itself in words, without what must not leave its folder.

In: the study record and the provenance. Out: the same with the fields named here and no others, so
that what a later version records is not published before somebody has thought about it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lfr_eval.cohort.card import NEVERTHELESS
from lfr_eval.contract.provenance import Provenance
from lfr_eval.contract.record import StudyRecord

PLACE = "(not published: names a place)"
NUMBERED = "A sentence that names numbers is not published; the full study has it."
LEFT_OUT = (
    "Scores: their distributions, the model of their tail, and how near they lie to the threshold.",
    "Rates across groups and among the first candidates, tests that count people, and how false "
    "alerts grow with the watchlist: they hang together with withheld counts in further ways.",
    "Ratios with covariates held alike, and rates pooled with those of other groups: they are made "
    "of counts that may be withheld.",
    "Why no face was found, how long alerts take and how long lists of candidates are.",
    "What deployments have shown, and who decided on this study: both are recorded with the study.",
    "Sentences with numbers in the notes and in the limits of the data, because numbers in them "
    "may be withheld ones.",
    "Hashes of single files, hardware, and settings that name places or people.",
)
"""What a publication does not hold at all."""

OVERRIDDEN = (
    "The card of this dataset forbids the purpose of the study, or its last day had passed. "
    + NEVERTHELESS
)
"""What a publication says of an objection, whose own words may have numbers."""

_SHOWN: Any = {
    **dict.fromkeys(("title", "question", "study", "simulated", "factors", "conditions"), True),
    **dict.fromkeys(("capture", "inference", "data_digest", "started", "finished"), True),
    "thresholds": True,
    "matcher": {"name", "fingerprint", "description", "score_range", "evidence", "ranks"},
    "datasets": {
        "__all__": {
            *("name", "title", "origin", "licence", "consent", "lawful_basis", "citation"),
            *("label_source", "label_scheme", "tested"),
        }
    },
    "design": {"name", "description", "watchlist_sizes", "watchlist_members", "list_length"},
    "live_engine": {"described"},
    "registration": {
        *("state", "registered_at", "seal", "plan_sha256", "title", "hypotheses", "stopping"),
        *("recruitment", "data_registered", "code", "reason"),
    },
}
_CONFIG = {
    "design": ("name", "kinds", "watchlist_sizes", "watchlist_members", "watchlist_inference"),
    "inference": None,
    "thresholds": None,
    "population": ("name", "like"),
}
_ADDRESS = re.compile(r"https?://[^\s)]*[^\s).:,;]")
_PLACE = re.compile(r"(^|[\s'\"=:\[(,])(/[^\s/]+/|~/|\.\./|[A-Za-z]:[\\/]|\\\\|file:)")


def published_record(study: StudyRecord, thresholds: Sequence[float]) -> StudyRecord:
    """Return the record of a study as it may be published.

    Parameters
    ----------
    study
        Its record.
    thresholds
        Those that are published.
    """
    record = study.model_dump(include=_SHOWN)
    for shown, dataset in zip(record["datasets"], study.datasets, strict=True):
        shown["limits"] = without_numbers(
            [OVERRIDDEN if each.endswith(NEVERTHELESS) else each for each in dataset.limits]
        )
    record["thresholds"]["values"] = tuple(thresholds)
    record["notes"] = without_numbers(study.notes)
    if study.live_engine is not None:
        # Where an engine answers is nobody's business but its operator's.
        statement = _ADDRESS.sub("(address not published)", study.live_engine.statement)
        record["live_engine"]["statement"] = statement
    if study.registration is not None:
        # Nobody's name, and no number of people or images that were left out.
        record["registration"] |= {
            "who": "(name not published)",
            "after_results": ("study",) * len(study.registration.after_results),
            "differences": without_numbers(study.registration.differences),
            "exclusions": (),
        }
    return StudyRecord.model_validate(without_places(record))


def published_provenance(provenance: Provenance, study_hash: str) -> dict[str, Any]:
    """Return the provenance as it may be published.

    The hash of the study covers files that name people, so that nobody who lacks them can try out
    withheld counts against it; the hash of one table would let them.
    """
    config = provenance.config
    kept = {
        group: config[group] if names is None else _only(config[group], names)
        for group, names in _CONFIG.items()
        if isinstance(config.get(group), Mapping)
    }
    names = (
        "git_revision",
        "dataset_digest",
        "started",
        "finished",
        "packages",
        "seeds",
        "withdrawals",
    )
    cleaned: dict[str, Any] = without_places(
        {**_only(provenance.content(), names), "config": kept, "study_hash": study_hash}
    )
    return cleaned


def without_numbers(sentences: Sequence[str]) -> tuple[str, ...]:
    """Return sentences; those with a number in them are said to be left out."""
    kept = tuple(sentence for sentence in sentences if not re.search(r"\d", sentence))
    return kept if len(kept) == len(sentences) else (*kept, NUMBERED)


def without_places(value: Any) -> Any:
    """Return nested values in which no text names a place on somebody's machine."""
    if isinstance(value, str):
        return PLACE if _PLACE.search(value) else value
    if isinstance(value, Mapping):
        return {str(key): without_places(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(without_places(each) for each in value)
    return value


def _only(values: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}
