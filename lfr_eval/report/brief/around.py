"""Stage report: what stands around the answer, in plain words (view model in, texts out)."""

from __future__ import annotations

from collections.abc import Iterator

from lfr_eval.contract.dates import spoken_day
from lfr_eval.contract.names import compared_words, factor_words, group_name
from lfr_eval.contract.tables import CROSS, EVERYBODY, OVERALL, REGISTERED_STATES
from lfr_eval.contract.words import (
    FIXED,
    RANDOM,
    confidence,
    count,
    joined,
    several,
    spoken_threshold,
)
from lfr_eval.report.brief.sides import PHOTOGRAPHS, sides_of
from lfr_eval.report.brief.told import MOST_GROUPS
from lfr_eval.report.limits import spoken
from lfr_eval.report.model import Report
from lfr_eval.report.people import ALL, BY_WHOSE_WORD
from lfr_eval.report.words import earlier_results, is_stated

Fact = tuple[str, str]

TESTED = {
    "alerts": "The live system that wrote the log of alerts, as it ran. What its operators did "
    "with the alerts was not tested.",
    "scores": "The system that produced the scores in the file. A score says how alike two faces "
    "look to the system. The system itself was not run here, and what people do with its alerts "
    "was not tested.",
    "pairs": "The system that produced the scores of the pairs in the file. A score says how alike "
    "two faces look to the system. The system itself was not run here.",
}
LISTS = (
    "The system that wrote the lists of candidates. What people did with the lists was not tested."
)
TESTED["unnamed pairs"] = TESTED["pairs"]
"""What was tested where no pictures were compared here."""


def facts(report: Report) -> tuple[Fact, ...]:
    """Return what was tested, on whom and at which setting."""
    found = [("What was tested", _tested(report)), ("On whom", " ".join(_whom(report)))]
    if not report.record.simulated:
        found.append(("Pictures", " ".join(_pictures(report))))
    found.append(("No usable face", _unusable(report)))
    found += [("Labels", _labelled(report)), ("Ranges", _ranges(report))]
    cut = "Rank" if report.record.matcher.ranks else "Threshold"
    found += [(cut, " ".join(_threshold(report))), ("Watchlist", _watchlist(report))]
    found.append(("Plan", _plan(report)))
    return tuple((name, text) for name, text in found if text)


def _plan(report: Report) -> str:
    promise = report.record.registration
    if promise is None:
        return (
            "No plan was put on record before the results were known, so the questions could have "
            "been chosen afterwards."
        )
    said = f"A plan was put on record on {spoken_day(promise.registered_at)}"
    if promise.state == REGISTERED_STATES[1]:
        kept = "before this study was run. The study kept to it."
        return f"{said}, {kept} {earlier_results(report.record)}"
    if promise.state == REGISTERED_STATES[3]:
        return f"{said}, when results already existed."
    return f"{said}. This study differs from it, as said under the answer."


def deviation(report: Report) -> str:
    """Return that a study departs from its registered plan, and why; empty where it does not."""
    promise = report.record.registration
    if promise is None or not promise.differences:
        return ""
    points = several(len(promise.differences), "point")
    return f"This study differs from its plan in {points}. The reason given: {promise.reason}"


def _tested(report: Report) -> str:
    record = report.record
    if record.simulated:
        return "No real system: a computer made up the scores that say how alike two faces look."
    engine = f" {record.live_engine.statement.rstrip('.')}." if record.live_engine else ""
    listed = record.design.list_length is not None
    tested = (LISTS if listed else TESTED.get(record.matcher.evidence)) or (
        f"The program “{record.matcher.called}”, which says how alike two faces look. The software "
        "alone was tested, not what people do with its alerts."
    )
    # The program is named in the sentence itself.
    named = record.matcher.system if record.matcher.evidence in TESTED else None
    return f"{named + '. ' if named else ''}{tested}{engine}"


