"""`lfr-eval deployments`: published records as a person works with them; nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from cyclopts import Parameter

from lfr_eval.cli.options import OK, commands
from lfr_eval.contract.commands import command
from lfr_eval.contract.defaults import ALPHA
from lfr_eval.contract.words import rate_in, several

if TYPE_CHECKING:
    import pandas as pd

ALARM = 3

app = commands("deployments", "Import, check, report and monitor published records of deployments.")

Records = Annotated[Path, Parameter(name="RECORDS", help="A file that `import` wrote.")]
Corrections = Annotated[
    Path | None,
    Parameter(metavar="FILE", help="Confirmed ones; default: beside RECORDS, as .corrections.csv."),
]
Shares = Annotated[
    tuple[str, ...],
    Parameter(
        name="--share",
        metavar="GROUP=SHARE",
        help="Assumed share of a group among the faces seen: Black=0.135; may be repeated.",
    ),
]


@app.command(name="import")
def import_(
    files: tuple[Path, ...],
    /,
    *,
    to: Path,
    headings: Annotated[tuple[str, ...], Parameter(name="--map", metavar="HEADING=FIELD")] = (),
    dates: Literal["day-first", "month-first"] | None = None,
    sheet: tuple[str, ...] = (),
    force: Annotated[tuple[str, ...], Parameter(metavar="[FILE=]NAME")] = (),
    blank: Annotated[tuple[str, ...], Parameter(metavar="[FILE=]CHOICE")] = (),
) -> int:
    """Read published records into one table.

    The files are PDF grids, CSV files, workbooks, and folders that the live engine wrote. No study
    and no fingerprint is needed.

    Parameters
    ----------
    files
        Published records, or folders of deployments.
    to
        The table to write, a .parquet file.
    headings
        What a heading means, where it is not understood. FIELD 'skip' leaves it out.
    dates
        How the files write 02/03/2024. Default: day first; a file that shows otherwise is refused.
    sheet
        Name of a sheet of a workbook that holds deployments; may be repeated. Default: all sheets
        with headings and days, if their headings agree.
    force
        The police force or body whose deployments the files hold, or one file: --force "Kent" or
        --force kent.csv="Kent". Records of several forces are reported force by force.
    blank
        What empty cells and dashes mean in columns of counts, zero or missing, in all files or one:
        --blank kent.csv=zero. Default: missing; a file is refused if a column has such cells and no
        0.
    """
    from lfr_eval.deployments import check_records, import_records, write_records
    from lfr_eval.deployments.blanks import Blanks

    mapping = dict(_pairs(headings, "--map", "HEADING=FIELD"))
    form = "zero or missing, or FILE=zero"
    blanks: dict[str, Blanks] = {}
    for name, said in _by_file(blank, "--blank", form).items():
        known = next((each for each in get_args(Blanks) if each == said), None)
        if known is None:
            raise _wrong("--blank", form, said)
        blanks[name] = known
    found = import_records(
        files,
        mapping,
        None if dates is None else dates == "month-first",
        sheet,
        _by_file(force, "--force", "NAME or FILE=NAME"),
        blanks,
    )
    write_records(found.records, to)
    for source, part in found.records.groupby("source", sort=False):
        days = part["date"].dropna()
        span = f", {days.min()} to {days.max()}" if len(days) else ""
        print(f"{source}: {several(len(part), 'deployment')}{span}")
    for each in found.passed_over:
        print(f"Note: {each}.")
    if len(found.records["source"].unique()) > 1 and found.records["force"].isna().any():
        print('Note: not every file says whose deployments it holds: --force "NAME", or FILE=NAME.')
    doubts = len(check_records(found.records))
    print(f"{to}: {several(len(found.records), 'record')}. {several(doubts, 'doubt')}", end="")
    print(f": {command('deployments', 'check', to)}" if doubts else ".")
    return OK


@app.command
def check(records: Records, /, *, corrections: Corrections = None, write: bool = False) -> int:
    """List what looks wrong in records, and why.

    Examples are days that break the sequence, numbers that do not add up, and printed rates that do
    not follow from their counts. Nothing is changed before you confirm it.

    Parameters
    ----------
    write
        Write the suggestions to the file of corrections, for you to confirm.
    """
    from lfr_eval.contract.columns import aligned
    from lfr_eval.deployments import check_records
    from lfr_eval.deployments.corrections import corrections_path, write_suggestions

    found, said = _read(records, corrections, write)
    doubts = check_records(found)
    rows = [
        (row["record_id"] or row["source"], row["check"], row["value"], row["reason"])
        for row in doubts.fillna("").astype(str).to_dict("records")
    ]
    if rows:
        print("\n".join(aligned(("record", "check", "value", "reason"), rows)))
    for each in said:
        print(f"Corrected: {each}")
    print(f"{several(len(doubts), 'doubt')} in {several(len(found), 'record')}.")
    if write:
        path = corrections or corrections_path(records)
        number = write_suggestions(doubts, path)
        print(f"{path}: {number} rows. Write yes and your name beside each one that is right.")
    return OK


@Parameter(name="*")
@dataclass(frozen=True)
class Asked:
    """What an annual report is about."""

    since: Annotated[str | None, Parameter(name="--from", metavar="DATE")] = None
    """First day, as 2024-09-01."""
    until: Annotated[str | None, Parameter(metavar="DATE")] = None
    """Last day."""
    title: str | None = None
    """Title of the report."""


@app.command
def report(
    records: Records,
    /,
    *,
    to: Path,
    asked: Asked = Asked(),
    stated: Annotated[
        tuple[str, ...], Parameter(name="--false-alerts", metavar="GROUP=N/ALL")
    ] = (),
    shares: Shares = (),
    corrections: Corrections = None,
) -> int:
    """Write the annual report: a page, a PDF, and the tables behind every figure.

    Confirmed corrections that stand beside the records are used and listed.

    Parameters
    ----------
    to
        Folder of the report.
    stated
        False alerts of a group among all, known from elsewhere: Black=8/10; may be repeated.
    """
    from lfr_eval.deployments.annual import Annual, write_annual
    from lfr_eval.deployments.annual.writing import in_period
    from lfr_eval.deployments.street import false_alerts_said

    found, said = _read(records, corrections)
    counts = {}
    for group, text in _pairs(stated, "--false-alerts", "GROUP=N/ALL"):
        mine, slash, total = text.partition("/")
        if not slash or not mine.isdecimal() or not total.isdecimal():
            raise _wrong("--false-alerts", "GROUP=N/ALL", f"{group}={text}")
        counts[group] = (int(mine), int(total))
    annual = Annual(
        since=_day(asked.since, "--from"),
        until=_day(asked.until, "--until"),
        stated=counts,
        shares=_numbers(shares),
        corrections=said,
        **({"title": asked.title} if asked.title else {}),
    )
    for path in write_annual(found, annual, to):
        print(path)
    held = in_period(found, annual)
    for group, (of_group, every) in counts.items():
        if every > held["false_alerts"].sum():
            print(
                f"Note: --false-alerts {group}={of_group}/{every} is of {every:,} false alerts, "
                f"but the records of the period hold {false_alerts_said(held)}. Check that both "
                "count the same."
            )
    return OK


@Parameter(name="*")
@dataclass(frozen=True)
class Limit:
    """What raises an alarm."""

    limit: str
    """Highest acceptable rate of false alerts, such as 1/1000, 0.1% or 0.001."""
    per: Literal["face", "alert", "hour"] = "face"
    """What the rate counts."""
    alpha: float = ALPHA
    """Largest chance that any of the questions ever raises a false alarm."""


@app.command
def monitor(
    records: Records,
    /,
    *,
    limit: Limit,
    study: Path | None = None,
    to: Path | None = None,
    shares: Shares = (),
    corrections: Corrections = None,
) -> int:
    """Ask after each deployment whether false alerts have become too frequent.

    You may look as often as you like: the chance of a false alarm, ever, stays below --alpha. Exit
    status 3: an alarm.

    Parameters
    ----------
    study
        A study folder: also compare with its FPIR.
    to
        Write a page as well, an .html file.
    """
    from lfr_eval.deployments.watching import raised_at, watch, write_watch

    rate = rate_in(limit.limit)
    if math.isnan(rate):
        raise _wrong("--limit", "a rate such as 1/1000, 0.1% or 0.001", limit.limit)
    found, _ = _read(records, corrections)
    alarms = watch(
        found,
        rate,
        f"per {limit.per}",
        limit.alpha,
        shares=_numbers(shares),
        study=study,
    )
    for alarm in alarms:
        print(("ALARM: " if alarm.raised else "") + alarm.sentence)
    print(raised_at(alarms))
    if to:
        write_watch(alarms, to)
        print(to)
    return ALARM if any(alarm.raised for alarm in alarms) else OK


def _read(
    records: Path, corrections: Path | None, new: bool = False
) -> tuple[pd.DataFrame, list[str]]:
    """Return the records with their confirmed corrections, and these in sentences.

    Parameters
    ----------
    new
        Whether the file of corrections may still have to be written.
    """
    from lfr_eval.contract.reading import why_no_file
    from lfr_eval.deployments import read_records
    from lfr_eval.deployments.corrections import corrected, corrections_path
    from lfr_eval.deployments.grid import DeploymentError

    found = read_records(records)
    path = corrections or corrections_path(records)
    if path.is_file():
        return corrected(found, path)
    if corrections and not new:
        raise DeploymentError(f"{path} {why_no_file(path)}.")
    return found, []


def _pairs(given: Sequence[str], option: str, form: str) -> list[tuple[str, str]]:
    pairs = []
    for each in given:
        name, equals, value = each.rpartition("=")
        if not equals or not name.strip():
            raise _wrong(option, form, each)
        pairs.append((name.strip(), value.strip()))
    return pairs


def _by_file(given: Sequence[str], option: str, form: str) -> dict[str, str]:
    found = {}
    for each in given:
        name, _, said = each.rpartition("=")
        if not said.strip() or (not name.strip() and "=" in each):
            raise _wrong(option, form, each)
        found[name.strip()] = said.strip()
    return found


def _numbers(given: Sequence[str]) -> dict[str, float]:
    numbers = {}
    for name, value in _pairs(given, "--share", "GROUP=SHARE"):
        try:
            numbers[name] = float(value)
        except ValueError:
            raise _wrong("--share", "GROUP=SHARE", f"{name}={value}") from None
    return numbers


def _day(text: str | None, option: str) -> str | None:
    from lfr_eval.contract.dates import day
    from lfr_eval.contract.reading import ValueUnreadable

    if text is None:
        return None
    try:
        read = day(text)
    except ValueUnreadable:
        read = None
    if read is None:
        raise _wrong(option, "a day such as 2024-09-01", text)
    return read.isoformat()


def _wrong(option: str, form: str, given: str) -> Exception:
    from lfr_eval.deployments.grid import DeploymentError

    return DeploymentError(f"{option} takes {form}, not '{given}'.")
