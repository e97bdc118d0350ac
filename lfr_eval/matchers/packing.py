"""A matcher as a folder of safe files, and back (matcher to folder to matcher).

`matcher.json` says the kind, its parameters and score scale, its weights with their SHA-256, and
the card. Weights are safetensors, ONNX graphs or dlib's own format. Nothing in the folder can be
executed, and nothing is trusted before its hash was compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from lfr_eval.contract.folder import sha256_of, write_json
from lfr_eval.contract.reading import read_json
from lfr_eval.contract.score_scale import ScoreScale
from lfr_eval.matchers import ImageMatcher, Matcher, MatcherCard, MatcherError, make_matcher

MATCHER = "matcher.json"
WEIGHTS = (".safetensors", ".onnx", ".dat")
KINDS = ("facenet", "dlib", "onnx", "null")
"""Matchers that can be packed: those of this package that run on this machine."""


@dataclass(frozen=True)
class Packed:
    """The data from which a packed matcher is made again.

    Attributes
    ----------
    kind
        Its name in the registry.
    parameters
        Arguments of its constructor that are plain values.
    files
        Argument and the file or folder that it names, relative to the packed folder.
    """

    kind: str
    parameters: Mapping[str, object]
    files: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class PackableMatcher(ImageMatcher, Protocol):
    """A matcher that can be put into a folder."""

    def pack(self, folder: Path) -> Packed:
        """Write the weights into a folder, and return how to make the matcher from them."""


def pack(matcher: Matcher, folder: Path) -> None:
    """Write a matcher into an empty folder.

    Raises
    ------
    MatcherError
        If the matcher does not run here.
    """
    packed = matcher.pack(folder) if isinstance(matcher, PackableMatcher) else None
    if packed is None or packed.kind not in KINDS:
        foreign = packed is not None or "object" in matcher.card.recipe
        why = (
            "is of another package, and a registered model holds no code"
            if foreign
            else "has no weights here"
        )
        remedy = " Serve it, and evaluate it with matcher=http (docs/registry.md)."
        raise MatcherError(
            f"The matcher '{matcher.card.name}' cannot be registered: it {why}. Only "
            f"{', '.join(KINDS)} can be registered.{remedy if foreign else ''}"
        )
    write_json(
        folder / MATCHER,
        {
            "kind": packed.kind,
            "parameters": dict(packed.parameters),
            "scale": asdict(matcher.card.scale),
            "files": dict(packed.files),
            "sha256": {name: sha256_of(folder / name) for name in _files(folder)},
            "card": asdict(matcher.card),
        },
    )


def unpack(folder: Path) -> ImageMatcher:
    """Make the matcher of a packed folder from its parameters, whatever its card claims.

    Raises
    ------
    MatcherError
        If the folder is invalid, or a file that it names is missing.
    """
    content = _content(folder)
    paths = {argument: _inside(folder, name) for argument, name in content["files"].items()}
    try:
        scale = ScoreScale(**content.get("scale", {}))
        matcher = make_matcher(content["kind"], scale, **content["parameters"], **paths)
    except TypeError as error:
        raise MatcherError(f"{folder / MATCHER} does not describe a matcher: {error}.") from error
    assert isinstance(matcher, ImageMatcher)
    return matcher


def unpack_unchanged(folder: Path) -> ImageMatcher:
    """Make the matcher of a packed folder, and check that it equals the one that was packed.

    Raises
    ------
    MatcherError
        If a file was changed since, or the matcher is not the same here. All differences are
        named.
    """
    content = _content(folder)
    claimed: Mapping[str, str] = content["sha256"]
    present = {name: sha256_of(folder / name) for name in _files(folder)}
    wrong = sorted(name for name in {*claimed, *present} if claimed.get(name) != present.get(name))
    if wrong:
        raise MatcherError(f"{folder}: {', '.join(wrong)} is not the file that was registered.")
    matcher = unpack(folder)
    changed = differences(content["card"]["recipe"], matcher.card.recipe)
    if changed or content["card"]["fingerprint"] != matcher.card.fingerprint:
        raise MatcherError(
            "The registered matcher would not be the same here: "
            + ("; ".join(changed) or "its fingerprint is not that of its recipe")
            + ". Install the versions with which it was registered, or register it again."
        )
    return matcher


def packed_recipe(folder: Path) -> dict[str, object]:
    """Return the recipe that a packed folder states for its matcher."""
    recipe: dict[str, object] = _content(folder)["card"]["recipe"]
    return recipe


def differences(registered: Mapping[str, object], other: Mapping[str, object]) -> list[str]:
    """Return one phrase for each constant in which two recipes differ, registered one first."""
    left, right = dict(_flat(registered)), dict(_flat(other))
    return [
        f"{name} is {_shown(right.get(name))} instead of {_shown(left.get(name))}"
        for name in sorted({*left, *right})
        if left.get(name) != right.get(name)
    ]


def card_of(values: Mapping[str, object]) -> MatcherCard:
    """Return a card from JSON values, without unknown entries.

    Raises
    ------
    TypeError, ValueError
        If an entry is missing or invalid.
    """
    known: dict[str, Any] = {
        each.name: values[each.name] for each in fields(MatcherCard) if each.name in values
    }
    low, high = known["score_range"]
    scale = ScoreScale(**known.get("scale", {}))
    return MatcherCard(**{**known, "score_range": (float(low), float(high)), "scale": scale})


def _content(folder: Path) -> dict[str, Any]:
    try:
        content = read_json(folder / MATCHER)
    except (OSError, ValueError) as error:
        raise MatcherError(f"{folder} holds no readable {MATCHER}: {error}") from error
    lacking = {"kind", "parameters", "files", "sha256", "card"} - set(content)
    if lacking:
        raise MatcherError(f"{folder / MATCHER} lacks {', '.join(sorted(lacking))}.")
    if content["kind"] not in KINDS:
        raise MatcherError(
            f"{folder / MATCHER}: '{content['kind']}' is not one of {', '.join(KINDS)}."
        )
    return content


def _inside(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.exists():
        raise MatcherError(f"{folder / MATCHER} names '{name}', which is not in its folder.")
    return path


def _files(folder: Path) -> list[str]:
    return [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MATCHER
    ]


def _flat(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            # JSON knows no tuples.
            yield f"{prefix}{key}", list(value) if isinstance(value, tuple) else value


def _shown(value: object) -> str:
    text = str(value)
    # A hash says nothing beyond its first digits.
    return text if len(text) <= 24 else f"{text[:12]}…"
