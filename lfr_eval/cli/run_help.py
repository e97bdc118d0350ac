"""The help of `lfr-eval run`: what can be chosen, and what every setting means and takes."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from lfr_eval.cli.settings_help import settings_of
from lfr_eval.config.checked import checked_compose
from lfr_eval.config.overrides import understood
from lfr_eval.config.paths import conf_dir
from lfr_eval.study.overrides import with_experiment

INTRODUCTION = """usage: lfr-eval run [OVERRIDE ...] [OPTION ...]

Run a study. Without overrides, it is the simulated rehearsal.

An override is GROUP=CHOICE (dataset=london) or SETTING=VALUE (dataset.people=800). Put values with
spaces, brackets, accents or '=' in quotes: "dataset.path='my people.csv'". KEY={...} replaces a
mapping, ++KEY.NAME=VALUE adds to it, ~KEY empties it.

options:
  -m              run one study for each value of a list: matcher=facenet,dlib
  --dry-run       say what would be compared, detected and how long it takes; write nothing
  --cfg job       print the configuration and run nothing
  --trust-conf    let conf/ of the working directory run code and read the environment
  --hydra-help    print the other options, which are Hydra's
  --help          print this help, for the overrides that are given"""

ELSEWHERE = ("constraints", "policy", "retention")
"""Groups of other commands than `run`."""


def run_help(overrides: Sequence[str]) -> str:
    """Return the help for the choices that overrides make.

    Raises
    ------
    ConfigError
        If an override cannot be read or is refused.
    """
    from hydra import initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        composed = checked_compose("config", with_experiment(understood(overrides)))
        groups = {
            group: [name for name in loader.get_group_options(group) if "schema" not in name]
            for group in sorted(loader.list_groups(""))
            if group != "hydra" and group not in ELSEWHERE
        }
    choices = [
        textwrap.fill(
            f"{group}: {', '.join(names)}", 98, initial_indent="  ", subsequent_indent="    "
        )
        for group, names in groups.items()
        if names
    ]
    settings = [f"  {line}" for line in settings_of(composed)]
    return "\n".join(
        [
            INTRODUCTION,
            "",
            "groups and their choices:",
            *choices,
            "",
            "settings of the chosen groups, each with what it takes, its value and its meaning:",
            *settings,
        ]
    )
