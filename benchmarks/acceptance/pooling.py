"""Stage `inference`: several groups as one side of a comparison.

In: `Evidence` of groups. Out: `Evidence` of some of them together, as `rest` is.
"""

from __future__ import annotations

import numpy as np

from lfr_eval.inference.cells import Bools, Floats, divide
from lfr_eval.inference.precision import Evidence


def pool(evidence: Evidence, member: Bools) -> Evidence:
    """Pool groups: trials within each of them, none across.

    Parameters
    ----------
    member : (sides, groups)
        Which groups each side is made of.

    Notes
    -----
    The variance is that of a sum of independent groups, its degrees of freedom those of Welch and
    Satterthwaite (1947, Biometrika 34, 28-35).
    """
    m = member.astype(float)
    x, n, variance = np.broadcast_arrays(evidence.events, evidence.trials, evidence.variance)
    parts = n**2 * variance
    total = m @ n
    degrees = divide((m @ parts) ** 2, m @ (parts**2 / evidence.degrees), otherwise=np.inf)
    return Evidence(
        m @ x,
        total,
        divide(m @ parts, total**2),
        degrees,
        _largest(member, evidence.largest),
        _largest(member, evidence.largest_without),
        m @ evidence.people,
        m @ evidence.affected,
        m @ evidence.affected_without,
        evidence.pairs,
        evidence.falling,
    )


def all_others(groups: int) -> Bools:
    """Each group's rest, (groups, groups)."""
    others: Bools = ~np.eye(groups, dtype=bool)
    return others


def _largest(member: Bools, values: Floats) -> Floats:
    return np.where(member[:, :, None], values[None], 0.0).max(axis=1, initial=0.0)
