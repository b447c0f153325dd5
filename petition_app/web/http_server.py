"""The HTTP server: Granian, which hands each request to the gateway in one of its threads.

Granian's own ways are to receive a body in the thread that answers, for as long as the sender likes, or to do all in
an event loop, which would cost every reader a fifth. This is a third one: bodies are received by the part of the
server that knows how to wait, and threads only answer. `Granian.serve` takes what a worker does as its argument.

Run as `python -m petition_app.web.http_server HOST PORT`; `flask serve` does.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import Any

from granian import Granian, _granian, _signals
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.common import WORKERS_METHODS
from granian.server.mp import WorkerProcess

from petition_app import config, logs
from petition_app.web.gateway import Gateway

# What Granian's own worker is made of; its types do not tell all of it.
parts: Any = _granian
signals: Any = _signals
processes: Any = WorkerProcess
# Of all web processes together: while some wait for the disk, others take what comes next, and are written together.
THREADS, FEWEST_THREADS = 32, 8
CONNECTIONS = 2048  # At once; and as many that wait to be one.
HEADERS_WITHIN = 10_000  # Milliseconds in which a request must have begun.
HEADERS = 64 * 1024  # Bytes at most.
ENDS = frozenset((signal.SIGTERM, signal.SIGINT))
IDLE = 30  # Seconds after which a thread that has nothing to do ends.


class _Scheduler(parts.CallbackScheduler):  # type: ignore[misc] # It is made in Rust.
    """Takes each request to the gateway, in the thread that brings it."""

    def __init__(self, _loop: object, gateway: Gateway, *_: object) -> None:
        super().__init__()
        self._schedule_fn = gateway.take


class _Here:
    """Stands where Granian asks for an event loop: what is to be called is called in the thread that says so."""

    def call_soon(self, call: Callable[..., object], *given: object, context: object = None) -> None:
        """Call something now."""
        call(*given)

    call_soon_threadsafe = call_soon


def _work(
    worker_id: int, gateway: Gateway, sock: Any, ipc: Any, _loop: Any, runtime_mode: Any, runtime_threads: int,
    runtime_blocking_threads: int, blocking_threads: int, idle: int, backpressure: int, _task: Any, http_mode: Any,
    http1: HTTP1Settings, http2: Any, _ws: bool, _static: Any, _log: Any, ssl: Any, _scope: Any, metrics: Any,
) -> None:  # fmt: skip
    """Serve in one process until told to stop."""
    stopped, end, here = signals.set_sync_signals(), Event(), _Here()
    stopped.add_cb(end.set)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDS)
    gateway.start()
    worker = parts.RSGIWorker(
        worker_id, sock, ipc, runtime_threads, runtime_blocking_threads, blocking_threads, idle, backpressure,
        http_mode, http1, http2, False, None, *ssl, metrics,
    )  # fmt: skip
    serve = getattr(worker, WORKERS_METHODS[runtime_mode][(sock[0] or sock[1]).is_uds()])
    serve(_Scheduler(here, gateway, None, _nothing, _nothing), here, stopped)
    end.wait()


def _nothing(_task: object) -> None:
    """Nothing here is a task of Granian's."""


work = processes.wrap_target(_work)


def threads_of_one(processes: int) -> int:
    """Return how many threads of each kind one of so many web processes has."""
    return max(FEWEST_THREADS, THREADS // processes)


def main() -> None:
    """Serve `wsgi:gateway`."""
    host, port = sys.argv[1:]
    logs.configure()
    _allow_many_connections()
    _keep_signals_for_workers()
    processes = config.Settings.from_environment().web_processes
    server: Any = Granian(
        "wsgi:gateway", address=host, port=int(port), interface=Interfaces.WSGI, workers=processes,
        blocking_threads=threads_of_one(processes), blocking_threads_idle_timeout=IDLE, http=HTTPModes.http1,
        websockets=False, backlog=CONNECTIONS, backpressure=CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_WITHIN, max_buffer_size=HEADERS),
        log_level=LogLevels.error,
        log_dictconfig=logs.GRANIAN,
    )  # fmt: skip
    server.serve(spawn_target=work)


def _keep_signals_for_workers() -> None:
    """Let a process that is told to end while it starts hear it once it listens: until then it is not delivered."""
    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, ENDS),
        after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDS),
    )


def _allow_many_connections() -> None:
    """Raise the number of files that this process may have open, as far as it may."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most if 0 < most < 65536 else 65536, most))


if __name__ == "__main__":
    main()
