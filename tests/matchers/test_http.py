"""A live engine behind HTTP: the same templates as in process, and every lie is found out."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import math
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lfr_eval.matchers import ImageMatcher, MatcherError, make_matcher
from lfr_eval.matchers.endpoint import endpoint_of
from lfr_eval.matchers.http import HttpMatcher
from tests.engine.serving import honestly, send, served

Asked = dict[str, Any]
Lie = Callable[[BaseHTTPRequestHandler, Asked], None]

# MLflow and what it stands on warn about themselves.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    paths = []
    for level in range(5):
        paths.append(tmp_path / f"{level}.png")
        Image.new("L", (8, 8), level).save(paths[-1])
    paths[3].write_bytes(b"no picture")
    return paths


@pytest.fixture
def null() -> ImageMatcher:
    return make_matcher("null", size=8, batch_size=2)  # type: ignore[return-value]


def test_templates_are_those_of_the_process(null: ImageMatcher, pictures: list[Path]) -> None:
    with served(null) as url:
        engine = HttpMatcher(url)
        there = list(engine.embed(pictures))
        twice = list(engine.embed([path.read_bytes() for path in pictures]))
    for here, *others in zip(null.embed(pictures), there, twice, strict=True):
        for other in others:
            assert (here.reason, here.faces) == (other.reason, other.faces)
            if here.template is not None:
                np.testing.assert_array_equal(here.template, other.template)


def test_the_card_is_what_the_engine_states_and_no_more(null: ImageMatcher) -> None:
    with served(null) as url:
        card = HttpMatcher(url.replace("//", "//user:secret@secret@")).card
        other = HttpMatcher(url)
    assert card.name == "http"
    assert card.template_size == 8
    assert card.batch_size == 2
    # Not the null matcher's own: its cached templates must not stand in for the engine's.
    assert card.fingerprint != null.card.fingerprint
    assert card.fingerprint == other.card.fingerprint
    assert "secret" not in json.dumps(card.recipe)


def test_the_engine_is_asked_directly_and_without_credentials_of_others(
    null: ImageMatcher, pictures: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path / "netrc"
    credentials.write_text("machine 127.0.0.1 login alice password another-service\n")
    credentials.chmod(0o600)
    monkeypatch.setenv("NETRC", str(credentials))
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody there
    shown: list[str | None] = []

    def seen(handler: BaseHTTPRequestHandler, _: Asked, answer: Asked) -> None:
        shown.append(handler.headers.get("Authorization"))
        send(handler, json.dumps(answer).encode())

    with served(null, seen) as url:
        list(HttpMatcher(url, retries=0).embed(pictures))
        list(HttpMatcher(url.replace("//", "//me:mine@"), retries=0).embed(pictures))
    named = f"Basic {b64encode(b'me:mine').decode()}"
    assert set(shown) == {None, named}, "only what the address itself names"


def test_a_busy_engine_is_asked_again(null: ImageMatcher, pictures: list[Path]) -> None:
    seen: list[int] = []

    def busy(handler: BaseHTTPRequestHandler, asked: Asked, answer: Asked) -> None:
        seen.append(1)
        if len(seen) == 2:
            send(handler, b"busy", 503)
        else:
            honestly(handler, asked, answer)

    with served(null, busy) as url:
        assert len(list(HttpMatcher(url).embed(pictures[:2]))) == 2
    assert len(seen) == 3


def hang(*_: object) -> None:
    time.sleep(3)


def drip(handler: BaseHTTPRequestHandler, _: Asked) -> None:
    """Send a byte now and then, so that no single wait is long."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    for _ in range(30):
        handler.wfile.write(b" ")
        time.sleep(0.1)


def say(length: Callable[[int], int]) -> Lie:
    def lie(handler: BaseHTTPRequestHandler, answer: Asked) -> None:
        body = json.dumps(answer).encode()
        send(handler, body, length=length(len(body)))

    return lie


def endless(handler: BaseHTTPRequestHandler, _: Asked) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(3_000):
        handler.wfile.write(b" " * 1_000)


def html(handler: BaseHTTPRequestHandler, _: Asked) -> None:
    send(handler, b"<html><body>Please log in</body></html>", kind="text/html")


def error(handler: BaseHTTPRequestHandler, _: Asked) -> None:
    send(handler, b'{"error_code": "BAD_REQUEST", "message": "no such column"}', 400)


