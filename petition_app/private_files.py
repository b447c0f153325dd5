"""What this installation keeps in files is for the user it runs as, and for nobody else on the machine."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def keep_private() -> None:
    """Let every file that this process and its children make be readable by their user alone."""
    os.umask(OTHERS)


def is_open(path: Path) -> bool:
    """Return whether the group, or others, may do anything with a file or a folder."""
    return path.exists() and bool(path.stat().st_mode & OTHERS)


def close(instance: Path) -> bool:
    """Take the rights of others on a folder and all in it; return whether that could be done."""
    for path in (instance, *instance.rglob("*")):
        with suppress(OSError):
            if not path.is_symlink():
                path.chmod(stat.S_IMODE(path.stat().st_mode) & ~OTHERS)
    return not is_open(instance)


def is_path(ring: str) -> bool:
    """Return whether a key ring is given as the path of a file, absolute or not, and not as its text."""
    return ring.startswith("/") or ":" not in ring
