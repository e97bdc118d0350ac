"""Stage report: the view model in, the printed document as plain blocks out.

What the page shows as HTML is arranged here for paper. A block holds text and nothing that could
be taken for markup; how blocks look is for the typesetting alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree

from lfr_eval.report import words
from lfr_eval.report.findings import VERDICTS, Finding, FindingBlock
from lfr_eval.report.limits import cannot_tell
from lfr_eval.report.model import Report
from lfr_eval.report.page import Charts
from lfr_eval.report.panel import Annex, to_panel
from lfr_eval.report.panel.conditions import promised
from lfr_eval.report.rates import Quote, Rate, RateTable
from lfr_eval.report.svg import Chart
from lfr_eval.report.words import Metric

SYMBOLS = {verdict.name: verdict.symbol for verdict in VERDICTS}


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 begins a page."""

    text: str
    level: int = 1
    kind: str = "heading"


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    lead: bool = False
    kind: str = "text"


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: Sequence[str]
    kind: str = "bullets"


@dataclass(frozen=True)
class Card:
    """Terms and what belongs to each."""

    rows: Sequence[tuple[str, Sequence[str]]]
    kind: str = "card"


@dataclass(frozen=True)
class Said:
    """A statement with its verdict, which needs no colour, and what must stand beside it."""

    symbol: str
    verdict: str
    text: str
    company: str
    finding_id: str
    kind: str = "said"


@dataclass(frozen=True)
class Row:
    """A row of a table; `block` marks one cell that heads the rows below it."""

    cells: Sequence[str]
    block: bool = False


@dataclass(frozen=True)
class Grid:
    """A table; `widths` are shares of the line."""

    caption: str
    columns: Sequence[str]
    widths: Sequence[float]
    rows: Sequence[Row]
    notes: Sequence[str] = field(default_factory=tuple)
    kind: str = "grid"


@dataclass(frozen=True)
class Picture:
    """A chart as SVG, with the words that stand in its place for who cannot see it."""

    svg: str
    alternative: str
    caption: str
    kind: str = "picture"


Block = Heading | Text | Bullets | Card | Said | Grid | Picture


@dataclass(frozen=True)
class Document:
    """The whole document."""

    title: str
    question: str
    mark: str | None
    banner: str | None
    study: str
    study_hash: str | None
    finished: str
    blocks: Sequence[Block]


def to_document(report: Report, charts: Charts) -> Document:
    """Arrange a report for paper."""
    record = report.record
    banner = None
    if record.simulated:
        banner = "Simulated study – no real people"
    elif record.capture:
        banner = "Simulated capture – no camera was tested"
    return Document(
        title=record.title,
        question=record.question,
        mark=record.mark,
        banner=banner,
        study=record.study,
        study_hash=report.provenance.study_hash,
        finished=record.finished or record.started,
        blocks=[
            *_answer(report),
            *_plain(report),
            *_rates(report, charts),
            *_findings(report),
            *_people(report),
            *_method(report),
            *_panel(report),
            *_limits(report),
            *_provenance(report),
        ],
    )


def _answer(report: Report) -> Iterator[Block]:
    record = report.record
    yield Heading("The answer")
    for place, sentence in enumerate(report.headline):
        yield Text(sentence, lead=place == 0)
    everybody = report.people.everybody
    at = ", ".join(words.spoken_threshold(value) for value in record.thresholds.headline)
    sizes = " and ".join(words.count(size) for size in record.design.watchlist_sizes)
    operating = (
        "the operating threshold"
        if record.thresholds.operating is not None
        else "no operating threshold is declared"
    )
    yield Card(
        [
            (
                "What was tested",
                [f"{record.matcher.name}. {record.matcher.description}", *_live_engine(report)],
            ),
            (
                "On whom",
                [
                    f"{words.several(everybody.people, 'person', 'people')}, from "
                    f"{', '.join(dataset.title for dataset in record.datasets)}. "
                    f"{record.design.description}"
                ],
            ),
            ("At which threshold", [f"{at} ({operating}). {record.thresholds.origin or ''}"]),
            (
                "Against which watchlist",
                [f"{sizes} entries." if sizes else "None: images were compared one to one."],
            ),
            ("What was promised", [*promised(report), *_deviations(report)]),
        ]
    )
    yield Card([(f"{each.symbol} {each.name}", [each.meaning]) for each in VERDICTS])
    yield from (_quote(report, quote) for quote in report.quotes)
    yield Heading("What this study cannot tell", 2)
    yield Bullets(cannot_tell(report))
    if report.verdicts:
        yield Heading("Each planned comparison in one sentence", 2)
    for block in report.verdicts:
        yield Heading(_title(block.metric, block.watchlist_size), 3)
        yield from (_said(report, finding) for finding in block.findings)


