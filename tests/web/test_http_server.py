"""The HTTP server hears that it is to end, whatever it is doing at that moment."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import only_sqlite, settings_for


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


@only_sqlite
@pytest.mark.parametrize("later", [0.0, 0.02, 0.2])
def test_a_server_that_is_told_to_end_while_its_worker_starts_ends(database: str, tmp_path: Path, later: float) -> None:
    settings = settings_for(tmp_path / "instance", database)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {
        **os.environ, "COUNTERSIGN_ENV": "development", "COUNTERSIGN_INSTANCE": str(settings.instance),
        "DATABASE_URL": settings.database_url, "SECRET_KEY": settings.secret_key, "KEY_RING": settings.key_ring,
    }  # fmt: skip
    command = [sys.executable, "-m", "petition_app.web.http_server", "127.0.0.1", str(port)]
    server = subprocess.Popen(command, env=environ, start_new_session=True)
    try:
        while not _children(server.pid):
            assert server.poll() is None
            time.sleep(0.001)
        time.sleep(later)
        server.send_signal(signal.SIGTERM)
        assert server.wait(20) == 0
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
