"""Planning: a plan to fill in (an answer, or nothing, in; a YAML file out)."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import yaml

from lfr_eval.config import DesignConfig
from lfr_eval.contract.commands import command, override
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.tables import CROSS
from lfr_eval.contract.writing import write_text
from lfr_eval.finished.finished import typed
from lfr_eval.planning.answer import THIS_TEST, TOST, Answer
from lfr_eval.planning.question import PlanningError, Question

DRAFT = """\
# The plan of a study. Fill in what is empty, change what is not yours, then freeze it before
# results exist:
#   {register}
#   {run}
title: ""
question: ""
# What is expected, in the direction in which it is expected.
hypotheses:
  - ""
who: ""
contact: ""

# What is run: lfr-eval run experiment=EXPERIMENT and these overrides.
experiment: {experiment}
overrides: {overrides}

factors: {factors}
# The largest group of each factor that is not named.
reference_groups: {reference_groups}

# What counts; everything else is exploratory. No factor or size named: all of them.
primary:
  # Metrics and factors share alpha: a second metric or factor halves the share of each.
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


@dataclass(frozen=True)
class Studied:
    """What a plan says of what is run, as YAML."""

    experiment: str = "rehearsal"
    overrides: str = "[]"
    factors: str = "[gender, ethnicity, gender x ethnicity]"
    reference_groups: str = "{gender: male, ethnicity: white, gender x ethnicity: male x white}"
    metrics: str = "[FPIR, FNIR]"
    primary_factors: str = "[gender, ethnicity]"
    thresholds: str = "[0.6]"
    watchlist: str | None = None


def like(pilot: StudyFolder) -> Studied:
    """Return what a plan says that repeats a pilot study on the same sort of people.

    Where its data are is said on the command line, beside the registration.
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
    if design["watchlist_sizes"]:
        overrides.append(f"design.watchlist_sizes={design['watchlist_sizes']}".replace(" ", ""))
    largest = record.inference.largest_groups
    declared = {
        factor: group
        for factor, group in record.inference.reference_groups.items()
        if factor not in largest
    }
    paired = [] if "verification" not in design["kinds"] else ["FMR", "FNMR"]
    return Studied(
        "none",
        _yaml(overrides),
        _yaml(list(record.factors)),
        _yaml(declared),
        _yaml(paired + (["FPIR", "FNIR"] if searched else [])),
        _yaml([factor for factor in record.factors if CROSS not in factor]),
        _yaml(list(record.thresholds.primary)),
        _yaml(design["watchlist_sizes"]),
    )


def factors_of(pilot: StudyFolder | None) -> tuple[str, ...]:
    """Return the factors that a draft asks about where nobody names others."""
    names = yaml.safe_load((Studied() if pilot is None else like(pilot)).factors)
    return tuple(str(name) for name in names)


def _as_planned(studied: Studied, question: Question) -> Studied:
    """Return the same with the primary questions that the answer is planned for."""
    studied = replace(studied, metrics=_yaml([question.metric]))
    if not question.factors:
        return studied
    known = yaml.safe_load(studied.reference_groups)
    return replace(
        studied,
        factors=_yaml(list(question.factors)),
        reference_groups=_yaml({one: known[one] for one in question.factors if one in known}),
        primary_factors=_yaml(list(question.sharing or question.factors)),
    )


def _yaml(value: object) -> str:
    """Return a value on one line of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6)
    return text.removesuffix("\n").removesuffix("\n...")


def draft(file: Path, answer: Answer | None = None, pilot: StudyFolder | None = None) -> None:
    """Write a plan to fill in.

    Parameters
    ----------
    answer
        Says how many people; None: that is to be filled in.
    pilot
        A study that says what is run.

    Raises
    ------
    PlanningError
        If the file exists, or is no YAML file in a folder that exists.
    """
    if file.exists():
        raise PlanningError(f"{file} exists; give another name.")
    if file.suffix not in (".yaml", ".yml"):
        raise PlanningError(f"A plan is a YAML file; {file} does not end in .yaml.")
    question = None if answer is None else answer.question
    studied = Studied() if pilot is None else like(pilot)
    if question is not None:
        studied = _as_planned(studied, question)
    values: dict[str, object] = {
        "register": command("plan", "register", file),
        "run": command("run", override("registration", file.with_suffix(".registration.json"))),
        **asdict(studied),
        "watchlist": studied.watchlist or f"[{(question and question.watchlist) or 10_000}]",
        "fillers": "null" if question is None else question.fillers or question.watchlist or "null",
        "margin": 1.5 if question is None or question.margin is None else question.margin,
        "alpha": 0.05 if question is None else question.alpha,
        "power": 0.8 if question is None else question.power,
        "people": _people(answer),
        "passes": "null" if question is None else round(question.passes),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    write_text(file, DRAFT.format(**values))


def _people(answer: Answer | None) -> str:
    """Return the people a group that answer everything asked: the most of all cases."""
    if answer is None:
        return "null"
    if answer.question.people is not None:
        return str(answer.question.people)
    rows = answer.rows[answer.rows["method"].isin([THIS_TEST, TOST])]
    most = float(rows["people"].max())
    return str(math.ceil(most)) if math.isfinite(most) else "null"
