"""Registration: the plan of a study (a YAML file in, a `StudyPlan` and Hydra overrides out)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lfr_eval.config.foreign import check_choice, check_names, foreign_overrides
from lfr_eval.contract.reading import ReadingError, read_yaml
from lfr_eval.contract.tables import METRICS, OVERALL
from lfr_eval.contract.vocabulary import KINDS_OF_COMPARISON
from lfr_eval.study.registration.fields import build
from lfr_eval.study.registration.looks import Looks
from lfr_eval.study.registration.record import RegistrationError


@dataclass(frozen=True)
class Primary:
    """What counts: everything else is exploratory.

    Attributes
    ----------
    metrics, thresholds
        Named ones only.
    factors, watchlist_sizes
        Named ones; all where none is named.
    comparisons
        Families, each adjusted by Holm: omnibus, reference, rest.
    """

    metrics: tuple[str, ...]
    thresholds: tuple[float, ...]
    factors: tuple[str, ...] = ()
    watchlist_sizes: tuple[int, ...] = ()
    comparisons: tuple[str, ...] = ("omnibus", "reference")


@dataclass(frozen=True)
class Sample:
    """Who and how many are meant to take part.

    Attributes
    ----------
    recruitment
        How people are found and what they are told.
    people_per_group, passes, fillers
        Numbers intended; None where the data are given.
    """

    recruitment: str
    people_per_group: int | None = None
    passes: int | None = None
    fillers: int | None = None


@dataclass(frozen=True)
class Exclusion:
    """Images that are left out, and why: one image, one person, or a rule stated beforehand.

    Attributes
    ----------
    reason
        Why.
    image_id, subject_id
        Whose.
    where
        Columns of the manifest and the values that are left out; all must hold.
    """

    reason: str
    image_id: str | None = None
    subject_id: str | None = None
    where: Mapping[str, str] = field(default_factory=dict)

    @property
    def rule(self) -> str:
        """What is left out, in words."""
        if self.image_id is not None:
            return f"image {self.image_id}"
        if self.subject_id is not None:
            return f"person {self.subject_id}"
        return " and ".join(f"{name} is {value}" for name, value in self.where.items())


@dataclass(frozen=True)
class StudyPlan:
    """What a study promises before it is run.

    Attributes
    ----------
    title, question, hypotheses
        What is asked, and what is expected.
    who, contact
        Who promises, and how to reach them.
    experiment, overrides
        What is run: `lfr-eval run experiment=EXPERIMENT OVERRIDES`.
    factors, reference_groups
        Groups that are compared, and with which.
    primary
        What counts.
    margin, alpha, power
        Equivalence margin, level, and the power of detectable ratios.
    sample
        Who and how many.
    stopping
        When collecting ends, and that it does not depend on results.
    exclusions
        What is left out.
    looks
        At how many people it looks, where it looks more than once before collecting ends.
    """

    title: str
    question: str
    hypotheses: tuple[str, ...]
    who: str
    contact: str
    experiment: str
    factors: tuple[str, ...]
    primary: Primary
    margin: float
    sample: Sample
    stopping: str
    alpha: float = 0.05
    power: float = 0.8
    overrides: tuple[str, ...] = ()
    reference_groups: Mapping[str, str] = field(default_factory=dict)
    exclusions: tuple[Exclusion, ...] = ()
    looks: Looks | None = None


def read_plan(file: Path) -> StudyPlan:
    """Read and check a plan.

    Raises
    ------
    RegistrationError
        If the file cannot be read or is no plan; every problem is listed.
    """
    if not file.exists():
        raise RegistrationError(f"There is no plan {file}; write one: lfr-eval plan new {file}")
    try:
        content = read_yaml(file)
    except ReadingError as error:
        raise RegistrationError(f"The plan {error}") from error
    problems: list[str] = []
    plan: StudyPlan = build(StudyPlan, content, "", problems)
    if not problems:
        problems = _contradictions(plan)
    if problems:
        listed = "".join(f"\n  {problem}" for problem in problems)
        raise RegistrationError(f"{file} is not a plan yet:{listed}")
    return plan


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
        f"primary.metrics names {metric}; choose among {', '.join(METRICS)}"
        for metric in primary.metrics
        if metric not in METRICS
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
        f"{name} must be finite numbers"
        for name, values in (("primary.thresholds", primary.thresholds), ("margin", (plan.margin,)))
        if not all(map(math.isfinite, values))
    ]
    problems += [
        f"overrides names {name}, which the plan states elsewhere" for name in sorted(said & own)
    ]
    for place, exclusion in enumerate(plan.exclusions):
        named = [exclusion.image_id is not None, exclusion.subject_id is not None]
        if sum([*named, bool(exclusion.where)]) != 1:
            problems.append(f"exclusions[{place}] must name one of image_id, subject_id and where")
    return problems