def elsewhere(handler: BaseHTTPRequestHandler, _: Asked) -> None:
    handler.send_response(307)
    handler.send_header("Location", "http://127.0.0.1:9/steal")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def local(handler: BaseHTTPRequestHandler, _: Asked) -> None:
    handler.send_response(302)
    handler.send_header("Location", "file:///etc/passwd")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def moved(to: bytes) -> Lie:
    """Send on to an address, with a body without end, which requests would keep."""

    def lie(handler: BaseHTTPRequestHandler, _: Asked) -> None:
        handler.wfile.write(b"HTTP/1.1 302 Found\r\nLocation: " + to + b"\r\n\r\n")
        for _ in range(3_000):
            handler.wfile.write(b" " * 1_000)

    return lie


def announces(length: bytes) -> Lie:
    return lambda handler, _: (
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: " + length + b"\r\n\r\n[]"),
    )


def bomb(handler: BaseHTTPRequestHandler, _: Asked) -> None:
    """Thousands of times longer when it is unpacked."""
    body = gzip.compress(b" " * 50_000_000)
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def paint(handler: BaseHTTPRequestHandler, _: Asked) -> None:
    """Words that a terminal would take for commands."""
    send(handler, json.dumps({"message": "\x1b]0;owned\x07 no"}).encode(), 400)


def raw(body: bytes) -> Lie:
    return lambda handler, _: send(handler, body)


def rows(change: Callable[[list[Asked]], object]) -> Lie:
    def altered(handler: BaseHTTPRequestHandler, answer: Asked) -> None:
        change(answer["predictions"])
        send(handler, json.dumps(answer).encode())

    return altered


def put(**values: object) -> Lie:
    return rows(lambda found: found[1].update(values))


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        (hang, "did not answer within 1 seconds"),
        (drip, "did not answer within 1 seconds"),
        (say(lambda size: size + 10), "ended the connection in the middle of its answer"),
        (say(lambda size: size - 10), "answered something else where JSON was expected"),
        (say(lambda _: 10**12), "announces an answer of 1,000,000,000,000 bytes; 1,000,000 are"),
        (endless, "sends more than 1,000,000 bytes; the rest was not read"),
        (html, "answered HTML where JSON was expected"),
        (error, "answered 400 Bad Request. no such column"),
        (elsewhere, "answered 307 Temporary Redirect"),
        (local, "answered 302 Found"),
        (moved(b"http://[::1/"), "sends more than 1,000,000 bytes; the rest was not read"),
        (moved(b"/\xff"), "sends more than 1,000,000 bytes; the rest was not read"),
        (moved(b"/again"), "sends more than 1,000,000 bytes; the rest was not read"),
        (announces(b"9" * 5_000), "announces an answer of 99,999,999,999,999,999,999 bytes"),
        (bomb, "compresses its answer (gzip), which was not requested"),
        (paint, "\N{REPLACEMENT CHARACTER}]0;owned\N{REPLACEMENT CHARACTER} no"),
        (raw(b"[" * 200_000), "answered something else where JSON was expected"),
        (raw(b'{"predictions": ' + b"9" * 10_000 + b"}"), "answered something else where JSON"),
        (raw(b'{"predictions": NaN}'), "without a list of 'predictions'"),
        (put(template=[10**400] * 8), "answered something else where JSON"),
        (put(template=[True] * 8), "not a finite number in row 2"),
        (put(faces=10**18), "as a number of faces in row 2"),
        (rows(lambda found: found.pop()), "gave 1 rows for 2 pictures"),
        (rows(lambda found: found.append(found[0])), "gave 3 rows for 2 pictures"),
        (put(template=[math.nan] * 8), "not a finite number in row 2 of its answer"),
        (put(template=[1e300] * 8), "zero or too large in row 2"),
        (put(template=[0.0] * 8), "zero or too large in row 2"),
        (put(template=["1"] * 8), "not a finite number in row 2"),
        (put(template=[1.0] * 7), "a template of 7 values in row 2 of its answer; it stated 8"),
        (put(template=None), "a template of no list in row 2"),
        (put(acquired="yes"), "does not say 'acquired' in row 2"),
        (put(acquired=False, reason=None), "no reason for the failure to acquire in row 2"),
        (put(faces=-1), "gives '-1' as a number of faces in row 2"),
        (put(fingerprint="0" * 64), "another matcher runs now (fingerprint 000000000000…"),
    ],
)
def test_an_engine_that_lies_gets_a_sentence(
    lie: Lie,
    said: str,
    null: ImageMatcher,
    pictures: list[Path],
) -> None:
    def answer(handler: BaseHTTPRequestHandler, asked: Asked, honest: Asked) -> None:
        if asked["params"]["describe"]:
            honestly(handler, asked, honest)
        else:
            lie(handler, honest)

    with served(null, answer) as url:
        engine = HttpMatcher(url, timeout=20, retries=0, answer_megabytes=1)
        if said.endswith("1 seconds"):
            engine._timeout = 1
        with pytest.raises(MatcherError) as caught:
            list(engine.embed(pictures[:2]))
    assert said in str(caught.value)
    assert url in str(caught.value)


