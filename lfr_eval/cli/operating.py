"""From the command line to what runs live: deployments, decisions, approvals, the gate."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lfr_eval.cli.launch import default_paths
from lfr_eval.config import ConfigError, EngineConfig
from lfr_eval.config.engine_composition import compose_engine, read_policy
from lfr_eval.contract.addresses import masked
from lfr_eval.contract.decisions import decisions_of, ledger_path
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.keys import fingerprint, new_key, read_key
from lfr_eval.contract.ledger import HOLDER, Entry, Ledger, holders
from lfr_eval.contract.tested import tested_version
from lfr_eval.contract.words import threshold_text
from lfr_eval.deployments import RECORD
from lfr_eval.finished.approvals import approvals, approve, register_key
from lfr_eval.registry.versions import APPROVAL, Version, find_version, record, version_tested
from lfr_eval.tracking import TrackingError, default_uri

if TYPE_CHECKING:
    from lfr_eval.engine.alerts import Alert
    from lfr_eval.engine.watchlist import Watchlist
    from lfr_eval.registry.registered import RegisteredModel

OK, FAILED = 0, 1


def run_engine(words: Sequence[str]) -> int:
    """Run a deployment as composed from words; 1 where its source broke off for good."""
    from lfr_eval.engine.counts import State
    from lfr_eval.engine.deployment import EngineError, deploy, deployment_folder
    from lfr_eval.engine.frames import PictureFolder, source_named
    from lfr_eval.engine.permission import permit, unwatched, watching
    from lfr_eval.engine.picture_folder import listed
    from lfr_eval.engine.record import announced, printed
    from lfr_eval.matchers import FrameMatcher
    from lfr_eval.registry.registered import load_registered

    config = compose_engine(words)
    _expire(Path(config.paths.deployments))
    uri = _registry(config)
    version = find_version(config.model, uri)
    studies = Path(config.paths.studies)
    # Refused before weights are loaded and people embedded.
    policy = read_policy([f"policy={config.policy}"])
    ledger = Ledger(ledger_path(studies, config.paths.approvals))
    permission = permit(
        *(ledger, version, config.threshold, config.unapproved),
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

    state = deploy(
        config, folder, source, matcher, watchlist, model, permission, announce, permitted
    )
    print(printed(folder))
    if config.tracking.enabled:
        _send(folder, uri, config.tracking.experiment, config.tracking.timeout)
    return OK if state.ended else FAILED


def expire_here() -> None:
    """Delete retained faces of this machine's deployments whose time is over, as far as it goes."""
    from lfr_eval.engine.retention import RetentionError

    try:
        _expire(Path(default_paths().deployments))
    except RetentionError as error:
        print(f"lfr-eval: {error}", file=sys.stderr)


def expire_faces(folder: Path | None, hours: float | None) -> int:
    """Delete retained faces whose time is over, or that are kept for longer than `hours`."""
    from lfr_eval.config.operating import LONGEST_RETENTION
    from lfr_eval.engine.retention import expire

    if folder is not None and not folder.is_dir():
        raise ConfigError(f"There is no folder of deployments {folder}.")
    if hours is not None and not 0 <= hours <= LONGEST_RETENTION:
        raise ConfigError(f"--hours is {hours:g}; give a number from 0 to {LONGEST_RETENTION:,}.")
    where = folder or Path(default_paths().deployments).expanduser()
    print(f"{expire(where, hours)} retained faces deleted.")
    return OK


def _expire(deployments: Path) -> None:
    from lfr_eval.engine.retention import expire

    deleted = expire(deployments.expanduser())
    if deleted:
        print(f"lfr-eval: {deleted} retained faces deleted: their time was over.", file=sys.stderr)


