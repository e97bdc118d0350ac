"""`lfr-eval manifest`: a folder of pictures and a table of people to a manifest."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lfr_eval.cohort.cohort import Cohort
    from lfr_eval.cohort.gathering import Columns

NAME = "manifest.csv"

EPILOG = """\
Pictures lie in a folder for each person (faces/alice/01.jpg); for others, --pattern says how a
name tells the person ('{subject}_*', further names in braces become columns). The table has one row
for each person: CSV with any separator, Excel or Parquet, with columns of any names. Labels such as
"Prefer not to say" are counted and shown, and never compared."""


def add_manifest(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.set_defaults(command=manifest)
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="of pictures")
    parser.add_argument("table", metavar="TABLE", nargs="?", type=Path, help="of people")
    parser.add_argument("--subject", metavar="COLUMN", help="names the person")
    parser.add_argument("--gender", metavar="COLUMN", help="of the table")
    parser.add_argument("--ethnicity", metavar="COLUMN", help="of the table")
    parser.add_argument(
        "--map",
        metavar="NAME=COLUMN",
        action="append",
        default=[],
        help="a further label and its column; may be repeated",
    )
    parser.add_argument("--pattern", metavar="PATTERN", help="how a name tells the person")
    parser.add_argument(
        "--reference", metavar="WORD", help="pictures with this in their name are references"
    )
    parser.add_argument("--to", metavar="FILE", type=Path, help=f"default: FOLDER/{NAME}")
    parser.add_argument("--replace", action="store_true", help="replace the file, if it exists")


def manifest(parsed: argparse.Namespace) -> int:
    """Write a manifest and say who is in it."""
    from lfr_eval.cohort.gathering import gather, write_manifest
    from lfr_eval.cohort.loading import load_manifest

    gathered = gather(
        parsed.folder, parsed.table, _columns(parsed), parsed.pattern, parsed.reference
    )
    file = parsed.to or parsed.folder / NAME
    write_manifest(gathered, file, parsed.folder, parsed.replace)
    cohort = load_manifest(file, templates_only=True)
    for note in (*gathered.notes, *cohort.notes):
        print(f"Note: {note}")
    _summarise(cohort)
    print(f"Manifest: {file}")
    path = f"dataset.path={file}" if _plain(file) else f"dataset.path='{file}'"
    words = ["lfr-eval", "run", "dataset=manifest", path, "matcher=facenet", "design=verification"]
    print(f"Next: {shlex.join([*words, '--dry-run'])}")
    return 0


def _columns(parsed: argparse.Namespace) -> Columns:
    from lfr_eval.cohort.gathering import Columns
    from lfr_eval.config import ConfigError

    others = {}
    for word in parsed.map:
        name, sign, column = word.partition("=")
        if not (sign and name and column) or name in others:
            raise ConfigError(
                f"--map is '{word}'; give NAME=COLUMN, each NAME once, such as 'site=Test centre'."
            )
        others[name] = column
    return Columns(parsed.subject, parsed.gender, parsed.ethnicity, others)


def _plain(file: Path) -> bool:
    return all(mark.isascii() and (mark.isalnum() or mark in "/._-") for mark in str(file))


def _summarise(cohort: Cohort) -> None:
    from lfr_eval.contract import defaults
    from lfr_eval.contract.words import several
    from lfr_eval.study.cells import as_lines, cells_of
    from lfr_eval.study.labels import own_labels

    people = cohort.people[~cohort.people["filler"].to_numpy(bool)].drop(columns="filler")
    role = cohort.images["role"].value_counts()
    images = ", ".join(f"{number:,} {name}" for name, number in role.items())
    who, seen = several(len(people), "person", "people"), several(len(cohort.images), "image")
    print(f"\n{who}, {seen}: {images}.")
    told = [
        factor
        for factor in defaults.FACTORS
        if all(people[part].notna().any() for part in factor.split(" x "))
    ]
    own = [factor for factor in own_labels(people) if factor != "age_band" or not told]
    for line in as_lines(cells_of(people, [*told, *own])):
        print(line)
