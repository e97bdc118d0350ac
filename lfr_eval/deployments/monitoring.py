"""Records in the order of their days in, alarms out: a test that may be looked at after each one.

An ordinary test that is repeated after every deployment raises a false alarm sooner or later. Here
a stake is bet against "the rate is at most the limit": after each deployment it is multiplied by
1 + b (x / expected - 1), x being the false alerts seen, `expected` those at the limit, and b a
fraction that follows from `expected` alone. If the rate is at most the limit, the stake does not
grow on average whatever the counts' distribution, so the chance that it ever reaches 1 / alpha is
at most alpha (Ville). The mean over several ways to bet is such a stake, too. Over-dispersion
between deployments changes nothing. Whether the rate drifts is asked in the same way, of the order
of the deployments.

References
----------
Waudby-Smith & Ramdas (2024), JRSS B 86, 1-27. Ramdas et al. (2023), Statistical Science 38,
576-601.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special, stats

from lfr_eval.contract.words import (
    joined,
    one_in,
    p_text,
    percentage,
    several,
    some,
    threshold_text,
)
from lfr_eval.deployments.headings import people_of
from lfr_eval.deployments.street import false_alerts_said
from lfr_eval.inference.field import PER_ALERT, PER_FACE, PER_HOUR

TIMES = np.array([1.4, 1.4, 2.2, 2.2, 5.0, 5.0])
SPREADS = np.array([0.0, 3.0, 0.0, 3.0, 0.0, 3.0])
"""Ways to bet, side by side, with equal weight: each suits a true rate of so many times the limit
and deployments that differ so much (variance of the rate over its square). Found by simulation
(`benchmarks/monitoring.py`)."""

_MOST = 0.95
"""Largest fraction of a stake that is bet: a deployment without false alerts ruins no stake."""

EXPOSURES = {PER_FACE: "faces_seen", PER_ALERT: "alerts", PER_HOUR: "hours"}
FEWEST_BEFORE = 20
"""Deployments before the first one of which a drift is asked."""

POWERS = np.array([0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
"""Of the bets on low ranks, side by side, with equal weight."""

_STEP = 0.1
"""Step of the logarithm of the common rate by which deployments are ranked: it seldom changes."""

_TIES = 20
"""Seed of the numbers that break ties: a second look gives the same answer."""


@dataclass(frozen=True)
class Alarm:
    """What one question says after the last deployment."""

    question: str
    limit: float
    measure: str
    alpha: float
    deployments: int
    false_alerts: int
    exposure: float
    evidence: tuple[float, ...]
    """The stake after each deployment, starting from 1."""

    days: tuple[str, ...]
    beside: str = ""
    """What else must be known: deployments left out, thresholds that changed."""

    @property
    def raised(self) -> bool:
        """Whether the stake has ever reached 1 / alpha."""
        return self.at is not None

    @property
    def at(self) -> str | None:
        """The day of the deployment after which the alarm was raised first."""
        above = [
            day for day, e in zip(self.days, self.evidence, strict=True) if e >= 1 / self.alpha
        ]
        return above[0] if above else None

    @property
    def sentence(self) -> str:
        """The answer, with what it rests on."""
        false = several(self.false_alerts, "false alert")
        seen = f"{false} in {several(self.deployments, 'deployment')}"
        found = "not shown" if self.at is None else f"yes, since {self.at}"
        return (
            f"{self.question}: {found} ({seen}; anytime-valid {p_text(self.p_value)}).{self.beside}"
        )

    @property
    def p_value(self) -> float:
        """Anytime-valid p-value: 1 over the largest stake so far."""
        return min(1.0, 1 / max(self.evidence, default=1.0))


def stakes(events: npt.ArrayLike, expected: npt.ArrayLike) -> np.ndarray:
    """Return the stake after each deployment.

    Parameters
    ----------
    events, expected
        False alerts of each deployment, and those expected at the limit (limit times exposure).

    Returns
    -------
    ndarray of shape (deployments,)
    """
    x, under = np.asarray(events, dtype=float), np.asarray(expected, dtype=float)
    # The fraction that grows fastest where one false alert at most is expected, (times - 1) x
    # expected (Kelly), held back where many are.
    more = (TIMES - 1) * under[:, None]
    bet = np.minimum(more / (1 + more * (1 + SPREADS)), _MOST)
    used = under > 0
    growth = np.zeros(bet.shape)
    growth[used] = np.log1p(bet[used] * (x[used, None] / under[used, None] - 1))
    # A false alert where none could be expected (no exposure) is impossible under the limit.
    growth[~used & (x > 0)] = np.inf
    return _mixed(growth)


def _mixed(growth: np.ndarray) -> np.ndarray:
    """Return the mean stake of several ways to bet, from the growth of its logarithm."""
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(np.cumsum(growth, axis=0)).mean(axis=1))


def _words(limit: float, measure: str) -> str:
    if measure == PER_HOUR:
        return f"{limit:g} {measure}"
    said, counted = one_in(limit), measure.removeprefix("per ") + "s"
    return f"{said} {counted}" if said.startswith("1 in ") else f"{said} of {counted}"


def by_day(records: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return the records that tell day, false alerts and exposure, in the order of their days."""
    told = records.dropna(subset=["date", "false_alerts", EXPOSURES[measure]])
    return told.sort_values("date", kind="stable")


