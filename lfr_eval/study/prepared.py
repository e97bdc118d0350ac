"""What a study knows before it computes anything (a configuration in, a `Run` out)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from lfr_eval.comparison import GivenScores, ListedPairs, LoggedAlerts, Scores, Sides
from lfr_eval.config import StudyConfig
from lfr_eval.contract.folder import StudyFolder, digest
from lfr_eval.contract.tables import ACQUISITION, ALERT_LOG, WATCHLIST, Table
from lfr_eval.matchers import AlertMatcher, PairMatcher, ScoreMatcher
from lfr_eval.matchers.templates import TemplateFile
from lfr_eval.study.analysis import Analysis
from lfr_eval.study.completeness import check_complete, notes_of_acquisition
from lfr_eval.study.designs import Design
from lfr_eval.study.evidence import notes_of_log, notes_of_pairs, notes_of_scores
from lfr_eval.study.inputs import Inputs, read_inputs, read_scores
from lfr_eval.study.labels import check_roles, settled
from lfr_eval.study.planned import check_plan
from lfr_eval.study.populations import check_watchlist, with_sizes
from lfr_eval.study.provenance import code_digest
from lfr_eval.study.registration import Standing, check_standing, seal_of, without_excluded


@dataclass(frozen=True)
class Run:
    """One study while it runs.

    Attributes
    ----------
    inputs
        Its people, matcher and thresholds.
    analysis
        Its configuration, design, plan and folder, and the trials that are read from the folder.
    standing
        How it stands to its registration.
    started
        When, UTC.
    notes
        How people, labels and scores were read, in sentences.
    given
        The tables of stage comparison until they are written, where scores come from a file; None
        where the study makes them. What a file lacks is found when it is read.
    told
        How many scores, pairs or alerts the file holds; 0 without one.
    """

    inputs: Inputs
    analysis: Analysis
    standing: Standing
    started: datetime
    notes: tuple[str, ...]
    given: dict[Table, pd.DataFrame] | None = None
    told: int = 0

    @property
    def folder(self) -> StudyFolder:
        """Where the study is written."""
        return self.analysis.folder

    @property
    def config(self) -> StudyConfig:
        """What determines the study."""
        return self.analysis.config

    def key(self, rooms: Sequence[str]) -> str:
        """Return the hash of all that a stage depends on, of the code only that of its rooms."""
        return digest(
            [
                code_digest(*rooms),
                self.config.analysis(),
                self.inputs.cohort.digest,
                self.inputs.dont_care.to_dict("list"),
                self.inputs.matcher.card.fingerprint,
                self.standing.key,
            ]
        )


def study_path(config: StudyConfig) -> Path:
    """Return the folder of a study: the same configuration always has the same."""
    promised = seal_of(config.registration)
    content = config.analysis() if promised is None else [config.analysis(), promised]
    name = f"{config.name}-{config.matcher.name}-{digest(content)[:8]}"
    return Path(config.paths.studies).expanduser().resolve() / name


def prepare(config: StudyConfig, folder: StudyFolder) -> Run:
    """Read what a study starts from and refuse what cannot be done; nothing is written.

    Raises
    ------
    MendableError
        See `run_study`.
    """
    started = datetime.now(UTC)
    check_plan(config)
    inputs = read_inputs(config)
    standing = check_standing(config, inputs)
    inputs = without_excluded(inputs, standing.excluded)
    cohort, sweep = inputs.cohort, inputs.sweep
    found = settled(config, cohort)
    config, of_sizes = with_sizes(found.config, cohort.images)
    asked = Analysis.of(folder, config, cohort.images, cohort.people, sweep.values, sweep.primary)
    plan, look = replace(asked.plan, registered=standing.state), standing.look
    if look is not None:
        plan = replace(plan, alpha=look.alpha)
    analysis = replace(asked, plan=plan)
    if WATCHLIST in analysis.design.tables:
        check_watchlist(config, cohort.images)
    check_roles(config, cohort.images)
    said = () if look is None else (look.words,)
    notes = (*found.notes, *of_sizes, *_largest(analysis), *said)
    given, told, of_scores = _given(inputs, analysis)
    return Run(inputs, analysis, standing, started, (*notes, *of_scores), given, told)


def _given(
    inputs: Inputs, analysis: Analysis
) -> tuple[dict[Table, pd.DataFrame] | None, int, list[str]]:
    """Read and compare evidence from a file, and say what readers must know of it."""
    matcher, images = inputs.matcher, inputs.cohort.images
    if isinstance(matcher, TemplateFile):
        found = matcher.templates(images).acquisition
        return None, 0, list(notes_of_acquisition(images, found))
    if not isinstance(matcher, AlertMatcher | PairMatcher | ScoreMatcher):
        return None, 0, []
    scores, acquisition = read_scores(inputs, analysis.config)
    if isinstance(matcher, PairMatcher):
        assert isinstance(scores, ListedPairs)
        notes, told = notes_of_pairs(matcher), len(scores.listed)
    elif isinstance(scores, LoggedAlerts):
        assert isinstance(matcher, AlertMatcher)
        notes, told = notes_of_log(matcher, scores.log), len(scores.log)
    else:
        assert isinstance(matcher, ScoreMatcher)
        assert isinstance(scores, GivenScores)
        told = len(scores.scores)
        sides = Sides.of(images, acquisition["acquired"].to_numpy(bool), inputs.dont_care)
        notes = [
            *getattr(matcher, "notes", ()),
            *notes_of_scores(scores.scores),
            *notes_of_acquisition(images, acquisition),
            *check_complete(matcher, scores.scores, sides, analysis.people, analysis.config),
        ]
    notes = [*getattr(matcher, "told", ()), *notes]
    return score_tables(inputs, analysis.design, scores, acquisition), told, notes


def score_tables(
    inputs: Inputs, design: Design, scores: Scores, acquisition: pd.DataFrame
) -> dict[Table, pd.DataFrame]:
    """Return the tables of stage comparison: acquisition, and what the design compares."""
    log = {ALERT_LOG: scores.log} if isinstance(scores, LoggedAlerts) else {}
    images = design.opportunities(inputs.cohort.images)
    sides = Sides.of(images, acquisition["acquired"].to_numpy(bool), inputs.dont_care)
    made = design.compare(scores, sides, inputs.sweep.values)
    return {ACQUISITION: acquisition, **log, **made}


def _largest(analysis: Analysis) -> Iterator[str]:
    """Say which reference groups are the largest because none was chosen."""
    chosen = analysis.config.inference.reference_groups
    groups = analysis.plan.reference_groups
    largest = [f"{groups[name]} ({name})" for name in groups if name not in chosen]
    if largest:
        yield (
            "Groups are compared with the largest one, or the first of equally large ones, where "
            f"no other was chosen: {', '.join(largest)}. "
            "Choose others with inference.reference_groups."
        )
