"""The stages of a study: what each writes, from what, by which rooms (a `Run` in, tables out)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd

from lfr_eval.contract import tables
from lfr_eval.contract.mixing import AS_THEY_COME
from lfr_eval.contract.tables import Table
from lfr_eval.inference import (
    Plan,
    adjusted_table,
    equity_table,
    finding_table,
    group_score_table,
    modelled_table,
    person_test_table,
    rate_table,
    rates,
    score_difference_table,
    score_summary_table,
    watchlist_size_table,
)
from lfr_eval.matchers import AlertMatcher, floor_of
from lfr_eval.study.evidence import told_of_units
from lfr_eval.study.inputs import read_scores
from lfr_eval.study.populations import filler_weights, watchlist_mix
from lfr_eval.study.prepared import Run, score_tables


@dataclass(frozen=True)
class Stage:
    """A step of a study.

    Attributes
    ----------
    name
        Under which the folder records that it is finished.
    rooms
        Whose code it runs through.
    written
        Its tables.
    make
        Writes them.
    """

    name: str
    rooms: tuple[str, ...]
    written: Sequence[Table]
    make: Callable[[], None]


PEOPLE = ("contract", "config", "cohort", "study")
COMPARED = (*PEOPLE, "compute", "matchers", "registry", "comparison")
INFERRED = (*COMPARED, "inference")


def stages_of(run: Run) -> list[Stage]:
    """Return the stages of a study, in order."""
    design = run.analysis.design
    log = [tables.ALERT_LOG] if isinstance(run.inputs.matcher, AlertMatcher) else []
    pairs = [] if run.config.design.dont_care is None else [tables.DONT_CARE]
    truth = [tables.TRUTH] if run.inputs.simulation else []
    compared = (tables.ACQUISITION, *log, *design.tables)
    inferred = (tables.RATES, tables.FINDINGS, *truth)
    return [
        Stage("cohort", PEOPLE, [tables.COHORT, *pairs], partial(_write_people, run)),
        Stage("comparison", COMPARED, compared, partial(_compare, run)),
        Stage("inference", INFERRED, inferred, partial(_infer, run)),
        Stage("summaries", INFERRED, tables.FURTHER, partial(_summarise, run)),
        Stage("design", INFERRED, design.summaries, partial(_add, run)),
    ]


def _write_people(run: Run) -> None:
    run.folder.write(tables.COHORT, run.inputs.cohort.images)
    if run.config.design.dont_care is not None:
        run.folder.write(tables.DONT_CARE, run.inputs.dont_care)


def _compare(run: Run) -> None:
    """Images to scores: acquisition, and what the design compares."""
    given = run.given
    if given is None:
        scores, acquisition = read_scores(run.inputs, run.config)
        given = score_tables(run.inputs, run.analysis.design, scores, acquisition)
    while given:
        # What is written is not held: of a list of millions of pairs it is much.
        run.folder.write(*given.popitem())


def _infer(run: Run) -> None:
    """Trials to rates and findings."""
    if run.standing.look is not None:
        # Before the first result: whoever could have seen it has looked.
        run.standing.look.record()
    given, folder = run.analysis, run.folder
    people, thresholds, plan = given.people, given.thresholds, given.plan
    table = rate_table(given.trials, people, plan.factors, thresholds, plan, bands=True)
    folder.write(tables.RATES, given.answered(table))
    findings = finding_table(rates.compared(given.trials), people, thresholds, plan)
    folder.write(tables.FINDINGS, told_of_units(given.answered(findings), run.inputs.matcher))
    simulation = run.inputs.simulation
    if simulation:
        sizes = list(given.design.watchlist_sizes)
        fillers = filler_weights(run.config, run.inputs.cohort.images)
        folder.write(tables.TRUTH, simulation.truth(thresholds, sizes, fillers))


def _summarise(run: Run) -> None:
    """Trials to what stands beside rates and findings: equity, modelled tail, published tests."""
    given, folder, sweep = run.analysis, run.folder, run.inputs.sweep
    people, labels = given.people, given.plan.of_labels(given.people.columns)
    compared = rates.compared(given.trials)
    equity = equity_table(compared, people, labels.factors, sweep.primary, labels)
    folder.write(tables.EQUITY, given.answered(equity))
    for metric, table in (("FMR", tables.MODELLED), ("FPIR", tables.MODELLED_SEARCHES)):
        modelled = [
            modelled_table(one, people, labels.factors, sweep.values, labels)
            for one in given.trials
            if one.metric == metric
        ]
        folder.write(table, given.answered(pd.concat(modelled) if modelled else table.empty()))
    adjusted = adjusted_table(compared, people, sweep.primary, labels)
    folder.write(tables.ADJUSTED, given.answered(adjusted))
    tests = person_test_table(compared, people, sweep.primary, labels)
    folder.write(tables.PERSON_TESTS, given.answered(tests))
    matcher = run.inputs.matcher
    # Nothing is told of scores below a floor, so means and quantiles are not known.
    if floor_of(matcher) is not None:
        for table in (tables.SCORE_DIFFERENCES, tables.SCORE_SUMMARY, tables.GROUP_SCORES):
            folder.write(table, table.empty())
    else:
        held = {
            name: folder.read(table) if table in given.design.tables else None
            for name, table in (
                ("mated", tables.MATED),
                ("sample", tables.SAMPLE),
                ("searches", tables.SEARCHES),
            )
        }
        kinds = list(rates.score_kinds(people, **held))
        folder.write(tables.SCORE_DIFFERENCES, score_difference_table(kinds, people, labels))
        folder.write(tables.SCORE_SUMMARY, score_summary_table(kinds, people, labels.factors))
        folder.write(tables.GROUP_SCORES, group_score_table(kinds, people, labels.factors))
    # A log of a few references a pass does not tell what a part of the watchlist would have told.
    cut = isinstance(matcher, AlertMatcher) and matcher.at_most > 0
    searched = tables.WATCHLIST in given.design.tables and not cut
    sizes = _watchlist_sizes(run, labels) if searched else tables.WATCHLIST_SIZES.empty()
    folder.write(tables.WATCHLIST_SIZES, sizes)


def _watchlist_sizes(run: Run, plan: Plan) -> pd.DataFrame:
    """How false alerts grow with the watchlist, mixed as it was and as the fillers come."""
    folder, given = run.folder, run.analysis
    images, watchlist = folder.read(tables.COHORT), folder.read(tables.WATCHLIST)
    thresholds = run.inputs.sweep.tabulated
    trials = rates.watchlist_trials(
        given.people,
        folder.read(tables.SEARCHES),
        watchlist,
        folder.read(tables.WATCHLIST_MATCHES),
        thresholds[0],
    )
    return watchlist_size_table(
        trials,
        given.people,
        images.set_index("image_id").loc[watchlist["reference_id"]],
        list(dict.fromkeys((watchlist_mix(run.config, images), AS_THEY_COME))),
        thresholds,
        plan,
        given.design.watchlist_sizes,
    )


def _add(run: Run) -> None:
    """Sum up what no rate says: how long alerts take, how long lists are."""
    for table, frame in run.analysis.design.summarise(run.analysis.evidence).items():
        run.folder.write(table, frame)
