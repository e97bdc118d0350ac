"""Stage `inference`: comparisons of two sides as rows of raw findings, before adjustment.

In: the study of one kind of trials, evidence of both sides. Out: the columns of
`findings` as far as they are known, and the counts that adjustment, verdicts and sentences need.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lfr_eval.contract.trials import Trials
from lfr_eval.contract.words import RANDOM, threshold_text
from lfr_eval.inference.cells import Bools, Codes, Floats, divide
from lfr_eval.inference.clusters import clusters_of
from lfr_eval.inference.controls import Controls, controls_of
from lfr_eval.inference.counting import Swept
from lfr_eval.inference.ends import upper_ends
from lfr_eval.inference.joined import Columns, joined
from lfr_eval.inference.mover import Compared, equivalence_p, p_value
from lfr_eval.inference.omnibus import signed_deviates
from lfr_eval.inference.plan import UNNAMED, Plan
from lfr_eval.inference.precision import Evidence, precision_of
from lfr_eval.inference.statements import Sides
from lfr_eval.inference.watchlists import holds_for

ALL, REST = "*", "rest"


@dataclass(frozen=True)
class Study:
    """One kind of trials, ready to be compared by any factor."""

    swept: Swept
    controls: Controls
    plan: Plan
    clusters: Codes | None

    @classmethod
    def of(
        cls,
        trials: Trials,
        people: pd.DataFrame,
        thresholds: Sequence[float],
        plan: Plan,
        scores: Trials | None = None,
    ) -> Study:
        """Prepare trials; `scores` are all the trials, where these are some of them."""
        controls = controls_of(trials, people, plan)
        swept = Swept.of(trials, thresholds, scores, controls.condition, controls.conditions)
        return cls(swept, controls, plan, clusters_of(people))

    @property
    def trials(self) -> Trials:
        """The trials."""
        return self.swept.trials

    @property
    def steps(self) -> Floats:
        """The thresholds, ascending."""
        return self.swept.steps

    @property
    def unit(self) -> str:
        """What the variance is taken over, in words."""
        people = "people" if self.clusters is None else "clusters of people"
        return f"{people} and references" if self.holds_for == RANDOM else people

    @property
    def holds_for(self) -> str:
        """For which watchlists claims hold; empty where none is searched."""
        return holds_for(self.trials, self.plan.watchlist)

    @property
    def where(self) -> str:
        """The same, as a clause."""
        return f", for {self.holds_for}" if self.holds_for else ""


def base_columns(
    study: Study, factor: str, comparison: str, sides: Sides | None = None
) -> dict[str, Any]:
    """Return the columns that every row of a comparison shares."""
    trials, plan, steps = study.trials, study.plan, study.steps
    threshold = steps if trials.has_threshold else np.full(1, np.nan)
    return {
        "metric": trials.metric,
        "holds_for": study.holds_for,
        "threshold": threshold,
        "watchlist_size": trials.watchlist_size,
        "factor": factor,
        "margin": plan.margin,
        "controls": [study.controls] * len(steps),
        "sides": [sides] * len(steps),
        "comparison": comparison,
        "primary": [
            plan.is_primary(
                trials.metric,
                factor,
                None if np.isnan(t) else float(t),
                comparison,
                trials.watchlist_size,
            )
            for t in threshold
        ],
    }


def omnibus_rows(
    study: Study,
    factor: str,
    statistic: Floats,
    p_value: Floats,
    testable: Bools,
    groups: int,
    sides: Sides | None = None,
) -> Columns:
    """Return the test of all groups at once."""
    base = base_columns(study, factor, "omnibus", sides)
    return {
        "finding_id": finding_ids(base, ALL, ALL),
        **base,
        "group_a": ALL,
        "group_b": ALL,
        "test": f"all groups at once, each against the rest{study.where}; variance over "
        f"{study.unit}{study.controls.words}",
        "statistic": np.where(testable, statistic, np.nan),
        "p_value": np.where(testable, p_value, np.nan),
        "testable": testable,
        "pairwise": groups == 2,
        **dict.fromkeys(NUMBERS, np.full(len(study.steps), np.nan)),
        **Limits().columns(len(study.steps)),
        "basis": None,
        "top": None,
    }


# What the omnibus test does not have.
NUMBERS = (
    "rate_a", "rate_b", "ratio", "difference", "p_equivalence", "people_a", "people_b",
    "exposed_a", "exposed_b", "bound_a", "bound_b", "correlation", "x_a", "n_a", "effect_a", "df_a",
    "clump_a", "spread_a", "x_b", "n_b", "effect_b", "df_b", "clump_b", "spread_b",
)  # fmt: skip


@dataclass(frozen=True)
class Tested:
    """Comparisons of two sides before adjustment; arrays are (comparisons, thresholds).

    Attributes
    ----------
    a, b
        Evidence of both sides.
    shared
        Whether both have trials that can be compared.
    testable
        Whether there is the least evidence.
    sides
        Both sides with what their trials are worth.
    p_value, p_equivalence
        Before adjustment; NaN where untestable.
    deviates
        P-values as normal deviates with the sign of the difference; 0 where untestable.
    """

    a: Evidence
    b: Evidence
    shared: Bools
    testable: Bools
    sides: Compared
    p_value: Floats
    p_equivalence: Floats
    deviates: Floats


def compare_sides(
    a: Evidence,
    b: Evidence,
    shared: Bools,
    testable: Bools,
    margin: float,
    sides: Compared | None = None,
) -> Tested:
    """Compare two sides, row by row."""
    both = sides or Compared(precision_of(a), precision_of(b))
    testable = testable & shared & both.defined
    p = np.full(testable.shape, np.nan)
    equivalence = np.full(testable.shape, np.nan)
    if np.any(testable):
        picked = both.pick(testable)
        p[testable] = p_value(picked)
        equivalence[testable] = equivalence_p(picked, margin)
    deviates = signed_deviates(p, both.a.rate - both.b.rate)
    return Tested(a, b, shared, testable, both, p, equivalence, deviates)


@dataclass(frozen=True)
class People:
    """People behind the two sides of one comparison, (thresholds,).

    Attributes
    ----------
    exposed_a, exposed_b
        With a trial.
    affected_a, affected_b
        With an event.
    top : (MOST_PEOPLE, thresholds)
        What would have to be taken away, person by person, from the side with more of it.
    limits
        What else the sentence has to say of them.
    """

    exposed_a: float
    exposed_b: float
    affected_a: Floats
    affected_b: Floats
    top: Floats
    limits: Limits | None = None


@dataclass(frozen=True)
class Limits:
    """What limits a comparison of two sides; NaN where it is not known or does not matter.

    Attributes
    ----------
    unacquired_a, unacquired_b : (thresholds,)
        Share of the misses that were passes without an acquired image.
    heaviest_a, heaviest_b
        Share of the comparisons that one person takes part in, where people weigh unequally.
    """

    unacquired_a: Floats | float = np.nan
    unacquired_b: Floats | float = np.nan
    heaviest_a: float = np.nan
    heaviest_b: float = np.nan

    def columns(self, thresholds: int) -> dict[str, Floats]:
        """Return them as columns of raw findings."""
        names = ("unacquired_a", "unacquired_b", "heaviest_a", "heaviest_b")
        return {name: np.broadcast_to(getattr(self, name), (thresholds,)) for name in names}


@dataclass(frozen=True)
class Pair:
    """Two sides by name and in words, and whether they are the same people."""

    names: tuple[str, str]
    sides: Sides | None = None
    paired: bool = False


def pair_rows(
    study: Study, factor: str, pair: Pair, tested: Tested, row: int, people: People
) -> Columns:
    """Return one comparison at every threshold."""
    names = pair.names
    base = base_columns(study, factor, "rest" if names[1] == REST else "reference", pair.sides)
    a, b = (side.take(row) for side in (tested.sides.a, tested.sides.b))
    shared, testable = tested.shared[row], tested.testable[row]
    tail = (1 - study.plan.level) / 2
    rate_a, rate_b = np.where(shared, a.rate, np.nan), np.where(shared, b.rate, np.nan)
    defined = (a.trials > 0) & (b.trials > 0) & (b.events > 0) & shared
    correlation = np.broadcast_to(np.asarray(tested.sides.correlation), tested.p_value.shape)
    how = "the same people" if pair.paired else f"variance over {study.unit}"
    how += study.controls.words
    return {
        "finding_id": finding_ids(base, *names),
        **base,
        "group_a": names[0],
        "group_b": names[1],
        "rate_a": rate_a,
        "rate_b": rate_b,
        "ratio": np.where(defined, divide(a.rate, b.rate), np.nan),
        "difference": rate_a - rate_b,
        "test": f"interval of each rate, combined by MOVER{study.where}; {how}",
        "statistic": np.where(testable, tested.deviates[row], np.nan),
        "p_value": tested.p_value[row],
        "p_equivalence": tested.p_equivalence[row],
        "testable": testable,
        "pairwise": True,
        "people_a": people.affected_a,
        "people_b": people.affected_b,
        "exposed_a": people.exposed_a,
        "exposed_b": people.exposed_b,
        "bound_a": upper_ends(a, tail),
        "bound_b": upper_ends(b, tail),
        "correlation": correlation[row],
        **_numbers("a", a),
        **_numbers("b", b),
        "basis": _basis(a.basis, b.basis),
        "top": list(people.top.T),
        **(people.limits or Limits()).columns(len(study.steps)),
    }


def _numbers(side: str, cells: Any) -> dict[str, Floats]:
    return {
        f"x_{side}": cells.events,
        f"n_{side}": cells.trials,
        f"effect_{side}": cells.effect,
        f"df_{side}": cells.degrees,
        f"clump_{side}": cells.clump,
        f"spread_{side}": cells.spread,
    }


def _basis(a: NDArray[np.str_], b: NDArray[np.str_]) -> list[str]:
    return [one if one == two else f"a: {one}; b: {two}" for one, two in zip(a, b, strict=True)]


def finding_ids(base: dict[str, Any], group_a: str, group_b: str) -> list[str]:
    """Return the stable name of a comparison at every threshold."""
    size = base["watchlist_size"]
    names = []
    for threshold in np.asarray(base["threshold"], float):
        parts = [str(base["metric"])]
        if size is not None:
            parts.append(f"n{size}")
        if not np.isnan(threshold) and base["metric"] != UNNAMED:
            parts.append(f"t{threshold_text(float(threshold))}")
        groups = "omnibus" if group_a == ALL else f"{group_a}-vs-{group_b}"
        parts += [str(base["factor"]), groups]
        # Letters of any script stay: two groups must not share a name.
        names.append(re.sub(r"(?:[^\w.]|_)+", "-", "-".join(parts).lower()).strip("-"))
    return names


IDENTITY = ["factor", "group_a", "group_b"]
"""The columns of which a name leaves signs out."""


def raw_findings(compared: Sequence[Columns]) -> pd.DataFrame:
    """Return one table of comparisons."""
    kept = dict.fromkeys(("controls", "sides", "basis", "top"), object)
    return joined(compared, watchlist_size="Int64", **kept)


def told_apart(rows: pd.DataFrame) -> list[str]:
    """Return `finding_id` with a hash of the exact names where several comparisons share one.

    Signs are left out of a name, so groups 'a b' and 'a_b' would have the same.
    """
    shared = rows["finding_id"].duplicated(keep=False)
    exact = rows[IDENTITY].itertuples(index=False, name=None)
    return [
        f"{name}-{_hash_of(one)}" if twice else name
        for name, twice, one in zip(rows["finding_id"], shared, exact, strict=True)
    ]


def _hash_of(names: tuple[str, ...]) -> str:
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()[:12]
