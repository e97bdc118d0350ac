"""Stage report: who took part (tables `cohort`, `acquisition` in, counts out).

The only module of the report that sees people and images. It counts them and hands on no id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from lfr_eval.cohort.opportunities import SOMEBODY
from lfr_eval.contract.names import factor_words
from lfr_eval.contract.spelling import is_group
from lfr_eval.contract.tables import CROSS, OVERALL
from lfr_eval.contract.trials import labels_by
from lfr_eval.report.rates import Block, plain_rows
from lfr_eval.report.words import clean

FILLER = "filler"
BY_WHOSE_WORD = {
    "self_defined": ("their own", "as they describe themselves", ""),
    "officer_perceived": (
        "officers who saw them", "as officers judged them", "officers judged their group",
    ),
    "annotator_perceived": (
        "annotators who saw the pictures", "as others judged them from pictures",
        "others judged their group from pictures",
    ),
    "inferred": ("an algorithm", "as a computer guessed", "a computer guessed their group"),
}  # fmt: skip
"""Who says in which group people are, by `tables.LABEL_SOURCES`: in a table, in a sentence, and as
a limit (empty where it is none)."""
COUNTED = ("image_id", "subject_id", "role", "pass_id")
"""Columns of table `cohort` that are counted."""
COUNTS = ("people", "references", "probes", "both", "passes", "fillers", "filler_people")
"""What a publication counts of each group."""
ALL = "any"
"""How a sentence says of all passes that nobody knows whose they are: "of any pass"."""


@dataclass(frozen=True)
class GroupCount:
    """People under test of one group, their images by role and passes, and fillers of the group.

    Of the people, `strangers` are passes of unknown people, each of which counts as one, and
    `unseen` have no pass. Of the images tried (fillers too), no template was made of `failed`; why,
    most frequent first, are the `failures`. In a publication, counts that are withheld are 0.
    """

    factor: str
    group: str
    people: int
    references: int
    probes: int
    both: int
    passes: int
    fillers: int
    filler_people: int
    strangers: int = 0
    unseen: int = 0
    images: int = 0
    failed: int = 0
    failures: tuple[tuple[str, int], ...] = ()
    withheld: bool = False
    fillers_withheld: bool = False


class LabelSource(NamedTuple):
    """Where the labels of a factor come from in a dataset, and by which scheme."""

    factor: str
    dataset: str
    source: str
    scheme: str


@dataclass(frozen=True)
class People:
    """Everything the report says about who took part."""

    groups: tuple[GroupCount, ...]
    has_acquisition: bool
    mated_comparisons: int | None
    told_unknown: str = ""
    """What a publication says for `unknown`."""

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The groups that anybody is in, by factor, in the study's order."""
        shown = [each for each in self.groups if each.people or each.withheld]
        heads = {factor: "" if factor == OVERALL else f"by {factor_words(factor)}"
                 for factor in dict.fromkeys(each.factor for each in shown)}  # fmt: skip
        return tuple(
            Block(head, tuple(each for each in shown if each.factor == factor))
            for factor, head in heads.items()
        )

    @property
    def unit(self) -> str:
        """What is counted: `people`, or `passes` if most are of unknown people."""
        return "passes" if self.unknown in ("most", ALL) else "people"

    @property
    def unknown(self) -> str:
        """Of how many passes nobody knows whose they are: `some`, `most` or `any`; else empty.

        `most` if they are most of what counts as people; a publication tells no more than this.
        """
        everybody = self.everybody
        if not everybody.strangers:
            return self.told_unknown
        if everybody.strangers == everybody.passes:
            return ALL
        return "most" if 2 * everybody.strangers > everybody.people else "some"

    def smallest(self, conditions: Sequence[str]) -> GroupCount | None:
        """Return the labelled group of fewest people; passes with a condition are no such group."""
        labelled = [
            each
            for each in self.groups
            if each.people
            and not set(each.factor.split(CROSS)) & {OVERALL, *conditions}
            and is_group(each.group)
        ]
        return min(labelled, key=lambda each: each.people, default=None)

    def of(self, factor: str) -> tuple[GroupCount, ...]:
        """Return the groups of one factor."""
        return tuple(group for group in self.groups if group.factor == factor)

    @property
    def everybody(self) -> GroupCount:
        """Return the counts of all people together."""
        return self.of(OVERALL)[0]


def count_people(
    cohort: pd.DataFrame,
    acquisition: pd.DataFrame | None,
    mated_comparisons: int | None,
    factors: Sequence[str],
    conditions: Sequence[str] = (),
) -> People:
    """Count people, images and failures by group.

    `cohort` has the columns `COUNTED` and factors (one whose column is missing is left out), and
    `mated_comparisons` are the rows of table `mated`. References and fillers have none of the
    `conditions` of passes.
    """
    images = cohort.reset_index(drop=True).assign(_reason=None)
    if acquisition is not None:
        missing = ~acquisition["acquired"].fillna(True).astype(bool)
        reasons = acquisition[missing].drop_duplicates("image_id").set_index("image_id")["reason"]
        failed = images["image_id"].isin(reasons.index)
        stated = images.loc[failed, "image_id"].map(reasons).astype("object")
        stated = stated.where(stated.notna(), "reason not recorded").astype(str)
        images.loc[failed, "_reason"] = stated.map({text: clean(text) for text in stated.unique()})
    groups: list[GroupCount] = []
    for factor in dict.fromkeys((OVERALL, *factors)):
        shown = images
        if set(factor.split(CROSS)) & set(conditions):
            shown = images[images["role"].isin(["probe", "both"])]
        if factor != OVERALL and not set(factor.split(CROSS)) <= set(shown):
            continue
        labels = labels_by(shown, factor)
        labels = labels.map({label: clean(label) for label in labels.unique()})
        for group in sorted(labels.unique(), key=lambda name: (not is_group(name), name)):
            groups.append(_count(factor, group, shown[labels == group]))
    return People(tuple(groups), acquisition is not None, mated_comparisons)


def read_counts(people: pd.DataFrame, unknown: str) -> People:
    """Return the counts that a publication gives (table `people`); null ones are withheld.

    `unknown` is what it says of passes of unknown people.
    """
    groups = []
    for row in plain_rows(people):
        counts: dict[str, Any] = {name: row[name] or 0 for name in COUNTS}
        counts |= {"withheld": row["people"] is None, "fillers_withheld": row["fillers"] is None}
        groups.append(GroupCount(row["factor"], row["group"], **counts))
    return People(tuple(groups), False, None, told_unknown=unknown)


def _count(factor: str, group: str, images: pd.DataFrame) -> GroupCount:
    role = images["role"]
    tested, fillers = images[role != FILLER], images[role == FILLER]
    probes = tested[tested["role"].isin(["probe", "both"])]
    failures = images["_reason"].value_counts()
    return GroupCount(
        factor=factor,
        group=group,
        people=tested["subject_id"].nunique(),
        references=int((role == "reference").sum()),
        probes=int((role == "probe").sum()),
        both=int((role == "both").sum()),
        passes=probes["pass_id"].nunique(),
        fillers=len(fillers),
        filler_people=fillers["subject_id"].nunique(),
        strangers=int(tested["subject_id"].str.startswith(SOMEBODY).sum()),
        unseen=tested["subject_id"].nunique() - probes["subject_id"].nunique(),
        images=len(images),
        failed=int(failures.sum()),
        failures=tuple((str(name), int(number)) for name, number in failures.items()),
    )
