"""Stage `publishing`: tables of a study and marks in, tables with null cells out.

What was worked out from a withheld count is withheld with it: rate and interval, the numbers of
every comparison of the group, and every measure over a factor with such a group. Whether a primary
comparison shows a difference is never withheld: a publication that hid it would mislead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from lfr_eval.contract.names import factor_words, group_words, metric_named
from lfr_eval.contract.tables import CROSS, EQUITY, FINDINGS, RATES
from lfr_eval.contract.tables import PEOPLE as PEOPLE_TABLE
from lfr_eval.finished.publishing.attempted import Attempts
from lfr_eval.finished.publishing.counts import MADE, Groups
from lfr_eval.finished.publishing.ends import borrowed
from lfr_eval.finished.publishing.hidden import ALL, Hidden
from lfr_eval.finished.publishing.linked import Flags
from lfr_eval.finished.publishing.marks import Marks, mark
from lfr_eval.finished.publishing.rule import PAIRS, Rule
from lfr_eval.finished.publishing.sizes import FILLERS, PEOPLE
from lfr_eval.inference.statements import FEW_PEOPLE, rests_on_few

STEPS = 25
"""Thresholds published at most: the fewer there are, the less do their differences tell."""
WITHHELD, AFFECTED = "withheld", "people with an event"
DIFFERENT = "different"
WHY = (
    "withheld, because the counts behind this comparison, or others that would tell them, are too "
    "small to be published."
)
NONE_SHOWN = "no difference was shown, which is not evidence that there is none; the rest is "
DIFFERENCE_SHOWN = "a difference was shown; its numbers are "
MORE_OFTEN = "{} {} more often than {}; the numbers are "
UNSAID_OF_MADE = (
    "the sentence of this comparison and the range of its ratio are withheld, because they count "
    "the comparisons that were made and would reveal how many images failed. The verdict is given; "
    "rates, if given, count the comparisons attempted."
)
UNSAID = (
    "the sentence of this comparison is withheld, because it names numbers of people that are too "
    "small, or would tell such numbers. Its verdict and rates are not."
)
DERIVED = (
    *("rate_a", "rate_b", "ratio", "ratio_lower", "ratio_upper", "statistic", "p_value"),
    *("p_adjusted", "p_equivalence", "detectable_ratio"),
)
BANDS = ("band_lower", "band_upper", "pooled", "pooled_lower", "pooled_upper")
"""Never published: a band is made of the counts at every threshold of every group."""
SETTINGS = ("level", "equivalence_level", "difference_margin", "absolute_level")
COUNTED = tuple(c.name for c in FINDINGS.columns if c.optional and c.name not in SETTINGS)
"""Columns of `findings` that hold counts or are made of them, beside `DERIVED`."""
OUTCOME = ("events", "subjects_with_event", "rate", "lower", "upper", "effective_trials")
SIZE = ("trials", "subjects")


@dataclass(frozen=True)
class Tally:
    """Rows of a table, and how many of them lack something.

    Attributes
    ----------
    small
        Because a count of theirs is small.
    further
        So that the small ones cannot be worked out, or because they rest on them.
    """

    rows: int
    small: int
    further: int


@dataclass(frozen=True)
class Published:
    """The tables of a publication, and what each lacks.

    Attributes
    ----------
    thresholds
        Of the sweep, those that are published.
    tallies
        By table.
    higher
        Comparison -> the group with the higher rate, where a difference is published and its
        numbers are not.
    attempted
        Metrics of which rates are those of the comparisons attempted.
    rests_on_few
        Comparisons whose difference rests on few people; how many is withheld.
    unknown
        Of how many passes nobody knows whose they are, in a word.
    """

    rates: pd.DataFrame
    people: pd.DataFrame
    findings: pd.DataFrame
    equity: pd.DataFrame | None
    thresholds: tuple[float, ...]
    tallies: Mapping[str, Tally]
    higher: Mapping[str, str]
    attempted: tuple[str, ...] = ()
    rests_on_few: tuple[str, ...] = ()
    unknown: str = ""


def publish_tables(
    rates: pd.DataFrame,
    findings: pd.DataFrame,
    equity: pd.DataFrame | None,
    groups: Groups,
    rule: Rule,
    acquired: Flags | None = None,
) -> Published:
    """Return the tables of a study as they may be published.

    Parameters
    ----------
    rates, findings, equity
        The study's tables; None where it has none.
    groups
        Its people, by group and one by one.
    acquired : (images,), optional
        Whether a template was made; None: not known.
    rule
        What is withheld, and which thresholds must be published.

    Raises
    ------
    PublicationError
        If the counts do not add up, or everybody together are too few.
    """
    thresholds = published_thresholds(rates, rule.plan)
    # Rates across groups and among the first candidates hang together in further ways.
    chosen = rates["rank"].isna() & (
        rates["counterpart"].isna() | (rates["counterpart"] == rates["group"])
    ).fillna(value=False)
    like = pd.DataFrame(rates[chosen.to_numpy(bool)])
    kept = _at(like, thresholds)
    marks, made = mark(kept, groups, rule), kept
    if acquired is not None:
        kept, rule = _attempted(kept, marks, groups, rule, acquired)
        marks = mark(kept, groups, rule) if rule.attempted else marks
    ends = borrowed(like, made, marks.outcomes)
    hidden = Hidden.of(kept, marks.outcomes)
    said = _at(findings, thresholds)
    silent = hidden.any_of(said)
    of_attempts = said["metric"].isin(rule.attempted).to_numpy(bool)
    # Statements name numbers of people with an event.
    unsaid = Hidden.of(kept, marks.affected).any_of(said) | of_attempts
    unbounded = Hidden.of(kept, ends).any_of(said)
    tallies = {
        "rates": _tally(marks.affected | ends, marks.small_affected),
        "people": _tally(marks.groups | marks.fillers, marks.small_groups),
        "findings": Tally(len(said), 0, int((silent | unsaid | unbounded).sum())),
    }
    measures = None
    if equity is not None:
        measures = _at(equity, thresholds)
        told = measures["metric"].str.split(" + ", regex=False)
        gone = hidden.within(measures) | told.map(
            lambda of: bool({*of} & {*rule.attempted})
        ).to_numpy(bool)
        tallies["equity"] = Tally(len(measures), 0, int(gone.sum()))
        measures = EQUITY.conform(measures[~gone])
    shown = publish_findings(said, silent, unsaid | unbounded, of_attempts)
    # An interval that rests on a withheld count tells of it in a comparison as in a rate.
    shown.loc[unbounded, ["ratio_lower", "ratio_upper", "detectable_ratio"]] = np.nan
    shown = _of_attempts(shown, kept, of_attempts & ~silent)
    bare = silent & (shown["verdict"] == DIFFERENT).to_numpy(bool)
    higher = higher_of(said)[bare].dropna()
    return Published(
        rates=_rates(kept, marks, ends),
        people=_people(groups.people, marks),
        findings=shown,
        equity=measures,
        thresholds=thresholds,
        tallies=tallies,
        attempted=rule.attempted,
        rests_on_few=tuple(
            said.loc[_on_few(said, shown, silent | unsaid | unbounded), "finding_id"]
        ),
        higher=dict(zip(said.loc[higher.index, "finding_id"], higher, strict=True)),
    )


def _attempted(
    rates: pd.DataFrame, marks: Marks, groups: Groups, rule: Rule, acquired: Flags
) -> tuple[pd.DataFrame, Rule]:
    """Count comparisons attempted, where those made are withheld because they tell failures."""
    few = {name for name, gone in zip(groups.names, marks.groups, strict=True) if gone}
    names = zip(rates["factor"], rates["group"], strict=True)
    others = np.array([(str(f), str(g)) not in few for f, g in names], dtype=bool)
    pairs = rates["metric"].isin(PAIRS).to_numpy(bool)
    if not (marks.sizes & pairs & others).any():
        return rates, rule
    factors = list(dict.fromkeys(map(str, rates["factor"])))
    labels = [f for f in factors if not set(f.split(CROSS)) & set(groups.conditions)]
    attempts = Attempts.of(groups.cohort, acquired, labels)
    metrics = attempts.allow(rates)
    return attempts.rates(rates, metrics, rule.minimum), replace(rule, attempted=metrics)


def _of_attempts(findings: pd.DataFrame, rates: pd.DataFrame, chosen: Flags) -> pd.DataFrame:
    """Return findings of which some have the rates of attempts, and no number of a test."""
    shown = findings.copy()
    shown.loc[chosen, list(DERIVED)] = np.nan
    keys = ["metric", "threshold", "factor", "group"]
    known = rates.drop_duplicates(keys).set_index(keys)["rate"]
    for row in shown.index[chosen]:
        at = shown.loc[row, keys[:3]].tolist()
        a, b = (known.get((*at, shown.loc[row, f"group_{side}"]), np.nan) for side in "ab")
        if not (pd.isna(a) or pd.isna(b)):
            shown.loc[row, ["rate_a", "rate_b"]] = a, b
            shown.loc[row, "ratio"] = a / b if b else np.nan
    return FINDINGS.conform(shown)


def published_thresholds(rates: pd.DataFrame, plan: Sequence[float]) -> tuple[float, ...]:
    """Return the thresholds of the plan, and of the others so many that `STEPS` remain."""
    values = np.unique(rates["threshold"].dropna().to_numpy(float))
    if len(values) <= STEPS:
        return tuple(float(value) for value in values)
    places = set(np.linspace(0, len(values) - 1, STEPS).round().astype(int).tolist())
    kept = [place for place, value in enumerate(values) if np.isclose(value, plan).any()]
    return tuple(float(values[place]) for place in sorted(places | set(kept)))


def _at(frame: pd.DataFrame, thresholds: Sequence[float]) -> pd.DataFrame:
    column = frame["threshold"]
    return pd.DataFrame(frame[column.isna() | column.isin(list(thresholds))]).reset_index(drop=True)


def _rates(rates: pd.DataFrame, marks: Marks, ends: Flags) -> pd.DataFrame:
    shown = rates.drop(columns=[*BANDS, MADE], errors="ignore")
    shown.loc[ends, ["lower", "upper"]] = np.nan
    # An interval that the study does not have is not withheld.
    shown.loc[ends, "interval"] = WITHHELD
    shown.loc[marks.affected, "subjects_with_event"] = pd.NA
    shown.loc[marks.outcomes, list(OUTCOME)] = pd.NA
    shown.loc[marks.outcomes, "interval"] = WITHHELD
    shown.loc[marks.sizes, list(SIZE)] = pd.NA
    return RATES.conform(shown)


def marked(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rates or people with a column that says what of a row is withheld."""
    said = pd.Series("", index=frame.index, dtype="string")
    if "upper" in frame:
        ends = (frame["interval"] == WITHHELD) & frame["rate"].notna()
        said = said.mask(ends, "interval")
        few = frame["subjects_with_event"].isna()
        said = said.mask(few, AFFECTED).mask(few & ends, f"{AFFECTED} and interval")
    columns = {"events": "outcome", "trials": "size and outcome"}
    columns |= {"fillers": "fillers", "people": "people"}
    for name, what in columns.items():
        if name in frame:
            said = said.mask(frame[name].isna(), what)
    if "fillers" in frame:
        both = frame["fillers"].isna() & frame["people"].isna()
        said = said.mask(both, "people and fillers")
    return frame.assign(withheld=said)