def _watchlist(config: EngineConfig, model: RegisteredModel) -> tuple[Watchlist, str]:
    from lfr_eval.cohort import load_manifest
    from lfr_eval.config.paths import cache_folder
    from lfr_eval.engine.watchlist import enrol

    cohort = load_manifest(Path(config.watchlist).expanduser(), config.card)
    watchlist = enrol(cohort, model.matcher, cache_folder(config.paths))
    for image in watchlist.failed:
        print(f"lfr-eval: no template could be made of reference '{image}'.", file=sys.stderr)
    return watchlist, cohort.digest


def _registry(config: EngineConfig) -> str:
    return config.tracking.uri or default_uri(Path(config.paths.studies).expanduser())


def feed_back(
    alerts: Path,
    alert: str,
    decision: str,
    confirmed: bool,
    by: str,
    groups: Sequence[str],
    uri: str | None,
    experiment: str,
) -> int:
    """Record an operator's decision about an alert, here and in MLflow."""
    from lfr_eval.engine.alerts import decide
    from lfr_eval.engine.record import update_record

    labels = dict(group.partition("=")[::2] for group in groups)
    made = decide(alerts, alert, decision, confirmed, by, labels)
    update_record(alerts.parent)
    sure = "confirmed" if made.confirmed else "unconfirmed"
    print(f"{made.alert_id}: {made.decision}, {sure}, by {made.by}")
    return send(alerts.parent, uri, experiment)


def send(deployment: Path, uri: str | None, experiment: str) -> int:
    """Log a deployment to MLflow; a store that is down costs a message, not the record."""
    if not (deployment / RECORD).is_file():
        raise ConfigError(f"{deployment} is no folder of a deployment: it holds no {RECORD}.")
    _send(deployment, uri or default_uri(Path(default_paths().studies)), experiment, 20)
    return OK


def _send(folder: Path, uri: str, experiment: str, timeout: int) -> None:
    from lfr_eval.engine.deployment_log import log_deployment

    try:
        run = log_deployment(folder, uri, experiment, timeout)
        print(f"MLflow:      run {run} in {masked(uri)}")
    except TrackingError as error:
        print(f"lfr-eval: {error}", file=sys.stderr)


def record_approval(
    study: Path,
    threshold: float,
    approver: str,
    role: str,
    proposer: str,
    conditions: Sequence[str],
    expires: str | None,
    model: str | None,
    withdrawn: bool,
    uri: str | None,
    key: Path | None,
) -> int:
    """Record a panel's decision in the ledger and on the model version."""
    signing = None if key is None else read_key(key, _passphrase)
    folder, (ledger, where) = StudyFolder.open(study), _records(uri)
    version = find_version(model, where) if model else _tested(folder, where)
    approval, entry = approve(
        *(ledger, folder, version, threshold, approver, role, proposer),
        *(conditions, expires, withdrawn, signing),
    )
    record(version, approval_tags(entry), where)
    done = "withdrawn" if approval.withdrawn else "approved"
    at = threshold_text(threshold)
    print(f"{version} {done} at {at} by {approval.approver} ({approval.role}),")
    print(f"on study {approval.study_hash}; entry {entry.number} of {ledger.path}")
    print("unsigned" if entry.signer is None else f"signed with the key {entry.signer[:16]}")
    return OK


def _passphrase() -> str:
    from getpass import getpass

    return getpass("Passphrase of the key: ")


def register_approver(
    name: str, role: str, key: Path | None, public: str | None, by: Path | None, passphrase: bool
) -> int:
    """Bring the key of an approver into the ledger, making it where there is none."""
    if (key is None) == (public is None):
        raise ConfigError("Give --key FILE of your own, or --public KEY of somebody else.")
    own = None
    if key is not None:
        made = not key.exists()
        own = (
            new_key(key, _passphrase() if passphrase else None)
            if made
            else read_key(key, _passphrase)
        )
        public = own.public
        if made:
            print(f"Private key: {key}. Keep it secret, and keep a copy; nobody can restore it.")
    voucher = own if by is None else read_key(by, _passphrase)
    if voucher is None or public is None:
        raise ConfigError("Give --by KEY of a registered approver, who vouches for the key.")
    ledger, _ = _records(None)
    entry = register_key(ledger, name, role, public, voucher)
    print(f"Public key:  {public}")
    print(f"Fingerprint: {fingerprint(public)}")
    print(f"{name} ({role}), entry {entry.number} of {ledger.path}")
    print("Make the fingerprint known where nobody can change it, such as a panel's minutes.")
    return OK


