"""What an engine states of itself: a row of its answer in, a card that can be true out."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from lfr_eval.matchers import MatcherCard
from lfr_eval.matchers.packing import card_of, differences

HIGHEST = {"cosine": 1.0, "euclidean": 0.0}
CLOSE = 1e-6
"""Relative to the slope."""


class StatedError(ValueError):
    """An implausible card; the message continues after the engine's name."""


def stated_card(rows: Any) -> MatcherCard:
    """Return the card in an engine's answer to 'describe'.

    Raises
    ------
    StatedError
        If there is no card, or it has values that no matcher can have.
    """
    try:
        content = json.loads(rows[0]["card"])
        card = card_of(content)
        # Whatever its depth, it must be possible to write it down and to compare it.
        differences(card.recipe, card.recipe)
    except (
        *(AttributeError, IndexError, KeyError, OverflowError),
        *(RecursionError, TypeError, ValueError),
    ) as error:
        raise StatedError(
            f"does not say which matcher it runs: {error!r}. It must answer the parameter "
            "'describe' with its card (docs/registry.md)"
        ) from error
    sound = (
        all(map(is_plain, (card.fingerprint, card.description, card.acquisition)))
        and (card.multi_face is None or is_plain(card.multi_face))
        and card.similarity in HIGHEST
        and type(card.template_size) is int
        and 0 < card.template_size <= 1_000_000
        and type(card.batch_size) is int
        and 0 < card.batch_size <= 10_000
        and isinstance(card.recipe, Mapping)
        and all(type(end) in (int, float) for end in content["score_range"])
        and card.score_range[0] < card.score_range[1]
    )
    if not sound:
        raise StatedError("states an invalid card: " + json.dumps(rows[0])[:200])
    _check_range(card)
    return card


def _check_range(card: MatcherCard) -> None:
    """Refuse a score range that the similarity cannot have on its scale."""
    # How far apart templates can lie depends on their length, so distances have no lowest score.
    low, high = card.score_range
    lowest, highest = card.scale.range_of((-1.0, HIGHEST[card.similarity]))
    bounds = [(high, highest), *([(low, lowest)] if card.similarity == "cosine" else [])]
    near = CLOSE * card.scale.slope
    if not all(math.isclose(said, true, rel_tol=CLOSE, abs_tol=near) for said, true in bounds):
        begins = f"from {lowest:g}" if card.similarity == "cosine" else "up"
        raise StatedError(
            f"states scores from {low:g} to {high:g}, but its scale ({card.scale}) gives a "
            f"{card.similarity} similarity scores {begins} to {highest:g}; correct 'score_range' "
            "or 'scale' of its card"
        )


def is_plain(text: object, longest: int = 1_000) -> bool:
    """Whether a text is safe to show: printable, so that it cannot control a terminal."""
    return isinstance(text, str) and len(text) <= longest and text.isprintable()