def _live_engine(report: Report) -> tuple[str, ...]:
    live = report.record.live_engine
    return () if live is None else (live.statement,)


def _deviations(report: Report) -> tuple[str, ...]:
    promise = report.record.registration
    if promise is None:
        return ()
    return (*promise.differences, *((promise.reason,) if promise.reason else ()))


def _plain(report: Report) -> Iterator[Block]:
    yield Heading("In plain words")
    yield from (Text(paragraph) for paragraph in to_panel(report).summary)


def _rates(report: Report, charts: Charts) -> Iterator[Block]:
    yield Heading("Rates")
    yield Text(
        "Each rate is a number of events among trials. What carries the evidence is the number of "
        "people, since one person may cause many events. These are the rates at the thresholds of "
        "the first page; rates.parquet has all of them."
    )
    for table in report.rate_tables:
        yield from _rate_table(report, table)
    yield Heading("Rates along the threshold", 2)
    for group in charts.rates:
        if group.leads:
            yield from (picture(chart) for chart in group.charts)
    if charts.scores is not None:
        yield picture(charts.scores)


def _rate_table(report: Report, table: RateTable) -> Iterator[Block]:
    headline = report.record.thresholds.headline
    rows: list[Row] = []
    for block in table.blocks:
        if block.threshold is None or any(abs(block.threshold - t) <= 1e-9 for t in headline):
            rows.append(Row([f"{_at(block.threshold)} · {block.factor}"], block=True))
            rows += [Row(_rate_cells(table, row)) for row in block.rows]
    if rows:
        yield Heading(_title(table.metric, table.watchlist_size), 2)
        events = "Successes" if table.metric.is_success else "Events"
        yield Grid(
            f"{table.metric.name}: {table.metric.question}.",
            ["Group", events, "Trials", "People", "With one", "Rate", "Interval"],
            [2.1, 1, 1.4, 1, 1, 2, 2.6],
            rows,
            [
                f"{table.note(place)}: {words.interval_note(method)}"
                for place, method in enumerate(table.intervals)
            ],
        )


def _rate_cells(table: RateTable, row: Rate) -> list[str]:
    group = row.group if row.rank is None else f"{row.group} (rank {row.rank})"
    if table.sides:
        group = f"{group}, compared with {row.against}"
    counts = (row.events, row.trials, row.subjects, row.subjects_with_event)
    return [
        group,
        *(words.count(number) for number in counts),
        _rate(table.metric, row),
        f"{_interval(table.metric, row)} ({table.letter(row)})",
    ]


def _rate(metric: Metric, row: Rate) -> str:
    if row.rate is None:
        return "no trials"
    if row.events == 0 and not metric.is_success:
        return f"no event in {words.count(row.trials)}"
    return f"{words.spoken_rate(metric, row.rate)} ({words.scientific(row.rate)})"


def _interval(metric: Metric, row: Rate) -> str:
    if row.lower is None or row.upper is None:
        return "–"
    high = words.spoken_rate(metric, row.upper, "up")
    if row.lower <= 0 and not metric.is_success:
        return f"at most {high}"
    return f"{words.spoken_rate(metric, row.lower, 'down')} to {high}"


