"""Stage `inference` without the rest: plain arrays in, tables out.

In: one array element a trial: whether it was an event, whose it was, the person's group. Out: rates
by group, findings, equity measures; and the detectable ratio of a design.

A trial belongs to one person (a recognition opportunity, a mated comparison), or, where `other` is
given, to two (a comparison of two people). Nothing but NumPy, SciPy and pandas is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from lfr_eval.contract.trials import PairTrials, PersonTrials, Trials
from lfr_eval.inference.cells import Codes
from lfr_eval.inference.clusters import CLUSTER
from lfr_eval.inference.detectable import detectable_ratios
from lfr_eval.inference.equity import REPLICATES, equity_table
from lfr_eval.inference.finding_table import finding_table
from lfr_eval.inference.given import Column, Given
from lfr_eval.inference.plan import UNNAMED, Plan
from lfr_eval.inference.rate_table import rate_table

GROUP = "group"
MOST_REPLICATES = 1_000_000
METRIC = UNNAMED
RATE_COLUMNS = (
    "group",
    "events",
    "trials",
    "subjects",
    "subjects_with_event",
    "rate",
    "lower",
    "upper",
    "effective_trials",
    "interval",
)


@dataclass(frozen=True)
class _Evidence:
    trials: Trials
    people: pd.DataFrame


def rates_by_group(  # noqa: PLR0913
    event: Column,
    person: Column,
    group: Column,
    other: Column | None = None,
    other_group: Column | None = None,
    *,
    data: object = None,
    cluster: Column | None = None,
    other_cluster: Column | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Error rates by group with person-clustered intervals.

    Parameters
    ----------
    event : (trials,), or the name of a column of `data`
        Whether each trial was an error: booleans, or 0 and 1. A trial whose event or person is
        missing (None, NaN, NA) is left out, with a warning.
    person : (trials,)
        Whose trial it was.
    group : (trials,)
        That person's group; missing labels become the group `unknown`.
    other, other_group : (trials,), optional
        The second person of a comparison between two people, and that person's group. Only
        comparisons within a group enter the rates by group.
    data
        A table whose columns the other parameters name: a DataFrame of pandas or of any other
        library, or a mapping of names to arrays.
    cluster, other_cluster : (trials,), optional
        The household, recruiter or pair of twins of the person, and of the second person. People
        of one cluster may resemble one another, so clusters take the place of people as what a
        rate's uncertainty is computed from. A person without a cluster counts as one cluster.
    level
        Confidence level.

    Returns
    -------
    DataFrame
        One row per group, after one for everybody; no row without any trial.

    Raises
    ------
    ValueError
        If lengths differ, a column does not exist or occurs twice, an event is neither 0 nor 1, a
        person has two groups or clusters, or a group is called `everybody`.

    Examples
    --------
    >>> event = [1, 0, 0, 0, 1, 1, 0, 1]
    >>> person = ["ann", "ann", "bea", "bea", "cem", "cem", "dan", "dan"]
    >>> group = ["a", "a", "a", "a", "b", "b", "b", "b"]
    >>> table = rates_by_group(event, person, group)
    >>> table[["group", "events", "trials", "rate"]].values.tolist()
    [['everybody', 4, 8, 0.5], ['a', 1, 4, 0.25], ['b', 3, 4, 0.75]]

    The same from a table:

    >>> data = {"alert": event, "who": person, "skin": group}
    >>> rates_by_group("alert", "who", "skin", data=data).equals(table)
    True
    """
    evidence = _evidence(
        Given(event, person, group, other, other_group, data, cluster, other_cluster)
    )
    plan = Plan(level=level, factors=(GROUP,))
    if not len(evidence.people):
        return pd.DataFrame(columns=RATE_COLUMNS)
    table = rate_table([evidence.trials], evidence.people, [GROUP], [0.5], plan)
    within = table["counterpart"].isna() | (table["counterpart"] == table["group"])
    return table.loc[within, list(RATE_COLUMNS)].reset_index(drop=True)