def above_limit(
    records: pd.DataFrame,
    limit: float,
    measure: str,
    alpha: float = 0.05,
    question: str = "",
    who: str = "",
) -> Alarm:
    """Ask whether false alerts are more frequent than a limit.

    Parameters
    ----------
    records
        Table `records`; those without a day, false alerts or exposure are passed over.
    limit
        Highest acceptable rate: false alerts per face, per alert or per hour.
    measure
        `per face`, `per alert` or `per hour`.
    alpha
        Largest chance of an alarm, ever, while the rate is at most the limit.
    who
        What the answer begins with, such as the name of a force.
    """
    column, known = EXPOSURES[measure], by_day(records, measure)
    events = known["false_alerts"].to_numpy(dtype=float)
    under = known[column].to_numpy(dtype=float)
    evidence = stakes(events, limit * under)
    return Alarm(
        *(
            who + (question or f"more false alerts than {_words(limit, measure)}"),
            limit,
            measure,
            alpha,
            len(known),
        ),
        *(int(events.sum()), float(under.sum()), tuple(map(float, evidence))),
        tuple(known["date"]),
        _beside(records, known, column),
    )


def _beside(records: pd.DataFrame, known: pd.DataFrame, column: str) -> str:
    said = ""
    left = records.drop(known.index)
    if len(left):
        of = false_alerts_said(left)
        said += f" {several(len(left), 'deployment')} with {of} left out: {_lacking(left, column)}."
    thresholds = known["threshold"].dropna().unique()
    if len(thresholds) > 1:
        said += f" Thresholds: {joined([threshold_text(each) for each in sorted(thresholds)])}."
    return said


def _lacking(left: pd.DataFrame, column: str) -> str:
    """Name records that are left out, and what each of them lacks."""
    needed = {
        "date": "date",
        "false_alerts": "number of false alerts",
        column: column.replace("_", " "),
    }
    told = []
    for row in left.to_dict("records"):
        known = row["record_id"] if pd.notna(row["record_id"]) else f"row {row['row']}"
        lacks = [f"no {name}" for field, name in needed.items() if pd.isna(row[field])]
        told.append(f"{known} ({joined(lacks)})")
    return some(told)


