"""Choosing: the answer in words and tables for the person at the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from lfr_eval.contract.columns import aligned
from lfr_eval.contract.names import factor_words, group_words
from lfr_eval.contract.words import one_in, share, significant, threshold_text
from lfr_eval.finished.choosing.answer import Answer
from lfr_eval.finished.choosing.choice import Region
from lfr_eval.finished.choosing.weighing import ALERTS, FMR, FMR_WITHIN, FPIR, NOBODY, RATIO, TPIR


def as_text(found: Answer) -> str:
    """Return the whole answer as plain text."""
    return "\n".join(
        [
            *_head(found),
            "",
            *_verdict(found),
            "",
            *_regions(found),
            *_reported(found),
            *_stability(found),
            *_sizes(found),
            *_crowds(found),
            *_drifts(found),
            *_costs(found),
        ]
    )


def sentence(found: Answer) -> str:
    """Return the choice in one sentence, with what it rests on."""
    choosers, reporters = found.people
    where = _at_size(found)
    if found.chosen is None:
        return (
            f"No threshold of the study keeps to these limits{where}, because "
            + "; ".join(reason(region) for region in found.refused)
            + "."
        )
    at = threshold_text(found.chosen)
    said = f"The intervals of {choosers} people keep to every limit{where} at the threshold {at}"
    if found.confirmed:
        return f"{said}, and so do those of the {reporters} people who did not choose it."
    failed = found.reported[~found.reported["met"].to_numpy(bool)]
    short = ", ".join(
        f"{row.constraint} (no group by {factor_words(row.factor)} has trials)"
        if NOBODY in row.group.split(" v ")
        else f"{row.constraint} of {row.group}" + ("" if row.estimate_met else " (estimate, too)")
        for row in _rows(failed)
    )
    return (
        f"{said}, but the {reporters} people who did not choose it do not bear that out: {short}."
    )


def reason(region: Region) -> str:
    """Return why the thresholds of a region are refused, with the binding constraint."""
    row, low, high = region.worst, threshold_text(region.lowest), threshold_text(region.highest)
    where, best = f"at {low}", ""
    if low != high:
        where, best = f"from {low} to {high}", f" even at {threshold_text(row['threshold'])}"
    more = [name for name in region.failing if name != row["constraint"]]
    beside = f" (and {', '.join(more)})" if more else ""
    missing = "; the estimates keep to the limits there, so a study of more people may do so too"
    kind, group = str(row["constraint"]), str(row["group"])
    who = group if kind in (RATIO, ALERTS) else group_words(group)
    if NOBODY in group.split(" v "):
        return (
            f"{where} too few groups by {factor_words(str(row['factor']))} have trials, so "
            f"there is no evidence on the limit of {kind}{beside}"
        )
    side, reach = ("at least", "low") if kind == TPIR else ("at most", "high")
    bound, limit, estimate = (
        value_text(kind, float(row[name]), name != "limit")
        for name in ("bound", "limit", "estimate")
    )
    return (
        f"{where} {kind} of {who} may be as {reach} as {bound}{best} (estimate "
        f"{estimate}), and the limit is {side} {limit}{beside}{missing if region.evidence else ''}"
    )


def value_text(kind: str, value: float, outward: bool = True) -> str:
    """Return a value of a constraint in words; bounds are rounded away from the claim."""
    if np.isnan(value):
        return "undefined"
    if np.isinf(value):
        return "nothing"
    if kind in (FPIR, FMR, FMR_WITHIN, "FNMR"):
        return one_in(value, "up" if outward else "nearest")
    if kind == TPIR:
        return share(value, "down" if outward else "nearest")
    if kind in (RATIO, ALERTS):
        return f"{significant(value, 3, 'up' if outward else 'nearest'):,f}"
    return f"{value:g}"


def _head(found: Answer) -> Iterator[str]:
    study, limits = found.study, found.limits
    yield f"Study {study.name}, hash {study.study_hash}"
    if study.simulated:
        yield "Simulated people: nothing here is evidence about real ones."
    asked = [
        f"FPIR at most {one_in(limits.max_fpir)}" if limits.max_fpir else "",
        f"FMR of everybody at most {one_in(limits.max_fmr)}" if limits.max_fmr else "",
        f"FMR within every group at most {one_in(limits.max_fmr_worst_group)}"
        if limits.max_fmr_worst_group
        else "",
        f"ratio of FPIR at most {limits.max_ratio:g}" if limits.max_ratio else "",
        f"TPIR at least {100 * limits.min_tpir:g} %" if limits.min_tpir else "",
        f"at most {limits.max_alerts:,.6g} false alerts a day of {limits.crowd:,} passes"
        if limits.max_alerts and limits.crowd
        else "",
    ]
    yield f"Limits: {'; '.join(text for text in asked if text)}"
    yield (
        f"in {', '.join(limits.factors)}{_at_size(found, ', ')}, by the ends of "
        f"{100 * study.plan.level:g} % intervals"
        + (f" ({study.plan.watchlist} watchlist)" if found.size else "")
    )


def _at_size(found: Answer, before: str = " ") -> str:
    return f"{before}at a watchlist of {found.size:,}" if found.size else ""


def _verdict(found: Answer) -> Iterator[str]:
    yield sentence(found)
    for name, value in (
        ("Estimates alone would choose", found.by_estimates),
        ("All people together would choose", found.by_everybody),
    ):
        yield f"{name} {'none' if value is None else threshold_text(value)}."


def _regions(found: Answer) -> Iterator[str]:
    if found.chosen is None or not found.refused:
        return
    yield "Refused, by the people who chose:"
    for region in found.refused:
        yield f"- {reason(region)}"
    yield ""


def _reported(found: Answer) -> Iterator[str]:
    if found.report is None or found.chosen is None:
        return
    yield f"Rates at {threshold_text(found.chosen)} of the {found.people[1]} who did not choose it:"
    yield from aligned(
        (
            "metric",
            "group",
            "events",
            "passes" if found.size else "trials",
            "people",
            "rate",
            "lower",
            "upper",
        ),
        [
            (
                row.metric,
                row.group,
                f"{row.events:,}",
                f"{row.trials:,}",
                f"{row.subjects:,}",
                value_text(str(row.metric), row.rate, False),
                _end(str(row.metric), row.lower, "down"),
                _end(str(row.metric), row.upper, "up"),
            )
            for row in _rows(found.report)
        ],
    )


def _end(metric: str, value: float, rounding: str) -> str:
    if metric == TPIR:
        return share(value, rounding)
    return one_in(value, rounding)


def _stability(found: Answer) -> Iterator[str]:
    each = found.stability
    counts = zip(each.chosen.index.tolist(), each.chosen.tolist(), strict=True)
    chosen = ", ".join(f"{threshold_text(at)} ({n})" for at, n in counts)
    none = each.splits - int(each.chosen.sum())
    yield (
        f"Of {each.splits} other divisions of the people, {none} chose none"
        + (f"; the rest chose {chosen}." if chosen else ".")
    )
    if each.kept is not None and each.bounded is not None:
        yield (
            f"On the people who did not choose, estimates kept to every limit in "
            f"{100 * each.kept:.0f} % of the choices, intervals in {100 * each.bounded:.0f} %."
        )
    yield ""


def _sizes(found: Answer) -> Iterator[str]:
    if found.sizes.empty:
        return
    if found.sizes["rate"].isna().all() and found.sizes["chosen"].isna().all():
        others = [size for size in found.sizes["watchlist_size"].unique() if size != found.size]
        if others:
            sizes = " or ".join(f"{size:,}" for size in others)
            yield f"No threshold would be chosen at a watchlist of {sizes} either."
            yield ""
        return
    yield "By watchlist size (all people; the worst group's FPIR at the threshold):"
    rows = [
        (
            f"{row.watchlist_size:,}",
            row.way,
            row.group,
            one_in(row.rate),
            one_in(row.upper, "up"),
            "–" if pd.isna(row.chosen) else threshold_text(row.chosen),
        )
        for row in _rows(found.sizes)
    ]
    yield from aligned(("size", "way", "group", "FPIR", "upper", "would choose"), rows)


def _crowds(found: Answer) -> Iterator[str]:
    if found.crowds is None:
        return
    crowd = found.limits.crowd
    yield "By who passes (all people):"
    yield from aligned(
        ("crowd", "FPIR", "upper", *(("false alerts a day", "upper") if crowd else ())),
        [
            (
                row.crowd,
                one_in(row.rate),
                one_in(row.upper, "up"),
                *(
                    (value_text(ALERTS, crowd * row.rate), value_text(ALERTS, crowd * row.upper))
                    if crowd
                    else ()
                ),
            )
            for row in _rows(found.crowds)
        ],
    )


def _drifts(found: Answer) -> Iterator[str]:
    if found.drifts is None:
        return
    yield "If non-mated scores rise and mated ones fall (all people, the worst group):"
    rows = [
        (
            "FPIR doubles" if pd.isna(row.drift) else f"by {row.drift:g}",
            row.fpir_group,
            one_in(row.fpir),
            one_in(row.fpir_upper, "up"),
            row.tpir_group,
            value_text(TPIR, row.tpir, False),
            value_text(TPIR, row.tpir_lower),
        )
        for row in _rows(found.drifts)
    ]
    yield from aligned(("drift", "group", "FPIR", "upper", "group", "TPIR", "lower"), rows)


def _costs(found: Answer) -> Iterator[str]:
    if found.costs is None:
        return
    own = found.costs[found.costs["factor"] == "overall"].set_index("threshold")
    marked = {"chosen": found.chosen, "least estimate": float(own.index[int(own["cost"].argmin())])}
    yield "Expected cost of a recognition opportunity (all people):"
    rows = [
        (
            name,
            threshold_text(at),
            *(f"{float(own[column].loc[at]):.3g}" for column in ("cost", "lower", "upper")),
        )
        for name, at in marked.items()
        if at is not None
    ]
    yield from aligned(("", "threshold", "cost", "lower", "upper"), rows)


def _rows(frame: pd.DataFrame) -> Iterable[Any]:
    return frame.itertuples(index=False)
