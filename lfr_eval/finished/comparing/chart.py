"""Comparing: rates by group of the studies side by side, with intervals (a `Comparison` in)."""

from __future__ import annotations

from lfr_eval.contract.names import metric_named
from lfr_eval.finished.comparing.beside import Comparison
from lfr_eval.report.picture import FEWEST, Picture, draw_bars
from lfr_eval.report.rates import as_miss, to_rows


def pictures(found: Comparison) -> list[tuple[str, Picture]]:
    """Return what each kind of error is called, with its picture: a column per study."""
    heads = [
        f"{side.study.matcher}, threshold {side.matched.threshold:.4f}" for side in found.sides
    ]
    made = []
    for metric in dict.fromkeys(found.rates["metric"]):
        rows = found.rates[(found.rates["metric"] == metric).to_numpy(bool)]
        misses = "FNIR" if metric == "TPIR" else metric
        sides = {
            (rate.factor, rate.group, int(study)): as_miss(rate) if metric == "TPIR" else rate
            for rate, study in zip(to_rows(rows), rows["study"], strict=True)
        }
        groups = dict.fromkeys((factor, group) for factor, group, _ in sides)
        columns = {
            group: [sides.get((*group, number)) for number in range(1, len(heads) + 1)]
            for group in groups
        }
        # As in a report, groups of fewer people are in the tables alone.
        columns = {
            group: rates for group, rates in columns.items()
            if any(rate and (rate.subjects or 0) >= FEWEST for rate in rates)
        }  # fmt: skip
        said = f"{metric_named(misses).plain} by group, at each study's threshold"
        made.append((said, draw_bars(heads, columns, alike=True)))
    return made
