"""Planning: a plan to fill in (an answer, or nothing, in; a YAML file out)."""

from __future__ import annotations

import math
from pathlib import Path

from lfr_eval.planning.answer import THIS_TEST, TOST, Answer
from lfr_eval.planning.question import PlanningError

DRAFT = """\
# The plan of a study. Fill in what is empty, change what is not yours, then freeze it before
# results exist:
#   lfr-eval plan register {name}
#   lfr-eval run registration={registration}
title: ""
question: ""
# What is expected, in the direction in which it is expected.
hypotheses:
  - ""
who: ""
contact: ""

# What is run: lfr-eval run experiment=EXPERIMENT and these overrides.
experiment: rehearsal
overrides: []

factors: [gender, ethnicity, gender x ethnicity]
reference_groups:
  gender: male
  ethnicity: white
  gender x ethnicity: male x white

# What counts; everything else is exploratory. No factor or size named: all of them.
primary:
  metrics: [FPIR, FNIR]
  factors: [gender, ethnicity]
  thresholds: [0.6]
  watchlist_sizes: [{watchlist}]
  # Families of tests, each adjusted by Holm: omnibus, reference, rest.
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

# Images left out, and why: one of image_id, subject_id, where.
#   - subject_id: p017
#     reason: withdrew consent
#   - where: {{age_band: 0-17}}
#     reason: children are not part of the study
exclusions: []
"""


def draft(file: Path, answer: Answer | None = None) -> None:
    """Write a plan to fill in; its sample is that of an answer, if there is one.

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
    values: dict[str, object] = {
        "name": file,
        "registration": file.with_suffix(".registration.json"),
        "watchlist": 10_000 if question is None or not question.watchlist else question.watchlist,
        "fillers": "null" if question is None else question.fillers or question.watchlist or "null",
        "margin": 1.5 if question is None or question.margin is None else question.margin,
        "alpha": 0.05 if question is None else question.alpha,
        "power": 0.8 if question is None else question.power,
        "people": _people(answer),
        "passes": "null" if question is None else round(question.passes),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(DRAFT.format(**values), "utf-8")


def _people(answer: Answer | None) -> str:
    """Return the people a group that answer everything asked: the most of all cases."""
    if answer is None:
        return "null"
    if answer.question.people is not None:
        return str(answer.question.people)
    rows = answer.rows[answer.rows["method"].isin([THIS_TEST, TOST])]
    most = float(rows["people"].max())
    return str(math.ceil(most)) if math.isfinite(most) else "null"
