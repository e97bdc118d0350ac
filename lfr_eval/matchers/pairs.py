"""A list of pairs: scores of genuine and other pairs, as published in papers (file to pairs).

There are no images, and often no identities. If identities are given, people are counted. If not,
it is unknown which pairs share a person, and each pair is counted by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from lfr_eval.contract.folder import sha256_of
from lfr_eval.contract.spelling import skeleton
from lfr_eval.contract.words import joined, several, some
from lfr_eval.matchers import MatcherCard, MatcherError
from lfr_eval.matchers.number_format import Decimal, read_numbers
from lfr_eval.matchers.rows import MOST_NAMES, OTHERS, read_rows, refuse
from lfr_eval.matchers.vendor_files import NOTES, ROW

IDENTITIES, GROUPS = ["subject_a", "subject_b"], ["group_a", "group_b"]
GENUINE = frozenset(
    (
        *("1", "1.0", "true", "t", "yes", "y", "genuine", "g", "mated", "mate", "same"),
        *("same person", "same subject", "match", "matched", "positive", "pos", "target"),
    )
)
OTHER = frozenset(
    (
        *("0", "0.0", "-1", "-1.0", "false", "f", "no", "n", "impostor", "imposter", "i"),
        *("non mated", "nonmated", "non mate", "different", "different person", "not same"),
        *("different people", "different subject", "non match", "nonmatch", "no match"),
        *("unmatched", "mismatch", "negative", "neg", "nontarget", "non target"),
    )
)
"""Words for pairs of one person and of two, as `skeleton` leaves them."""

FEWEST = 5
"""Contradictions with the identities that are mistakes of single rows."""

FINE = 10_000
"""Different scores of a list of any length whose scores are not coarse."""

TORN = (
    "a person is in another group in most other rows (if each group numbers its people from 1, add "
    "the group, such as African-1; if group is that of one side only, give group_a and group_b; "
    "otherwise correct the group)"
)

Check = tuple[str, pd.Series]
"""What is wrong with rows, and which have it."""


class PairFile:
    """Pairs of a CSV, Parquet or JSON lines file.

    Parameters
    ----------
    path
        A file with the columns score and genuine (1 or 0) and, where known, `group` of the pair or
        `group_a` and `group_b` of its sides, and the identities `subject_a` and `subject_b`.
    columns
        Other names of columns: our name to the file's. `impostor` in place of `genuine` names a
        column in which 1 means two people.
    higher_is
        `better`, or `worse` for distances: the score is then minus the distance.
    decimal
        Decimal mark of numbers in text, `point` or `comma`; the other mark may separate
        thousands. None: read from the numbers, and refused where a number could mean two things.

    Attributes
    ----------
    independent
        Whether identities are missing, so that each pair is counted by itself.

    Raises
    ------
    MatcherError
        If the file cannot be read or contradicts itself. Every kind of problem is listed with its
        first rows.
    """

    def __init__(
        self,
        path: Path,
        columns: Mapping[str, str] | None = None,
        higher_is: Literal["better", "worse"] = "better",
        decimal: Decimal | None = None,
    ) -> None:
        told_by = "impostor" if "impostor" in (columns or {}) else "genuine"
        optional = (*IDENTITIES, "group", *GROUPS)
        rows = read_rows(path, ("score", told_by), optional, columns)
        self.told = (*rows.attrs[NOTES], *_unread(rows))
        given, grouped = _sides(path, rows)
        self.independent = not given
        genuine, other = _told(rows[told_by], told_by)
        number = read_numbers(rows["score"], decimal)
        checks = [*number.checks("score"), *_readable(told_by, number.empty, genuine | other)]
        groups = [rows[name] for name in (grouped or ["group", "group"]) if name in rows]
        if self.independent:
            a = b = pd.Series("pair " + rows[ROW].astype("string"))
            checks += _across(groups) if grouped else []
        else:
            a, b = _coded([rows[side] for side in IDENTITIES])
            theirs = (columns or {}).get(told_by, told_by)
            checks += _contradictions(path, (a, b), (genuine, other), told_by, theirs)
        # Both sides of an unnamed pair are the pair itself.
        sides = [a] if self.independent else [a, b]
        self._people = pd.DataFrame({"subject_id": pd.concat(sides, ignore_index=True)})
        if groups:
            coded = _coded(groups if given else groups[:1])
            self._people["group"] = pd.concat(coded, ignore_index=True)
        if groups and given:
            checks.append((TORN, self._torn(len(rows))))
        refuse(path, rows[[name for name in rows if name != ROW] + [ROW]], checks)
        score = -number.value if higher_is == "worse" else number.value
        named = {"subject_a": a, "subject_b": b, "genuine": genuine.astype(bool), "score": score}
        self._pairs = pd.DataFrame(named)
        if groups and given:
            self.told += self._filled(len(rows))
        if given:
            self.told += self._repeated()
        settings = (sha256_of(path), higher_is, sorted((columns or {}).items()))
        self.card = self._card((*settings, *filter(None, [decimal])))

    def _card(self, settings: tuple[object, ...]) -> MatcherCard:
        """Return the card of these pairs, read with these settings."""
        values = self._pairs["score"].to_numpy()
        told_of = "without identities" if self.independent else "with identities"
        return MatcherCard(
            name="pairs",
            fingerprint=hashlib.sha256(repr(settings).encode()).hexdigest(),
            description=f"scores of {len(values):,} pairs from a file, {told_of}",
            similarity="given",
            score_range=(float(np.min(values)), float(np.max(values))),
            acquisition="a list of pairs does not report failures to acquire",
        )

    def _repeated(self) -> tuple[str, ...]:
        """Say how many rows repeat a comparison; of coarse scores, equal ones are no sign of it."""
        rows = len(self._pairs)
        if self._pairs["score"].nunique() < min(rows / 20, FINE):
            return ()
        again = int(self._pairs[[*IDENTITIES, "score"]].duplicated().sum())
        if not again:
            return ()
        return (
            f"{several(again, 'row')} of {rows:,} in the list of pairs "
            f"{'has' if again == 1 else 'have'} the same people and score as an earlier row. All "
            "rows count: delete those that repeat a comparison.",
        )

    def _torn(self, rows: int) -> pd.Series:
        """Which pairs have a person in a group other than that person's most frequent group."""
        people = self._people.assign(group=_plain(self._people["group"]))
        filled = people[(people["group"] != "") & (people["subject_id"] != "")]
        kinds = filled.drop_duplicates()["subject_id"]
        torn = kinds[kinds.duplicated()]
        if torn.empty:
            return pd.Series(False, index=range(rows))
        filled = filled[filled["subject_id"].isin(torn)].astype("string")
        usual = filled.groupby("subject_id")["group"].agg(lambda told: told.value_counts().index[0])
        other = filled["group"].ne(filled["subject_id"].map(usual))
        other = other.reindex(people.index, fill_value=False)
        return pd.Series(other.to_numpy(bool).reshape(2, rows).any(axis=0))

    def _filled(self, rows: int) -> tuple[str, ...]:
        """Say how many rows lack the group of a person who has one in other rows."""
        lacks = self._people["group"] == ""
        known = self._people.loc[~lacks, "subject_id"]
        filled = (lacks & self._people["subject_id"].isin(known)).to_numpy(bool)
        number = int(filled.reshape(2, rows).any(axis=0).sum())
        if not number:
            return ()
        return (
            f"{several(number, 'row')} of {rows:,} in the list of pairs "
            f"{'gives' if number == 1 else 'give'} no group for a person who has one in other "
            "rows. The group of the other rows is used.",
        )

    def people(self) -> pd.DataFrame:
        """Return subject_id and, if known, group, one row per person or pair."""
        people = self._people
        if "group" not in people:
            return people.drop_duplicates(ignore_index=True).astype("string")
        if self.independent:
            group = people["group"].astype("string")
            return people[["subject_id"]].assign(group=group.mask(group == ""))
        told = people[people["group"] != ""].drop_duplicates("subject_id")
        group = told.set_index("subject_id")["group"].astype("string")
        people = people[["subject_id"]].drop_duplicates(ignore_index=True).astype("string")
        return people.assign(group=people["subject_id"].map(group))

    def pairs(self) -> pd.DataFrame:
        """Return subject_a, subject_b, genuine and score (higher is more alike).

        Identities that the file gives are categories of one list in alphabetical order.
        """
        return self._pairs


