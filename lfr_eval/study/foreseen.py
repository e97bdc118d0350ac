"""What a study would do, before it is done (a prepared `Run` in, lines for a terminal out).

Nothing is written. Whatever can be refused without hours of embedding is refused here: people,
labels, images, watchlist, plan, and files of templates or scores, which are read to their end. A
few images are embedded, so that a matcher that does not work is found, and to time it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lfr_eval.comparison.bulk import pair_bytes
from lfr_eval.config import StudyConfig
from lfr_eval.config.paths import cache_folder
from lfr_eval.contract.columns import aligned
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.tables import WATCHLIST
from lfr_eval.contract.words import count, one_in, percentage, ratio, several
from lfr_eval.inference.detectable import detectable_ratios
from lfr_eval.inference.plan import COMPARED, SEARCHED, SIZED
from lfr_eval.matchers import AlertMatcher, ImageMatcher, PairMatcher
from lfr_eval.matchers.store import TemplateStore
from lfr_eval.study.cells import Cell, as_lines, cells_of
from lfr_eval.study.inputs import read_scores
from lfr_eval.study.populations import pool
from lfr_eval.study.prepared import Run, prepare, study_path

TIMED = 4
"""Images that are embedded to time the matcher."""

SIZE = 512
"""Values of a template, where the matcher does not tell."""

RATES = (0.1, 0.01, 0.001)
"""Rates for which the dry run says what could be detected."""

_TRIED = 2_048
"""Templates a side of the comparison that is timed."""


@dataclass(frozen=True)
class Work:
    """How much a study has to do.

    Attributes
    ----------
    to_embed
        Images without a template in the cache.
    comparisons
        Of two templates.
    template_bytes
        That all templates take.
    """

    to_embed: int
    comparisons: int
    template_bytes: int


def foresee(config: StudyConfig) -> Iterator[str]:
    """Yield what a study would do, line by line.

    Raises
    ------
    MendableError
        If the study cannot be run.
    """
    run = prepare(config, StudyFolder(study_path(config)))
    images, people = run.inputs.cohort.images, run.analysis.people
    yield from (f"Note:   {note}" for note in run.notes)
    role = images["role"].value_counts()
    told = ", ".join(f"{count(int(number))} {name}" for name, number in role.items())
    matcher = run.inputs.matcher
    if isinstance(matcher, PairMatcher):
        named = (
            "people not told" if matcher.independent else several(len(people), "person", "people")
        )
        yield f"Pairs:  {count(run.told)} ({named})"
    else:
        yield f"Images: {count(len(images))} ({told}) of {several(len(people), 'person', 'people')}"
    cells = cells_of(people, run.analysis.plan.factors)
    yield from ("", *as_lines(cells))
    work = _work(run)
    yield f"Comparisons: {count(work.comparisons)}"
    yield _memory(run, work)
    yield from _tests(run, cells)
    yield from _detectable(run, cells)
    yield from _time(run, work)
    yield f"Nothing was written. The study would go to {study_path(config)}"


def _memory(run: Run, work: Work) -> str:
    scores = work.comparisons * pair_bytes(run.inputs.cohort.images)
    limit = count(math.ceil(min(run.config.compute.tail_memory, scores) / 1e6))
    templates = f"{count(math.ceil(work.template_bytes / 1e6))} MB of templates, and "
    templates = templates if work.template_bytes else ""
    return f"Memory: {templates}up to {limit} MB of scores above the lowest threshold"


def _work(run: Run) -> Work:
    images, matcher = run.inputs.cohort.images, run.inputs.matcher
    references = int(images["role"].isin(["reference", "both"]).sum())
    probes = int(images["role"].isin(["probe", "both"]).sum())
    comparisons = run.told if isinstance(matcher, PairMatcher) else 0
    if "verification" in run.config.design.kinds:
        comparisons += references * probes
    if WATCHLIST in run.analysis.design.tables:
        comparisons += probes * len(pool(images, run.config.design.watchlist_members))
    to_embed = 0
    if isinstance(matcher, ImageMatcher):
        storage = run.config.matcher.storage
        store = TemplateStore(cache_folder(run.config.paths), matcher.card.fingerprint, storage)
        to_embed = len({*images["digest"].dropna()} - store.digests())
    size = matcher.card.template_size or SIZE
    given = matcher.card.similarity == "given"
    return Work(to_embed, comparisons, 0 if given else 4 * size * len(images))


def _tests(run: Run, cells: Sequence[Cell]) -> Iterator[str]:
    """Say how many tests are primary, so that each of them is judged more strictly."""
    plan, number = run.analysis.plan, _primary(run, cells)
    thresholds = several(len(plan.primary_thresholds), "threshold")
    rest = plan.shared_alpha(scores=True)
    shared = f"; mean scores are judged at the other {percentage(rest)}" if rest else ""
    yield (
        f"Primary tests: {count(number)} at {thresholds}, judged together at "
        f"{percentage(plan.shared_alpha())}{shared}"
    )
    alone = [
        factor
        for factor in plan.factors
        if sum(cell.compared for cell in cells if cell.factor == factor) < 2
        and any(cell.factor == factor for cell in cells)
    ]
    if alone:
        yield f"Not compared, since fewer than two groups have enough people: {', '.join(alone)}"


def _primary(run: Run, cells: Sequence[Cell]) -> int:
    plan, design = run.analysis.plan, run.config.design
    sizes = len(plan.primary_watchlist_sizes) or 1
    metrics = sum(
        (sizes if metric == SIZED else 1)
        for metric in plan.primary_metrics
        if (metric in COMPARED and "verification" in design.kinds)
        or (metric in SEARCHED and design.searches)
    )
    tests = 0
    for factor in plan.primary_factors or plan.factors:
        groups = sum(cell.compared for cell in cells if cell.factor == factor)
        if groups < 2:
            continue
        asked = {"omnibus": 1, "reference": groups - 1, "rest": groups}
        # With two groups, all three are one question.
        tests += 1 if groups == 2 else sum(asked[one] for one in plan.primary_comparisons)
    return metrics * tests * len(plan.primary_thresholds)


def _detectable(run: Run, cells: Sequence[Cell]) -> Iterator[str]:
    """Say which ratio of two rates would be found, for the smallest group of each factor."""
    plan, level = run.analysis.plan, run.analysis.plan.shared_alpha() / max(_primary(run, cells), 1)
    images = run.inputs.cohort.images
    acting = images[images["role"].isin(["probe", "both"])]
    passes = acting.groupby("subject_id")["pass_id"].nunique().mean() if len(acting) else 1.0
    rows = []
    for factor in plan.factors:
        own = [cell for cell in cells if cell.factor == factor and cell.compared]
        if len(own) < 2:
            continue
        largest = max(own, key=lambda cell: cell.people)
        smallest = min((cell for cell in own if cell is not largest), key=lambda cell: cell.people)
        names = f"{smallest.group} and {largest.group}"
        found = []
        for each in dict.fromkeys((passes, 1.0)):
            a, b = (np.full(len(RATES), cell.people * each) for cell in (smallest, largest))
            found.append(detectable_ratios(np.array(RATES), a, b, level, plan.power))
        for rate, *ratios in zip(RATES, *found, strict=True):
            said = [ratio(one, "up") if np.isfinite(one) else "none" for one in ratios]
            rows.append((factor, names, one_in(rate), *said))
    if rows:
        searched = run.config.design.searches
        of = "" if searched else " of missed matches"
        yield (
            f"What could be detected with {percentage(plan.power)} power, if rates{of} are as in "
            "the third column: true ratios from"
        )
        tries = "passes" if searched else "comparisons"
        two = f"{tries} independent", f"{tries} repeat one another"
        ways = ("true ratio",) if passes == 1 else two
        yield from aligned(("by", "groups", "lower rate", *ways), rows)
        if not searched:
            yield "For wrong matches, ask lfr-eval plan --metric FMR --people TABLE --rate RATE"


def _time(run: Run, work: Work) -> Iterator[str]:
    """Say how long it takes: a few images are embedded, and a few templates compared."""
    matcher, images = run.inputs.matcher, run.inputs.cohort.images
    if not isinstance(matcher, ImageMatcher):
        if run.given is not None:
            kind = "pair" if isinstance(matcher, PairMatcher) else "score"
            kind = "alert" if isinstance(matcher, AlertMatcher) else kind
            yield f"Evidence: {several(run.told, kind)} in the file, all can be used"
            return
        start = time.monotonic()
        _, acquisition = read_scores(run.inputs, run.config)
        took = time.monotonic() - start
        usable, number = int(acquisition["acquired"].sum()), len(acquisition)
        can = "all" if usable == number else f"those of {usable:,} of {number:,} images"
        yield f"Templates: {can} can be used; they were read in {_duration(took)}"
        return
    tried = images["image_id"].iloc[np.linspace(0, len(images) - 1, TIMED).astype(int)].unique()
    start = time.monotonic()
    list(matcher.embed([run.inputs.cohort.resolve(image) for image in tried.tolist()]))
    each = (time.monotonic() - start) / len(tried)
    vectors = np.ones((_TRIED, matcher.card.template_size or SIZE), np.float32)
    start = time.monotonic()
    vectors @ vectors.T
    speed = _TRIED**2 / max(time.monotonic() - start, 1e-6)
    embedding = work.to_embed * each
    yield (
        f"Time: about {_duration(embedding)} for {several(work.to_embed, 'image')} to embed "
        f"({each:.2g} s each; {several(len(images) - work.to_embed, 'image is', 'images are')} in "
        f"the cache), and about {_duration(work.comparisons / speed)} for the comparisons"
    )


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "1 second"
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7_200 else f"{seconds / 3600:.1f} hours"
