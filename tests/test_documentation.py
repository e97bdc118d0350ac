"""Every command line that the documentation shows is one that works."""

from __future__ import annotations

import re
import runpy
import shlex
from pathlib import Path

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from lfr_eval.cli.main import COMMANDS, app
from lfr_eval.config.checked import checked_compose
from lfr_eval.config.composition import register
from lfr_eval.config.overrides import understood
from lfr_eval.config.paths import conf_dir

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "experiments").glob("*/README.md")),
]


def command_lines() -> list[str]:
    """Lines of code blocks that start with lfr-eval, continuation lines joined."""
    found = []
    for page in PAGES:
        for block in re.findall(r"```(?:console|bash|sh)\n(.*?)```", page.read_text(), re.S):
            text = block.replace("\\\n", " ")
            found += [
                line.removeprefix("$ ").split("  #")[0].strip()
                for line in text.splitlines()
                if line.removeprefix("$ ").startswith("lfr-eval ")
            ]
    return list(dict.fromkeys(found))


def test_the_page_of_tables_is_made_from_the_tables() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "make_tables.py"))["tables_page"]()
    assert (ROOT / "docs" / "tables.md").read_text() == made, "run: python docs/make_tables.py"


def test_there_are_command_lines() -> None:
    assert len(command_lines()) >= 8


@pytest.mark.parametrize("line", command_lines())
def test_every_documented_command_line_is_understood(line: str) -> None:
    _, command, *arguments = shlex.split(line)
    if command != "run":
        assert command in COMMANDS
        app.parse_args([command, *arguments], exit_on_error=False, print_error=False)
        return
    flags = {"-m", "--multirun", "--cfg", "job", "--help", "--dry-run"}
    overrides = [word for word in arguments if word not in flags]
    sweep = {"-m", "--multirun"} & set(arguments)
    if sweep:
        overrides = [re.sub(r"=([\w.]+),.*", r"=\1", word) for word in overrides]
    if "matcher=python" in overrides:
        # Settings of a matcher of one's own are those of its class: tests/matchers/test_plugins.py.
        overrides = [word for word in overrides if not word.startswith("matcher.")]
    if any(word.startswith("registration=") for word in overrides):
        # The plan chooses the kinds of people and matcher: tests/test_registration.py.
        overrides = ["dataset=manifest", "matcher=scores", *overrides]
    GlobalHydra.instance().clear()
    register()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        checked_compose("config", understood(overrides))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_the_repository_exist(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
