"""The people of a configuration: a dataset card or a manifest in, a cohort out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from lfr_eval.cohort.card import NEVERTHELESS, CardError
from lfr_eval.cohort.cohort import Cohort, join_fillers
from lfr_eval.cohort.loading import load_dataset, load_manifest
from lfr_eval.cohort.opportunities import with_passes
from lfr_eval.config import CardDatasetConfig, ConfigError, ManifestDatasetConfig, StudyConfig
from lfr_eval.config.paths import cache_folder, mirror_folder
from lfr_eval.config.signatures import takes_pictures

if TYPE_CHECKING:
    from lfr_eval.contract.dates import Order


def read_cohort(config: StudyConfig) -> Cohort:
    """Return the people of a configuration.

    Raises
    ------
    ConfigError, CardError, CohortError, FetchError, ManifestError
        If their data are missing or cannot be used.
    """
    dataset = config.dataset
    cache, mirror = cache_folder(config.paths), mirror_folder(config.paths)
    if isinstance(dataset, CardDatasetConfig):
        cohort = load_dataset(dataset.card, mirror, cache)
    elif isinstance(dataset, ManifestDatasetConfig):
        dates = cast("Order | None", dataset.dates)
        cohort = load_manifest(
            Path(dataset.path),
            dataset.card,
            templates_only=not takes_pictures(config.matcher),
            dates=dates,
        )
        if dataset.pass_log is not None:
            log = Path(dataset.pass_log).expanduser()
            cohort = with_passes(cohort, log, dataset.pass_columns, dates)
    else:
        raise ConfigError(f"There is no kind of dataset '{dataset.kind}'.")
    if dataset.fillers is not None:
        cohort = join_fillers(cohort, load_dataset(dataset.fillers, mirror, cache))
    return permitted(cohort, dataset.purpose, dataset.despite, datetime.now(UTC).date())


def permitted(cohort: Cohort, purpose: str, despite: Sequence[str], today: date) -> Cohort:
    """Return people whose cards allow a purpose on a day, or whose objections are overridden.

    Overridden objections are added to the limits that the report prints.

    Raises
    ------
    CardError
        If a card forbids the purpose or has expired, and `despite` does not name this objection.
    """
    refused: list[tuple[str, str]] = []
    cards = []
    for card in cohort.cards:
        objections = card.objections(purpose, today)
        refused += [each for each in objections.items() if each[0] not in despite]
        used = tuple(f"{said} {NEVERTHELESS}" for said in objections.values())
        cards.append(replace(card, limits=(*card.limits, *used)))
    if refused:
        reasons = ",".join(dict.fromkeys([*despite, *(reason for reason, _ in refused)]))
        raise CardError(
            f"{' '.join(said for _, said in refused)} To use it nevertheless: "
            f"'dataset.despite=[{reasons}]'."
        )
    return replace(cohort, cards=tuple(cards))
