"""Contract: requests to an address that somebody else may name.

They send no secrets of the account. Answers may be neither endless nor endlessly slow: the time
limit of a socket starts again with every byte.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import requests

Value = TypeVar("Value")

CHUNK = 1 << 14
BLOCK = 1 << 16
"""Bytes that must arrive within the time that an answer is waited for."""


class TooSlowError(Exception):
    """An answer did not come in time."""


def session(address: str, direct: bool = False) -> requests.Session:
    """Return a session that takes proxies and certificates from the environment, and nothing else.

    By default, requests sends what `~/.netrc` holds for a host, or for every host, even after a
    redirection. And it reads the body of a redirection to its end, although it throws it away.

    Parameters
    ----------
    direct
        Whether what is sent goes to this address and to no other: through no proxy, and nowhere
        else when the answer says so.
    """
    import requests

    class Session(requests.Session):
        def get_redirect_target(self, resp: requests.Response) -> str | None:
            target = None if direct else super().get_redirect_target(resp)
            if target is not None:
                resp.close()
                resp.raw = BytesIO()
            return target

    made = Session()
    made.trust_env = False
    if not direct:
        made.proxies.update(requests.utils.get_environ_proxies(address))
    # What is packed could unfold to more than the memory holds.
    made.headers["Accept-Encoding"] = "identity"
    # Whose certificates are believed is a setting of the machine, and no secret.
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    made.verify = bundle or True
    return made


def length_of(response: requests.Response) -> int | None:
    """Return how many bytes an answer announces; None where it does not say that in digits."""
    declared = response.headers.get("Content-Length", "")
    # Python itself refuses to read more than 4,300 digits.
    return int(declared[:20]) if declared.isdecimal() else None


def body_of(response: requests.Response, most: int) -> bytes:
    """Return the body of a streamed answer.

    Raises
    ------
    ValueError
        If it is longer than `most` bytes; the rest is not read.
    """
    parts, size = [], 0
    for chunk in response.iter_content(CHUNK):
        parts.append(chunk)
        size += len(chunk)
        if size > most:
            raise ValueError(f"sends more than {most:,} bytes; the rest was not read")
    return b"".join(parts)


def blocks_of(response: requests.Response, seconds: float) -> Iterator[bytes]:
    """Yield the body of a streamed answer, as long as `BLOCK` bytes come in so many seconds.

    What came before a connection broke is yielded before the error is raised.

    Raises
    ------
    TooSlowError
        If fewer come.
    """
    chunks = response.iter_content(CHUNK)
    broken: list[Exception] = []

    def block() -> bytes:
        parts, size = [], 0
        try:
            while size < BLOCK and (chunk := next(chunks, b"")):
                parts.append(chunk)
                size += len(chunk)
        except Exception as error:
            if not parts:
                raise
            broken.append(error)
        return b"".join(parts)

    try:
        while part := within(seconds, block):
            yield part
            if broken:
                raise broken[0]
    except TooSlowError:
        # Whoever closes the answer would wait for the reader.
        response.raw.shutdown()
        raise


def within(seconds: float, call: Callable[[], Value]) -> Value:
    """Return the result of `call`, if it comes in time.

    Raises
    ------
    TooSlowError
        If it takes longer. The call is abandoned.
    """
    results: list[Value] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call())
        except BaseException as error:
            errors.append(error)

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    worker.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TooSlowError(f"did not answer within {seconds:g} seconds")
    return results[0]
