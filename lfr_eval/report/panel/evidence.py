"""Stage report: pieces of evidence that an evidence map can name (view model in, sentences out).

Nothing here is stronger than the findings: the sentences quote the study's tables and its record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from lfr_eval.contract.tables import VERDICTS
from lfr_eval.contract.words import count, joined, spoken_threshold
from lfr_eval.report.brief.around import around, facts
from lfr_eval.report.findings import NO_LIMIT, WITHHELD
from lfr_eval.report.model import Report
from lfr_eval.report.picture import FEWEST
from lfr_eval.report.templating import sentences


class Evidence(NamedTuple):
    """Where a piece of evidence stands: in tables, and in fields of the study record.

    `findings` is whether it quotes the primary findings of the answer, and `absent` whether its
    sentences only say that there is no such evidence.
    """

    tables: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    findings: bool = False
    absent: Callable[[Report], bool] = lambda _: False


class Pieces(NamedTuple):
    """What a study says to each piece of evidence, and to each question of a panel."""

    evidence: dict[str, list[str]]
    questions: dict[str, list[str]]


def pieces_of(report: Report) -> Pieces:
    """Write the sentences of a study, which those of the brief go into."""
    known: dict[str, Any] = {
        "report": report,
        "record": report.record,
        "facts": dict(facts(report)),
        "unsaid": "The study does not say.",
    }
    # Groups in which nothing happened at the thresholds of the first screen.
    silent = [(quote, row) for quote in report.quotes for row in quote.rows
              if row.wrong and row.wrong.events == 0 and (row.people or 0) >= FEWEST]  # fmt: skip
    found = Counter(each.verdict for each in report.compared)
    verdicts = [f"{found[name]} {name}" for name in (*VERDICTS, WITHHELD.name) if name in found]
    evidence = sentences(
        "evidence", **known, silent=silent, guessed=is_guessed(report), no_limit=NO_LIMIT,
        scale=partial(_scale, report), verdicts=verdicts,
    )  # fmt: skip
    settings = [(each.is_omnibus, (each.metric, each.threshold, each.watchlist_size, each.factor))
                for each in report.compared]  # fmt: skip
    pairs = Counter(at for is_omnibus, at in settings if not is_omnibus)
    twice = any(is_omnibus and pairs[at] == 1 for is_omnibus, at in settings)
    chosen = around(report)["chosen"]
    asked = sentences("questions", **known, pieces=evidence, twice=twice, chosen=chosen)
    return Pieces(evidence, asked)


def is_unknown(report: Report) -> bool:
    """Whether nobody can say which software made the scores."""
    matcher = report.record.matcher
    return report.record.simulated or (matcher.evidence != "pictures" and not matcher.system)


def is_guessed(report: Report) -> bool:
    """Whether no failure to acquire is known, in a study that did not look at pictures."""
    return report.record.matcher.evidence != "pictures" and not report.people.everybody.failed


def _nothing_compared(report: Report) -> bool:
    return not report.compared


def _scale(report: Report, values: Sequence[float]) -> str:
    """Return thresholds in words, as ranks where the file gave ranks and no scores."""
    if report.record.matcher.ranks:
        name, told = "rank", [count(round(-each)) for each in sorted(values, reverse=True)]
    else:
        name, told = "threshold", [spoken_threshold(each) for each in values]
    return f"{name}{'s' * (len(told) > 1)} {joined(told)}" if told else ""


EVIDENCE = {
    "recognition": Evidence(("rates",)),
    "false alerts": Evidence(("rates",)),
    "groups": Evidence(("findings",), (), True, _nothing_compared),
    "groups in short": Evidence(("findings",), (), True, _nothing_compared),
    "groups not known": Evidence(("findings",)),
    "groups without events": Evidence(("rates",)),
    "software": Evidence((), ("matcher.name", "matcher.fingerprint"), False, is_unknown),
    "pairs only": Evidence(),
    "how it works": Evidence((), ("matcher.description",)),
    "acquisition": Evidence(("acquisition", "rates"), absent=is_guessed),
    "settings": Evidence((), ("thresholds.primary", "design.watchlist_sizes")),
    "thresholds": Evidence((), ("thresholds.operating", "thresholds.origin", "thresholds.primary")),
    "trade-off": Evidence(("rates",), ("thresholds.values",)),
    "study hash": Evidence(absent=lambda report: report.provenance.study_hash is None),
    "registration": Evidence((), ("registration",), False,
                             lambda report: report.record.registration is None),
    "limits": Evidence((), ("datasets.limits", "notes")),
    "data": Evidence((), ("datasets",)),
    "people by ethnicity": Evidence(("cohort",)),
    "people by gender": Evidence(("cohort",)),
    "people by age": Evidence(("cohort",)),
}  # fmt: skip
"""What a map can name under `evidence`: headings of `words/evidence.txt.j2`."""
