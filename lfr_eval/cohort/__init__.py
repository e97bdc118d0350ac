"""Stage cohort: manifests and dataset cards in, the people of a study out.

`load_dataset` and `load_manifest` return a `Cohort`; `join_fillers` puts other people's images on
its watchlist. The rows are checked as a whole, and every problem is listed at once.
"""

from lfr_eval.cohort.captured import with_captures
from lfr_eval.cohort.card import CardError, DatasetCard
from lfr_eval.cohort.cards import card_names, load_card
from lfr_eval.cohort.cohort import Cohort, CohortError, cohort_digest, join_fillers, make_cohort
from lfr_eval.cohort.dont_care import read_dont_care
from lfr_eval.cohort.loading import load_dataset, load_manifest, manifest_card
from lfr_eval.cohort.problems import ManifestError
from lfr_eval.cohort.sources import FetchError, fetch
