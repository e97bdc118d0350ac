"""Stage `inference`: every comparison that one kind of trials allows.

In: trials, the people's labels, thresholds, plan. Out: frames of raw comparisons (rates, ratio,
interval, p-values before adjustment), which `finding_table` turns into findings.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from lfr_eval.contract.trials import PersonTrials, Trials, group_people
from lfr_eval.inference.comparing_conditions import compare_crossing
from lfr_eval.inference.comparing_groups import compare_groupings
from lfr_eval.inference.comparison_rows import Study
from lfr_eval.inference.factors import cross, is_of_people
from lfr_eval.inference.plan import Plan


def compare_all(
    trials: Trials, people: pd.DataFrame, thresholds: Sequence[float], plan: Plan
) -> list[pd.DataFrame]:
    """Make every comparison of one kind of trials, before adjustment, one frame a comparison.

    The columns are those of `findings` as far as they are known, and the counts that verdicts
    and sentences need. Factors with a condition that these trials do not have are left out.
    """
    if trials.people != len(people):
        raise ValueError(
            f"The trials of {trials.metric} are about {trials.people} people, but the people's "
            f"labels have {len(people)} rows."
        )
    study = Study.of(trials, people, thresholds, plan)
    groupings = [
        group_people(people, factor) for factor in plan.factors if is_of_people(factor, people)
    ]
    frames = compare_groupings(study, groupings)
    for factor in plan.factors:
        crossing = cross(trials, people, factor)
        if crossing is not None and isinstance(trials, PersonTrials):
            frames += compare_crossing(trials, crossing, people, thresholds, plan)
    return frames