def _quote(report: Report, quote: Quote) -> Grid:
    def cell(metric: Metric, row: Rate | None) -> str:
        return "not measured" if row is None else f"{_rate(metric, row)}; {_interval(metric, row)}"

    size = _size(quote.watchlist_size)
    return Grid(
        f"{quote.wrong.plain} and {quote.right.plain.lower()} at {_at(quote.threshold)}{size}. "
        "Neither may be quoted with a rate from another threshold or watchlist. "
        f"{words.confidence(report.record.inference.level)} intervals.",
        ["Group", f"{quote.wrong.plain} ({quote.wrong.code})", f"{quote.right.plain} "
         f"({quote.right.code})"],
        [1.4, 3, 3],
        [
            Row([row.group, cell(quote.wrong, row.wrong), cell(quote.right, row.right)])
            for row in quote.rows
        ],
    )  # fmt: skip


def _findings(report: Report) -> Iterator[Block]:
    yield Heading("All planned comparisons")
    yield Text(
        "The ratio is the first group's rate divided by the second's. The last column is the "
        "smallest true ratio that a study like this one would have declared different in "
        f"{words.attempts(report.record.inference.power)}: smaller ones may exist."
    )
    if not report.primary:
        yield Text("The plan registered no comparison, so nothing here may be quoted as a finding.")
    for block in report.primary:
        yield Heading(_title(block.metric, block.watchlist_size), 2)
        yield _finding_table(block)


def _finding_table(block: FindingBlock) -> Grid:
    rows: list[Row] = []
    for threshold, findings in block.by_threshold:
        rows.append(Row([_at(threshold)], block=True))
        for each in findings:
            low, high = words.ratio(each.ratio_lower, "down"), words.ratio(each.ratio_upper, "up")
            rows.append(
                Row(
                    [
                        f"{each.comparison} [{each.finding_id}]",
                        f"{SYMBOLS.get(each.verdict, '–')} {each.verdict}",
                        words.ratio(each.ratio),
                        "–" if each.ratio_lower is None else f"{low} to {high}",
                        words.p_value(each.p_adjusted),
                        words.ratio(each.detectable_ratio, "up"),
                    ]
                )
            )
    return Grid(
        f"{block.metric.name}, comparisons between groups.",
        ["Comparison", "Verdict", "Ratio", "Interval", "p adjusted", "Could find"],
        [4, 1.9, 1, 1.7, 1.3, 1.2],
        rows,
        block.tests,
    )


def _people(report: Report) -> Iterator[Block]:
    yield Heading("Who took part")
    yield Grid(
        "People and images by group and role.",
        ["Group", "People", "Passes", "Reference images", "Probe images", "Filler images"],
        [2.4, 1, 1, 1.4, 1.2, 1.2],
        [
            row
            for factor, groups in report.people.by_factor
            for row in (
                Row([factor], block=True),
                *(
                    Row(
                        [
                            group.group,
                            *(
                                words.count(number)
                                for number in (
                                    group.people,
                                    group.passes,
                                    group.references,
                                    group.probes,
                                    group.fillers,
                                )
                            ),
                        ]
                    )
                    for group in groups
                ),
            )
        ],
    )


def _method(report: Report) -> Iterator[Block]:
    record, inference = report.record, report.record.inference
    level = words.confidence(inference.level)
    yield Heading("How it was done")
    yield Text(
        f"{record.design.description} A score at or above the threshold is a match, or an alert "
        "where a watchlist is searched."
    )
    yield Text(
        "People are counted, not comparisons. One person whose face resembles many others can set "
        "off a whole series of wrong matches; all intervals and tests treat the person as the unit "
        "of evidence."
    )
    yield Text(
        f"A {level} interval is made so that in {level} of studies of this kind it contains the "
        "true rate. Differences are tested by shuffling the group labels among the people "
        f"{words.count(inference.permutations)} times (random seed {inference.seed}); margin of "
        f"equivalence {words.ratio(inference.margin)} times, level of the tests "
        f"{words.number(inference.alpha)}."
    )
    metrics = dict.fromkeys(table.metric for table in report.rate_tables)
    yield Card(
        [
            (f"{each.name} ({each.code})", [f"{each.question}, counted over {each.trial}."])
            for each in metrics
        ]
    )


