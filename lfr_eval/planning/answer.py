"""Planning: the answer (a `Question` in, the table `planning` out)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from lfr_eval.contract.tables import PLANNING
from lfr_eval.inference.detectable import FEW_EVENTS, detectable_ratios
from lfr_eval.inference.families import SHARED
from lfr_eval.inference.intervals import no_event_bound
from lfr_eval.planning.dependence import rate_at
from lfr_eval.planning.question import Dependence, PlanningError, Question
from lfr_eval.planning.sample import (
    APPROXIMATED,
    ENUMERATED,
    LARGEST_RATIO,
    SIMULATED,
    Power,
    Setting,
    difference_power,
    equivalence_power,
    fisher_power,
    normal_difference_power,
    normal_people,
    people_needed,
    ratio_found,
)
from lfr_eval.planning.simulation import Design, simulate_power

THIS_TEST = "this tool's test"
FISHER = "Fisher's exact test on people with an event"
TWO_PROPORTIONS = "two proportions"
TOST = "this tool's two one-sided tests"
REPORTED = "detectable ratio as a report prints it"
RULE_OF_3_ONCE = "rule of 3, every pair of people once, as if independent"
RULE_OF_3_BOTH = "rule of 3, every pair in both directions, as if independent"
CERTIFIED_ONCE = "rule of 3 of biometric certification, n²/2 comparisons, as if independent"
CERTIFIED_TWICE = "the same with two samples per person, counted as two people"
CLUSTERED = "pairs of people that share nobody"
BOUND = "95 % upper bound, one-sided"


@dataclass(frozen=True)
class Case:
    """A question seen one way: one rate, one dependence.

    Attributes
    ----------
    question
        What is asked.
    dependence
        How passes depend on one another.
    """

    question: Question
    dependence: Dependence

    @property
    def rate(self) -> float:
        """Rate of the lower group at the watchlist."""
        assert self.question.rate is not None
        return self.question.rate

    @property
    def setting(self) -> Setting:
        """The same at the size that is searched."""
        question = self.question
        return Setting(
            self.searched(self.rate),
            question.passes,
            self.dependence.design_effect,
            question.level,
            self.dependence.spread,
            question.groups,
            1 - SHARED if len(question.sharing) > 1 else 1.0,
        )

    def searched(self, rate: float) -> float:
        """Rate at the size that is searched."""
        question = self.question
        if question.watchlist is None or question.fillers is None:
            return rate
        found = rate_at(rate, question.watchlist, question.fillers, question.scaling)
        if found >= 1:
            raise PlanningError(
                f"A rate of {rate:g} at a watchlist of {question.watchlist:,} is {found:.2f} at "
                f"{question.fillers:,} by linear scaling; use --scaling closed."
            )
        return found

    def searched_ratio(self, ratio: float) -> float:
        """Ratio at the size that is searched; the same under linear scaling."""
        if self.question.fillers is None:
            return ratio
        return self.searched(min(ratio * self.rate, 1.0)) / self.searched(self.rate)

    def row(self, asked: str, about: str, method: str, evidence: str, **values: Any) -> _Row:
        """Return a row of the table, with expected events where people are known."""
        question, people, ratio = self.question, values.get("people"), values.get("ratio")
        filled: dict[str, Any] = {
            "asked": asked,
            "about": about,
            "case": self.dependence.name,
            "method": method,
            "evidence": evidence,
            "passes": question.passes,
            "design_effect": self.dependence.design_effect,
            **values,
        }
        if people is not None and math.isfinite(people):
            passes = people * question.passes
            filled["effective_trials"] = passes / self.dependence.design_effect
            if question.pairs:
                passes = self.setting.raw_trials(people)
                filled["effective_trials"] = self.setting.trials(people)
                filled["design_effect"] = passes / max(filled["effective_trials"], 1.0)
            if question.rate is not None:
                filled["events_lower"] = passes * self.searched(question.rate)
                if ratio is not None and math.isfinite(ratio):
                    higher = self.searched_ratio(ratio) * self.searched(question.rate)
                    filled["events_higher"] = passes * min(1.0, higher)
        if question.rate is not None:
            filled |= {"rate": question.rate, "searched_rate": self.searched(question.rate)}
        return filled


_Row = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What is answered.

    Attributes
    ----------
    cases
        The question, once for every way of seeing it.
    rows
        The table `planning`.
    notes
        Further sentences: where the rates come from.
    """

    cases: tuple[Case, ...]
    rows: pd.DataFrame
    notes: tuple[str, ...] = field(default=())

    @property
    def question(self) -> Question:
        """The question as it was first asked."""
        return self.cases[0].question


