"""Stage tracking: a finished study in, the description on its MLflow pages out.

The descriptions are Markdown: one for the page of the run, one for the version that was tested.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from lfr_eval.contract.record import StudyRecord
from lfr_eval.contract.tables import OVERALL
from lfr_eval.contract.words import one_in, threshold_text
from lfr_eval.tracking.metrics import at_threshold

COUNTED = ("FMR", "FNMR", "FPIR", "FNIR")
SENTENCE = 400


def worst_group(findings: pd.DataFrame) -> str:
    """Return the sentence of the primary finding that shows the largest difference.

    It names the two groups with the largest ratio. If no two groups were shown to differ, it is
    about the factor with the smallest adjusted p-value.
    """
    primary = findings[findings["primary"].fillna(False) & (findings["verdict"] == "different")]
    if primary.empty:
        return "No primary comparison shows a difference. The verdicts say what remains open."
    different = primary[(primary["group_a"] != "*") & primary["ratio"].notna()]
    if different.empty:
        surest = primary["p_adjusted"].fillna(1.0).to_numpy().argmin()
        return str(primary["statement"].iloc[int(surest)])[:SENTENCE]
    ratio = different["ratio"].where(different["ratio"] >= 1, 1 / different["ratio"])
    return str(different["statement"].iloc[int(ratio.argmax())])[:SENTENCE]


def verdicts(findings: pd.DataFrame) -> str:
    """Return how many primary comparisons have each verdict."""
    counts = findings.loc[findings["primary"].fillna(False), "verdict"].value_counts()
    return ", ".join(f"{verdict}: {count}" for verdict, count in counts.items()) or "none"


def study_page(
    about: StudyRecord, study_hash: str, rates: pd.DataFrame, findings: pd.DataFrame
) -> str:
    """Return the page of a study's run: the question, the answer, and what it rests on."""
    simulated = "Everybody in this study is simulated.\n\n" if about.simulated else ""
    answers = [
        *_answers(about, rates, findings),
        ("Where is the evidence?", f"`report.html` below; study `{study_hash}`."),
    ]
    return f"{about.question}\n\n{simulated}{_listed(answers)}"


def version_page(
    about: StudyRecord,
    study_hash: str,
    run_id: str,
    rates: pd.DataFrame,
    findings: pd.DataFrame,
) -> str:
    """Return the page of a version that a study tested."""
    live = about.live_engine
    answers = [
        ("Was it tested?", f"Yes, on {about.finished[:10]}, by the study `{about.study}`."),
        *_answers(about, rates, findings),
        ("Is it what runs live?", live.statement if live else "No parity check was made."),
        ("Where is the evidence?", f"Study `{study_hash[:12]}…`, run {run_id}."),
        ("Who approved it?", "See the tags `approval_…`. Without such a tag, nobody has."),
    ]
    return f"{_listed(answers)}\n\n{about.matcher.description}."


def _answers(
    about: StudyRecord, rates: pd.DataFrame, findings: pd.DataFrame
) -> list[tuple[str, str]]:
    titles = [card.title for card in about.datasets]
    results = _results(rates, about.thresholds.operating)
    alike = f"{worst_group(findings)} Primary comparisons: {verdicts(findings)}."
    return [
        ("Are groups treated alike?", alike),
        ("With what result?", " ".join(results)),
        ("At which threshold?", _threshold(about)),
        ("On whom?", f"{_people(rates)} of {', against fillers of '.join(titles)}."),
    ]


def _listed(answers: list[tuple[str, str]]) -> str:
    return "\n".join(f"- **{question}** {answer}" for question, answer in answers)


def _people(rates: pd.DataFrame) -> str:
    return f"{int(rates.loc[rates['factor'] == OVERALL, 'subjects'].max()):,} people"


def _threshold(about: StudyRecord) -> str:
    given = about.thresholds
    if given.operating is None:
        return "No operating threshold was declared."
    return f"{threshold_text(given.operating)}. {given.origin or ''}".strip()


def _results(rates: pd.DataFrame, threshold: float | None) -> Iterator[str]:
    """Yield the overall error counts at the operating threshold."""
    if threshold is None:
        yield "There are no counts, because no operating threshold was declared. See the run."
        return
    at = at_threshold(rates, threshold)
    counted = rates["metric"].isin(COUNTED) & (rates["factor"] == OVERALL) & rates["rank"].isna()
    for row in rates[at & counted].to_dict("records"):
        searched = row["watchlist_size"]
        size = "" if pd.isna(searched) else f", watchlist of {searched:,}"
        bound = f" (at most {one_in(row['upper'], 'up')})" if row["upper"] > 0 else ""
        yield f"{row['metric']}{size}: {row['events']:,} in {row['trials']:,}{bound}."
