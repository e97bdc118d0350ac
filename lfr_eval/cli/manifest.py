"""`lfr-eval manifest`: a folder of pictures and a table of people to a manifest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from lfr_eval.cli.options import OK

if TYPE_CHECKING:
    from lfr_eval.cohort import people_table
    from lfr_eval.cohort.cohort import Cohort

NAME = "manifest.csv"
Column = Annotated[str | None, Parameter(metavar="COLUMN")]


@Parameter(name="*")
@dataclass(frozen=True)
class Columns:
    """Which columns of the table are used."""

    subject: Column = None
    """Column that names the person."""
    gender: Column = None
    """Column of the gender."""
    ethnicity: Column = None
    """Column of the ethnicity."""
    others: Annotated[tuple[str, ...], Parameter(name="--map", metavar="NAME=COLUMN")] = ()
    """A further label and its column; may be repeated."""

    def named(self) -> people_table.Columns:
        """Return them with each further label once."""
        from lfr_eval.cohort import people_table
        from lfr_eval.config import ConfigError

        others = {}
        for word in self.others:
            name, sign, column = word.partition("=")
            if not (sign and name and column) or name in others:
                raise ConfigError(
                    f"--map is '{word}'; give NAME=COLUMN, each NAME once, such as "
                    "'site=Test centre'."
                )
            others[name] = column
        return people_table.Columns(self.subject, self.gender, self.ethnicity, others)


def manifest(
    folder: Path,
    table: Path | None = None,
    /,
    *,
    columns: Columns = Columns(),
    pattern: str | None = None,
    reference: Annotated[str | None, Parameter(metavar="WORD")] = None,
    to: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    replace: bool = False,
) -> int:
    """Make a manifest of pictures and a table of people.

    Pictures lie in a folder for each person (faces/alice/01.jpg). For others, --pattern says how a
    name tells the person ('{subject}_*'; further names in braces become columns). The table has one
    row for each person: CSV with any separator, Excel or Parquet, with columns of any names. Labels
    such as "Prefer not to say" are counted and shown, and never compared.

    Parameters
    ----------
    folder
        Folder of pictures.
    table
        Table of people.
    pattern
        How a name tells the person.
    reference
        Pictures with this in their name are references.
    to
        The manifest; default: manifest.csv in FOLDER.
    replace
        Replace the manifest if it exists.
    """
    from lfr_eval.cohort.gathering import gather, write_manifest
    from lfr_eval.cohort.loading import load_manifest
    from lfr_eval.contract.commands import command, override

    gathered = gather(folder, table, columns.named(), pattern, reference)
    file = to or folder / NAME
    write_manifest(gathered, file, folder, replace)
    cohort = load_manifest(file, templates_only=True)
    for note in (*gathered.notes, *cohort.notes):
        print(f"Note: {note}")
    _summarise(cohort)
    print(f"Manifest: {file}")
    if gathered.unlabelled:
        print(gathered.unlabelled)
        return OK
    place = override("dataset.path", file)
    words = ("dataset=manifest", place, "matcher=facenet", "design=verification", "--dry-run")
    print(f"Next: {command('run', *words)}")
    return OK


def _summarise(cohort: Cohort) -> None:
    from lfr_eval.contract.words import several
    from lfr_eval.study.cells import as_lines, cells_of
    from lfr_eval.study.labels import own_labels, told_factors

    people = cohort.people[~cohort.people["filler"].to_numpy(bool)].drop(columns="filler")
    role = cohort.images["role"].value_counts()
    images = ", ".join(f"{number:,} {name}" for name, number in role.items())
    who, seen = several(len(people), "person", "people"), several(len(cohort.images), "image")
    print(f"\n{who}, {seen}: {images}.")
    told = told_factors(people)
    own = [factor for factor in own_labels(people) if factor != "age_band" or not told]
    if not told and not own:
        print(
            "Nobody has a label, so no groups can be compared. Give a table of people with labels."
        )
    for line in as_lines(cells_of(people, [*told, *own])) if told or own else ():
        print(line)
