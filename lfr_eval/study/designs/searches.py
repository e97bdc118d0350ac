"""The designs that search a watchlist: `live` and `operator`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from lfr_eval import comparison
from lfr_eval.comparison import Keep, Scores, Searches, Sides
from lfr_eval.config import ConfigError, DesignConfig
from lfr_eval.contract.mixing import Mix
from lfr_eval.contract.tables import (
    ALERT_TIMES,
    ALERTS,
    CANDIDATES,
    SEARCHES,
    WATCHLIST,
    WATCHLIST_MATCHES,
    Table,
)
from lfr_eval.contract.trials import Trials
from lfr_eval.contract.words import some
from lfr_eval.inference import rates
from lfr_eval.study.designs.design import Evidence
from lfr_eval.study.populations import finest_factor

SEARCH_TABLES = (SEARCHES, CANDIDATES, WATCHLIST, WATCHLIST_MATCHES)
SHOWN = 20


@dataclass(frozen=True)
class Live:
    """People pass cameras: the highest score over frames and watchlist decides, by threshold.

    A trial is a recognition opportunity, one pass of one person, be it acquired or not.

    Attributes
    ----------
    settings
        Whom the watchlist holds, its sizes, and what is kept of a search.
    factors
        Those of the study; the finest one divides the watchlist into groups.
    mix
        Returns the composition of the watchlist for a table `cohort`.
    floor
        The lowest threshold of the plan.
    gives_ranks
        Whether given lists hold ranks and no scores: no rank is a threshold for alerts.
    """

    settings: DesignConfig
    factors: tuple[str, ...]
    mix: Callable[[pd.DataFrame], Mix]
    floor: float
    gives_ranks: bool = False

    @property
    def tables(self) -> tuple[Table, ...]:
        """Searches, candidates, everybody on the watchlist who is matched, and alerts by frame."""
        return (*SEARCH_TABLES, ALERTS)

    @property
    def summaries(self) -> tuple[Table, ...]:
        """How long alerts take."""
        return (ALERT_TIMES,)

    @property
    def watchlist_sizes(self) -> tuple[int, ...]:
        """Sizes that were asked for."""
        return tuple(self.settings.watchlist_sizes)

    def opportunities(self, images: pd.DataFrame) -> pd.DataFrame:
        """Return the passes that the cohort names."""
        return images

    def conditions(self, images: pd.DataFrame) -> pd.DataFrame:
        """Return what is constant within every pass, such as the camera."""
        return rates.pass_conditions(images)

    def compare(
        self, scores: Scores, sides: Sides, thresholds: Sequence[float]
    ) -> Mapping[Table, pd.DataFrame]:
        """Search every pass against every watchlist size."""
        made, found = self.search(scores, sides)
        alerts = found.alerts
        if alerts is None:
            alerts = comparison.alert_table(sides, found.found, thresholds[0])
        return {**made, ALERTS: alerts}

    def search(
        self, scores: Scores, sides: Sides, counted: Sequence[float] = ()
    ) -> tuple[dict[Table, pd.DataFrame], Searches]:
        """Search the watchlist; at the thresholds `counted`, count candidates.

        Returns
        -------
        SEARCH_TABLES, and the searches themselves.
        """
        given = self.settings
        gallery = comparison.draw_gallery(
            sides,
            given.watchlist_members,
            given.watchlist_sizes,
            given.seed,
            self.mix(sides.images),
        )
        factor = finest_factor(sides.images, self.factors)
        searches = scores.searches(sides, gallery, Keep(factor, given.candidates, tuple(counted)))
        watchlist, matches = scores.matches(sides, gallery, self.floor)
        made = (searches.searches, searches.candidates, watchlist, matches)
        return dict(zip(SEARCH_TABLES, made, strict=True)), searches

    def trials(self, evidence: Evidence) -> list[Trials]:
        """Return the trials of FPIR and, of enrolled people, of FNIR, TPIR, misidentification."""
        found = rates.identification_trials(
            evidence.people, evidence.read(SEARCHES), evidence.images, evidence.controls
        )
        return [one for one in found if one.metric != "FPIR" or not self.gives_ranks]

    def summarise(self, evidence: Evidence) -> Mapping[Table, pd.DataFrame]:
        """Return how long alerts take."""
        table = rates.alert_times(
            evidence.people, evidence.read(ALERTS), self.factors, evidence.thresholds
        )
        return {ALERT_TIMES: table}


@dataclass(frozen=True)
class Operator(Live):
    """An operator takes one image of a person, which is searched: live, with passes of one image.

    The attempt counts whether a template could be made of the image or not.
    """

    def opportunities(self, images: pd.DataFrame) -> pd.DataFrame:
        """Return the passes that the cohort names, of one image each."""
        probes = images[images["role"].isin(["probe", "both"])]
        frames = probes.groupby("pass_id", sort=False).size()
        several = frames[frames > 1]
        if len(several):
            shown = some(several.index, SHOWN, say=lambda name: f"{name} ({several[name]} images)")
            raise ConfigError(
                "In the design 'operator' a pass is a single image that an operator took, but "
                f"{len(several):,} passes have several: {shown}. Give every image "
                "a pass_id of its own (or none), or choose design=live."
            )
        return images
