"""Stage report: the study in plain words (view model in, short paragraphs out).

For readers of about 14: short sentences, everyday words. A test holds the generated text to that
with two published formulas. Names of groups and exact claims stay in the findings' statements.
"""

from __future__ import annotations

from collections.abc import Iterator

from lfr_eval.contract.words import count, one_in, ratio, several, share, spoken_threshold
from lfr_eval.report.findings import WITHHELD
from lfr_eval.report.model import Report
from lfr_eval.report.panel.reading import compared, everybody, listed, smallest_group


def plain_summary(report: Report) -> tuple[str, ...]:
    """Return the paragraphs."""
    return (
        " ".join(_what_it_is(report)),
        " ".join(_threshold(report)),
        " ".join(_who(report)),
        *(" ".join(part) for part in (list(_found(report)),) if part),
        " ".join(_groups(report)),
        " ".join(_not_said(report)),
    )


def _what_it_is(report: Report) -> Iterator[str]:
    yield "This report is about a computer system that compares faces."
    if report.record.design.watchlist_sizes:
        yield (
            "A camera looks at people who walk past. The system compares each face with a list of "
            "faces. If two faces look alike enough, it gives an alert. It can make two kinds of "
            "mistake. It can give an alert for the wrong person. We call that a false alert. And "
            "it can miss a person who is on the list."
        )
    else:
        yield (
            "It looks at two pictures and says how alike the faces are. It can make two kinds of "
            "mistake. It can take two people for one. We call that a wrong match. And it can fail "
            "to see that two pictures show one person."
        )
    if report.record.simulated:
        yield (
            "The people in this study are not real. A computer made them up, to test the way of "
            "testing. So this report says nothing about any real person or any real system."
        )
    elif report.record.capture:
        yield (
            "The people in this study are real, but they did not walk past a camera. A computer "
            "made still pictures worse, to look like that. A real camera may do better or worse."
        )


def _threshold(report: Report) -> Iterator[str]:
    thresholds = report.record.thresholds
    yield 'How alike is "alike enough"? A number sets that. We call it the threshold.'
    yield (
        "If you raise it, fewer people get a wrong match. But the system also misses more people "
        "it should find."
    )
    if thresholds.operating is not None:
        yield f"This page looks first at a threshold of {spoken_threshold(thresholds.operating)}."
    elif thresholds.primary:
        values = listed([spoken_threshold(value) for value in thresholds.primary])
        yield f"Nobody has said which number will be used. This report looks at {values}."


def _who(report: Report) -> Iterator[str]:
    everyone = report.people.everybody
    was = "was" if everyone.people == 1 else "were"
    yield f"{several(everyone.people, 'person', 'people')} {was} tested."
    if everyone.passes:
        yield f"They were seen {several(everyone.passes, 'time')} in all."
    smallest = smallest_group(report)
    if smallest is not None:
        told = "whose size we can tell " if any(g.withheld for g in report.people.groups) else ""
        yield (
            f"The smallest group {told}had only {several(smallest.people, 'person', 'people')}. "
            "The fewer people there are, the less the test can tell."
        )


def _found(report: Report) -> Iterator[str]:
    """Give everybody's rates at the first quoted setting."""
    if not report.quotes:
        return
    quote = report.quotes[0]
    wrong, right = everybody(quote)
    searched = quote.watchlist_size is not None
    event = "false alert" if searched else "wrong match"
    where = f"At a threshold of {spoken_threshold(quote.threshold)}"
    if quote.watchlist_size is not None:
        where += f" and with {count(quote.watchlist_size)} faces on the list"
    if wrong is not None and wrong.withheld:
        yield f"{where}, the number of such mistakes is too small to be told here."
    elif wrong is not None and wrong.trials:
        tries = several(wrong.trials, "try", "tries")
        if wrong.events:
            plural = event if wrong.events == 1 else f"{event}{'es' if event[-1] == 'h' else 's'}"
            yield (
                f"{where}, there {'was' if wrong.events == 1 else 'were'} {count(wrong.events)} "
                f"{plural} in {tries}. That is {one_in(wrong.rate)}."
            )
        else:
            yield (
                f"{where}, there was no {event} in {tries}. That does not mean that there will "
                "never be one."
            )
        if wrong.upper is not None:
            bound = one_in(wrong.upper, "up")
            yield f"If we allow for chance, the true rate may be as high as {bound}."
    if right is not None and right.trials and right.rate is not None:
        found = right.rate if quote.right.is_success else 1 - right.rate
        low = right.lower if quote.right.is_success else _less(right.upper)
        what = "the person on the list" if searched else "that both pictures show one person"
        yield f"In the same setting, the system found {what} in {share(found)} of the tries."
        if low is not None:
            yield f"If we allow for chance, the true share may be as low as {share(low, 'down')}."


def _less(value: float | None) -> float | None:
    return None if value is None else 1 - value


def _groups(report: Report) -> Iterator[str]:
    findings = compared(report)
    if not findings:
        yield "This study did not plan to compare groups of people here. So it gives no answer."
        return
    yield (
        f"Does the system treat groups of people alike? We asked that in {len(findings)} ways."
        if len(findings) > 1
        else "Does the system treat groups of people alike? We asked that in one way."
    )
    different = sum(each.verdict == "different" for each in findings)
    alike = sum(each.verdict == "equivalent" for each in findings)
    still_open = [each for each in findings if each.is_open]
    if different:
        yield f"In {different} of {len(findings)}, the groups differ by more than chance explains."
    if alike:
        yield (
            f"In {alike} of {len(findings)}, any gap is small. It is smaller than a limit that "
            "was set before the test."
        )
    if still_open:
        yield (
            f"In {len(still_open)} of {len(findings)}, we cannot tell. That does not mean that "
            "the groups are equal. It means that too little happened."
        )
    silent = sum(each.verdict == WITHHELD.name for each in findings)
    if silent:
        yield (
            f"In {silent} of {len(findings)}, we can only say that no gap was shown. That does not "
            "mean that there is none. The numbers are so small that they could point to single "
            "people, so they are kept back."
        )
    known = [each.possible for each in still_open if each.possible is not None]
    if known:
        low, high = ratio(min(known), "up"), ratio(max(known), "up")
        span = f"{low} times" if low == high else f"{low} to {high} times"
        yield (
            "A gap can hide from a test like this. The rate of one group may still be up to "
            f"{span} the rate of another."
        )
        if len(known) < len(still_open):
            yield f"In {len(still_open) - len(known)} of them we cannot even set a limit."


def _not_said(report: Report) -> Iterator[str]:
    yield (
        "This report does not say that the system should be used, or that it should not. It says "
        "nothing about other cameras, other places or other light. It does not say what police "
        "officers do when they get an alert. People have to weigh that."
    )
    if report.record.registration is None:
        yield "The plan of this test was not put on record before the results were known."
