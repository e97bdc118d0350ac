"""Alerts of a system that reports no score below its floor (a log in, score tables out).

A reference that the log does not name for a pass scored below the floor, or was not among the few
that the system reports for a pass. Every reference and every pass counts, named or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from lfr_eval.comparison.given import matches_of_scores, of_others, searches_of_scores, with_people
from lfr_eval.comparison.narrowing import narrowed
from lfr_eval.comparison.pairs import PairScores
from lfr_eval.comparison.passes import Keep, Searches
from lfr_eval.comparison.sides import ComparisonError, Gallery, Sides
from lfr_eval.contract.tables import ALERTS, SEARCHES


@dataclass(frozen=True)
class LoggedAlerts:
    """Alerts by recognition opportunity.

    Attributes
    ----------
    log
        Table `alert_log`; alerts without a pass are left aside.
    at_most
        Most references that the log names for one pass; 0: all that reach the floor.
    thresholds
        Those of the study, increasing, none below the floor.
    """

    log: pd.DataFrame
    at_most: int
    thresholds: Sequence[float]
    shift: float = 0.0

    def pairs(self, sides: Sides, floor: float) -> PairScores:
        """Refuse: comparisons below the floor are in no log.

        Raises
        ------
        ComparisonError
            Always.
        """
        del sides, floor
        raise ComparisonError(
            "A log of alerts does not hold the comparisons below its floor, so pairs cannot be "
            "counted. Choose design=live, operator or retrospective."
        )

    def searches(self, sides: Sides, gallery: Gallery, keep: Keep) -> Searches:
        """Search the log, and say when each pass set off its alerts.

        Raises
        ------
        ComparisonError
            If alerts name references that are not on the watchlist of the study, or a smaller
            watchlist is requested than the log covers.
        """
        frame = self._frame(sides)
        others = of_others(sides, frame, gallery)
        self._check(sides, gallery, frame)
        found = searches_of_scores(
            sides, frame, gallery, keep.counted, self.thresholds, told_all=False
        )
        table = found.searches
        if self.at_most and self.at_most <= _most_references(sides):
            # The own reference may take the only place of the list, so that searches of enrolled
            # people are no non-mated searches (ISO/IEC 19795-1), whether a face was found or not.
            table = SEARCHES.conform(table.assign(others_told=table["mated_score"].isna()))
        alerts = [ALERTS.empty()]
        own = frame[(frame["reference_subject"] == frame["probe_subject"]) & ~frame["filler"]]
        for size in gallery.sizes:
            within = others[others["place"] < size]
            alerts += [self._rises(own, size, True), self._rises(within, size, False)]
        return replace(found, searches=table, alerts=ALERTS.conform(pd.concat(alerts)))

    def matches(
        self, sides: Sides, gallery: Gallery, floor: float
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the watchlist and the references that each pass matches according to the log."""
        frame = self._frame(sides)
        return matches_of_scores(sides, frame, gallery, floor, self.thresholds, told_all=False)

    def _frame(self, sides: Sides) -> pd.DataFrame:
        """Return the alerts as comparisons of references with the passes' first acquired image."""
        probes = sides.images.iloc[np.sort(sides.probes)]
        image = probes.drop_duplicates("pass_id").set_index("pass_id")["image_id"]
        there = self.log[self.log["pass_id"].notna()]
        lost = there[~there["pass_id"].isin(image.index)]
        if len(lost):
            raise ComparisonError(
                f"{len(lost):,} alerts name passes without an acquired image: "
                f"{', '.join(lost['pass_id'].head(10))}. Correct pass_id in the log of alerts, or "
                "acquired in the log of passes."
            )
        frame = there[["reference_id", "score", "seconds", "row"]].assign(
            probe_id=there["pass_id"].map(image).array, pass_id=there["pass_id"]
        )
        frame = with_people(sides, frame)
        return frame.assign(filler=frame["reference_role"] == "filler")

    def _check(self, sides: Sides, gallery: Gallery, frame: pd.DataFrame) -> None:
        own = frame["reference_subject"] == frame["probe_subject"]
        watched = set(sides.images["image_id"].iloc[gallery.rows])
        outside = frame[~own & ~frame["reference_id"].isin(watched)]
        if len(outside):
            shown = ", ".join(
                f"row {row.row} ({row.reference_id})" for row in outside.head(10).itertuples()
            )
            raise ComparisonError(
                f"{len(outside):,} alerts name enrolled people other than the person who passed, "
                f"but the watchlist of this study holds fillers only: {shown}. The system had "
                "everybody loaded, so set design.watchlist_members=everybody."
            )
        if self.at_most and gallery.sizes != (len(gallery.rows),):
            raise ComparisonError(
                f"The log names at most {self.at_most:,} references for one pass "
                "(matcher.at_most), so results for a part of the watchlist are unknown. Leave "
                "design.watchlist_sizes empty to use the whole watchlist of "
                f"{len(gallery.rows):,}."
            )

    def _rises(self, frame: pd.DataFrame, size: int, mated: bool) -> pd.DataFrame:
        """Return the alerts with which the highest score of their pass rises."""
        score = pd.Series(narrowed(frame["score"].to_numpy(), self.thresholds), frame.index)
        ordered = frame.assign(score=score).sort_values(["pass_id", "seconds", "row"])
        highest = ordered.groupby("pass_id")["score"].cummax()
        before = highest.groupby(ordered["pass_id"]).shift(fill_value=-np.inf)
        rises = ordered[ordered["score"] > before]
        return pd.DataFrame(
            {
                "pass_id": rises["pass_id"],
                "subject_id": rises["probe_subject"],
                "watchlist_size": size,
                "mated": mated,
                "frame": pd.array([None] * len(rises), "Int64"),
                "seconds": rises["seconds"],
                "score": rises["score"],
            }
        )


def _most_references(sides: Sides) -> int:
    """Return how many references the person with the most of them has."""
    return int(np.bincount(sides.subject[sides.references], minlength=1).max())
