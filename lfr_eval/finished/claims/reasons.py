"""Why a study does not say what somebody says: one sentence for each reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from lfr_eval.contract.names import groups_words
from lfr_eval.contract.words import joined, ratio, several, threshold_text
from lfr_eval.finished.claims.asides import answered, asides
from lfr_eval.finished.claims.evidence import (
    IN_USE,
    Reading,
    about,
    contradicting,
    on_subjects,
    supporting,
)
from lfr_eval.finished.claims.figures import Rate, describe, misplaced, told_ratio
from lfr_eval.finished.claims.learned import ACCURACY, BEYOND, SHARE, STUDY
from lfr_eval.finished.claims.polarity import ALIKE, BOTH, DIFFERENCE, NEITHER, OPEN
from lfr_eval.finished.claims.quotable import Sentences
from lfr_eval.finished.claims.reason import SAYS, Reason
from lfr_eval.finished.claims.units import wrong_units

FEW = 3
"""Pairs of groups and thresholds named at most."""


def reasons_of(reading: Reading, sentences: Sentences, altered: bool) -> Iterator[Reason]:
    """Yield the reasons why a claim is not the study's, the weightiest first.

    Parameters
    ----------
    altered
        Whether it is known already to be a sentence of the study with other words.
    """
    told = [
        *_groups(reading, sentences),
        *_figures(reading, sentences),
        *beside(reading, sentences),
    ]
    if reading.polarity.unsure:
        told = [_either(reading, sentences), *told]
    elif not told and not altered:
        told.append(_wording(reading))
    yield from told


def beside(reading: Reading, sentences: Sentences) -> Iterator[Reason]:
    """Yield reasons for what a claim lacks, and for what it says besides figures and groups."""
    yield from _setting(reading, sentences)
    yield from _topics(reading, sentences)


def _wording(reading: Reading) -> Reason:
    if reading.is_about_groups or reading.figures.several:
        return Reason(
            "wording",
            "These are not the words of the study. The study has the figures or the comparison "
            "that the claim names: quote the study's own sentence.",
        )
    return _beyond(reading)


def _either(reading: Reading, sentences: Sentences) -> Reason:
    """Give the reasons for each reading of a sentence that cannot be read, likely or not."""
    may = reading.polarity.unsure
    told = (
        "The checker could not read this sentence with enough certainty. It most likely "
        f"says {SAYS[may[0]]}, or else {SAYS[may[1]]}. Write it in plain words, one "
        "claim at a time, and check it again."
    )
    if not reading.polarity.surely(DIFFERENCE, BOTH):
        told += f" If it means that groups differ: {_difference(reading, sentences).text}"
    if not reading.polarity.surely(ALIKE, BOTH):
        told += f" If it means that groups do not differ: {_alike(reading, sentences).text}"
    return Reason("unreadable", told)


def _groups(reading: Reading, sentences: Sentences) -> Iterator[Reason]:
    finding = contradicting(reading, sentences)
    if finding is not None:
        yield Reason(
            "contradicted",
            f"The finding {finding['finding_id']} says the opposite: {finding['statement']}",
        )
    yield from claimed(reading, sentences)


def claimed(reading: Reading, sentences: Sentences) -> Iterator[Reason]:
    """Yield that a claim says more of groups than the study shows."""
    if reading.polarity.surely(ALIKE, BOTH):
        yield _alike(reading, sentences)
    if reading.polarity.surely(DIFFERENCE, BOTH) and not (
        reading.figures.thresholds and supporting(reading, sentences) is not None
    ):
        yield _difference(reading, sentences)


def _alike(reading: Reading, sentences: Sentences) -> Reason:
    only = (
        "Only an equivalence that names its groups, threshold and margin says that groups do not "
        "differ."
    )
    counted = _verdicts(about(reading, sentences))
    if reading.polarity.evidential:
        return Reason(
            "equality",
            "It treats “no difference was shown” as “there is no difference”. That none was shown "
            f"is no evidence that there is none{counted}. {only}",
        )
    return Reason(
        "equality",
        "It claims that groups do not differ, in words that no sentence of the study "
        f"supports{counted}. {only}",
    )


def _difference(reading: Reading, sentences: Sentences) -> Reason:
    here, every = about(reading, sentences), about(reading, sentences, everywhere=True)
    shown = every[(every["verdict"] == "different") & (every["group_a"] != "*")]
    if here.empty and every.empty:
        where = "The study compares no such groups"
    elif shown.empty:
        where = f"No finding of the study shows it{_verdicts(here)}"
    else:
        of = here[(here["verdict"] == "different") & (here["group_a"] != "*")]
        where = f"The study shows one {_shown(of) if len(of) else f'only {_shown(shown)}'}"
    return Reason("difference", f"It claims a difference between groups. {where}.")


def _shown(differ: pd.DataFrame) -> str:
    """Name the pairs of groups that differ, and at which thresholds."""
    at = sorted({float(t) for t in differ["threshold"].dropna()})
    listed = joined([threshold_text(one) for one in at])
    if len(at) > FEW:
        listed = f"from {threshold_text(at[0])} to {threshold_text(at[-1])}"
    where = f", at {'threshold' if len(at) == 1 else 'thresholds'} {listed}" if at else ""
    said = "" if differ["primary"].any() else ", which was not a main question of the study"
    return f"between {_pairs(differ)}{where}{said}"


def _pairs(shown: pd.DataFrame) -> str:
    """Name the pairs of groups that differ, at most a few."""
    pairs = shown[["group_a", "group_b"]].drop_duplicates().head(FEW).to_numpy(object).tolist()
    return joined([groups_words(pair) for pair in pairs], "or between")


def _verdicts(found: pd.DataFrame) -> str:
    """Count the verdicts of the primary comparisons among these, else of all these."""
    primary = found[found["primary"].to_numpy(bool)] if len(found) else found
    name = "primary comparison" if len(primary) else "comparison"
    kept = primary if len(primary) else found
    if kept.empty:
        return ""
    counts = kept["verdict"].value_counts()
    listed = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    return f" (of {several(len(kept), name)} on it: {listed})"


def _figures(reading: Reading, sentences: Sentences) -> Iterator[Reason]:
    figures = reading.figures
    for text in misplaced(figures):
        yield Reason("mixed", f"It mixes settings. {text}")
    units = [(one.text, one.unit, one.places) for one in figures.rates]
    for one in figures.counts:
        trials = one.places["trials"] == float(one.text.split()[-1])
        units.append((one.text, one.unit, one.places[trials.to_numpy(bool, na_value=False)]))
    yield from wrong_units(units, reading.subjects.metrics)
    for one in figures.ratios:
        if (told := _elsewhere(one, reading, sentences)) is not None:
            yield Reason("number", told)
    if figures.strange:
        yield Reason(
            "number",
            f"No table of the study holds {_or(figures.strange)}"
            f"{' for these groups' if reading.subjects.groups else ''}."
            f"{_held(reading, sentences)}",
        )
    elif len(reading.subjects.groups) == 1:
        (group,) = reading.subjects.groups
        for one in figures.rates:
            there = figures.at_setting(one.places)
            if len(there) and not (there["group"] == group).any():
                yield Reason(
                    "number",
                    f"{one.text} is not a rate of {groups_words([group])}: it is "
                    f"{describe(there)}.{_held(reading, sentences)}",
                )


def _elsewhere(told: Rate, reading: Reading, sentences: Sentences) -> str | None:
    """Say what the study has at the setting that a claim names, where its ratio is another's."""
    row = _ratio_there(reading, sentences, told.places["metric"])
    there = told.places
    if row is None or len(reading.figures.at_setting(there)):
        return None
    columns = ["metric", "threshold", "watchlist_size"]
    shared = sum((there[c] == row[c]).to_numpy(bool, na_value=False).astype(int) for c in columns)
    other = there.iloc[int(np.argmax(shared))]
    return (
        f"At {_setting_of(row)} the ratio is {_ratio_of(row)}. {told.text} is the ratio at "
        f"{_setting_of(other)}."
    )


