"""1:N searches: the best watchlist references of every pass (templates to scores).

One pass over the watchlist serves all its sizes: the references are in random order, and the best
of the first N is the answer of a watchlist of N. The same pass keeps the best references of each
group of the watchlist, from which the answers of its other parts follow.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.comparison.best import Best, SearchJob
from lfr_eval.comparison.compute import Compute
from lfr_eval.comparison.pairs import hash_templates, mated_scores
from lfr_eval.comparison.passes import NOBODY, Keep, ProbeScores, Searches, search_table
from lfr_eval.comparison.screening import Precision, product_margin
from lfr_eval.comparison.shards import run_shards
from lfr_eval.comparison.sides import Gallery, Sides
from lfr_eval.comparison.similarity import Similarity, Vectors
from lfr_eval.contract.tables import CANDIDATES
from lfr_eval.contract.trials import Grouping, group_people

Ints = NDArray[np.intp]


def search_watchlist(
    sides: Sides,
    vectors: Vectors,
    similarity: Similarity,
    gallery: Gallery,
    compute: Compute | None = None,
    keep: Keep = Keep(),
) -> Searches:
    """Search every recognition opportunity of the cohort against every watchlist size.

    Parameters
    ----------
    vectors : (images, size)
        Prepared templates; rows of images that were not acquired are not read.
    compute
        With what; it does not change the result.
    keep
        What is kept beside the highest scores.

    Returns
    -------
    Searches
        Table `searches`: a pass without an acquired frame has score -inf, so failures to acquire
        stay in the denominator; ties go to the reference that comes first in the gallery. Table
        `candidates`: the best references of each group. Counts are exact, whatever the tiles.

    Raises
    ------
    ComparisonError
        If the disk is full.
    """
    compute = compute or Compute()
    group = group_people(sides.images, keep.factor)
    rows = np.union1d(gallery.rows[: gallery.sizes[-1]], sides.probes)
    comparisons = len(sides.probes) * gallery.sizes[-1]
    # Counting leaves more to be scored exactly the wider the margin is: float32 has a narrow one.
    precision: Precision = "float32"
    if not keep.counted:
        precision = compute.choose(vectors, rows, similarity, comparisons)
    own = _best_mated(sides, mated_scores(sides, vectors, similarity)).to_numpy(np.float32)
    mate = own[sides.probes]
    job = SearchJob(
        vectors=vectors,
        similarity=similarity,
        probes=sides.probes,
        references=gallery.rows,
        subject=sides.subject,
        dont_care=sides.dont_care,
        group=group.codes[gallery.rows],
        groups=len(group.names),
        sizes=gallery.sizes,
        ranks=keep.candidates,
        mate=np.where(np.isnan(mate), np.float32(np.inf), mate),
        counted=np.asarray(keep.counted, np.float32),
        margin=product_margin(vectors, rows, similarity, precision),
        precision=precision,
        tile=compute.tile,
    )
    key = _key(job, rows) if compute.scratch else ""
    with compute.shard_folder(key) as folder:
        shards = job.shards()
        done = list(run_shards(compute.executor, job, shards, Best, folder))
    done.sort(key=lambda part: int(part.first[0]))
    found = [_found(sides, gallery, number, done, own) for number in range(len(gallery.sizes))]
    candidates = _candidates(sides, gallery, group, keep.candidates, done)
    return Searches(search_table(sides, gallery, found), candidates, found)


def _key(job: SearchJob, rows: Ints) -> str:
    total = hashlib.sha256(
        f"{job.similarity} {job.groups} {job.sizes} {job.ranks} {job.tile} "
        f"{job.counted.tolist()}".encode()
    )
    total.update(job.mate.data)
    apart = (job.dont_care.one, job.dont_care.other)
    for part in (job.probes, job.references, job.subject, job.group, *apart):
        total.update(np.ascontiguousarray(part, np.int64).data)
    hash_templates(total, job.vectors, rows)
    return total.hexdigest()[:32]


def _candidates(
    sides: Sides, gallery: Gallery, group: Grouping, ranks: int, parts: list[Best]
) -> pd.DataFrame:
    shape = (0, len(group.names), ranks)
    score = np.concatenate([np.empty(shape, np.float32), *(one.group_score for one in parts)])
    place = np.concatenate([np.empty(shape, np.int32), *(one.group_place for one in parts)])
    number, code, rank = np.nonzero(place != NOBODY)
    places = place[number, code, rank]
    probe, reference = sides.probes[number], gallery.rows[places]
    images = sides.images
    return CANDIDATES.conform(
        pd.DataFrame(
            {
                **{
                    name: images[source].take(rows).array
                    for name, source, rows in (
                        ("probe_id", "image_id", probe),
                        ("pass_id", "pass_id", probe),
                        ("subject_id", "subject_id", probe),
                        ("reference_id", "image_id", reference),
                        ("reference_subject", "subject_id", reference),
                    )
                },
                "watchlist_group": np.asarray(group.names, dtype=str)[code],
                "rank": rank + 1,
                "place": places,
                "score": score[number, code, rank],
            }
        )[CANDIDATES.names]
    )


def _best_mated(sides: Sides, mated: pd.DataFrame) -> pd.Series:
    """Return the highest mated score of each image, (images,); NaN where it has none."""
    # Of two images that are each reference and probe, either is the other's probe.
    swapped = mated["probe_id"].isin(sides.images.loc[sides.in_both, "image_id"])
    ends = pd.concat(
        [
            mated[["probe_id", "score"]].set_axis(["image_id", "score"], axis=1),
            mated.loc[swapped, ["reference_id", "score"]].set_axis(["image_id", "score"], axis=1),
        ]
    )
    return ends.groupby("image_id")["score"].max().reindex(sides.images["image_id"])


def _found(
    sides: Sides, gallery: Gallery, number: int, parts: list[Best], own: NDArray[np.float32]
) -> ProbeScores:
    """Put the shards' answers for one watchlist size together."""
    count, probes = len(sides.images), sides.probes
    score, reference = np.full(count, -np.inf, np.float32), np.full(count, NOBODY)
    before_mate = reached = None
    if parts:
        place = np.concatenate([part.place[number] for part in parts])
        score[probes] = np.concatenate([part.score[number] for part in parts])
        reference[probes] = np.where(place == NOBODY, NOBODY, gallery.rows[place])
        if parts[0].reached.size:
            before_mate = np.zeros(count, np.intp)
            before_mate[probes] = np.concatenate([part.before_mate[number] for part in parts])
            reached = np.zeros((count, parts[0].reached.shape[2]), np.intp)
            reached[probes] = np.concatenate([part.reached[number] for part in parts])
    return ProbeScores(gallery.sizes[number], score, reference, own, before_mate, reached)
