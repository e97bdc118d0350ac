"""Commands about this machine: data sets, caches, a person's data, and what is installed."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from lfr_eval.cli.options import FAILED, OK, Several


def fetch(
    name: str | None = None,
    /,
    *,
    croissant: Annotated[Path | None, Parameter(metavar="FILE")] = None,
) -> int:
    """Find a data set or weights in the mirror, or download them.

    Parameters
    ----------
    name
        A dataset card; without it, the names are listed.
    croissant
        Only write the card as Croissant metadata with RAI fields; NAME may be a YAML file.
    """
    from lfr_eval.cli.launch import default_paths
    from lfr_eval.cohort import card_names
    from lfr_eval.cohort import fetch as found
    from lfr_eval.config.paths import cache_folder, mirror_folder

    if name is None:
        print("\n".join(card_names()))
        return OK
    if croissant is not None:
        from lfr_eval.cohort import load_card
        from lfr_eval.cohort.croissant import croissant as card_of
        from lfr_eval.contract.writing import write_text

        write_text(croissant, card_of(load_card(name)))
        print(croissant)
        return OK
    paths = default_paths()
    print(found(name, mirror_folder(paths), cache_folder(paths)))
    return OK


def purge() -> int:
    """Delete all cached templates, pictures, given data and unfinished comparisons."""
    from lfr_eval.cli.launch import default_paths
    from lfr_eval.config.paths import cache_place
    from lfr_eval.contract.places import CACHES, EXPORTS, known
    from lfr_eval.finished.elsewhere import purge as empty
    from lfr_eval.finished.withdrawal import disk_note

    caches = list(dict.fromkeys((cache_place(default_paths()), *known(CACHES))))
    done = [each for cache in caches for each in empty(cache)]
    print("\n".join(said for _, said in done) or "No cache holds data about people.")
    for cache in caches[1:]:
        if not cache.exists() and cache != Path("~/.cache/lfr_eval").expanduser():
            print(f"{cache}: this cache no longer exists. If it was moved, delete it there.")
    for file in known(EXPORTS):
        if file.exists():
            print(f"{file}: these exported templates were not deleted. Delete the file.")
    print(disk_note())
    print("Downloads, studies, and the alerts and pictures of deployments were not deleted.")
    return OK if all(gone for gone, _ in done) else FAILED


def withdraw(
    subject: str,
    /,
    *,
    study: Annotated[tuple[Path, ...], Several] = (),
    manifest: Annotated[tuple[Path, ...], Several] = (),
    yes: bool = False,
) -> int:
    """Show what is held about one person, and delete it after confirmation.

    Parameters
    ----------
    subject
        The subject_id, as the manifest has it.
    study
        Study folders; default: all known ones.
    manifest
        Manifests with the person's rows, beside the watchlists of the live engine: templates in a
        cache are found by the pictures that a manifest names.
    yes
        Delete without asking.
    """
    from lfr_eval.cli.launch import default_paths
    from lfr_eval.config.paths import cache_place
    from lfr_eval.contract.places import CACHES, DEPLOYMENTS, EXPORTS, STUDIES, WATCHLISTS, known
    from lfr_eval.finished.withdrawal import disk_note, studies_in
    from lfr_eval.finished.withdrawal import withdraw as delete

    paths = default_paths()
    caches = list(dict.fromkeys((cache_place(paths), *known(CACHES))))
    roots = (Path(paths.studies).expanduser(), *known(STUDIES))
    studies = study or studies_in(roots)
    deployments = list(dict.fromkeys((Path(paths.deployments), *known(DEPLOYMENTS))))
    exports = known(EXPORTS)
    manifests = (*manifest, *(file for file in known(WATCHLISTS) if file.is_file()))
    remove = partial(
        delete, subject, studies, caches, paths.approvals, deployments, exports, manifests
    )
    if not yes:
        preview = remove(look=True)
        for line in preview.done:
            print(f"Would delete: {line}")
        for line in preview.left:
            print(f"Would not be deleted: {line}")
        if not _confirmed():
            print("Nothing was deleted. To delete all this, run the same command with --yes.")
            return FAILED
    result = remove()
    for line in result.done:
        print(f"Deleted: {line}")
    for line in result.left:
        print(f"STILL THERE: {line}")
    print(f"{result.searched} files searched; {len(result.left)} still hold something.")
    print(disk_note())
    print(
        "This command did not search your manifests and pictures (a new run reads them), copies of "
        "exports, backups or MLflow: its runs, and registered models that were trained or tuned on "
        "pictures of the person. To see who received pictures, run: lfr-eval sharing who-has ID."
    )
    return FAILED if result.left else OK


def _confirmed() -> bool:
    """Ask the person at the terminal; without one, nobody says yes."""
    if not sys.stdin.isatty():
        return False
    return input("Delete all this? It cannot be undone. [y/N] ").strip().lower() in ("y", "yes")


def licences() -> int:
    """List the dependencies with versions and licences (CycloneDX)."""
    from lfr_eval.cli.bill import bill_of_materials

    print(bill_of_materials())
    return OK
