"""Trials as somebody gives them: arrays, or names of columns of a table, read strictly.

In: whether each trial was an event, whose it was, and the person's group. Out: one row a trial.
What is missing stays missing; what is no event is refused with the parameter's name.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lfr_eval.contract.spelling import normal, skeleton
from lfr_eval.contract.tables import EVERYBODY

Column = ArrayLike | str
"""An array of one element per trial, or the name of a column of `data`."""

NAMES = ("event", "person", "group", "other", "other_group", "cluster", "other_cluster")
IDS = (("person", "other"), ("cluster", "other_cluster"))
"""Columns that name the same people, or the same clusters."""


class MissingTrialsWarning(UserWarning):
    """Trials without an event or a person were left out."""


@dataclass(frozen=True)
class Given:
    """Trials as a caller gave them.

    Attributes
    ----------
    event, person, group, other, other_group
        Arrays, or names of columns of `data`; `other` and `other_group` may be None.
    data
        The table, or None.
    cluster, other_cluster
        As the others, or None: the household (say) of each person.
    """

    event: Column
    person: Column
    group: Column
    other: Column | None = None
    other_group: Column | None = None
    data: object = None
    cluster: Column | None = None
    other_cluster: Column | None = None

    def frame(self) -> pd.DataFrame:
        """Return one row a trial, its event True or False, its labels texts or missing.

        Raises
        ------
        ValueError
            If only one of `other` and `other_group` is given, or a cluster for only one of two
            people; a column does not exist or occurs twice, lengths differ, an event is neither 0
            nor 1, or a group is called `everybody`.
        """
        absent = [name for name in NAMES[:3] if getattr(self, name) is None]
        if absent:
            _no_trials(absent[0])
        if (self.other is None) != (self.other_group is None):
            raise ValueError("The parameters 'other' and 'other_group' must be given together.")
        if (self.other_cluster is None) != (self.cluster is None or self.other is None):
            raise ValueError(
                "The 'other_cluster' parameter must be given if both 'cluster' and 'other' are, "
                "and only then: a comparison needs the clusters of both people."
            )
        given = {name: getattr(self, name) for name in NAMES if getattr(self, name) is not None}
        columns = {name: self._series(name, value) for name, value in given.items()}
        lengths = {name: len(values) for name, values in columns.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"All arrays must have one element per trial. Got lengths {lengths}.")
        frame = pd.DataFrame(columns)
        frame["event"] = _events(frame["event"])
        for names in IDS:
            frame = _ids(frame, [name for name in names if name in columns])
        for name in set(columns) & {"group", "other_group"}:
            frame[name] = _labels(name, frame[name].astype("string"))
            if frame[name].eq(EVERYBODY).any():
                raise ValueError(
                    f"The '{name}' parameter has the group '{EVERYBODY}', which is the name of all "
                    "groups together in the results. Give the group another name."
                )
        needed = [name for name in ("event", "person", "other") if name in columns]
        lacking = frame[needed].isna().any(axis=1)
        if lacking.any():
            warnings.warn(
                f"{int(lacking.sum()):,} of {len(frame):,} trials have no {' or no '.join(needed)} "
                "and are left out.",
                MissingTrialsWarning,
                stacklevel=4,
            )
        kept = frame[~lacking].reset_index(drop=True)
        return kept.assign(event=kept["event"].astype(bool))

    def _series(self, name: str, value: Any) -> pd.Series:
        if isinstance(value, str):
            value = self._column(name, value)
        if isinstance(value, Set | Mapping):
            raise ValueError(
                f"The '{name}' parameter must have one element per trial, in the order of the "
                f"trials: a list or an array. Got a {type(value).__name__}."
            )
        if not isinstance(value, pd.Series | pd.api.extensions.ExtensionArray | np.ndarray):
            if hasattr(value, "to_numpy"):
                try:
                    value = value.to_numpy()
                except ValueError:  # Booleans of Arrow, eight to a byte.
                    value = value.to_pandas()
            elif isinstance(value, Iterable):
                value = list(value)
            else:
                _no_trials(name)
        try:
            one_each = np.ndim(value) == 1
            # An array of NumPy would turn a missing text into the text 'nan'.
            return pd.Series(value).reset_index(drop=True) if one_each else _no_trials(name)
        except (TypeError, ValueError):  # Lists within lists, arrays with named fields.
            return _no_trials(name)

    def _column(self, name: str, column: str) -> Any:
        if self.data is None:
            raise ValueError(
                f"The '{name}' parameter is '{column}', the name of a column: give the table too, "
                "data=..."
            )
        table: Any = self.data
        names = table
        if not isinstance(table, Mapping):
            # The columns of a table of Arrow are its values.
            names = getattr(table, "column_names", getattr(table, "columns", None))
        if names is None:
            raise ValueError(
                "The 'data' parameter must be a table with named columns, or a mapping of names to "
                f"arrays. Got a {type(table).__name__}."
            )
        known = [str(one) for one in names]
        if column not in known:
            raise ValueError(
                f"The '{name}' parameter is '{column}', and data has no such column. It has "
                f"{', '.join(known)}."
            )
        if known.count(column) > 1:
            raise ValueError(
                f"The '{name}' parameter is '{column}', and data has {known.count(column)} columns "
                "with that name. Rename all but one."
            )
        return table[column]


def _no_trials(name: str) -> NoReturn:
    raise ValueError(f"The '{name}' parameter must have one element per trial.") from None


def _ids(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return columns by one name each person, as a manifest's are read, where any is a text.

    An empty text names nobody.
    """
    if not any(frame[name].map(lambda one: isinstance(one, str)).any() for name in names):
        return frame

    def name_of(one: object) -> str | None:
        # Whole numbers are read as decimal ones where others of their column are missing.
        whole = isinstance(one, float) and one.is_integer()
        return normal(str(int(one) if whole else one)).strip() or None  # type: ignore[call-overload]

    read = {name: frame[name].astype("object").map(name_of, na_action="ignore") for name in names}
    return frame.assign(**read)


def _labels(name: str, values: pd.Series) -> pd.Series:
    """Return labels as a manifest's are read; refuse two spellings that may be one group."""
    read = values.map(lambda one: normal(one).strip() or pd.NA, na_action="ignore")
    by_skeleton: dict[str, str] = {}
    for label in map(str, read.dropna().unique()):
        other = by_skeleton.setdefault(skeleton(label), label)
        if other != label:
            raise ValueError(
                f"The '{name}' parameter has the groups {other!r} and {label!r}, which may be the "
                "same. Spell them in one way."
            )
    return read.astype("string")


def _events(values: pd.Series) -> pd.Series:
    """Return events as True, False and missing."""
    present = values[values.notna()]
    wrong = [
        value
        for value in pd.unique(present)
        if isinstance(value, str | bytes) or not np.isscalar(value) or value not in (0, 1)
    ]
    if wrong:
        raise ValueError(
            "The 'event' parameter must be booleans, or 0 and 1: whether each trial was an event. "
            f"Got {wrong[0]!r}. Compare scores with a threshold first, such as scores >= 0.6."
        )
    known = values.astype("object").map(bool, na_action="ignore")
    return known.where(values.notna(), None).astype("boolean")
