"""Processes that begin with their imports done: for tests that run many, one after another."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

_SERVER = """
import gc, json, os, sys, traceback
gc.disable()
exec(sys.argv[1])
# No copy looks through what all share, or copies it by doing so.
gc.freeze()
gc.enable()
print("ready", flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(2, 1)
            sys.argv = ["-c", *asked["arguments"]]
            exec(compile(asked["code"], "<forked>", "exec"), {"__name__": "__main__"})
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


_COMMAND = """
import json, os, sys
folder, said, environment, *words = sys.argv[1:]
os.chdir(folder)
os.environ.update(json.loads(environment))
sys.path[:0] = [place for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if place]
for stream, name in ((1, "stdout"), (2, "stderr")):
    os.dup2(os.open(f"{said}/{name}", os.O_WRONLY | os.O_CREAT), stream)
sys.stdout, sys.stderr = open(1, "w"), open(2, "w")
sys.argv = ["lfr-eval", *words]
from lfr_eval.cli.main import main
try:
    status = main()
except SystemExit as end:
    status = end.code
sys.stdout.flush()
sys.stderr.flush()
os._exit(status or 0)
"""


@dataclass
class Process:
    """A process that was begun."""

    pid: int
    server: subprocess.Popen[str]

    def wait(self) -> int:
        """Return its exit code; negative: the signal that ended it."""
        assert self.server.stdout
        return int(self.server.stdout.readline())


class Forked:
    """A new interpreter that prepares itself once; each process is a copy of it (fork).

    What a process does and what a signal does to it is as in one of its own; only the imports, most
    of a short process's time, are not repeated. What it prints is its standard error.

    Parameters
    ----------
    preparation
        Code that imports what the processes need.
    """

    def __init__(self, preparation: str) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-c", _SERVER, preparation],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._server.stdout
        assert self._server.stdout.readline() == "ready\n"

    def begin(self, code: str, *arguments: str) -> Process:
        """Run code with `sys.argv[1:]`; wait for it before the next one."""
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.write(json.dumps({"code": code, "arguments": arguments}) + "\n")
        self._server.stdin.flush()
        return Process(int(self._server.stdout.readline()), self._server)

    def command(
        self, folder: Path, *words: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Type `lfr-eval` and these words in a folder."""
        with tempfile.TemporaryDirectory() as said:
            given = (str(folder), said, json.dumps(environment), *words)
            code = self.begin(_COMMAND, *given).wait()
            told = ((Path(said) / name).read_text("utf-8") for name in ("stdout", "stderr"))
            return subprocess.CompletedProcess(words, code, *told)

    def close(self) -> None:
        """End the interpreter."""
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.close()
        self._server.stdout.close()
        self._server.wait()
