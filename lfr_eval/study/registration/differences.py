"""Registration: in what a study differs from what was registered (both in, sentences out)."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from lfr_eval.config import REMOVED, StudyConfig
from lfr_eval.contract.addresses import masked
from lfr_eval.contract.folder import sha256_of
from lfr_eval.study.inputs import Inputs
from lfr_eval.study.registration.plan import StudyPlan
from lfr_eval.study.registration.record import (
    CONTENT,
    LABELS,
    Registration,
    images_file,
    images_of,
    read_images,
)

SHOWN = 20
"""Images that a message names; the rest are counted."""

NOT_REGISTERED = (
    *("paths", "tracking", "compute", "report", "name", "registration", "deviate", "deviation"),
    *("dataset.path", "matcher.path", "matcher.device", "matcher.batch_size"),
)
"""Words, places and machines: they determine no result. Data and matcher are known by digest."""

ADDRESSES = ("matcher.url", "matcher.registry")
"""They may hold a secret; what of them determines results is in the matcher's fingerprint."""


@dataclasses.dataclass(frozen=True)
class Difference:
    """One thing that is not as registered."""

    what: str
    registered: str
    present: str

    def __str__(self) -> str:
        return f"{self.what}: registered {self.registered}, now {self.present}"


def settings_of(config: StudyConfig) -> dict[str, Any]:
    """Return every setting that determines results, by dotted name."""
    return {name: value for name, value, _ in _leaves(config, "")}


def differences(
    file: Path, registration: Registration, plan: StudyPlan, config: StudyConfig, inputs: Inputs
) -> list[Difference]:
    """Return everything in which plan, configuration, matcher and data are not as registered.

    Parameters
    ----------
    file
        The registration file, beside which plan and list of images stand.
    plan
        The plan as it stands there now.
    config, inputs
        What is about to run, before exclusions.
    """
    return [
        *_of_plan(file.with_name(registration.plan_file), registration, plan),
        *_of_settings(registration.settings, config),
        *_of_matcher(registration, inputs),
        *_of_data(file, registration, inputs),
    ]


def _of_plan(file: Path, registration: Registration, plan: StudyPlan) -> Iterator[Difference]:
    if sha256_of(file) == registration.plan_sha256:
        return
    now = plan.model_dump(mode="json")
    changed = [
        Difference(f"plan, {name}", _shown(registration.plan.get(name)), _shown(now.get(name)))
        for name in dict.fromkeys((*registration.plan, *now))
        if registration.plan.get(name) != now.get(name)
    ]
    yield from changed
    if not changed:
        yield Difference(
            f"plan, text of {file.name}",
            f"SHA-256 {registration.plan_sha256[:16]}...",
            "another, though its content is the same",
        )


def _of_settings(registered: Mapping[str, Any], config: StudyConfig) -> Iterator[Difference]:
    present = {name: (value, default) for name, value, default in _leaves(config, "")}
    for name, value in registered.items():
        if name in REMOVED:
            continue
        if name not in present:
            yield Difference(name, _shown(value), "no such setting in this version")
        elif present[name][0] != value:
            yield Difference(name, _shown(value), _shown(present[name][0]))
    for name, (value, default) in present.items():
        # A setting that came with a later version changes nothing while it has its default.
        if name not in registered and value != default:
            yield Difference(name, f"nothing (its default is {_shown(default)})", _shown(value))


def _of_matcher(registration: Registration, inputs: Inputs) -> Iterator[Difference]:
    card, registered = inputs.matcher.card, registration.matcher
    if card.name != registered.name:
        yield Difference("matcher", registered.name, card.name)
    elif registered.fingerprint not in (None, card.fingerprint):
        yield Difference("matcher fingerprint", registered.fingerprint, card.fingerprint)


def _of_data(file: Path, registration: Registration, inputs: Inputs) -> Iterator[Difference]:
    data, cohort = registration.data, inputs.cohort
    if data is None or data.digest == cohort.digest:
        return
    listed = images_file(file, registration)
    if listed is None:
        yield Difference("data, digest of the cohort", data.digest, cohort.digest)
        return
    before, now = read_images(listed), images_of(cohort.images)
    both = before.index.intersection(now.index)
    old, new = before.loc[both], now.loc[both]
    content = (old[CONTENT].to_numpy(str) != new[CONTENT].to_numpy(str)).tolist()
    labels = (old[LABELS].to_numpy(str) != new[LABELS].to_numpy(str)).tolist()
    found = [
        *_images(both[content], "the file it was", "another file: its content was changed"),
        *_images(both[labels], "its labels and role", "others: labels or role were changed"),
        *_images(before.index.difference(now.index), "in the data",
                 "removed, though no exclusion of the plan names it"),
        *_images(now.index.difference(before.index), "not in the data", "added"),
    ]  # fmt: skip
    yield from found
    if not found:
        yield Difference("data, digest of the cohort", data.digest, cohort.digest)


def _images(names: pd.Index, registered: str, present: str) -> Iterator[Difference]:
    for name in names[:SHOWN]:
        yield Difference(f"image {name}", registered, present)
    if len(names) > SHOWN:
        yield Difference(f"{len(names) - SHOWN:,} more images", registered, present)


def _leaves(config: Any, prefix: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield name, value and default of every setting of nested dataclasses."""
    for each in dataclasses.fields(config):
        name = f"{prefix}{each.name}"
        if name in NOT_REGISTERED:
            continue
        value = getattr(config, each.name)
        if dataclasses.is_dataclass(value):
            yield from _leaves(value, f"{name}.")
            continue
        default = None
        if each.default is not dataclasses.MISSING:
            default = each.default
        elif each.default_factory is not dataclasses.MISSING:
            default = each.default_factory()
        yield name, masked(value) if name in ADDRESSES and value else value, default


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
