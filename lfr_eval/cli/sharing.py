"""`lfr-eval sharing`: the register of who received whose images, as a person uses it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from lfr_eval.cli.options import FAILED, OK, Key, commands
from lfr_eval.contract.handover import Handover

if TYPE_CHECKING:
    from lfr_eval.cohort.shared import Answer
    from lfr_eval.cohort.sharing import Register

app = commands("sharing", "Keep and ask the register of who received whose images.")

RegisterFile = Annotated[
    Path,
    Parameter(
        name="--register", metavar="FILE", env_var="LFR_EVAL_SHARING", help="The register's file."
    ),
]
HERE = Path("sharing.jsonl")


def _option(field: str) -> str:
    return {"organisation": "with", "since": "from"}.get(field, field)


@app.command
def record(
    *,
    handover: Annotated[Handover, Parameter(name="*", name_transform=_option)],
    subject: Annotated[tuple[str, ...], Parameter(metavar="ID")] = (),
    subjects: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    column: str | None = None,
    as_written: bool = False,
    key: Key = None,
    register: RegisterFile = HERE,
) -> int:
    """Enter that images, templates or scores were given to an organisation.

    Subject ids are kept as keyed digests only. An entry cannot be changed later; a deletion is
    another entry.

    Parameters
    ----------
    subject
        Whose they are; may be repeated.
    subjects
        Whose they are: a file with one id per line, or a table of people.
    column
        Column of the table that holds the ids; default: subject_id or a similar name.
    as_written
        Each line or cell is one id, even with spaces, slashes or commas.
    """
    from lfr_eval.cohort.near_names import written_alike
    from lfr_eval.cohort.sharing import SharingError
    from lfr_eval.cohort.subject_list import check_ids, read_subjects
    from lfr_eval.contract.keys import read_key
    from lfr_eval.contract.words import several, some

    if not as_written:
        check_ids(subject)
    read = () if subjects is None else read_subjects(subjects, column, as_written)
    people = [*subject, *read]
    different = list(dict.fromkeys(people))
    if handover.count is None and len(people) > len(different):
        raise SharingError(
            f"{several(len(people), 'line names', 'lines name')} "
            f"{several(len(different), 'person', 'people')}. Say with --count how many "
            f"{handover.what} were given, such as {len(people)} if each line is one of them, or "
            "remove the repeated lines."
        )
    new, opened = not register.exists(), _opened(register, must_exist=False)
    number = opened.record(handover, people, None if key is None else read_key(key))
    named = f": {some(different)}" if different else " are named"
    before = "entry 1 opens" if number == 2 else "the entries before it open"
    began = f", which {before}" if new else ""
    who = several(len(different), "person", "people")
    print(f"Entry {number} of {register}{began}. {who}{named}.")
    for alike in written_alike(different)[:5]:
        print(
            f"Note: {', '.join(alike)} were entered as {len(alike)} people; they may be one person."
        )
    return OK


@app.command
def deleted(
    entry: int,
    /,
    *,
    on: date,
    by: str,
    proof: str | None = None,
    key: Key = None,
    register: RegisterFile = HERE,
) -> int:
    """Enter that what was shared is deleted.

    Parameters
    ----------
    entry
        Number of the sharing.
    on
        Day of the deletion, as 2024-09-01.
    by
        Who confirms it.
    proof
        Reference of the confirmation.
    """
    from lfr_eval.contract.keys import read_key

    signing = None if key is None else read_key(key)
    number = _opened(register).deleted(entry, on, by, proof, signing)
    print(f"Entry {number} of {register}.")
    return OK


@app.command
def who_has(subject: str, /, *, register: RegisterFile = HERE) -> int:
    """Say who received anything of a person.

    Parameters
    ----------
    subject
        Id of the person.
    """
    return _say(_opened(register).who_has(subject), register)


@app.command(name="with")
def with_(organisation: str, /, *, register: RegisterFile = HERE) -> int:
    """Say what an organisation received.

    Parameters
    ----------
    organisation
        Its name, as it was entered.
    """
    return _say(_opened(register).shared_with(organisation), register)


@app.command
def verify(*, last: str | None = None, register: RegisterFile = HERE) -> int:
    """Check the chain of entries, and name overdue deletions.

    Parameters
    ----------
    last
        SHA-256 of the last entry, as an earlier `verify` printed it: finds last entries that were
        changed or removed since.
    """
    from lfr_eval.contract.words import several

    opened = _opened(register)
    problems = opened.verify(last=last)
    for problem in problems:
        print(problem)
    _tell_torn(register)
    if not opened.broken():
        held = several(len(opened.sharings()), "sharing")
        overdue = len(opened.overdue())
        late = several(overdue, "deletion is", "deletions are") if overdue else ""
        print(f"The chain is whole, and {late or 'no deletion is'} overdue among {held}.")
        print(f"Last entry: SHA-256 {opened.last_hash()}. Keep it elsewhere for verify --last.")
    return FAILED if problems else OK


def _opened(file: Path, must_exist: bool = True) -> Register:
    from lfr_eval.cohort.sharing import Register, SharingError
    from lfr_eval.contract.reading import why_no_file

    if must_exist and file.exists() and not file.is_file():
        raise SharingError(f"The register {file} {why_no_file(file)}.")
    if must_exist and not file.exists():
        raise SharingError(f"There is no register {file}; lfr-eval sharing record starts one.")
    return Register(file)


def _say(answer: Answer, register: Path) -> int:
    for line in answer.lines():
        print(line)
    _tell_torn(register)
    return OK


def _tell_torn(register: Path) -> None:
    from lfr_eval.contract.ledger import Ledger
    from lfr_eval.contract.words import several

    if torn := Ledger(register).torn():
        print(
            f"Note: {register} ends with {several(len(torn), 'byte')} of an entry that a crash or "
            "a full disk cut short. They do not count; the next entry moves them to a file beside "
            "the register. If the last sharing that you recorded is missing, record it again."
        )
