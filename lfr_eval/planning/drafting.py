"""Planning: a plan to fill in (a question, or nothing, in; a YAML file out)."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import pandas as pd
import yaml

from lfr_eval.config import DesignConfig
from lfr_eval.contract.commands import command, override
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.tables import CROSS
from lfr_eval.contract.writing import write_text
from lfr_eval.finished.finished import typed
from lfr_eval.planning.answer import THIS_TEST, TOST, Answer
from lfr_eval.planning.cohort import DEFAULT_FACTORS, reference_of
from lfr_eval.planning.question import PAIRS, PlanningError, Question
from lfr_eval.study.registration.plan import FILL_IN

PAIRED = (PAIRS, "FNMR")
SEARCHED = ("watchlist_members", "watchlist_inference", "candidates")
"""Settings of a search that a plan repeats, where a pilot does not have the usual ones."""
READ = ("floor", "at_most", "within", "higher_is", "shape", "decimal", "dates", "missing")
"""Settings that say how scores from elsewhere are read."""

DRAFT = """\
# The plan of a study. Fill in what is empty or says {mark}, change what does not fit your study,
# then freeze it before results exist:
#   {register}
#   {run}
# A plan names no files. Say where they are, and what their columns are called, in both commands:
#   dataset.path=images.csv matcher.path=scores.csv 'matcher.columns={{score: similarity}}'
title: ""
question: ""
# What is expected, in the direction in which it is expected.
hypotheses:
  - ""
who: ""
contact: ""

# What is run: lfr-eval run experiment=EXPERIMENT and these overrides. Matchers are facenet, scores,
# templates, alerts, pairs (with dataset=pairs) and those of docs/matchers.md; designs are
# verification (pairs of images), live, operator and retrospective (searches).
experiment: none
overrides: {overrides}

factors: {factors}
# The largest group of each factor that is not named.
reference_groups: {reference_groups}

# What counts; everything else is exploratory. No factor or size named: all of them.
primary:
  # Metrics and factors share alpha: a second metric or factor halves the share of each. The
  # metric `scores` is mean scores; without it, they are exploratory.
  metrics: {metrics}
  factors: {primary_factors}
  thresholds: {thresholds}
  watchlist_sizes: {watchlist}
  # Tests that share alpha: omnibus (all groups at once), reference, rest.
  comparisons: [omnibus, reference]
# Rates within this ratio of one another count as the same.
margin: {margin:g}
alpha: {alpha:g}
power: {power:g}

sample:
  people_per_group: {people}
  passes: {passes}
  fillers: {fillers}
  # How people are found, and what they are told.
  recruitment: ""
# When collecting ends; it must not depend on results.
stopping: ""
# Only if you look before collecting ends: people at each look, the last being all of them. Each
# run with other data is the next look, and the primary questions get its share of alpha.
# looks:
#   people: [200, 400]
#   spending: O'Brien-Fleming

# Images left out, and why: one of image_id, subject_id, where.
#   - subject_id: p017
#     reason: withdrew consent
#   - where: {{age_band: 0-17}}
#     reason: children are not part of the study
exclusions: []
"""


def _yaml(value: object) -> str:
    """Return a value on one line of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6)
    return text.removesuffix("\n").removesuffix("\n...")


@dataclass(frozen=True)
class Studied:
    """What a plan says of what is run, as YAML."""

    overrides: str = f"[dataset=manifest, matcher={FILL_IN}, design={FILL_IN}]"
    factors: str = _yaml(list(DEFAULT_FACTORS))
    reference_groups: str = "{}"
    metrics: str = f"[{FILL_IN}]"
    primary_factors: str = _yaml([factor for factor in DEFAULT_FACTORS if CROSS not in factor])
    thresholds: str = f"[{FILL_IN}]"
    watchlist: str = "[]"


def of_own(
    question: Question, threshold: float | None = None, people: pd.DataFrame | None = None
) -> Studied:
    """Return what a plan says of people of one's own.

    Parameters
    ----------
    question
        What the study must answer.
    threshold
        Where the system operates, if that is known.
    people
        Labels, one row per person, if they are known.
    """
    at = FILL_IN if threshold is None else f"{threshold:.9g}"
    design = "verification" if question.metric in PAIRED else "live"
    # Rates are stated at the watchlist; where there are fillers, events are counted with them.
    sizes = [size for size in (question.watchlist, question.fillers) if size is not None]
    overrides = ["dataset=manifest", f"matcher={FILL_IN}", f"design={design}"]
    if question.metric != "FTA":
        overrides.append(f"thresholds.values=[{at}]")
    if sizes:
        overrides.append(f"design.watchlist_sizes={sizes}".replace(" ", ""))
    largest = {} if people is None else {f: reference_of(people, f) for f in question.factors}
    return Studied(
        _yaml(overrides),
        _yaml(list(question.factors)),
        _yaml({factor: group for factor, group in largest.items() if group}),
        _yaml([question.metric]),
        _yaml(list(question.sharing or question.factors)),
        "[]" if question.metric == "FTA" else f"[{at}]",
        _yaml(sizes[-1:]),
    )