def drifting(
    records: pd.DataFrame, measure: str, alpha: float = 0.05, since: str = "", who: str = ""
) -> Alarm | None:
    """Ask whether false alerts have become more frequent since the first 20 deployments.

    False alerts per face and per hour grow with the watchlist (FPIR(N) is about N x FMR), so where
    every record gives its size, the deployments are ranked at one rate per face and entry.

    None where there are not enough deployments.
    """
    column, told = EXPOSURES[measure], by_day(records, measure)
    known = told[told[column] > 0]  # Where nothing could happen, nothing can be ranked.
    if len(known) <= FEWEST_BEFORE:
        return None
    events = known["false_alerts"].to_numpy(dtype=float)
    under = known[column].to_numpy(dtype=float)
    sizes, beside = known["watchlist_size"], ""
    weight = np.ones(len(known))
    if measure != PER_ALERT and sizes.gt(0).fillna(False).all():
        weight, beside = sizes.to_numpy(dtype=float), ", in proportion to the size of the watchlist"
    later = slice(FEWEST_BEFORE, None)
    return Alarm(
        f"{who}more false alerts {measure} than in earlier deployments{since}{beside}",
        float(events[:FEWEST_BEFORE].sum() / under[:FEWEST_BEFORE].sum()),
        measure,
        alpha,
        len(known),
        *(int(events.sum()), float(under.sum())),
        tuple(map(float, order_stakes(events, under * weight)[later])),
        tuple(known["date"])[later],
        _beside(records, told, column),
    )


def order_stakes(events: npt.ArrayLike, exposure: npt.ArrayLike) -> np.ndarray:
    """Return the stake against "the order of the deployments does not matter", after each of them.

    Each deployment is ranked among those before it by how unlikely its false alerts are at the
    common rate (a randomised Poisson tail), which is rounded so that most deployments need not be
    ranked again. If deployments come in no order, the ranks are uniform and independent whatever
    the distribution of false alerts, and p^(e-1) e is a fair bet on low ones. Nothing is bet on the
    first 20. Ties are broken by numbers that are always the same.

    References
    ----------
    Vovk, Gammerman & Shafer (2005), Algorithmic Learning in a Random World, chapter 7. Vovk & Wang
    (2021), Annals of Statistics 49, 1736-1754.
    """
    x, under = np.asarray(events, dtype=float), np.asarray(exposure, dtype=float)
    tail, tie = np.random.default_rng(_TIES).random((2, len(x)))
    with np.errstate(divide="ignore"):
        step = np.round(np.log(np.cumsum(x) / np.cumsum(under)) / _STEP)
    rate, unlikely = np.nan, np.empty(0)
    rank = np.ones(len(x))
    for at in range(FEWEST_BEFORE, len(x)):
        if step[at] != rate:
            rate = step[at]
            mean = np.exp(rate * _STEP) * under
            unlikely = special.pdtrc(x, mean) + tail * stats.poisson.pmf(x, mean)
        seen = unlikely[: at + 1]
        below, upto = np.count_nonzero(seen < seen[at]), np.count_nonzero(seen <= seen[at])
        rank[at] = (below + tie[at] * (upto - below)) / (at + 1)
    growth = np.log(POWERS) + (POWERS - 1) * np.log(rank[:, None])
    growth[:FEWEST_BEFORE] = 0
    return _mixed(growth)


def over_represented(
    group: str,
    events: Sequence[tuple[int, int]],
    share: float,
    days: Sequence[str],
    alpha: float = 0.05,
) -> Alarm:
    """Ask whether more of the false alerts are of one group than its share of exposure.

    Parameters
    ----------
    group
        Its name.
    events
        Of each deployment: false alerts of the group, and all whose group is known.
    share
        The group's share of the faces seen: an assumption, to be printed.
    days
        Of each deployment.
    """
    of_group = [mine for mine, _ in events]
    total = [float(number) for _, number in events]
    evidence = stakes(of_group, [share * number for number in total])
    question = (
        f"more than {percentage(share)} of false alerts are of {people_of(group)}, who are assumed "
        f"to be {percentage(share)} of the faces seen"
    )
    return Alarm(
        question=question,
        limit=share,
        measure=PER_ALERT,
        alpha=alpha,
        deployments=len(total),
        false_alerts=sum(of_group),
        exposure=sum(total),
        evidence=tuple(map(float, evidence)),
        days=tuple(days),
    )
