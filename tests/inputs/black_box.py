"""A simulated study as its vendor's log: what a live system would have told of it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from lfr_eval.cohort.simulated import Simulation, simulate
from lfr_eval.comparison.similarity import Cosine
from lfr_eval.config import SimulatedDatasetConfig, StudyConfig
from lfr_eval.contract.score_scale import UNSCALED

LABELS = ["gender", "ethnicity", "age_band"]


def simulation_of(config: StudyConfig) -> Simulation:
    """The people, passes and fillers of a simulated study."""
    assert isinstance(config.dataset, SimulatedDatasetConfig)
    return simulate(config.dataset)


def write_log(
    simulation: Simulation,
    folder: Path,
    floor: float,
    at_most: int = 0,
    block: int = 64,
    strangers: Collection[str] = (),
) -> list[str]:
    """Write watchlist, passes and alerts of a system with a floor; return the overrides.

    A pass is searched against the fillers and its person's own reference, as a study with
    `design.watchlist_members=fillers` does. `strangers` pass and are not enrolled.
    """
    folder.mkdir(parents=True, exist_ok=True)
    images = simulation.cohort.images
    role = images["role"].to_numpy(str)
    on_list = images[(role != "probe") & ~images["subject_id"].isin(strangers)]
    on_list[["image_id", "subject_id", "role", *LABELS]].to_csv(folder / "people.csv", index=False)
    passes = images[role == "probe"]
    acquired = np.where(simulation.acquired[role == "probe"], "yes", "no")
    passes[["pass_id", "subject_id", "camera"]].assign(acquired=acquired).to_csv(
        folder / "passes.csv", index=False
    )
    vectors = simulation.vectors
    fillers, probes = np.flatnonzero(role == "filler"), np.flatnonzero(role == "probe")
    own = pd.Series(np.flatnonzero(role == "reference"), images["subject_id"][role == "reference"])
    known = [probe for probe in probes if images["subject_id"][probe] not in strangers]
    pairs = [(int(own[images["subject_id"][probe]]), int(probe)) for probe in known]
    watched = vectors[fillers].T.copy()
    for start in range(0, len(probes), block):
        at = probes[start : start + block]
        row, column = np.nonzero(vectors[at] @ watched > floor - 1e-4)
        pairs += zip(fillers[column].tolist(), at[row].tolist(), strict=True)
    reference, probe = (np.array(side) for side in zip(*pairs, strict=True))
    seen = simulation.acquired[probe]
    reference, probe = reference[seen], probe[seen]
    score = Cosine(UNSCALED).exact(vectors[reference], vectors[probe])
    log = pd.DataFrame(
        {
            "pass_id": images["pass_id"].to_numpy()[probe],
            "reference_id": images["image_id"].to_numpy()[reference],
            "score": score,
        }
    )
    log = log[score >= np.float32(floor)]
    if at_most:
        log = log.sort_values("score", ascending=False, kind="stable").groupby("pass_id")
        log = log.head(at_most)
    log.sample(frac=1.0, random_state=1).to_csv(folder / "alerts.csv", index=False)
    return [
        "~experiment",
        "dataset=manifest",
        f"dataset.path={folder / 'people.csv'}",
        f"dataset.pass_log={folder / 'passes.csv'}",
        "matcher=alerts",
        f"matcher.path={folder / 'alerts.csv'}",
        f"matcher.floor={floor}",
        f"matcher.at_most={at_most}",
        "design=live",
    ]