def answer(
    cases: Sequence[Case], repetitions: int = 0, seed: int = 1, notes: tuple[str, ...] = ()
) -> Answer:
    """Answer a question.

    Parameters
    ----------
    cases
        The question seen in one or several ways.
    repetitions
        Studies to simulate for each ratio and case, with the very test of `inference`; 0: none.
    seed
        Seed of the simulation.
    notes
        Where rates come from.

    Raises
    ------
    PlanningError
        If a rate is above 1 at the size searched, or a study is too large to simulate.
    """
    rows: list[_Row] = []
    for case in cases:
        found = _people(case) if case.question.people is None else _design(case)
        rows += found
        if repetitions and case.question.rate is not None:
            rows += _simulated(case, found, repetitions, seed)
    first = cases[0].question
    if first.pairs and first.people is None:
        rows += _rule_of_three(cases[0])
    frame = pd.DataFrame(rows).reindex(columns=PLANNING.names)
    return Answer(tuple(cases), PLANNING.conform(frame), notes)


def cases_of(*questions: Question) -> list[Case]:
    """Return each question once for every dependence that it leaves open."""
    return [Case(question, one) for question in questions for one in question.cases]


def _people(case: Case) -> list[_Row]:
    """Say how many people a group it takes."""
    question, setting, rows = case.question, case.setting, []
    for ratio in question.ratios:
        searched = case.searched_ratio(ratio)
        normal = normal_people(setting, searched, question.power)
        rows.append(
            case.row("people", "difference", TWO_PROPORTIONS, APPROXIMATED, people=normal,
                     ratio=ratio, power=question.power)
        )  # fmt: skip
        by_people_alone = () if question.pairs else ((FISHER, fisher_power),)
        for method, power_of in ((THIS_TEST, difference_power), *by_people_alone):
            by_people = partial(power_of, setting, ratio=searched)
            people = people_needed(by_people, question.power)
            reached = by_people(people) if math.isfinite(people) else _NONE
            rows.append(
                case.row("people", "difference", method, reached.evidence, people=people,
                         ratio=ratio, power=reached.value)
            )  # fmt: skip
    if question.margin is not None:
        margin = question.margin
        by_people = partial(equivalence_power, setting, margin=margin)
        people = people_needed(by_people, question.power)
        reached = by_people(people) if math.isfinite(people) else _NONE
        rows.append(
            case.row("people", "equivalence", TOST, reached.evidence, people=people, ratio=1.0,
                     margin=margin, power=reached.value)
        )  # fmt: skip
    return rows


def _rule_of_three(case: Case) -> list[_Row]:
    """Say how many people have three comparisons for each that the rate would match.

    Published guidance asks for so many people to bound a rate without an event, and counts
    comparisons as independent, each pair of people once or in both directions. Pairs that share
    nobody are independent for certain. Certification (the requirements of FIDO, to which common
    criteria refer) takes n people for n²/2 comparisons, and two fingers or eyes for two people.
    """
    wanted = 3 / case.rate
    rows = [
        (RULE_OF_3_BOTH, math.ceil((1 + math.sqrt(1 + 4 * wanted)) / 2 - 1e-9)),
        (RULE_OF_3_ONCE, math.ceil((1 + math.sqrt(1 + 8 * wanted)) / 2 - 1e-9)),
        (CERTIFIED_ONCE, math.ceil(math.sqrt(2 * wanted) - 1e-9)),
        (CERTIFIED_TWICE, math.ceil(math.sqrt(2 * wanted) / 2 - 1e-9)),
        (CLUSTERED, 2 * math.ceil(math.log(0.05) / math.log1p(-case.rate))),
    ]
    return [
        case.row("people", "no event", method, "exact", people=float(people))
        for method, people in rows
    ]


