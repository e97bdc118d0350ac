"""Checks of what others may have written: a plan's settings, a file of a `conf/` folder.

In: overrides as words, or the text of a YAML file. Out: sentences on what is more than plain data.
What passes runs no code, reads no environment, names no path and does not touch Hydra's own
configuration.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from lfr_eval.config.grammar import parsed_override
from lfr_eval.config.missing import ConfigError
from lfr_eval.config.study import REMOVED
from lfr_eval.contract.reading import ReadingError
from lfr_eval.contract.yaml_reading import yaml_value

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override

TRUST = "--trust-conf"
"""Option that lets `conf/` be more than data."""

GROUPS = (
    *("dataset", "matcher", "capture", "design", "population", "thresholds", "inference"),
    "report",
)
"""Groups that a plan chooses from, by name."""

_SCIENTIFIC = {
    "": "name",
    "dataset": (
        "name card fillers conditions dates people passes genders ethnicities age_bands cameras "
        "camera_shares dimension commonness_mean commonness_spread same_gender same_ethnicity "
        "reference_quality probe_quality quality_spread_people quality_spread_passes "
        "failure_to_acquire false_positive_ratio miss_ratio acquisition_ratio ratios_hold_at seed"
    ),
    "matcher": (
        "name sweep operating operating_origin search_operating search_operating_origin storage "
        "weights image_size margin min_face_size "
        "multi_face upsample similarity score_slope score_offset higher_is shape floor "
        "at_most within decimal dates missing uri detector alignment points mean std channels "
        "layout normalise size salt"
    ),
    "capture": "name steps angle repeats original seed",
    "design": (
        "name description kinds watchlist_sizes watchlist_members watchlist_composition "
        "watchlist_inference candidates policies ranks seed"
    ),
    "population": "name description like shares source evidence",
    "thresholds": "values sweep operating origin primary",
    "inference": (
        "factors reference_groups strata adjust level alpha margin difference_margin power "
        "permutations seed stated_scores "
        "garbe_weight primary_metrics primary_factors primary_watchlist_sizes primary_comparisons"
    ),
    "report": "title question system notes",
}
SCIENTIFIC = frozenset(
    f"{group}.{name}".lstrip(".") for group, names in _SCIENTIFIC.items() for name in names.split()
)
"""Settings that a plan may give. All others are refused, including new ones."""

PLACES = (
    *("dataset.path", "dataset.pass_log", "dataset.card", "dataset.fillers", "matcher.path"),
    *("dataset.pass_columns", "matcher.columns", "matcher.weights", "matcher.object"),
    *("matcher.url", "matcher.uri", "matcher.registry", "matcher.device", "matcher.batch_size"),
    *("dataset.purpose", "dataset.despite", "matcher.models"),
    *("matcher.model", "matcher.timeout", "matcher.retries", "matcher.answer_megabytes"),
    *("design.dont_care", "parity"),
)
"""Settings outside `paths` and `compute` that say where something is or what processes it."""

MAPPINGS = (
    *("dataset.cameras", "dataset.camera_shares", "dataset.false_positive_ratio"),
    *("dataset.miss_ratio", "dataset.acquisition_ratio", "design.watchlist_composition"),
    *("population.shares", "inference.reference_groups"),
)
"""Settings that are mappings whose keys are names of groups or cameras."""

_NAME = re.compile(r"[^\W_][\w-]*")
_CHOICE = re.compile(r"[^\W_][\w-]*([./][\w-]+)*")
_NAMED = {
    "dataset.card": (_NAME, "the name of a shipped card"),
    "dataset.fillers": (_NAME, "the name of a shipped card"),
    "matcher.weights": (_NAME, "the name of a shipped card of weights"),
    "matcher.uri": (re.compile(r"models:/[\w. -]+[/@][\w.-]+"), "models:/NAME/VERSION"),
}
"""Settings that could also hold a path or an address."""


def foreign_overrides(words: Sequence[str]) -> list[str]:
    """Return one sentence for each override that a plan must not contain."""
    return [problem for word in words for problem in _of_override(word)]


def is_place(setting: str) -> bool:
    """Return whether a setting says where data, matcher and results are, or what computes them.

    Such settings are given on the command line, beside the plan.
    """
    return setting in PLACES or setting.startswith(("paths.", "compute"))


def _of_override(word: str) -> Iterator[str]:
    try:
        override = parsed_override(word)
    except ConfigError as error:
        yield str(error)
        return
    key = str(override.key_or_group)
    if override.is_delete() or override.package is not None:
        yield f"'{word}' does not have the form SETTING=VALUE"
    elif key in GROUPS:
        value = override.value()
        if not isinstance(value, str) or not _CHOICE.fullmatch(value):
            yield f"'{word}' must give the name of a choice: {key}=NAME"
    elif not _is_scientific(key):
        yield (
            f"'{key}' is not a scientific setting. A plan must not set paths, addresses, machines "
            "or Hydra; give such settings on the command line"
        )
    else:
        yield from _of_value(word, key, override)


def _is_scientific(key: str) -> bool:
    if key in SCIENTIFIC or key in REMOVED:
        return True
    mapping = next((name for name in MAPPINGS if key.startswith(f"{name}.")), None)
    return mapping is not None and not key[len(mapping) + 1 :].startswith("_")


def _of_value(word: str, key: str, override: Override) -> Iterator[str]:
    unquoted = re.sub(r"'(\\.|[^'\\])*'|\"(\\.|[^\"\\])*\"", "", word.partition("=")[2])
    value = override.value()
    if override.is_sweep_override() or "(" in unquoted:
        yield f"'{word}' must give one value, not a sweep or a function"
        return
    yield from (f"'{word}' {problem}" for problem in _not_plain(value))
    if not all(map(math.isfinite, _numbers(value))):
        yield f"'{word}' must give finite numbers"
    form, meant = _NAMED.get(key, (None, ""))
    if form is not None and value is not None and not form.fullmatch(str(value)):
        yield f"'{word}' must be {meant}; give a path or an address on the command line"


def _not_plain(value: object) -> Iterator[str]:
    """Say which parts of a value are not plain data."""
    if isinstance(value, dict):
        for name, below in value.items():
            if str(name).startswith("_"):
                yield f"has the key '{name}'; keys that begin with '_' can make Hydra run code"
            yield from _not_plain(str(name))
            yield from _not_plain(below)
    elif isinstance(value, list):
        for below in value:
            yield from _not_plain(below)
    elif isinstance(value, str):
        if "${" in value:
            yield f"refers to another setting or variable ('{value}'); give the value itself"
        elif value == "???":
            yield "leaves the value open ('???'); give a value"
    elif value is not None and not isinstance(value, bool | int | float | date):
        yield f"holds {value!r}; use texts, numbers, true or false"


def _numbers(value: object) -> Iterator[float]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for below in value:
            yield from _numbers(below)
    elif isinstance(value, int | float):
        yield value


def check_names(names: Iterable[str], where: str) -> Iterator[str]:
    """Say which names of factors and groups are not plain text."""
    for name in names:
        yield from (f"{where} {problem}" for problem in _not_plain(name))
        if _CONTROLS.search(name) or re.search(r"[\t\n\r]", name):
            yield f"{where} contains the name {name!r}; remove its control characters"


_CONTROLS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u2069\ufeff"
    "\U000e0000-\U000e007f]"
)
"""Signs without a shape that a text has no use for (those that join letters of other scripts
have one), and those that turn a text round (Unicode, Bidi_Control)."""


def check_texts(value: object, where: str = "") -> Iterator[str]:
    """Say which texts in lists and mappings hold control characters."""
    if isinstance(value, str):
        if found := _CONTROLS.search(value):
            yield f"{where} contains the control character {found[0]!a}; remove it"
    elif isinstance(value, Mapping):
        for name, below in value.items():
            yield from check_texts(str(name), where or "a name")
            yield from check_texts(below, f"{where}.{name}".lstrip("."))
    elif isinstance(value, list | tuple):
        for below in value:
            yield from check_texts(below, where)


def check_choice(name: str, group: str) -> Iterator[str]:
    """Yield a problem if a choice from a group is not a plain name."""
    if not _CHOICE.fullmatch(name):
        yield f"{group} is '{name}'; give a name made of letters, digits, '-' and '_'"


MOST = 5_000
"""Values of a file of settings. An alias counts as what it repeats: building them is slow."""
TRUSTED = f"If you trust the file and want this, add {TRUST} to the command."
GIVEN = "Write plain values in it."


def check_conf(text: str, package: str | None = None, remedy: str = TRUSTED) -> object:
    """Return the content of a file of a `conf/` folder, if it is only data.

    Parameters
    ----------
    package
        Package that the header `# @package` names.
    remedy
        What the reader of the message can do.

    Raises
    ------
    ReadingError
        If it is more than data; the sentence lists every problem.
    """
    content = yaml_value(text, MOST)
    check_data(content, package, remedy)
    return content


def check_data(content: object, package: str | None = None, remedy: str = TRUSTED) -> None:
    """Refuse what was read from a file of a `conf/` folder, if it is more than data.

    Raises
    ------
    ReadingError
        If it is; the sentence lists every problem.
    """
    plain, problems = content, []
    if package not in (None, "_global_", "_group_"):
        problems.append(f"its header moves it to another place ('@package {package}')")
    if isinstance(content, dict):
        if "hydra" in content:
            problems.append("it changes Hydra itself ('hydra')")
        problems += _of_defaults(content.get("defaults", []))
        plain = {key: value for key, value in content.items() if key != "defaults"}
    problems += [f"it {problem}" for problem in _not_plain(plain)]
    if problems:
        raise ReadingError(
            f"It holds more than data: {'; '.join(dict.fromkeys(problems))}. {remedy}"
        )


def _of_defaults(entries: object) -> Iterator[str]:
    if not isinstance(entries, list):
        yield "'defaults' is not a list"
        return
    for entry in entries:
        pairs = entry.items() if isinstance(entry, dict) else [("", entry)]
        for group, chosen in pairs:
            yield from _of_default(str(group), chosen)


def _of_default(group: str, chosen: object) -> Iterator[str]:
    bare = re.sub(r"^(optional|override)\s+", "", group).lstrip("/")
    shown = f"{group}: {chosen}" if group else str(chosen)
    if re.match(r"hydra\b", bare) or "@" in bare:
        yield f"its defaults change Hydra or another package ('{shown}')"
    elif bare and not _CHOICE.fullmatch(bare):
        yield f"its defaults contain '{shown}', which is not the name of a group"
    names = chosen if isinstance(chosen, list) else [chosen]
    for name in names:
        named = isinstance(name, str) and (name == "_self_" or _CHOICE.fullmatch(name))
        if named and not bare and re.match(r"hydra\b", str(name)):
            yield f"its defaults change Hydra ('{shown}')"
        if not named and name is not None:
            yield f"its defaults contain '{shown}', which is not a choice by name"
