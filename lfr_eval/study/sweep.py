"""The thresholds of a study, made from configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from lfr_eval.config import ConfigError, StudyConfig
from lfr_eval.config.limits import MOST_ENTRIES
from lfr_eval.config.study import BY_EVALUATOR
from lfr_eval.matchers.alerts import are_ranks, longest_list


@dataclass(frozen=True)
class Sweep:
    """The thresholds of a study.

    Attributes
    ----------
    values
        All thresholds, increasing; the operating and primary ones are among them.
    operating
        Where the matcher is meant to run; None if nobody said.
    primary
        Where findings are primary.
    origin
        On which data, at which rate the operating threshold was set.
    """

    values: tuple[float, ...]
    operating: float | None
    primary: tuple[float, ...]
    origin: str

    @property
    def tabulated(self) -> tuple[float, ...]:
        """Thresholds of the plan: the primary ones and the operating one, increasing."""
        named = () if self.operating is None else (self.operating,)
        return tuple(value for value in self.values if value in {*self.primary, *named})


def read_sweep(config: StudyConfig) -> Sweep:
    """Return the thresholds: those given, else those of the matcher's configuration.

    Raises
    ------
    ConfigError
        If there are none, or they are not increasing steps.
    """
    given = config.thresholds
    own, origin = config.matcher.operating, config.matcher.operating_origin
    if list_length(config) is not None:
        # Lists begin at their floor, which nobody chose as a threshold for alerts.
        own, origin = None, ""
    if config.matcher.search_operating is not None and config.design.searches:
        own, origin = config.matcher.search_operating, config.matcher.search_operating_origin
    operating = own if given.operating is None else given.operating
    swept = given.sweep or config.matcher.sweep
    if given.values is not None:
        values = list(given.values)
    elif swept is not None:
        values = _steps(swept)
    else:
        raise ConfigError(
            f"The matcher '{config.matcher.name}' has no thresholds of its own; give "
            "thresholds.values=[0.3,0.4,0.5] on its scale."
        )
    named = [] if operating is None else [operating]
    primary = named if given.primary is None else list(given.primary)
    if not primary:
        primary = values
    if given.origin is not None:
        origin = given.origin
    elif given.operating is not None:
        origin = BY_EVALUATOR
    every = sorted({float(value) for value in [*values, *primary, *named]})
    if not every or not np.isfinite(every).all():
        raise ConfigError(f"thresholds.values must be finite numbers; got {given.values}.")
    _check_few(len(every))
    _check_apart(every)
    return Sweep(tuple(every), operating, tuple(sorted(set(primary))), origin)


def gives_ranks(config: StudyConfig) -> bool:
    """Whether candidate lists hold ranks and no scores."""
    matcher = config.matcher
    columns, better = (getattr(matcher, name, None) for name in ("columns", "higher_is"))
    return matcher.kind == "alerts" and are_ranks(columns, better)


def list_length(config: StudyConfig) -> int | None:
    """Return how many candidates the lists of searches hold; None where there are no such lists."""
    given, floor = (getattr(config.matcher, name, 0) for name in ("at_most", "floor"))
    longest = longest_list(given, floor, gives_ranks(config))
    return longest if longest and "retrospective" in config.design.kinds else None


def _check_few(number: int) -> None:
    if number > MOST_ENTRIES:
        raise ConfigError(
            f"There are {number:,} thresholds, more than {MOST_ENTRIES:,}. Give fewer values, "
            "or a larger step of thresholds.sweep."
        )


def _check_apart(thresholds: Sequence[float]) -> None:
    """Refuse thresholds between which no score of float32 can lie."""
    narrow = np.asarray(thresholds).astype(np.float32)
    at = np.flatnonzero(np.diff(narrow) == 0)
    if len(at):
        pairs = ", ".join(f"{thresholds[i]!r} and {thresholds[i + 1]!r}" for i in at[:5])
        raise ConfigError(
            f"Scores are compared as float32, in which thresholds must differ, and {pairs} do not. "
            "Leave one of them out."
        )


def _steps(sweep: Sequence[float]) -> list[float]:
    if len(sweep) != 3 or not (sweep[2] > 0 and sweep[1] >= sweep[0]):
        raise ConfigError(
            f"thresholds.sweep is {list(sweep)}; give [start, stop, step] with a positive step "
            "and a stop that is not below the start."
        )
    # In decimals: 0.4 and two steps of 0.1 are 0.6, and not the number beside it.
    start, stop, step = (Decimal(repr(float(value))) for value in sweep)
    _check_few(int((stop - start) / step) + 1)
    return [float(start + step * index) for index in range(int((stop - start) / step) + 1)]
