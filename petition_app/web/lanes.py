"""Lanes: what may change something is answered kind by kind, so many at once, and the rest waits in a line of its kind.

Who renders pages for many at once takes the interpreter from all others; so a flood of one kind fills its own lane and
its own line, and signing, which is cheap, has a lane with all the threads there are.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

WAITING = 512  # In each line.
STAFF = ("/organizer/", "/desk/")
SIGN_IN = "/organizer/login"

Request = TypeVar("Request")


class FullError(Exception):
    """Too many wait in this line."""


@dataclass(eq=False)
class Lane(Generic[Request]):
    """Requests of one kind: how many are answered at once at most and now, and those that wait."""

    most: int
    busy: int = 0
    line: deque[Request] = field(default_factory=deque)


class Lanes(Generic[Request]):
    """The lanes of one process with so many `threads`, of which some never take what may change something."""

    def __init__(self, threads: int) -> None:
        self._door = Lock()
        self._most, self._busy = threads - max(1, threads // 8), 0
        few = max(2, threads // 8)
        most = {"signing": self._most, "staff": 2 * few, "sign-in": few + 1, "others": few}
        self._lanes: dict[str, Lane[Request]] = {kind: Lane(number) for kind, number in most.items()}

    def enter(self, path: str, request: Request) -> Lane[Request] | None:
        """Return the lane of a request that is answered now; nothing where it waits. Raises: FullError."""
        lane = self._lanes[_kind(path)]
        with self._door:
            if self._busy < self._most and lane.busy < lane.most:
                self._busy += 1
                lane.busy += 1
                return lane
            if len(lane.line) >= WAITING:
                raise FullError
            lane.line.append(request)
            return None

    def leave(self, lane: Lane[Request]) -> tuple[Lane[Request], Request] | None:
        """Go on with what waits, after a request of this lane: where several lanes have some, they take turns."""
        with self._door:
            lane.busy -= 1
            for kind, other in self._lanes.items():
                if other.line and other.busy < other.most:
                    self._lanes[kind] = self._lanes.pop(kind)
                    other.busy += 1
                    return other, other.line.popleft()
            self._busy -= 1
            return None


def _kind(path: str) -> str:
    if path.startswith("/p/") and path.endswith("/sign"):
        return "signing"
    if path == SIGN_IN:
        return "sign-in"
    return "staff" if path.startswith(STAFF) else "others"
