"""Stage report: what stands around the answer, in plain words (view model in, texts out)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from lfr_eval.contract.names import factor_words, group_name, group_words
from lfr_eval.contract.tables import CROSS, OVERALL, REGISTERED_STATES, UNKNOWN
from lfr_eval.contract.words import about, count, joined, several, spoken_threshold
from lfr_eval.report.model import Report

MOST_GROUPS = 7
"""Groups of a factor named with their people; of more only their number is told."""

Fact = tuple[str, str]


def facts(report: Report) -> tuple[Fact, ...]:
    """Return what was tested, on whom and at which setting."""
    found = [("What was tested", _tested(report)), ("On whom", " ".join(_whom(report)))]
    if not report.record.simulated:
        found.append(("Pictures", " ".join(_pictures(report))))
    found += [("Threshold", " ".join(_threshold(report))), ("Watchlist", _watchlist(report))]
    found.append(("Plan", _plan(report)))
    return tuple((name, text) for name, text in found if text)


def _plan(report: Report) -> str:
    promise = report.record.registration
    if promise is None:
        return "No plan was put on record before the results were known."
    said = f"A plan was put on record on {_day(promise.registered_at)}"
    if promise.state == REGISTERED_STATES[1]:
        return f"{said}, before the results were known. The study kept to it."
    if promise.state == REGISTERED_STATES[3]:
        return f"{said}, when results existed already."
    points = several(len(promise.differences), "point")
    return f"{said}. This study differs from it in {points}. The reason given: {promise.reason}"


def _tested(report: Report) -> str:
    record = report.record
    if record.simulated:
        return "No real system: a computer made up how alike the faces look."
    engine = f" {record.live_engine.statement.rstrip('.')}." if record.live_engine else ""
    return (
        f"The program “{record.matcher.name}”, which says how alike two faces look. The software "
        f"alone was tested, not what people do with its alerts.{engine}"
    )


def _whom(report: Report) -> Iterator[str]:
    everyone = report.people.everybody
    made_up = "made-up " if report.record.simulated else ""
    if everyone.withheld:
        yield "How many people took part is not published."
    else:
        passes = f", seen {several(everyone.passes, 'time')} in all" if everyone.passes else ""
        yield f"{count(everyone.people)} {made_up}people{passes}."
    for factor in dict.fromkeys(group.factor for group in report.people.groups):
        groups = [each for each in report.people.of(factor) if each.people]
        if factor == OVERALL or CROSS in factor or not groups:
            continue
        if len(groups) > MOST_GROUPS:
            yield f"By {factor_words(factor)}: {len(groups)} groups."
        else:
            named = [f"{count(each.people)} {_named(each.group)}" for each in groups]
            yield f"By {factor_words(factor)}: {joined(named)}."


def _named(group: str) -> str:
    words = group_words(group)
    return group_name(group) if words.endswith(" people") else words


def _pictures(report: Report) -> Iterator[str]:
    if report.record.datasets:
        yield f"{(report.record.datasets[0].origin or 'Not described.').rstrip('.')}."
    if report.record.capture:
        yield f"A computer then made them worse: {report.record.capture.rstrip('.')}."


def _threshold(report: Report) -> Iterator[str]:
    thresholds = report.record.thresholds
    if report.quote is None:
        yield "No rate was measured at the threshold in use."
        return
    yield (
        f"{spoken_threshold(report.quote.threshold)}. From this number on the system calls two "
        "faces the same. A higher one gives fewer false alerts and misses more people."
    )
    if thresholds.operating is None:
        yield "Nobody has said which threshold will be used."
    elif thresholds.origin:
        yield f"{thresholds.origin.rstrip('.')}."
    else:
        yield "How it was set is not stated."


def _watchlist(report: Report) -> str:
    size = report.quote.watchlist_size if report.quote else None
    if size is None:
        return "No watchlist: faces were compared one to one." if report.quote else ""
    others = [each for each in sorted(report.record.design.watchlist_sizes) if each != size]
    also = f" Lists of {joined([count(each) for each in others])} were tried too." if others else ""
    fillers = [dataset.title for dataset in report.record.datasets[1:]]
    filled = f" It was filled with faces of other people ({joined(fillers)})." if fillers else ""
    return f"{count(size)} faces.{filled} A longer list gives more false alerts.{also}"


def crowd_words(report: Report) -> tuple[str, ...]:
    """Return what the rates mean for people who pass; empty where no watchlist was searched."""
    crowd = report.crowd
    if crowd is None:
        return ()
    known = [each for each in crowd.groups if each.rate is not None and each.share > 0]
    known.sort(key=lambda each: -(each.rate or 0.0))
    ends = known if len(known) < 3 else [known[0], known[-1]]
    parts = [
        f"of every 1,000 {group_words(each.group)}, about {about(1000 * (each.rate or 0.0))}"
        if each.rate
        else f"of every 1,000 {group_words(each.group)}, none was seen, which is not none for sure"
        for each in ends
    ]
    return (
        "Think of people who are not on the watchlist and pass once. "
        f"This many would set off a false alert: {'; '.join(parts)}.",
        crowd.spoken,
    )


def cannot_say(report: Report) -> tuple[str, ...]:
    """Return what readers must not conclude, in short; `limits` has all of it."""
    return tuple(_cannot(report))


def _cannot(report: Report) -> Iterator[str]:
    record = report.record
    if report.publication is not None:
        yield "What was withheld: small numbers that could point to single people."
    if record.simulated:
        yield "Anything about a real system, real people or a real street."
    elif record.capture:
        yield "What any camera does: still pictures were made worse by a computer."
    else:
        yield "How the system does in the street. Only the pictures described above were compared."
    if any(each.is_open for each in report.compared):
        yield (
            "Whether groups are equal where no difference was shown: too few people or mistakes "
            "were seen to say so."
        )
    groups = [
        each
        for each in report.people.groups
        if each.people and each.factor != OVERALL and UNKNOWN not in each.group.split(CROSS)
    ]
    if groups:
        least = min(groups, key=lambda each: each.people)
        yield (
            f"Much about small groups: the smallest, {_named(least.group)}, has "
            f"{several(least.people, 'person', 'people')}."
        )
    if any(label.source.endswith("perceived") for label in report.labels):
        yield "How people would describe themselves: others judged their group from pictures."
    yield "What another threshold, a longer watchlist, another camera or other light would do."
    yield "What officers do with an alert, and whether using the system is lawful or right."


def trust(report: Report) -> tuple[Fact, ...]:
    """Return who ran the study, and how it can be checked."""
    record, study_hash = report.record, report.provenance.study_hash
    ended = _day(record.finished or record.started)
    held = "the published tables" if report.publication else "its tables"
    decided = [each for each in report.decisions.recorded if not each.withdrawn]
    signed = "No approval is recorded here."
    if decided:
        signed = f"{several(len(decided), 'approval')} recorded: see the page."
    if report.publication:
        signed = "Approvals are recorded with the full study."
    return (
        ("Study", f"“{record.study}”, run with lfr_eval by whoever holds it, ended {ended}."),
        ("Approval", signed),
        (
            "Seal",
            "Not yet recorded."
            if study_hash is None
            else f"{study_hash} (it changes if any file of the study is changed).",
        ),
        ("Evidence", f"Every number and every comparison: report.html, and {held}."),
    )


def _day(time: str) -> str:
    try:
        day = datetime.fromisoformat(time)
    except ValueError:
        return time
    return f"{day.day} {day:%B %Y}"
