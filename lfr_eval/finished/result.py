"""A finished study as Python sees it: its tables, its record and a chart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from lfr_eval.contract.folder import REPORT, StudyFolder
from lfr_eval.contract.tables import FINDINGS, RATES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from lfr_eval.contract.record import StudyRecord

SHOWN = 10
"""Findings that a notebook shows."""


@dataclass(frozen=True)
class Study:
    """A finished study.

    Attributes
    ----------
    folder
        Where it is on disk.
    """

    folder: StudyFolder

    @property
    def path(self) -> Path:
        """Path of the study folder."""
        return self.folder.path

    @property
    def report(self) -> Path:
        """Path of the report, an HTML page."""
        return self.path / REPORT

    @cached_property
    def rates(self) -> pd.DataFrame:
        """Error rates by group with person-clustered intervals: the table `rates`."""
        return self.folder.read(RATES)

    @cached_property
    def findings(self) -> pd.DataFrame:
        """What can be said of differences between groups: the table `findings`."""
        return self.folder.read(FINDINGS)

    @cached_property
    def record(self) -> StudyRecord:
        """What the study says of itself: matcher, datasets, design, thresholds, registration."""
        return self.folder.record()

    @property
    def operating(self) -> float | None:
        """The threshold at which the matcher is meant to run, if somebody said so."""
        return self.record.thresholds.operating

    def plot(
        self,
        metric: str,
        by: str | None = None,
        threshold: float | None = None,
        watchlist_size: int | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw a rate with its interval for each group: a dot and a line.

        Where a group had trials and no event, an open triangle marks the upper end instead of a
        dot at zero.

        Parameters
        ----------
        metric
            Such as `FMR` or `FPIR`; see the column `metric` of `rates`.
        by
            The factor. Default: the first one that rates were given by.
        threshold
            One of the study's thresholds. Default: the operating threshold, else the lowest of
            the study's primary thresholds.
        watchlist_size
            Default: the largest one that was searched. Ignored for metrics of comparisons.
        ax
            Axes to draw on. Default: axes of a new figure.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ConfigError
            If the study has no such rate; the message says which it has.
        """
        from lfr_eval.finished.result_chart import chosen_rates, draw

        if threshold is None:
            threshold = self.operating
        if threshold is None:
            threshold = self.record.thresholds.primary[0]
        found = chosen_rates(self.rates, metric, by, threshold, watchlist_size)
        return draw(found, self.record.simulated, ax)

    def __repr__(self) -> str:
        return f"Study({str(self.path)!r})"

    def __str__(self) -> str:
        """Return the study's answer, as the brief and the command line give it."""
        from lfr_eval.report import three_lines

        return "\n".join((repr(self), *three_lines(self.path)))

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the study's name and its primary findings."""
        found = self.findings
        primary = found[found["primary"].to_numpy(bool)]
        rows = "".join(
            f"<tr><td>{escape(str(verdict))}</td>"
            f"<td style='text-align:left'>{escape(str(sentence))}</td></tr>"
            for verdict, sentence in zip(
                primary["verdict"][:SHOWN], primary["statement"][:SHOWN], strict=True
            )
        )
        shown = min(SHOWN, len(primary))
        simulated = " Everybody in it is simulated." if self.record.simulated else ""
        return (
            f"<p><b>{escape(self.path.name)}</b>: {shown:,} of {len(primary):,} primary findings."
            f"{simulated}</p>"
            "<table><thead><tr><th>verdict</th><th style='text-align:left'>finding</th></tr>"
            f"</thead><tbody>{rows}</tbody></table>"
        )
