"""Stage report: what others have asked of such systems, and what this study gives to it.

The five conditions of the London Policing Ethics Panel and paragraph 201 of Bridges are quoted
only as far as they were read, with the kind of page they were read on.
"""

from __future__ import annotations

from dataclasses import dataclass

from lfr_eval.contract.words import count, joined, several, spoken_threshold
from lfr_eval.report.model import Report
from lfr_eval.report.panel.reading import (
    everybody,
    has_factor,
    measured,
    missed,
    setting,
    silent,
    tally,
)
from lfr_eval.report.rates import Quote

PANEL_SOURCE = "in short, as other pages report it"
COURT_SOURCE = "quoted from copies of the judgment that others published"


@dataclass(frozen=True)
class Heading:
    """One thing asked for, and what the study has to say to it.

    Attributes
    ----------
    asks
        What is asked, in words; empty where the title says it.
    source
        Where that was read; empty for headings that quote nobody.
    gives, lacks
        Sentences: the evidence of this study, and what it has no evidence of.
    """

    title: str
    asks: str
    source: str
    gives: tuple[str, ...]
    lacks: tuple[str, ...]


def ethics_panel(report: Report) -> tuple[Heading, ...]:
    """Return the five conditions."""

    def condition(
        number: int, asks: str, gives: tuple[str, ...], lacks: tuple[str, ...]
    ) -> Heading:
        return Heading(f"Condition {number}", asks, PANEL_SOURCE, gives, lacks)

    return (
        condition(
            1,
            "More than marginal benefit, enough to offset distrust.",
            recognition(report),
            (
                "Whether finding people in this way does good: how many of those who are looked "
                "for pass a camera, and what comes of an alert.",
                "How far people distrust the system, and what that costs.",
            ),
        ),
        condition(
            2,
            'It will not generate unacceptable gender or racial bias; this "can be evidenced".',
            bias(report),
            unknown_bias(report),
        ),
        condition(
            3,
            "Each deployment is assessed as necessary and proportionate.",
            false_alerts(report),
            (
                "Anything about a deployment: its purpose, place, time, crowd, or whether less "
                "would do.",
            ),
        ),
        condition(
            4,
            "Operators are trained and accountable.",
            (),
            (
                "What operators do with an alert. The study looks at what the software says, not "
                "at whether a person sees through a false alert.",
            ),
        ),
        condition(
            5,
            "MPS and MOPAC give strict guidelines.",
            (*held_to(report), *checked(report)),
            ("The guidelines, and whether they are kept.",),
        ),
    )


def bridges(report: Report) -> tuple[Heading, ...]:
    """Return paragraph 201, with the two paragraphs that it stands on."""
    return (
        Heading(
            "Paragraph 201",
            "Forces “would wish to satisfy themselves that everything reasonable which could be "
            "done had been done in order to make sure that the software used does not have a "
            "racial or gender bias”.",
            COURT_SOURCE,
            (*told_above(report), *software(report)),
            (
                *unknown_bias(report),
                "Whether everything reasonable was done. This is one study; what else could be "
                "done is not for it to say.",
            ),
        ),
        Heading(
            "Paragraph 181",
            "The “taking of reasonable steps to make enquiries about what may not yet be known”.",
            COURT_SOURCE,
            ("The study says what it could not have found, and what it did not look at.",),
            SEE_LIMITS,
        ),
        Heading(
            "Paragraph 176",
            "The public sector equality duty is one of process, not of outcome.",
            COURT_SOURCE.replace("quoted", "in short,"),
            (*promised(report), *checked(report)),
            ("Who read this report, when, and what they did about it: see the sign-off.",),
        ),
    )


def recognition(report: Report) -> tuple[str, ...]:
    """Say how often people who are looked for were found."""
    return _rates(report, success=True)


def false_alerts(report: Report) -> tuple[str, ...]:
    """Say how often others were taken for somebody who is looked for."""
    return _rates(report, success=False)


def _rates(report: Report, success: bool) -> tuple[str, ...]:
    def sentence(quote: Quote) -> str | None:
        wrong, right = everybody(quote)
        metric, rate = (quote.right, right) if success else (quote.wrong, wrong)
        if rate is None:
            return None
        said = measured(metric, rate, report.record.inference.level)
        return f"At {setting(quote)}, everybody together. {said}."

    return tuple(said for quote in report.quotes if (said := sentence(quote)) is not None)


def bias(report: Report) -> tuple[str, ...]:
    """Say what was found about groups, in the findings' own sentences."""
    shown = [finding.statement for finding in report.differences]
    left_out = len(shown) - 6
    more = (f"And {count(left_out)} more, in the answer.",) if left_out > 0 else ()
    return (tally(report), *shown[:6], *more)


SEE_LIMITS = ("All that stands under the limits of this study.",)


def told_above(report: Report) -> tuple[str, ...]:
    """Say what was found about groups in short, where its sentences stand already."""
    return (tally(report), "The sentences stand under condition 2 of the ethics panel.")


def unknown_bias(report: Report) -> tuple[str, ...]:
    """Say what about groups stays unknown."""
    sentences = []
    never = [name for name in ("gender", "ethnicity") if not has_factor(report, name)]
    if never:
        sentences.append(f"Groups by {joined(never)} were not compared at all.")
    larger = missed(report)
    if larger is not None:
        sentences.append(f"Whether the groups of the open comparisons differ. {larger}")
    if silent(report):
        sentences.append(
            "How rare an error is in groups where none was seen: only a bound is known."
        )
    sentences.append(
        "Which difference would be unacceptable. A study can measure one; people must judge it."
    )
    return tuple(sentences)


def software(report: Report) -> tuple[str, ...]:
    """Say which software was tested."""
    matcher = report.record.matcher
    if report.record.simulated:
        return ("No real software was tested: the scores are simulated.",)
    return (
        f"The software tested is {matcher.name}, fingerprint {matcher.fingerprint}. An engine with "
        "another fingerprint is another system.",
    )


def held_to(report: Report) -> tuple[str, ...]:
    """Say at which settings the figures hold."""
    record = report.record
    thresholds = joined([spoken_threshold(value) for value in record.thresholds.headline])
    sizes = joined([count(size) for size in record.design.watchlist_sizes])
    held = f"The figures of the first page hold at threshold {thresholds}" if thresholds else ""
    if not held:
        return ()
    return (f"{held} and watchlists of {sizes}." if sizes else f"{held}, without a watchlist.",)


def checked(report: Report) -> tuple[str, ...]:
    """Say how anybody can check the study."""
    study_hash = report.provenance.study_hash
    if study_hash is None:
        return ("The study hash was not yet recorded when this report was made.",)
    return (f"Every figure can be checked against the study with the hash {study_hash}.",)


def promised(report: Report) -> tuple[str, ...]:
    """Say whether the plan came before the results."""
    promise = report.record.registration
    if promise is None:
        return ("No plan was registered before the results.",)
    deviations = several(len(promise.differences), "difference")
    return (
        f"The plan “{promise.title}” was frozen at {promise.registered_at}: {promise.state}"
        + (f", with {deviations} that the first page lists." if promise.differences else "."),
    )
