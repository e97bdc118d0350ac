"""How a command joins the command line: its name, its help, and what runs it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

Command = Callable[[argparse.Namespace], int]


def added(
    commands: Subparsers, name: str, meaning: str, command: Command, description: str = ""
) -> argparse.ArgumentParser:
    """Add a command; its description is its meaning where none is given."""
    parser = commands.add_parser(
        name, help=meaning, description=description or f"{meaning.capitalize()}."
    )
    parser.set_defaults(command=command)
    return parser
