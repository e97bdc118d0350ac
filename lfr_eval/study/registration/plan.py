"""Registration: the plan of a study (a YAML file in, a `StudyPlan` and Hydra overrides out)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, ValidationError

from lfr_eval.config.foreign import check_choice, check_names, check_texts, foreign_overrides
from lfr_eval.contract.commands import command
from lfr_eval.contract.reading import ReadingError
from lfr_eval.contract.record import Part
from lfr_eval.contract.tables import METRICS, OVERALL
from lfr_eval.contract.validation import each_problem
from lfr_eval.contract.vocabulary import KINDS_OF_COMPARISON, SCORES, SPENDINGS
from lfr_eval.contract.yaml_reading import read_yaml
from lfr_eval.study.registration.record import RegistrationError

MOST_LOOKS = 20
FILL_IN = "FILL-IN"
"""What a draft holds where only its author can say what is meant."""

Text = Annotated[str, Field(pattern=r"\S")]
"""Text that is not empty."""


class Given(Part):
    """A part of a plan: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Primary(Given):
    """What counts: everything else is exploratory."""

    metrics: tuple[Text, ...]
    """Only these count."""
    thresholds: tuple[float, ...]
    """Only these count."""
    factors: tuple[Text, ...] = ()
    """Only these count; all if none is named."""
    watchlist_sizes: tuple[int, ...] = ()
    """Only these count; all if none is named."""
    comparisons: tuple[Text, ...] = ("omnibus", "reference")
    """Tests that share alpha: omnibus (all groups at once), reference, rest."""


class Sample(Given):
    """Who and how many are meant to take part; no numbers where the data are given."""

    recruitment: Text
    """How people are found and what they are told."""
    people_per_group: int | None = None
    passes: int | None = None
    fillers: int | None = None


class Exclusion(Given):
    """Images that are left out, and why: one image, one person, or a rule stated beforehand."""

    reason: Text
    """Why they are left out."""
    image_id: Text | None = None
    subject_id: Text | None = None
    where: Mapping[str, str] = Field(default_factory=dict)
    """Columns of the manifest and the values that are left out; all must hold."""

    @property
    def rule(self) -> str:
        """What is left out, in words."""
        if self.image_id is not None:
            return f"image {self.image_id}"
        if self.subject_id is not None:
            return f"person {self.subject_id}"
        return " and ".join(f"{name} is {value}" for name, value in self.where.items())


class Looks(Given):
    """At which shares of the people a study looks, and how it spends its level."""

    people: tuple[int, ...]
    """People under test at each look, increasing; the last is the whole study."""
    spending: Text = SPENDINGS[0]
    """`O'Brien-Fleming`: little at first; `Pocock`: about as much at each look."""

    @property
    def shares(self) -> list[float]:
        """Share of the evidence at each look."""
        return [one / self.people[-1] for one in self.people]

    def problems(self) -> list[str]:
        """Return what looks of the right shape cannot mean."""
        found = []
        rising = all(a < b for a, b in zip(self.people, self.people[1:], strict=False))
        if not 2 <= len(self.people) <= MOST_LOOKS or not rising or min(self.people) < 1:
            found.append(
                f"looks.people must be 2 to {MOST_LOOKS} increasing numbers of people, not "
                f"{list(self.people)}"
            )
        if self.spending not in SPENDINGS:
            found.append(
                f"looks.spending must be one of {', '.join(SPENDINGS)}, not {self.spending!r}"
            )
        return found


class StudyPlan(Given):
    """What a study promises before it is run."""

    title: Text
    question: Text
    hypotheses: tuple[Text, ...]
    """What the authors expect to find."""
    who: Text
    """Who is responsible for the plan."""
    contact: Text
    """How to reach the people responsible."""
    experiment: Text
    """What is run: `lfr-eval run experiment=EXPERIMENT OVERRIDES`."""
    factors: tuple[Text, ...]
    """Groups that are compared."""
    primary: Primary
    margin: float
    """Equivalence margin."""
    sample: Sample
    stopping: Text
    """When collecting ends, and that it does not depend on results."""
    alpha: float = 0.05
    power: float = 0.8
    """Chance of showing the detectable ratios."""
    overrides: tuple[Text, ...] = ()
    reference_groups: Mapping[str, str] = Field(default_factory=dict)
    """Factor -> the group that others are compared with."""
    exclusions: tuple[Exclusion, ...] = ()
    """What is left out."""
    looks: Looks | None = None
    """At how many people it looks, where it looks more than once before collecting ends."""


FIELDS = [
    name for part in (StudyPlan, Primary, Sample, Exclusion, Looks) for name in part.model_fields
]


