"""Choosing: the limits that are asked for (words of a command line in, a checked config out)."""

from __future__ import annotations

from collections.abc import Sequence

from lfr_eval.config import ConfigError, ConstraintsConfig
from lfr_eval.config.chosen import chosen
from lfr_eval.config.limits import problems_of

RATES = ("max_fpir", "max_fmr", "max_fmr_worst_group", "min_tpir", "prevalence")
LIMITS = (
    "max_fpir", "max_fmr", "max_fmr_worst_group", "max_ratio", "min_tpir", "max_alerts",
)  # fmt: skip
COSTS = ("cost_false_alert", "cost_miss", "prevalence")


def read_constraints(words: Sequence[str]) -> ConstraintsConfig:
    """Return the constraints that words of a command line give.

    Parameters
    ----------
    words
        `constraints=FILE` (or the name of a shipped one) and `KEY=VALUE`, which goes before the
        file. Rates may be written as 1/1000.

    Raises
    ------
    ConfigError
        If a file or key is unknown, or values cannot be; the message names them all.
    """
    constraints = chosen("constraints", ConstraintsConfig, words, rates=RATES)
    problems = _problems(constraints)
    if problems:
        raise ConfigError(
            "No threshold can keep to these constraints: " + "; ".join(problems) + "."
        )
    return constraints


def _problems(given: ConstraintsConfig) -> list[str]:
    shares = list(given.composition.values())
    costs = [name for name in COSTS if getattr(given, name) is not None]
    checks = [
        (any(getattr(given, name) is not None for name in LIMITS), f"give one of {LIMITS}"),
        (given.max_alerts is None or given.crowd is not None, "max_alerts needs a crowd"),
        (len(costs) in (0, len(COSTS)), f"costs need all of {COSTS}"),
        (given.objective != "cost" or bool(costs), f"the objective cost needs {COSTS}"),
        (not shares or sum(shares) > 0, "shares of the composition are not all 0"),
    ]
    return [*problems_of(given), *(text for holds, text in checks if not holds)]
