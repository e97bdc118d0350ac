"""Records in, every question of the monitor answered, and its page out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.tables import OVERALL, RATES
from lfr_eval.contract.thresholds import same_threshold
from lfr_eval.contract.words import significant, threshold_text
from lfr_eval.contract.writing import write_text
from lfr_eval.deployments.breaks import counting_breaks
from lfr_eval.deployments.elements import bullets, day_scale, figure, heading, paragraph
from lfr_eval.deployments.grid import DeploymentError
from lfr_eval.deployments.monitoring import (
    EXPOSURES,
    Alarm,
    above_limit,
    by_day,
    drifting,
    over_represented,
)
from lfr_eval.deployments.origins import FORCE, origins, stated_force
from lfr_eval.inference.field import PER_FACE, PER_HOUR
from lfr_eval.report.chart import Chart, Line, draw, log_scale


def watch(
    records: pd.DataFrame,
    limit: float,
    measure: str,
    alpha: float = 0.05,
    shares: Mapping[str, float] | None = None,
    study: Path | None = None,
) -> list[Alarm]:
    """Answer each question of the monitor; they share a false-alarm probability of alpha.

    Parameters
    ----------
    records
        Table `records`.
    limit
        Highest acceptable rate of false alerts.
    measure
        `per face`, `per alert` or `per hour`.
    alpha
        Largest chance that any question raises an alarm, ever, without a reason. Each question has
        an equal part of it, whether or not there are enough deployments to ask it.
    shares
        Group -> assumed share of the faces seen.
    study
        A study folder, whose FPIR at the records' threshold and watchlist is another limit.

    Raises
    ------
    DeploymentError
        If nothing is left to look at, or a value cannot be.
    """
    problems = []
    if not 0 < limit < float("inf"):
        problems.append(f"--limit {limit} is not above zero")
    elif limit > 1 and measure != PER_HOUR:
        problems.append(f"--limit {limit} is above 1 {measure}; write 2 in 1,000 as 0.002")
    if not 0 < alpha < 1:
        problems.append(f"--alpha {alpha} is not between 0 and 1")
    problems += [
        f"a share of {share} of {group} is not between 0 and 1"
        for group, share in (shares or {}).items()
        if not 0 < share < 1
    ]
    if by_day(records, measure).empty:
        problems.append(f"no record has a date, false alerts and {EXPOSURES[measure]}")
    if problems:
        raise DeploymentError("The records cannot be monitored: " + "; ".join(problems) + ".")
    alarms: list[Alarm] = []
    apart = FORCE in origins(records)
    asked = 2 * stated_force(records).nunique(dropna=False) + len(shares or {})
    alpha /= asked + (0 if study is None else len(_lab(study)))
    # Forces differ, so each is asked about by itself.
    for force, part in records.groupby(stated_force(records), sort=False):
        alarms += _of_one_force(part, limit, measure, alpha, f"{force}: " if apart else "")
    alarms += _by_group(records, shares or {}, alpha)
    if study is not None:
        alarms += _beside(records, study, alpha)
    return alarms


def _of_one_force(
    records: pd.DataFrame, limit: float, measure: str, alpha: float, who: str
) -> Iterator[Alarm]:
    if by_day(records, measure).empty:
        return
    yield above_limit(records, limit, measure, alpha, who=who)
    # A rate per face before and after a change of counting is not one rate.
    breaks = counting_breaks(records) if measure == PER_FACE else []
    alike = records[records["date"] >= breaks[-1].day] if breaks else records
    since = f" since {breaks[-1].day}" if breaks else ""
    drift = drifting(alike, measure, alpha, since, who)
    if drift is not None:
        yield drift


def _by_group(records: pd.DataFrame, shares: Mapping[str, float], alpha: float) -> list[Alarm]:
    known = records.dropna(subset=["date", "false_by_group"]).sort_values("date", kind="stable")
    alarms = []
    for group, share in shares.items():
        events, days = [], []
        for day, text in zip(known["date"], known["false_by_group"], strict=True):
            for groups in json.loads(text).values():
                folded = {name.casefold(): number for name, number in groups.items()}
                if group.casefold() in folded:
                    events.append((int(folded[group.casefold()]), int(sum(groups.values()))))
                    days.append(day)
        if not events:
            raise DeploymentError(f"No record holds the false alerts of a group '{group}'.")
        alarms.append(over_represented(group, events, share, days, alpha))
    return alarms


def _lab(study: Path) -> list[tuple[Any, pd.DataFrame]]:
    """Return everybody's FPIR in a study by threshold and watchlist size."""
    rates = StudyFolder.open(study).read(RATES)
    lab = rates[(rates["metric"] == "FPIR") & (rates["factor"] == OVERALL)]
    return list(lab.groupby(["threshold", "watchlist_size"]))


