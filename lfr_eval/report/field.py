"""Stage report: what deployments have shown (tables `field`, `deployments` in, frozen rows out)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from types import SimpleNamespace

import pandas as pd

from lfr_eval.contract.tables import OVERALL
from lfr_eval.contract.thresholds import same_threshold
from lfr_eval.report.rates import Rate, records, to_rows


@dataclass(frozen=True)
class FieldBlock:
    """Deployments at one threshold, and the lab beside them.

    Attributes
    ----------
    dates
        First and last day.
    sizes
        Smallest and largest watchlist.
    joined_by
        How they are known to be of the matcher that was tested.
    undecided
        Alerts of which nobody fed back what they were.
    measures
        Rows of table `field`.
    lab
        Everybody's FPIR in the study at this threshold, one a watchlist size.
    """

    threshold: float
    deployments: int
    hours: float
    dates: tuple[str, str]
    sizes: tuple[int, int]
    versions: tuple[str, ...]
    joined_by: tuple[str, ...]
    alerts: int
    true_confirmed: int
    true_unconfirmed: int
    false_confirmed: int
    false_unconfirmed: int
    undecided: int
    measures: tuple[SimpleNamespace, ...]
    lab: tuple[Rate, ...]


@dataclass(frozen=True)
class Field:
    """All deployments that were recorded beside a study.

    Attributes
    ----------
    left_out
        Reason -> records that say nothing about this study.
    """

    blocks: tuple[FieldBlock, ...]
    left_out: dict[str, int]


def to_field(field: pd.DataFrame, deployments: pd.DataFrame, rates: pd.DataFrame) -> Field:
    """Arrange what the field has shown by threshold; thresholds are never mixed."""
    used = deployments[deployments["left_out"].isna()]
    lab = rates[(rates["metric"] == "FPIR") & (rates["factor"] == OVERALL)]
    blocks = []
    for threshold, part in used.groupby("threshold"):
        at = float(str(threshold))
        beside = lab[same_threshold(lab["threshold"], at)]
        blocks.append(_block(at, part, field[field["threshold"] == at], to_rows(beside)))
    return Field(tuple(blocks), dict(Counter(deployments["left_out"].dropna())))


def _block(
    threshold: float, part: pd.DataFrame, field: pd.DataFrame, lab: tuple[Rate, ...]
) -> FieldBlock:
    decided = ("true_confirmed", "true_unconfirmed", "false_confirmed", "false_unconfirmed")
    counts = {name: int(part[name].sum()) for name in decided}
    alerts = int(part["alerts"].sum())
    return FieldBlock(
        threshold=threshold,
        deployments=len(part),
        hours=float(part["hours"].sum()),
        dates=(str(part["date"].min()), str(part["date"].max())),
        sizes=(int(part["watchlist_size"].min()), int(part["watchlist_size"].max())),
        versions=tuple(sorted(set(part["model_version"]))),
        joined_by=tuple(sorted(set(part["joined_by"]))),
        alerts=alerts,
        **counts,
        undecided=alerts - sum(counts.values()),
        measures=records(field),
        lab=lab,
    )
