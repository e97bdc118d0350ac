"""What every study design answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.comparison import Scores, Sides
from lfr_eval.contract.tables import Table
from lfr_eval.contract.trials import Trials
from lfr_eval.inference import rates


@dataclass(frozen=True)
class Evidence:
    """What trials are made of.

    Attributes
    ----------
    read
        Returns a score table of the study.
    people
        The people under test, one row per person.
    images
        Table `cohort`, by recognition opportunities of the design.
    acquired : (images,)
        Whether a template was made.
    controls
        Conditions of passes that groups are compared within.
    thresholds
        Increasing.
    """

    read: Callable[[Table], pd.DataFrame]
    people: pd.DataFrame
    images: pd.DataFrame
    acquired: NDArray[np.bool_]
    controls: Sequence[str]
    thresholds: Sequence[float]


class Design(Protocol):
    """A way to compare people and to count what happened."""

    @property
    def tables(self) -> tuple[Table, ...]:
        """The score tables that `compare` makes."""

    @property
    def summaries(self) -> tuple[Table, ...]:
        """The tables that `summarise` makes."""

    @property
    def watchlist_sizes(self) -> tuple[int, ...]:
        """Sizes that were asked for; none: the whole watchlist, or no watchlist at all."""

    def opportunities(self, images: pd.DataFrame) -> pd.DataFrame:
        """Return table `cohort` with `pass_id` naming the recognition opportunities.

        Raises
        ------
        ConfigError
            If the images do not fit the design; the message lists those.
        """

    def conditions(self, images: pd.DataFrame) -> pd.DataFrame:
        """Return the conditions of every recognition opportunity that is searched."""

    def compare(
        self, scores: Scores, sides: Sides, thresholds: Sequence[float]
    ) -> Mapping[Table, pd.DataFrame]:
        """Return the score tables.

        Raises
        ------
        ComparisonError
            If the cohort or the scores do not allow the comparisons.
        """

    def trials(self, evidence: Evidence) -> list[Trials]:
        """Return the trials of every rate that the design reports."""

    def summarise(self, evidence: Evidence) -> Mapping[Table, pd.DataFrame]:
        """Return what the design reports that is no rate."""


@dataclass(frozen=True)
class Together:
    """Designs that share people and scores, and the failures to acquire and enrol of both."""

    parts: tuple[Design, ...]

    @property
    def tables(self) -> tuple[Table, ...]:
        """The score tables of all parts."""
        return tuple(table for part in self.parts for table in part.tables)

    @property
    def summaries(self) -> tuple[Table, ...]:
        """The summaries of all parts."""
        return tuple(table for part in self.parts for table in part.summaries)

    @property
    def watchlist_sizes(self) -> tuple[int, ...]:
        """Sizes of the part that searches."""
        return tuple(size for part in self.parts for size in part.watchlist_sizes)

    def opportunities(self, images: pd.DataFrame) -> pd.DataFrame:
        """Return table `cohort` as the part that searches sees it."""
        return reduce(lambda seen, part: part.opportunities(seen), self.parts, images)

    def conditions(self, images: pd.DataFrame) -> pd.DataFrame:
        """Return the conditions of the part that searches."""
        return pd.concat([part.conditions(images) for part in self.parts], axis=1)

    def compare(
        self, scores: Scores, sides: Sides, thresholds: Sequence[float]
    ) -> Mapping[Table, pd.DataFrame]:
        """Return the score tables of all parts."""
        made: dict[Table, pd.DataFrame] = {}
        for part in self.parts:
            made |= part.compare(scores, sides, thresholds)
        return made

    def trials(self, evidence: Evidence) -> list[Trials]:
        """Return the trials of all parts, and those of FTA and FTE."""
        acquisition = rates.acquisition_trials(
            evidence.people, evidence.images, evidence.acquired, evidence.controls
        )
        return [one for part in self.parts for one in part.trials(evidence)] + [*acquisition]

    def summarise(self, evidence: Evidence) -> Mapping[Table, pd.DataFrame]:
        """Return the summaries of all parts."""
        made: dict[Table, pd.DataFrame] = {}
        for part in self.parts:
            made |= part.summarise(evidence)
        return made
