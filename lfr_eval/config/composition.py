"""Composition: Hydra fills the schemas of `config` from `conf/` and the command line.

No later stage sees a DictConfig. Hydra is imported only where it is used.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from lfr_eval.config import (
    CaptureConfig,
    CardDatasetConfig,
    ConfigError,
    DesignConfig,
    ManifestDatasetConfig,
    MatcherConfig,
    PairsDatasetConfig,
    SimulatedDatasetConfig,
    StudyConfig,
)
from lfr_eval.config.checked import (
    checked_compose,
    expand_home,
    refuse_unknown,
    replace_mappings,
    unfit,
)
from lfr_eval.config.grammar import parsed_override
from lfr_eval.config.limits import problems_of
from lfr_eval.config.overrides import decoded, understood
from lfr_eval.config.paths import conf_dir
from lfr_eval.config.plugins import OBJECT
from lfr_eval.config.setting_types import mappings
from lfr_eval.config.signatures import plugin_of
from lfr_eval.config.study import BY_EVALUATOR, SEARCHING
from lfr_eval.config.types import wrong_types

if TYPE_CHECKING:
    from hydra.core.config_store import ConfigStore
    from omegaconf import DictConfig

Schema = TypeVar("Schema")


@cache
def register() -> None:
    """Register the schemas with Hydra, and put `conf/` of the working directory before ours."""
    from hydra.core.config_store import ConfigStore
    from hydra.core.plugins import Plugins

    from lfr_eval.config.matcher_source import MatchersLast, MatcherSource
    from lfr_eval.config.own_conf import OwnConf, OwnConfFirst

    store = ConfigStore.instance()
    store.store(name="study_schema", node=StudyConfig)
    datasets = (CardDatasetConfig, ManifestDatasetConfig, PairsDatasetConfig)
    _store(store, "dataset", *datasets, SimulatedDatasetConfig)
    store.store(group="capture", name="schema", node=CaptureConfig)
    store.store(group="design", name="schema", node=DesignConfig)
    Plugins.instance().register(OwnConf)
    Plugins.instance().register(OwnConfFirst)
    Plugins.instance().register(MatcherSource)
    Plugins.instance().register(MatchersLast)


def trust_own_conf(trusted: bool = True) -> None:
    """Set whether `conf/` of the working directory may run code and read the environment."""
    from lfr_eval.config.own_conf import OwnConfFirst

    OwnConfFirst.trusted = trusted


def _store(store: ConfigStore, group: str, *schemas: type) -> None:
    for schema in schemas:
        kind = next(entry.default for entry in fields(schema) if entry.name == "kind")
        store.store(group=group, name=f"schema_{kind}", node=schema)


def compose_study(overrides: Sequence[str]) -> StudyConfig:
    """Return the configuration that overrides make of the default one.

    Raises
    ------
    ConfigError
        If an override cannot be read, names what does not exist or gives an impossible value.
    """
    from hydra import initialize_config_dir

    register()
    words = understood(overrides)
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        return read(checked_compose("config", words), words)


def read(composed: DictConfig, overrides: Sequence[str] = ()) -> StudyConfig:
    """Turn Hydra's composed configuration into plain dataclasses.

    Parameters
    ----------
    overrides
        What was composed, as `understood` returns it: mappings among them are replaced whole.

    Raises
    ------
    ConfigError
        If a setting is unknown, a value that must be given is missing, or a choice is not one of
        those that exist.
    """
    refuse_unknown(composed)
    replace_mappings(composed, overrides)
    expand_home(composed)
    config = filled(composed, StudyConfig)
    _forget_origins(config, overrides)
    for key in mappings():
        group, name = key.split(".")
        if isinstance(given := getattr(getattr(config, group), name, None), dict):
            setattr(getattr(config, group), name, {decoded(k): v for k, v in given.items()})
    _check(config)
    if config.report.title == TITLE.format(config.name, config.matcher.name):
        config.report.title = _title(config)
    return config


def _forget_origins(config: StudyConfig, overrides: Sequence[str]) -> None:
    """Drop what an experiment or a matcher says of a threshold that the evaluator replaced."""
    given = {parsed_override(each).get_key_element().lstrip("+~") for each in overrides}
    if "thresholds.operating" in given and "thresholds.origin" not in given:
        config.thresholds.origin = None
    for name in ("operating", "search_operating"):
        if f"matcher.{name}" in given and f"matcher.{name}_origin" not in given:
            setattr(config.matcher, f"{name}_origin", BY_EVALUATOR)


def _title(config: StudyConfig) -> str:
    """Return the title of a study that was given none: what was measured, and on whom."""
    # A study of what came from elsewhere is no study of a matcher called "scores".
    lists = config.matcher.kind == "alerts" and "retrospective" in config.design.kinds
    if came := FROM_ELSEWHERE.get("lists" if lists else config.matcher.kind):
        system = f"{config.report.system}, " if config.report.system else ""
        return f"Error rates by group: {system}from {came}"
    people = config.dataset
    if isinstance(people, ManifestDatasetConfig) and config.name == people.kind:
        return f"Error rates by group: people of {Path(people.path).name}, {config.matcher.name}"
    return config.report.title


TITLE = "Error rates by group: {} study, {} matcher"
"""Of `conf/report/default.yaml`."""

FROM_ELSEWHERE = {
    "scores": "a vendor's scores",
    "templates": "a vendor's templates",
    "pairs": "a list of pairs",
    "alerts": "the log of a live system",
    "lists": "lists of candidates",
}


def filled(composed: object, schema: type[Schema]) -> Schema:
    """Return a composed configuration as the plain dataclass of its schema.

    Raises
    ------
    ConfigError
        If a required value is missing, or a value does not fit its type.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import InterpolationToMissingValueError, OmegaConfBaseException

    try:
        missing = sorted(OmegaConf.missing_keys(composed))
        if missing:
            raise ConfigError(_missing(composed, missing))
        config = OmegaConf.to_object(composed)
    except InterpolationToMissingValueError as error:
        # Another setting refers to one that is missing.
        found = re.findall(r"[Mm]issing mandatory value: ([\w.]+)", str(error))
        raise ConfigError(_missing(composed, found[:1] or [str(error.full_key)])) from error
    except OmegaConfBaseException as error:
        raise ConfigError(unfit(error)) from error
    assert isinstance(config, schema)
    return config


