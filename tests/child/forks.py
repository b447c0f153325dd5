"""A process that has imported what the product imports, and becomes a new one for each program that is asked for.

It is asked over a socket (`tests/forking.py`): what a program is given, environment, folder and open files, comes from
whoever asks, as if it had been started anew. Nothing of the product runs here before it divides.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import socket
import sys
from collections.abc import Sequence
from typing import Any

LOADED = (
    "petition_app.app",
    "petition_app.web.gateway",
    "petition_app.web.http_server",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "psycopg",
    "flask.cli",
    "encodings.idna",
)
# What is looked at when Python starts: where one of these is set, it starts.
REALLY = {"FULL_COSTS", "COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START"}
LONGEST = 1 << 18


def main() -> None:
    """Divide for everybody who asks, until nobody is left who could."""
    control = socket.socket(fileno=int(sys.argv[1]))
    for name in LOADED:
        importlib.import_module(name)
    gc.freeze()
    while True:
        said, files, *_ = socket.recv_fds(control, LONGEST, 3)
        if not said:
            return
        asked = json.loads(said)
        if "ended" in asked:
            pid, status = os.waitpid(asked["ended"], os.WNOHANG)
            control.send(json.dumps(os.waitstatus_to_exitcode(status) if pid else None).encode())
            continue
        if not (pid := os.fork()):
            _become(asked, files)
            return
        for file in files:
            os.close(file)
        control.send(json.dumps(pid).encode())


def _become(asked: dict[str, Any], files: Sequence[int]) -> None:
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.closerange(3, 1024)
    if asked["alone"]:
        os.setsid()
    os.chdir(asked["folder"])
    os.umask(asked["umask"])
    if REALLY & asked["environ"].keys():
        os.execve(sys.executable, [sys.executable, "-m", *asked["command"]], asked["environ"])  # noqa: S606 -- a program of ours.
    os.environ.clear()
    os.environ.update(asked["environ"])
    module, *words = asked["command"]
    sys.argv = [module, *words]
    gc.unfreeze()
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
