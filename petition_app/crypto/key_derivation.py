"""Slow key derivations (Argon2id): outside of any transaction, few at a time, behind pages, and nobody waits long."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from threading import BoundedSemaphore, Lock, get_native_id
from typing import TypeVar

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session

from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.storage.db import db, save_from_here

Result = TypeVar("Result")

# Each takes 64 MiB and, with its four lanes, most of two processors: so one at a time there, and never more than two.
PARALLEL = 1 if len(os.sched_getaffinity(0)) <= 2 else 2
WAITING = 3  # Threads that may wait for their turn; the others go on answering pages.
PATIENCE = 3.0  # Seconds.
STEP_BACK = 10  # How far derivations step back for those who answer pages, as `nice` does.


class BusyError(DomainError):
    """Too many derivations are wanted at the same time."""

    message = N_("The server is checking many passwords at the moment. Please try again in a moment.")


class _Turns:
    """Counts who derives and who waits in this process."""

    def __init__(self) -> None:
        self._running, self._lock, self._waiting = BoundedSemaphore(PARALLEL), Lock(), 0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn and hold it. Raises: BusyError."""
        self._enter()
        try:
            yield
        finally:
            self._running.release()

    def _enter(self) -> None:
        if self._running.acquire(blocking=False):
            return
        with self._lock:
            if self._waiting >= WAITING:
                raise BusyError
            self._waiting += 1
        try:
            if not self._running.acquire(timeout=PATIENCE):
                raise BusyError
        finally:
            with self._lock:
                self._waiting -= 1


def _step_back() -> None:
    """Let the kernel run the other threads first, which answer pages; what a derivation starts steps back with it."""
    thread = get_native_id()
    os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + STEP_BACK)


_turns = _Turns()
_behind = ThreadPoolExecutor(PARALLEL, "derivations", initializer=_step_back)
_inside: ContextVar[bool] = ContextVar("inside", default=False)


def run_slow(derive: Callable[[], Result]) -> Result:
    """Run a key derivation in its turn; the open transaction ends before it and begins anew after it.

    What was read before must be read again before it is relied on. Only within an act that has written something
    already (a command that makes several keys, never a page) the transaction stays open.

    Raises:
        BusyError: its turn does not come within a few seconds.
    """
    if _inside.get():
        return derive()
    if not _has_written():
        db.session.rollback()
    token = _inside.set(True)
    try:
        with _turns.turn():
            return _behind.submit(copy_context().run, derive).result()
    finally:
        _inside.reset(token)
        if not _has_written():
            save_from_here()


def _has_written() -> bool:
    session = db.session()
    if session.new or session.dirty or session.deleted:
        return True
    wrote = session.info.get("wrote")
    return wrote is not None and wrote is session.get_transaction()


def _note_flush(session: Session, _context: object) -> None:
    session.info["wrote"] = session.get_transaction()


def _note_statement(state: ORMExecuteState) -> None:
    if not state.is_select:
        state.session.info["wrote"] = state.session.get_transaction()


event.listen(db.session, "after_flush", _note_flush)
event.listen(db.session, "do_orm_execute", _note_statement)
