"""Publication: a sealed study folder in, a folder that may be handed to anybody out.

The study's tables are protected first and the report is drawn from the protected ones, in a folder
that holds nothing else: what the report never saw, it cannot show.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd

from lfr_eval.contract.folder import (
    BRIEF,
    CONFORMANCE,
    PDF,
    PROVENANCE,
    REPORT,
    REPORTS,
    STUDY,
    FolderError,
    StudyFolder,
    sha256_of,
    write_json,
    write_text,
)
from lfr_eval.contract.record import StudyRecord
from lfr_eval.contract.spreadsheets import csv_text
from lfr_eval.contract.tables import ACQUISITION, COHORT, EQUITY, FINDINGS, PEOPLE, RATES, Table
from lfr_eval.contract.tables.schema import TEXT
from lfr_eval.finished.publishing.counts import Groups
from lfr_eval.finished.publishing.linked import PublicationError
from lfr_eval.finished.publishing.record import LEFT_OUT, published_provenance, published_record
from lfr_eval.finished.publishing.rule import Rule
from lfr_eval.finished.publishing.tables import Published, marked, publish_tables
from lfr_eval.report import render
from lfr_eval.report.people import count_people
from lfr_eval.report.withheld import ATTEMPTED
from lfr_eval.report.words import clean

PUBLICATION, README = "publication.json", "README.md"
DEFAULT_MINIMUM = 5
HELD = ("rates", "people", "findings", "equity")
FILES = (
    *(REPORT, BRIEF, PDF, CONFORMANCE, README, PUBLICATION),
    *(f"{name}.csv" for name in HELD),
)


def publish_study(study: StudyFolder, to: Path, minimum: int | None = None) -> Path:
    """Write a publication of a study; return its folder.

    Parameters
    ----------
    study
        A finished study; it is only read.
    to
        A folder that does not exist yet, is empty, or holds an earlier publication.
    minimum
        Counts from 1 to below it are withheld; by default what the study's configuration says,
        `report.minimum_count`.

    Raises
    ------
    FolderError
        If the study is not as it was sealed, or `to` holds something else.
    PublicationError
        If the minimum is no minimum, or the study cannot be protected.
    """
    _check_place(study, to)
    study.check_whole(REPORTS)
    least = _minimum(study) if minimum is None else minimum
    if least < 2:
        raise PublicationError(
            f"The minimum must be at least 2: counts from 1 to below it are withheld. Got {least}."
        )
    record = study.record()
    published = _protect(study, record, least)
    made = published_record(record, published.thresholds)
    about = _about(study.study_hash(), least, published)
    with tempfile.TemporaryDirectory() as place:
        room = Path(place)
        drawn, kept = room / "drawn", room / "kept"
        drawn.mkdir()
        kept.mkdir()
        for name, frame in _frames(published).items():
            frame.to_parquet(drawn / f"{name}.parquet", index=False)
            shown = marked(frame) if name in ("rates", "people") else frame
            write_text(kept / f"{name}.csv", csv_text(shown, end="\r\n"))
        write_json(drawn / STUDY, made.content())
        write_json(drawn / PROVENANCE, published_provenance(study.provenance(), study.study_hash()))
        write_json(drawn / PUBLICATION, about)
        render(drawn, destination=kept / REPORT, papers=("brief", "report"))
        write_text(kept / README, _readme(made, about))
        hashes = {path.name: sha256_of(path) for path in sorted(kept.iterdir())}
        write_json(kept / PUBLICATION, {**about, "files": hashes})
        _put(kept, to)
    return to


def _check_place(study: StudyFolder, to: Path) -> None:
    here, there = study.path.resolve(), to.resolve()
    if there == here or here in there.parents:
        raise FolderError(f"{to} lies in the study folder: a publication stands outside of it.")
    if to.exists() and not to.is_dir():
        raise FolderError(f"{to} is a file: name a folder.")
    held = {path.name for path in to.iterdir()} if to.is_dir() else set()
    foreign = sorted(held - set(FILES))
    if held and (PUBLICATION not in held or foreign):
        named = f", such as {foreign[0]}" if foreign else ""
        raise FolderError(f"{to} holds what is no publication{named}: name a new folder.")


def _minimum(study: StudyFolder) -> int:
    """Return the minimum that the study was configured with; older studies had none."""
    report = study.provenance().config.get("report")
    given = report.get("minimum_count") if isinstance(report, Mapping) else None
    return DEFAULT_MINIMUM if given is None else int(str(given))


def _protect(study: StudyFolder, record: StudyRecord, minimum: int) -> Published:
    cohort = _cleaned(study, COHORT)
    counted = count_people(cohort, None, None, record.factors, record.conditions)
    people = pd.DataFrame([asdict(group) for group in counted.groups])[PEOPLE.names]
    published = publish_tables(
        _cleaned(study, RATES),
        _cleaned(study, FINDINGS),
        _cleaned(study, EQUITY) if study.file(EQUITY).is_file() else None,
        Groups(PEOPLE.conform(people), cohort, tuple(record.conditions)),
        Rule(minimum, tuple(record.thresholds.tabulated)),
        study.read(ACQUISITION)["acquired"].to_numpy(bool),
    )
    return replace(published, unknown=counted.unknown)


def _cleaned(study: StudyFolder, table: Table) -> pd.DataFrame:
    """Read a table, its labels as the report prints them, so that groups meet under one name."""
    frame = study.read(table)
    of_text = {column.name for column in table.columns if column.dtype == TEXT}
    for name in frame.columns:
        if name in of_text or not pd.api.types.is_numeric_dtype(frame[name]):
            values = frame[name]
            names = {value: clean(str(value)) for value in values.dropna().unique()}
            frame[name] = values.map(names).astype("string")
    return frame


def _frames(published: Published) -> dict[str, pd.DataFrame]:
    frames = {name: getattr(published, name) for name in HELD}
    return {name: frame for name, frame in frames.items() if frame is not None}


def _about(study_hash: str, minimum: int, published: Published) -> dict[str, Any]:
    return {
        "study_hash": study_hash,
        "minimum": minimum,
        "thresholds": list(published.thresholds),
        "tables": {name: asdict(tally) for name, tally in published.tallies.items()},
        "left_out": list(LEFT_OUT),
        "higher": dict(published.higher),
        "attempted": list(published.attempted),
        "rests_on_few": list(published.rests_on_few),
        "unknown": published.unknown,
    }


def _readme(record: StudyRecord, about: Mapping[str, Any]) -> str:
    minimum = about["minimum"]
    rows = [
        f"| {name} | {tally['rows']:,} | {tally['small']:,} | {tally['further']:,} |"
        for name, tally in about["tables"].items()
    ]
    title = " ".join(record.title.split())
    return "\n".join(
        [
            "# A published study",
            "",
            f"    {title}",
            "",
            "Everybody may read and share this folder. It is not the study itself. Whoever holds "
            "the full study can check that it is unchanged, with `lfr-eval verify`.",
            "",
            f"Study hash: `{about['study_hash']}`",
            "",
            f"**The rule.** Counts from 1 to {minimum - 1} are withheld: numbers of people, "
            "passes, comparisons, errors, and trials without an error. Whatever is computed from "
            "them is withheld too. Further counts are withheld so that nobody can work out a small "
            "one from the sums over groups or from neighbouring thresholds: as far as these tell, "
            f"each small count could be 0 or {minimum}. A count of 0 is published.",
            "",
            *([ATTEMPTED, ""] if about["attempted"] else []),
            "| table | rows | with a small number withheld | with only other numbers withheld |",
            "|---|---|---|---|",
            *rows,
            "",
            "Nothing here says which of the withheld numbers are small. The column `withheld` of "
            "`rates.csv` and `people.csv` names what is withheld in each row. In `findings.csv`, "
            "the verdict shows which comparisons are withheld. Withheld measures have no row in "
            "`equity.csv`.",
            "",
            "**Not in this folder:**",
            "",
            *(f"- {sentence}" for sentence in about["left_out"]),
            "",
        ]
    )


def _put(made: Path, to: Path) -> None:
    """Move the files to their folder; an earlier publication gives way."""
    if not to.exists():
        to.mkdir(parents=True)
        to.chmod(0o755)
    for name in FILES:
        (to / name).unlink(missing_ok=True)
    for path in sorted(made.iterdir()):
        shutil.move(path, to / path.name)
        # A publication is for everybody, whatever this person's files are.
        (to / path.name).chmod(0o644)