def _ratio_there(
    reading: Reading, sentences: Sentences, metrics: pd.Series | None = None
) -> pd.Series | None:
    """Return the finding with a ratio on a claim's groups at its setting; None if none."""
    here = reading.figures.at_setting(on_subjects(reading.subjects, sentences))
    here = here[(here["ratio"] > 0).to_numpy(bool, na_value=False)]
    here = here if metrics is None else here[here["metric"].isin(metrics)]
    return None if here.empty else here.iloc[0]


def _ratio_of(row: pd.Series) -> str:
    a, b = (groups_words([row[group]]) for group in ("group_a", "group_b"))
    return f"{ratio(row['ratio'])} times ({row['metric']}, {a} against {b})"


def _setting_of(row: pd.Series) -> str:
    size = row["watchlist_size"]
    listed = [f"threshold {threshold_text(float(row['threshold']))}"]
    return joined(listed + ([f"a watchlist of {int(size):,}"] if pd.notna(size) else []))


def _or(parts: tuple[str, ...]) -> str:
    quoted = [f"“{one}”" for one in parts]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def _held(reading: Reading, sentences: Sentences) -> str:
    """Say what the study has instead, at the setting of the claim or else at the one in use."""
    rates, told, figures = sentences.rates, reading.subjects, reading.figures
    if not figures.thresholds and sentences.operating is not None:
        figures = replace(figures, thresholds=(sentences.operating,))
    if told_ratio(reading.plain) is not None:
        row = _ratio_there(replace(reading, figures=figures), sentences)
        if row is None or not told.groups:
            return ""
        return f" At {_setting_of(row)} the ratio is {_ratio_of(row)}."
    metric = next((m for m in ("FPIR", "FMR", "TPIR", "FNMR") if m in told.metrics), None)
    groups = set(told.groups) or {"everybody"}
    kept = rates[rates["group"].isin(groups) & (rates["metric"] == metric)]
    kept = figures.at_setting(kept[kept["counterpart"].isna() & (kept["events"] > 0)])
    return f" It holds {describe(kept)}." if len(kept) and figures.thresholds else ""