@pytest.mark.parametrize(
    "card",
    [
        "{}",
        "[]",
        "nonsense",
        json.dumps({"fingerprint": 3}),
        '{"recipe": ' * 50_000,
        '{"recipe": ' + '{"a": ' * 900 + "1" + "}" * 901,
    ],
)
def test_an_engine_that_does_not_say_what_it_is_is_refused(card: str, null: ImageMatcher) -> None:
    def answer(handler: BaseHTTPRequestHandler, asked: Asked, _: Asked) -> None:
        honestly(handler, asked, {"predictions": [{"card": card}]})

    with served(null, answer) as url, pytest.raises(MatcherError, match="which matcher it runs"):
        HttpMatcher(url)


@pytest.mark.parametrize(
    "lie",
    [
        {"score_range": [math.nan, 1.0]},
        {"score_range": [1.0, -1.0]},
        {"template_size": 1e9},
        {"template_size": 10**30},
        {"batch_size": 0},
        {"similarity": "given"},
        {"description": "\x1b[2J all is well"},
        {"fingerprint": "a" * 2_000},
        {"multi_face": ["largest"]},
        {"recipe": []},
    ],
)
def test_a_card_with_impossible_values_is_refused(lie: Asked, null: ImageMatcher) -> None:
    def answer(handler: BaseHTTPRequestHandler, asked: Asked, _: Asked) -> None:
        card = json.dumps({**asdict(null.card), **lie})
        honestly(handler, asked, {"predictions": [{"card": card}]})

    with (
        served(null, answer) as url,
        pytest.raises(MatcherError, match=r"states an invalid card|which matcher it runs"),
    ):
        HttpMatcher(url)


SECRET = "s3cr3t-t0ken"


def test_a_query_is_not_shown_and_keeps_endpoints_apart(
    null: ImageMatcher, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with served(null) as url:
        plain, *others = (
            HttpMatcher(f"{url}{query}").card
            for query in ("", "#mark", f"?model=a&token={SECRET}", f"?model=b&token={SECRET}")
        )
    assert plain.recipe == {"endpoint": url, "stated": null.card.fingerprint}
    marked, a, b = others
    assert marked.recipe == plain.recipe
    assert len({plain.fingerprint, a.fingerprint, b.fingerprint}) == 3
    digest = hashlib.sha256(f"model=a&token={SECRET}".encode()).hexdigest()[:12]
    assert a.recipe == {**plain.recipe, "query_digest": digest}
    assert endpoint_of(a.recipe) == f"{url}?query_digest={digest}"
    assert endpoint_of(plain.recipe) == url
    assert "POST /invocations" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("describe", [True, False])
def test_an_engine_that_repeats_the_query_is_not_quoted(
    describe: bool, null: ImageMatcher, pictures: list[Path]
) -> None:
    def answer(handler: BaseHTTPRequestHandler, asked: Asked, honest: Asked) -> None:
        if asked["params"]["describe"] == describe:
            message = f"no token {SECRET} for {handler.path}"
            send(handler, json.dumps({"message": message}).encode(), 403)
        else:
            honestly(handler, asked, honest)

    with served(null, answer) as url, pytest.raises(MatcherError, match="403 Forb") as caught:
        list(HttpMatcher(f"{url}?token={SECRET}").embed(pictures[:1]))
    assert SECRET not in str(caught.value)
    assert f"{url} answered" in str(caught.value)


@pytest.mark.parametrize("url", ["user:pass@host/i", "http://user:pa?ss@host/i", "ftp://u:pass@h/"])
def test_an_address_that_is_none_is_not_repeated(url: str) -> None:
    with pytest.raises(MatcherError, match="Give http://HOST:PORT/invocations") as caught:
        HttpMatcher(url)
    assert "pa" not in str(caught.value)


def test_nobody_there_and_no_address() -> None:
    with pytest.raises(MatcherError, match=r"cannot be reached \(ConnectionError\) \(2 attempts\)"):
        HttpMatcher("http://127.0.0.1:9/invocations", retries=1)
    with pytest.raises(MatcherError, match="Give http://HOST:PORT/invocations"):
        HttpMatcher("localhost:5000")
