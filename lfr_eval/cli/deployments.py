"""`lfr-eval deployments`: published records as a person works with them; nothing else."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lfr_eval.cli.actions import added

if TYPE_CHECKING:
    import pandas as pd

    from lfr_eval.cli.actions import Subparsers

OK, FAILED, ALARM = 0, 1, 3

IMPORT = """Read published records of deployments into one table: PDF grids, CSV files, workbooks,
and folders that the live engine wrote. No study and no fingerprint is needed."""
CHECK = """List what looks wrong in records, and why: days that break the sequence, numbers that do
not add up, printed rates that do not follow from their counts, and others. With --write, the
suggestions go into a file for you to confirm; nothing is changed before that."""
REPORT = """Write the annual report of records: a page, a PDF, and the tables behind every figure.
Confirmed corrections that stand beside the records are used and listed."""
MONITOR = """Ask after each deployment whether false alerts have become too frequent. You may look
as often as you like: the chance of a false alarm, ever, stays below --alpha. Exit status 3: an
alarm."""


def add_records(commands: Subparsers) -> None:
    """Add `deployments` with its actions."""
    actions = commands.add_parser(
        "deployments",
        help="published records of deployments: import, check, report, monitor",
        description="Work with published records of deployments; no study is needed.",
    ).add_subparsers(required=True, metavar="ACTION")

    imported = added(actions, "import", "read published records into one table", _import, IMPORT)
    imported.add_argument("files", nargs="+", type=Path, metavar="FILE")
    imported.add_argument("--to", required=True, type=Path, metavar="RECORDS.parquet")
    imported.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="HEADING=FIELD",
        help="what a heading means, where it is not understood; FIELD 'skip' leaves it out",
    )

    checked = added(actions, "check", "list what looks wrong in records", _check, CHECK)
    _records(checked)
    checked.add_argument("--write", action="store_true", help="write the suggestions to a file")

    reported = added(actions, "report", "write the annual report", _report, REPORT)
    _records(reported)
    reported.add_argument("--to", required=True, type=Path, metavar="FOLDER")
    reported.add_argument("--from", dest="since", metavar="DATE", help="first day, as 2024-09-01")
    reported.add_argument("--until", metavar="DATE", help="last day")
    reported.add_argument("--title", help="above the report")
    reported.add_argument(
        "--false-alerts",
        action="append",
        default=[],
        metavar="GROUP=N/ALL",
        help="false alerts of a group among all, known from elsewhere: Black=8/10",
    )
    _shares(reported)

    watched = added(
        actions, "monitor", "raise an alarm if false alerts are frequent", _monitor, MONITOR
    )
    _records(watched)
    watched.add_argument(
        "--limit", type=float, required=True, help="highest acceptable rate: 0.001"
    )
    watched.add_argument(
        "--per", choices=("face", "alert", "hour"), default="face", help="default: face"
    )
    watched.add_argument("--alpha", type=float, default=0.05, help="default: 0.05")
    watched.add_argument("--study", type=Path, help="also compare with a study's FPIR")
    watched.add_argument("--to", type=Path, metavar="PAGE.html", help="write a page as well")
    _shares(watched)


def _records(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("records", type=Path, metavar="RECORDS.parquet")
    parser.add_argument(
        "--corrections", type=Path, metavar="FILE", help="default: RECORDS.corrections.csv"
    )


def _shares(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--share",
        action="append",
        default=[],
        metavar="GROUP=SHARE",
        help="an assumed share of a group among the faces seen: Black=0.135",
    )


def _import(parsed: argparse.Namespace) -> int:
    from lfr_eval.deployments import check_records, import_records, write_records
    from lfr_eval.deployments.grid import DeploymentError

    mapping: dict[str, str] = {}
    for each in parsed.map:
        heading, equals, field = each.rpartition("=")
        if not equals or not heading:
            raise DeploymentError(f"--map takes HEADING=FIELD, not '{each}'.")
        mapping[heading] = field.strip()
    found = import_records(parsed.files, mapping)
    write_records(found.records, parsed.to)
    for source, part in found.records.groupby("source", sort=False):
        days = part["date"].dropna()
        span = f", {days.min()} to {days.max()}" if len(days) else ""
        print(f"{source}: {len(part)} deployments{span}")
    for each in found.passed_over:
        print(f"Note: {each}.")
    doubts = len(check_records(found.records))
    print(f"{parsed.to}: {len(found.records)} records. {doubts} doubts", end="")
    print(f": lfr-eval deployments check {parsed.to}" if doubts else ".")
    return OK


def _check(parsed: argparse.Namespace) -> int:
    from lfr_eval.deployments import check_records
    from lfr_eval.deployments.corrections import corrections_path, write_suggestions

    records, said = _read(parsed)
    doubts = check_records(records)
    for row in doubts.fillna("").to_dict("records"):
        value = f" '{row['value']}'" if row["value"] else ""
        print(f"{row['record_id'] or row['source']}: {row['check']}{value}: {row['reason']}")
    for each in said:
        print(f"Corrected: {each}")
    print(f"{len(doubts)} doubts in {len(records)} records.")
    if parsed.write:
        path = parsed.corrections or corrections_path(parsed.records)
        number = write_suggestions(doubts, path)
        print(f"{path}: {number} rows. Write yes and your name beside each one that is right.")
    return OK


def _report(parsed: argparse.Namespace) -> int:
    from lfr_eval.deployments.annual import Annual, write_annual

    records, said = _read(parsed)
    stated = {}
    for group, text in _pairs(parsed.false_alerts, "--false-alerts", "GROUP=N/ALL"):
        mine, slash, total = text.partition("/")
        if not slash or not mine.isdigit() or not total.isdigit():
            raise _wrong("--false-alerts", "GROUP=N/ALL", f"{group}={text}")
        stated[group] = (int(mine), int(total))
    asked = Annual(
        since=_day(parsed.since, "--from"),
        until=_day(parsed.until, "--until"),
        stated=stated,
        shares=_numbers(parsed.share),
        corrections=said,
        **({"title": parsed.title} if parsed.title else {}),
    )
    for path in write_annual(records, asked, parsed.to):
        print(path)
    return OK


def _monitor(parsed: argparse.Namespace) -> int:
    from lfr_eval.deployments.watching import watch, write_watch

    records, _ = _read(parsed)
    alarms = watch(
        records,
        parsed.limit,
        f"per {parsed.per}",
        parsed.alpha,
        shares=_numbers(parsed.share),
        study=parsed.study,
    )
    for alarm in alarms:
        print(("ALARM: " if alarm.raised else "") + alarm.sentence)
    if parsed.to:
        write_watch(alarms, parsed.to)
        print(parsed.to)
    return ALARM if any(alarm.raised for alarm in alarms) else OK


def _read(parsed: argparse.Namespace) -> tuple[pd.DataFrame, list[str]]:
    """Return the records with their confirmed corrections, and these in sentences."""
    from lfr_eval.deployments import read_records
    from lfr_eval.deployments.corrections import corrected, corrections_path
    from lfr_eval.deployments.grid import DeploymentError

    records = read_records(parsed.records)
    path = parsed.corrections or corrections_path(parsed.records)
    if path.is_file():
        return corrected(records, path)
    if parsed.corrections:
        raise DeploymentError(f"{path} does not exist.")
    return records, []


def _pairs(given: Sequence[str], option: str, form: str) -> list[tuple[str, str]]:
    pairs = []
    for each in given:
        name, equals, value = each.rpartition("=")
        if not equals or not name.strip():
            raise _wrong(option, form, each)
        pairs.append((name.strip(), value.strip()))
    return pairs


def _numbers(given: Sequence[str]) -> dict[str, float]:
    numbers = {}
    for name, value in _pairs(given, "--share", "GROUP=SHARE"):
        try:
            numbers[name] = float(value)
        except ValueError:
            raise _wrong("--share", "GROUP=SHARE", f"{name}={value}") from None
    return numbers


def _day(text: str | None, option: str) -> str | None:
    from lfr_eval.deployments.values import ValueUnreadable, day

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
