"""Help as plain text, for pipes, logs and screen readers (what a command takes in, lines out)."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cyclopts.help import HelpEntry, HelpPanel
    from rich.console import Console, ConsoleOptions


class PlainHelp:
    """Prints a help without frames and colours."""

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:
        """Print one part: its title, and an entry for each command or option."""
        if not panel.entries:
            return
        lines = [f"{panel.title}:"]
        for entry in panel.entries:
            lines += textwrap.wrap(
                _entry(entry), options.max_width, initial_indent="  ", subsequent_indent=" " * 6
            )
        _say(console, "\n".join(lines))

    def render_usage(self, console: Console, options: ConsoleOptions, usage: object) -> None:
        """Print how the command is typed."""
        typed = f"usage: {str(usage).strip()}"
        _say(console, textwrap.fill(typed, options.max_width, subsequent_indent=" " * 4))


def _say(console: Console, text: str) -> None:
    console.print(text, end="\n\n", markup=False, highlight=False, soft_wrap=True)


def _entry(entry: HelpEntry) -> str:
    names = ", ".join(entry.display_labels_with_metavar or entry.display_labels)
    text = getattr(entry.description, "primary_renderable", "")
    meaning = " ".join(str(text).split())
    notes = [
        f"choices: {', '.join(entry.choices)}" if entry.choices else "",
        f"environment: {', '.join(entry.env_var)}" if entry.env_var else "",
        f"default: {entry.default}" if entry.default is not None else "",
        "required" if entry.required else "",
    ]
    noted = " ".join(f"[{note}]" for note in notes if note)
    return f"{names}: {' '.join(filter(None, (meaning, noted)))}".rstrip(": ")
