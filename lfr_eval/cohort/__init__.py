"""Stage cohort: manifests and dataset cards in, the people of a study out.

`load_dataset` and `load_manifest` return a `Cohort`; `join_fillers` puts other people's images on
its watchlist. The rows are checked as a whole, and every problem is listed at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lfr_eval.cohort.captured import with_captures
    from lfr_eval.cohort.card import CardError, DatasetCard
    from lfr_eval.cohort.cards import card_names, load_card
    from lfr_eval.cohort.cohort import Cohort, CohortError, cohort_digest, join_fillers, make_cohort
    from lfr_eval.cohort.dont_care import read_dont_care
    from lfr_eval.cohort.loading import load_dataset, load_manifest, manifest_card
    from lfr_eval.cohort.problems import ManifestError
    from lfr_eval.cohort.sources import FetchError, fetch

_HOMES = {
    "captured": "with_captures",
    "card": "CardError DatasetCard",
    "cards": "card_names load_card",
    "cohort": "Cohort CohortError cohort_digest join_fillers make_cohort",
    "dont_care": "read_dont_care",
    "loading": "load_dataset load_manifest manifest_card",
    "problems": "ManifestError",
    "sources": "FetchError fetch",
}


def __getattr__(name: str) -> object:
    """Import what is asked for: the register of sharing answers before pandas is there."""
    home = next((module for module, names in _HOMES.items() if name in names.split()), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
