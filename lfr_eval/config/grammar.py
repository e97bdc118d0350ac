"""One override as Hydra's grammar reads it; what it cannot read becomes advice on quoting."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from lfr_eval.config.missing import ConfigError
from lfr_eval.contract.addresses import masked
from lfr_eval.contract.reading import TOO_LARGE, check_numbers

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override

LONGEST = 4_000
"""Characters of an override: Hydra's grammar takes seconds for more."""


@lru_cache(maxsize=200)
def parsed_override(override: str) -> Override:
    """Return an override as Hydra's grammar reads it; several ask for each, and none changes it.

    Raises
    ------
    ConfigError
        If the grammar does not allow it.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    if len(override) > LONGEST:
        raise ConfigError(
            f"The override {masked(override[:LONGEST])[:40]}... is longer than {LONGEST:,} "
            "characters. Put its value into conf/experiment/NAME.yaml, below the line "
            "'# @package _global_', and give experiment=NAME."
        )
    if not override.strip():
        raise ConfigError(f"An override is empty. {_EXAMPLE}")
    try:
        parsed = OverridesParser.create().parse_override(override)
        check_numbers(parsed._value)
    except RecursionError:
        raise ConfigError(
            f"The override {masked(override)[:40]}... is nested too deeply. Use fewer brackets."
        ) from None
    except ValueError:  # Of a number.
        raise ConfigError(
            f"The override {masked(override)[:40]}... cannot be read. {TOO_LARGE}"
        ) from None
    except HydraException:  # Its text repeats the override, perhaps with a password.
        raise ConfigError(
            f"The override {masked(override)} cannot be read. {_how_to_quote(override)}"
        ) from None
    if not parsed.key_or_group or parsed.package == "":
        raise ConfigError(f"The override {masked(override)} names no setting. {_EXAMPLE}")
    return parsed


_EXAMPLE = (
    "An override is KEY=VALUE. Put texts with spaces, brackets, '=', '~' or accents in quotes, and "
    "quote the whole override for the shell: \"dataset.path='my people.csv'\"."
)


def _how_to_quote(override: str) -> str:
    """Return the remedy: the override with its value in quotes, if that can be read."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    key, sign, value = override.partition("=")
    escaped = re.sub(r"(\\*)('|$)", lambda found: found[1] * 2 + "\\'" * bool(found[2]), value)
    quoted = f"{key}='{escaped}'"
    try:
        OverridesParser.create().parse_override(quoted)
    except HydraException:
        sign = ""
    if not sign or value[:1] in ("[", "{", "'", '"'):
        return _EXAMPLE
    if masked(quoted) != quoted:
        quoted = f"{key}='ADDRESS'"
    shell = re.sub(r'([\\"$`])', r"\\\1", quoted)
    return f'Put the value in quotes, and quote the whole override for the shell: "{shell}".'


def checked_of_sweeps(overrides: Sequence[str]) -> Iterator[list[str]]:
    """Yield the overrides of the first study of a multirun (-m), then those with another value.

    Every value of every swept setting occurs once, beside the first values of the others.
    """
    parsed = [parsed_override(override) for override in overrides]
    values = [
        [f"{one.get_key_element()}={value}" for value in one.sweep_string_iterator()]
        if one.is_sweep_override()
        else [override]
        for one, override in zip(parsed, overrides, strict=True)
    ]
    first = [choices[0] for choices in values]
    yield first
    for place, choices in enumerate(values):
        for choice in choices[1:]:
            yield [*first[:place], choice, *first[place + 1 :]]
