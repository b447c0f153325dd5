"""What one application remembers for a second or two, and forgets together when it has changed something.

Nothing may be decided by it alone: whoever writes looks again, inside the transaction.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Event, Lock
from time import monotonic
from typing import Any, NamedTuple, TypeVar

from sqlalchemy.orm import Session

from petition_app import app_state
from petition_app.storage.db import db, is_saving

T = TypeVar("T")

LIFE, STALE = 1.0, 2.0  # Seconds since somebody began to make it: until when it is fresh, and until when it is used.
MOST_ROWS = 10_000
MISSING = object()


class _Kept(NamedTuple):
    made: float
    value: Any
    size: int


class Look(NamedTuple):
    """What somebody finds who looks for a value: the value, or `MISSING`, and then they make it.

    `wait` ends when somebody else has made it; `mine` is what others wait for meanwhile.
    """

    age: int
    began: float
    value: Any = MISSING
    wait: Event | None = None
    mine: Event | None = None

    @property
    def is_found(self) -> bool:
        """Whether there is a value."""
        return self.value is not MISSING


class Region:
    """Values of one kind. After a second one asker makes a value anew, and meanwhile the others get what there is."""

    def __init__(self, *, most: int, most_bytes: int = 0) -> None:
        """At most so many values, and so many bytes where their sizes are told, those that were used last."""
        self._most, self._most_bytes = most, most_bytes
        self._lock = Lock()
        self._known: OrderedDict[Hashable, _Kept | None] = OrderedDict()  # None: kept before, and not valid any more.
        self._making: dict[Hashable, Event] = {}
        self._bytes = self._age = 0

    def forget(self) -> None:
        """Have everything made anew: what is being made at this moment is not kept either."""
        with self._lock:
            self._known = OrderedDict.fromkeys(self._known)
            self._making.clear()
            self._bytes = 0
            self._age += 1

    def find(self, key: Hashable) -> Any:
        """Return a value that may be used now, or `MISSING`; who asks does not make it."""
        with self._lock:
            return self._usable(key)

    def _usable(self, key: Hashable) -> Any:
        kept = self._known.get(key)
        left = STALE - (monotonic() - kept.made) if kept else 0
        if not kept or left <= 0 or (left <= STALE - LIFE and key not in self._making):
            return MISSING
        self._known.move_to_end(key)
        return kept.value

    def look(self, key: Hashable, *, alone: bool = False) -> Look:
        """Look for a value, to make it where it is missing; whoever looked calls `end`.

        For what was never kept nobody waits, since it may never be; nor does who wants to go on `alone`.
        """
        with self._lock:
            value, began = self._usable(key), monotonic()
            if value is not MISSING:
                return Look(self._age, began, value)
            making = self._making.get(key)
            if making or key not in self._known:
                return Look(self._age, began, wait=None if alone else making)
            self._making[key] = mine = Event()
            return Look(self._age, began, mine=mine)

    def end(self, key: Hashable, look: Look) -> None:
        """Let those go on who wait for what this asker has made."""
        if look.mine:
            look.mine.set()
            with self._lock:
                if self._making.get(key) is look.mine:
                    del self._making[key]

    def keep(self, key: Hashable, value: Any, look: Look, *, size: int = 0) -> None:
        """Keep what was made since a look, unless all was forgotten meanwhile; let go of what is not used any more."""
        with self._lock:
            if look.age != self._age:
                return
            self._put(key, _Kept(look.began, value, size))
            for old, kept in self._known.items():
                if kept and look.began - kept.made > STALE:
                    self._put(old, None)
            while len(self._known) > self._most or self._bytes > self._most_bytes:
                first = next(iter(self._known))
                self._put(first, None)
                del self._known[first]
            if key in self._known:
                self._known.move_to_end(key)

    def drop(self, key: Hashable) -> None:
        """Forget one value."""
        with self._lock:
            if key in self._known:
                self._put(key, None)

    def _put(self, key: Hashable, kept: _Kept | None) -> None:
        before, self._known[key] = self._known.get(key), kept
        self._bytes += (kept.size if kept else 0) - (before.size if before else 0)


class ShortCache:
    """All that one application remembers, in regions that are bounded apart; `forget` is its one hook."""

    def __init__(self) -> None:
        self._regions: list[Region] = []
        self.rows = self.region(most=MOST_ROWS)

    def region(self, *, most: int, most_bytes: int = 0) -> Region:
        """Add a region."""
        region = Region(most=most, most_bytes=most_bytes)
        self._regions.append(region)
        return region

    def forget(self) -> None:
        """Have everything made anew, since this application has changed something."""
        for region in self._regions:
            region.forget()


def recall(key: Hashable, read: Callable[[Session], T]) -> T:
    """Return what `read` found within the last second or two; a change by this application makes it look anew.

    It reads in a session of its own, so what it returns hangs on none, and nobody holds a connection for it. Inside a
    transaction that saves, it reads there and remembers nothing.
    """
    if is_saving():
        return read(db.session())
    rows = app_state.get(ShortCache).rows
    look = rows.look(key)
    if look.is_found:
        found: T = look.value
        return found
    try:
        with Session(db.engine, expire_on_commit=False) as session:
            value = read(session)
            session.expunge_all()
    except BaseException:
        rows.drop(key)
        raise
    else:
        rows.keep(key, value, look)
        return value
    finally:
        rows.end(key, look)


def forget() -> None:
    """Look anew at everything; what somebody is reading now is not remembered."""
    app_state.get(ShortCache).forget()
