"""Try damaged registrations, models and engines' answers, and count what they lead to.

    python benchmarks/fuzz_live.py
    python benchmarks/fuzz_live.py --registrations 300 --models 50 --answers 50 --seed 7

Every case must end in an error that names a remedy, or in what the undamaged input gives. Anything
else is counted and shown: a traceback, a hang (more than 30 seconds), a wrong result, or code of
the input that was executed. The exit status is 1 if there is any.
"""

from __future__ import annotations

import argparse
import base64
import copy
import json
import os
import random
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from lfr_eval.contract.errors import MendableError
from lfr_eval.matchers.http import HttpMatcher
from lfr_eval.matchers.null import NullMatcher
from lfr_eval.matchers.packing import unpack_unchanged
from lfr_eval.registry.registered import MATCHER_FOLDER, inspect
from lfr_eval.study.registration.record import (
    RegisteredCode,
    RegisteredMatcher,
    Registration,
    read_registration,
    write_registration,
)

LONGEST = 30
REFUSED, UNHARMED = "refused", "as undamaged"
FAULTS = ("traceback", "hang", "wrong", "executed")
RUNS_CODE = ("os.system", "subprocess.Popen", "pickle.find_class", "os.exec", "os.spawn")
STRANGE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1e308, 10**400, float("nan"), float("inf"), "", " ", "\u2028"),
    *("../../etc/passwd", "=1+1", "!!python/object/apply:os.system ['true']", "${oc.env:HOME}"),
    *([], {}, [[]], {"a": {}}, "x" * 100_000, "\x00", "\U0001f600", ["_target_", "os.system"]),
)

executed: list[str] = []


