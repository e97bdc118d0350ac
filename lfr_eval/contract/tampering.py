"""Lines of a ledger in, a sentence on each place where the chain was changed out.

An entry names the SHA-256 of the line before it. Where it names another one, the entry after it
shows which of the two was changed: an entry that the next one still names is as it was written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lfr_eval.contract.reading import json_value


def tampered(lines: Sequence[bytes], first: str, unsigned: Mapping[int, str]) -> Iterator[str]:
    """Yield what was changed, removed, inserted or moved.

    Parameters
    ----------
    lines
        Of the file, without line feeds.
    first
        What the first entry names.
    unsigned
        Place of a line, from 0, to why its signature does not count.
    """
    hashes = [hashlib.sha256(line).hexdigest() for line in lines]
    claims = [_claim(line) for line in lines]
    places = {first: 0} | {mark: at + 1 for at, mark in enumerate(hashes)}
    follows = [
        claim is not None and claim[1] == before
        for claim, before in zip(claims, [first, *hashes], strict=False)
    ]
    number = 0
    for at, claim in enumerate(claims):
        if claim is None:
            yield f"line {at + 1} is not an entry"
            number += 1
            continue
        before, (number, named) = number, claim
        if at in unsigned:
            yield f"entry {number}: {unsigned[at]}"
        if follows[at] and number == before + 1:
            continue
        if follows[at]:
            yield f"entry {before + 1} was changed: it has the number {number}"
            number = before + 1
        elif named in places:
            after = places[named]
            yield (
                f"entry {number} stands {_after(before)}, but was written "
                f"{_after(_number(claims, after))}: entries were moved, removed or inserted"
            )
        elif number > before + 1:
            missing = range(before + 1, number)
            gone = (
                f"entry {missing[0]} is"
                if len(missing) == 1
                else (f"entries {missing[0]} to {missing[-1]} are")
            )
            yield f"{gone} missing before entry {number}"
        elif before == 0:
            yield f"entry {number} was changed"
        elif claims[at - 1] is not None and at + 1 < len(lines) and follows[at + 1]:
            yield f"entry {before} was changed after entry {number} was written"
        elif claims[at - 1] is not None:
            yield f"entry {number} does not follow entry {before}: one of them was changed"


def _claim(line: bytes) -> tuple[int, str] | None:
    try:
        values: Any = json_value(line)
        return int(values["number"]), str(values["previous"])
    except (ValueError, KeyError, TypeError):
        return None


def _number(claims: Sequence[tuple[int, str] | None], place: int) -> int:
    claim = claims[place - 1] if place else None
    return claim[0] if claim else place


def _after(number: int) -> str:
    return f"after entry {number}" if number else "first"