def _panel(report: Report) -> Iterator[Block]:
    panel = to_panel(report)
    yield Heading("For the panel")
    yield Heading("Questions to ask, and what this study answers", 2)
    for question in panel.questions:
        yield Heading(question.text, 3)
        yield Bullets(question.answers)
    for annex in panel.annexes:
        yield from _annex(annex)
    yield Heading("Sign-off", 2)
    if not panel.decisions:
        yield Text(
            "No decision on this study was recorded in approvals.jsonl beside the study when this "
            "report was made. A decision may be written here by hand; it counts once it is "
            "recorded."
        )
        lines = ("Decision", "Threshold", "Conditions", "Valid until")
        people = ("Name and role of who decides", "Name of who proposes", "Date and signature")
        yield Card([(line, [" "]) for line in (*lines, *people)])
    for each in panel.decisions:
        other = each.fingerprint != report.record.matcher.fingerprint
        yield Card(
            [
                ("Decision", ["withdrawn" if each.withdrawn else "approved"]),
                ("Decided", [each.decided]),
                ("By", [f"{each.approver}, {each.role}"]),
                ("Proposed by", [each.proposer]),
                ("Matcher", [each.version + (", of another fingerprint" if other else "")]),
                ("Threshold", [words.spoken_threshold(each.threshold)]),
                ("Conditions", each.conditions or ["none"]),
                ("Until", [each.expires or "no last day"]),
            ]
        )
    yield Heading("Glossary", 2)
    yield Card([(term.name, [term.meaning]) for term in panel.glossary])


def _annex(annex: Annex) -> Iterator[Block]:
    yield Heading(annex.title, 2)
    yield Text(annex.lead)
    for each in annex.headings:
        yield Heading(each.title, 3)
        if each.asks:
            yield Text(f"{each.asks} ({each.source})")
        yield Card(
            [
                ("This study gives", each.gives or ["No evidence."]),
                ("It does not give", each.lacks or ["Nothing to add."]),
            ]
        )


def _limits(report: Report) -> Iterator[Block]:
    yield Heading("Limits of the data")
    for dataset in report.record.datasets:
        yield Heading(dataset.title, 2)
        nothing = "The dataset's card states no limits. That does not mean that it has none."
        yield Bullets(dataset.limits or [nothing])
    if report.record.notes:
        yield Heading("Notes of this study", 2)
        yield Bullets(report.record.notes)


def _provenance(report: Report) -> Iterator[Block]:
    provenance = report.provenance
    yield Heading("Where it comes from, and how to check it")
    yield Text(
        "Everything here is computed from the tables of the study folder. Whoever has the folder "
        "can check with lfr-eval verify that no file was changed since the study ended."
    )
    identity = [("Study", report.record.study), ("Study hash", provenance.study_hash or "–")]
    identity += [(row.name, row.value) for row in provenance.identity]
    yield Card([(name, [value]) for name, value in identity])


def picture(chart: Chart) -> Picture:
    """Return a chart with its own description as alternative."""
    root = ElementTree.fromstring(chart.svg)
    said = [element.text or "" for tag in ("title", "desc") for element in root.iter(tag)]
    return Picture(chart.svg, " ".join(said), chart.caption)


def _said(report: Report, finding: Finding) -> Said:
    company = ""
    if finding.verdict != "different" and finding.detectable_ratio is not None:
        company = (
            "Smallest difference this study would have found in "
            f"{words.attempts(report.record.inference.power)}: "
            f"{words.ratio(finding.detectable_ratio, 'up')} times."
        )
    elif finding.verdict != "different" and not finding.is_omnibus:
        company = (
            "The smallest difference that this study could have found is not known, so this says "
            "nothing about equality."
        )
    elif finding.verdict != "different":
        company = (
            "For a test of all groups at once there is no single smallest difference that it could "
            "have found: see the comparisons of two groups."
        )
    return Said(
        SYMBOLS.get(finding.verdict, "–"),
        finding.verdict,
        finding.statement,
        company,
        finding.finding_id,
    )


def _title(metric: Metric, size: int | None) -> str:
    return f"{metric.plain} ({metric.code}){_size(size)}"


def _size(size: int | None) -> str:
    return "" if size is None else f", watchlist of {words.count(size)}"


def _at(threshold: float | None) -> str:
    if threshold is None:
        return "no threshold applies"
    return f"threshold {words.spoken_threshold(threshold)}"