class Hang(BaseException):
    """A case took too long."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--registrations", type=int, default=300)
    parser.add_argument("--models", type=int, default=50)
    parser.add_argument("--answers", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    sys.addaudithook(lambda event, _: executed.append(event) if event in RUNS_CODE else None)
    bad = 0
    for kind, tries, cases in (
        ("registrations", asked.registrations, registrations),
        ("model folders", asked.models, models),
        ("HTTP behaviours", asked.answers, answers),
    ):
        with tempfile.TemporaryDirectory() as folder:
            counts = Counter(tried(case) for case in cases(Path(folder), tries, asked.seed))
        faults = {name: counts[name] for name in FAULTS}
        bad += sum(faults.values())
        print(
            f"{kind:16} {tries:4} tried: {counts[REFUSED]} refused, {counts[UNHARMED]} {UNHARMED}",
            end="",
        )
        print("".join(f", {count} {name}" for name, count in faults.items()))
    return 1 if bad else 0


def tried(case: Callable[[], bool]) -> str:
    """Run a case; return what came of it."""

    def alarm(*_: object) -> None:
        raise Hang

    executed.clear()
    before = signal.signal(signal.SIGALRM, alarm)
    signal.alarm(LONGEST)
    try:
        came = UNHARMED if case() else "wrong"
    except MendableError:
        came = REFUSED
    except Hang:
        came = "hang"
    except Exception as error:
        came = "traceback"
        print(f"{type(error).__name__}: {str(error)[:200]}", file=sys.stderr)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    return "executed" if executed else came


def registrations(folder: Path, tries: int, seed: int) -> Iterator[Callable[[], bool]]:
    """Registrations whose bytes or values were changed, half of them sealed again."""
    rng, file = random.Random(seed), folder / "plan.registration.json"
    good = registration()
    write_registration(file, good)
    content, values = file.read_bytes(), json.loads(file.read_bytes())

    def case() -> bool:
        if rng.random() < 0.4:
            file.write_bytes(damaged(content, rng))
        else:
            changed = mutated(copy.deepcopy(values), rng)
            if rng.random() < 0.5 and isinstance(changed, dict):
                changed.pop("seal", None)
                with suppress(Exception):
                    changed["seal"] = Registration.model_validate_json(json.dumps(changed)).seal
            file.write_text(json.dumps(changed), encoding="utf-8")
        read = read_registration(file)
        # Sealed again, it is another registration with another seal: no forgery of this one.
        return read == good or read.seal != good.seal

    for _ in range(tries):
        yield case


def registration() -> Registration:
    """Return a registration without images, as one of simulated people is."""
    return Registration(
        registered_at="2026-03-01T09:00:00+00:00",
        plan_file="plan.yaml",
        plan_sha256="5f2b" * 16,
        plan={"title": "A plan", "exclusions": [], "overrides": ["dataset.people=60"]},
        settings={"dataset.people": 60, "thresholds.primary": [0.5]},
        matcher=RegisteredMatcher(name="simulated", fingerprint=None),
        data=None,
        code=RegisteredCode(lfr_eval="0.1.0", code_digest="ab" * 32, git_revision=None),
        after_results=(),
    )


def models(folder: Path, tries: int, seed: int) -> Iterator[Callable[[], bool]]:
    """Model folders whose files were changed, exchanged, linked, added or taken away."""
    from lfr_eval.registry.registering import save_model

    rng, whole, model = random.Random(seed), folder / "whole" / "model", folder / "model"
    whole.parent.mkdir()
    matcher = NullMatcher()
    save_model(matcher, whole)
    names = sorted(path.relative_to(whole) for path in whole.rglob("*") if path.is_file())

    def case() -> bool:
        shutil.rmtree(model, ignore_errors=True)
        shutil.copytree(whole, model)
        victim = model / rng.choice(names)
        match rng.randrange(7):
            case 0:
                victim.write_bytes(damaged(victim.read_bytes(), rng))
            case 1:
                victim.unlink()
            case 2:
                victim.unlink()
                victim.symlink_to("/etc/passwd")
            case 3:
                (
                    victim.parent / rng.choice(["x.py", "x.pkl", "x.pt", ".hidden", "data.bin"])
                ).write_bytes(b"cos\nsystem\n(S'true'\ntR.")
            case 4:
                victim.unlink()
                os.mkfifo(victim)
            case 5:
                victim.write_text(str(rng.choice(STRANGE)), encoding="utf-8", errors="replace")
            case _:
                victim.write_bytes(b"[" * rng.choice([10, 10_000]))
        inspect(model, "models:/fuzz/1")
        unpacked = unpack_unchanged(model / "artifacts" / MATCHER_FOLDER)
        return bool(unpacked.card.fingerprint == matcher.card.fingerprint)

    for _ in range(tries):
        yield case


def answers(folder: Path, tries: int, seed: int) -> Iterator[Callable[[], bool]]:
    """Engines that answer too late, too much, something else, or damaged rows."""
    from lfr_eval.engine.serving import rows_of

    rng, matcher = random.Random(seed), NullMatcher(size=8)
    pictures = []
    for level in range(3):
        pictures.append(folder / f"{level}.png")
        Image.new("L", (8, 8), 40 * level).save(pictures[-1])
    honestly = [one.template for one in matcher.embed(pictures)]

    def case() -> bool:
        lies, after = rng.randrange(9), rng.randrange(2)
        numbers = random.Random(rng.random())
        expected: list[Any] = [*honestly]

        def said(body: bytes) -> bytes:
            # A digit that was exchanged is an answer like another: it is what must be used.
            with suppress(ValueError, TypeError, KeyError):
                templates = [row["template"] for row in json.loads(body)["predictions"]]
                expected[:] = [None if one is None else np.float32(one) for one in templates]
            return body

        def answer(handler: BaseHTTPRequestHandler, turn: int, honest: dict[str, Any]) -> None:
            body = json.dumps(honest).encode()
            if turn < after:
                reply(handler, body)
            elif lies == 0:
                reply(handler, said(damaged(body, numbers)))
            elif lies == 1:
                reply(handler, said(json.dumps(mutated(honest, numbers)).encode()))
            elif lies == 2:
                reply(
                    handler, body, status=numbers.choice([204, 301, 307, 400, 401, 404, 500, 503])
                )
            elif lies == 3:
                reply(handler, body, length=numbers.choice([0, 1, len(body) + 9, 10**12, -1]))
            elif lies == 4:
                handler.connection.shutdown(socket.SHUT_RDWR)
            elif lies == 5:
                threading.Event().wait(2.5)
            elif lies == 6:
                reply(handler, b"x" * 3_000_000)
            elif lies == 7:
                reply(handler, body, packed="gzip")
            else:
                handler.wfile.write(numbers.randbytes(numbers.randrange(1, 400)))

        with engine(matcher, rows_of, answer) as url:
            found = HttpMatcher(url, timeout=1, retries=0, answer_megabytes=1)
            got = [one.template for one in found.embed(pictures)]
        return len(got) == len(expected) and all(
            (a is None and b is None) or np.array_equal(a, b)
            for a, b in zip(got, expected, strict=True)
        )

    for _ in range(tries):
        yield case


def reply(
    handler: BaseHTTPRequestHandler,
    body: bytes,
    status: int = 200,
    length: int | None = None,
    packed: str | None = None,
) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    if status in (301, 307):
        handler.send_header("Location", "http://127.0.0.1:9/")
    if packed:
        handler.send_header("Content-Encoding", packed)
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def engine(
    matcher: NullMatcher,
    rows_of: Callable[..., list[dict[str, Any]]],
    answer: Callable[[BaseHTTPRequestHandler, int, dict[str, Any]], None],
) -> Iterator[str]:
    turns = iter(range(10**6))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if asked["params"]["describe"]:
                rows: list[dict[str, Any]] = [{"card": json.dumps(asdict(matcher.card))}]
            else:
                data = asked["dataframe_split"]["data"]
                rows = rows_of(matcher, [base64.b64decode(row[0]) for row in data])
            with suppress(OSError):
                answer(self, next(turns), {"predictions": rows})

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/invocations"
    finally:
        server.shutdown()
        server.server_close()


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Return bytes of which a few were changed, cut out, doubled or added."""
    changed = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 8])):
        place = rng.randrange(len(changed) + 1)
        match rng.randrange(4):
            case 0 if place < len(changed):
                changed[place] ^= 1 << rng.randrange(8)
            case 1:
                del changed[place : place + rng.randrange(1, 50)]
            case 2:
                changed[place:place] = changed[max(0, place - 20) : place]
            case _:
                changed[place:place] = rng.randbytes(rng.randrange(1, 9))
    return bytes(changed)


def mutated(value: Any, rng: random.Random) -> Any:
    """Return nested values of which one was exchanged, renamed, added or taken away."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(sorted(value))
        match rng.randrange(6):
            case 0:
                del value[key]
            case 1:
                value[f"{key}_"] = value.pop(key)
            case 2:
                value[str(rng.choice(STRANGE))[:50]] = rng.choice(STRANGE)
            case _:
                value[key] = mutated(value[key], rng)
        return value
    if isinstance(value, list) and value and rng.random() < 0.9:
        place = rng.randrange(len(value))
        value[place] = mutated(value[place], rng)
        return value
    return rng.choice(STRANGE)


if __name__ == "__main__":
    sys.exit(main())
