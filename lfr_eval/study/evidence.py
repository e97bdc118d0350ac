"""Evidence from elsewhere: what a study must check and say of scores and logs that it did not make.

In: the matcher that brings them, and the people of the study. Out: table `acquisition`, refusals,
and the sentences that readers need.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd

from lfr_eval.config import ConfigError, DesignConfig
from lfr_eval.contract.record import Evidence
from lfr_eval.contract.tables import ACQUISITION
from lfr_eval.contract.words import several, threshold_text
from lfr_eval.matchers import (
    AlertMatcher,
    Matcher,
    PairMatcher,
    ScoreMatcher,
    TemplateMatcher,
    gives_ranks,
)
from lfr_eval.matchers.passes import UNMATCHED
from lfr_eval.study.completeness import DECLARED

FEWEST_ALIKE = 3
"""Comparisons of an image that are all the same, below which that may be chance."""


def evidence_of(matcher: Matcher) -> Evidence:
    """Return what a matcher is known by."""
    if isinstance(matcher, PairMatcher):
        return "unnamed pairs" if matcher.independent else "pairs"
    if isinstance(matcher, AlertMatcher):
        return "alerts"
    if isinstance(matcher, ScoreMatcher):
        return "scores"
    return "templates" if isinstance(matcher, TemplateMatcher) else "pictures"


def told_acquisition(images: pd.DataFrame, named: Collection[str] | None = None) -> pd.DataFrame:
    """Return table `acquisition`, as far as the people's data and the file tell.

    Parameters
    ----------
    images
        Table `cohort`; its column `acquired` decides where it says anything.
    named
        Images that the file names: any other counts as not acquired. None: the file names those
        only that were recognised, so all count as acquired.
    """
    here = images["image_id"]
    seen = pd.Series(True, here.index) if named is None else here.isin(set(named))
    told = images["acquired"] if "acquired" in images else pd.Series(pd.NA, here.index, "boolean")
    acquired = told.fillna(seen.astype("boolean")).astype(bool)
    reason = pd.Series("no score in the file", here.index).mask(
        told.notna().to_numpy(bool), DECLARED
    )
    table = pd.DataFrame(
        {"image_id": here, "acquired": acquired, "reason": reason.mask(acquired), "faces": None}
    )
    return ACQUISITION.conform(table)


def check_floor(matcher: AlertMatcher, thresholds: Sequence[float], design: DesignConfig) -> None:
    """Refuse what a log of alerts cannot answer.

    Raises
    ------
    ConfigError
        If a threshold is below the floor, or above it where only first alerts are known; or the
        design counts pairs, or ranks behind the last reference that the log tells.
    """
    floor, problems = matcher.floor, []
    below = [threshold_text(value) for value in thresholds if value < floor]
    if below:
        problems.append(
            f"the log begins at its floor, matcher.floor={threshold_text(floor)}, so nothing is "
            f"known at the thresholds {', '.join(below)}: start the thresholds at the floor"
        )
    above = [threshold_text(value) for value in thresholds if value > floor]
    if above and matcher.first_only:
        problems.append(
            "the engine writes the first frame of a pass that reaches its threshold and not the "
            f"best one, so nothing is known at the thresholds {', '.join(above)}: give "
            f"thresholds.values=[{threshold_text(floor)}] only"
        )
    beyond = [rank for rank in design.ranks if 0 < matcher.at_most < rank]
    if beyond and "retrospective" in design.kinds:
        problems.append(
            f"design.ranks={beyond} ask for more candidates than the log tells, which is at most "
            f"{matcher.at_most:,} (matcher.at_most): lower the ranks"
        )
    if "verification" in design.kinds:
        problems.append(
            "pairs below the floor are in no log: choose design=live, operator or retrospective"
        )
    if problems:
        raise ConfigError(
            "The log of alerts does not allow this study: " + "; ".join(problems) + "."
        )


def notes_of_log(matcher: AlertMatcher, log: pd.DataFrame) -> list[str]:
    """Return what readers must know of a log of alerts, in sentences.

    Parameters
    ----------
    log
        Table `alert_log`.
    """
    ranks = gives_ranks(matcher)
    unnamed = (
        f"was not among the first {-matcher.floor:g} candidates. The lists hold ranks and no "
        f"scores: a score is minus the rank, so the threshold -1 is rank 1. Every search"
        if ranks
        else f"counts as below {threshold_text(matcher.floor)}, the lowest score that it reports. "
        "Every pass"
    )
    notes = [
        f"The system was a black box. Whoever its log does not name {unnamed} and every reference "
        "of the watchlist counts, whether the log names it or not."
    ]
    if matcher.at_most and not ranks:
        notes.append(
            f"The log names at most {several(matcher.at_most, 'reference')} for one pass. A person "
            "counts as recognised only if the log names them, even if their own reference scored "
            "above the threshold behind somebody else's."
        )
    by_time = int((log["matched"] == "nearest in time").sum())
    if by_time:
        notes.append(
            f"{several(by_time, 'alert')} of {len(log):,} named no pass and "
            f"{'belongs' if by_time == 1 else 'belong'} to the pass that was nearest in time at "
            "the same camera."
        )
    lost = log["matched"].isin(UNMATCHED)
    if lost.any():
        reasons = log.loc[lost, "matched"].value_counts()
        shown = ", ".join(f"{reason}: {count:,}" for reason, count in reasons.items())
        notes.append(
            f"{several(int(lost.sum()), 'alert')} of {len(log):,} "
            f"{'belongs' if lost.sum() == 1 else 'belong'} to no pass of the study ({shown}) and "
            f"no rate counts {'it' if lost.sum() == 1 else 'them'}. All are in table alert_log."
        )
    return notes


def notes_of_pairs(matcher: PairMatcher) -> list[str]:
    """Return what readers must know of a list of pairs, in sentences."""
    said = (
        "The evidence is a list of pairs. It does not say who chose them, or whether they are "
        "as hard to tell apart as people who meet a camera."
    )
    if not matcher.independent:
        return [said]
    return [
        said,
        "The list does not say whose the pairs are, so each pair counts by itself, as if no two of "
        "them shared a person. Wherever this report counts people, it counts pairs. Pairs that "
        "share people tell less than as many pairs of different people: the intervals are then too "
        "narrow, and differences are found that do not exist. With the identities of both sides "
        "(subject_a, subject_b), people are counted.",
    ]


def notes_of_scores(scores: pd.DataFrame) -> list[str]:
    """Say that images have the lowest score of all in every comparison, as failures often have.

    Parameters
    ----------
    scores
        reference_id, probe_id and score.
    """
    lowest = scores["score"].min()
    at = scores[(scores["score"] == lowest).to_numpy(bool)]
    number = 0
    for side in ("reference_id", "probe_id"):
        found = at[side].value_counts()
        found = found[found >= FEWEST_ALIKE]
        of_them = scores[side][scores[side].isin(found.index).to_numpy(bool)].value_counts()
        number += int((of_them == found.reindex(of_them.index)).sum())
    if not number or lowest == scores["score"].max():
        return []
    return [
        f"{several(number, 'image')} {'has' if number == 1 else 'have'} the lowest score of all, "
        f"{threshold_text(float(lowest))}, in every comparison. If the system writes this score "
        "where it made no template, write 'no' in the manifest's column acquired and leave these "
        "scores empty. Otherwise they count as comparisons without a match."
    ]


def told_of_units(findings: pd.DataFrame, matcher: Matcher) -> pd.DataFrame:
    """Return table `findings` with sentences that count pairs, where their people are unknown."""
    if not (isinstance(matcher, PairMatcher) and matcher.independent):
        return findings
    said = findings["statement"].str.replace(r"(\d) (people|person)\b", r"\1 pairs", regex=True)
    said = said.str.replace(r"\b1 pairs\b", "1 pair", regex=True)
    return findings.assign(statement=said)
