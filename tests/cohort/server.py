"""A file server on the loopback that misbehaves on request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class FileServer:
    """What is served, how, and what was asked for.

    Attributes
    ----------
    files
        Path and content.
    address
        Where it listens.
    break_after
        Bytes after which each of the first answers breaks off; the following ones are whole.
    ranges
        Whether it continues files.
    status
        Answers before anything else, one a request.
    hang
        Seconds to wait before each answer.
    announced
        Whether it says how long an answer is; a number: what it says instead.
    moved
        Where every request is sent on to.
    drip
        Seconds between the bytes of an answer.
    requests
        Path and `Range` header of each request.
    credentials
        `Authorization` header of each request.
    """

    files: dict[str, bytes]
    address: str = ""
    break_after: list[int] = field(default_factory=list)
    ranges: bool = True
    status: list[int] = field(default_factory=list)
    hang: float = 0
    announced: bool | int = True
    moved: str = ""
    drip: float = 0
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    credentials: list[str | None] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"{self.address}/{path}"


@contextmanager
def serve(files: dict[str, bytes]) -> Iterator[FileServer]:
    server = FileServer(files)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        log_message: Callable[..., None] = lambda *_: None

        def do_GET(self) -> None:
            path, wanted = urlsplit(self.path).path.lstrip("/"), self.headers.get("Range")
            server.requests.append((path, wanted))
            server.credentials.append(self.headers.get("Authorization"))
            time.sleep(server.hang)
            content = server.files.get(path)
            self.close_connection = True
            if server.moved:
                self.send_response(302)
                self.send_header("Location", server.moved)
                self.end_headers()
                with suppress(ConnectionError):
                    while server.drip:
                        self.wfile.write(b"x" * 1_000)
                        time.sleep(server.drip)
                return
            if server.status or content is None:
                self.send_response(server.status.pop(0) if server.status else 404)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            offset = 0
            if wanted and server.ranges:
                offset = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if offset and offset >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if offset else 200)
            if offset:
                last = len(content) - 1
                self.send_header("Content-Range", f"bytes {offset}-{last}/{len(content)}")
            if server.announced:
                stated = len(content) - offset if server.announced is True else server.announced
                self.send_header("Content-Length", str(stated))
            self.end_headers()
            rest = content[offset:]
            # A client that gave up waiting is what some tests are about.
            with suppress(ConnectionError):
                for byte in rest if server.drip else ():
                    self.wfile.write(bytes([byte]))
                    time.sleep(server.drip)
                self.wfile.write(rest[: server.break_after.pop(0)] if server.break_after else rest)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        server.address = f"http://127.0.0.1:{listening.server_port}"
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()
