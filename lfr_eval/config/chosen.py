"""Settings of one schema, from a file of a `conf/` group and words KEY=VALUE (by OmegaConf)."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from lfr_eval.config import ConfigError, PolicyConfig
from lfr_eval.config.checked import unfit
from lfr_eval.config.composition import Schema, filled
from lfr_eval.config.foreign import GIVEN, check_conf
from lfr_eval.config.limits import check
from lfr_eval.config.paths import conf_dir
from lfr_eval.contract.reading import ReadingError, read_text
from lfr_eval.contract.words import rate_in
from lfr_eval.contract.yaml_reading import yaml_value


def read_policy(words: Sequence[str]) -> PolicyConfig:
    """Return the policy of a gate from words: policy=NAME or FILE, and KEY=VALUE for its values.

    Raises
    ------
    ConfigError
        If there is no such policy, a key is unknown or a value is out of range.
    """
    policy = chosen("policy", PolicyConfig, words, "default")
    check(policy, "The policy cannot be used")
    return policy


def chosen(
    group: str,
    schema: type[Schema],
    words: Sequence[str],
    default: str | None = None,
    rates: Collection[str] = (),
) -> Schema:
    """Return a filled schema from words; values are not compared with their limits.

    Parameters
    ----------
    words
        GROUP=FILE (or the name of one in `conf/GROUP/`) and KEY=VALUE, which goes before the file.
    default
        Name of the file where the words give none; None: no file.
    rates
        Keys whose values may be written as 1/1000 or 0.1%.

    Raises
    ------
    ConfigError
        If there is no such file, it is more than data, a key is unknown or a value has another
        type.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    given = dict(word.partition("=")[::2] for word in words)
    name = given.pop(group, default)
    values: dict[str, Any] = {} if name is None else _of_file(group, name)
    try:
        values |= {key: yaml_value(text) for key, text in given.items()}
    except ReadingError as error:
        raise ConfigError(f"{' '.join(words)} cannot be read. {error}") from error
    known = sorted(one.name for one in fields(schema))  # type: ignore[arg-type]
    unknown = [f"'{key}'" for key in values if key not in known]
    if unknown:
        raise ConfigError(
            f"{group}: there is no setting {', '.join(unknown)}; "
            f"the settings are {', '.join(known)}."
        )
    for key in rates:
        if isinstance(values.get(key), str):
            text, values[key] = values[key], rate_in(values[key])
            if math.isnan(values[key]):
                raise ConfigError(f"{key} must be a rate such as 1/1000 or 0.001 (got '{text}').")
    try:
        return filled(OmegaConf.merge(OmegaConf.structured(schema), values), schema)
    except (OmegaConfBaseException, TypeError, ValueError) as error:
        raise ConfigError(f"{group} cannot be read: {unfit(error)}.") from error


def _of_file(group: str, name: str) -> dict[str, Any]:
    own = Path.cwd() / "conf" / group / f"{name}.yaml"
    places = [Path(name).expanduser(), own, conf_dir() / group / f"{name}.yaml"]
    file = next((path for path in places if path.is_file()), None)
    if file is None:
        shipped = ", ".join(sorted(path.stem for path in (conf_dir() / group).glob("*.yaml")))
        raise ConfigError(f"There is no {group}={name}. Give a file, or one of {shipped}.")
    try:
        # It may come from anybody.
        content = check_conf(read_text(file), remedy=GIVEN) or {}
    except ReadingError as error:
        raise ConfigError(f"{file} is not used. {error}") from error
    if not isinstance(content, Mapping):
        raise ConfigError(f"{file} must hold KEY: VALUE lines.")
    return dict(content)
