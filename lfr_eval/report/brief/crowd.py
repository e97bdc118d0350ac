"""Stage report: what the rates mean for people who pass (rates of one setting in, texts out)."""

from __future__ import annotations

from itertools import combinations

from lfr_eval.contract.spelling import is_group
from lfr_eval.contract.tables import OVERALL
from lfr_eval.report.brief.answer import at_setting
from lfr_eval.report.brief.pair_words import turned
from lfr_eval.report.brief.told import MOST_GROUPS
from lfr_eval.report.crowd import SIZE, crowd_sentence
from lfr_eval.report.explorer import plain_factors
from lfr_eval.report.model import Report
from lfr_eval.report.picture import FEWEST
from lfr_eval.report.rates import Rate
from lfr_eval.report.templating import sentences


def crowd_words(report: Report) -> tuple[str, ...]:
    """Return what the rates mean for people who pass; empty where no watchlist was searched."""
    quote = report.quote
    if quote is None or quote.watchlist_size is None:
        return ()
    conditions = set(report.record.conditions)
    rates = [row.wrong for row in quote.rows if row.wrong and row.wrong.factor not in conditions]
    factor = plain_factors([each.factor for each in rates])[0]
    groups = [each for each in rates if each.factor == factor and factor != OVERALL]
    everybody = next((each for each in rates if each.factor == OVERALL), None)
    found = [
        each
        for each in at_setting(report.compared, quote)
        if (each.metric, each.factor) == (quote.wrong.code, factor)
    ]
    pairs = [each for each in found if not each.is_omnibus]
    shown = [each for each in pairs if each.verdict == "different"]
    known = [each for each in groups if _is_known(each)]
    known.sort(key=lambda each: (each.rate or 0.0, each.upper or 0.0), reverse=True)
    compared = {frozenset((each.group_a, each.group_b)) for each in pairs}
    couples = combinations([each.group for each in known], 2)
    most = max(groups, key=lambda each: each.events or 0, default=None)
    worse = most is not None and most.group in [turned(each)[0] for each in shown]
    told = sentences(
        "crowd",
        record=report.record,
        factor=factor,
        everybody=everybody,
        known=known,
        measured=sum(is_group(each.group) for each in known),
        ends=known if len(known) <= MOST_GROUPS else [known[0], known[-1]],
        withheld=[each for each in groups if each.withheld],
        untested=[each for each in groups if not each.withheld and each not in known],
        pairs=pairs,
        shown=shown,
        jointly=any(each.verdict == "different" for each in found),
        left=[pair for pair in couples if frozenset(pair) not in compared],
        crowd=crowd_sentence(everybody, report.record.simulated),
        most=most if worse and most and most.events and everybody and everybody.trials else None,
        size=SIZE,
    )
    return tuple(" ".join(said) for said in told.values() if said)


def _is_known(rate: Rate) -> bool:
    """Whether a rate is known and rests on enough people to be compared."""
    enough = (rate.subjects or FEWEST) >= FEWEST
    return enough and rate.rate is not None and rate.upper is not None
