"""A matcher's name and settings in, the matcher out. Matchers of other packages are checked.

For a matcher of another package, the object, the version of its package and the SHA-256 of its
source enter the recipe and so the fingerprint, whatever its own card says.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import packages_distributions, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from lfr_eval.config import ConfigError
from lfr_eval.config.plugins import Plugin, load
from lfr_eval.config.signatures import wrong_settings
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.score_scale import ScoreScale
from lfr_eval.matchers import (
    Embedding,
    ImageMatcher,
    Matcher,
    MatcherCard,
    MatcherError,
    Picture,
    fingerprint_of,
)
from lfr_eval.matchers.faces import MULTI_FACE

SIMILARITIES = ("cosine", "euclidean", "given")
CODE = (".py", ".so", ".pyd")
"""What a package runs."""


def make(plugin: Plugin, scale: ScoreScale, settings: Mapping[str, Any]) -> Matcher:
    """Make a matcher from its settings.

    Parameters
    ----------
    scale
        Scale of its scores.
    settings
        Arguments of the class, or of the function that returns the matcher.

    Raises
    ------
    ConfigError, MatcherError
        If it cannot be imported or made, or does not meet the contract of a matcher.
    """
    problems = list(wrong_settings(plugin, settings))
    if problems:
        raise MatcherError(f"The matcher cannot be made: {'; '.join(problems)}.")
    made = load(plugin)
    matcher: Matcher = made(**settings) if plugin.ships else _foreign(plugin, made, settings)
    matcher.card = matcher.card.on(scale)
    return matcher


def _foreign(plugin: Plugin, made: Callable[..., Any], settings: Mapping[str, Any]) -> Matcher:
    """Return a matcher of another package, with a card that identifies its code."""
    who = f"The matcher {plugin.reference}"
    try:
        matcher = made(**settings)
    except MendableError:
        raise
    except Exception as error:
        # Another package may fail with any error.
        raise MatcherError(
            f"{who} could not be made from its settings ({type(error).__name__}: {error})."
        ) from error
    problems = shortcomings(matcher)
    if problems:
        raise MatcherError(f"{who} is not a matcher: {'; '.join(problems)}. See docs/matchers.md.")
    card = matcher.card
    package = plugin.reference.partition(":")[0]
    of = plugin.distribution or distribution_of(package)
    recipe = {
        "object": plugin.reference,
        "distribution": of,
        "source": source_digest(package),
        "recipe": dict(card.recipe),
        "fingerprint": card.fingerprint,
    }
    named = f"{plugin.reference}{f' of {of}' if of else ''}, source {str(recipe['source'])[:12]}"
    matcher.card = replace(
        card,
        fingerprint=fingerprint_of(recipe),
        description=f"{card.description} ({named})",
        recipe=recipe,
    )
    if isinstance(matcher, ImageMatcher):
        # Wrapped in place, so that whatever else it can do is still there.
        vars(matcher)["embed"] = _watched(matcher.embed, card.template_size, who)
    found: Matcher = matcher
    return found


def shortcomings(matcher: object) -> list[str]:
    """Yield what an object lacks to be a matcher."""
    problems = []
    if not isinstance(matcher, Matcher):
        problems.append(
            "it has no card, or none of the methods embed (pictures to templates), templates, "
            "scores and alerts"
        )
    card = getattr(matcher, "card", None)
    if isinstance(card, MatcherCard):
        problems += card_problems(card)
    elif card is not None:
        problems.append(f"its card is a {type(card).__name__}, but must be a MatcherCard")
    if not problems and not hasattr(matcher, "__dict__"):
        problems.append("its card cannot be completed, because its class has __slots__")
    return problems


def card_problems(card: MatcherCard) -> Iterator[str]:
    """Yield the missing and invalid entries of a card."""
    for name in ("name", "fingerprint", "description", "acquisition"):
        if not isinstance(getattr(card, name), str) or not getattr(card, name):
            yield f"card.{name} is {getattr(card, name)!r}, but must be a text"
    if card.similarity not in SIMILARITIES:
        yield f"card.similarity is '{card.similarity}', but must be {', '.join(SIMILARITIES)}"
    low, high = card.score_range
    if math.isnan(low) or math.isnan(high) or not low < high:
        yield f"card.score_range is ({low}, {high}), but must be the lowest and the highest score"
    if card.template_size is not None and card.template_size < 1:
        yield f"card.template_size is {card.template_size}, but must be positive"
    if card.batch_size < 1:
        yield f"card.batch_size is {card.batch_size}, but must be positive"
    if card.multi_face is not None and card.multi_face not in MULTI_FACE:
        yield f"card.multi_face is '{card.multi_face}', but must be one of {', '.join(MULTI_FACE)}"
    try:
        fingerprint_of(card.recipe)
    except (TypeError, ValueError) as error:
        yield f"card.recipe cannot be written as JSON ({error})"


Embed = Callable[[Sequence[Picture]], Iterator[Embedding]]


def _watched(embed: Embed, size: int | None, who: str) -> Embed:
    """Return a method that passes on the embeddings of `embed` and refuses anything else."""

    def watched(images: Sequence[Picture]) -> Iterator[Embedding]:
        expected, count = size, 0
        for count, made in enumerate(embed(images), 1):
            if count > len(images):
                raise MatcherError(
                    f"{who} yields more embeddings than the {len(images)} pictures. It must "
                    "yield one per picture."
                )
            if problem := embedding_problem(made, expected):
                image = images[count - 1]
                named = f" ({image.name})" if isinstance(image, Path) else ""
                raise MatcherError(f"{who}: for picture {count}{named}, {problem}.")
            if expected is None and made.template is not None:
                expected = len(made.template)
            yield made
        if count < len(images):
            raise MatcherError(
                f"{who} yields {count} embeddings for {len(images)} pictures. It must yield one "
                "per picture."
            )

    return watched


def embedding_problem(made: object, size: int | None) -> str | None:
    """Return what is wrong with a matcher's embedding of a picture; None if nothing is.

    Parameters
    ----------
    size
        Values that a template must have; None: any number.
    """
    if not isinstance(made, Embedding):
        return f"it yields a {type(made).__name__}, but must yield an Embedding"
    template = made.template
    if template is None:
        return None if made.reason else "it yields neither a template nor a reason"
    if made.reason is not None:
        return f"it yields both a template and a reason ('{made.reason}')"
    if not isinstance(template, np.ndarray) or template.dtype != np.float32:
        kind = getattr(template, "dtype", type(template).__name__)
        return f"the template is {kind}, but must be a float32 array"
    if template.ndim != 1 or (size is not None and len(template) != size):
        return f"the template has the shape {template.shape}, but must have {size or 'some'} values"
    if not np.isfinite(template).all():
        return "the template holds a value that is not a number"
    return None if template.any() else "the template is zero; yield a reason instead"


def distribution_of(module: str) -> str | None:
    """Return name and version of the installed package of a module, if it has one."""
    for name in packages_distributions().get(module.partition(".")[0], ()):
        return f"{name} {version(name)}"
    return None


def source_digest(module: str) -> str:
    """Return the SHA-256 over the code of a module's package.

    The code is that of its top-level package or, for a module in a folder without `__init__.py`, of
    that folder.

    Raises
    ------
    ConfigError
        If it has no files.
    """
    top = find_spec(module.partition(".")[0])
    if top is not None and top.origin is not None and top.submodule_search_locations is None:
        files, root = [Path(top.origin)], Path(top.origin).parent
    else:
        own = find_spec(module)
        regular = top is not None and top.origin is not None
        origin = top.origin if top is not None and regular else own.origin if own else None
        if origin is None:
            raise ConfigError(
                f"The code of {module} cannot be recorded, because it is not in a file. Put it "
                "into one."
            )
        root = Path(origin).parent
        files = sorted(path for path in root.rglob("*") if path.suffix in CODE)
    total = hashlib.sha256()
    for path in files:
        total.update(f"{path.relative_to(root).as_posix()}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()
