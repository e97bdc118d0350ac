"""Stage cohort: a folder of pictures in, one row per picture out.

Either every person has a folder (`alice/01.jpg`), or a pattern says which part of a name is the
person (`{subject}_*`). Files that are not pictures are counted, never dropped silently.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from lfr_eval.cohort.problems import Problem
from lfr_eval.contract.spelling import normal, skeleton
from lfr_eval.contract.words import several

HIDDEN = (".", "@eaDir", "__MACOSX", "$RECYCLE.BIN")
"""How files and folders begin that computers make for themselves, such as previews."""
SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm"),
    *(".jp2", ".j2k", ".heic", ".heif", ".avif", ".gif"),
)
"""Endings of pictures. A format that cannot be decoded is reported as a problem, not skipped."""

SHOWN = 5
"""Names of folders in a message."""

ROLES_OF_FOLDERS = {
    **dict.fromkeys(("reference", "references", "enrol", "enroll", "gallery"), "reference"),
    **dict.fromkeys(("probe", "probes", "query", "queries"), "probe"),
}
"""Folders with these names between person and picture give the role of their pictures."""


@dataclass(frozen=True)
class Pictures:
    """The pictures of a folder.

    Attributes
    ----------
    rows
        `path` (relative, with `/`), `subject_id`, `role` (missing if unknown), and one column for
        each further name of the pattern.
    notes, problems
        Files that were left out, and files that cannot be used.
    """

    rows: pd.DataFrame
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]


def find_pictures(
    folder: Path, pattern: str | None = None, reference: str | None = None
) -> Pictures:
    """Find the pictures of a folder and the person of each.

    Parameters
    ----------
    folder
        Folder to search, with all its subfolders.
    pattern
        Form of a path in the folder, such as `{subject}_*`. Further names in braces, such as
        `{camera}`, become columns; `{role}` is the role. Without a pattern, the first folder of
        the path is the person.
    reference
        Pictures whose name contains this are references; all others are probes.
    """
    files = sorted(
        (path for path in folder.rglob("*") if path.is_file()),
        key=lambda path: _natural(path, folder),
    )
    paths, left_out = [], Counter[str]()
    links = [path for path in folder.rglob("*") if path.is_symlink() and path.is_dir()]
    if links:
        left_out["link to a folder"] = len(links)
    for file in files:
        relative = file.relative_to(folder)
        if any(part.startswith(HIDDEN) for part in relative.parts):
            left_out["hidden"] += 1
        elif file.suffix.lower() in SUFFIXES:
            paths.append(relative.as_posix())
        else:
            left_out[file.suffix.lower() or "no ending"] += 1
    notes = []
    if left_out:
        kinds = ", ".join(f"{count} {kind}" for kind, count in left_out.most_common())
        notes.append(f"{several(left_out.total(), 'file')} left out, not pictures: {kinds}.")
    if not paths:
        remedy = "Name the folder that the pictures are in."
        nothing = Problem("no pictures", f"there is no picture in '{folder}'", remedy)
        return Pictures(pd.DataFrame(), tuple(notes), (nothing,))
    rows, problems = [], []
    form = None if pattern is None else _form(pattern)
    if isinstance(form, Problem):
        return Pictures(pd.DataFrame(), tuple(notes), (form,))
    flat = form is None and all("/" not in path for path in paths)
    if flat:
        example = Path(paths[0]).stem
        remedy = (
            f"Say which part of a name such as '{example}' is the person, with --pattern "
            f"'{{subject}}_*' for instance."
        )
        message = "the pictures are in one folder, without a folder for each person"
        return Pictures(pd.DataFrame(), tuple(notes), (Problem("layout", message, remedy),))
    for path in paths:
        told = _by_folder(path) if form is None else _by_pattern(path, form)
        if told is None:
            where = (
                "lies beside the folders of people" if form is None else "does not fit --pattern"
            )
            remedy = "Move it or change the pattern."
            problems.append(Problem("layout", f"the picture {where}", remedy, None, "path", path))
            continue
        if reference is not None:
            named = skeleton(reference) in skeleton(path.rsplit("/", 1)[-1])
            told["role"] = "reference" if named else "probe"
        rows.append({"path": path, **told})
    frame = pd.DataFrame(rows, dtype="string")
    problems += _unknown_roles(frame) if len(frame) else ()
    if form is None and len(frame):
        notes += _below_people(frame)
    if reference is not None and len(frame) and not frame["role"].eq("reference").any():
        remedy = "Give a word that the names of the references contain."
        message = f"no picture's name contains '{reference}'"
        problems.append(Problem("references", message, remedy))
    return Pictures(frame, tuple(notes), tuple(problems))


def _natural(path: Path, folder: Path) -> list[tuple[int, int, str]]:
    """Return a sort key by which picture 2 comes before picture 10."""
    parts = re.split(r"(\d+)", path.relative_to(folder).as_posix())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


def _form(pattern: str) -> re.Pattern[str] | Problem:
    """Return a pattern as a regular expression for paths without their ending."""
    remedy = "Write for instance '{subject}_*' or '{subject}/{camera}/*'."
    names = re.findall(r"\{([^{}]*)\}", pattern)
    wrong = [name for name in names if not re.fullmatch(r"[A-Za-z]\w*", name)]
    if names.count("subject") != 1 or wrong or len(names) != len(set(names)):
        message = f"the pattern '{pattern}' must name {{subject}} once, and every other name once"
        return Problem("pattern", message, remedy)
    bare = (
        re.sub(r"(\.\w+|\.\*)$", "", pattern)
        if Path(pattern).suffix.lower() in SUFFIXES
        else pattern
    )
    parts = re.split(r"(\{\w+\}|\*+)", bare)
    return re.compile("".join(_part(part) for part in parts))


def _part(part: str) -> str:
    if part.startswith("{"):
        return f"(?P<{part[1:-1]}>[^/]+?)"
    if part.startswith("*"):
        return ".*" if len(part) > 1 else "[^/]*"
    return re.escape(part)


def _by_folder(path: str) -> dict[str, str | None] | None:
    person, *between = path.split("/")[:-1] or [""]
    if not person:
        return None
    roles = [ROLES_OF_FOLDERS[one.lower()] for one in between if one.lower() in ROLES_OF_FOLDERS]
    return {"subject_id": normal(person), "role": roles[0] if roles else None}


def _by_pattern(path: str, form: re.Pattern[str]) -> dict[str, str | None] | None:
    found = form.fullmatch(path.rpartition(".")[0])
    if found is None:
        return None
    told: dict[str, str | None] = {name: normal(text) for name, text in found.groupdict().items()}
    role = told.pop("role", None)
    return {
        "subject_id": told.pop("subject"),
        "role": None if role is None else ROLES_OF_FOLDERS.get(role.lower(), role),
        **told,
    }


def _unknown_roles(rows: pd.DataFrame) -> Iterator[Problem]:
    """Yield the words at {role} that mean neither reference nor probe."""
    known = {*ROLES_OF_FOLDERS.values()}
    unknown = rows[rows["role"].notna() & ~rows["role"].isin(known)]
    for word, first in unknown.drop_duplicates("role").set_index("role")["path"].items():
        remedy = (
            f"Rename it to one of {', '.join(ROLES_OF_FOLDERS)}, or give --reference and a pattern "
            "without {role}."
        )
        yield Problem("role", f"the role '{word}' is not known", remedy, None, "path", first)


def _below_people(rows: pd.DataFrame) -> Iterator[str]:
    """Say that folders below those of people may be the people."""
    folders = [path.split("/")[1:-1] for path in rows["path"]]
    below = pd.Series([each[0] if each else None for each in folders], rows.index)
    below = below.where(rows["role"].isna())
    number = below.groupby(rows["subject_id"]).nunique()
    if (number > 1).any():
        person = str(number.idxmax())
        shown = below[rows["subject_id"] == person].dropna().unique()[:SHOWN]
        yield (
            f"{several(int((number > 1).sum()), 'person has', 'people have')} pictures in several "
            f"folders: those of '{person}' are in {', '.join(shown)}. If these folders are people, "
            "give --pattern '*/{subject}/*'."
        )


def with_roles(rows: pd.DataFrame) -> tuple[pd.DataFrame, Iterator[str]]:
    """Give every picture a role. By default, a person's first picture is the reference.

    A person's only picture has the role `both`.
    """
    role = rows["role"].astype("string")
    untold = role.groupby(rows["subject_id"]).transform(lambda own: own.isna().all()).astype(bool)
    first = ~rows["subject_id"].duplicated()
    alone = rows.groupby("subject_id")["path"].transform("size") == 1
    filled = role.mask(untold & first, "reference").mask(untold & ~first, "probe")
    filled = filled.mask(untold & alone, "both").fillna("probe")
    return rows.assign(role=filled), _said(untold, alone, rows)


def _said(untold: pd.Series, alone: pd.Series, rows: pd.DataFrame) -> Iterator[str]:
    if (untold & ~alone).any():
        number = rows.loc[untold & ~alone, "subject_id"].nunique()
        yield (
            f"The first picture of {several(number, 'person', 'people')} is the reference, the "
            "others are probes. Say otherwise with --reference WORD, a part of their names."
        )
    if (untold & alone).any():
        number = int((untold & alone).sum())
        yield (
            f"{several(number, 'person has', 'people have')} one picture only, which is reference "
            "and probe: there is no comparison with themselves."
        )
