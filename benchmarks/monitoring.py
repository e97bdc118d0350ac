"""May the monitor be looked at after every deployment? `python -m benchmarks.monitoring`.

Series of deployments whose rate of false alerts is known. The benchmark prints the share of series
in which one of the monitor's two questions (above the limit; more than earlier) ever raises an
alarm although there is nothing to find, and how many deployments it takes until the first alarm
where there is. Both questions share 5 %.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from lfr_eval.contract.defaults import ALPHA
from lfr_eval.contract.tables import RECORDS
from lfr_eval.deployments.monitoring import Alarm, above_limit, drifting
from lfr_eval.inference.field import PER_FACE

FACES = 319, 48_700
"""Fewest and most faces seen at a published deployment."""
WATCHLISTS = 6_000, 18_000
"""Shortest and longest published watchlist, about."""
LIMITS = 0.001, 0.0001
TIMES = 1.5, 2.0, 3.0, 5.0, 10.0
BEFORE = 100
"""Deployments before a rate rises."""

Floats = np.ndarray


@dataclass(frozen=True)
class World:
    """How deployments differ from one another; their mean rate is the same throughout.

    Attributes
    ----------
    spread
        Variance of the rate over its square.
    burst
        Share of deployments that have all false alerts; 1: no bursts.
    watchlists
        `fixed`, `any order` or `growing`; false alerts are in proportion to them.
    crowds
        How many times as many faces the last deployment sees as the first.
    """

    name: str
    spread: float = 0.0
    burst: float = 1.0
    watchlists: str = "fixed"
    crowds: float = 1.0

    def records(self, rng: np.random.Generator, rate: Floats) -> pd.DataFrame:
        """Draw the records of some deployments whose rates are given."""
        looks = len(rate)
        faces = np.exp(rng.uniform(*np.log(FACES), looks)) * np.geomspace(1, self.crowds, looks)
        size = np.full(looks, 10_000.0)
        if self.watchlists == "any order":
            size = rng.uniform(*WATCHLISTS, looks)
            rate = rate * size / np.mean(WATCHLISTS)
        if self.watchlists == "growing":  # The limit is reached at the end.
            size = np.linspace(*WATCHLISTS, looks)
            rate = rate * size / WATCHLISTS[1]
        if self.spread:
            rate = rate * rng.gamma(1 / self.spread, self.spread, looks)
        rate = rate / self.burst * (rng.random(looks) < self.burst)
        seen = faces.round()
        counts = {
            "watchlist_size": size,
            "faces_seen": seen,
            "false_alerts": rng.poisson(rate * seen),
        }
        whole = {name: pd.array(each.round().astype(int), "Int64") for name, each in counts.items()}
        return days(looks).assign(**whole)


@cache
def days(looks: int) -> pd.DataFrame:
    """Return records of one deployment a day that hold nothing else."""
    dates = pd.date_range("2024-01-01", periods=looks).strftime("%Y-%m-%d")
    frame = pd.DataFrame(dict.fromkeys(RECORDS.names), index=range(looks))
    whole = RECORDS.conform(frame.assign(record_id=dates, source="simulated", date=dates))
    return whole[["record_id", "date", "threshold", "watchlist_size", "faces_seen", "false_alerts"]]


WORLDS = (
    World("calm"),
    World("over-dispersed, variance 2", spread=2.0),
    World("over-dispersed, variance 10", spread=10.0),
    World("bursts: 1 in 100 deployments has all", burst=0.01),
    World("watchlist of 6,000 to 18,000, any order", watchlists="any order"),
    World("watchlist grows from 6,000 to 18,000", watchlists="growing"),
    World("crowds grow tenfold", crowds=10.0),
)


def alarms(records: pd.DataFrame, limit: float) -> Iterator[Alarm]:
    """Ask both questions of a series."""
    yield above_limit(records, limit, PER_FACE, ALPHA / 2)
    drift = drifting(records, PER_FACE, ALPHA / 2)
    if drift is not None:
        yield drift


def first(records: pd.DataFrame, limit: float) -> float:
    """Return after how many deployments the first alarm comes; infinite: never."""
    days = [alarm.at for alarm in alarms(records, limit) if alarm.at is not None]
    return float((records["date"] <= min(days)).sum()) if days else np.inf


def series(world: World, number: int, rate: Floats, limit: float) -> Floats:
    """Return for many series after how many deployments the first alarm comes."""
    rng = np.random.default_rng([20261130, zlib.crc32(f"{world.name} {rate[-1]:g}".encode())])
    return np.array([first(world.records(rng, rate), limit) for _ in range(number)])


def median(found: Floats) -> str:
    """Return the median in words; fewer than half of the series may raise an alarm."""
    middle = np.median(found)
    return f"{middle:.0f}" if np.isfinite(middle) else "no alarm"


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=1000, help="of each kind, without a finding")
    parser.add_argument("--found", type=int, default=300, help="series with something to find")
    parser.add_argument("--looks", type=int, default=500)
    given = parser.parse_args()
    looks, known = given.looks, WORLDS[:2]
    print(f"| false alarm in {looks} looks, rate at the limit | 1 in 1,000 | 1 in 10,000 |")
    print("|---|---|---|")
    for world in WORLDS:
        shares = [
            np.isfinite(series(world, given.series, np.full(looks, limit), limit)).mean()
            for limit in LIMITS
        ]
        print(f"| {world.name} | {' | '.join(f'{share:.1%}' for share in shares)} |", flush=True)
    columns = [(world, limit) for limit in LIMITS for world in known]
    heads = " | ".join(f"{limit:g}, {world.name}" for world, limit in columns)
    print(f"\n| true rate / limit | {heads} |\n|---|---|---|---|---|")
    for times in TIMES:
        cells = [
            median(series(world, given.found, np.full(looks, times * limit), limit))
            for world, limit in columns
        ]
        print(f"| {times:g} | {' | '.join(cells)} |", flush=True)
    print(f"\n| rate rises, from a tenth of the limit | {heads} |\n|---|---|---|---|---|")
    for times in TIMES[1:]:
        rise = np.where(np.arange(looks) < BEFORE, 0.1, 0.1 * times)
        cells = []
        for world, limit in columns:
            found = series(world, given.found, rise * limit, limit)
            cells.append(median(np.where(found > BEFORE, found - BEFORE, np.inf)))
        print(f"| {times:g} times | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