_NONE = Power(math.nan, APPROXIMATED)


def _design(case: Case) -> list[_Row]:
    """Say what a given design can show."""
    question = case.question
    assert question.people is not None
    people, rows = float(question.people), []
    if question.rate is not None:
        setting = case.setting
        for ratio in question.ratios:
            searched = case.searched_ratio(ratio)
            normal = Power(normal_difference_power(setting, people, searched), APPROXIMATED)
            methods = [
                (TWO_PROPORTIONS, normal),
                (THIS_TEST, difference_power(setting, people, searched)),
            ]
            if not question.pairs:
                methods.append((FISHER, fisher_power(setting, people, searched)))
            for method, power in methods:
                rows.append(
                    case.row("power", "difference", method, power.evidence, people=people,
                             ratio=ratio, power=power.value)
                )  # fmt: skip
        if question.margin is not None:
            power = equivalence_power(setting, people, question.margin)
            rows.append(
                case.row("power", "equivalence", TOST, power.evidence, people=people, ratio=1.0,
                         margin=question.margin, power=power.value)
            )  # fmt: skip
        rows += _detectable(case, people)
    return [*rows, _bound(case, people)]


def _detectable(case: Case, people: float) -> list[_Row]:
    question, setting = case.question, case.setting

    def power_of(ratio: float) -> Power:
        return difference_power(setting, people, case.searched_ratio(ratio))

    most = min(LARGEST_RATIO, 1 / case.rate, _closed_end(case))
    own = ratio_found(power_of, question.power, most)
    evidence = power_of(own).evidence if math.isfinite(own) else ENUMERATED
    few = setting.rate * setting.trials(people) < FEW_EVENTS
    as_listed = ENUMERATED if few else APPROXIMATED
    trials = np.array([setting.trials(people)])
    reported = detectable_ratios(
        np.array([setting.rate]), trials, trials, setting.level, question.power
    )
    return [
        case.row("ratio", "difference", THIS_TEST, evidence, people=people, ratio=own,
                 power=question.power),
        case.row("ratio", "difference", REPORTED, as_listed, people=people,
                 ratio=float(reported[0]), power=question.power),
    ]  # fmt: skip


def _closed_end(case: Case) -> float:
    """Largest ratio for which the rate at the size searched stays below 1."""
    return 0.999 / case.searched(case.rate)


def _bound(case: Case, people: float) -> _Row:
    """Upper bound on a rate if no event is seen."""
    question = case.question
    trials = people * question.passes / case.dependence.design_effect
    if question.pairs:
        trials = max(people // 2, 1.0)
    searched = float(no_event_bound(trials, 0.95))
    bound = searched
    if question.watchlist is not None and question.fillers is not None:
        bound = rate_at(searched, question.fillers, question.watchlist, question.scaling)
    return case.row(
        "bound", "no event", BOUND, "exact", people=people, searched_bound=searched, bound=bound
    )


def _simulated(case: Case, found: list[_Row], repetitions: int, seed: int) -> list[_Row]:
    """Simulate the planned or given design with the tool's own test."""
    question, rows = case.question, []
    for row in found:
        if row["method"] not in (THIS_TEST, TOST) or row["asked"] == "ratio":
            continue
        if not math.isfinite(row["people"]):
            continue
        design = Design(
            people=max(2, round(row["people"])),
            groups=question.groups,
            passes=round(question.passes),
            rate=case.searched(case.rate),
            ratio=case.searched_ratio(row["ratio"]),
            design_effect=case.dependence.design_effect,
            margin=question.margin or 1.5,
            alpha=question.alpha,
            spread=case.dependence.spread,
            factors=max(len(question.sharing), 1),
        )
        power = simulate_power(design, repetitions, seed=seed)
        value = power.different if row["about"] == "difference" else power.equivalent
        error = math.sqrt(value * (1 - value) / repetitions)
        rows.append({**row, "evidence": SIMULATED, "power": value, "power_error": error})
    return rows