def _ranges(report: Report) -> str:
    """Say what an interval is, and that those of differences bear many comparisons."""
    settings = report.record.inference
    level, alpha = (f"{100 * value:g}" for value in (settings.level, settings.alpha))
    figure = "figure built into the simulation" if report.record.simulated else "true figure"
    return (
        f"The lines in the picture are {confidence(settings.level)} ranges: in {level} of 100 such "
        f"studies, such a range contains the {figure}. The ranges of differences are wider, since "
        "the study made several comparisons: chance alone shows a difference in at most "
        f"{alpha} of 100 such studies."
    )


def _whom(report: Report) -> Iterator[str]:
    everyone = report.people.everybody
    made_up = "made-up " if report.record.simulated else ""
    pairs = report.unit == "pairs"
    if everyone.withheld:
        yield "How many people took part is not published."
    elif pairs:
        yield f"{count(everyone.people)} pairs of pictures. The people in them are not known."
    elif report.unit == "passes":
        known = everyone.people - everyone.strangers
        also = f", and of {several(known, 'known person', 'known people')}" if known else ""
        if not everyone.strangers:  # A publication tells how many only if all are.
            also = "" if report.people.unknown == ALL else ", and of known people"
        yield f"{count(everyone.passes)} passes of unknown people{also}."
    else:
        yield f"{count(everyone.people)} {made_up}people{_tries(report)}."
    if report.provenance.withdrawn:
        yield report.provenance.withdrawn
    for factor in dict.fromkeys(group.factor for group in report.people.groups):
        groups = [each for each in report.people.of(factor) if each.people or each.withheld]
        if factor == OVERALL or CROSS in factor or not groups:
            continue
        if len(groups) > MOST_GROUPS:
            what = "conditions" if factor in report.record.conditions else "groups"
            yield f"By {factor_words(factor)}: {len(groups)} {what}."
        elif factor in report.record.conditions:
            passes = [
                f"{count(each.passes)} {compared_words(factor, each.group, [factor])}"
                for each in groups
            ]
            yield f"By {factor_words(factor)}: {joined(passes)}."
        else:
            say = spoken if report.unit == "people" else group_name
            named = [
                f"{count(each.people)} {_singular(say(each.group, factor), each.people)}"
                for each in groups
                if each.people
            ]
            untold = [spoken(each.group, factor) for each in groups if each.withheld]
            if untold:
                named.append(f"{joined(untold)} (number not published)")
            yield f"By {factor_words(factor)}: {joined(named)}."


def _singular(group: str, people: int) -> str:
    """Return a group after its number: "1 person who prefers not to say"."""
    if people != 1:
        return group
    return group.replace("people who prefer ", "person who prefers ").replace("people ", "person ")


def _tries(report: Report) -> str:
    """Say how often people were tried, and how both errors come from the same tries."""
    passes, quote = report.people.everybody.passes, report.quote
    if not passes:
        return ""
    if quote is None:
        return f", seen {several(passes, 'time')} in all"
    if quote.watchlist_size is None:
        return ""
    wrong, right = sides_of(report, quote)
    photographs = wrong.trial == PHOTOGRAPHS
    listed = report.record.design.list_length is not None
    said = f", who {'were searched for' if listed else 'passed'} {several(passes, 'time')} in all"
    unseen = report.people.everybody.unseen
    if unseen and report.record.matcher.evidence == "alerts":
        said += f"; {count(unseen)} of them never {'were' if listed else 'passed'}"
    if photographs:
        said = f", of whom {several(passes, 'photograph')} were looked for in the watchlist"
    counts = {None if rate is None else rate.trials for rate in
              (side.of(OVERALL, EVERYBODY) for side in (wrong, right))}  # fmt: skip
    alerts = report.record.matcher.evidence == "alerts"
    if counts != {passes} or alerts:
        return said
    each = "photograph" if photographs else "pass"
    return f"{said}. Each {each} was tried twice: with the person off the watchlist, and on it"


def _pictures(report: Report) -> Iterator[str]:
    tested = [each for each in report.record.datasets if each.tested]
    told = [each.origin.rstrip(".") for each in tested if is_stated(each.origin)]
    if told:
        yield f"{'. '.join(told)}."
    elif tested and report.record.matcher.evidence == "pictures":
        yield "Not described."


