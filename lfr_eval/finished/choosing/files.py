"""Choosing: the answer as files (CSV, JSON, a figure), and the choice as a policy for the gate."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from lfr_eval.config import ConfigError
from lfr_eval.contract.folder import write_json, write_text
from lfr_eval.contract.spreadsheets import csv_text
from lfr_eval.finished.choosing.answer import Answer
from lfr_eval.finished.choosing.chart import draw
from lfr_eval.finished.choosing.words import reason, sentence

NAMES = ("thresholds.csv", "thresholds.json", "thresholds.svg")


def write_answer(found: Answer, folder: Path) -> list[Path]:
    """Write the weighed thresholds, the whole answer and a figure; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    table, whole, figure = (folder / name for name in NAMES)
    write_text(table, csv_text(found.points))
    write_json(whole, as_json(found))
    draw(found, figure)
    return [table, whole, figure]


def as_json(found: Answer) -> dict[str, Any]:
    """Return the answer as JSON values; null where something is unbounded or undefined."""
    return {
        "study": found.study.name,
        "study_hash": found.study.study_hash,
        "simulated": found.study.simulated,
        "constraints": asdict(found.limits),
        "watchlist_size": found.size,
        "people": dict(zip(("choosing", "reporting"), found.people, strict=True)),
        "statement": sentence(found),
        "chosen": found.chosen,
        "confirmed": found.confirmed,
        "chosen_by_estimates": found.by_estimates,
        "chosen_by_everybody": found.by_everybody,
        "refused": [
            {
                "from": region.lowest,
                "to": region.highest,
                "constraints": list(region.failing),
                "because": reason(region),
                "estimates_would_do": region.evidence,
            }
            for region in found.refused
        ],
        "stability": {
            "splits": found.stability.splits,
            "chosen": {f"{at:g}": int(n) for at, n in found.stability.chosen.items()},
            "estimates_kept": found.stability.kept,
            "intervals_kept": found.stability.bounded,
        },
        "rates": _records(found.report),
        "watchlist_sizes": _records(found.sizes),
        "crowds": _records(found.crowds),
        "drifts": _records(found.drifts),
        "costs": _records(found.costs),
    }


def write_policy(found: Answer, file: Path) -> None:
    """Write the choice as a policy that `lfr-eval gate policy=FILE` judges versions by.

    Raises
    ------
    ConfigError
        If no watchlist was searched, no threshold was chosen, or the people who did not choose it
        do not bear it out.
    """
    if found.chosen is None or not found.confirmed:
        raise ConfigError(f"There is no threshold to write a policy for. {sentence(found)}")
    if found.size is None:
        raise ConfigError("A policy limits searches of a watchlist, and the study compared pairs.")
    limits = found.limits
    values: dict[str, Any] = {
        "watchlist_size": found.size,
        "threshold": found.chosen,
        "factors": list(limits.factors),
    }
    if limits.max_fpir is not None:
        values["max_fpir"] = limits.max_fpir
    if limits.max_ratio is not None:
        values["max_ratio"] = limits.max_ratio
    head = [
        "A policy written by `lfr-eval thresholds`; what is not here is the default policy's.",
        f"Study {found.study.name}, hash {found.study.study_hash}.",
        sentence(found),
    ]
    comment = "".join(f"# {line}\n" for line in head)
    write_text(file, comment + yaml.safe_dump(values, sort_keys=False, allow_unicode=True))


def _records(frame: pd.DataFrame | None) -> list[dict[str, Any]] | None:
    if frame is None:
        return None
    plain = frame.replace([np.inf, -np.inf], np.nan).astype(object)
    records = plain.where(plain.notna(), None).to_dict(orient="records")
    return [{str(name): value for name, value in record.items()} for record in records]