def _beside(records: pd.DataFrame, study: Path, alpha: float) -> list[Alarm]:
    """Compare faces with the upper end of everybody's FPIR at the same threshold and watchlist."""
    alarms = []
    for (threshold, size), part in _lab(study):
        at = float(str(threshold))
        same = same_threshold(records["threshold"], at)
        longest = records["watchlist_size"] <= int(str(size))
        chosen = records[same.fillna(False) & longest.fillna(False)]
        bound = float(part["upper"].iloc[0])
        if chosen.dropna(subset=["faces_seen", "false_alerts", "date"]).empty or not bound > 0:
            continue
        question = (
            f"more false alerts per face than the study's upper bound of FPIR at threshold "
            f"{threshold_text(at)} and a watchlist of {int(str(size)):,}"
        )
        alarms.append(above_limit(chosen, bound, "per face", alpha, question))
    if not alarms:
        raise DeploymentError(
            f"{study} has no FPIR at a threshold of the records with a watchlist of at least "
            "their size."
        )
    return alarms


def raised_at(alarms: Sequence[Alarm]) -> str:
    """Say up to which p-value an alarm is raised, because the questions share the error."""
    return (
        "A question raises an alarm if its anytime-valid p-value is at most "
        f"{significant(alarms[0].alpha)}, because the questions share the chance of a false alarm."
    )


def write_watch(alarms: Sequence[Alarm], path: Path) -> None:
    """Write the monitor's page."""
    from lfr_eval.deployments.annual.page import document_of, to_page

    said = [alarm.sentence[:1].upper() + alarm.sentence[1:] for alarm in alarms]
    raised = [sentence for sentence, alarm in zip(said, alarms, strict=True) if alarm.raised]
    chapters = [
        paragraph(raised[0] if raised else "No alarm.", "lead"),
        bullets(said),
        paragraph(raised_at(alarms)),
        heading("How the evidence grew", 1),
        figure(_chart(alarms)),
    ]
    document = document_of(
        "Monitoring of deployments",
        f"{alarms[0].deployments} deployments to {alarms[0].days[-1]}",
        "Made from records of deployments.",
        chapters,
    )
    write_text(path, to_page(document))


def _chart(alarms: Sequence[Alarm]) -> Chart:
    """Draw the evidence after each deployment, a panel a question."""
    days = [[date.fromisoformat(str(day)[:10]) for day in alarm.days] for alarm in alarms]
    x = day_scale([day for each in days for day in each])
    limit, panels, seen = 1 / alarms[0].alpha, [], [1.0]
    for place, (alarm, own) in enumerate(zip(alarms, days, strict=True), 1):
        at = [float(day.toordinal()) for day in own]
        stakes = [max(1e-2, min(each, 1e9)) for each in alarm.evidence]
        seen += stakes
        # Evidence stays as it is until the next deployment.
        steps = Line("first", [day for day in at for _ in (0, 1)][1:],
                     [stake for stake in stakes for _ in (0, 1)][:-1])  # fmt: skip
        threshold = Line("third", [x.low, x.high], [limit, limit])
        panels.append((f"Question {place}", [threshold, steps]))
    asked = "; ".join(f"{place}: {alarm.question}" for place, alarm in enumerate(alarms, 1))
    caption = (
        f"Evidence after each deployment, by question ({asked}). The alarm is raised at "
        f"{limit:g}, the dotted line; evidence below 1 does not show that the limit is kept."
    )
    return draw("evidence", caption, panels, x, log_scale([*seen, 1.5 * limit]))
