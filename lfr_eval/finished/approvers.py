"""Approvers: names and keys in; entries of the ledger that register or revoke a key out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from lfr_eval.contract.decisions import same_role
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.keys import Key, fingerprint, is_public
from lfr_eval.contract.ledger import HOLDER, REVOCATION, Entry, Holder, Ledger, holders, revoked_in
from lfr_eval.contract.persons import same_person

SHORTEST_FINGERPRINT = 16
"""Digits of a key's fingerprint that name it well enough."""


class ApprovalError(MendableError, ValueError):
    """A decision cannot be recorded; the message lists every reason."""


def register_key(ledger: Ledger, name: str, role: str, public: str, by: Key) -> Entry:
    """Bring a key into a ledger.

    Parameters
    ----------
    public
        The key that is brought in.
    by
        Vouches for it: the key of somebody who is registered; the first one vouches for itself.

    Raises
    ------
    ApprovalError
        If the person or the key is registered already, or nobody vouches for it.
    """
    entries, problems = ledger.entries(), []
    every, revoked = holders(entries), revoked_in(entries)
    known = {name: holder for name, holder in every.items() if name not in revoked}
    if not name.strip() or not role.strip():
        problems.append("Give the name and the role of the person who holds the key.")
    if not is_public(public):
        problems.append("The public key must be 64 hexadecimal digits.")
    elif fingerprint(public) in revoked:
        problems.append("This key was revoked. Make another key.")
    elif fingerprint(public) in known:
        problems.append(f"This key is registered for {known[fingerprint(public)].name} already.")
    same = [holder.name for holder in known.values() if same_person(holder.name, name)]
    if same:
        problems.append(f"{same[0]} has a key already; a key is registered once.")
    if known and by.fingerprint not in known:
        problems.append(
            "A registered approver must vouch for a new key: give their key with --by KEY."
        )
    if every and not known:
        problems.append("Every key of this ledger was revoked. Begin another ledger.")
    if not every and by.public != public:
        problems.append("The first key vouches for itself: leave out --by.")
    if problems:
        raise ApprovalError("The key was not registered. " + " ".join(problems))
    values = {
        "kind": HOLDER,
        "registered": datetime.now(UTC).isoformat(timespec="seconds"),
        "name": name.strip(),
        "role": role.strip(),
        "public_key": public,
    }
    return ledger.append(values, by)


def revoke_key(ledger: Ledger, named: str, reason: str, by: Key) -> Entry:
    """Revoke a key of a ledger: signatures after this entry do not count, earlier ones do.

    Parameters
    ----------
    named
        Fingerprint of the key, or its beginning (16 digits at least).
    by
        Signs the revocation: the key itself, or one of another registered approver.

    Raises
    ------
    ApprovalError
        If there is no such key, it is revoked already, or `by` cannot revoke it.
    """
    entries, problems = ledger.entries(), []
    every, revoked = holders(entries), revoked_in(entries)
    found = [each for each in every if is_named(named, each)]
    if not found:
        problems.append(
            f"No key '{named}' is registered; give {SHORTEST_FINGERPRINT} digits of its "
            "fingerprint, which lfr-eval approvals lists."
        )
    elif found[0] in revoked:
        problems.append(f"Entry {revoked[found[0]].number} revoked it already.")
    if by.fingerprint not in every or by.fingerprint in revoked:
        problems.append("A registered key that is not revoked must sign the revocation.")
    if not reason.strip():
        problems.append("Give the reason for revoking it.")
    if problems:
        raise ApprovalError("The key was not revoked. " + " ".join(problems))
    values = {
        "kind": REVOCATION,
        "revoked": datetime.now(UTC).isoformat(timespec="seconds"),
        "fingerprint": found[0],
        "reason": reason.strip(),
    }
    return ledger.append(values, by)


def may_sign(
    known: Mapping[str, Holder],
    revoked: Collection[str],
    key: Key | None,
    approver: str,
    role: str,
) -> list[str]:
    """Return what forbids an approver to sign with a key, or without one; empty: nothing."""
    if not known:
        return (
            []
            if key is None
            else ["No key is registered. Register one with lfr-eval approvals register."]
        )
    if key is None:
        return ["The ledger accepts only signed decisions: give --key FILE."]
    holder = known.get(key.fingerprint)
    if holder is None:
        return [
            f"The key {key.fingerprint[:16]} is not registered. Use lfr-eval approvals register."
        ]
    if key.fingerprint in revoked:
        return [f"The key {key.fingerprint[:16]} was revoked. Register another key."]
    if not same_person(holder.name, approver):
        return [f"The key belongs to {holder.name}, but the approver is '{approver}'."]
    if not same_role(holder.role, role):
        return [
            f"The key of {holder.name} is registered for the role '{holder.role}', not '{role}'."
        ]
    return []


def is_named(given: str, whole: str) -> bool:
    """Whether a fingerprint, or its beginning, names a key."""
    return len(given) >= SHORTEST_FINGERPRINT and whole.startswith(given.lower())
