"""Composition of what runs live: Hydra fills a deployment's schema, OmegaConf a policy's."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from lfr_eval.config import ConfigError, EngineConfig, PolicyConfig, RetentionConfig
from lfr_eval.config.composition import conf_dir, filled, register
from lfr_eval.config.foreign import GIVEN, check_conf
from lfr_eval.config.operating import LONGEST_RETENTION
from lfr_eval.config.overrides import checked_compose, expand_home, understood
from lfr_eval.contract.reading import ReadingError, read_text

PACES = ("auto", "every", "live")
REGISTRATIONS = ("any", "as_registered")


def compose_engine(words: Sequence[str]) -> EngineConfig:
    """Return the configuration of a deployment from words KEY=VALUE.

    Raises
    ------
    ConfigError
        If a word is not one that Hydra understands, a key is unknown or a value missing or
        impossible.
    """
    from hydra import initialize_config_dir
    from hydra.core.config_store import ConfigStore

    register()
    store = ConfigStore.instance()
    store.store(name="engine_schema", node=EngineConfig)
    store.store(group="retention", name="schema", node=RetentionConfig)
    overrides = understood(words)
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        composed = checked_compose("engine", overrides)
    expand_home(composed)
    config = filled(composed, EngineConfig)
    _check_engine(config)
    return config


def read_policy(words: Sequence[str]) -> PolicyConfig:
    """Return the policy of a gate from words: policy=NAME or FILE, and KEY=VALUE for its values.

    Raises
    ------
    ConfigError
        If there is no such policy, a key is unknown or a value impossible.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    given = dict(word.partition("=")[::2] for word in words)
    name = given.pop("policy", "default")
    file = next((path for path in _policies(name) if path.is_file()), None)
    if file is None:
        known = ", ".join(sorted(path.stem for path in (conf_dir() / "policy").glob("*.yaml")))
        raise ConfigError(f"There is no policy '{name}': give a file, or one of {known}.")
    try:
        values = OmegaConf.from_dotlist([f"{key}={value}" for key, value in given.items()])
        schema = OmegaConf.structured(PolicyConfig)
        text = read_text(file)  # A policy may come from anybody.
        check_conf(text, remedy=GIVEN)
        policy = filled(OmegaConf.merge(schema, OmegaConf.create(text), values), PolicyConfig)
    except (OmegaConfBaseException, ReadingError, TypeError, ValueError) as error:
        raise ConfigError(f"policy={name}: {error}") from error
    problems = list(_wrong_policy(policy))
    if problems:
        raise ConfigError(f"policy={name} cannot be used: {'; '.join(problems)}.")
    return policy


def _wrong_policy(policy: PolicyConfig) -> Iterator[str]:
    if policy.registration not in REGISTRATIONS:
        yield (f"registration is '{policy.registration}'; choose one of {', '.join(REGISTRATIONS)}")
    # Nothing is above a limit that is no number, so everything would pass.
    if not 0 < policy.max_fpir < 1:
        yield "max_fpir must be between 0 and 1"
    if not 1 < policy.max_ratio < math.inf:
        yield "max_ratio must be a number above 1"
    if policy.threshold is not None and not math.isfinite(policy.threshold):
        yield "threshold must be a finite number"
    for name in ("watchlist_size", "max_age_days", "parity_max_age_days", "signatures"):
        if getattr(policy, name) < 0:
            yield f"{name} must not be negative"
    if not policy.factors:
        yield "factors must name at least one, such as overall"
    for key in policy.signers:
        if not re.fullmatch(r"[0-9a-fA-F]{16,64}", key):
            yield f"signers has '{key}'; give the first 16 digits of a key's fingerprint, or all 64"


def _policies(name: str) -> list[Path]:
    own = Path.cwd() / "conf" / "policy" / f"{name}.yaml"
    return [Path(name).expanduser(), own, conf_dir() / "policy" / f"{name}.yaml"]


def _check_engine(config: EngineConfig) -> None:
    problems = []
    if config.pace not in PACES:
        problems.append(f"pace is '{config.pace}'; choose one of {', '.join(PACES)}")
    if not math.isfinite(config.threshold):
        problems.append("threshold must be a finite number")
    if not 0 < config.overlap <= 1:
        problems.append("overlap must be above 0 and at most 1")
    for name in ("cooldown", "gap", "wait", "attempts"):
        if not getattr(config, name) >= 0:
            problems.append(f"{name} must not be negative")
    if not config.rate > 0:
        problems.append("rate must be above 0")
    if not 0 <= config.retention.alert_faces_hours <= LONGEST_RETENTION:
        problems.append(f"retention.alert_faces_hours must lie between 0 and {LONGEST_RETENTION:,}")
    if problems:
        raise ConfigError("The engine cannot be run so: " + "; ".join(problems) + ".")
