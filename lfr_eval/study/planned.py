"""The plan that a configuration states (configuration and people in, a `Plan` out)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from itertools import product

import numpy as np
import pandas as pd

from lfr_eval.config import ConfigError, StudyConfig
from lfr_eval.contract.spelling import is_group
from lfr_eval.contract.tables import CROSS, UNKNOWN
from lfr_eval.contract.trials import condition_of, group_people
from lfr_eval.inference import Plan
from lfr_eval.inference.plan import COMPARED, SEARCHED
from lfr_eval.study.sweep import read_sweep


def plan_of(
    config: StudyConfig,
    people: pd.DataFrame,
    primary: Sequence[float],
    searched: Collection[str],
    passes: pd.DataFrame,
) -> Plan:
    """Return the plan that the configuration states.

    Parameters
    ----------
    people
        One row per person, one column per label.
    primary
        Thresholds at which findings are primary.
    searched
        Conditions of recognition opportunities that are searched: what groups can be compared
        within.
    passes
        One row a recognition opportunity, one column a condition: what rates can be given by.

    Raises
    ------
    ConfigError
        If a factor or control factor is neither a label that every person has one value of nor a
        condition of recognition opportunities, or a reference group does not exist.
    """
    inference = config.inference
    named = {part for factor in inference.factors for part in factor.split(CROSS)}

    def there(conditions: Collection[str]) -> str:
        named = [name for name in conditions if name not in people]
        return (
            f"(there are {', '.join(people.columns)}; conditions that are constant within a pass: "
            f"{', '.join(named) or 'none'})"
        )

    known = [str(name) for name in passes]
    problems = [
        f"inference.factors names '{name}' {there(known)}"
        for name in parts_of(inference.factors)
        if name not in people and name not in known
    ]
    problems += [
        f"inference.strata names the control factor '{name}' {there(searched)}"
        for name in parts_of(inference.strata)
        if name not in people and name not in searched
    ]
    problems += [
        f"inference.adjust names the covariate '{name}' {there(searched)}"
        for name in inference.adjust
        if name not in people and name not in searched
    ]
    problems += [
        f"inference.reference_groups names '{part}' {there(known)}"
        for part in parts_of(list(inference.reference_groups))
        if part not in people and part not in known and part not in named
    ]
    plan = _plan(config, primary)
    for factor, declared in plan.reference_groups.items():
        if problems:
            break
        names = [name for name in group_names(people, passes, factor) if is_group(name)]
        if declared not in names:
            problems.append(
                f"inference.reference_groups has the reference group '{declared}' of {factor} "
                f"(there are {', '.join(names)})"
            )
    if problems:
        raise ConfigError("The people have no such label: " + "; ".join(problems) + ".")
    largest = {
        factor: group
        for factor in plan.factors
        if factor not in plan.reference_groups and (group := _largest(people, passes, factor))
    }
    return replace(plan, reference_groups={**plan.reference_groups, **largest})


def check_plan(config: StudyConfig) -> None:
    """Refuse an inference that cannot be made of anybody's trials, before anything is computed.

    Raises
    ------
    ConfigError
        Naming the value and how to give another.
    """
    _plan(config, read_sweep(config).primary)


def _plan(config: StudyConfig, primary: Sequence[float]) -> Plan:
    """Return the plan, without reference groups of factors that are not compared."""
    settings = asdict(config.inference)
    compared = config.inference.factors
    settings["reference_groups"] = {
        factor: group
        for factor, group in config.inference.reference_groups.items()
        if factor in compared or any(factor in whole.split(CROSS) for whole in compared)
    }
    try:
        plan = Plan(
            **settings,
            watchlist=config.design.watchlist_inference,
            primary_thresholds=tuple(primary),
        )
    except ValueError as error:
        named = re.search(r"'(\w+)' parameter", str(error))
        raise ConfigError(
            f"{error} Give inference.{named[1]}=..." if named else str(error)
        ) from error
    leading = SEARCHED if config.design.searches else COMPARED
    return plan.leading(leading, config.design.watchlist_sizes)


def _largest(people: pd.DataFrame, passes: pd.DataFrame, factor: str) -> str | None:
    """Return the largest group of a factor of people, or of one of their passes, if there is one.

    Factors of both take the reference groups of their parts.
    """
    of_people = all(part in people for part in factor.split(CROSS))
    if not of_people and factor not in passes:
        return None
    grouping = group_people(people, factor) if of_people else condition_of(factor, passes[factor])
    sizes = np.bincount(grouping.codes, minlength=len(grouping.names))
    named = [code for code, name in enumerate(grouping.names) if is_group(name)]
    return grouping.names[max(named, key=lambda code: sizes[code])] if named else None


def group_names(people: pd.DataFrame, passes: pd.DataFrame, factor: str) -> list[str]:
    """Return the groups of a factor: of people, of conditions, or every combination of both."""
    parts = factor.split(CROSS)
    if all(part in people for part in parts):
        return list(group_people(people, factor).names)
    values = [(people if part in people else passes)[part] for part in parts]
    texts = [sorted(value.astype("string").fillna(UNKNOWN).unique()) for value in values]
    return [CROSS.join(names) for names in product(*texts)]


def parts_of(factors: Sequence[str]) -> list[str]:
    """Return the labels and conditions that factors are made of, each once."""
    return list(dict.fromkeys(part for factor in factors for part in factor.split(CROSS)))
