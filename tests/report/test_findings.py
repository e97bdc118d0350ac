from __future__ import annotations

import dataclasses

from lfr_eval.report.findings import Finding, headline

FINDING = Finding(
    anchor="finding-1",
    finding_id="fpir-gender",
    metric="FPIR",
    threshold=0.6,
    watchlist_size=1_000,
    factor="gender",
    group_a="female",
    group_b="male",
    rate_a=0.01,
    rate_b=0.01,
    ratio=1.0,
    ratio_lower=0.4,
    ratio_upper=2.5,
    test="permutation of people, studentised",
    p_value=0.5,
    p_adjusted=1.0,
    adjustment="Holm over 3 tests",
    margin=1.5,
    p_equivalence=0.2,
    verdict="inconclusive",
    primary=True,
    statement="A sentence.",
    bound_a=None,
    bound_b=None,
)


def of(verdict: str, upper: float | None = 3.0) -> Finding:
    return dataclasses.replace(FINDING, verdict=verdict, ratio_upper=upper)


def test_no_difference_is_never_said_without_what_remains_possible() -> None:
    assert headline([of("inconclusive"), of("inconclusive", 7.123)]) == (
        "None of 2 planned comparisons shows a difference between groups, but that does not "
        "mean that there is none.",
        "2 of 2 leave the question open. A difference of up to 7.13 times either way remains "
        "possible in at least one of them.",
    )


def test_silence_is_not_equality() -> None:
    assert headline([of("untestable", None)]) == (
        "The one planned comparison does not show a difference between groups, but that does "
        "not mean that there is none.",
        "1 of 1 leaves the question open (1 could not be tested for want of events).",
    )


def test_differences_lead_and_the_rest_is_told() -> None:
    assert headline([of("different"), of("equivalent"), of("inconclusive")]) == (
        "1 of 3 planned comparisons shows a difference between groups.",
        "1 of 3 shows that any difference is within the margin.",
        "1 of 3 leaves the question open. A difference of up to 3 times either way remains "
        "possible.",
    )


def test_equivalence_everywhere_names_the_margin() -> None:
    assert headline([of("equivalent"), of("equivalent")]) == (
        "In 2 of 2 planned comparisons, any difference is within the margin of 1.5 "
        "times that was fixed in advance.",
    )


def test_no_comparison_gives_no_verdict() -> None:
    (sentence,) = headline([])
    assert "gives no verdict" in sentence
