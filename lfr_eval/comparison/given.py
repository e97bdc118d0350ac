"""Scores from a file, put into the tables of the comparison stage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.comparison.absent import absent_of
from lfr_eval.comparison.bulk import SAMPLE as SAMPLED
from lfr_eval.comparison.bulk import bin_edges, histogram_table
from lfr_eval.comparison.matches import best_frames
from lfr_eval.comparison.narrowing import narrowed, reaches
from lfr_eval.comparison.pairs import PairScores
from lfr_eval.comparison.passes import NOBODY, UNRANKED, ProbeScores, Searches, search_table
from lfr_eval.comparison.sides import ComparisonError, Gallery, Sides, watchlist_table
from lfr_eval.contract.lending import MOST_PAIRS, most_pairs
from lfr_eval.contract.tables import CANDIDATES, CORRECTIONS, MATED, NON_MATED, SAMPLE
from lfr_eval.contract.words import several


def pairs_of_scores(
    sides: Sides,
    scores: pd.DataFrame,
    floor: float,
    thresholds: Sequence[float] = (),
    told_all: bool = True,
    lend: bool = False,
) -> PairScores:
    """Sort given 1:1 comparisons into mated and non-mated.

    Parameters
    ----------
    scores
        reference_id, probe_id, score; comparisons with fillers are left to the search.
    floor
        Non-mated scores at or above it are kept, the others counted.
    thresholds
        Those that scores finer than float32 are told apart from.
    told_all
        Whether a comparison that is not given was not made. Otherwise every reference was compared
        with every probe, and what is not given scored below all thresholds: score -inf.
    lend
        Whether to keep scores below the floor that lend to thresholds with few events.
    """
    score = narrowed(scores["score"].to_numpy(), thresholds)
    frame = with_people(sides, scores.assign(score=score))
    frame = frame[(frame["reference_role"] != "filler") & (frame["probe_role"] != "filler")]
    mated = frame["reference_subject"] == frame["probe_subject"]
    own = frame[mated].rename(columns={"probe_subject": "subject_id"})
    others = frame[~mated]
    apart = _apart(sides, others)
    listed, others = others, others[~apart]
    edges = bin_edges(frame["score"].to_numpy(np.float32))
    sample = others if len(others) <= SAMPLED else others.sample(SAMPLED, random_state=0)
    corrections = pd.concat([_counted(listed, 1), _counted(listed[apart], -1)])
    if lend:
        highest = np.sort(others["score"].to_numpy(np.float32))[::-1]
        # Of a file without the low scores all may be among the highest.
        most = most_pairs(len(highest)) if told_all else MOST_PAIRS
        floor = min(floor, float(highest[:most].min(initial=np.inf)))
    compared = sides.counts()
    if told_all:
        compared = compared.assign(references=0, probes=0, both=0)
    else:
        corrections = sides.left_out()
        below = absent_of(sides, scores).mated
        below = below.assign(score=np.float32(-np.inf), reference_role="", probe_role="")
        own = pd.concat([own, below], ignore_index=True)
    return PairScores(
        comparisons=compared,
        corrections=CORRECTIONS.conform(corrections.sort_values(["subject_a", "subject_b"])),
        mated=MATED.conform(own[MATED.names]),
        non_mated=NON_MATED.conform(others[others["score"] >= np.float32(floor)][NON_MATED.names]),
        histogram=histogram_table(
            edges, np.histogram(own["score"], edges)[0], np.histogram(others["score"], edges)[0]
        ),
        sample=SAMPLE.conform(sample[SAMPLE.names]),
        floor=floor,
    )


def _counted(comparisons: pd.DataFrame, sign: int) -> pd.DataFrame:
    """Return rows of table `corrections`: comparisons by their people."""
    people = comparisons[["probe_subject", "reference_subject"]].to_numpy(str)
    counts = pd.DataFrame(people, columns=["subject_a", "subject_b"]).value_counts()
    return (sign * counts).rename("trials").reset_index()


def searches_of_scores(
    sides: Sides,
    scores: pd.DataFrame,
    gallery: Gallery,
    counted: Sequence[float] = (),
    thresholds: Sequence[float] = (),
    told_all: bool = True,
) -> Searches:
    """Search given comparisons: table `searches`; no table of candidates is made.

    Parameters
    ----------
    counted
        Ascending thresholds at which candidates are counted, as in `search_watchlist`.
    thresholds
        Those that scores finer than float32 are told apart from.
    told_all
        Whether a comparison that is not given was not made. Otherwise it was made, and what came
        of it is below all thresholds, or beyond what the system reports: score -inf, and no rank.

    Raises
    ------
    ComparisonError
        If a probe was not compared with every reference of the watchlist; or two scores that
        decide between the own reference and another differ by less than float32 can distinguish.
    """
    images = sides.images
    row = pd.Series(np.arange(len(images)), index=images["image_id"])
    frame = with_people(sides, _both_ways(sides, scores))
    own = frame["reference_subject"] == frame["probe_subject"]
    # A person's filler image is on the watchlist of others only.
    mates = frame[own & (frame["reference_role"] != "filler")]
    dtype = scores["score"].to_numpy().dtype
    mated = _by_image(sides, mates.groupby("probe_id")["score"].max(), np.nan).astype(dtype)
    if not told_all:
        enrolled = np.isin(sides.subject, sides.subject[sides.references])
        mated[enrolled & np.isnan(mated)] = -np.inf
    mated_score = narrowed(mated, thresholds)
    others = of_others(sides, frame, gallery)
    found = []
    for size in gallery.sizes:
        within = others[others["place"] < size]
        if told_all:
            _check_complete(sides, gallery, size, within)
        best = within.sort_values(["score", "place"], ascending=[False, True], kind="stable")
        best = best.drop_duplicates("probe_id").set_index("probe_id")
        before_mate = reached = None
        if counted:
            score = within["score"].to_numpy()
            before_mate = _number(sides, within[score >= mated[row.reindex(within["probe_id"])]])
            before_mate[np.isneginf(mated)] = UNRANKED
            at = [_number(sides, within[reaches(score, value)]) for value in counted]
            reached = np.stack(at, axis=1)
        others_best = _by_image(sides, best["score"], -np.inf).astype(dtype)
        _check_apart(sides, mated, others_best)
        found.append(
            ProbeScores(
                size,
                narrowed(others_best, thresholds),
                _by_image(sides, best["reference_id"].map(row), NOBODY).astype(np.intp),
                mated_score,
                before_mate,
                reached,
            )
        )
    return Searches(search_table(sides, gallery, found), CANDIDATES.empty(), found)


def _number(sides: Sides, comparisons: pd.DataFrame) -> NDArray[np.intp]:
    """Return how many comparisons each image has as a probe, (images,)."""
    return _by_image(sides, comparisons["probe_id"].value_counts(), 0).astype(np.intp)


def _apart(sides: Sides, comparisons: pd.DataFrame) -> NDArray[np.bool_]:
    """Which comparisons are of don't-care people, (comparisons,)."""
    person = pd.Series(sides.subject, index=sides.images["image_id"])
    reference, probe = (
        person.reindex(comparisons[name]).to_numpy(np.intp) for name in ("reference_id", "probe_id")
    )
    return sides.dont_care.has(reference, probe)


