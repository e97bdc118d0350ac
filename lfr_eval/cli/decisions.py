"""`lfr-eval approve`, `approvals` and `gate`: who decided what, and whether a policy is met."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from lfr_eval.cli.options import FAILED, OK, Key, Patience, Roots, Study, Uri, commands
from lfr_eval.contract.decisions import Ruling
from lfr_eval.contract.defaults import TIMEOUT

if TYPE_CHECKING:
    from lfr_eval.contract.folder import StudyFolder
    from lfr_eval.contract.ledger import Ledger
    from lfr_eval.registry.versions import Version

approvals = commands("approvals", "List decisions, and register the keys of approvers.")


def _option(field: str) -> str:
    return {"approver": "by", "conditions": "condition", "withdrawn": "withdraw"}.get(field, field)


def approve(
    study: Study,
    /,
    *,
    ruling: Annotated[Ruling, Parameter(name="*", name_transform=_option)],
    model: str | None = None,
    system: str | None = None,
    uri: Uri = None,
    key: Key = None,
    timeout: Patience = TIMEOUT,
) -> int:
    """Record a panel's decision on a threshold, in the ledger and on the model version.

    Parameters
    ----------
    model
        The version, models:/NAME/3; default: the one that the study tested.
    system
        Name and version of a system that the study knows only by a file of its results, such as
        'NeoFace 4.1'; default: as the study calls it.
    """
    from lfr_eval.config import ConfigError
    from lfr_eval.contract.decisions import decisions_of, doubted
    from lfr_eval.contract.folder import StudyFolder
    from lfr_eval.contract.keys import read_key
    from lfr_eval.contract.words import threshold_text
    from lfr_eval.finished.approvals import System, not_shown, system_of
    from lfr_eval.finished.approvals import approve as decide
    from lfr_eval.registry.versions import find_version
    from lfr_eval.tracking import impatient

    if model and system:
        raise ConfigError("Give --model of a registered version or --system, not both.")
    signing = None if key is None else read_key(key, _passphrase)
    folder, (ledger, where) = StudyFolder.open(study), _records(uri)
    version: Version | System
    with impatient(timeout):
        if system or not (model or _is_registrable(folder)):
            version = system_of(folder.record(), system)
        else:
            version = find_version(model, where) if model else _tested(folder, where)
        approval, entry = decide(ledger, folder, version, ruling, signing)
        if not isinstance(version, System):
            _tell_registry(ledger, where, version)
    done = "withdrawn" if approval.withdrawn else "approved"
    at = threshold_text(approval.threshold)
    print(f"{version} {done} at {at} by {approval.approver} ({approval.role}),")
    print(f"on study {approval.study_hash}; entry {entry.number} of {ledger.path}")
    print("unsigned" if entry.signer is None else f"signed with the key {entry.signer[:16]}")
    if approval.external:
        print(
            f"Note: lfr-eval cannot check that the results are of {version}; only the supplier of "
            "the file says so. It can neither load nor monitor this system: check yourself that "
            "this version runs at this threshold."
        )
    others = [each for each, _ in decisions_of(ledger.entries())]
    for caution in (
        not_shown(approval, folder.record()),
        doubted(others, approval.study_hash),
    ):
        if caution:
            print(f"Note: {caution}")
    return OK


@approvals.default
def list_approvals(*, roots: Roots = None) -> int:
    """List decisions, after checking that none was changed."""
    from lfr_eval.cli.launch import default_paths
    from lfr_eval.contract.decisions import decisions_of, discounted, signing
    from lfr_eval.contract.keys import fingerprint
    from lfr_eval.contract.ledger import HOLDER, REVOCATION, holders
    from lfr_eval.contract.words import several, threshold_text
    from lfr_eval.finished.approvals import sealed_anew
    from lfr_eval.finished.stamping import stamps_told

    ledger, _ = _records(None)
    studies = Path(default_paths().studies)
    entries = ledger.entries()
    known = holders(entries)
    for entry in entries:
        v = entry.values
        if v.get("kind") == HOLDER:
            print(
                f"{entry.number}. {v['registered']}: key {fingerprint(v['public_key'])} of "
                f"{v['name']} ({v['role']})"
            )
        elif v.get("kind") == REVOCATION:
            print(
                f"{entry.number}. {v['revoked']}: key {v['fingerprint']} revoked ({v['reason']}); "
                "later signatures with it do not count"
            )
    decisions = decisions_of(entries)
    for approval, entry in decisions:
        done = "withdrew" if approval.withdrawn else "approved"
        print(
            f"{entry.number}. {approval.decided}: {approval.approver} ({approval.role}) {done} "
            f"{approval.model}{' ' if approval.external else '/'}{approval.version} at "
            f"{threshold_text(approval.threshold)}, "
            f"proposed by {approval.proposer}; until {approval.expires or 'further notice'}; "
            f"{'; '.join(approval.conditions) or 'no condition'}; study "
            f"{approval.study_hash[:12]}; {signing(entry, discounted(approval, entry, known))}"
        )
        anew = sealed_anew(approval.study_hash, studies)
        if anew is not None:
            print(
                f"   The study has changed since. {anew.provenance().withdrawn} Its hash now: "
                f"{anew.study_hash()}"
            )
    print(f"{several(len(decisions), 'decision')} in {ledger.path}; the chain is whole.")
    if not known:
        print(
            "No key is registered, so decisions are unsigned: the chain shows careless edits, but "
            "whoever can write the file can edit its last line or make it anew."
        )
    for told in stamps_told(ledger.path, roots):
        print(told)
    return OK


@approvals.command
def register(
    *,
    name: str,
    role: str,
    key: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    public: Annotated[str | None, Parameter(metavar="KEY")] = None,
    by: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    passphrase: bool = False,
    timeout: Patience = TIMEOUT,
) -> int:
    """Register the key of an approver.

    Parameters
    ----------
    name
        Who holds the key.
    role
        As what they approve, such as panel.
    key
        Their private key; made if it is not there.
    public
        Their public key, instead of --key.
    by
        Private key of a registered approver who vouches.
    passphrase
        Protect a new key with a passphrase.
    """
    from lfr_eval.config import ConfigError
    from lfr_eval.contract.keys import fingerprint, new_key, read_key
    from lfr_eval.contract.ledger import holders, revoked_in
    from lfr_eval.contract.persons import perhaps_one
    from lfr_eval.finished.approvers import register_key
    from lfr_eval.tracking import impatient

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
    ledger, where = _records(None)
    entry = register_key(ledger, name, role, public, voucher)
    entries = ledger.entries()
    revoked = revoked_in(entries)
    doubt = perhaps_one(one.name for mark, one in holders(entries).items() if mark not in revoked)
    with impatient(timeout):
        _tell_registry(ledger, where)
    print(f"Public key:  {public}")
    print(f"Fingerprint: {fingerprint(public)}")
    print(f"{name} ({role}), entry {entry.number} of {ledger.path}")
    if doubt:
        print(f"Note: {doubt} Two keys count as two approvers. If one person has both, revoke one.")
    print("Make the fingerprint known where nobody can change it, such as a panel's minutes.")
    return OK


@approvals.command
def revoke(
    named: str,
    /,
    *,
    reason: str,
    key: Annotated[Path, Parameter(metavar="FILE")],
    timeout: Patience = TIMEOUT,
) -> int:
    """Revoke the key of an approver: later signatures with it do not count.

    Parameters
    ----------
    named
        Fingerprint of the key, or its first 16 digits.
    reason
        Why, such as lost.
    key
        A registered private key, to sign the revocation.
    """
    from lfr_eval.contract.keys import read_key
    from lfr_eval.finished.approvers import revoke_key
    from lfr_eval.tracking import impatient

    ledger, where = _records(None)
    entry = revoke_key(ledger, named, reason, read_key(key, _passphrase))
    with impatient(timeout):
        _tell_registry(ledger, where)
    print(f"Revoked; entry {entry.number} of {ledger.path}. Signatures made before it still count.")
    return OK


def gate(
    model: str,
    /,
    *words: Annotated[str, Parameter(name="KEY=VALUE")],
    json: bool = False,
    uri: Uri = None,
    timeout: Patience = TIMEOUT,
) -> int:
    """Exit with 1 where a version does not meet a policy.

    Parameters
    ----------
    model
        The version, such as models:/NAME@candidate.
    words
        policy=FILE, and any setting of it.
    json
        Print JSON.
    """
    from datetime import UTC, datetime

    from lfr_eval.cli.launch import default_paths
    from lfr_eval.config.chosen import read_policy
    from lfr_eval.finished.approvals import approvals
    from lfr_eval.finished.gate import Case, as_table, judge, study_of
    from lfr_eval.finished.gate import as_json as printed_json
    from lfr_eval.registry.versions import find_version
    from lfr_eval.tracking import impatient

    policy, (ledger, where) = read_policy(words), _records(uri)
    with impatient(timeout):
        version = find_version(model, where)
    decisions = approvals(ledger, version)
    study = study_of(version, decisions, Path(default_paths().studies))
    checks = judge(Case(version, study, decisions, policy, datetime.now(UTC).date()))
    passed = all(check.passed for check in checks)
    if json:
        print(printed_json(version, checks))
    else:
        print(as_table(checks))
        print(f"{version} {'meets' if passed else 'does not meet'} the policy.")
    return OK if passed else FAILED


def _passphrase() -> str:
    from getpass import getpass

    return getpass("Passphrase of the key: ")


def _tested(folder: StudyFolder, where: str) -> Version:
    """Return the version that a study names as tested, else the one with its fingerprint."""
    from lfr_eval.contract.tested import tested_version
    from lfr_eval.registry.versions import find_version, version_tested

    about = folder.record()
    named = tested_version(about)
    if named:
        return find_version(f"models:/{named}", where)
    return version_tested(about.matcher.fingerprint, where)


def _is_registrable(folder: StudyFolder) -> bool:
    """Whether a study tested a matcher that a registry can hold, not a file of its results."""
    from lfr_eval.contract.tested import tested_version

    about = folder.record()
    return about.matcher.evidence == "pictures" or tested_version(about) is not None


def _tell_registry(ledger: Ledger, where: str, needed: Version | None = None) -> None:
    """Write to the versions that a ledger decided on what it says of them.

    Raises
    ------
    RegistryError
        If that fails for the version that is needed. Others are named.
    """
    from lfr_eval.finished.approvals import ledger_tags
    from lfr_eval.registry.registered import RegistryError
    from lfr_eval.registry.versions import find_version, record

    for (name, number, fingerprint), tags in ledger_tags(ledger).items():
        try:
            version = find_version(f"models:/{name}/{number}", where)
            if version.fingerprint == fingerprint:
                new = {key: value for key, value in tags.items() if version.tags.get(key) != value}
                record(version, new, where)
        except RegistryError as error:
            if needed is not None and (name, number) == (needed.name, needed.version):
                raise
            print(
                f"lfr-eval: {name}/{number} does not know of this entry. {error}", file=sys.stderr
            )


def _records(uri: str | None) -> tuple[Ledger, str]:
    """Return the ledger, and where the registry is."""
    from lfr_eval.cli.launch import default_paths
    from lfr_eval.contract.decisions import ledger_path
    from lfr_eval.contract.ledger import Ledger
    from lfr_eval.tracking import default_uri

    paths = default_paths()
    studies = Path(paths.studies).expanduser()
    return Ledger(ledger_path(studies, paths.approvals)), uri or default_uri(studies)
