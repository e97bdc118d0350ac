"""Where results come from: the study's own description, and the run that made it."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

from lfr_eval import __version__
from lfr_eval.cohort import Cohort, DatasetCard
from lfr_eval.cohort.sharing_told import told_of_sharing
from lfr_eval.config import StudyConfig
from lfr_eval.contract.addresses import masked
from lfr_eval.contract.provenance import Provenance
from lfr_eval.contract.record import (
    Dataset,
    Design,
    Inference,
    Matcher,
    Registration,
    StudyRecord,
    Thresholds,
)
from lfr_eval.contract.tables import CROSS
from lfr_eval.inference import Plan
from lfr_eval.matchers import Matcher as AnyMatcher
from lfr_eval.matchers import gives_ranks
from lfr_eval.study.evidence import evidence_of
from lfr_eval.study.inputs import Inputs, recipe_of
from lfr_eval.study.labels import inseparable
from lfr_eval.study.populations import describe_mix, watchlist_mix
from lfr_eval.study.sweep import list_length


@cache
def code_digest(*rooms: str) -> str:
    """SHA-256 over the source of some rooms of the package, or of all of it if none is named.

    A stage that was made by other code is not reused.
    """
    root = Path(__file__).parents[1]
    total = hashlib.sha256(__version__.encode())
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root)
        if rooms and name.parts[0] not in rooms:
            continue
        total.update(name.as_posix().encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def describe_study(
    config: StudyConfig,
    inputs: Inputs,
    registration: Registration | None,
    started: datetime,
    plan: Plan,
    notes: Sequence[str],
) -> StudyRecord:
    """Return the record of a study: what it was, in words and settings, for its readers.

    `notes` is what they must know of people and evidence, beside what the configuration notes.
    """
    sweep, chosen = inputs.sweep, config.inference.reference_groups
    inference = {
        **asdict(config.inference),
        "alpha": plan.alpha,
        "reference_groups": dict(plan.reference_groups),
        "largest_groups": [name for name in plan.reference_groups if name not in chosen],
    }
    return StudyRecord(
        title=config.report.title,
        question=config.report.question,
        study=config.name,
        simulated=inputs.cohort.simulated,
        matcher=_matcher(inputs.matcher, config.report.system),
        datasets=tuple(
            _dataset(card, inputs.cohort, config.dataset.purpose) for card in inputs.cohort.cards
        ),
        design=_design(config, inputs),
        thresholds=Thresholds(
            values=tuple(sweep.values),
            primary=tuple(sweep.primary),
            operating=sweep.operating,
            origin=sweep.origin,
        ),
        factors=tuple(config.inference.factors),
        conditions=conditions_of(config, inputs),
        inseparable=tuple(inseparable(config.inference.factors, inputs.cohort)),
        capture=recipe_of(config.capture).words if config.capture.steps else None,
        inference=Inference.model_validate_json(json.dumps(inference)),
        notes=(*config.report.notes, *notes),
        label_names={name: dict(one) for name, one in inputs.cohort.label_names.items()},
        live_engine=inputs.live,
        registration=registration,
        data_digest=inputs.cohort.digest,
        started=started.isoformat(timespec="seconds"),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _matcher(matcher: AnyMatcher, system: str | None) -> Matcher:
    card = matcher.card
    lowest, highest = (bound if abs(bound) < 1e30 else None for bound in card.score_range)
    return Matcher(
        name=card.name,
        system=system,
        fingerprint=card.fingerprint,
        version=card.version,
        description=f"{card.description}; {card.acquisition}",
        score_range=(lowest, highest),
        evidence=evidence_of(matcher),
        ranks=gives_ranks(matcher),
    )


def _dataset(card: DatasetCard, cohort: Cohort, purpose: str) -> Dataset:
    images = cohort.images
    tested = {*images.loc[images["role"] != "filler", "dataset_card"].dropna().unique()}
    return Dataset(
        name=card.name,
        title=card.title,
        origin=card.origin,
        licence=card.licence,
        consent=card.consent,
        lawful_basis=card.lawful_basis,
        label_source=dict(card.label_source),
        label_scheme=dict(card.schemes),
        tested=card.name in tested or not tested,
        limits=tuple(card.limits),
        citation=card.citation,
        purpose=card.purpose,
        forbids=card.forbids,
        used_for=purpose,
        dpia=card.dpia,
        eia=card.eia,
        collected=card.collected,
        expires=card.expires,
        sharing=told_of_sharing(card, cohort),
    )


def _design(config: StudyConfig, inputs: Inputs) -> Design:
    mix = watchlist_mix(config, inputs.cohort.images) if config.design.searches else None
    return Design(
        name=config.design.name,
        description=config.design.description,
        watchlist_sizes=tuple(config.design.watchlist_sizes),
        watchlist_members=config.design.watchlist_members,
        watchlist_composition=None if mix is None else describe_mix(config, mix),
        list_length=list_length(config),
    )


def conditions_of(config: StudyConfig, inputs: Inputs) -> tuple[str, ...]:
    """Return the parts of the study's factors that are conditions of passes, not of people."""
    parts = [part for factor in config.inference.factors for part in factor.split(CROSS)]
    return tuple(part for part in dict.fromkeys(parts) if part not in inputs.cohort.people)


def describe_run(config: StudyConfig, inputs: Inputs, started: datetime) -> Provenance:
    """Return what is needed to make a study again."""
    return Provenance.of(
        {
            "lfr_eval": __version__,
            "code_digest": code_digest(),
            "git_revision": git_revision(),
            "matcher": asdict(inputs.matcher.card),
            "dataset_digest": inputs.cohort.digest,
            "config": _publishable(config),
            "seeds": {
                "design": config.design.seed,
                "inference": config.inference.seed,
                "capture": config.capture.seed if config.capture.steps else None,
                "dataset": getattr(config.dataset, "seed", None),
            },
            "packages": _packages(),
            "hardware": {
                "processor": _processor(),
                "cores": os.cpu_count(),
                "system": platform.platform(),
                "python": platform.python_version(),
            },
            "started": started.isoformat(timespec="seconds"),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    )


@cache
def _packages() -> dict[str, str]:
    """Return the version of each installed package; reading them all takes half a second."""
    about = [distribution.metadata for distribution in distributions()]
    about.sort(key=lambda one: one["Name"].lower())
    return {one["Name"]: one["Version"] for one in about}


def git_revision() -> str | None:
    """Return the commit of the checkout this code runs from, `+` where it has changes."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _publishable(config: StudyConfig) -> dict[str, object]:
    """Return the configuration without this machine's paths and without credentials."""
    values = asdict(config)
    del values["paths"]
    for group, name in (("tracking", "uri"), ("matcher", "url"), ("matcher", "registry")):
        if values[group].get(name):
            values[group][name] = masked(values[group][name])
    if config.registration:
        values["registration"] = Path(config.registration).name
    if values.get("parity"):
        values["parity"] = Path(values["parity"]).name
    for group, name in (
        *(("dataset", "path"), ("dataset", "pass_log")),
        *(("matcher", "path"), ("design", "dont_care")),
    ):
        if values[group].get(name):
            values[group][name] = Path(values[group][name]).name
    return values


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
