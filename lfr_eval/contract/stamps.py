"""Shared by stamping and report: an authority's time stamp (RFC 3161) in, who and when out.

What is stamped is a hash as text: of a study, of a registration (its seal), or of a line of a
ledger. The response lies in a file of its own beside that (`.tsr`, as `openssl ts` reads it). It
proves that the hash existed at its time, to whoever trusts the authority: an authority's root
certificate comes from somebody else than the author of the study.

Needs the package rfc3161-client (`lfr-eval[timestamps]`).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.reading import ReadingError, regular_file

if TYPE_CHECKING:
    from cryptography.x509 import Name
    from rfc3161_client import TimeStampRequest

PLAN = "The registration"
STUDY_STAMP, PLAN_STAMP = "study.tsr", "registration.tsr"
"""Time stamps in a study folder: of its hash, and of the registration that it was run with."""
SUFFIX = ".tsr"
LARGEST = 1 << 20
"""Bytes of a response; those of authorities have some thousand."""


class StampError(MendableError, ValueError):
    """A time stamp cannot be made or does not hold; the message says why."""


class UnreadStampError(StampError):
    """Time stamps cannot be read here, because the package for them is not installed."""


@dataclass(frozen=True)
class Stamp:
    """What a time stamp says.

    Attributes
    ----------
    at
        The authority's time, UTC.
    by
        The name in its certificate.
    of
        The hash that it stamps.
    """

    at: datetime
    by: str
    of: str

    def __str__(self) -> str:
        return f"time-stamped by {self.by} at {self.at.isoformat(timespec='seconds')}"


def request_for(text: str) -> TimeStampRequest:
    """Return what an authority is asked for a hash: only the hash of it leaves this machine."""
    library = _library()
    builder = library.TimestampRequestBuilder().data(text.encode())
    built: TimeStampRequest = builder.hash_algorithm(library.HashAlgorithm.SHA256).build()
    return built


def read_stamp(
    response: bytes, text: str, roots: Path | None = None, nonce: int | None = None
) -> Stamp:
    """Return what an authority's response says of a hash.

    Parameters
    ----------
    response
        DER, as the authority sent it.
    text
        The hash.
    roots
        Root certificates of authorities (PEM). None: the signature is not checked.
    nonce
        Of the request that it must answer.

    Raises
    ------
    StampError
        If it is none, of something else, or not by an authority with one of these roots.
    """
    from cryptography import x509

    library = _library()
    try:
        read = library.decode_timestamp_response(response)
        if read.status != library.PKIStatus.GRANTED:
            said = "; ".join(read.status_string) or f"status {read.status}"
            raise StampError(f"The authority refused the time stamp: {said}.")
        if roots is not None:
            builder = library.VerifierBuilder(roots=_certificates(roots), nonce=nonce)
            builder.build().verify_message(read, text.encode())
        info = read.tst_info
        algorithm = _HASHES.get(info.message_imprint.hash_algorithm.dotted_string)
        imprint = hashlib.new(algorithm, text.encode()).digest() if algorithm else None
        if imprint != info.message_imprint.message:
            raise StampError("It is the time stamp of something else.")
        (signer,) = read.signed_data.signer_infos
        # Nobody signs the set of certificates: one could be added that lends another name.
        names = [
            found.subject
            for found in map(x509.load_der_x509_certificate, read.signed_data.certificates)
            if (found.issuer, found.serial_number) == (signer.issuer, signer.serial_number)
        ]
        if len(names) != 1:
            raise StampError(
                f"It has {len(names)} certificates for its signer, so its signer is not certain."
            )
    except library.VerificationError as error:
        raise StampError(f"The certificates in {roots} do not confirm it: {error}") from None
    except (ValueError, TypeError) as error:
        if isinstance(error, StampError):
            raise
        raise StampError(f"It is not a time stamp (RFC 3161) with a certificate: {error}") from None
    at = info.gen_time if info.gen_time.tzinfo else info.gen_time.replace(tzinfo=UTC)
    return Stamp(at.astimezone(UTC), _name(names[0]), text)


_HASHES = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}


def stamp_in(file: Path, texts: Sequence[str], roots: Path | None = None) -> Stamp | None:
    """Return what the time stamp in a file says of one of some hashes; None: there is no file.

    Raises
    ------
    StampError
        If it does not hold; the message names the file.
    """
    if not file.exists():
        return None
    try:
        with os.fdopen(regular_file(file), "rb") as stream:
            response = stream.read(LARGEST)
        for text in texts[:-1]:
            with suppress(StampError):
                return read_stamp(response, text, roots)
        return read_stamp(response, texts[-1], roots)
    except UnreadStampError:
        raise
    except (StampError, ReadingError) as error:
        raise StampError(f"{file}: {error}") from None


def stamps_of(
    study: Path, hashes: Sequence[str], seal: str | None, roots: Path | None = None
) -> dict[str, Stamp]:
    """Return the time stamps of a study and of its registration, by what they stamp.

    Parameters
    ----------
    hashes
        Of the study: today's first, then those before each withdrawal.
    seal
        Of the registration, where there is one.

    Raises
    ------
    StampError
        If one does not hold.
    """
    plan = stamp_in(study / PLAN_STAMP, [seal], roots) if seal else None
    whole = stamp_in(study / STUDY_STAMP, hashes, roots)
    found = {PLAN: plan}
    before = whole is not None and whole.of != hashes[0]
    found["The study before a withdrawal" if before else "The study"] = whole
    return {what: stamp for what, stamp in found.items() if stamp is not None}


def _name(subject: Name) -> str:
    from cryptography.x509.oid import NameOID

    parts = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
    named = [found.value for one in parts for found in subject.get_attributes_for_oid(one)]
    return ", ".join(map(str, named)) or subject.rfc4514_string()


def _certificates(file: Path) -> list[Any]:
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError) as error:
        raise StampError(f"{file} contains no certificates in PEM format: {error}") from None


def _library() -> Any:
    try:
        import rfc3161_client
    except ImportError:
        raise UnreadStampError(
            "Time stamps need the package rfc3161-client: pip install 'lfr-eval[timestamps]'."
        ) from None
    return rfc3161_client
