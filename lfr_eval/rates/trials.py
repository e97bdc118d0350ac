"""Score tables to trials: which person each trial belongs to, and the score that decides it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.trials import PairTrials, PersonTrials


def verification_trials(
    people: pd.DataFrame,
    comparisons: pd.DataFrame,
    corrections: pd.DataFrame,
    mated: pd.DataFrame,
    non_mated: pd.DataFrame,
    floor: float,
) -> list[PairTrials | PersonTrials]:
    """Return the trials of FMR and, where anybody has a mated comparison, FNMR."""
    counts = comparisons.set_index("subject_id").reindex(people.index, fill_value=0)
    trials: list[PairTrials | PersonTrials] = [
        PairTrials(
            people=len(people),
            first=_code(people, non_mated["probe_subject"]),
            second=_code(people, non_mated["reference_subject"]),
            score=non_mated["score"].to_numpy(np.float32),
            floor=floor,
            references=counts["references"].to_numpy(np.intp),
            probes=counts["probes"].to_numpy(np.intp),
            both=counts["both"].to_numpy(np.intp),
            correction_first=_code(people, corrections["subject_a"]),
            correction_second=_code(people, corrections["subject_b"]),
            correction=corrections["trials"].to_numpy(np.intp),
        )
    ]
    if len(mated):
        trials.append(
            PersonTrials(
                metric="FNMR",
                people=len(people),
                person=_code(people, mated["subject_id"]),
                score=mated["score"].to_numpy(np.float32),
                event_at_or_above=False,
            )
        )
    return trials


def identification_trials(people: pd.DataFrame, searches: pd.DataFrame) -> list[PersonTrials]:
    """Return the trials of FPIR and, of enrolled people, FNIR and TPIR, by watchlist size."""
    trials = []
    for size in sorted(set(searches["watchlist_size"].tolist())):
        table = searches[searches["watchlist_size"] == size]
        reference, _ = pd.factorize(table["reference_subject"], use_na_sentinel=True)
        trials.append(
            PersonTrials(
                metric="FPIR",
                people=len(people),
                person=_code(people, table["subject_id"]),
                score=table["score"].to_numpy(np.float32),
                event_at_or_above=True,
                watchlist_size=size,
                reference=reference.astype(np.intp),
            )
        )
        enrolled = table[table["mated_score"].notna()]
        for metric, event_at_or_above in (("FNIR", False), ("TPIR", True)):
            if len(enrolled):
                trials.append(
                    PersonTrials(
                        metric=metric,
                        people=len(people),
                        person=_code(people, enrolled["subject_id"]),
                        score=enrolled["mated_score"].to_numpy(np.float32),
                        event_at_or_above=event_at_or_above,
                        watchlist_size=size,
                    )
                )
    return trials


def acquisition_trials(
    people: pd.DataFrame, images: pd.DataFrame, acquired: NDArray[np.bool_]
) -> list[PersonTrials]:
    """Return the trials of FTA (passes) and FTE (reference images)."""
    frame = images.assign(acquired=acquired)
    probes = frame[frame["role"].isin(["probe", "both"])]
    passes = probes.groupby(["pass_id", "subject_id"])["acquired"].any().reset_index()
    references = frame[frame["role"].isin(["reference", "both"])]
    return [
        PersonTrials(
            metric=metric,
            people=len(people),
            person=_code(people, table["subject_id"]),
            score=np.where(table["acquired"], np.inf, -np.inf).astype(np.float32),
            event_at_or_above=False,
            has_threshold=False,
        )
        for metric, table in (("FTA", passes), ("FTE", references))
        if len(table)
    ]


def _code(people: pd.DataFrame, subjects: pd.Series) -> NDArray[np.intp]:
    return people.index.get_indexer(pd.Index(subjects)).astype(np.intp)
