"""Stage cohort: a table of text in, the same table with one spelling per label out.

Labels that differ only by accident (case, width, spaces, look-alike letters) become one label, in
the usual spelling. Long labels, such as those of a census, get a short name for charts and
sentences. Every change is reported.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from lfr_eval.cohort.card import DatasetCard
from lfr_eval.cohort.codes import find_scheme
from lfr_eval.cohort.problems import Problem
from lfr_eval.cohort.reading import TextTable
from lfr_eval.contract.spelling import SHORTEST, one_slip_apart, skeleton
from lfr_eval.contract.tables import COHORT, CROSS, EVERYBODY, OVERALL, ROLES, UNKNOWN
from lfr_eval.contract.words import joined, several

MISSING = "NA"
"""Missing label as written by R and spreadsheets. In an identifier it is an ordinary name."""

NAMES = ("image_id", "subject_id", "pass_id", "path", "digest")
"""Columns of a manifest that name people and files."""

NUMBERS = ("frame", "captured_at", "age")
"""Columns of a manifest that hold numbers and times."""

LONGEST = 20
"""Longest label that needs no short name, in characters."""

MOST_LABELS = 50
"""A column with more values than this is taken for remarks, which get no short names."""

SAID = 5
"""Spellings of one column that are reported one by one."""

RESERVED = (EVERYBODY, OVERALL, "rest", "*")
"""Names that tables use for more than one group."""

OWN_COLUMNS = ("filler", "overall")
"""Columns that the study makes."""

_ENDS = re.compile(r"\s*(?:,|;|/|\(| or | and )\s*")


@dataclass(frozen=True)
class Labels:
    """A table with one spelling for each label.

    Attributes
    ----------
    table
        The rows, with the changes among its notes.
    names
        Short name and full label of each column that has short names.
    """

    table: TextTable
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def respelled(
    table: TextTable,
    card: DatasetCard | None = None,
    counted: tuple[str, str] = ("row", "rows"),
    like: Mapping[str, Collection[str]] | None = None,
) -> Labels:
    """Give each column, role and label one spelling.

    Parameters
    ----------
    table
        A label file as text.
    card
        Names the schemes of labels. Codes of a closed scheme are not changed.
    counted
        What a row of the table is, one and several.
    like
        Column to labels of another file, whose spelling is taken.
    """
    notes, problems = list(table.notes), list(table.problems)
    frame, said = _columns(table.frame)
    notes += said
    problems += [
        Problem("column name", "the study makes a column with this name", "Rename it.", 1, name)
        for name in OWN_COLUMNS
        if name in frame
    ]
    names = {}
    for column in frame.columns:
        if column in NAMES:
            continue
        closed = _closed(card, column)
        if closed or column in NUMBERS:
            if MISSING not in closed:
                frame[column] = frame[column].mask(frame[column].str.strip() == MISSING)
            continue
        known = ROLES if column == "role" else ()
        frame[column], said = _one_spelling(
            frame[column], column, known, counted, (like or {}).get(column, ())
        )
        notes += said
        if column != "role":
            notes += _slips(frame[column], column, counted)
            notes += _synonyms(frame[column], column)
            frame[column], names[column] = _short(frame[column])
            notes += [
                f"'{short}' stands for '{label}' ({column})."
                for short, label in names[column].items()
            ]
    return Labels(
        replace(table, frame=frame, notes=tuple(notes), problems=tuple(problems)),
        {column: one for column, one in names.items() if one},
    )


def _closed(card: DatasetCard | None, column: str) -> Collection[str]:
    """Return the codes of the column's scheme, if it has one that is not free."""
    if card is None or column not in card.schemes:
        return ()
    scheme = find_scheme(card.schemes[column])
    return () if scheme.free else scheme.names