def like(
    pilot: StudyFolder, question: Question | None = None, threshold: float | None = None
) -> Studied:
    """Return what a plan says that repeats a pilot study on the same sort of people.

    Where its data are is said on the command line, beside the registration.

    Parameters
    ----------
    question
        What the study must answer; None: what the pilot asked.
    threshold
        Where; None: where the pilot asked it.
    """
    record, provenance = pilot.record(), pilot.provenance()
    dataset, matcher, design = map(provenance.settings, ("dataset", "matcher", "design"))
    named = dataset["kind"] if dataset["kind"] == "manifest" else dataset["name"]
    kinds = {"kinds": design["kinds"]}
    searched = typed(DesignConfig, kinds, pilot.path).searches
    overrides = [
        f"dataset={named}",
        f"matcher={matcher['name']}",
        f"design={design['name']}",
        f"thresholds.values=[{','.join(f'{value:.9g}' for value in record.thresholds.values)}]",
    ]
    usual = {each.name: each.default for each in fields(DesignConfig)}
    repeated = [("design", name) for name in SEARCHED if design.get(name) != usual[name]]
    repeated += [("matcher", name) for name in READ if matcher.get(name) not in (None, "better")]
    settings = {"design": design, "matcher": matcher}
    overrides += [f"{of}.{name}={settings[of][name]}".replace(" ", "") for of, name in repeated]
    if design["watchlist_sizes"]:
        overrides.append(f"design.watchlist_sizes={design['watchlist_sizes']}".replace(" ", ""))
    largest = record.inference.largest_groups
    declared = {
        factor: group
        for factor, group in record.inference.reference_groups.items()
        if factor not in largest
    }
    paired = [] if "verification" not in design["kinds"] else ["FMR", "FNMR"]
    metrics = paired + (["FPIR", "FNIR"] if searched else [])
    factors, singles = list(record.factors), [f for f in record.factors if CROSS not in f]
    if question is not None:
        metrics = [question.metric]
        if question.factors:
            factors, singles = list(question.factors), list(question.sharing or question.factors)
    return Studied(
        _yaml(overrides),
        _yaml(factors),
        _yaml({one: declared[one] for one in factors if one in declared}),
        _yaml(metrics),
        _yaml(singles),
        _yaml(list(record.thresholds.primary) if threshold is None else [threshold]),
        _yaml(design["watchlist_sizes"]),
    )


def draft(
    file: Path,
    question: Question | None = None,
    studied: Studied = Studied(),
    people_per_group: str = "null",
) -> None:
    """Write a plan to fill in.

    Parameters
    ----------
    question
        What the study must answer, if that is known.
    studied
        What is run.
    people_per_group
        How many people it takes, as YAML.

    Raises
    ------
    PlanningError
        If the file exists, or is no YAML file in a folder that exists.
    """
    if file.exists():
        raise PlanningError(f"{file} exists; give another name.")
    if file.suffix not in (".yaml", ".yml"):
        raise PlanningError(f"A plan is a YAML file; {file} does not end in .yaml.")
    values: dict[str, object] = {
        "mark": FILL_IN,
        "register": command("plan", "register", file),
        "run": command("run", override("registration", file.with_suffix(".registration.json"))),
        **asdict(studied),
        "fillers": "null" if question is None else question.fillers or question.watchlist or "null",
        "margin": 1.5 if question is None or question.margin is None else question.margin,
        "alpha": 0.05 if question is None else question.alpha,
        "power": 0.8 if question is None else question.power,
        "people": people_per_group,
        "passes": "null" if question is None else round(question.passes),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    write_text(file, DRAFT.format(**values))


def people_of(answer: Answer) -> str:
    """Return the people per group that answer everything asked: the most of all cases."""
    if answer.question.people is not None:
        return str(answer.question.people)
    rows = answer.rows[answer.rows["method"].isin([THIS_TEST, TOST])]
    most = float(rows["people"].max())
    return str(math.ceil(most)) if math.isfinite(most) else "null"
