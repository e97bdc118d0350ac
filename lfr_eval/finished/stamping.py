"""Time stamps: a study, a registered plan or a ledger in; an authority's response beside it out.

A study is stamped by its study hash, a registration by its seal, and a ledger by the hash of its
last entry, which all earlier ones lead to.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lfr_eval.contract.addresses import masked
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.ledger import Ledger
from lfr_eval.contract.outgoing import TooSlowError, body_of, session, within
from lfr_eval.contract.reading import read_json
from lfr_eval.contract.stamps import (
    STUDY_STAMP,
    SUFFIX,
    Stamp,
    StampError,
    UnreadStampError,
    read_stamp,
    request_for,
    stamp_in,
    stamps_of,
)
from lfr_eval.contract.writing import write_bytes
from lfr_eval.study.registration import read_registration
from lfr_eval.study.registration.record import registration_file
from lfr_eval.study.registration.standing import RECORD
from lfr_eval.study.sealing import report_and_seal

WAIT = 30.0
"""Seconds that an authority may take to answer."""
MOST = 1024**2
"""Bytes of an answer; a time stamp with its certificates has a few thousand."""


@dataclass(frozen=True)
class Stampable:
    """Something that can be stamped.

    Attributes
    ----------
    what
        Its name in a sentence.
    text
        The hash that stands for it.
    stamp
        Where its time stamp lies.
    """

    what: str
    text: str
    stamp: Path


def stampable(path: Path) -> Stampable:
    """Return what stands for a study folder, a registered plan or a ledger.

    Raises
    ------
    MendableError
        If it is none of these, or was changed after it was sealed, registered or signed.
    """
    if path.is_dir():
        folder = StudyFolder.open(path)
        folder.check_whole()
        return Stampable(f"The study {path.name}", folder.study_hash(), path / STUDY_STAMP)
    if path.suffix == ".jsonl":
        entries = Ledger(path).entries()
        if not entries:
            raise StampError(f"{path} has no entry yet, so there is nothing to stamp.")
        return _entry(path, len(entries), entries[-1].sha256)
    file = registration_file(path) if path.suffix in (".yaml", ".yml") else path
    seal = read_registration(file).seal
    return Stampable(f"The registration {file.name}", seal, file.with_suffix(SUFFIX))


def _entry(ledger: Path, number: int, sha256: str) -> Stampable:
    stamp = ledger.with_name(f"{ledger.name}.{number}{SUFFIX}")
    return Stampable(f"Entry {number} of {ledger.name} and all before it", sha256, stamp)


def asked(chosen: Stampable, address: str, roots: Path | None) -> bytes:
    """Return an authority's response for something.

    Raises
    ------
    StampError
        If it does not answer, or its answer does not hold.
    """
    import requests

    if not address.startswith(("http://", "https://")):
        raise StampError(
            "The address of an authority must begin with http:// or https:// (got "
            f"'{masked(address)}')."
        )
    request = request_for(chosen.text)
    headers = {"Content-Type": "application/timestamp-query"}

    def exchange() -> bytes:
        with (
            session(address) as web,
            web.post(
                address, request.as_bytes(), headers=headers, timeout=WAIT, stream=True
            ) as reply,
        ):
            reply.raise_for_status()
            return body_of(reply, MOST)

    try:
        response = within(WAIT, exchange)
    except TooSlowError as error:
        raise StampError(f"The authority at {masked(address)} {error}.") from None
    except requests.RequestException as error:
        raise StampError(
            f"The authority at {masked(address)} did not answer: {masked(str(error))}"
        ) from None
    except ValueError as error:
        raise StampError(f"The authority at {masked(address)} {error}.") from None
    read_stamp(response, chosen.text, roots, request.nonce)
    return response


def keep(path: Path, response: bytes, roots: Path | None, approvals: str | None) -> str:
    """Put an authority's response beside what it stamps, and return what it says.

    The report of a study is made again with it.

    Raises
    ------
    StampError
        If it does not hold.
    """
    chosen = stampable(path)
    stamp = read_stamp(response, chosen.text, roots)
    if path.is_dir():
        folder = StudyFolder.open(path)
        with folder.locked():
            report_and_seal(folder, folder.provenance(), approvals, {STUDY_STAMP: response})
    else:
        write_bytes(chosen.stamp, response)
    return f"{chosen.what}: {stamp} ({chosen.stamp})."


def stamps_told(path: Path, roots: Path | None = None) -> list[str]:
    """Return what the time stamps of a study, a registration or a ledger say.

    Raises
    ------
    StampError
        If one does not hold.
    """
    checked = f"checked against {roots}" if roots else "not checked: give --roots FILE"
    try:
        found = _stamps(path, roots)
    except UnreadStampError as error:
        # Whoever only wants to know that a study is whole needs no further package.
        if roots is not None:
            raise
        return [f"There are time stamps, but they cannot be read here. {error}"]
    return [f"{what}: {stamp} ({checked})." for what, stamp in found.items()]


def _stamps(path: Path, roots: Path | None) -> dict[str, Stamp]:
    if path.is_dir():
        folder = StudyFolder.open(path)
        hashes = [each.study_hash_before for each in folder.provenance().withdrawals]
        seal = str(read_json(path / RECORD)["seal"]) if (path / RECORD).is_file() else None
        return stamps_of(path, [folder.study_hash(), *hashes], seal, roots)
    if path.suffix == ".jsonl":
        each_of = [_entry(path, one.number, one.sha256) for one in Ledger(path).entries()]
    else:
        each_of = [stampable(path)]
    read = {each.what: stamp_in(each.stamp, [each.text], roots) for each in each_of}
    return {what: stamp for what, stamp in read.items() if stamp is not None}