def _missing(composed: object, keys: Sequence[str]) -> str:
    """Say which settings are missing, with the meanings that a matcher documents."""
    from omegaconf import DictConfig, OmegaConf

    meanings: dict[str, str] = {}
    if isinstance(composed, DictConfig) and "matcher" in composed:
        kind = OmegaConf.get_type(composed, "matcher")
        meanings = getattr(kind, "__meanings__", {})
    told = [
        f"{key} ({meanings[name].rstrip('.')})" if name in meanings else key
        for key in keys
        for name in [key.removeprefix("matcher.")]
    ]
    given = " ".join(f"{key}=..." for key in keys)
    return f"Required settings are missing: {', '.join(told)}. Give {given}"


def _check(config: StudyConfig) -> None:
    problems = list(wrong_types(config))
    if problems:  # A value of another type cannot be compared with what is allowed.
        raise ConfigError("The configuration cannot be run: " + "; ".join(problems) + ".")
    problems = list(problems_of(config))
    if not re.fullmatch(r"[\w][\w. -]*", config.name):
        problems.append(
            f"name is '{config.name}', but it names a folder: use letters, digits, '-', '_' and '.'"
        )
    problems += _kinds_together(config.design.kinds)
    problems += _wrong_matcher(config.matcher)
    if config.dataset.kind != type(config.dataset).kind:
        problems.append(
            f"dataset.kind is '{config.dataset.kind}': choose the dataset with dataset=NAME instead"
        )
    if (config.dataset.kind == "simulated") != (config.matcher.kind == "simulated"):
        problems.append(
            "a simulated dataset and the simulated matcher only work together: choose "
            "dataset=rehearsal matcher=simulated, or neither"
        )
    if (config.dataset.kind == "pairs") != (config.matcher.kind == "pairs"):
        problems.append(
            "a list of pairs holds both people and scores: choose dataset=pairs dataset.path=FILE "
            "matcher=pairs, or neither"
        )
    if config.matcher.kind == "pairs" and config.design.kinds != ["verification"]:
        problems.append("a list of pairs has no watchlist searches: choose design=verification")
    if config.capture.steps and config.dataset.kind == "simulated":
        problems.append(
            "capture degrades images, but a simulated dataset has none: choose capture=none, and "
            "set its cameras with dataset.cameras"
        )
    if problems:
        raise ConfigError("The configuration cannot be run: " + "; ".join(problems) + ".")


def _wrong_matcher(settings: MatcherConfig) -> list[str]:
    """Return problems of a matcher's settings, and say if they belong to another matcher."""
    chosen = type(settings).kind
    if settings.kind != chosen:
        return [
            f"matcher.kind is '{settings.kind}', but the settings belong to the matcher "
            f"'{chosen}': choose a matcher with matcher=NAME, or one in your own package with "
            f"matcher=python {OBJECT}=package.module:Name"
        ]
    plugin_of(settings)  # refuses an object that the person did not name themselves
    return []


def _kinds_together(kinds: list[str]) -> list[str]:
    searching = [kind for kind in kinds if kind in SEARCHING]
    if len(searching) > 1 or len(set(kinds)) < len(kinds):
        return [
            f"design.kinds is [{', '.join(kinds)}], but a study can have only one of "
            f"{', '.join(SEARCHING)}, because they count different trials: run one study for each"
        ]
    return []
