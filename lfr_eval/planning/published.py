"""Planning: the figures of the 2023 equitability study that planning would have told beforehand.

In: nothing; the design is the published one. Out: a table of what this tool computes beside what
was derived from the published figures before. All are derived from figures seen in secondary pages
(400 people, about ten passes each, 178,000 fillers, 0.017 % at a watchlist of 10,000 and threshold
0.60, seven false positive cases there and none at 0.64); that a third of the people were White is
an assumption.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from scipy import stats

from lfr_eval.contract.columns import aligned
from lfr_eval.inference.contingency import person_tests
from lfr_eval.inference.intervals import no_event_bound
from lfr_eval.planning.counts import power_of_fisher, power_of_this_test
from lfr_eval.planning.dependence import rate_at
from lfr_eval.planning.question import LINEAR
from lfr_eval.planning.sample import Setting, difference_power, normal_people, people_needed

PEOPLE, PASSES, FILLERS, WATCHLIST = 400, 10, 178_000, 10_000
RATE, PUBLISHED_RATE = 1 / 6_000, 0.00017
EVIDENCE = "DERIVED"


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes
    ----------
    meaning
        What it is.
    value
        What this tool computes.
    derived
        What was derived before, as it was printed; None where this tool adds the figure.
    method
        How it is computed here.
    """

    meaning: str
    value: float
    derived: str | None
    method: str


def figures() -> list[Figure]:
    """Compute every planning figure of the published study."""
    return [*_sample_sizes(), *_powers(), *_bounds(), *_seven_events()]


def _sample_sizes() -> list[Figure]:
    found = []
    setting = Setting(RATE, 1, 1.0, 0.05)
    for ratio, derived in ((2, "141,243"), (3, "47,076"), (5, "17,650")):
        meaning = f"people a group to find a ratio of {ratio} at 1 in 6,000"
        normal = normal_people(setting, ratio, 0.8)
        listed = people_needed(partial(difference_power, setting, ratio=ratio), 0.8)
        found += [
            Figure(meaning, normal, derived, "normal approximation"),
            Figure(meaning, listed, None, "this tool's test, every outcome listed"),
        ]
    return found


def _powers() -> list[Figure]:
    published = {
        0.005: {3: "0.8 %", 5: "6.7 %", 10: "47 %"},
        0.01: {3: "7.4 %", 5: "33 %", 10: "90 %"},
    }
    found = []
    for base, ratios in published.items():
        for ratio, derived in ratios.items():
            meaning = f"power, 133 against 133 people, {100 * base:g} % against {ratio} times it"
            fisher = power_of_fisher(133, base * ratio, base, 0.05)
            own = power_of_this_test(133, base * ratio, base, 0.05)
            found += [
                Figure(meaning, fisher, derived, "Fisher's exact test, every outcome listed"),
                Figure(meaning, own, None, "this tool's test, every outcome listed"),
            ]
    return found


def _bounds() -> list[Figure]:
    found = []
    for trials, who, derived in (
        (PEOPLE * PASSES, "4,000 independent passes", ("0.0749 %", "1 in 23,776")),
        (PEOPLE, "400 people", ("0.746 %", "1 in 2,386")),
        (133, "133 people of one group", ("2.23 %", "1 in 799")),
        (1_333, "1,333 independent passes of one group", (None, "1 in 7,929")),
    ):
        bound = float(no_event_bound(trials, 0.95))
        scaled = rate_at(bound, FILLERS, WATCHLIST, LINEAR)
        found += [
            Figure(f"bound without events, {who}, {FILLERS:,} fillers", bound, derived[0],
                   "exact, one-sided 95 %"),
            Figure(f"the same at a watchlist of {WATCHLIST:,}", scaled, derived[1],
                   "linear scaling"),
        ]  # fmt: skip
    return found


def _seven_events() -> list[Figure]:
    expected = rate_at(PUBLISHED_RATE, WATCHLIST, FILLERS, LINEAR) * PEOPLE * PASSES
    share = "seven of seven false positives not White, a third of the people White"
    return [
        Figure("events expected at 0.017 % in 4,000 passes", expected, "12.1", "linear scaling"),
        Figure(share, float(stats.binom.sf(6, 7, 2 / 3)), "0.0585", "one-sided binomial"),
        Figure(share, float(stats.binomtest(7, 7, 2 / 3).pvalue), "0.104", "exact binomial"),
        Figure("0 of 133 against 7 of 267 people", person_tests([0, 7], [133, 267]).fisher,
               "0.101", "Fisher's exact test"),
    ]  # fmt: skip


def as_text() -> str:
    """Return the table for a terminal."""
    head = ("figure", "this tool", f"derived before [{EVIDENCE}]", "how")
    rows = [(one.meaning, _shown(one), one.derived or "-", one.method) for one in figures()]
    return "\n".join(aligned(head, rows)).rstrip()


def _shown(figure: Figure) -> str:
    """Write a value the way the derived one is written."""
    if figure.meaning.startswith("people"):
        return f"{figure.value:,.0f}"
    if figure.meaning.startswith("power"):
        return f"{100 * figure.value:.1f} %"
    if figure.meaning.startswith("the same"):
        return f"1 in {1 / figure.value:,.0f}"
    if figure.meaning.startswith("bound"):
        return f"{100 * figure.value:.3g} %"
    return f"{figure.value:.3g}"