def _columns(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Read `Gender` as `gender` if there is no column `gender`."""
    meant = {skeleton(name): name for name in COHORT.names}
    renamed: dict[str, str] = {}
    for name in map(str, frame.columns):
        known = meant.get(skeleton(name))
        if known and known not in frame and known not in renamed.values():
            renamed[name] = known
        elif CROSS in name:
            renamed[name] = name.replace(CROSS, " × ")
    notes = [f"The column '{name}' is read as '{known}'." for name, known in renamed.items()]
    return frame.rename(columns=renamed), notes


def _one_spelling(
    values: pd.Series,
    column: str,
    known: Collection[str],
    counted: tuple[str, str],
    like: Collection[str] = (),
) -> tuple[pd.Series, list[str]]:
    """Return labels in the spelling of the known names or `like`, or in their usual one.

    That is the one whose capitals are those of most rows of the column, then the most frequent.
    """
    counts = _counted(values)
    usual = {skeleton(name): name for name in (*known, *like)}
    read: dict[str, str] = {}
    rows: Counter[tuple[bool, bool]] = Counter()
    for label, number in counts.items():
        rows[_capitals(label)] += number
    # Of equals the most frequent first, then the first in the file.
    for label in sorted(counts, key=lambda each: -rows[_capitals(each)]):
        said = usual.setdefault(skeleton(label), label if known else _speakable(label))
        if said != label:
            read[label] = said
    none = () if known else (UNKNOWN, skeleton(MISSING))
    missing = [label for label in counts if skeleton(label) in none] if none else []
    told = {
        label: said
        for label, said in read.items()
        if label not in missing and said != re.sub(r"\s+", " ", label.strip())
    }
    notes = [
        f"'{label}' of column '{column}' is read as '{said}' ({several(counts[label], *counted)})."
        for label, said in list(told.items())[:SAID]
    ]
    if len(told) > SAID:
        rest = several(len(told) - SAID, "other spelling")
        notes.append(f"{rest} of column '{column}' are read as the usual one.")
    values = values.replace(read) if read else values
    return values.mask(values.isin(missing)) if missing else values, notes


def _capitals(label: str) -> tuple[bool, bool]:
    """Return whether all letters of a label are capitals, and whether the first is."""
    said = label.strip()
    return said.isupper(), said[:1].isupper()


def _slips(values: pd.Series, column: str, counted: tuple[str, str]) -> list[str]:
    """Report labels that may be misspelt: one slip away from a more frequent label."""
    counts = _counted(values)
    labels = [label for label in list(counts)[:MOST_LABELS] if len(label) >= SHORTEST]
    often = {label: several(counts[label], *counted) for label in labels}
    return [
        f"'{rare}' of column '{column}' ({often[rare]}) is almost '{usual}' ({often[usual]}): "
        "correct it if it is a misspelling. Until then it "
        "is a separate group."
        for at, rare in enumerate(labels)
        for usual in labels[:at]
        if one_slip_apart(rare, usual)
    ]


_OF_GENDER = (("f", "female", "females", "woman", "women"), ("m", "male", "males", "man", "men"))
"""Words for one gender, as `skeleton` leaves them."""


def _synonyms(values: pd.Series, column: str) -> list[str]:
    """Report words of a column of genders that seem to mean the same."""
    if column not in ("gender", "sex"):
        return []
    labels = list(_counted(values))
    alike = [[one for one in labels if skeleton(one) in words] for words in _OF_GENDER]
    return [
        f"{joined([repr(one) for one in each])} of column '{column}' seem to mean the same. They "
        "are separate groups unless you write them in one way."
        for each in alike
        if len(each) > 1
    ]


def _counted(values: pd.Series) -> dict[str, int]:
    """Return how often each label occurs, the most frequent first, then the first in the file."""
    codes, labels = pd.factorize(values)
    counts = np.bincount(codes[codes >= 0], minlength=len(labels))
    return {str(labels[at]): int(counts[at]) for at in np.argsort(-counts, kind="stable")}


def _speakable(label: str) -> str:
    """Return a label that cannot be confused with a name that tables use."""
    said = re.sub(r"\s+", " ", label.strip()).replace(CROSS, " × ")
    return f"{said} (label)" if said in RESERVED else said


def _short(values: pd.Series) -> tuple[pd.Series, dict[str, str]]:
    """Give long labels a short name that no other label has and that says the same.

    Of "Asian, Asian British or Asian Welsh: Chinese" that is what stands behind the colon; of a
    label without one the shortest beginning that the rest only repeats, and that no other label
    begins with.
    """
    labels = list(map(str, values.dropna().unique()))
    found: dict[str, str] = {}
    if len(labels) > MOST_LABELS or all(len(label) <= LONGEST for label in labels):
        return values, found
    plain = {label: skeleton(label) for label in labels}
    within = [skeleton(_behind_colon(label)) for label in labels]
    for label in labels:
        if len(label) <= LONGEST:
            continue
        others = [plain[other] for other in labels if other != label]
        taken = {*others, *map(skeleton, found), UNKNOWN, *RESERVED}
        short = _behind_colon(label)
        if short:
            own = 1
            if len(short) > LONGEST and re.search("[,/]", short):
                short, own = _of_wider(label, labels), 0
            if within.count(skeleton(short)) == own and skeleton(short) not in taken:
                found[short] = label
            continue
        for end in _ENDS.finditer(label):
            short = label[: end.start()]
            begin = skeleton(short)
            free = begin not in taken and begin not in within
            alone = not any(f"{other} ".startswith(begin) for other in others)
            if begin and free and alone and _repeats(short, label[end.end() :]):
                found[short] = label
                break
    return values.replace({label: short for short, label in found.items()}), found


def _repeats(short: str, rest: str) -> bool:
    """Say whether what follows names the same people again: "Asian" of "Asian or Asian British".

    "Gypsy or Irish Traveller" names two kinds of people, of whom a beginning names one.
    """
    named = skeleton(short).split()[0]
    return named in skeleton(rest).split() or skeleton(rest).startswith("multiple")


def _of_wider(label: str, labels: Sequence[str]) -> str:
    """Return "White", or "White British" beside "White: Irish", of "White: English or British".

    What stands behind the colon is then a list, and does not say to which wider group it belongs.
    """
    wider, _, named = label.partition(":")
    others = [other for other in labels if other != label]
    if not any(skeleton(other).startswith(skeleton(wider)) for other in others):
        return wider.strip()
    return f"{wider.strip()} {re.split(r'[,/]| or ', named)[-1].strip()}"


def _behind_colon(label: str) -> str:
    """Return what a label names within a wider group, as a census writes it; else nothing."""
    _, _, named = label.partition(":")
    return named.strip()
