"""`lfr-eval sharing`: the register of who received whose images, as a person uses it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from lfr_eval.cli.actions import added

if TYPE_CHECKING:
    from lfr_eval.cli.actions import Subparsers
    from lfr_eval.cohort.shared import Answer
    from lfr_eval.cohort.sharing import Register
    from lfr_eval.contract.keys import Key

OK, FAILED = 0, 1
REGISTER = "sharing.jsonl"

RECORD = """Enter that images, templates or scores were given to an organisation. Subject ids are
kept as keyed digests only. An entry cannot be changed later; a deletion is another entry."""


def add_sharing(commands: Subparsers) -> None:
    """Add `sharing` with its actions."""
    actions = commands.add_parser(
        "sharing",
        help="the register of who received whose images",
        description="Keep and ask the register of who received whose images.",
    ).add_subparsers(required=True, metavar="ACTION")

    recorded = _added(actions, "record", "enter a sharing", _record, RECORD)
    recorded.add_argument("--with", dest="organisation", required=True, metavar="ORGANISATION")
    recorded.add_argument("--what", required=True, help="images, templates or scores")
    recorded.add_argument(
        "--subject", action="append", default=[], metavar="ID", help="whose; again for more"
    )
    recorded.add_argument("--subjects", type=Path, metavar="FILE", help="whose: one id per line")
    recorded.add_argument("--count", type=int, help="how many; default: one per person")
    recorded.add_argument("--purpose", required=True)
    recorded.add_argument("--agreement", required=True, help="its name or reference")
    recorded.add_argument("--basis", help="lawful basis")
    recorded.add_argument("--from", dest="since", required=True, metavar="DATE", help="first day")
    recorded.add_argument("--until", metavar="DATE", help="to be deleted by this day")
    recorded.add_argument("--dataset", help="name of the dataset, if they are part of one")
    recorded.add_argument("--by", required=True, metavar="NAME", help="who makes the entry")
    _key(recorded)

    deleted = _added(actions, "deleted", "enter that what was shared is deleted", _deleted)
    deleted.add_argument("entry", type=int, metavar="ENTRY", help="number of the sharing")
    deleted.add_argument("--on", required=True, metavar="DATE")
    deleted.add_argument("--by", required=True, metavar="NAME", help="who confirms it")
    deleted.add_argument("--proof", metavar="TEXT", help="reference of the confirmation")
    _key(deleted)

    asked = _added(actions, "who-has", "who received anything of a person", _who_has)
    asked.add_argument("subject", metavar="SUBJECT")
    given = _added(actions, "with", "what an organisation received", _with)
    given.add_argument("organisation", metavar="ORGANISATION")
    _added(actions, "verify", "check the chain, and name overdue deletions", _verify)


def _added(
    actions: Subparsers,
    name: str,
    meaning: str,
    command: Callable[[argparse.Namespace], int],
    description: str = "",
) -> argparse.ArgumentParser:
    parser = added(actions, name, meaning, command, description)
    parser.add_argument(
        "--register",
        type=Path,
        default=Path(os.environ.get("LFR_EVAL_SHARING", REGISTER)),
        metavar="FILE",
        help=f"the register; default: LFR_EVAL_SHARING, else {REGISTER}",
    )
    return parser


def _key(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--key", type=Path, metavar="FILE", help="private key, to sign the entry")


def _register(parsed: argparse.Namespace, must_exist: bool = True) -> Register:
    from lfr_eval.cohort.sharing import Register, SharingError

    if must_exist and not parsed.register.is_file():
        raise SharingError(
            f"There is no register {parsed.register}; lfr-eval sharing record starts one."
        )
    return Register(parsed.register)


def _record(parsed: argparse.Namespace) -> int:
    from lfr_eval.cohort.sharing import SharingError
    from lfr_eval.contract.reading import ReadingError, read_text

    people = list(parsed.subject)
    if parsed.subjects is not None:
        try:
            lines = read_text(parsed.subjects).splitlines()
        except ReadingError as error:
            raise SharingError(str(error)) from error
        people += [line.strip() for line in lines if line.strip()]
    number = _register(parsed, must_exist=False).record(
        parsed.organisation,
        parsed.what,
        purpose=parsed.purpose,
        agreement=parsed.agreement,
        since=_day(parsed.since, "--from"),
        by=parsed.by,
        people=people,
        count=parsed.count,
        until=None if parsed.until is None else _day(parsed.until, "--until"),
        basis=parsed.basis,
        dataset=parsed.dataset,
        key=_read_key(parsed),
    )
    print(f"Entry {number} of {parsed.register}.")
    return OK


def _deleted(parsed: argparse.Namespace) -> int:
    on = _day(parsed.on, "--on")
    register = _register(parsed)
    number = register.deleted(parsed.entry, on, parsed.by, parsed.proof, _read_key(parsed))
    print(f"Entry {number} of {parsed.register}.")
    return OK


def _who_has(parsed: argparse.Namespace) -> int:
    return _say(_register(parsed).who_has(parsed.subject))


def _with(parsed: argparse.Namespace) -> int:
    return _say(_register(parsed).shared_with(parsed.organisation))


def _verify(parsed: argparse.Namespace) -> int:
    register = _register(parsed)
    problems = register.verify()
    for problem in problems:
        print(problem)
    if not problems:
        number = len(register.sharings())
        print(f"The chain is whole, and no deletion is overdue among {number} sharings.")
    return FAILED if problems else OK


def _say(answer: Answer) -> int:
    for line in answer.lines():
        print(line)
    return OK


def _read_key(parsed: argparse.Namespace) -> Key | None:
    from lfr_eval.contract.keys import read_key

    return None if parsed.key is None else read_key(parsed.key)


def _day(text: str, option: str) -> date:
    from lfr_eval.cohort.sharing import SharingError

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SharingError(f"{option} takes a day such as 2024-09-01, not '{text}'.") from None
