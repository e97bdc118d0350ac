"""From the command line to a study: Hydra composes, this runs, and says where the report is."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from lfr_eval.cli.run_help import run_help
from lfr_eval.config import PathsConfig, StudyConfig
from lfr_eval.config.checked import checked_compose
from lfr_eval.config.composition import read, register
from lfr_eval.config.grammar import checked_of_sweeps
from lfr_eval.config.overrides import understood
from lfr_eval.config.paths import conf_dir
from lfr_eval.config.plugins import allow_object
from lfr_eval.contract.addresses import masked
from lfr_eval.study.overrides import composed, with_experiment, with_plan

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from lfr_eval.tracking.system import Sample

Explained = Callable[[Callable[[], int]], int]


def launch(overrides: Sequence[str], explained: Explained) -> int:
    """Run what Hydra's command line says; return the worst exit status of the studies.

    Parameters
    ----------
    explained
        Runs a function and turns errors that a person can mend into a message and a status.
    """
    import hydra
    from hydra.core.hydra_config import HydraConfig

    register()
    allow_object(overrides)
    todo = _foresee if DRY_RUN in overrides else _run
    overrides = [word for word in overrides if word != DRY_RUN]
    with tempfile.TemporaryDirectory() as aside:

        @hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")
        def entry(composed: DictConfig) -> None:
            said = HydraConfig.get().overrides.task
            status = explained(lambda: todo(read(composed, said)))
            # A file, because a launcher may run the jobs of a multirun in other processes.
            Path(aside, uuid4().hex).write_text(str(status))

        def start() -> int:
            if {"--help", "-h"} & set(overrides):
                print(run_help([word for word in overrides if _is_override(word)]))
                return 0
            if _asks_configuration(overrides):
                prepared = _prepared(overrides)
                print(_printed([word for word in prepared if _is_override(word)]))
                return 0
            words = overrides if _asks_hydra(overrides) else _prepared(overrides)
            sys.argv = ["lfr-eval", *words]
            entry()
            return max((int(job.read_text()) for job in Path(aside).iterdir()), default=0)

        return explained(start)


DRY_RUN = "--dry-run"
ASKED = ("--hydra-help", "--info", "-i", "--version", "--shell-completion", "-sc")
VALUED = ("--cfg", "-c", "--package", "-p")
ELSEWHERE = ("--config-dir", "-cd", "--config-name", "-cn", "--config-path", "-cp")


def _asks_hydra(words: Sequence[str]) -> bool:
    """Return whether Hydra answers by itself and no study is run."""
    return any(word.partition("=")[0] in ASKED for word in words)


def _prepared(given: Sequence[str]) -> list[str]:
    """Return the command line for Hydra, once everything that it would refuse is refused here.

    Hydra prints its own errors in its own words and ends with status 1.
    """
    from hydra import initialize_config_dir

    words = with_experiment(_understood(with_plan(_understood(given))))
    if any(word.partition("=")[0] in ELSEWHERE for word in words):
        return words
    overrides = [word for word in words if _is_override(word)]
    sweep = {"-m", "--multirun"} & set(words)
    jobs = list(checked_of_sweeps(overrides)) if sweep else [overrides]
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        for job in jobs:
            composed_job = checked_compose("config", job)
            # A single study is read when Hydra has composed it; of several, all before the first.
            if len(jobs) > 1:
                read(composed_job, job)
    if sweep and len(jobs) == 1:
        # A sweep of one study is that study: it has no parent in MLflow.
        return [*(word for word in words if word not in {*overrides, *sweep}), *jobs[0]]
    return words


def _printed(overrides: Sequence[str]) -> str:
    """Return the configuration of a study as it will be used, as YAML."""
    import yaml

    chosen = composed(overrides)
    return yaml.safe_dump(asdict(chosen), sort_keys=False, allow_unicode=True).rstrip()


def _asks_configuration(words: Sequence[str]) -> bool:
    """Return whether the configuration is asked for: `--cfg job`, `-c job` or `--cfg=job`."""
    one = any(word in ("--cfg", "-c") and value == "job" for word, value in pairwise(words))
    return (one or "--cfg=job" in words) and not {"-p", "--package"} & set(words)


def _is_override(word: str) -> bool:
    return not word.startswith("-") and ("=" in word or word.startswith("~"))


def _understood(words: Sequence[str]) -> list[str]:
    return [
        one
        for before, word in pairwise(["", *words])
        for one in (understood([word]) if _is_for_us(before, word) else [word])
    ]


def _is_for_us(before: str, word: str) -> bool:
    """Return whether a word is an override, or nothing that Hydra knows either."""
    is_option = word.startswith("-") and word != "-"
    return _is_override(word) or not (is_option or before in (*VALUED, *ELSEWHERE))


def default_paths() -> PathsConfig:
    """Return the paths that a study without overrides would use."""
    return composed([]).paths


def default_registry() -> str:
    """Return where registered models are, if nobody says otherwise."""
    from lfr_eval.registry.registered import registry_uri

    return registry_uri(composed([]))


def complete_words(given: Sequence[str]) -> int:
    """Print completions of a shell's command line `lfr-eval run ...`, which is in COMP_LINE."""
    # Hydra takes the first word for the program and the rest for overrides.
    os.environ["COMP_LINE"] = os.environ["COMP_LINE"].replace(" run", "", 1)
    return launch(given, lambda command: command())


def _run(config: StudyConfig) -> int:
    from lfr_eval.contract.folder import REPORT
    from lfr_eval.finished.retention import enforce_of
    from lfr_eval.report import notes, three_lines
    from lfr_eval.study.run import run_study
    from lfr_eval.tracking.system import sampled

    start = time.monotonic()
    settings = config.tracking
    for line in enforce_of(config):
        print(f"Note:   {line}")
    with sampled(settings.enabled and settings.system_metrics) as load:
        folder = run_study(config, tell=lambda note: print(f"Note:   {note}"))
    print(f"Study:  {folder.path}  ({time.monotonic() - start:.0f} s)")
    print(f"Report: {folder.path / REPORT}")
    for line in notes(folder.path):
        print(f"Note:   {line}")
    if settings.enabled:
        _track(config, folder.path, load)
    for line in three_lines(folder.path):
        print(line)
    return 0


def _foresee(config: StudyConfig) -> int:
    """Say what a study would do, and refuse what cannot be done."""
    from lfr_eval.study.foreseen import foresee

    for line in foresee(config):
        print(line)
    return 0


def _track(config: StudyConfig, study: Path, load: Sequence[Sample]) -> None:
    """Send the study to MLflow; a store that is down costs a message, not the study."""
    from lfr_eval.contract.folder import StudyFolder
    from lfr_eval.tracking import TrackingError, default_uri, track
    from lfr_eval.tracking.pending import Waiting, forget, remember

    settings, parent = config.tracking, _multirun()
    uri = settings.uri or default_uri(study.parent)
    try:
        run = track(
            StudyFolder.open(study), uri, settings.experiment, settings.timeout, parent, load
        )
        print(f"MLflow: run {run} in {masked(uri)}")
        forget(study.parent, study.name)
    except TrackingError as error:
        waiting = Waiting(study.name, settings.experiment, str(parent) if parent else None)
        remember(study.parent, waiting)
        print(f"lfr-eval: {error}\nOr all that wait: lfr-eval track --pending", file=sys.stderr)


def _multirun() -> Path | None:
    """Return the folder of the multirun that this job is part of, if it is."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    hydra = HydraConfig.get()
    return Path(hydra.sweep.dir) if hydra.mode == RunMode.MULTIRUN else None
