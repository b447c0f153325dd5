"""Where tests write: in memory, if there is room for it, and what a passed test has left goes with it.

What is proved of disks is proved by what is written and asked of them, not by the kind of the disk; tests that need a
small or a full one make it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 -- The folders in it are made by pytest and tempfile, for their user alone.
ROOM = 6 * 2**30  # Bytes.


def has_room(folder: Path = MEMORY, *, least: int = ROOM) -> bool:
    """Return whether so many bytes fit into a folder that lies in memory, and into the memory that is free."""
    try:
        free = {line.split(":")[0]: line.split()[1] for line in Path("/proc/meminfo").read_text().splitlines()}
        return min(shutil.disk_usage(folder).free, 1024 * int(free["MemAvailable"])) >= least
    except (OSError, KeyError):
        return False


if "TMPDIR" not in os.environ and has_room():
    os.environ["TMPDIR"] = os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)
    tempfile.tempdir = None  # Whoever asked before has the answer of before.
