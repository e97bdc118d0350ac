"""Stage cohort: demographic codes as data, and the permitted conversions between them.

A self-defined ethnicity and the appearance code that an officer recorded measure different things,
so no table converts one into the other. Codes are aggregated only by a named, versioned mapping,
and no person is dropped: Mixed, Other and Not stated are groups, and a missing label stays missing
(the group `unknown`).
"""

from __future__ import annotations

from difflib import get_close_matches

import pandas as pd

from lfr_eval.cohort.schemes import AGGREGATIONS, SCHEMES, Scheme
from lfr_eval.contract.errors import MendableError


class CodeError(MendableError, ValueError):
    """A demographic scheme or mapping does not exist, or does not apply to these codes."""


def find_scheme(name: str) -> Scheme:
    """Return a scheme by its name.

    Raises
    ------
    CodeError
        If there is no such scheme; the message lists those that exist.
    """
    for scheme in SCHEMES:
        if scheme.name == name:
            return scheme
    known = [scheme.name for scheme in SCHEMES]
    raise CodeError(f"There is no demographic scheme '{name}'.{_suggestion(name, known)}")


def aggregate(values: pd.Series, name: str) -> pd.Series:
    """Aggregate codes by a named mapping. Every row stays, and a missing label stays missing.

    Parameters
    ----------
    values
        Codes of the mapping's source scheme.
    name
        Name of the mapping, with its version.

    Returns
    -------
    pandas.Series
        Codes of the target scheme, with the same index.

    Raises
    ------
    CodeError
        If there is no such mapping, or a value is not a code of its source scheme.
    """
    mapping = next((entry for entry in AGGREGATIONS if entry.name == name), None)
    if mapping is None:
        known = [entry.name for entry in AGGREGATIONS]
        raise CodeError(f"There is no mapping '{name}'.{_suggestion(name, known)}")
    table = dict(mapping.pairs)
    codes = values.astype("string")
    unknown = sorted(set(codes.dropna()) - set(table))
    if unknown:
        raise CodeError(
            f"Mapping '{name}' reads codes of '{mapping.source}'; {unknown} are none. "
            "Nothing was aggregated, because a person without a group would be dropped."
        )
    return codes.map(table, na_action="ignore").astype("string")


def convert(values: pd.Series, source: str, target: str) -> pd.Series:
    """Convert codes of one scheme into those of another, if a published mapping exists.

    Parameters
    ----------
    values
        Codes of `source`.
    source, target
        Names of schemes.

    Raises
    ------
    CodeError
        If the schemes record different things (what people say of themselves, what somebody else
        sees), or if there is no mapping between them.
    """
    here, there = find_scheme(source), find_scheme(target)
    if here.name == there.name:
        return values
    for mapping in AGGREGATIONS:
        if (mapping.source, mapping.target) == (here.name, there.name):
            return aggregate(values, mapping.name)
    if here.evidence != there.evidence:
        raise CodeError(
            f"'{here.name}' ({here.evidence.replace('_', ' ')}) is never converted to "
            f"'{there.name}' ({there.evidence.replace('_', ' ')}): they are different "
            "measurements, and no rule tells one from the other. "
            "Report them side by side under their own names."
        )
    raise CodeError(
        f"No mapping from '{here.name}' to '{there.name}'. "
        f"Mappings: {', '.join(entry.name for entry in AGGREGATIONS)}."
    )


def _suggestion(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    return f"{hint} There are: {', '.join(known)}."
