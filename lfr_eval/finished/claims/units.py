"""What a claim counts: people, passes, comparisons, alerts; and whether the study counts that.

In: a sentence in plain lower case and the tables of a study. Out: a reason for each figure that has
another unit than the study's.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

import pandas as pd

from lfr_eval.contract.names import metric_named
from lfr_eval.finished.claims.lexicon import families, word
from lfr_eval.finished.claims.reason import Reason

_UNIT = {name: word(pattern) for name, pattern in families("units").items()}
_ANY = "|".join(families("units").values())
_BEHIND = re.compile(
    rf" (?:of )?(?:the |its |all |those )?(?:[a-z-]+ ){{0,2}}?(?P<unit>{_ANY})(?!\w)"
)
_BETWEEN = re.compile(rf"\d (?:[a-z-]+ )?(?P<unit>{_ANY})(?: (?:in|out of|of|per|for) )")


def unit_of(text: str) -> str:
    """Return the family of a word that says what is counted; empty where it is none."""
    return next((name for name, one in _UNIT.items() if one.fullmatch(text)), "")


def unit_in(text: str) -> str:
    """Return the first word of a text that says what is counted; empty where there is none."""
    hits = [hit for one in _UNIT.values() if (hit := one.search(text))]
    return min(hits, key=lambda hit: hit.start()).group() if hits else ""


def wrong_unit(has: str, had: str, figure: str = "") -> Reason:
    """Say that a claim counts what the study does not count."""
    of = f" for {figure}" if figure else ""
    return Reason(
        "number",
        f"It has the wrong unit{of}: it says “{has}”, but the study counts {had} here.",
    )


def unit_beside(plain: str, start: int, end: int) -> str:
    """Return the word beside a figure that says what is counted; empty where there is none."""
    inside = _BETWEEN.match(plain, start)
    if inside and inside.end() <= end + 1:
        return inside["unit"]
    behind = _BEHIND.match(plain, end)
    return behind["unit"] if behind else ""


def wrong_units(
    figures: Iterable[tuple[str, str, pd.DataFrame]], metrics: Collection[str]
) -> Iterator[Reason]:
    """Yield a reason for each figure that the study has in another unit than the claim says.

    Parameters
    ----------
    figures
        What is written, the unit that it is said to have, and the rates that it is.
    metrics
        The kinds of error that the claim speaks of; empty where it names none.
    """
    for text, said, places in figures:
        meant = places[places["metric"].isin(metrics)]
        trials = {metric_named(one).trial for one in (places if meant.empty else meant)["metric"]}
        if said and trials and unit_of(said) not in {unit_of(one) for one in trials}:
            yield wrong_unit(said, " or ".join(sorted(trials)), text)
