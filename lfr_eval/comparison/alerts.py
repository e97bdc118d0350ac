"""When a pass raises an alert: frames at which its highest score rises (scores to rows)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lfr_eval.comparison.passes import ProbeScores, frames_of
from lfr_eval.comparison.sides import Sides
from lfr_eval.contract.tables import ALERTS


def alert_table(sides: Sides, found: Sequence[ProbeScores], floor: float) -> pd.DataFrame:
    """Return table `alerts`: every frame of a pass with a higher score than all frames before it.

    At a threshold, a pass raises its alert at the first of these frames that reaches it. Frames are
    in order of `captured_at` where all frames of the pass have it, then of `frame`, then of
    the cohort.

    Parameters
    ----------
    floor
        The lowest threshold; lower scores raise no alert.
    """
    order = _order(sides.images[sides.images["role"].isin(["probe", "both"])])
    parts = [ALERTS.empty()]
    for one in found:
        frames = frames_of(sides, one).join(order).sort_values(["pass_id", "number"])
        for mated, column in ((True, "mated_score"), (False, "score")):
            score = frames[column]
            highest = score.fillna(-np.inf).groupby(frames["pass_id"]).cummax()
            before = highest.groupby(frames["pass_id"]).shift(fill_value=-np.inf)
            rises = frames[(score >= np.float32(floor)) & (score > before)]
            parts.append(
                rises[["pass_id", "subject_id"]].assign(
                    watchlist_size=one.size,
                    mated=mated,
                    frame=rises["number"],
                    seconds=rises["seconds"],
                    score=rises[column],
                )
            )
    return ALERTS.conform(pd.concat(parts))


def _order(probes: pd.DataFrame) -> pd.DataFrame:
    """Return each probe image's number in its pass, from 1, and the seconds since the first."""
    given = pd.DataFrame(index=probes.index, columns=["frame", "captured_at"]).assign(
        **{name: probes[name] for name in ("frame", "captured_at") if name in probes}
    )
    time = pd.to_datetime(given["captured_at"], utc=True, format="ISO8601", errors="coerce")
    passes = probes["pass_id"]
    time = time.where(time.notna().groupby(passes).transform("all"))
    ordered = pd.DataFrame(
        {"pass_id": passes, "time": time, "frame": pd.to_numeric(given["frame"])}
    ).sort_values(["pass_id", "time", "frame"], kind="stable")
    by_pass = ordered.groupby("pass_id", sort=False)
    since = ordered["time"] - by_pass["time"].transform("min")
    return pd.DataFrame({"number": by_pass.cumcount() + 1, "seconds": since.dt.total_seconds()})
