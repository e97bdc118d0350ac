"""What a log counts that tells few references of a pass, beside a count by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from lfr_eval.comparison import Keep, LoggedAlerts, Sides, draw_gallery
from lfr_eval.contract.tables import COHORT
from lfr_eval.inference.rates import identification_trials


def is_stranger(pass_id: str, table: pd.DataFrame) -> bool:
    """Whether the person who passes, s3, is not enrolled."""
    return bool(table.loc[pass_id, "subject_id"] == "s3")


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), at_most=st.integers(0, 4))
def test_a_log_counts_what_the_system_told(seed: int, at_most: int) -> None:
    rng = np.random.default_rng(seed)
    people, walks = 4, 3
    owner = np.array([0, 1, 1, 2, 9, 10, 11])  # person 3 passes and is not enrolled
    names = [f"r{at}" for at in range(len(owner))]
    cohort = pd.DataFrame(
        {
            "image_id": names + [f"p{p}-{w}" for p in range(people) for w in range(walks)],
            "subject_id": [f"s{one}" for one in owner]
            + [f"s{p}" for p in range(people) for _ in range(walks)],
            "role": ["filler" if one > 8 else "reference" for one in owner]
            + ["probe"] * people * walks,
        }
    )
    cohort = cohort.assign(pass_id=cohort["image_id"])
    for name in COHORT.names:
        if name not in cohort:
            cohort[name] = None
    images = COHORT.conform(cohort)
    acquired = np.append(np.ones(len(owner), bool), rng.random(people * walks) < 0.8)
    floor, rows, expected = 0.5, [], {}
    thresholds = (0.5, 0.6, 0.7)
    for pass_id, person in zip(
        images["image_id"][len(owner) :], images["subject_id"][len(owner) :], strict=True
    ):
        if not acquired[images.index[images["image_id"] == pass_id][0]]:
            told: list[tuple[float, int]] = []
        else:
            scores = rng.choice(np.arange(40, 80) / 100, len(owner), replace=False)
            listed = sorted(((s, at) for at, s in enumerate(scores) if s >= floor), reverse=True)
            told = listed[: at_most or None]
        rows += [(pass_id, names[at], score) for score, at in told]
        expected[pass_id] = (
            max((s for s, at in told if f"s{owner[at]}" == person), default=-np.inf),
            max((s for s, at in told if f"s{owner[at]}" != person), default=-np.inf),
        )
    log = pd.DataFrame(rows, columns=["pass_id", "reference_id", "score"])
    log = log.assign(seconds=np.nan, row=range(len(log))).sample(frac=1, random_state=1)
    sides = Sides.of(images, acquired)
    gallery = draw_gallery(sides, "everybody", [], 1)
    found = LoggedAlerts(log, at_most, thresholds).searches(
        sides, gallery, Keep(counted=thresholds)
    )
    table = found.searches.set_index("pass_id")
    for pass_id, (own, other) in expected.items():
        row = table.loc[pass_id]
        if row["subject_id"] == "s3":
            assert pd.isna(row["mated_score"])
        else:
            assert row["mated_score"] == np.float32(own)
            beyond = [s for p, r, s in rows if p == pass_id and s > own]
            assert pd.isna(row["rank"]) if own == -np.inf else row["rank"] == 1 + len(beyond)
        assert row["score"] == np.float32(other)
        # Person 1 has two references, which can fill a list of two.
        known = not 0 < at_most <= 2 or row["subject_id"] == "s3"
        assert bool(pd.Series([row["others_told"]]).fillna(True)[0]) == known
    people_table = pd.DataFrame(index=pd.Index([f"s{p}" for p in range(people)]))
    trials = identification_trials(people_table, found.searches)
    counts = {(one.metric, t): int(one.events(t).sum()) for one in trials for t in thresholds}
    (false_alerts,) = (one for one in trials if one.metric == "FPIR")
    searched = [name for name in expected if not 0 < at_most <= 2 or is_stranger(name, table)]
    # A pass without a face stays among the trials of its person's kind.
    assert len(false_alerts.score) == len(searched)
    for threshold in thresholds:
        assert counts["FPIR", threshold] == sum(expected[name][1] >= threshold for name in searched)
        enrolled = [
            pair for name, pair in expected.items() if table.loc[name, "subject_id"] != "s3"
        ]
        assert counts["TPIR", threshold] == sum(own >= threshold for own, _ in enrolled)
        assert counts["misidentification", threshold] == sum(
            other >= threshold and other >= own for own, other in enrolled
        )
