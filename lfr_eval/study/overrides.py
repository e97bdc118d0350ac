"""Overrides, as on the command line, to the configuration of a study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lfr_eval.config import StudyConfig
from lfr_eval.config.composition import compose_study


def with_plan(overrides: Sequence[str]) -> list[str]:
    """Put what a registered plan says before what the command line says.

    What the command line says then differs from the plan, and is found out when the study starts.
    """
    words = dict(word.lstrip("+~").split("=", 1) for word in overrides if "=" in word)
    if words.get("registration", "null") == "null":
        return list(overrides)
    from lfr_eval.study.registration import overrides_of, read_plan, read_registration

    file = Path(words["registration"].strip("'\"")).expanduser()
    plan = read_plan(file.with_name(read_registration(file).plan_file))
    named = [line for line in overrides_of(plan) if line.lstrip("+~").split("=", 1)[0] not in words]
    return [*named, *overrides]


def with_experiment(overrides: Sequence[str]) -> list[str]:
    """Add an experiment where neither an experiment nor people are chosen.

    It is the rehearsal, or the London study for a real matcher, which cannot look at simulated
    people. Whoever chooses people gets nothing that an experiment says of other people.
    """
    words = [word for word in overrides if "=" in word or word.startswith("~")]
    named = dict(word.lstrip("+~").partition("=")[::2] for word in words)
    if {"experiment", "dataset"} & set(named):
        return list(overrides)
    simulated = named.get("matcher", "simulated") == "simulated"
    return [*overrides, f"experiment={'rehearsal' if simulated else 'london'}"]


def composed(overrides: Sequence[str]) -> StudyConfig:
    """Return the configuration that overrides make of the default one.

    Raises
    ------
    ConfigError
        If an override names what does not exist.
    """
    return compose_study(with_experiment(overrides))