def _setting(reading: Reading, sentences: Sentences) -> Iterator[Reason]:
    figures = reading.figures
    if not reading.is_about_groups and not reading.has_figures:
        return
    searched = sentences.rates["watchlist_size"].notna().any()
    lacks = []
    if not figures.thresholds:
        lacks.append("threshold")
    if searched and not figures.sizes:
        lacks.append("watchlist size")
    if not lacks:
        return
    used = ""
    if not figures.thresholds and sentences.operating is not None:
        said = "It speaks of the setting in use" if IN_USE.search(reading.plain) else "The study"
        used = (
            f" {said}, which is {threshold_text(sentences.operating)} in this study."
            if IN_USE.search(reading.plain)
            else f" {said} has {threshold_text(sentences.operating)} as the one in use."
        )
    yield Reason(
        "setting",
        f"It names no {' and no '.join(lacks)}; every rate belongs to one setting.{used}",
    )


_TOLD = {
    SHARE: "It is about who set off the alerts, or about a share of the alerts or of the faces "
    "seen, which depends on who walked past. The study has rates per person and per pass. "
    "`lfr-eval deployments report` counts the alerts in published records of deployments.",
    ACCURACY: "It is about accuracy or about being right or wrong in general, which is not a "
    "single rate. The study counts false alerts and missed people separately, each out of its own "
    "number of trials. Say which of the two you mean, of whom, and at which threshold.",
    STUDY: "It is about the study itself: its size, its people, its quality or what somebody makes "
    "of it. No error rate says that. The range beside each figure shows how much a study of this "
    "size can tell.",
    BEYOND: "No error rate was recognised in it. The study counts false alerts and missed people "
    "in its own trials. It does not show causes, what will happen, what happened elsewhere, or "
    "what is lawful, acceptable or worth it. If the sentence is about an error rate, name the "
    "error, the people and the threshold.",
}


def _beyond(reading: Reading) -> Reason:
    """Say which command answers what no error rate says, or else what the study holds."""
    return answered(reading.plain) or Reason(BEYOND, _TOLD[BEYOND])


def _topics(reading: Reading, sentences: Sentences) -> Iterator[Reason]:
    if reading.is_question and reading.polarity.value == NEITHER:
        yield Reason(
            BEYOND,
            "It is a question, not a statement. The study's own sentences on the matter can be "
            f"quoted{_verdicts(about(reading, sentences))}.",
        )
    elif reading.polarity.value == OPEN:
        yield Reason(
            STUDY,
            "It says that something is not known, not shown, possible or disputed, which is about "
            "what studies can tell and not about error rates. For each comparison, this study says "
            "whether a difference was shown and how large one could still be"
            f"{_verdicts(about(reading, sentences))}.",
        )
    elif (
        not reading.polarity.unsure
        and reading.topic in _TOLD
        and not (reading.topic == BEYOND and reading.has_figures)
        # Counts that a table of rates holds are no share of the alerts.
        and not (reading.topic == SHARE and any(len(one.places) for one in reading.figures.counts))
    ):
        yield (
            _beyond(reading)
            if reading.topic == BEYOND
            else Reason(reading.topic, _TOLD[reading.topic])
        )
    strangers = reading.subjects.strangers
    wider = {people: parts for people in strangers if (parts := sentences.within(people))}
    for people, parts in wider.items():
        yield Reason(
            BEYOND,
            f"This study has figures for {joined(parts)}, and none for '{people}' as a whole. Name "
            "one of these groups.",
        )
    if named := ", ".join(people for people in strangers if people not in wider):
        yield Reason(BEYOND, f"It names people who are not a group of this study: {named}.")
    for reason in asides(reading.plain):
        if reading.is_about_groups if reason.kind != BEYOND else reading.topic != BEYOND:
            yield reason
