"""A live engine behind HTTP: pictures go out, templates come back (images to templates).

The protocol is that of `mlflow models serve` for a registered matcher: `POST /invocations` with
pictures in base64, one row each. Any engine that offers the same rows can be evaluated. Answers are
not trusted: sizes, time and every value are checked before use.
"""

from __future__ import annotations

import base64
import json
import math
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import numpy as np

from lfr_eval.config.signatures import AtLeast
from lfr_eval.contract.addresses import masked
from lfr_eval.contract.outgoing import TooSlowError, body_of, length_of, session, within
from lfr_eval.contract.reading import json_value
from lfr_eval.matchers import Embedding, MatcherCard, MatcherError, Picture, fingerprint_of
from lfr_eval.matchers.endpoint import keep_out_of_logs, query_digest, without_query
from lfr_eval.matchers.stated import StatedError, stated_card

if TYPE_CHECKING:
    import requests

TRANSIENT = (408, 429, 502, 503, 504)
"""Answers after which the request is sent again."""

MEGABYTE = 1_000_000
LARGEST = 10**30
MOST_FACES = 1_000_000


class _Transient(Exception):
    """An error after which the request is sent again; the text says why."""


class HttpMatcher:
    """The matcher at an address.

    Parameters
    ----------
    url
        Address of `/invocations`.
    batch_size
        Pictures per request; 0: as many as the engine processes at once.
    timeout
        Seconds within which the whole answer to a request must arrive.
    retries
        How often to send a request again if the engine is busy or does not answer.
    answer_megabytes
        Largest answer to read, in megabytes.
    model
        `models:/NAME@ALIAS` that the engine should serve. Its parity checks are looked up.
    registry
        Tracking URI of the registry; None: where runs are logged.

    Raises
    ------
    MatcherError
        If the engine does not answer, or does not state its matcher.
    """

    def __init__(
        self,
        url: str,
        batch_size: Annotated[int, AtLeast(0)] = 0,
        timeout: float = 120.0,
        retries: Annotated[int, AtLeast(0)] = 2,
        answer_megabytes: float = 64.0,
        model: str | None = None,
        registry: str | None = None,
    ) -> None:
        if not re.match(r"https?://[^/?#\s]+/", url):
            # It may hold a password, so it is not repeated.
            raise MatcherError(
                "matcher.url is not the address of an engine. Give http://HOST:PORT/invocations."
            )
        self._url, self._shown = url, masked(url)
        self.said_to_serve = (model, registry)
        keep_out_of_logs(url)
        self._timeout, self._retries = timeout, retries
        self._limit = int(answer_megabytes * MEGABYTE)
        self.stated = self._ask_for_card()
        self._batch_size = batch_size or self.stated.batch_size
        # What the engine says of itself is no proof, so its templates are never taken from what
        # another matcher of the same fingerprint left in the cache.
        recipe = {"endpoint": self._shown, "stated": self.stated.fingerprint}
        if digest := query_digest(url):
            recipe["query_digest"] = digest
        self.card = replace(
            self.stated,
            name="http",
            fingerprint=fingerprint_of(recipe),
            description=f"a live engine behind HTTP, which states: {self.stated.description}",
            batch_size=self._batch_size,
            recipe=recipe,
            version=None,
        )

    def embed(self, images: Sequence[Picture]) -> Iterator[Embedding]:
        """Yield one embedding an image, in order."""
        for start in range(0, len(images), self._batch_size):
            batch = images[start : start + self._batch_size]
            content = [one.read_bytes() if isinstance(one, Path) else one for one in batch]
            rows = self._post(content, describe=False)
            if len(rows) != len(batch):
                self._refuse(f"gave {len(rows)} rows for {len(batch)} pictures")
            for number, row in enumerate(rows):
                yield self._embedding(row, f"row {number + 1} of its answer")

    def _embedding(self, row: Any, where: str) -> Embedding:
        """Return the embedding of a row, or refuse the row."""
        if not isinstance(row, Mapping) or not isinstance(row.get("acquired"), bool):
            self._refuse(f"does not say 'acquired' in {where}")
        runs = row.get("fingerprint")
        if runs != self.stated.fingerprint:
            self._refuse(
                f"says in {where} that another matcher runs now (fingerprint {str(runs)[:12]}…, "
                f"at the start {self.stated.fingerprint[:12]}…)"
            )
        faces = row.get("faces")
        if faces is not None and not (type(faces) is int and 0 <= faces <= MOST_FACES):
            self._refuse(f"gives {str(faces)[:20]!r} as a number of faces in {where}")
        if not row["acquired"]:
            reason = row.get("reason")
            if not isinstance(reason, str) or not reason:
                self._refuse(f"gives no reason for the failure to acquire in {where}")
            return Embedding(None, self._printable(reason)[:200], faces)
        template = row.get("template")
        size = self.stated.template_size
        if not isinstance(template, list) or len(template) != size:
            got = f"{len(template)} values" if isinstance(template, list) else "no list"
            self._refuse(f"gives a template of {got} in {where}; it stated {size}")
        if not all(map(_is_number, template)):
            self._refuse(f"gives a template with a value that is not a finite number in {where}")
        with np.errstate(over="ignore"):
            vector = np.asarray(template, np.float32)
        if not np.isfinite(vector).all() or not vector.any():
            self._refuse(f"gives a template that is zero or too large in {where}")
        return Embedding(vector, None, faces)

    def _ask_for_card(self) -> MatcherCard:
        try:
            return stated_card(self._post([b""], describe=True))
        except StatedError as error:
            self._refuse(str(error))

    def _post(self, pictures: Sequence[bytes], describe: bool) -> list[Any]:
        body = {
            "dataframe_split": {
                "columns": ["image"],
                "data": [[base64.b64encode(content).decode()] for content in pictures],
            },
            "params": {"describe": describe},
        }
        content = json.dumps(body).encode()
        for attempt in range(self._retries + 1):
            try:
                return self._rows(within(self._timeout, lambda: self._exchange(content)))
            except (_Transient, TooSlowError) as problem:
                if attempt == self._retries:
                    tried = "" if not self._retries else f" ({attempt + 1} attempts)"
                    self._refuse(f"{problem}{tried}")
                time.sleep(min(0.5 * 2**attempt, 5))
        raise AssertionError("unreachable")

    def _exchange(self, content: bytes) -> bytes:
        """Send a request and return the body of its answer."""
        import requests

        headers = {"Content-Type": "application/json"}
        try:
            # Faces are sent to the address that was given, and to no other.
            with session(self._url, direct=True).post(
                self._url,
                data=content,
                headers=headers,
                stream=True,
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                kind = response.headers.get("Content-Encoding", "identity")
                if kind != "identity":
                    # A few bytes of it could unfold to more than the memory holds.
                    self._refuse(f"compresses its answer ({kind[:20]}), which was not requested")
                answer = self._read(response)
                if response.status_code != 200:
                    self._explain(response, answer)
                return answer
        except requests.Timeout as error:
            raise _Transient(f"did not answer within {self._timeout:g} seconds") from error
        except requests.exceptions.ChunkedEncodingError as error:
            raise _Transient("ended the connection in the middle of its answer") from error
        except requests.RequestException as error:
            raise _Transient(f"cannot be reached ({type(error).__name__})") from error

    def _read(self, response: requests.Response) -> bytes:
        declared = length_of(response)
        if declared is not None and declared > self._limit:
            self._refuse(f"announces an answer of {declared:,} bytes; {self._limit:,} are read")
        try:
            answer = body_of(response, self._limit)
        except ValueError as error:
            self._refuse(str(error))
        if declared is not None and len(answer) != declared:
            raise _Transient(f"announced {declared:,} bytes and sent {len(answer):,}")
        return answer

    def _explain(self, response: requests.Response, answer: bytes) -> None:
        status = response.status_code
        if status in TRANSIENT:
            raise _Transient(f"answered {status} {response.reason}")
        try:
            words = str(json_value(answer)["message"])
        except (ValueError, KeyError, TypeError):
            words = "" if _is_html(answer) else answer[:200].decode(errors="replace")
        self._refuse(f"answered {status} {response.reason}. {words[:300]}".rstrip(". "))

    def _rows(self, answer: bytes) -> list[Any]:
        try:
            content = json_value(answer)
        except ValueError:
            kind = "HTML" if _is_html(answer) else "something else"
            self._refuse(f"answered {kind} where JSON was expected")
        rows = content.get("predictions") if isinstance(content, dict) else None
        if not isinstance(rows, list):
            self._refuse("answered JSON without a list of 'predictions'")
        return rows

    def _refuse(self, what: str) -> NoReturn:
        raise MatcherError(f"The engine at {self._shown} {self._printable(what)}.")

    def _printable(self, text: str) -> str:
        """Return a text of the engine in a form that is safe to show."""
        return "".join(
            letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}"
            for letter in without_query(text, self._url)
        )


def _is_number(value: object) -> bool:
    """Whether a JSON value is a finite number; JSON integers may have thousands of digits."""
    return (type(value) is float and math.isfinite(value)) or (
        type(value) is int and abs(value) < LARGEST
    )


def _is_html(answer: bytes) -> bool:
    return answer.lstrip()[:1] == b"<"
