"""The command line: every command, and how its errors are told.

The signature of a function is its command line, and its docstring is the help (cyclopts). Every
import of weight happens inside the command that needs it, so that help answers at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

from cyclopts import CycloptsError, UnusedCliTokensError

from lfr_eval import __version__
from lfr_eval.cli import (
    choosing,
    decisions,
    deployments,
    engine,
    machine,
    manifest,
    operation,
    planning,
    sending,
    settings_help,
    sharing,
    studies,
)
from lfr_eval.cli.options import FAILED, OK, UNUSABLE, commands
from lfr_eval.cli.plain_output import plain_output, steerless
from lfr_eval.contract.writing import kept_private

__all__ = ["FAILED", "OK", "UNUSABLE", "app", "main"]

TRUST = "--trust-conf"


def run(*overrides: str) -> int:
    """Run a study; with no override, the simulated rehearsal."""
    from lfr_eval.cli.launch import launch

    return launch(overrides, _explained)


app = commands(
    "lfr-eval",
    "Bias and accuracy evaluation of live facial recognition.\n\n"
    f"{TRUST}: let the conf/ folder of the working directory run code and read environment "
    "variables, instead of giving data only.",
    version=f"lfr-eval {__version__}",
)
for command in (
    *(run, manifest.manifest, planning.app, studies.report, studies.verify, studies.stamp),
    *(choosing.thresholds, choosing.compare, sending.track, sending.templates),
    *(machine.fetch, machine.purge, machine.withdraw, machine.licences),
    *(engine.app, decisions.approve, decisions.approvals, decisions.gate),
    *(deployments.app, sharing.app),
):
    app.command(command)
COMMANDS = tuple(name for name in app if not name.startswith("-"))

SETTINGS = {
    ("thresholds",): settings_help.constraint_settings,
    ("gate",): settings_help.policy_settings,
    ("engine", "run"): settings_help.engine_settings,
}
"""The commands whose help ends with the settings that they take."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    with kept_private():
        return _main(given)


def _main(given: list[str]) -> int:
    if TRUST in given:
        from lfr_eval.config.composition import trust_own_conf

        given = [word for word in given if word != TRUST]
        trust_own_conf()
    # Hydra reads its own command line, --help and tab completion included.
    if given[:1] == ["run"]:
        with plain_output():
            return run(*given[1:])
    if given[:1] == ["-sc"]:
        return complete(given)
    return _explained(lambda: _command(given))


def _command(given: list[str]) -> int:
    """Do what the words of a command line ask for."""
    names = tuple(word for word in app.parse_commands(given)[0] if not word.startswith("-"))
    try:
        command, bound, _ = app.parse_args(given, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        from lfr_eval.contract.addresses import masked

        # Days are written in one way: 01/03/2026 has two readings.
        form = " Write a day as 2026-03-01." if str(error).endswith("into date.") else ""
        over = [] if not isinstance(error, UnusedCliTokensError) else error.unused_tokens or []
        # A path with a space is two words to a shell.
        if over and not any(word.startswith("-") for word in over):
            form = " Put a path with spaces in quotes."
        said = f"{steerless(masked(str(error)))}{form}"
        print(f"lfr-eval: {said} See: {' '.join(('lfr-eval', *names))} --help", file=sys.stderr)
        return UNUSABLE
    if command.__module__ in (engine.__name__, operation.__name__) and command != operation.expire:
        operation.expire_here()
    if command.__name__ != app.help_print.__name__:
        with plain_output():
            status: int | None = command(*bound.args, **bound.kwargs)
        return status or OK
    command(*bound.args, **bound.kwargs)
    if names in SETTINGS:
        print("settings, each with what it takes, its value and its meaning:")
        print("\n".join(f"  {line}" for line in SETTINGS[names]()))
    return OK if {"--help", "-h"} & set(given) else UNUSABLE


def complete(given: Sequence[str]) -> int:
    """Answer the shell's request for completions; its command line is in COMP_LINE."""
    if os.environ.get("COMP_LINE", "").split()[1:2] != ["run"]:
        print(" ".join(COMMANDS))
        return OK
    from lfr_eval.cli.launch import complete_words

    return complete_words(given)


def _explained(command: Callable[[], int]) -> int:
    """Run a command; print what a person can act on as a message, not as a traceback."""
    from lfr_eval.contract.addresses import masked
    from lfr_eval.contract.errors import FAILING, GONE, NO_PATH, NOT_WRITABLE, MendableError

    try:
        status = command()
        sys.stdout.flush()
        return status
    except MendableError as error:
        print(f"lfr-eval: {steerless(masked(str(error)))}", file=sys.stderr)
        return UNUSABLE
    except BrokenPipeError:  # The reader, such as head, has enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except OSError as error:
        remedies = {
            (*NOT_WRITABLE, *NO_PATH): "Choose a folder that exists, can be written and has room.",
            GONE: "Another program changed it in the meantime. Run the command again.",
            FAILING: "The disk, or the connection to it, is failing. Copy your files elsewhere.",
        }
        remedy = [said for kinds, said in remedies.items() if error.errno in kinds]
        if not remedy:
            raise
        where = f"{str(error.filename)[:200]}: " if error.filename else ""
        print(f"lfr-eval: {steerless(where)}{error.strerror}. {remedy[0]}", file=sys.stderr)
        return UNUSABLE
    except UnicodeEncodeError as error:  # Bytes of the command line that are no UTF-8.
        shown = ascii(error.object[max(0, error.start - 20) : error.end + 20])
        print(f"lfr-eval: {shown} is not UTF-8. Give a name in UTF-8.", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        print("lfr-eval: interrupted; run it again to go on where it stopped.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
