"""Stage cohort: a log of recognition opportunities in, the cohort with those passes out.

A live system is tested with people who pass it. The log says who passed, when, at which camera, and
whether a template was made. The manifest says who is on the watchlist, and gives the labels of
people. Nobody passes because of it: its rows of probes give labels only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from lfr_eval.cohort.card import DatasetCard
from lfr_eval.cohort.cohort import Cohort, make_cohort
from lfr_eval.cohort.labels import respelled
from lfr_eval.cohort.manifest import CARD, cohort_table
from lfr_eval.cohort.near_names import near_id
from lfr_eval.cohort.problems import ManifestError, Problem, problems_at
from lfr_eval.cohort.reading import TextTable, read_text_table
from lfr_eval.contract.dates import Order
from lfr_eval.contract.spelling import is_stated, skeleton
from lfr_eval.contract.tables import COHORT
from lfr_eval.contract.words import several

NOBODY = frozenset(
    (
        *("none", "nobody", "no one", "stranger", "unidentified", "unenrolled", "not enrolled"),
        *("unknown person", "unknown subject", "unknown identity", "passer by", "crowd"),
    )
)
"""Words in a log for an unknown person, as `skeleton` leaves them, beside those for no label."""
SOMEBODY = "unknown, pass "
"""How the id of somebody begins of whom only one pass is known."""


def with_passes(
    cohort: Cohort,
    path: Path,
    columns: Mapping[str, str] | None = None,
    dates: Order | None = None,
) -> Cohort:
    """Return the cohort with the passes of a log.

    Parameters
    ----------
    cohort
        The enrolled people and the fillers. Images with the role `probe` give the labels of their
        person and are no passes; those with the role `both` are references.
    path
        CSV or Parquet with `pass_id`, `subject_id` (empty or `unknown` if the person is not known)
        and, where known, `captured_at` or `time`, `camera`, `acquired` (yes or no), and labels of
        people who are not in the manifest. Further columns are conditions of the pass.
    columns
        Other names of columns: our name to the file's.
    dates
        How days are written in numbers; None: as the column shows.

    Raises
    ------
    ManifestMissingError, ManifestError
        If there is no such log, or anything in it cannot be used. The message lists every problem.
    """
    table = _renamed(read_text_table(path), columns or {})
    frame = table.frame.rename(columns={"time": "captured_at"} if _named_time(table) else {})
    needed = [name for name in ("pass_id", "subject_id") if name not in frame]
    if needed or table.problems:
        missing = [
            Problem(
                "missing column",
                "the column is missing",
                "If the log has another name for it, give "
                f"'dataset.pass_columns={{{name}: THEIRS}}'. {table.columns_there}",
                1,
                name,
            )
            for name in needed
        ]
        raise ManifestError(path, [*table.problems, *([] if table.problems else missing)])
    unknown = frame["subject_id"].fillna("").map(_is_unknown).to_numpy(bool)
    # Nobody can say which of them are one person: each counts as somebody else.
    somebody = frame["subject_id"].mask(unknown, SOMEBODY + frame["pass_id"])
    frame = frame.assign(image_id=frame["pass_id"], subject_id=somebody, role="probe")
    labels = respelled(
        TextTable(table.file, frame.astype("string"), table.rows),
        cohort.cards[0],
        ("pass", "passes"),
        {
            str(column): [
                *cohort.people[column].dropna().unique(),
                *cohort.label_names.get(str(column), {}).values(),
            ]
            for column in cohort.people.columns.drop(["filler", CARD], errors="ignore")
        },
    )
    rows = labels.table
    try:
        passes = cohort_table(rows, path.parent, templates_only=True, dates=dates)
    except ManifestError as error:
        raise ManifestError(
            path, [_of_log(one, columns or {}) for one in error.problems]
        ) from error
    watched, notes = _watchlist(cohort.images, passes["subject_id"])
    passes, names = _as_in_manifest(passes, cohort, labels.names)
    passes, problems = _labelled(passes, cohort, watched, rows)
    if problems:
        raise ManifestError(path, problems)
    images = COHORT.conform(pd.concat([watched, passes], ignore_index=True))
    made = make_cohort(images, cohort.root, cohort.cards, simulated=cohort.simulated)
    return replace(
        made,
        cards=(_said(cohort.cards[0], len(passes), int(unknown.sum())), *cohort.cards[1:]),
        other_roots=cohort.other_roots,
        notes=(*cohort.notes, *notes, *(note for note in rows.notes if note not in cohort.notes)),
        label_names=names,
    )


def _is_unknown(name: str) -> bool:
    """Whether a log says that nobody knows who passed."""
    return not name.strip() or not is_stated(name) or skeleton(name) in NOBODY


def _watchlist(images: pd.DataFrame, passed: pd.Series) -> tuple[pd.DataFrame, list[str]]:
    """Return the images on the watchlist, and what is said of those that only give labels."""
    role, notes = images["role"], []
    both, only = images[role == "both"], images[role == "probe"]
    if len(both):
        notes.append(
            f"{several(len(both), 'row')} of the manifest with the role both put people on the "
            "watchlist only: passes come from the log of passes."
        )
    if len(only):
        absent = only.loc[~only["subject_id"].isin(passed), "subject_id"].nunique()
        notes.append(
            f"{several(len(only), 'row')} of the manifest with the role probe give labels only: "
            "passes come from the log of passes."
            + f" {several(absent, 'person', 'people')} in these rows never passed."
            * bool(absent)
        )
    watched = images[role != "probe"]
    return watched.assign(role=watched["role"].replace("both", "reference")), notes


def _renamed(table: TextTable, columns: Mapping[str, str]) -> TextTable:
    """Return a log with its columns renamed, and a problem for each name that it lacks."""
    frame = table.frame
    if table.problems and frame.columns.empty:
        return table
    missing = tuple(
        Problem(
            "missing column",
            f"dataset.pass_columns gives '{theirs}' for '{ours}', but the log of passes has no "
            "such column",
            table.columns_there,
            row=1,
            column=theirs,
        )
        for ours, theirs in columns.items()
        if theirs not in frame
    )
    found = {ours: frame[theirs] for ours, theirs in columns.items() if theirs in frame}
    others = frame.drop(columns=[name for name in frame if name in {*found, *columns.values()}])
    return replace(table, frame=others.assign(**found), problems=(*table.problems, *missing))


def _of_log(problem: Problem, columns: Mapping[str, str]) -> Problem:
    """Return a problem of the images that passes are read as, in the words of their log."""
    names = {**columns, "image_id": columns.get("pass_id", "pass_id")}
    names["captured_at"] = columns.get("time", columns.get("captured_at", "captured_at"))

    def said(text: str) -> str:
        text = re.sub(
            r"\b(image_id|pass_id|subject_id)\b", lambda name: names.get(name[0], name[0]), text
        )
        return re.sub(r"\bimage\b", "pass", text)

    column = None if problem.column is None else names.get(problem.column, problem.column)
    return replace(
        problem, column=column, message=said(problem.message), remedy=said(problem.remedy)
    )


def _named_time(table: TextTable) -> bool:
    return "time" in table.frame and "captured_at" not in table.frame


def _as_in_manifest(
    passes: pd.DataFrame, cohort: Cohort, own: Mapping[str, Mapping[str, str]]
) -> tuple[pd.DataFrame, dict[str, Mapping[str, str]]]:
    """Give a label of passes the name that the manifest has for it, short or long.

    Returns the passes, and the short names and full labels of both.
    """
    names = dict(cohort.label_names)
    columns = {}
    for column in passes.columns.intersection(cohort.people.columns.union(list(own))):
        known = cohort.people[column].dropna().unique() if column in cohort.people else ()
        usual = {skeleton(str(label)): str(label) for label in known}
        usual |= {skeleton(full): short for short, full in names.get(column, {}).items()}
        renamed, added = {}, {}
        for label in map(str, passes[column].dropna().unique()):
            full = own.get(column, {}).get(label)
            if (meant := usual.get(skeleton(full or label))) is not None:
                renamed[label] = meant
            elif full is not None and skeleton(label) in usual:
                renamed[label] = full
            elif full is not None:
                added[label] = full
        columns[column] = passes[column].astype("string").replace(renamed)
        if added:
            names[column] = {**names.get(column, {}), **added}
    return passes.assign(**columns), names


def _labelled(
    passes: pd.DataFrame, cohort: Cohort, watched: pd.DataFrame, table: TextTable
) -> tuple[pd.DataFrame, list[Problem]]:
    """Add the manifest's labels of people to their passes, and find contradictions."""
    people = cohort.people
    person = passes["subject_id"]
    enrolled = watched.loc[watched["role"] != "filler", "subject_id"]
    filler = person.isin(watched["subject_id"]) & ~person.isin(enrolled)
    problems = problems_at(
        filler,
        table.rows,
        "subject_id",
        person,
        "filler who passes",
        "the manifest says that this person is on the watchlist only",
        "Give the person's image the role 'reference', since they pass.",
    )
    problems += problems_at(
        passes["image_id"].isin(watched["image_id"]),
        table.rows,
        "pass_id",
        passes["pass_id"],
        "pass named like an image",
        "an image of the manifest has this name",
        "Give the pass another name.",
    )
    problems += _written_otherwise(person, people.index, table)
    columns = {}
    for name in people.columns.drop(["filler", CARD], errors="ignore"):
        told = person.map(people[name])
        given = passes[name] if name in passes else pd.Series(pd.NA, passes.index, "string")
        given = given.astype("string")
        problems += problems_at(
            given.notna() & told.notna() & (given != told.astype("string")),
            table.rows,
            str(name),
            given,
            "label unlike the manifest's",
            "the manifest has another label for this person",
            "Correct one of them, or leave the cell empty.",
        )
        columns[name] = given.fillna(told.astype("string"))
    columns[CARD] = pd.Series(cohort.cards[0].name, passes.index, "string")
    return passes.assign(**columns), problems


def _written_otherwise(person: pd.Series, known: pd.Index, table: TextTable) -> list[Problem]:
    """Find people of the log whom the manifest seems to name in another spelling.

    They would count as somebody else who is not enrolled, and their alerts as false.
    """
    others = set(person[~person.isin(known) & ~person.str.startswith(SOMEBODY)])
    if not others:
        return []
    meant = {near_id(str(name)): str(name) for name in known}
    found = {name: theirs for name in others if (theirs := meant.get(near_id(name)))}
    where = person.isin(found)
    return problems_at(
        where,
        table.rows,
        "subject_id",
        person,
        "person written in two ways",
        [f"the manifest has '{found[name]}'" for name in person[where]],
        "Write the id of one person in one way. If they are two people, give one of them another "
        "id.",
    )


def _said(card: DatasetCard, passes: int, unknown: int) -> DatasetCard:
    """Return the card with a limit about passes of unknown people."""
    if not unknown:
        return card
    said = (
        f"The log does not say who passed in {unknown:,} of {several(passes, 'pass', 'passes')}. "
        "Each of these counts as a different person who is not on the watchlist, although some may "
        "be the same person, or on the watchlist."
    )
    return replace(card, limits=(*card.limits, said))
