"""Stage `inference`: clusters with members in both groups of a comparison, such as twins.

In: trials of one person each, counted by cluster within each group and stratum. Out: the
correlation of the errors of two rates. What the members of a cluster have in common cancels in the
comparison.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lfr_eval.contract.trials import Grouping
from lfr_eval.inference.cells import Bools, Codes, Floats, divide, leverage_factor, satterthwaite
from lfr_eval.inference.clusters import sum_by, units_of
from lfr_eval.inference.controls import Controls
from lfr_eval.inference.counting import Swept
from lfr_eval.inference.mover import Compared
from lfr_eval.inference.persons import PersonCounter


@dataclass(frozen=True)
class Spanning:
    """Units of a study's trials, a cluster within a group and stratum each.

    Attributes
    ----------
    residual : (units, thresholds)
        Events less those expected at the rate of the group and stratum; over 1 - h, as in
        `leverage_factor`.
    trials : (units,)
        Trials.
    group, stratum, cluster : (units,)
        Group, stratum and cluster of each unit.
    """

    residual: Floats
    trials: Floats
    group: Codes
    stratum: Codes
    cluster: Codes

    @classmethod
    def of(
        cls, swept: Swept, grouping: Grouping, controls: Controls, clusters: Codes | None
    ) -> Spanning | None:
        """Count units; None where no cluster has members in two groups.

        Comparisons of two people, and passes compared within conditions, are not counted: for these
        the errors of two groups are taken as independent, which errs on the safe side where members
        of a cluster are alike.
        """
        counter = swept.counter
        if clusters is None or not isinstance(counter, PersonCounter):
            return None
        strata, number = controls.strata, controls.strata * len(grouping.names)
        unit, cell, cluster = units_of(grouping.codes * strata + controls.stratum, clusters)
        units = PersonCounter(sum_by(counter.events, unit), sum_by(counter.trials, unit))
        tried = units.trials > 0
        group = cell // strata
        shared = np.unique(np.stack([cluster, group])[:, tried], axis=1)
        if len(np.unique(shared[0])) == shared.shape[1]:
            return None
        total = sum_by(units.trials, cell, number)
        factor = leverage_factor(units.trials, total[cell], units.exposed(cell, number)[cell])
        residual = units.residuals(cell, number) * factor[:, None]
        return cls(residual, units.trials, group, cell % strata, cluster)

    def correlated(self, sides: Compared, pairs: Sequence[tuple[Bools, Bools]]) -> Compared:
        """Give comparisons of groups, a row each, the correlation of their errors.

        A side of several groups (the rest) may share clusters within itself. Its variance was added
        up as if they did not, and is raised by what they share.
        """
        found = [self._errors(*pair) for pair in pairs]
        u_a, u_b, more_a, more_b = (np.stack(one) for one in zip(*found, strict=True))
        first, second = (
            replace(one, effect=one.effect * more, clump=one.clump * more)
            for one, more in ((sides.a, more_a), (sides.b, more_b))
        )
        r = Compared.of(first, second, np.sum(u_a * u_b, axis=1)).correlation
        # A variance of the difference that rests on few clusters is as uncertain as they are few.
        squares = (u_a - u_b) ** 2
        clusters = np.count_nonzero(np.any(squares > 0, axis=2), axis=1)[:, None]
        degrees = satterthwaite(squares.sum(axis=1), np.sum(squares**2, axis=1), clusters)
        a, b = (
            replace(
                one,
                degrees=np.where(np.greater(r, 0), np.minimum(one.degrees, degrees), one.degrees),
            )
            for one in (first, second)
        )
        return Compared(a, b, r)

    def _errors(self, one: Bools, two: Bools) -> tuple[Floats, Floats, Floats, Floats]:
        """Return what each cluster adds to the errors of both rates, (clusters, thresholds).

        And the factors on their variances, (thresholds,), by which the sums of clusters have a
        larger one than their parts in each group.
        """
        strata, clusters = int(self.stratum.max()) + 1, int(self.cluster.max()) + 1
        mine = [side[self.group] for side in (one, two)]
        n_a, n_b = (np.bincount(self.stratum, self.trials * at, strata) for at in mine)
        weight = divide(n_a * n_b, n_a + n_b)
        weight = divide(weight, weight.sum())
        parts = [
            self.residual * (divide(weight, n)[self.stratum] * at)[:, None]
            for n, at in zip((n_a, n_b), mine, strict=True)
        ]
        a, b = (sum_by(part, self.cluster, clusters) for part in parts)
        more = [
            np.maximum(divide((sums**2).sum(axis=0), (part**2).sum(axis=0), otherwise=1.0), 1.0)
            for sums, part in zip((a, b), parts, strict=True)
        ]
        return a, b, more[0], more[1]
