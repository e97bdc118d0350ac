"""`lfr-eval templates export`: the templates behind a study, for somebody who checks its counts."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def add_templates(parser: argparse.ArgumentParser) -> None:
    """Add the command's actions."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    meaning = "write the templates of a study to a private file"
    export = actions.add_parser("export", help=meaning, description=f"{meaning.capitalize()}.")
    export.add_argument("study", metavar="STUDY", type=Path, help="a study folder")
    export.add_argument("--to", metavar="FILE", type=Path, required=True, help="an .npz file")
    export.add_argument("--cache", metavar="FOLDER", type=Path, help="default: that of a study")
    export.set_defaults(command=export_command)


def export_command(parsed: argparse.Namespace) -> int:
    """Write the templates, and warn of what they are."""
    from lfr_eval.cli.launch import default_paths
    from lfr_eval.config.paths import cache_folder
    from lfr_eval.contract.folder import StudyFolder
    from lfr_eval.contract.words import several
    from lfr_eval.finished.exporting import export_templates

    cache = parsed.cache or cache_folder(default_paths())
    number = export_templates(StudyFolder.open(parsed.study), parsed.to, cache)
    print(f"Templates: {parsed.to} ({several(number, 'image')})")
    print(
        "Warning: templates identify people for life, like their faces, and image_id may name "
        "them. Only you can read the file. Encrypt it before you hand it on, and delete it "
        "yourself: `lfr-eval purge` does not know where it is.",
        file=sys.stderr,
    )
    return 0
