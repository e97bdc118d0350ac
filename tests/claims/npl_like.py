"""A study with findings written by hand, shaped like the published equitability study.

400 people (133 to 134 of each ethnic group), 4,000 passes, thresholds 0.56 to 0.64. Differences
between ethnic groups are shown at 0.56 and 0.58 only; at 0.60, the threshold in use, seven people
set off a false alert, none of them White; at 0.64 nobody did. Women and men are missed alike.
"""

from __future__ import annotations

import math

import pandas as pd

from lfr_eval.contract.tables import FINDINGS, RATES
from lfr_eval.finished.claims import Sentences, sentences_of
from lfr_eval.inference.statements import Finding, statement

PEOPLE = {"everybody": 400, "female": 200, "male": 200, "asian": 134, "black": 133, "white": 133}
FACTOR = {
    "everybody": "overall",
    **dict.fromkeys(("female", "male"), "gender"),
    **dict.fromkeys(("asian", "black", "white"), "ethnicity"),
}
# People with a false alert against 10,000 faces: everybody, women, men, Asian, Black, White.
ALERTS = {
    0.56: (60, 33, 27, 16, 36, 8),
    0.58: (27, 14, 13, 7, 17, 3),
    0.60: (7, 4, 3, 2, 5, 0),
    0.62: (1, 1, 0, 0, 1, 0),
    0.64: (0, 0, 0, 0, 0, 0),
}
# Passes in a thousand that were missed.
MISSED = {0.56: 71, 0.58: 89, 0.60: 110, 0.62: 153, 0.64: 217}
PASSES = 10


def npl_like() -> Sentences:
    """Return what this study says."""
    findings = [_finding(*each) for each in _compared()]
    return sentences_of(pd.DataFrame(findings), _rates(), 0.60)


def _rates() -> pd.DataFrame:
    rows = []
    for threshold, alerts in ALERTS.items():
        for (group, people), affected in zip(PEOPLE.items(), alerts, strict=True):
            # One alert a person in 6,000 passes, so that 7 people are 1 in 6,000.
            trials = 105 * people
            for size, scale in ((10_000, 1), (1_000, 10)):
                rows.append(("FPIR", threshold, size, group, affected, scale * trials, affected))
            missed = round(people * PASSES * MISSED[threshold] / 1000)
            trials = people * PASSES
            for metric, events in (("FNIR", missed), ("TPIR", trials - missed)):
                rows.append((metric, threshold, 10_000, group, events, trials, people // 2))
    return RATES.build(
        [
            (
                *(metric, threshold, size, None, FACTOR[group], group, None),
                *(events, trials, PEOPLE[group], affected, events / trials),
                *(0.5 * events / trials, 2 * events / trials + 0.001, 0.95, float(trials), "-"),
            )
            for metric, threshold, size, group, events, trials, affected in rows
        ]
    )


def _compared() -> list[tuple[str, float, str, str, str, float, float]]:
    """Return metric, threshold, groups, verdict, ratio and p of every comparison."""
    told = []
    for threshold in ALERTS:
        shown = threshold < 0.59
        nothing = "untestable" if threshold > 0.59 else "inconclusive"
        told += [
            ("FPIR", threshold, "black", "white", "different" if shown else nothing, 4.5, 0.002),
            ("FPIR", threshold, "asian", "white", nothing, 1.98, 0.21),
            ("FPIR", threshold, "female", "male", nothing, 1.22, 0.84),
            ("FNIR", threshold, "female", "male", "equivalent", 1.02, 0.93),
            ("FNIR", threshold, "black", "white", "inconclusive", 1.09, 0.77),
            ("FNIR", threshold, "asian", "white", "inconclusive", 0.96, 0.88),
        ]
    return told


def _finding(
    metric: str, threshold: float, a: str, b: str, verdict: str, ratio: float, p: float
) -> dict[str, object]:
    rate = 0.002 if metric == "FPIR" else 0.11
    tested = verdict != "untestable"
    numbers = {
        "rate_a": ratio * rate if tested else 0.0,
        "rate_b": rate if tested else 0.0,
        "ratio": ratio if tested else math.nan,
        "ratio_lower": 0.6 * ratio if tested else math.nan,
        "ratio_upper": 1.4 * ratio if tested else math.nan,
        "p_value": p / 2,
        "p_adjusted": p,
        "p_equivalence": 0.01 if verdict == "equivalent" else 0.6,
        "margin": 1.5,
    }
    told = Finding(
        metric=metric,
        threshold=threshold,
        watchlist_size=10_000,
        factor=FACTOR[a],
        group_a=a,
        group_b=b,
        level=0.95,
        alpha=0.05,
        verdict=verdict,
        primary=threshold == 0.60,
        people_a=ALERTS[threshold][list(PEOPLE).index(a)] if metric == "FPIR" else 60,
        exposed_a=PEOPLE[a],
        people_b=ALERTS[threshold][list(PEOPLE).index(b)] if metric == "FPIR" else 60,
        exposed_b=PEOPLE[b],
        bound_a=0.0002,
        bound_b=0.0002,
        rate_a=numbers["rate_a"],
        rate_b=numbers["rate_b"],
        ratio=numbers["ratio"],
        ratio_lower=numbers["ratio_lower"],
        ratio_upper=numbers["ratio_upper"],
        p_value=numbers["p_value"],
        p_adjusted=p,
        p_equivalence=numbers["p_equivalence"],
        margin=1.5,
    )
    row = dict.fromkeys((column.name for column in FINDINGS.columns), None)
    return (
        row
        | numbers
        | {
            "finding_id": f"{metric.lower()}-n10000-t{threshold:.2f}-{FACTOR[a]}-{a}-{b}",
            "metric": metric,
            "threshold": threshold,
            "watchlist_size": 10_000,
            "factor": FACTOR[a],
            "group_a": a,
            "group_b": b,
            "verdict": verdict,
            "primary": threshold == 0.60,
            "statement": statement(told),
        }
    )