def _tested(folder: StudyFolder, where: str) -> Version:
    """Return the version that a study names as tested, else the one with its fingerprint."""
    about = folder.record()
    named = tested_version(about)
    if named:
        return find_version(f"models:/{named}", where)
    return version_tested(about.matcher.fingerprint, where)


def approval_tags(entry: Entry) -> dict[str, str]:
    """Return what the page of a version says of a decision: its entry, and the words of it."""
    values = entry.values
    said = (
        "withdrawn" if values["withdrawn"] else f"approved until {values['expires'] or 'further'}"
    )
    # The names of tags hold no plus, and two thresholds must not share one.
    plain = np.format_float_positional(values["threshold"], trim="-")
    name = f"approval_{plain}".replace(".", "_")
    return {
        APPROVAL: entry.sha256,
        name: f"{said}; {values['approver']} ({values['role']}), {values['decided']}; study "
        f"{values['study_hash']}; conditions: {'; '.join(values['conditions']) or 'none'}",
    }


def list_approvals() -> int:
    """Print every decision, after checking that none was changed."""
    ledger, _ = _records(None)
    entries = ledger.entries()
    known = holders(entries)
    for entry in entries:
        v = entry.values
        if v.get("kind") == HOLDER:
            print(
                f"{entry.number}. {v['registered']}: key {fingerprint(v['public_key'])} of "
                f"{v['name']} ({v['role']})"
            )
    decisions = decisions_of(entries)
    for approval, entry in decisions:
        done = "withdrew" if approval.withdrawn else "approved"
        print(
            f"{entry.number}. {approval.decided}: {approval.approver} ({approval.role}) {done} "
            f"{approval.model}/{approval.version} at {threshold_text(approval.threshold)}, "
            f"proposed by {approval.proposer}; until {approval.expires or 'further notice'}; "
            f"{'; '.join(approval.conditions) or 'no condition'}; study "
            f"{approval.study_hash[:12]}; {_signing(entry, bool(known), approval.withdrawn)}"
        )
    print(f"{len(decisions)} decisions in {ledger.path}; the chain is whole.")
    if not known:
        print(
            "No key is registered, so decisions are unsigned: the chain shows careless edits, but "
            "whoever can write the file can edit its last line or make it anew."
        )
    return OK


def _signing(entry: Entry, keyed: bool, withdrawn: bool) -> str:
    if entry.signer is not None:
        return f"signed with {entry.signer[:16]}"
    return "UNSIGNED, does not count" if keyed and not withdrawn else "unsigned"


def pass_gate(model: str, words: Sequence[str], as_json: bool, uri: str | None) -> int:
    """Check a version against a policy; 1 where it does not meet it."""
    from lfr_eval.finished.gate import Case, as_table, judge, study_of
    from lfr_eval.finished.gate import as_json as printed_json

    policy, (ledger, where) = read_policy(words), _records(uri)
    version = find_version(model, where)
    decisions = approvals(ledger, version)
    study = study_of(version, decisions, Path(default_paths().studies))
    checks = judge(Case(version, study, decisions, policy, datetime.now(UTC).date()))
    passed = all(check.passed for check in checks)
    if as_json:
        print(printed_json(version, checks))
    else:
        print(as_table(checks))
        print(f"{version} {'meets' if passed else 'does not meet'} the policy.")
    return OK if passed else FAILED


def _records(uri: str | None) -> tuple[Ledger, str]:
    """Return the ledger, and where the registry is."""
    paths = default_paths()
    studies = Path(paths.studies).expanduser()
    return Ledger(ledger_path(studies, paths.approvals)), uri or default_uri(studies)