def _people(people: pd.DataFrame, marks: Marks) -> pd.DataFrame:
    shown = PEOPLE_TABLE.conform(people)
    shown.loc[marks.groups, list(PEOPLE)] = pd.NA
    shown.loc[marks.fillers, list(FILLERS)] = pd.NA
    return shown


def publish_findings(
    findings: pd.DataFrame, silent: Flags, unsaid: Flags, of_attempts: Flags
) -> pd.DataFrame:
    """Return findings without the numbers (`silent`) or the sentence (`unsaid`) of some.

    The rates of `of_attempts` are of the comparisons attempted; their sentences are not.
    """
    shown = findings.copy()
    who = _who(findings)
    primary = findings["primary"].fillna(value=False).to_numpy(bool)
    different = silent & primary & (findings["verdict"] == DIFFERENT).to_numpy(bool)
    shown.loc[unsaid, "statement"] = who[unsaid] + UNSAID
    shown.loc[of_attempts, "statement"] = who[of_attempts] + UNSAID_OF_MADE
    shown.loc[silent, list(DERIVED)] = np.nan
    for name in COUNTED:
        if name in shown:
            shown[name] = shown[name].mask(silent | unsaid)
    shown.loc[silent & ~different, "verdict"] = WITHHELD
    shown.loc[silent, "statement"] = who[silent] + WHY
    shown.loc[silent & primary, "statement"] = who[silent & primary] + NONE_SHOWN + WHY
    shown.loc[different, "statement"] = who[different] + DIFFERENCE_SHOWN + WHY
    higher = higher_of(findings)
    for row in findings.index[different & higher.notna().to_numpy(bool)]:
        a, b, deed = (
            str(findings.loc[row, "group_a"]),
            str(findings.loc[row, "group_b"]),
            metric_named(str(findings.loc[row, "metric"])).deed,
        )
        lower = b if higher[row] == a else a
        more = MORE_OFTEN.format(group_words(higher[row]), deed, group_words(lower))
        shown.loc[row, "statement"] = f"{more[:1].upper()}{more[1:]}{WHY}"
    few = _on_few(findings, shown, silent | unsaid)
    shown.loc[few, "statement"] += " " + findings.loc[few, "metric"].map(rests_on_few)
    return FINDINGS.conform(shown)


