"""Group commit: what arrives at the same time is written in one transaction.

Whoever asks is answered only when it is on the disk, and waiting for the disk is what many at once are slow at: so
those that arrive while one group is being written form the next one, and the first of a group writes for all, so that
they need not pass the interpreter back and forth. `db.transaction` stays the owner of every commit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Lock, Semaphore
from time import sleep
from typing import Generic, TypeVar

MOST = 64  # In one group.


class QueuedWrite:
    """A place in a queue: told to lead its group, or that it is done and how."""

    def __init__(self) -> None:
        self.called = Lock()
        self.called.acquire()
        self.done = False
        self.problem: Exception | None = None


Placed = TypeVar("Placed", bound=QueuedWrite)


class Queue(Generic[Placed]):
    """Those who wait to be stored in one database; a group that is being written holds one of its `pens`."""

    def __init__(self, pens: int = 1) -> None:
        self.pens = Semaphore(pens)
        self._door = Lock()
        self.waiting: deque[Placed] = deque()
        self._is_led = False

    def enter(self, place: Placed) -> None:
        """Wait until a place is done, or called to lead those who wait."""
        with self._door:
            self.waiting.append(place)
            if not self._is_led:
                self._is_led = True
                place.called.release()
        place.called.acquire()

    def take(self, group: list[Placed]) -> None:
        """Move those who wait, at most `MOST`, to a group."""
        with self._door:
            while self.waiting and len(group) < MOST:
                group.append(self.waiting[0])
                self.waiting.popleft()

    def call_next(self, *, is_taken: bool = True) -> None:
        """Let the first of those who have come meanwhile lead them, after whoever leads now, who may not be taken."""
        with self._door:
            if not is_taken:
                self.waiting.popleft()
            self._is_led = bool(self.waiting)
            if self.waiting:
                self.waiting[0].called.release()

    def pass_through(self, place: Placed, write: Callable[[list[Placed]], None], *, pause: float = 0.0) -> None:
        """Wait until `write` has stored the group of a place, or raise what kept it out.

        Who leads lets others join for a `pause` of so many seconds.
        """
        self.enter(place)
        if not place.done:
            self._lead(write, pause)
        if place.problem:
            raise place.problem

    def _lead(self, write: Callable[[list[Placed]], None], pause: float) -> None:
        group: list[Placed] = []
        try:
            sleep(pause)
            self.take(group)
            write(group)
        except BaseException as error:
            for place in group:
                place.problem = error if isinstance(error, Exception) else RuntimeError("not stored")
            raise
        finally:
            self.call_next(is_taken=bool(group))
            for place in group:
                place.done = True
                place.called.release()
