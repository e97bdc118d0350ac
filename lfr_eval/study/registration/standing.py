"""Registration: how a study stands to its plan (configuration and inputs in, `Standing` out)."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from lfr_eval.cohort import make_cohort
from lfr_eval.config import StudyConfig
from lfr_eval.contract import record
from lfr_eval.contract.folder import StudyFolder, digest
from lfr_eval.contract.stamps import PLAN_STAMP, SUFFIX
from lfr_eval.contract.tables import EXCLUSIONS, REGISTERED_STATES
from lfr_eval.matchers.alerts import AlertLog
from lfr_eval.matchers.scores import ScoreFile
from lfr_eval.matchers.simulated import SimulatedMatcher
from lfr_eval.study.inputs import Inputs
from lfr_eval.study.registration.differences import Difference, differences
from lfr_eval.study.registration.exclusions import excluded_images
from lfr_eval.study.registration.looks import Look, look_at
from lfr_eval.study.registration.plan import Exclusion, StudyPlan, read_plan
from lfr_eval.study.registration.record import Registration, RegistrationError, read_registration

NONE, AS_REGISTERED, DEVIATING, AFTER_RESULTS = REGISTERED_STATES
RECORD, PLAN = "registration.json", "plan.yaml"


@dataclass(frozen=True)
class Standing:
    """How a study stands to its plan.

    Attributes
    ----------
    state
        One of `tables.REGISTERED_STATES`.
    file, registration, plan
        The registration and the plan; None where there is none.
    differences
        In what the study is not as registered.
    reason
        Why it deviates.
    excluded
        The table `exclusions`.
    look
        Which look it is, where the plan names looks.
    """

    state: str
    file: Path | None = None
    registration: Registration | None = None
    plan: StudyPlan | None = None
    differences: tuple[Difference, ...] = ()
    reason: str | None = None
    excluded: pd.DataFrame = field(default_factory=EXCLUSIONS.empty)
    look: Look | None = None

    @property
    def key(self) -> list[object]:
        """What a stage of the study depends on."""
        seal = None if self.registration is None else self.registration.seal
        said = [str(one) for one in self.differences]
        key: list[object] = [self.state, seal, said, self.reason]
        return key if self.look is None else [*key, self.look.number]

    def described(self) -> record.Registration | None:
        """Return what the study record says of it."""
        if self.registration is None or self.plan is None:
            return None
        registered, plan = self.registration, self.plan
        return record.Registration(
            state=self.state,
            registered_at=registered.registered_at,
            seal=registered.seal,
            plan_sha256=registered.plan_sha256,
            title=plan.title,
            hypotheses=tuple(plan.hypotheses),
            who=plan.who,
            stopping=plan.stopping,
            recruitment=plan.sample.recruitment,
            data_registered=registered.data is not None,
            after_results=registered.after_results,
            code=registered.code.lfr_eval,
            differences=tuple(str(one) for one in self.differences),
            reason=self.reason,
            exclusions=_counted(self.excluded, plan.exclusions),
        )

    def write(self, folder: StudyFolder, key: str) -> None:
        """Put plan, registration and excluded images into the study folder."""
        if self.file is None or self.registration is None:
            return
        copied = {RECORD: self.file, PLAN: self.file.with_name(self.registration.plan_file)}
        stamp = self.file.with_suffix(SUFFIX)
        if stamp.is_file():
            copied[PLAN_STAMP] = stamp

        def write() -> None:
            for name, file in copied.items():
                shutil.copyfile(file, folder.path / name)
            folder.write(EXCLUSIONS, self.excluded)

        folder.stage("registration", key, [*copied, EXCLUSIONS.file], write)


NOT_REGISTERED = Standing(NONE)


def check_standing(config: StudyConfig, inputs: Inputs) -> Standing:
    """Compare a study that is about to run with its registration, if it names one.

    Raises
    ------
    RegistrationError
        If the registration was tampered with; or the study differs from it and the evaluator did
        not say so: every difference is listed.
    """
    if config.registration is None:
        if config.deviate or config.deviation:
            raise RegistrationError("deviate and deviation need a registration=FILE.")
        return NOT_REGISTERED
    file = Path(config.registration)
    registered = read_registration(file)
    plan = read_plan(file.with_name(registered.plan_file))
    found = differences(file, registered, plan, config, inputs)
    reason = (config.deviation or "").strip() or None
    if found and not config.deviate:
        raise RegistrationError(
            f"This is not the study that {file} registered:{listed(found)}\n"
            "Run it as registered, or say that it deviates and why; every finding is then marked: "
            "deviate=true 'deviation=\"REASON\"'"
        )
    if found and reason is None:
        raise RegistrationError(
            f"deviate=true needs the reason: 'deviation=\"REASON\"'. It deviates in:{listed(found)}"
        )
    state = AFTER_RESULTS if registered.after_results else AS_REGISTERED
    excluded = excluded_images(inputs.cohort.images, plan.exclusions)
    return Standing(
        DEVIATING if found else state,
        file,
        registered,
        plan,
        tuple(found),
        reason if found else None,
        excluded,
        _look(file, plan, inputs),
    )


def _look(file: Path, plan: StudyPlan, inputs: Inputs) -> Look | None:
    """Return which look at the registered study this is; None where the plan names none."""
    if plan.looks is None:
        return None
    tested = int((~inputs.cohort.people["filler"].to_numpy(bool)).sum())
    # Scores of another matcher are other results, though the people are the same.
    data = digest([inputs.cohort.digest, inputs.matcher.card.fingerprint])
    return look_at(plan.looks, plan.alpha, file, data, tested)


def listed(found: Sequence[Difference]) -> str:
    """Return one line a difference."""
    return "".join(f"\n  {difference}" for difference in found)


def without_excluded(inputs: Inputs, excluded: pd.DataFrame) -> Inputs:
    """Return the inputs without the images that a plan leaves out."""
    if excluded.empty:
        return inputs
    images = inputs.cohort.images
    keep = ~images["image_id"].isin(set(excluded["image_id"])).to_numpy(bool)
    kept = make_cohort(images[keep], inputs.cohort.root, inputs.cohort.cards)
    cohort = replace(inputs.cohort, images=kept.images, digest=kept.digest)
    if inputs.simulation is not None:
        simulation = replace(
            inputs.simulation,
            cohort=cohort,
            vectors=inputs.simulation.vectors[keep],
            acquired=inputs.simulation.acquired[keep],
        )
        simulated = SimulatedMatcher(simulation.vectors, simulation.acquired)
        return replace(inputs, cohort=cohort, matcher=simulated, simulation=simulation)
    matcher = inputs.matcher
    if isinstance(matcher, ScoreFile | AlertLog):
        matcher = matcher.without(set(excluded["image_id"]))
    return replace(inputs, cohort=cohort, matcher=matcher)


def _counted(
    excluded: pd.DataFrame, exclusions: Sequence[Exclusion]
) -> tuple[record.Exclusion, ...]:
    """Return images and people by reason; a rule that nothing matched is counted too.

    Reasons, not rules: a rule may name a person.
    """
    reasons = dict.fromkeys(exclusion.reason for exclusion in exclusions)
    rows = {reason: excluded[excluded["reason"] == reason] for reason in reasons}
    return tuple(
        record.Exclusion(reason=reason, images=len(own), people=int(own["subject_id"].nunique()))
        for reason, own in rows.items()
    )
