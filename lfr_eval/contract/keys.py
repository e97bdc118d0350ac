"""Shared by decisions and seals: Ed25519 keys (RFC 8032), what they sign, and who holds them.

A private key is a PEM file that only its owner can read. A public key is 64 hexadecimal digits; its
fingerprint is the SHA-256 of its 32 bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from lfr_eval.contract.commands import command, shell_word
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.reading import ReadingError, read_text
from lfr_eval.contract.writing import written_aside

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIGNATURE = "signature"

_PRIME = 2**255 - 19
_EIGHTH = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
WEAK = frozenset((0, 1, _PRIME - 1, _PRIME, _PRIME + 1, _EIGHTH, _PRIME - _EIGHTH))
"""The y coordinates of points whose order divides 8 (RFC 8032, section 5.1): signatures by such a
public key can be made without a private one."""


class SigningError(MendableError, ValueError):
    """A key cannot be used; the message names the file and the remedy."""


@dataclass(frozen=True)
class Key:
    """A private key, and the public key that belongs to it."""

    private: Ed25519PrivateKey

    @property
    def public(self) -> str:
        """The public key, 64 hexadecimal digits."""
        return self.private.public_key().public_bytes_raw().hex()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key."""
        return fingerprint(self.public)

    def sign(self, values: Mapping[str, Any]) -> str:
        """Return the signature of values, without a signature that stands among them."""
        return self.private.sign(signed_bytes(values)).hex()


def fingerprint(public: str) -> str:
    """Return the fingerprint of a public key."""
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()


def signed_bytes(values: Mapping[str, Any]) -> bytes:
    """Return the bytes that are signed: JSON with sorted keys, without `signature`."""
    body = {name: value for name, value in values.items() if name != SIGNATURE}
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def holds(public: str, values: Mapping[str, Any]) -> bool:
    """Return whether values carry a signature by a public key."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    signature = values.get(SIGNATURE)
    # `bytes.fromhex` takes capitals and spaces too: one signature in many spellings.
    if not _is_hexadecimal(signature, 128):
        return False
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), signed_bytes(values))
    except (InvalidSignature, ValueError):
        return False
    return True


def is_public(value: object) -> bool:
    """Return whether a value is a public key as we write it, and nobody can sign for it."""
    if not _is_hexadecimal(value, 64):
        return False
    content = bytearray.fromhex(value)
    content[-1] &= 0x7F
    return int.from_bytes(content, "little") not in WEAK


def _is_hexadecimal(value: object, digits: int) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) == digits and set(value) <= set("0123456789abcdef")


def new_key(file: Path, passphrase: str | None = None) -> Key:
    """Make a key and write it to a file that only its owner can read.

    Raises
    ------
    SigningError
        If the file exists, or cannot be written.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    content = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode())
        if passphrase
        else serialization.NoEncryption(),
    )
    try:
        with written_aside(file, new=True) as aside:
            aside.write_bytes(content)
    except FileExistsError:
        raise SigningError(f"{file} exists; give the key another file.") from None
    except OSError as error:
        raise SigningError(f"{file} cannot be written: {error.strerror}.") from error
    return Key(private)


def read_key(file: Path, ask: Callable[[], str] | None = None) -> Key:
    """Read a private key.

    Parameters
    ----------
    ask
        Asks for the passphrase of a key that has one.

    Raises
    ------
    SigningError
        If it is no Ed25519 key, others can read it, or the passphrase is wrong.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        content = read_text(file).encode()
    except ReadingError as error:
        raise SigningError(
            f"{error} Make a key: "
            f"{command('approvals', 'register', '--key', file)} --name NAME --role ROLE"
        ) from error
    if file.stat().st_mode & 0o077:
        raise SigningError(
            f"Others can read the private key {file}: chmod 600 {shell_word(str(file))}"
        )
    try:
        try:
            private = serialization.load_pem_private_key(content, None)
        except TypeError:
            if ask is None:
                raise SigningError(
                    f"{file} has a passphrase, which cannot be entered here. Use a key "
                    "without a passphrase: lfr-eval approvals register makes one."
                ) from None
            private = serialization.load_pem_private_key(content, ask().encode())
    except SigningError:
        raise
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SigningError(f"{file} is not a private key, or its passphrase is another.") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise SigningError(f"{file} is not an Ed25519 key.")
    return Key(private)
