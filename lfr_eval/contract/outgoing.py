"""Contract: requests to an address that somebody else may name, without secrets of the account."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import requests


CHUNK = 1 << 14


def session(address: str) -> requests.Session:
    """Return a session that takes proxies and certificates from the environment, and nothing else.

    By default, requests sends what `~/.netrc` holds for a host, or for every host, even after a
    redirection.
    """
    import requests

    made = requests.Session()
    made.trust_env = False
    made.proxies.update(requests.utils.get_environ_proxies(address))
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    made.verify = bundle or True
    return made


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
