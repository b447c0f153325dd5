"""Keeps the processes of one installation running: one that ends unasked is started again, and TERM ends them all."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import FrameType

logger = logging.getLogger(__name__)

LOOK = 0.2
HOUR = 3600.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # Seconds until an ended process is started again.
STEADY = 60.0  # Seconds after which a process counts as sound again.
AGAIN, LONGEST_END = 5.0, 80.0  # Seconds: a process that was told to end is told again, and is ended at last.
START = 30.0  # Seconds: what ends within them with an error when it is first started cannot be started at all.


class Child:
    """One process that is kept running."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name, self._command = name, command
        self._failures, self._next = 0, 0.0
        self.starts = 0
        self.start()

    def start(self) -> None:
        """Start it, in a session of its own, so that Ctrl-C reaches it through us alone."""
        self._began, self.starts = time.monotonic(), self.starts + 1
        self._process = subprocess.Popen(self._command, start_new_session=True)  # noqa: S603 -- fixed words.

    def look(self) -> int | None:
        """Start it again if it has ended and its pause is over; return its exit code where it cannot be started."""
        code = self._process.poll()
        if code is None:
            return None
        now = time.monotonic()
        if not self._next:
            lived = now - self._began
            if code > 0 and self.starts == 1 and lived < START:
                return code
            self._failures = 0 if lived >= STEADY else self._failures + 1
            pause = min(FIRST_PAUSE * 2 ** min(self._failures, 10), LONGEST_PAUSE)
            logger.error("The %s has ended (%s); it is started again in %d seconds.", self.name, _told(code), pause)
            self._end_rest()
            self._next = now + pause
        if now >= self._next:
            self._next = 0.0
            self.start()
        return None

    def stop(self) -> None:
        """Ask it to end after what is under way."""
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGTERM)

    def wait(self) -> int:
        """Wait for its end; return 0 where it ended well or as it was told, else what it says or which signal it was.

        One that had ended unasked, and was not started again yet, says nothing any more. One that was told while it was
        starting may not have heard it.
        """
        code, began = None, time.monotonic()
        while code is None:
            try:
                code = self._process.wait(AGAIN)
            except subprocess.TimeoutExpired:
                self.stop() if time.monotonic() - began < LONGEST_END else self._end_rest()
        return 0 if code == -signal.SIGTERM or self._next else abs(code)

    def _end_rest(self) -> None:
        """End what it had started itself and left behind."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)


def supervise(commands: Mapping[str, Sequence[str]], *, hourly: Callable[[], object] | None = None) -> int:
    """Run processes by name until told to end, or until one cannot be started; return the exit code."""
    told: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        told.append(number)

    signal.signal(signal.SIGINT, note)
    signal.signal(signal.SIGTERM, note)
    children = [Child(name, command) for name, command in commands.items()]
    failed: list[int] = []
    next_hour = time.monotonic()
    while not told and not failed:
        if hourly and time.monotonic() >= next_hour:
            next_hour += HOUR
            hourly()
        failed = [code for child in children if (code := child.look()) is not None]
        time.sleep(LOOK)
    for child in children:
        child.stop()
    codes = [child.wait() for child in children]
    return max(failed or codes, default=0)


def _told(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
