"""Stage report: what deployments have shown (tables `field`, `deployments` in, rows out)."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import NamedTuple

import pandas as pd

from lfr_eval.contract.tables import OVERALL
from lfr_eval.contract.thresholds import same_threshold
from lfr_eval.report.rates import records, to_rows

DECIDED = ("true_confirmed", "true_unconfirmed", "false_confirmed", "false_unconfirmed")
"""What an operator may have fed back of an alert."""


class Field(NamedTuple):
    """All deployments that were recorded beside a study.

    `blocks` hold those at each threshold: what they were, how they are known to be of the matcher
    that was tested (`joined_by`), their alerts, the rows of table `field` (`measures`), and
    everybody's FPIR in the study there, one a watchlist size (`lab`). `left_out` is why, and how
    many, records say nothing about this study.
    """

    blocks: tuple[SimpleNamespace, ...]
    left_out: dict[str, int]


def to_field(
    field: pd.DataFrame | None, deployments: pd.DataFrame | None, rates: pd.DataFrame
) -> Field | None:
    """Arrange what the field has shown by threshold; thresholds are never mixed."""
    if field is None or deployments is None:
        return None
    lab = rates[(rates["metric"] == "FPIR") & (rates["factor"] == OVERALL)]
    blocks = []
    for threshold, part in deployments[deployments["left_out"].isna()].groupby("threshold"):
        at = float(str(threshold))
        counts = {name: int(part[name].sum()) for name in ("alerts", *DECIDED)}
        block = SimpleNamespace(
            threshold=at,
            deployments=len(part),
            hours=float(part["hours"].sum()),
            dates=(str(part["date"].min()), str(part["date"].max())),
            sizes=(int(part["watchlist_size"].min()), int(part["watchlist_size"].max())),
            versions=sorted(set(part["model_version"])),
            joined_by=sorted(set(part["joined_by"])),
            **counts,
            undecided=counts["alerts"] - sum(counts[name] for name in DECIDED),
            measures=records(field[field["threshold"] == at]),
            lab=to_rows(lab[same_threshold(lab["threshold"], at)]),
        )
        blocks.append(block)
    return Field(tuple(blocks), dict(Counter(deployments["left_out"].dropna())))
