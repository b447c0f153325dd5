"""Starts programs of the product by dividing a process that has imported them: importing costs seconds each time."""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

HOME = Path(__file__).parent.parent


class _Divider:
    """The process that divides, as this one sees it."""

    def __init__(self) -> None:
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with there:
            given = ("PATH", "HOME", "LANG", "PYTHONPATH")
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.child.forks", str(there.fileno())],
                cwd=HOME, env={name: os.environ[name] for name in given if name in os.environ},
                stdin=subprocess.DEVNULL, pass_fds=[there.fileno()],
            )  # fmt: skip
        self.control, self.lock = here, Lock()
        atexit.register(self.end)

    def ask(self, words: Any, files: Sequence[int] = ()) -> Any:
        """Ask for something, handing over open files, and return the answer."""
        with self.lock:
            socket.send_fds(self.control, [json.dumps(words).encode()], files)
            return json.loads(self.control.recv(1 << 10))

    def end(self) -> None:
        """Leave it alone: it ends."""
        self.control.close()
        self.process.wait()


@cache
def _divider() -> _Divider:
    return _Divider()


def _own_umask() -> int:
    told = Path("/proc/self/status").read_text()
    return int(told.partition("Umask:")[2].split()[0], 8)


class Forked:
    """A program of the product in a process of its own; it knows no more of this process than one that was executed."""

    def __init__(
        self, command: Sequence[str], *, environ: Mapping[str, str], files: Sequence[int], alone: bool = False,
        umask: int | None = None,
    ) -> None:  # fmt: skip
        """Start a module with its words; `files` are what it reads, what it writes, and where it complains.

        Its umask is that of this process, unless given.
        """
        asked = {
            "command": [*command], "environ": dict(environ), "folder": str(HOME), "alone": alone,
            "umask": _own_umask() if umask is None else umask,
        }  # fmt: skip
        self.pid: int = _divider().ask(asked, files)
        self.code: int | None = None

    def poll(self) -> int | None:
        """Return its exit code, or nothing while it runs."""
        if self.code is None:
            self.code = _divider().ask({"ended": self.pid})
        return self.code

    def wait(self, timeout: float = 60) -> int:
        """Wait for its end, and return its exit code."""
        end = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired("forked", timeout)
            time.sleep(0.01)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, while it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it without warning."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


def run(*words: str, environ: Mapping[str, str], log: Path, errors: Path | None = None) -> Forked:
    """Run a flask command that reads nothing, in a session of its own, and add what it says to a file, or to two."""
    with open(os.devnull, "rb") as nothing, log.open("ab") as out, (errors or log).open("ab") as wrong:
        files = (nothing.fileno(), out.fileno(), wrong.fileno())
        return Forked(["flask", "--app", "wsgi", *words], environ=environ, files=files, alone=True)
