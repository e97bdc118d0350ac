"""An engine behind HTTP on this machine, honest or not."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lfr_eval.matchers import ImageMatcher

Answer = Callable[[BaseHTTPRequestHandler, dict[str, object], dict[str, object]], None]
"""Answers a request, given what was asked and what an honest engine would say."""


def honestly(
    handler: BaseHTTPRequestHandler,
    asked: dict[str, object],  # noqa: ARG001
    answer: dict[str, object],
) -> None:
    """Answer as `mlflow models serve` does."""
    send(handler, json.dumps(answer).encode())


def send(
    handler: BaseHTTPRequestHandler,
    body: bytes,
    status: int = 200,
    kind: str = "application/json",
    length: int | None = None,
) -> None:
    """Send an answer that says it is `length` bytes long."""
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def served(matcher: ImageMatcher, answer: Answer = honestly) -> Iterator[str]:
    """Serve a matcher; yield the address."""
    from lfr_eval.engine.serving import rows_of

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if asked["params"]["describe"]:
                rows: list[dict[str, object]] = [{"card": json.dumps(asdict(matcher.card))}]
            else:
                data = asked["dataframe_split"]["data"]
                rows = rows_of(matcher, [base64.b64decode(row[0]) for row in data])
            with suppress(BrokenPipeError, ConnectionResetError):
                answer(self, asked, {"predictions": rows})

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/invocations"
    finally:
        server.shutdown()
        server.server_close()
