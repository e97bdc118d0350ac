"""Choosing: the limits that are asked for (words of a command line in, a checked config out)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from lfr_eval.config import ConfigError, ConstraintsConfig
from lfr_eval.config.foreign import GIVEN, check_conf
from lfr_eval.config.limits import problems_of
from lfr_eval.config.overrides import unfit
from lfr_eval.config.paths import conf_dir
from lfr_eval.contract.reading import ReadingError, read_text, yaml_value

RATES = ("max_fpir", "max_fmr", "max_fmr_worst_group", "min_tpir", "prevalence")
LIMITS = (
    "max_fpir", "max_fmr", "max_fmr_worst_group", "max_ratio", "min_tpir", "max_alerts",
)  # fmt: skip
COSTS = ("cost_false_alert", "cost_miss", "prevalence")


def read_constraints(words: Sequence[str]) -> ConstraintsConfig:
    """Return the constraints that words of a command line give.

    Parameters
    ----------
    words
        `constraints=FILE` (or the name of a shipped one) and `KEY=VALUE`, which goes before the
        file. Rates may be written as 1/1000.

    Raises
    ------
    ConfigError
        If a file or key is unknown, or values cannot be; the message names them all.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    split = (word.partition("=") for word in words)
    given = {key: value for key, _, value in split}
    file = given.pop("constraints", None)
    try:
        values: dict[str, Any] = {} if file is None else _load(_find(file))
        values |= {key: yaml_value(text) for key, text in given.items()}
        known = {one.name for one in fields(ConstraintsConfig)}
        unknown = [key for key in values if key not in known]
        if unknown:
            there = ", ".join(sorted(known))
            raise ConfigError(f"There is no constraint {', '.join(unknown)}; there are {there}.")
        values |= {key: _rate(key, values[key]) for key in RATES if key in values}
        merged = OmegaConf.merge(OmegaConf.structured(ConstraintsConfig), values)
        constraints = OmegaConf.to_object(merged)
    except (OmegaConfBaseException, ReadingError) as error:
        raise ConfigError(f"The constraints cannot be read: {unfit(error)}.") from error
    assert isinstance(constraints, ConstraintsConfig)
    problems = list(_problems(constraints))
    if problems:
        raise ConfigError(
            "No threshold can keep to these constraints: " + "; ".join(problems) + "."
        )
    return constraints


def _find(name: str) -> Path:
    places = [
        Path(name).expanduser(),
        Path.cwd() / "conf" / "constraints" / f"{name}.yaml",
        conf_dir() / "constraints" / f"{name}.yaml",
    ]
    for place in places:
        if place.is_file():
            return place
    shipped = sorted(path.stem for path in (conf_dir() / "constraints").glob("*.yaml"))
    raise ConfigError(f"There are no constraints '{name}': give a file, or {', '.join(shipped)}.")


def _load(file: Path) -> dict[str, Any]:
    try:
        loaded = check_conf(read_text(file), remedy=GIVEN) or {}
    except ReadingError as error:
        raise ConfigError(f"{file} is not used. {error}") from error
    if not isinstance(loaded, Mapping):
        raise ConfigError(f"{file} must hold KEY: VALUE lines.")
    return dict(loaded)


def _rate(key: str, value: object) -> object:
    """Return 1/1000 as a number; other values are OmegaConf's to judge."""
    if not isinstance(value, str):
        return value
    above, _, below = value.partition("/")
    try:
        return float(above) / float(below or 1)
    except (ValueError, ZeroDivisionError):
        raise ConfigError(f"{key}: '{value}' is no rate; write 1/1000 or 0.001.") from None


def _problems(given: ConstraintsConfig) -> list[str]:
    shares = list(given.composition.values())
    costs = [name for name in COSTS if getattr(given, name) is not None]
    checks = [
        (any(getattr(given, name) is not None for name in LIMITS), f"give one of {LIMITS}"),
        (given.max_alerts is None or given.crowd is not None, "max_alerts needs a crowd"),
        (len(costs) in (0, len(COSTS)), f"costs need all of {COSTS}"),
        (given.objective != "cost" or bool(costs), f"the objective cost needs {COSTS}"),
        (not shares or sum(shares) > 0, "shares of the composition are not all 0"),
    ]
    return [*problems_of(given), *(text for holds, text in checks if not holds)]
