"""Addresses of live engines: an address in, the parts that may be shown and stored out.

A query or a user name may hold a secret, so neither is shown, stored or logged. A hash of the query
distinguishes endpoints that differ only in their query.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

DIGITS = 12
SHORTEST_SECRET = 4
LOGGERS = ("urllib3.connection", "urllib3.connectionpool")


def query_digest(url: str) -> str | None:
    """Return the first digits of the SHA-256 of an address's query; None if it has no query."""
    query = urlsplit(url).query
    return hashlib.sha256(query.encode()).hexdigest()[:DIGITS] if query else None


def endpoint_of(recipe: Mapping[str, object]) -> str | None:
    """Return the name of the endpoint in a card's recipe, by which parity knows it."""
    if "endpoint" not in recipe:
        return None
    digest = recipe.get("query_digest")
    return f"{recipe['endpoint']}" + (f"?query_digest={digest}" if digest else "")


def without_query(text: str, url: str) -> str:
    """Return a text, such as an engine's answer, without an address's query and its values."""
    query = urlsplit(url).query
    values = [value for _, value in parse_qsl(query) if len(value) >= SHORTEST_SECRET]
    raw = [part.partition("=")[2] for part in query.split("&")]
    secrets = {query, *values, *(value for value in raw if len(value) >= SHORTEST_SECRET)}
    for secret in sorted(secrets - {""}, key=len, reverse=True):
        text = text.replace(secret, "…")
    return text


class _WithoutQuery(logging.Filter):
    """Removes an address's query from log lines."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_query(record.getMessage(), self._url), ()
        return True


def keep_out_of_logs(url: str) -> None:
    """Keep the HTTP client from logging an address's query."""
    if urlsplit(url).query:
        for name in LOGGERS:
            logging.getLogger(name).addFilter(_WithoutQuery(url))
