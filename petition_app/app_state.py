"""What belongs to one application, found by domains that know no web framework.

`create_app` makes one `AppState` and keeps it as `app.extensions["countersign"]`. It is the active one wherever a
context of that application is pushed, and in no other thread. A module that keeps something, or has something done by
others, declares a small class for it and asks here for the one of the active application; nothing of that kind is
module-level.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from threading import RLock
from typing import Any, TypeVar

Part = TypeVar("Part")


class AppState:
    """The parts of one application, one of each class: its settings, its hooks, and what its modules keep in memory."""

    def __init__(self, *parts: object) -> None:
        self._parts: dict[type[Any], Any] = {type(part): part for part in parts}
        self._lock = RLock()

    def get(self, kind: type[Part]) -> Part:
        """Return the part of this class; one that is missing is made, without arguments, once."""
        found: Part | None = self._parts.get(kind)
        if found is None:
            with self._lock:
                found = self._parts.get(kind)
                if found is None:
                    found = self._parts[kind] = kind()
        return found

    def find(self, kind: type[Part]) -> Part | None:
        """Return the part of this class, if there is one."""
        return self._parts.get(kind)

    def put(self, part: object) -> None:
        """Set a part, in place of the one of its class."""
        self._parts[type(part)] = part


_active: ContextVar[AppState | None] = ContextVar("active_app_state", default=None)


def active() -> AppState:
    """Return the state of the application whose context is pushed here. Raises: RuntimeError: there is none."""
    state = _active.get()
    if state is None:
        raise RuntimeError("No application is active here: push a context of one first.")
    return state


def is_active() -> bool:
    """Return whether the context of an application is pushed here."""
    return _active.get() is not None


def get(kind: type[Part]) -> Part:
    """Return a part of the active application. Raises: RuntimeError: there is none."""
    return active().get(kind)


def activate(state: AppState) -> Token[AppState | None]:
    """Make an application the active one of this thread until `deactivate`."""
    return _active.set(state)


def deactivate(token: Token[AppState | None]) -> None:
    """Make the application active that was so before."""
    _active.reset(token)


@contextmanager
def using(state: AppState) -> Iterator[None]:
    """Make an application the active one for a while."""
    token = activate(state)
    try:
        yield
    finally:
        deactivate(token)
