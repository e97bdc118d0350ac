"""Who false alerts fall on: groups and stated shares in, a chapter of the annual report out."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from lfr_eval.contract.words import joined, p_text, percentage, several
from lfr_eval.deployments.annual.asked import Annual
from lfr_eval.deployments.exposure import Exposure, exposure, recorded_groups
from lfr_eval.deployments.grid import DeploymentError
from lfr_eval.report.document.blocks import Block, Heading, Run, Text


def group_chapter(records: pd.DataFrame, asked: Annual) -> Iterator[Block]:
    """Yield the chapter: recorded groups and stated ones, each with the share it rests on.

    Raises
    ------
    DeploymentError
        If a share is stated of a group whose false alerts nobody told.
    """
    yield Heading("Who the false alerts fall on", 2)
    found: list[tuple[str, Exposure]] = []
    for groups in recorded_groups(records).values():
        total = sum(groups.values())
        found += [
            ("", exposure(group, number, total, _stated(asked, group)))
            for group, number in groups.items()
            if total
        ]
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
    if not found:
        yield Text(
            (
                Run(
                    "The records do not say. Nobody can tell from them whether false alerts fall "
                    "on one group more often than on another."
                ),
            )
        )
    for source, each in found:
        yield Text((Run(f"{source}{exposure_sentence(each)}"),))


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
    said = (
        f"{found.of_group} of {several(found.false_alerts, 'false alert')} were of {found.group} "
        f"people ({percentage(found.lower, 'down')} to {percentage(found.upper, 'up')}). "
    )
    for share, p in zip(found.shares, found.p_values, strict=True):
        if p >= 1 - found.level:
            verdict = "this would not be a significant difference"
        else:
            more = found.of_group / found.false_alerts > share
            verdict = f"this would be significantly {'more' if more else 'less'} than their share"
        said += (
            f"If {percentage(share)} of the faces seen were of {found.group} people, {verdict} "
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
