"""The commands of `lfr-eval engine` that run what is live and keep its records."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from lfr_eval.cli.options import FAILED, OK, Tracking

if TYPE_CHECKING:
    from lfr_eval.config import EngineConfig
    from lfr_eval.engine.alerts import Alert
    from lfr_eval.engine.watchlist import Watchlist
    from lfr_eval.registry.registered import RegisteredModel


def run(words: Annotated[tuple[str, ...], Parameter(name="KEY=VALUE")], /) -> int:
    """Run the live engine over a video file, a folder of pictures or a stream.

    Takes source=VIDEO watchlist=MANIFEST model=models:/NAME@live threshold=0.64 and any other
    setting as KEY=VALUE. The engine starts only at a threshold that was approved for the version,
    and prints each alert as it is raised. If the source broke off, run the same command again to
    continue.

    Parameters
    ----------
    words
        source=, watchlist=, model=, threshold=, ...
    """
    from lfr_eval.config.chosen import read_policy
    from lfr_eval.config.engine_composition import compose_engine
    from lfr_eval.contract.decisions import ledger_path
    from lfr_eval.contract.ledger import Ledger
    from lfr_eval.contract.words import threshold_text
    from lfr_eval.engine.counts import State
    from lfr_eval.engine.deployment import Deployment, EngineError, deploy, deployment_folder
    from lfr_eval.engine.frames import PictureFolder, source_named
    from lfr_eval.engine.permission import permit, unwatched, watching
    from lfr_eval.engine.picture_folder import listed
    from lfr_eval.engine.record import announced, printed
    from lfr_eval.matchers import FrameMatcher
    from lfr_eval.registry.registered import load_registered
    from lfr_eval.registry.versions import find_version
    from lfr_eval.tracking import default_uri, impatient

    config = compose_engine(words)
    _expire(Path(config.paths.deployments))
    uri = config.tracking.uri or default_uri(Path(config.paths.studies).expanduser())
    patience = config.tracking.timeout
    with impatient(patience):
        version = find_version(config.model, uri)
    studies = Path(config.paths.studies)
    # Refused before weights are loaded and people embedded.
    policy = read_policy([f"policy={config.policy}"])
    ledger = Ledger(ledger_path(studies, config.paths.approvals))
    permission = permit(
        ledger,
        version,
        config.threshold,
        config.unapproved,
        policy=policy,
        studies=studies,
    )
    permitted, at = unwatched, threshold_text(config.threshold)
    if not permission.approved:
        print(f"lfr-eval: nobody approved {at} for {version}.", file=sys.stderr)
    else:
        permitted = watching(ledger, version, config.threshold, policy, studies)
        if not permission.signed:
            print(f"lfr-eval: the approval of {version} at {at} is unsigned.", file=sys.stderr)
    began = datetime.now(UTC)
    first = source_named(config.source, config.rate, began)  # a wrong name is refused at once
    if isinstance(first, PictureFolder) and (left_out := listed(first.path).left_out):
        print(f"lfr-eval: {left_out}", file=sys.stderr)
    with impatient(patience):
        model = load_registered(f"models:/{version}", uri)
    matcher = model.matcher
    if not isinstance(matcher, FrameMatcher):
        raise EngineError(f"{version} cannot find every face of a frame, so it cannot run live.")
    watchlist, digest = _watchlist(config, model)
    folder = deployment_folder(config, model, digest)
    before = State.read(folder)
    # The time of a live stream goes on from where an earlier start of the deployment began it.
    began = datetime.fromisoformat(before.started) if before else began
    source = source_named(config.source, config.rate, began)

    def announce(alert: Alert) -> None:
        print(announced(alert, named=sys.stdout.isatty()), flush=True)

    deployment = Deployment(config, folder, source, matcher, watchlist, model, permission)
    state = deploy(deployment, announce, permitted)
    print(printed(folder))
    if config.tracking.enabled:
        _send(folder, uri, config.tracking.experiment, patience)
    return OK if state.ended else FAILED


def decide(
    alerts: Annotated[Path, Parameter(name="ALERTS.jsonl")],
    /,
    *,
    alert: Annotated[str, Parameter(metavar="ID")],
    decision: Literal["true", "false"],
    confirmed: Annotated[bool, Parameter(negative="--unconfirmed")],
    by: Annotated[str, Parameter(metavar="NAME")],
    group: Annotated[tuple[str, ...], Parameter(metavar="FACTOR=GROUP")] = (),
    tracking: Tracking = Tracking(),
) -> int:
    """Record an operator's decision about an alert, here and in MLflow.

    Parameters
    ----------
    alerts
        The file of alerts of a deployment.
    alert
        Id of the alert.
    decision
        True: the face is the watchlist person; false: it is not.
    confirmed
        Whether the operator spoke to the person.
    by
        Name of the operator.
    group
        Group of the person, such as gender=female; may be repeated.
    """
    from lfr_eval.engine.alerts import decide
    from lfr_eval.engine.record import update_record

    labels = dict(each.partition("=")[::2] for each in group)
    made = decide(alerts, alert, decision, confirmed, by, labels)
    update_record(alerts.parent)
    sure = "confirmed" if made.confirmed else "unconfirmed"
    print(f"{made.alert_id}: {made.decision}, {sure}, by {made.by}")
    return send(alerts.parent, tracking=tracking)


def send(deployment: Path, /, *, tracking: Tracking = Tracking()) -> int:
    """Send a deployment to MLflow, for example after the server was down.

    Parameters
    ----------
    deployment
        Folder of the deployment.
    """
    from lfr_eval.cli.launch import default_paths
    from lfr_eval.config import ConfigError
    from lfr_eval.deployments import RECORD
    from lfr_eval.tracking import default_uri

    if not (deployment / RECORD).is_file():
        raise ConfigError(f"{deployment} is no folder of a deployment: it holds no {RECORD}.")
    uri = tracking.uri or default_uri(Path(default_paths().studies))
    _send(deployment, uri, tracking.experiment, tracking.timeout)
    return OK


def expire(folder: Path | None = None, /, *, hours: float | None = None) -> int:
    """Delete retained pictures of faces whose time is over.

    Parameters
    ----------
    folder
        One deployment, or a folder of several; default: all of this machine.
    hours
        Delete pictures older than this as well; 0: all.
    """
    from lfr_eval.cli.launch import default_paths
    from lfr_eval.config import ConfigError
    from lfr_eval.config.operating import LONGEST_RETENTION
    from lfr_eval.engine.retention import expire as delete

    if folder is not None and not folder.is_dir():
        raise ConfigError(f"There is no folder of deployments {folder}.")
    if hours is not None and not 0 <= hours <= LONGEST_RETENTION:
        raise ConfigError(f"--hours is {hours:g}; give a number from 0 to {LONGEST_RETENTION:,}.")
    where = folder or Path(default_paths().deployments).expanduser()
    print(f"{delete(where, hours)} retained faces deleted.")
    return OK


def expire_here() -> None:
    """Delete retained faces of this machine's deployments whose time is over, as far as it goes."""
    from lfr_eval.cli.launch import default_paths
    from lfr_eval.engine.retention import RetentionError

    try:
        _expire(Path(default_paths().deployments))
    except RetentionError as error:
        print(f"lfr-eval: {error}", file=sys.stderr)


