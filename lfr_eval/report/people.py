"""Stage report: who took part (tables `cohort`, `acquisition` in, counts out).

The only module of the report that sees people and images. It counts them and hands on no id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lfr_eval.cohort.opportunities import SOMEBODY
from lfr_eval.contract.names import factor_words
from lfr_eval.contract.tables import CROSS, OVERALL, UNKNOWN
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
    """People and images of one group.

    Attributes
    ----------
    withheld, fillers_withheld
        Whether, in a publication, the counts of people, or of fillers, are not told; they are 0.
    people
        People under test: those with an image that is not a mere filler.
    references, probes, both
        Their images by role.
    passes
        Their recognition opportunities: passes with at least one probe image.
    fillers, filler_people
        Watchlist fillers of this group, and the people on them.
    strangers
        How many of the people are passes of unknown people, each of which counts as one.
    unseen
        How many of the people have no pass.
    images, failed
        Images tried (fillers too), and those of which no template was made.
    failures
        Why, and of how many images, most frequent first.
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


@dataclass(frozen=True)
class LabelSource:
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
        factors = dict.fromkeys(each.factor for each in shown)
        return tuple(
            Block(
                "" if factor == OVERALL else f"by {factor_words(factor)}",
                tuple(each for each in shown if each.factor == factor),
            )
            for factor in factors
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

    Parameters
    ----------
    cohort, acquisition
        The stage tables, of `cohort` the columns `COUNTED` and factors; the latter may be absent.
    mated_comparisons
        Rows of table `mated`; None where it is absent.
    factors
        Factors of the study, `overall` added; one whose column is missing is left out.
    conditions
        Parts of factors that are conditions of passes: references and fillers have none.
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
        labels = _labels(shown, factor)
        if labels is None:
            continue
        for group in sorted(labels.unique(), key=lambda name: (UNKNOWN in name.split(CROSS), name)):
            groups.append(_count(factor, group, shown[labels == group]))
    return People(tuple(groups), acquisition is not None, mated_comparisons)


def read_counts(people: pd.DataFrame, unknown: str) -> People:
    """Return the counts that a publication gives (table `people`); null ones are withheld.

    `unknown` is what it says of passes of unknown people.
    """
    groups = []
    for row in plain_rows(people):
        counts: dict[str, Any] = {name: row[name] or 0 for name in COUNTS}
        groups.append(
            GroupCount(
                factor=row["factor"],
                group=row["group"],
                **counts,
                withheld=row["people"] is None,
                fillers_withheld=row["fillers"] is None,
            )
        )
    return People(
        tuple(groups), has_acquisition=False, mated_comparisons=None, told_unknown=unknown
    )


def _labels(images: pd.DataFrame, factor: str) -> pd.Series | None:
    """Return each image's group, or None where the cohort lacks a column."""
    if factor != OVERALL and any(column not in images for column in factor.split(CROSS)):
        return None
    labels = labels_by(images, factor)
    return labels.map({label: clean(label) for label in labels.unique()})


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
