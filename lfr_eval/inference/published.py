"""Stage `inference`: the tests that published studies used, beside ours.

In: trials, the people's labels, thresholds, plan. Out: the `person_tests` table: people with an
event by group, Fisher / Freeman-Halton, Boschloo and chi-square.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lfr_eval.contract.spelling import is_group
from lfr_eval.contract.tables import PERSON_TESTS
from lfr_eval.contract.trials import PairTrials, Trials, group_people
from lfr_eval.inference.contingency import person_tests
from lfr_eval.inference.counting import counter_of, steps_of
from lfr_eval.inference.plan import Plan

ALL = "*"


def person_test_table(
    trials: Sequence[Trials], people: pd.DataFrame, thresholds: Sequence[float], plan: Plan
) -> pd.DataFrame:
    """Test numbers of people with an event, for comparison with published studies.

    These tests count a person once. For recognition opportunities they are valid, if less
    powerful than a test that knows how often. For comparisons between people they are not, since
    every false match touches two people, and those trials are left out.

    Parameters
    ----------
    trials
        The evidence.
    people
        One row per person, one column per factor.
    thresholds
        Thresholds; give few, since Boschloo's test is slow.
    plan
        Factors and reference groups.

    Returns
    -------
    DataFrame
        The table `person_tests`: all groups at once (`*`), then each against the reference group.
    """
    rows = []
    for one in trials:
        if isinstance(one, PairTrials):
            continue
        steps = steps_of(one, thresholds)
        counter = counter_of(one, steps)
        for factor in plan.factors:
            grouping = group_people(people, factor)
            groups = len(grouping.names)
            exposed = counter.exposed(grouping.codes, groups).astype(int)
            affected = counter.affected(grouping.codes, groups).astype(int)
            named = np.array([is_group(name) for name in grouping.names])
            seen = np.flatnonzero((exposed > 0) & named)
            if len(seen) < 2:
                continue
            declared = plan.reference_groups.get(factor)
            largest = int(seen[np.argmax(exposed[seen])])
            reference = grouping.names.index(declared) if declared in grouping.names else largest
            for step, threshold in enumerate(steps):
                size = one.watchlist_size
                shown = threshold if one.has_threshold else np.nan
                start = (one.metric, shown, size, factor)
                every = person_tests(affected[seen, step].tolist(), exposed[seen].tolist())
                total = (affected[seen, step].sum(), exposed[seen].sum())
                rows.append((*start, ALL, ALL, *total, *total, *_values(every)))
                for group in seen:
                    if group == reference or exposed[reference] == 0:
                        continue
                    pair = [int(group), reference]
                    two = person_tests(affected[pair, step].tolist(), exposed[pair].tolist())
                    names = (grouping.names[group], grouping.names[reference])
                    counts = [x for g in pair for x in (affected[g, step], exposed[g])]
                    rows.append((*start, *names, *counts, *_values(two)))
    return PERSON_TESTS.build(rows) if rows else PERSON_TESTS.empty()


def _values(tests: object) -> tuple[float, ...]:
    return tuple(vars(tests).values())
