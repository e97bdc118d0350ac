"""Comparing: the comparison in words and tables for the person at the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd

from lfr_eval.contract.columns import aligned
from lfr_eval.contract.defaults import ALPHA
from lfr_eval.contract.names import factor_words, group_name, metric_named
from lfr_eval.contract.tables import OVERALL
from lfr_eval.contract.words import joined, one_in, p_value, ratio, several, share, signed
from lfr_eval.finished.comparing.beside import Comparison

HEAD = ("Study", "Threshold", "Events", "Trials", "Rate", "Matcher")


def study_rows(found: Comparison) -> list[tuple[str, ...]]:
    """Return a row per study: where it was cut and what that rests on."""
    return [
        (
            str(number),
            f"{side.matched.threshold:.4f}",
            f"{side.matched.events:,}",
            f"{side.matched.trials:,}",
            one_in(side.matched.events / side.matched.trials),
            f"{side.study.matcher} ({side.study.name})",
        )
        for number, side in enumerate(found.sides, 1)
    ]


DIFFERENCE_HEAD = (
    *("Error", "Group", "Study 1", "This study", "Ratio", "95 % interval"),
    *("Difference, 95 % interval", "p", "p (Holm)", "Test"),
)


def difference_rows(found: Comparison, study: int) -> list[tuple[str, ...]]:
    """Return a row a metric and group of one further study."""
    rows = found.differences[(found.differences["study"] == study).to_numpy(bool)]
    return [
        (
            metric_named(row.metric).plain,
            group_name(row.group, row.factor),
            value(row.metric, row.rate_first),
            value(row.metric, row.rate),
            ratio(_number(row.ratio)),
            "–"
            if pd.isna(row.ratio_lower)
            else f"{ratio(row.ratio_lower, 'down')} to {ratio(row.ratio_upper, 'up')}",
            "–"
            if pd.isna(row.lower)
            else f"{signed(row.difference)} ({signed(row.lower, 'down')} to "
            f"{signed(row.upper, 'up')})",
            p_value(_number(row.p_value)),
            p_value(_number(row.p_adjusted)),
            row.test,
        )
        for row in _each(rows)
    ]


def answers(found: Comparison) -> list[str]:
    """Return what the comparison shows, in one sentence for each further study."""
    said = []
    for number in range(2, len(found.sides) + 1):
        rows = found.differences[(found.differences["study"] == number).to_numpy(bool)]
        differ = (rows["p_adjusted"] < ALPHA).to_numpy(bool, na_value=False)
        overall = (rows["factor"] == OVERALL).to_numpy(bool)
        parts = [
            f"{metric_named(row.metric).plain.lower()} {value(row.metric, row.rate)} against "
            f"{value(row.metric, row.rate_first)} "
            f"({'a' if row.p_adjusted < ALPHA else 'no'} difference was shown)"
            for row in _each(rows[overall & (rows["metric"] != found.asked.metric).to_numpy(bool)])
        ]
        groups = [
            f"{group_name(row.group, row.factor)} ({metric_named(row.metric).plain.lower()})"
            for row in _each(rows[differ & ~overall])
        ]
        parts.append(f"groups for which a difference was shown: {joined(groups) or 'none'}")
        said.append(f"Study {number} against study 1: {'; '.join(parts)}.")
    return said


def caveats(found: Comparison) -> list[str]:
    """Return what a reader must know before the numbers."""
    asked = found.asked
    where = f" at a watchlist of {asked.size:,}" if asked.size else ""
    said = [
        f"Every study is cut at the lowest threshold at which its overall {asked.metric}{where} is "
        f"at most {one_in(asked.target)}. These thresholds are estimates from the same "
        "people, and intervals and tests allow for that. They hold for the watchlists that were "
        "searched."
    ]
    for number, side in enumerate(found.sides, 1):
        if side.matched.events < 10:
            said.append(
                f"Study {number} is matched on {side.matched.events} events: too few to say that "
                "it is matched."
            )
        if side.study.simulated:
            said.append(f"Study {number} is of simulated people.")
    for number, how in enumerate(found.paired, 2):
        if how is None:
            said.append(
                f"Study {number} is taken to be of other people than study 1: its tests are those "
                "of independent studies, and a difference may be the people's, not the matcher's."
                + _alike(found, number)
            )
        else:
            said.append(f"Study {number} has the people of study 1 ({how}): its tests are paired.")
    for number in range(2, len(found.sides) + 1):
        rows = found.differences[(found.differences["study"] == number).to_numpy(bool)]
        alone = [name for name in asked.factors if name not in set(rows["factor"])]
        if alone:
            said.append(
                f"Study {number} has no groups by {joined([*map(factor_words, alone)], 'or')} in "
                f"common with study 1, so {joined([*map(factor_words, alone)])} "
                f"{'is' if len(alone) == 1 else 'are'} left out of the comparison."
            )
    said.append(
        "A difference that was not found is no evidence of equality: read the intervals, which "
        "say what remains possible. Nothing is tested on fewer than six people, six events, or "
        "six people whose outcomes differ between the studies."
    )
    return said


def _alike(found: Comparison, number: int) -> str:
    """Say how many subject ids are in both studies, and what to add if that is no accident."""
    first, other = (found.sides[place - 1].study.people.index for place in (1, number))
    shared = len(first.intersection(other))
    if not shared:
        return ""
    return (
        f" {shared:,} of its {several(len(other), 'subject id')} are also in study 1: if they are "
        "the same people, add --same-people."
    )


def as_text(found: Comparison) -> str:
    """Return the whole comparison as plain text."""
    lines = [*answers(found), *caveats(found), "", *aligned(HEAD, study_rows(found))]
    for number in range(2, len(found.sides) + 1):
        lines.append(f"Study {number} beside study 1 (as 'first'):")
        rows = difference_rows(found, number)
        tests = list(dict.fromkeys(row[-1] for row in rows))
        marked = [(*row[:-1], f"[{tests.index(row[-1]) + 1}]") for row in rows]
        lines += aligned(DIFFERENCE_HEAD, marked)
        lines += [f"  [{place}] {test}" for place, test in enumerate(tests, 1)]
    return "\n".join(lines)


def value(metric: str, rate: float) -> str:
    """Return a rate: successes in per cent, errors as 1 in N."""
    if math.isnan(rate):
        return "–"
    return share(rate) if metric == "TPIR" else one_in(rate)


def _number(value: float) -> float | None:
    return None if pd.isna(value) or math.isinf(value) else float(value)


def _each(frame: pd.DataFrame) -> Iterable[Any]:
    return frame.itertuples(index=False)
