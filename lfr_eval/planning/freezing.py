"""Planning: plans written, frozen before results exist, and checked.

In: a plan (YAML). Out: its registration, a JSON file beside it with the hash of the plan, the time,
every setting that determines results, and the digest of the data; and a list of the images.
"""

from __future__ import annotations

import glob
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from lfr_eval import __version__
from lfr_eval.config import ConfigError, ManifestDatasetConfig, StudyConfig
from lfr_eval.config.composition import compose_study
from lfr_eval.config.foreign import is_place
from lfr_eval.contract.commands import command
from lfr_eval.contract.folder import PROVENANCE, sha256_of
from lfr_eval.contract.reading import read_json
from lfr_eval.contract.writing import clear_dead
from lfr_eval.study.inputs import Inputs, read_inputs
from lfr_eval.study.provenance import code_digest, git_revision
from lfr_eval.study.registration import (
    Difference,
    Registration,
    RegistrationError,
    StudyPlan,
    differences,
    excluded_images,
    images_of,
    overrides_of,
    read_plan,
    read_registration,
    settings_of,
    without_excluded,
    write_registration,
)
from lfr_eval.study.registration.record import (
    IMAGES_SUFFIX,
    RegisteredCode,
    RegisteredData,
    RegisteredMatcher,
    registration_file,
    write_images,
)


def freeze(file: Path, after_results: bool = False, places: Sequence[str] = ()) -> Registration:
    """Register a plan.

    Parameters
    ----------
    file
        The plan.
    after_results
        Register although results exist; that is recorded and shown.
    places
        Overrides that a plan may not hold, because they say where things are: see
        `config.foreign.is_place`.

    Raises
    ------
    RegistrationError
        If the plan is none, is registered already, or results exist.
    """
    plan, target = read_plan(file), registration_file(file)
    clear_dead(file.parent, glob.escape(file.stem))
    if target.exists():
        raise RegistrationError(
            f"{file} was registered at {read_registration(target).registered_at}. A changed plan "
            "is another plan: give it a name of its own."
        )
    config = composed(plan, places)
    inputs = _inputs(config)
    seen = _results(config, inputs, plan)
    if seen and not after_results:
        raise RegistrationError(
            "Results of this matcher on these people exist already: "
            f"{', '.join(sorted(seen))}. A plan is registered before results. To register it all "
            "the same, add --after-results; this is recorded and shown."
        )
    if plan.looks is not None and inputs is not None:
        raise RegistrationError(
            f"{file} names looks, and its data are there already: {_path(config)}. Looks are for "
            "people who are still to come. Leave looks out, or register the plan before there are "
            "data."
        )
    images = None
    if inputs is not None and not inputs.cohort.simulated:
        images = file.with_name(file.stem + IMAGES_SUFFIX)
        write_images(images, images_of(inputs.cohort.images))
    registration = Registration(
        registered_at=datetime.now(UTC).isoformat(timespec="seconds"),
        plan_file=file.name,
        plan_sha256=sha256_of(file),
        plan=plan.model_dump(mode="json"),
        settings=settings_of(config),
        matcher=_matcher(config, inputs),
        data=_data(inputs, images),
        code=RegisteredCode(
            lfr_eval=__version__, code_digest=code_digest(), git_revision=git_revision()
        ),
        after_results=tuple(sorted(seen.values())),
    )
    write_registration(target, registration)
    return registration


def check(file: Path, places: Sequence[str] = ()) -> list[Difference]:
    """Return in what plan, configuration and data differ from the registration, if in anything.

    Parameters
    ----------
    file
        The plan, or its registration.
    places
        Where data and matcher are, as for `freeze`.

    Raises
    ------
    RegistrationError
        If the plan cannot be run, or the registration is missing or was edited.
    """
    target = registration_file(file) if file.suffix in (".yaml", ".yml") else file
    if target != file and file.exists() and not target.exists():
        composed(read_plan(file), places)
        raise RegistrationError(
            f"{file} can be read and run, but is not registered: "
            f"{command('plan', 'register', file)}"
        )
    registration = read_registration(target)
    plan = read_plan(target.with_name(registration.plan_file))
    config = composed(plan, places)
    inputs = _inputs(config)
    if inputs is None:
        gone = Difference("data", "there", f"{_path(config)} is missing")
        return [gone] if registration.data is not None else []
    return differences(target, registration, plan, config, inputs)


def composed(plan: StudyPlan, places: Sequence[str] = ()) -> StudyConfig:
    """Return the configuration that a plan runs.

    Raises
    ------
    ConfigError
        If Hydra does not understand the plan's experiment or overrides, or it cannot be run.
    """
    from hydra.core.global_hydra import GlobalHydra

    elsewhere = [place for place in places if not is_place(place.partition("=")[0])]
    if elsewhere:
        raise ConfigError(
            "Only paths, addresses and machines can be given here, not "
            f"{', '.join(elsewhere)}: the plan says the rest."
        )
    GlobalHydra.instance().clear()
    try:
        return compose_study([*overrides_of(plan), *places])
    except ConfigError as error:
        raise ConfigError(f"The plan cannot be run: {error}") from error


def _inputs(config: StudyConfig) -> Inputs | None:
    """Return people and matcher; None where the manifest is still to be written."""
    if isinstance(config.dataset, ManifestDatasetConfig) and not Path(_path(config)).exists():
        return None
    return read_inputs(config)


def _path(config: StudyConfig) -> str:
    return str(getattr(config.dataset, "path", config.dataset.name))


def _matcher(config: StudyConfig, inputs: Inputs | None) -> RegisteredMatcher:
    if inputs is None:
        return RegisteredMatcher(name=config.matcher.kind, fingerprint=None)
    card = inputs.matcher.card
    # Simulated templates are floating-point numbers made anew: another machine's last digit.
    return RegisteredMatcher(
        name=card.name,
        fingerprint=None if inputs.simulation is not None else card.fingerprint,
    )


def _data(inputs: Inputs | None, images: Path | None) -> RegisteredData | None:
    if inputs is None:
        return None
    cohort = inputs.cohort
    return RegisteredData(
        digest=cohort.digest,
        images=len(cohort.images),
        people=int(cohort.images["subject_id"].nunique()),
        images_file=None if images is None else images.name,
        images_sha256=None if images is None else sha256_of(images),
    )


def _results(config: StudyConfig, inputs: Inputs | None, plan: StudyPlan) -> dict[str, str]:
    """Return finished studies of the same people and matcher, by folder: their study hash."""
    studies = Path(config.paths.studies).expanduser()
    if inputs is None or not studies.is_dir():
        return {}
    excluded = excluded_images(inputs.cohort.images, plan.exclusions)
    digests = {inputs.cohort.digest, without_excluded(inputs, excluded).cohort.digest}
    settings = {key: value for key, value in settings_of(config).items() if "dataset." in key}
    found = {}
    for path in studies.glob(f"*/{PROVENANCE}"):
        try:
            content = read_json(path)
            same = content["dataset_digest"] in digests
            if inputs.simulation is not None:
                # Simulated people of another seed have the same names.
                dataset = content["config"]["dataset"]
                same &= all(
                    dataset.get(key.removeprefix("dataset.")) == value
                    for key, value in settings.items()
                )
            else:
                same &= content["matcher"]["fingerprint"] == inputs.matcher.card.fingerprint
            if same:
                found[path.parent.name] = str(content["study_hash"])
        except (ValueError, KeyError, TypeError):
            continue
    return found
