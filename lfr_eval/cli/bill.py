"""The dependencies of this installation: name, version and licence (nothing in, CycloneDX out)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from lfr_eval import __version__

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def bill_of_materials() -> str:
    """Return every installed dependency as CycloneDX 1.5, in JSON.

    Dependencies are followed from this package, extras included, as far as they are installed.
    """
    components = [
        {
            "type": "library",
            "name": found.name,
            "version": found.version,
            "purl": f"pkg:pypi/{_normal(found.name)}@{found.version}",
            "licenses": [{"license": {"name": licence_of(found)}}],
        }
        for found in sorted(dependencies(), key=lambda one: _normal(one.name))
    ]
    return json.dumps(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "version": 1,
            "metadata": {
                "component": {"type": "application", "name": "lfr-eval", "version": __version__}
            },
            "components": components,
        },
        indent=2,
        ensure_ascii=False,
    )


def dependencies() -> Iterator[Distribution]:
    """Yield what this package needs, and what that needs, each once."""
    waiting, seen = ["lfr-eval"], {"lfr-eval"}
    while waiting:
        try:
            found = distribution(waiting.pop())
        except PackageNotFoundError:
            continue
        if _normal(found.name) != "lfr-eval":
            yield found
        for requirement in found.requires or ():
            named = _NAME.match(requirement)
            if named and _normal(named[0]) not in seen:
                seen.add(_normal(named[0]))
                waiting.append(named[0])


def licence_of(found: Distribution) -> str:
    """Return the licence that a package states: an SPDX expression, a classifier, or a text."""
    about = found.metadata
    if "License-Expression" in about:
        return about["License-Expression"]
    classified = [
        str(one).rpartition(" :: ")[2]
        for one in about.get_all("Classifier") or ()
        if str(one).startswith("License :: ")
    ]
    if classified:
        return " and ".join(classified)
    stated = "".join(map(str, about.get_all("License") or ())).strip().partition("\n")[0]
    return stated[:80] or "not stated"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