def _by_image(sides: Sides, values: pd.Series, otherwise: float) -> NDArray[np.float64]:
    """Return values that are keyed by image id as (images,)."""
    found: NDArray[np.float64] = values.reindex(sides.images["image_id"]).to_numpy(np.float64)
    return np.where(np.isnan(found), otherwise, found)


def matches_of_scores(
    sides: Sides,
    scores: pd.DataFrame,
    gallery: Gallery,
    floor: float,
    thresholds: Sequence[float] = (),
    told_all: bool = True,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return tables `watchlist` and `watchlist_matches`, as far as the file goes.

    Where it does not compare every probe with everybody who may be on the watchlist, both tables
    end with the largest watchlist that was asked for. `thresholds` and `told_all` are those of
    `searches_of_scores`.
    """
    others = of_others(sides, with_people(sides, _both_ways(sides, scores)), gallery)
    end = len(gallery.rows)
    if told_all and len(_short_of(sides, gallery, end, others)):
        end = gallery.sizes[-1]
    passes = sides.images.set_index("image_id")["pass_id"]
    high = reaches(others["score"].to_numpy(), floor)
    matches = others[(others["place"] < end).to_numpy() & high]
    matches = matches.assign(
        pass_id=matches["probe_id"].map(passes),
        subject_id=matches["probe_subject"],
        score=narrowed(matches["score"].to_numpy(), thresholds),
    )
    return watchlist_table(sides, gallery).iloc[:end], best_frames(matches)


def of_others(sides: Sides, frame: pd.DataFrame, gallery: Gallery) -> pd.DataFrame:
    """Return the comparisons of a search: with the watchlist, less own and don't-care people."""
    watched = sides.images["image_id"].iloc[gallery.rows]
    order = pd.Series(np.arange(len(gallery.rows)), index=watched)
    own = frame["reference_subject"] == frame["probe_subject"]
    others = frame[~own & ~_apart(sides, frame)]
    return others.assign(place=others["reference_id"].map(order)).dropna(subset=["place"])


def _both_ways(sides: Sides, scores: pd.DataFrame) -> pd.DataFrame:
    """Let two images that are each reference and probe search for one another."""
    both = sides.images.loc[sides.in_both, "image_id"]
    mutual = scores[scores["reference_id"].isin(both) & scores["probe_id"].isin(both)]
    swapped = mutual.rename(columns={"reference_id": "probe_id", "probe_id": "reference_id"})
    return pd.concat([scores, swapped], ignore_index=True)


def _short_of(sides: Sides, gallery: Gallery, size: int, within: pd.DataFrame) -> pd.DataFrame:
    """Return the probes that were not compared with every reference of a watchlist."""
    listed = within.groupby("probe_id").size()
    subject = sides.images["subject_id"]
    watched = subject.iloc[gallery.rows[:size]].value_counts()
    probes = sides.images.iloc[sides.probes][["image_id", "subject_id"]]
    left_out = sides.dont_care.held_by(sides.subject[gallery.rows[:size]])
    due = size - left_out[sides.subject[sides.probes]]
    due = due - probes["subject_id"].map(watched).fillna(0).astype(int)
    have = probes["image_id"].map(listed).fillna(0).astype(int)
    return probes.assign(have=have, due=due)[have < due]


def _check_complete(sides: Sides, gallery: Gallery, size: int, within: pd.DataFrame) -> None:
    short = _short_of(sides, gallery, size, within)
    if len(short):
        columns = (short[name].tolist() for name in ("image_id", "have", "due"))
        shown = ", ".join(
            f"{image} ({n:,} of {of:,})" for image, n, of in list(zip(*columns, strict=True))[:10]
        )
        raise ComparisonError(
            f"{several(len(short), 'probe lacks', 'probes lack')} scores for some "
            f"references of the watchlist of {size:,}: {shown}. Give all scores, or "
            "compare pairs only (design=verification)."
        )


def _check_apart(sides: Sides, mated: NDArray[np.floating], others: NDArray[np.floating]) -> None:
    """Refuse passes whose own reference wins by less than float32 can distinguish."""
    with np.errstate(invalid="ignore"):
        tied = (mated > others) & (mated.astype(np.float32) == others.astype(np.float32))
    if tied.any():
        shown = ", ".join(sides.images["image_id"][tied].head(10))
        raise ComparisonError(
            f"In {int(tied.sum()):,} searches the person's own reference scores highest, but by "
            f"less than float32 can distinguish, and would count as misidentified: {shown}. Give "
            "the scores with fewer digits, or on another scale."
        )


def with_people(sides: Sides, scores: pd.DataFrame) -> pd.DataFrame:
    """Return the comparisons with person and role of either image."""
    known = sides.images.set_index("image_id")
    columns = {
        f"{side}_{name}": scores[f"{side}_id"].map(known[source])
        for side in ("reference", "probe")
        for name, source in (("subject", "subject_id"), ("role", "role"))
    }
    return scores.assign(**columns)