def compare_groups(  # noqa: PLR0913
    event: Column,
    person: Column,
    group: Column,
    other: Column | None = None,
    other_group: Column | None = None,
    *,
    data: object = None,
    cluster: Column | None = None,
    other_cluster: Column | None = None,
    reference: str | None = None,
    plan: Plan | None = None,
) -> pd.DataFrame:
    """Compare groups: interval, p-value, equivalence and verdict of one construction.

    Parameters
    ----------
    event, person, group, other, other_group, data, cluster, other_cluster
        As for `rates_by_group`.
    reference
        The group that others are compared with; the largest if not given.
    plan
        Level, margin, seed; its factors are ignored. All comparisons with the reference group
        count as primary.

    Returns
    -------
    DataFrame
        The table `findings`: omnibus, each group against the reference, each against the rest.

    Raises
    ------
    ValueError
        As for `rates_by_group`; or if the reference group does not exist.

    Examples
    --------
    >>> person = np.repeat(np.arange(60), 5)
    >>> group = np.where(person < 30, "a", "b")
    >>> event = (np.arange(300) % 10 == 0) | ((group == "b") & (np.arange(300) % 3 == 0))
    >>> found = compare_groups(event, person, group, reference="a")
    >>> found["verdict"].tolist()
    ['different', 'different']
    >>> print(found["statement"].iloc[1][:70])
    In this study, people in group b had events 4 times as often as people
    """
    evidence = _evidence(
        Given(event, person, group, other, other_group, data, cluster, other_cluster)
    )
    if not isinstance(plan, Plan | None):
        raise ValueError(f"The 'plan' parameter must be a Plan. Got a {type(plan).__name__}.")
    given = plan or Plan()
    own = Plan(
        level=given.level,
        alpha=given.alpha,
        margin=given.margin,
        power=given.power,
        seed=given.seed,
        factors=(GROUP,),
        reference_groups={} if reference is None else {GROUP: reference},
        primary_metrics=(METRIC,),
        primary_thresholds=(0.5,),
    )
    return finding_table([evidence.trials], evidence.people, [0.5], own)


def detectable_ratio(
    base_rate: float,
    trials_a: float,
    trials_b: float,
    *,
    design_effect: float = 1.0,
    alpha: float = 0.05,
    power: float = 0.8,
) -> float:
    """Smallest true ratio of two rates that a design finds.

    Parameters
    ----------
    base_rate
        Rate of the lower side.
    trials_a, trials_b
        Trials of the higher and of the lower side.
    design_effect
        How many trials are worth one independent trial.
    alpha
        Level of the two-sided test.
    power
        Power.

    Returns
    -------
    float
        Infinite where even a rate of 1 would not be found.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    To find a doubling of one false alert in 6,000 takes about 141,000 people a group:

    >>> round(detectable_ratio(1 / 6000, 145_000, 145_000), 1)
    2.0
    >>> round(detectable_ratio(1 / 6000, 1330, 1330))
    38
    """
    for name, value, valid, wanted in (
        ("base_rate", base_rate, lambda x: 0 < x < 1, "a float in the range (0, 1)"),
        ("trials_a", trials_a, lambda x: 0 < x < np.inf, "a number above 0"),
        ("trials_b", trials_b, lambda x: 0 < x < np.inf, "a number above 0"),
        ("design_effect", design_effect, lambda x: 1 <= x < np.inf, "a number of at least 1"),
        ("alpha", alpha, lambda x: 0 < x < 1, "a float in the range (0, 1)"),
        ("power", power, lambda x: 0 < x < 1, "a float in the range (0, 1)"),
    ):
        _check("detectable_ratio", name, value, valid, wanted)
    ratio = detectable_ratios(
        np.array([base_rate]),
        np.array([trials_a / design_effect]),
        np.array([trials_b / design_effect]),
        alpha,
        power,
    )
    return float(ratio[0])


