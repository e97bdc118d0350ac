"""Folders on this machine that a configuration names."""

from __future__ import annotations

from pathlib import Path

import lfr_eval
from lfr_eval.config import PathsConfig
from lfr_eval.contract.places import CACHES, default_cache, remember


def mirror_folder(paths: PathsConfig) -> Path | None:
    """Return the offline mirror, if there is one."""
    return Path(paths.mirror).expanduser().resolve() if paths.mirror else None


def cache_folder(paths: PathsConfig) -> Path:
    """Return the private cache of downloads and templates, and note that it is used."""
    folder = cache_place(paths)
    remember(CACHES, folder)
    return folder


def cache_place(paths: PathsConfig) -> Path:
    """Return where the private cache is, or would be."""
    return (Path(paths.cache) if paths.cache else default_cache()).expanduser().resolve()


def conf_dir() -> Path:
    """Return the shipped configuration groups: inside the wheel, or at the top of the checkout."""
    packaged = Path(lfr_eval.__file__).parent / "conf"
    return packaged if packaged.is_dir() else Path(lfr_eval.__file__).parents[1] / "conf"
