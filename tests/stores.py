"""A Redis of the tests: Debian's server on a socket of its own, which keeps nothing on the disk."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError


class Store:
    """The server, which can be ended, held still and started again; its folder has a short name, as sockets need."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"redis+unix://{folder / 'socket'}"
        self.start()

    def start(self, *words: str) -> None:
        """Start it and wait until it answers; `words` are more of its settings."""
        kept = ("--dir", str(self.folder), "--save", "", "--appendonly", "no", *words)
        command = ["/usr/bin/redis-server", "--port", "0", "--unixsocket", str(self.folder / "socket"), *kept]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        for _ in range(600):
            with suppress(RedisError), self.client() as client:
                client.ping()
                return
            time.sleep(0.05)
        raise AssertionError("redis-server did not start")

    def client(self) -> Redis:
        """Return a connection that looks at what it holds."""
        return Redis(unix_socket_path=str(self.folder / "socket"), decode_responses=False)

    def all_it_holds(self) -> bytes:
        """Return every name and value."""
        with self.client() as client:
            return b"\n".join(name + b"=" + bytes(client.get(name) or b"") for name in client.keys("*"))  # type: ignore[union-attr] # Not a promise.

    def hold_still(self) -> None:
        """Let it answer nobody, without hanging up."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        os.kill(self.process.pid, signal.SIGCONT)

    def end(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()


@contextmanager
def storing() -> Iterator[Store]:
    """Run a store."""
    folder = Path(tempfile.mkdtemp(prefix="cr"))
    store = Store(folder)
    try:
        yield store
    finally:
        store.end()
        shutil.rmtree(folder, ignore_errors=True)