def _unread(rows: pd.DataFrame) -> list[str]:
    """Say which columns are not read, where the list lacks groups or identities."""
    needed = []
    if not {"group", *GROUPS} & set(rows):
        needed.append("{group: THEIRS} to compare groups")
    if not set(IDENTITIES) & set(rows):
        needed.append("{subject_a: THEIRS, subject_b: THEIRS} to count people")
    others = rows.attrs[OTHERS]
    if not others or not needed:
        return []
    return [
        f"The list of pairs has columns that are not read: {some(others, MOST_NAMES)}. If they "
        f"hold groups or people, give matcher.columns={joined(needed)}."
    ]


def _sides(path: Path, rows: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Return which columns of identities and of groups there are: for both sides, or none."""
    given = [name for name in IDENTITIES if name in rows]
    grouped = [name for name in GROUPS if name in rows]
    for names in (given, grouped):
        if len(names) == 1:
            raise MatcherError(
                f"{path} has only {names[0]}, for one side of the pairs. Give the column of both "
                "sides."
            )
    if grouped and "group" in rows:
        raise MatcherError(f"{path} has group and {', '.join(grouped)}; give one or the other.")
    return given, grouped


def _readable(told_by: str, empty: pd.Series, told: pd.Series) -> list[Check]:
    """Return rows without a score, or that do not say whose pair it is."""
    return [
        (
            "there is no score (leave out such rows: a list of pairs cannot count images "
            "without a template)",
            empty,
        ),
        (
            f"{told_by} must be 1 or 0 (or yes or no, same or different, match or non-match)",
            ~told,
        ),
    ]


def _across(groups: Sequence[pd.Series]) -> list[Check]:
    """Return unnamed pairs whose sides are in two groups."""
    needed = (
        "a pair across two groups needs identities: give subject_a and subject_b, or leave out "
        "such pairs"
    )
    return [(needed, _plain(groups[0]) != _plain(groups[1]))]


def _contradictions(
    path: Path,
    sides: tuple[pd.Series, pd.Series],
    told: tuple[pd.Series, pd.Series],
    told_by: str,
    column: str,
) -> list[Check]:
    """Return rows without an identity, and rows whose identities contradict `told_by`.

    Parameters
    ----------
    sides
        Identities of both sides.
    told
        Which pairs are said to be of one person, and which of two.
    told_by, column
        Our name of the column that says so, and the file's.

    Raises
    ------
    MatcherError
        If so many rows contradict each other that the column must mean something else.
    """
    a, b = sides
    genuine, other = told
    named = (a != "") & (b != "")
    turned = named & ((genuine & (a != b)) | (other & (a == b)))
    if turned.sum() > max(FEWEST, len(named) / 2):
        raise MatcherError(
            f"{path}: the column '{column}' contradicts the identities in "
            f"{int(turned.sum()):,} of {len(named):,} rows. If 1 in it means two different people, "
            "name it with 'matcher.columns={impostor: THEIRS}'; if 1 means one person, with "
            "genuine. Otherwise check subject_a and subject_b."
        )
    return [
        ("an identity is missing; give all of them or none", ~named),
        (
            f"{told_by} says one person, but the two identities differ (correct one of them, and "
            "write each person in one way)",
            turned & genuine,
        ),
        (
            f"{told_by} says two people, but both sides are the same person (correct one of them, "
            "or leave the row out)",
            turned & other,
        ),
    ]


def _told(column: pd.Series, told_by: str) -> tuple[pd.Series, pd.Series]:
    """Return which pairs are of one person, and which of two people."""
    plain = _plain(column.astype("string"))
    genuine, other = plain.isin(GENUINE).astype(bool), plain.isin(OTHER).astype(bool)
    return (other, genuine) if told_by == "impostor" else (genuine, other)


def _plain(column: pd.Series) -> pd.Series:
    """Return the skeleton of every cell; each word is looked at once."""
    codes, words = pd.factorize(column)
    plain = pd.array([skeleton(word) for word in words], "string")
    return pd.Series(plain.take(codes), index=column.index)


def _coded(columns: Sequence[pd.Series]) -> list[pd.Series]:
    """Return columns of text as categories of one list: millions of pairs have few names."""
    codes, names = pd.factorize(pd.concat(columns, ignore_index=True), sort=True)
    parts = np.split(codes.astype(np.int32), len(columns))
    return [pd.Series(pd.Categorical.from_codes(part, names)) for part in parts]