def _on_few(findings: pd.DataFrame, shown: pd.DataFrame, lacking: Flags) -> Flags:
    """Return which published differences rest on few people, of those that lack how many."""
    if "fragility" not in findings:
        return np.zeros(len(findings), bool)
    few: Flags = findings["fragility"].le(FEW_PEOPLE).fillna(value=False).to_numpy(bool)
    return few & lacking & (shown["verdict"] == DIFFERENT).to_numpy(bool)


def higher_of(findings: pd.DataFrame) -> pd.Series:
    """Return the group of each pair with the higher rate; null where neither is or has it."""
    a, b = findings["rate_a"], findings["rate_b"]
    higher = findings["group_a"].mask(b > a, findings["group_b"])
    return higher.where(a.notna() & b.notna() & (a != b))


def _who(findings: pd.DataFrame) -> pd.Series:
    """Return which groups are compared, for sentences that say no more."""
    other = findings["group_b"].map(group_words)
    pair = findings["group_a"].map(group_words) + " compared with " + other + ": "
    pair = pair.str[:1].str.upper() + pair.str[1:]
    together = "All groups by " + findings["factor"].map(factor_words) + " at once: "
    return pair.mask(findings["group_a"] == ALL, together)


def _tally(withheld: Flags, small: Flags) -> Tally:
    own = withheld & small
    return Tally(len(withheld), int(own.sum()), int((withheld & ~own).sum()))