def read_plan(file: Path) -> StudyPlan:
    """Read and check a plan.

    Raises
    ------
    RegistrationError
        If the file cannot be read or is no plan; every problem is listed.
    """
    if not file.exists():
        raise RegistrationError(
            f"There is no plan {file}; write one: {command('plan', 'new', file)}"
        )
    try:
        content = read_yaml(file)
    except ReadingError as error:
        raise RegistrationError(f"The plan {error}") from error
    try:
        # A day that YAML has made of a text is no text: it is refused like a number.
        plan = StudyPlan.model_validate_json(json.dumps(content, default=lambda day: [str(day)]))
        problems = [*check_texts(plan.model_dump()), *_contradictions(plan)]
    except ValidationError as error:
        problems = list(each_problem(error, FIELDS))
    # Nothing else is said about a place that is to be filled in.
    problems = [problem for problem in problems if FILL_IN not in problem]
    problems += [f"{where} says {text}: fill it in" for where, text in _to_fill_in(content)]
    if problems:
        listed = "".join(f"\n  {problem}" for problem in problems)
        raise RegistrationError(f"{file} is not a plan yet:{listed}")
    return plan


def _to_fill_in(value: object, where: str = "") -> Iterator[tuple[str, str]]:
    """Yield place and text of what the author of a draft has not filled in."""
    if isinstance(value, str) and FILL_IN in value:
        yield where, value
    elif isinstance(value, list):
        for below in value:
            yield from _to_fill_in(below, where)
    elif isinstance(value, dict):
        for name, below in value.items():
            yield from _to_fill_in(below, f"{where}.{name}".lstrip("."))


def overrides_of(plan: StudyPlan) -> list[str]:
    """Return the overrides of `lfr-eval run` that say what the plan says.

    Names are quoted, so that nothing in one is taken for Hydra's syntax.
    """
    primary = plan.primary
    groups = ",".join(
        f"{_key(factor)}:{_quoted(group)}" for factor, group in plan.reference_groups.items()
    )
    return [
        f"experiment={plan.experiment}",
        f"inference.factors={_listed(plan.factors)}",
        f"++inference.reference_groups={{{groups}}}",
        f"inference.margin={plan.margin!r}",
        f"inference.alpha={plan.alpha!r}",
        f"inference.power={plan.power!r}",
        f"inference.primary_metrics={_listed(primary.metrics)}",
        f"inference.primary_factors={_listed(primary.factors)}",
        f"inference.primary_watchlist_sizes={_listed(primary.watchlist_sizes)}",
        f"inference.primary_comparisons={_listed(primary.comparisons)}",
        f"thresholds.primary={_listed(primary.thresholds)}",
        *plan.overrides,
    ]


def _listed(values: tuple[object, ...]) -> str:
    texts = (_quoted(value) if isinstance(value, str) else str(value) for value in values)
    return f"[{','.join(texts)}]"


def _quoted(text: str) -> str:
    escaped = re.sub(r"(\\*)('|$)", lambda found: found[1] * 2 + "\\'" * bool(found[2]), text)
    return f"'{escaped}'"


def _key(text: str) -> str:
    return re.sub(r"([\\()\[\]{}:=, \t])", r"\\\1", text)


def _contradictions(plan: StudyPlan) -> list[str]:
    """Return what a plan of the right shape cannot mean."""
    primary = plan.primary
    problems = [
        f"primary.metrics names {metric}; choose among {', '.join((*METRICS, SCORES))}"
        for metric in primary.metrics
        if metric not in (*METRICS, SCORES)
    ]
    if "TPIR" in primary.metrics:
        problems.append("primary.metrics names TPIR; name FNIR, which says the same (1 - TPIR)")
    problems += [
        f"primary.comparisons names {name}; choose among {', '.join(KINDS_OF_COMPARISON)}"
        for name in primary.comparisons
        if name not in KINDS_OF_COMPARISON
    ]
    problems += [
        f"{where} names {factor}, which is not among the factors {', '.join(plan.factors)}"
        for where, names in (
            ("primary.factors", primary.factors),
            ("reference_groups", tuple(plan.reference_groups)),
        )
        for factor in names
        if factor not in plan.factors
    ]
    if OVERALL in plan.factors:
        problems.append(f"factors names {OVERALL}, which has no groups to compare")
    if not plan.hypotheses:
        problems.append("hypotheses is empty")
    if not primary.thresholds and set(primary.metrics) - {"FTA", "FTE"}:
        problems.append("primary.thresholds is empty")
    if plan.margin <= 1:
        problems.append(f"margin must be a ratio above 1, not {plan.margin:g}")
    problems += [
        f"{name} must be between 0 and 1, not {value:g}"
        for name, value in (("alpha", plan.alpha), ("power", plan.power))
        if not 0 < value < 1
    ]
    problems += [] if plan.looks is None else plan.looks.problems()
    said = {override.split("=", 1)[0].lstrip("+~") for override in plan.overrides}
    own = {line.split("=", 1)[0] for line in overrides_of(plan)[: -len(plan.overrides) or None]}
    problems += foreign_overrides(plan.overrides)
    problems += check_choice(plan.experiment, "experiment")
    problems += check_names(plan.factors, "factors")
    problems += check_names(plan.reference_groups, "reference_groups")
    problems += check_names(plan.reference_groups.values(), "reference_groups")
    problems += [
        f"overrides names {name}, which the plan states elsewhere" for name in sorted(said & own)
    ]
    for place, exclusion in enumerate(plan.exclusions):
        named = [exclusion.image_id is not None, exclusion.subject_id is not None]
        if sum([*named, bool(exclusion.where)]) != 1:
            problems.append(f"exclusions[{place}] must name one of image_id, subject_id and where")
    return problems