def _expire(deployments: Path) -> None:
    from lfr_eval.engine.retention import expire

    deleted = expire(deployments.expanduser())
    if deleted:
        print(f"lfr-eval: {deleted} retained faces deleted: their time was over.", file=sys.stderr)


def _watchlist(config: EngineConfig, model: RegisteredModel) -> tuple[Watchlist, str]:
    from lfr_eval.cohort import load_manifest
    from lfr_eval.config.paths import cache_folder
    from lfr_eval.contract.places import WATCHLISTS, remember
    from lfr_eval.engine.watchlist import enrol

    manifest = Path(config.watchlist).expanduser()
    cohort = load_manifest(manifest, config.card)
    # Before the cache holds anything of them: only a manifest tells whose a template is.
    remember(WATCHLISTS, manifest)
    watchlist = enrol(cohort, model.matcher, cache_folder(config.paths))
    for image in watchlist.failed:
        print(f"lfr-eval: no template could be made of reference '{image}'.", file=sys.stderr)
    return watchlist, cohort.digest


def _send(folder: Path, uri: str, experiment: str, timeout: int) -> None:
    from lfr_eval.contract.addresses import masked
    from lfr_eval.engine.deployment_log import log_deployment
    from lfr_eval.tracking import TrackingError

    try:
        run = log_deployment(folder, uri, experiment, timeout)
        print(f"MLflow:      run {run} in {masked(uri)}")
    except TrackingError as error:
        print(f"lfr-eval: {error}", file=sys.stderr)