def equity_summary(  # noqa: PLR0913
    event: Column,
    person: Column,
    group: Column,
    other: Column | None = None,
    other_group: Column | None = None,
    *,
    data: object = None,
    cluster: Column | None = None,
    other_cluster: Column | None = None,
    level: float = 0.95,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> pd.DataFrame:
    """Equity measures of the rates by group, with person-bootstrap intervals and caveats.

    Parameters
    ----------
    event, person, group, other, other_group, data, cluster, other_cluster
        As for `rates_by_group`.
    level
        Confidence level.
    replicates
        Bootstrap replicates.
    seed
        Seed of the bootstrap.

    Returns
    -------
    DataFrame
        The table `equity`, for the measures of a single rate.

    Raises
    ------
    ValueError
        As for `rates_by_group`; or if `replicates` or `seed` is out of its range.

    Examples
    --------
    >>> person = np.repeat(np.arange(60), 5)
    >>> group = np.where(person < 30, "a", "b")
    >>> event = (np.arange(300) % 10 == 0) | ((group == "b") & (np.arange(300) % 3 == 0))
    >>> table = equity_summary(event, person, group, replicates=200)
    >>> table[["measure", "value"]].round(2).values.tolist()[0]
    ['worst/best', 4.0]
    """
    for name, value, least, most in (
        ("replicates", replicates, 1, MOST_REPLICATES),
        ("seed", seed, 0, np.inf),
    ):
        wanted = f"a whole number of at least {least}"
        wanted += f" and at most {most:,}" if most < np.inf else ""
        whole = isinstance(value, Integral)
        _check(
            "equity_summary",
            name,
            value,
            lambda x: whole and least <= x <= most,  # noqa: B023
            wanted,
        )
    evidence = _evidence(
        Given(event, person, group, other, other_group, data, cluster, other_cluster)
    )
    plan = Plan(level=level, seed=seed, factors=(GROUP,))
    table = equity_table(
        [evidence.trials], evidence.people, [GROUP], [0.5], plan, replicates=replicates
    )
    return table.assign(threshold=np.nan)


def _check(
    function: str, name: str, value: object, valid: Callable[[float], bool], wanted: str
) -> None:
    number = isinstance(value, Real) and not isinstance(value, bool)
    try:
        fits = number and valid(float(value))  # type: ignore[arg-type]
    except OverflowError:  # A whole number of 400 digits.
        fits = False
    if not fits:
        shown = f"{value!r:.60}" if number or isinstance(value, str) else type(value).__name__
        raise ValueError(
            f"The {name!r} parameter of {function} must be {wanted}. Got {shown} instead."
        )


def _evidence(trials: Given) -> _Evidence:
    frame, other = trials.frame(), trials.other is not None
    score = frame["event"].to_numpy(np.float32)
    names = pd.concat([frame["person"], frame["other"]]) if other else frame["person"]
    groups = pd.concat([frame["group"], frame["other_group"]]) if other else frame["group"]
    code, people = pd.factorize(names, sort=True)
    cohort = pd.DataFrame({GROUP: _one_a_person("group", groups, code, people)})
    if "cluster" in frame:
        several = [frame[name] for name in ("cluster", "other_cluster") if name in frame]
        cohort[CLUSTER] = _one_a_person("cluster", pd.concat(several), code, people)
    if not other:
        own = PersonTrials(METRIC, len(people), code.astype(np.intp), score, True)
        return _Evidence(own, cohort)
    first, second = code[: len(frame)].astype(np.intp), code[len(frame) :].astype(np.intp)
    if np.any(first == second):
        raise ValueError("The 'other' person of a comparison must be somebody else.")
    none = np.zeros(len(people), np.intp)
    hit = score > 0
    return _Evidence(
        # People without images: every comparison is listed on its own.
        PairTrials(
            len(people), first[hit], second[hit], score[hit], 0.5, none, none, none,
            first, second, np.ones(len(first), np.intp), metric=METRIC,
        ),
        cohort,
    )  # fmt: skip


def _one_a_person(name: str, labels: pd.Series, code: Codes, people: Any) -> Any:
    """Return the label of each person, the same in all trials."""
    found = labels.groupby(code, dropna=False).agg(["first", "nunique"])
    several = (found["nunique"] > 1).to_numpy()
    if several.any():
        some = list(np.asarray(people)[several][:5])
        raise ValueError(f"The '{name}' of a person must be one. Several for {some}.")
    return found["first"].to_numpy()