def _unusable(report: Report) -> str:
    """Say for how many pictures no template was made, and whether the rates count them."""
    everyone, quote = report.people.everybody, report.quote
    if not everyone.failed:
        return ""
    pictures = several(everyone.images, "picture")
    said = f"No usable face was found in {count(everyone.failed)} of {pictures}."
    if quote is None:
        return said
    if quote.watchlist_size is None:
        return f"{said} They could not be compared, so the rates do not count them."
    return (
        f"{said} The rates count them: the system cannot recognise a person whose face it cannot "
        "find."
    )


def _threshold(report: Report) -> Iterator[str]:
    thresholds = report.record.thresholds
    if report.quote is None:
        yield "No rate was measured at the threshold in use."
        return
    threshold = report.quote.threshold
    if report.quote.ranks:
        yield f"{-threshold:g}. Anybody placed after this rank on a list counts as not found."
    else:
        yield (
            f"{spoken_threshold(threshold)}. At this score or above, the system calls two faces "
            "the same. A higher threshold gives fewer false alerts and misses more people."
        )
    if thresholds.operating is None:
        cut = "rank" if report.quote.ranks else "threshold"
        yield f"The study does not say which {cut} will be used."
    elif thresholds.origin:
        return  # It stands below the answer.
    else:
        yield "How it was set is not stated."


def _watchlist(report: Report) -> str:
    size = report.quote.watchlist_size if report.quote else None
    if size is None:
        return "No watchlist: faces were compared in pairs." if report.quote else ""
    others = [each for each in sorted(report.record.design.watchlist_sizes) if each != size]
    also = f" Lists of {joined([count(each) for each in others])} were tried too." if others else ""
    fillers = [dataset.title for dataset in report.record.datasets if not dataset.tested]
    filled = f" It was filled with faces of other people ({joined(fillers)})." if fillers else ""
    random = any(RANDOM in said for table in report.rate_tables for said in table.intervals)
    holds = (
        f" What is said about false alerts holds for {RANDOM if random else FIXED}. A longer list "
        "gives more false alerts."
    )
    counted = any(row.wrong for row in report.quote.rows) if report.quote else False
    return f"{count(size)} faces.{filled}{holds if counted else ''}{also}"


def _labelled(report: Report) -> str:
    """Say whose word the groups are: of people under test, and of fillers where it is another."""
    said = []
    tested = [each for each in report.record.datasets if each.tested]
    fillers = [each for each in report.record.datasets if not each.tested]
    factors = {label.factor for label in report.labels}
    for who, datasets in (("People tested", tested), ("Faces that fill the watchlist", fillers)):
        sources: dict[str, dict[str, None]] = {}
        for dataset in datasets:
            for factor, source in dataset.label_source.items():
                if factor in factors:
                    sources.setdefault(source, {})[factor_words(factor)] = None
        told = [f"by {joined([*by])} {BY_WHOSE_WORD[source][1]}"
                for source, by in sources.items() if source in BY_WHOSE_WORD]  # fmt: skip
        if told:
            said.append(f"{who}: {'; '.join(told)}.")
    return " ".join(said)


def trust(report: Report) -> tuple[Fact, ...]:
    """Return who ran the study, and how it can be checked."""
    record, study_hash = report.record, report.provenance.study_hash
    ended = spoken_day(record.finished or record.started)
    held = "the published tables" if report.publication else "its tables"
    decided = [each for each in report.decisions.recorded if not each.withdrawn]
    signed = "No approval is recorded here."
    if report.provenance.withdrawn:
        signed = "No approval of the study as it is since the withdrawal is recorded here."
    if decided:
        signed = f"{several(len(decided), 'approval')} recorded: see report.html."
    if report.publication:
        signed = "Approvals are recorded with the full study."
    return (
        ("Study", f"“{record.study}”, run with lfr_eval, ended {ended}. Who ran it is not stated."),
        ("Approval", signed),
        (
            "Study hash",
            "Not yet recorded."
            if study_hash is None
            else f"{study_hash} (it changes if any file of the study is changed).",
        ),
        ("Evidence", f"Every number and every comparison: report.html, and {held}."),
    )
