"""Stage `inference`: the plain sentence of a finding.

In: one finding with the counts behind it. Out: a sentence that may be quoted as it stands: no
stronger than its evidence, rates as `1 in N`, never "no significant difference" without what
remains possible.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lfr_eval.contract.names import factor_words, group_words, metric_named
from lfr_eval.contract.tables import REGISTERED_STATES
from lfr_eval.contract.words import (
    FIXED,
    alike,
    confidence,
    joined,
    listed,
    p_text,
    percentage,
    ratio,
    several,
    threshold_text,
    watchlists,
)
from lfr_eval.inference.plan import UNNAMED

MANY_UNACQUIRED = 0.1
"""Share of misses without an acquired image from which a sentence tells of them."""

FEW_PEOPLE = 5
"""People at most who decide a claim that is called one that rests on few."""


@dataclass(frozen=True)
class Sides:
    """How a sentence names two sides that are not simply groups of people.

    Attributes
    ----------
    a, b
        The sides, such as `passes with camera north`.
    trials
        Whether they are trials and not people.
    whose
        On which people trials are compared; empty for people.
    """

    a: str
    b: str
    trials: bool = False
    whose: str = ""


@dataclass(frozen=True)
class Finding:
    """What a sentence needs to know of one row of the findings.

    Attributes are those of the `findings` table; `people_a` of `exposed_a` people of group a had
    an event, `bound_a` is the upper bound of its rate where it had none. `controls` names the
    labels of people and `conditions` the conditions of trials that groups are compared within,
    `uncontrolled` the declared ones that these trials know nothing of. `sides` names sides that are
    not simply groups of people, `holds_for` for which watchlists the claim is. `unacquired` is the
    share of misses of both sides that were passes without an acquired image, `heaviest` the share
    of comparisons that one person takes part in, where that limits what can be said. NaN: not
    known.
    """

    metric: str
    threshold: float
    watchlist_size: int | None
    factor: str
    group_a: str
    group_b: str
    rate_a: float
    rate_b: float
    ratio: float
    ratio_lower: float
    ratio_upper: float
    level: float
    p_value: float
    p_adjusted: float
    p_equivalence: float
    margin: float
    alpha: float
    verdict: str
    primary: bool
    people_a: int
    exposed_a: int
    people_b: int
    exposed_b: int
    bound_a: float
    bound_b: float
    controls: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    uncontrolled: tuple[str, ...] = ()
    registered: str = REGISTERED_STATES[0]
    sides: Sides | None = None
    fragility: int | None = None
    holds_for: str = FIXED
    unacquired: tuple[float, float] = (math.nan, math.nan)
    heaviest: tuple[float, float] = (math.nan, math.nan)

    @property
    def a(self) -> str:
        """The first side in words."""
        return self.sides.a if self.sides else group_words(self.group_a, self.factor)

    @property
    def b(self) -> str:
        """The second side in words."""
        return self.sides.b if self.sides else group_words(self.group_b, self.factor)

    @property
    def deed(self) -> str:
        """What they did."""
        metric = metric_named(self.metric)
        return metric.trial_deed if self.sides and self.sides.trials else metric.deed


def statement(finding: Finding) -> str:
    """Return the sentence of a finding."""
    if finding.group_a == "*":
        return _where(finding) + _omnibus(finding) + _standing(finding)
    sentences = {
        "different": _different,
        "equivalent": _equivalent,
        "inconclusive": _inconclusive,
        "untestable": _untestable,
    }
    said = _where(finding) + sentences[finding.verdict](finding)
    if finding.verdict != "untestable":
        said += _unacquired(finding) + _heaviest(finding)
    return said + _standing(finding)


def _omnibus(f: Finding) -> str:
    metric, factor = metric_named(f.metric), factor_words(f.factor)
    what = metric.sides if f.sides and f.sides.trials else "groups"
    what += f" by {factor}" if factor != "group" else ""
    if f.verdict == "untestable":
        return (
            f"too few people or {metric.events} were seen to compare {what}, so "
            f"nothing can be said about differences between them."
        )
    if f.verdict == "different":
        return (
            f"{metric.rates} differed between {what}{_controlled(f)} "
            f"({p_text(f.p_adjusted)} after adjustment)."
        )
    return (
        f"a difference in {metric.rates} between {what}{_controlled(f)} was not shown "
        f"({p_text(f.p_adjusted)} after adjustment), which is not evidence that there is none."
    )


def _different(f: Finding) -> str:
    within = (
        f" The difference is nevertheless within the margin of {f.margin:g}."
        if f.p_equivalence < f.alpha
        else ""
    )
    return (
        f"{_compared(f)}; the difference is significant after adjustment "
        f"({p_text(f.p_adjusted)}).{within}"
        + (f" {few}" if (few := rests_on(f.metric, f.fragility)) else "")
    )


def rests_on(metric: str, fragility: int | None, unit: str = "people") -> str:
    """Say that a difference rests on a few people (or `pairs`); empty where it does not."""
    if fragility is None or fragility > FEW_PEOPLE:
        return ""
    who = several(fragility, *(("pair",) if unit == "pairs" else ("person", "people")))
    return _resting(metric, who)


def rests_on_few(metric: str, unit: str = "people") -> str:
    """Say that a difference rests on a few people (or `pairs`), where how many is withheld."""
    return _resting(metric, f"at most {FEW_PEOPLE} {'pairs' if unit == 'pairs' else 'people'}")


def _resting(metric: str, who: str) -> str:
    return (
        f"This rests on {who}: without their {metric_named(metric).events}, no difference would "
        "be shown."
    )


def _equivalent(f: Finding) -> str:
    return (
        f"{_compared(f)}; the rates are equivalent within the margin of "
        f"{f.margin:g} (equivalence {p_text(f.p_equivalence)})."
    )


def _inconclusive(f: Finding) -> str:
    return (
        f"{_compared(f)}; this neither shows a difference ({p_text(f.p_adjusted)} after "
        f"adjustment) nor rules one out. {_possible(f)}"
    )


def _untestable(f: Finding) -> str:
    if math.isnan(f.rate_a) and f.exposed_a and f.exposed_b:
        shared = listed((*f.controls, *f.conditions))
        return f"{f.a} and {f.b} cannot be compared: no {shared} had trials of both."
    if math.isnan(f.rate_a) and f.sides and f.sides.trials:
        sides = metric_named(f.metric).sides
        return f"{f.a} and {f.b} cannot be compared: nobody has {sides} of both."
    without = [name for name, exposed in ((f.a, f.exposed_a), (f.b, f.exposed_b)) if exposed == 0]
    if without:
        return f"{f.a} and {f.b} cannot be compared: there was no trial of {' or '.join(without)}."
    if f.people_a or f.people_b:
        return (
            f"too little was seen to compare {f.a} ({f.people_a:,} of {f.exposed_a:,} people) with "
            f"{f.b} ({f.people_b:,} of {f.exposed_b:,}). {_LEAST[f.metric == 'FMR']}"
        )
    bounds = f"The rates may still be as high as {_bounds(f)}"
    if f.sides and f.sides.trials:
        return (
            f"no {metric_named(f.metric).event} was seen in {f.a} ({f.exposed_a:,} people) or "
            f"{f.b} ({f.exposed_b:,} people), so their rates cannot be compared. {bounds} "
            f"({confidence(f.level)} confidence each)."
        )
    return (
        f"no {metric_named(f.metric).event} was seen among {f.exposed_a:,} {f.a} or "
        f"{f.exposed_b:,} {f.b.removeprefix('all ')}, so their rates cannot be "
        f"compared. {bounds} ({confidence(f.level)} confidence each)."
    )


_LEAST = (
    "A comparison needs at least 6 people on each side, 6 events in all, and 3 people with an "
    "event in the group with the higher rate.",
    "A comparison needs at least 6 people on each side, 6 events in all, and 4 people with an "
    "event in the group with the higher rate.",
)


def _compared(f: Finding) -> str:
    if f.rate_a <= 0 or f.rate_b <= 0:
        return _beside_none(f)
    counts = f"{f.people_a:,} of {f.exposed_a:,} people against {f.people_b:,} of {f.exposed_b:,}"
    lower, upper = ratio(f.ratio_lower, "down"), ratio(f.ratio_upper, "up")
    return (
        f"{f.a} {f.deed} {ratio(f.ratio)} times as often as {f.b}{_controlled(f)} "
        f"({confidence(f.level)} interval {lower} to {upper}; "
        f"{' against '.join(_rates(f))}; {counts})"
    )


def _beside_none(f: Finding) -> str:
    """Return the comparison of two sides of which one had no event, each with its own figures."""
    if f.rate_a <= 0:
        said = f"{_none(f, 'a')}, but {_some(f, 'b')}"
        end = f"at most {ratio(f.ratio_upper, 'up')} times" if math.isfinite(f.ratio_upper) else ""
    else:
        said = f"{_some(f, 'a')}, but {_none(f, 'b')}"
        end = f"at least {ratio(f.ratio_lower, 'down')} times" if f.ratio_lower > 0 else ""
    if not end:
        return said
    return (
        f"{said}; allowing for chance, {f.a} {f.deed} {end} as often as {f.b} "
        f"({confidence(f.level)} interval)"
    )


def _some(f: Finding, side: str) -> str:
    """Say how often the side with events had them."""
    who, people, exposed = (getattr(f, f"{what}{side}") for what in ("", "people_", "exposed_"))
    (seen,) = of_trials(f.metric, (getattr(f, f"rate_{side}"), "nearest"))
    counts = f"{people:,} of {exposed:,} people"
    return f"{who} {f.deed}{_controlled(f)} ({seen}; {counts})"


def _none(f: Finding, side: str) -> str:
    """Say that a side had no event, of how many people, and what its rate may be at most."""
    who, exposed, bound = (getattr(f, f"{what}{side}") for what in ("", "exposed_", "bound_"))
    preposition = "in" if f.sides and f.sides.trials else "for"
    said = (
        f"no {metric_named(f.metric).event} was seen {preposition} {who} (0 of {exposed:,} people"
    )
    if not math.isnan(bound):
        (most,) = of_trials(f.metric, (bound, "up"))
        said += f"; the rate is below {most}, {confidence(f.level)} confidence"
    return f"{said})"


def _rates(f: Finding) -> list[str]:
    return of_trials(f.metric, (f.rate_a, "nearest"), (f.rate_b, "nearest"))


def _bounds(f: Finding) -> str:
    ends = [(f.bound_a, "up"), (f.bound_b, "up")]
    return " and ".join(of_trials(f.metric, *ends))


def of_trials(code: str, *rates: tuple[float, str]) -> list[str]:
    """Return rates in one unit, the last with what they are of: "1 in 60", "1 in 720 passes"."""
    metric = metric_named(code)
    *others, last = alike(*rates, success=metric.is_success)
    return [*others, f"{last} {'of ' if '%' in last else ''}{metric.sides}"]


def _possible(f: Finding) -> str:
    """Say what remains possible: the interval in words, which a p-value does not tell."""
    lower, upper = ratio(f.ratio_lower, "down"), ratio(f.ratio_upper, "up")
    if math.isnan(f.ratio_lower) or (f.ratio_lower <= 0 and math.isinf(f.ratio_upper)):
        return "No ratio of the two rates can be ruled out."
    if f.ratio_lower > 1 or f.ratio_upper < 1:
        # Only of exploratory comparisons: the interval of a primary one is adjusted, as its p is.
        return (
            "The interval leaves out equal rates but does not allow for the number of comparisons "
            "made, so equal rates remain possible."
        )
    if math.isinf(f.ratio_upper):
        return f"Any ratio from {lower} upwards remains possible."
    if f.ratio_lower <= 0:
        return f"Anything up to {upper} times as often remains possible."
    return f"Anything from {lower} to {upper} times as often remains possible."


def _where(f: Finding) -> str:
    return setting_words(f.metric, f.threshold, f.watchlist_size, f.holds_for)


def setting_words(
    metric: str,
    threshold: float | None,
    watchlist_size: int | None,
    holds_for: str = FIXED,
    rank: int | None = None,
) -> str:
    """Return where a sentence holds, as its beginning."""
    parts = []
    if threshold is not None and not math.isnan(threshold) and metric != UNNAMED:
        parts.append(f"at threshold {threshold_text(threshold)}")
    if rank is not None:
        parts.append(f"at rank {rank}")
    if watchlist_size is not None:
        parts.append(f"with {watchlists(watchlist_size, holds_for)}")
    said = joined(parts) or "in this study"
    return f"{said[0].upper()}{said[1:]}, "


def _unacquired(f: Finding) -> str:
    """Say how many misses were no decision of the matcher."""
    if not any(share >= MANY_UNACQUIRED for share in f.unacquired):
        return ""
    one, two = (percentage(0.0 if math.isnan(share) else share) for share in f.unacquired)
    return f" In {one} and {two} of these misses no face was acquired, so nothing was compared."


def _heaviest(f: Finding) -> str:
    """Say where one person is in many of the comparisons."""
    parts = [
        f"{percentage(share)} of the comparisons of {side}"
        for share, side in zip(f.heaviest, (f.a, f.b), strict=True)
        if share > 0
    ]
    if not parts:
        return ""
    return f" One person takes part in {joined(parts)}, so this rests on few people."


def _standing(f: Finding) -> str:
    missing = f" (Not controlled for {listed(f.uncontrolled)}.)" if f.uncontrolled else ""
    exploratory = "" if f.primary else " (Exploratory.)"
    return missing + exploratory + _REGISTERED[f.registered]


_REGISTERED = dict(
    zip(
        REGISTERED_STATES,
        (
            "",
            "",
            " (This study deviates from its registered plan.)",
            " (The plan was registered after results were seen.)",
        ),
        strict=True,
    )
)


def _controlled(f: Finding) -> str:
    words = f", {f.sides.whose}" if f.sides and f.sides.whose else ""
    words += f", among people alike in {listed(f.controls)}" if f.controls else ""
    return words + (f", with the same {listed(f.conditions)}" if f.conditions else "")
