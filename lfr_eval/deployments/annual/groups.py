"""Who false alerts fall on: groups and stated shares in, a chapter of the annual report out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd
from markupsafe import Markup

from lfr_eval.contract.defaults import ALPHA
from lfr_eval.contract.spelling import is_stated
from lfr_eval.contract.words import joined, p_text, percentage, several, significant
from lfr_eval.deployments.annual.asked import Annual
from lfr_eval.deployments.elements import figure, heading, paragraph
from lfr_eval.deployments.exposure import Exposure, exposure, p_at, recorded_groups
from lfr_eval.deployments.grid import DeploymentError
from lfr_eval.deployments.headings import people_of
from lfr_eval.report.chart import Chart


def exposures(records: pd.DataFrame, asked: Annual) -> list[tuple[str, Exposure]]:
    """Return recorded groups and stated ones, each with what is said of where it comes from.

    Raises
    ------
    DeploymentError
        If a share is stated of a group whose false alerts nobody told.
    """
    found: list[tuple[str, Exposure]] = []
    for factor, groups in recorded_groups(records).items():
        told = {group: number for group, number in groups.items() if is_stated(group)}
        total = sum(told.values())
        found += [
            ("", exposure(group, number, total, _stated(asked, group)))
            for group, number in told.items()
            if total
        ]
        shares = [share for group in told for share in _stated(asked, group)]
        if sum(shares) > 1:
            raise DeploymentError(
                f"The shares of the groups of {factor} add up to {percentage(sum(shares))}; they "
                "are parts of all faces seen, so give shares of at most 100 % together."
            )
    for group, (mine, total) in asked.stated.items():
        found.append((_source(records, total), exposure(group, mine, total, _stated(asked, group))))
    known = {each.group.casefold() for _, each in found}
    unknown = [group for group in asked.shares if group.casefold() not in known]
    if unknown:
        raise DeploymentError(
            f"--share names {joined(unknown)}, but nothing says how many false alerts "
            f"{'that group' if len(unknown) == 1 else 'those groups'} had. State it, such as "
            f"--false-alerts {unknown[0]}=0/10, or leave the share out."
        )
    return found


def group_chapter(
    records: pd.DataFrame, found: Sequence[tuple[str, Exposure]], curves: Chart | None
) -> Iterator[Markup]:
    """Yield the chapter: each group with the share it rests on, and the curve over all shares."""
    yield heading("Who the false alerts fall on", 2)
    if not found:
        yield paragraph(
            "The records do not say. Nobody can tell from them whether false alerts fall "
            "on one group more often than on another."
        )
    for source, each in found:
        missing = int(records["false_alerts"].sum()) - each.false_alerts
        said = exposure_sentence(each)
        if missing > 0:
            said += f" {missing_sentence(each, missing)}"
        yield paragraph(f"{source}{said}")
    if curves is not None:
        yield figure(curves)
    tests = sum(len(each.p_values) for _, each in found)
    if tests > 1:
        limit = significant(ALPHA / tests)
        yield paragraph(
            f"These are {tests} tests, each with a chance of 1 in 20 of finding a difference "
            f"where there is none. For all together, only p below {limit} counts."
        )


def _source(records: pd.DataFrame, total: int) -> str:
    """Say that numbers are not from the records, and how they stand to what these hold."""
    held = int(records["false_alerts"].sum())
    if records["false_alerts"].isna().all() or held == total:
        of = ""
    elif total < held:
        of = f", of {total:,} of the {held:,} in these records"
    else:
        of = f", of {total:,} where these records hold {held:,}"
    return f"As stated by whoever ran this{of}: "


def _stated(asked: Annual, group: str) -> tuple[float, ...]:
    share = {name.casefold(): value for name, value in asked.shares.items()}.get(group.casefold())
    return () if share is None else (share,)


def exposure_sentence(found: Exposure) -> str:
    """Return what can be said of one group: never without the share that it rests on."""
    was = "was" if found.false_alerts == 1 else "were"
    said = (
        f"{found.of_group} of {several(found.false_alerts, 'false alert')} {was} of "
        f"{people_of(found.group)} ({percentage(found.lower, 'down')} to "
        f"{percentage(found.upper, 'up')}). "
    )
    for share, p in zip(found.shares, found.p_values, strict=True):
        if p >= 1 - found.level:
            verdict = "this would not be a significant difference"
        else:
            more = found.of_group / found.false_alerts > share
            verdict = f"this would be significantly {'more' if more else 'less'} than their share"
        said += (
            f"If {percentage(share)} of the faces seen were of {people_of(found.group)}, {verdict} "
            f"(exact binomial test, {p_text(p)}). "
        )
    low, high = found.turns_at
    if low is not None or high is not None:
        between = (
            f"between {percentage(low)} and {percentage(high)}"
            if low is not None and high is not None
            else f"above {percentage(low)}"
            if low is not None
            else f"below {percentage(high)}"
        )
        said += (
            f"The number would be expected by chance if the share of exposure were {between}; at "
            "any other share, the difference would be significant. "
        )
    return said + "The share of faces seen is not in the records: it is an assumption."


def missing_sentence(found: Exposure, missing: int) -> str:
    """Return what could be at most, as the group of some false alerts is not known.

    They may be missing for a reason that has to do with the group, so both extremes are tried.
    """
    total = found.false_alerts + missing
    low, high = found.of_group, found.of_group + missing
    said = (
        f"The group of {missing:,} further false {'alert' if missing == 1 else 'alerts'} is not "
        f"known: if none of them fell on {people_of(found.group)}, the count would be "
        f"{low:,} of {total:,}; if all did, it would be {high:,} of {total:,}."
    )
    for share in found.shares:
        verdicts = {
            0 if p_at(x, total, share) >= 1 - found.level else 1 if x / total > share else -1
            for x in (low, high)
        }
        p = [p_text(p_at(x, total, share)) for x in (low, high)]
        holds = len(verdicts) == 1
        said += (
            f" With a share of {percentage(share)}, the conclusion "
            f"{'is the same' if holds else 'depends on them'} ({p[0]} and {p[1]})."
        )
    return said
