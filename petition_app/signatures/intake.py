"""Signing under load: signatures that arrive at the same time are sealed and committed together.

A signature is acknowledged only when it is on the disk, and waiting for the disk is what a rush is slow at: so those
that arrive while one group is being written form the next one. The first of a group seals and writes for all, so that
they need not pass the interpreter back and forth. This is the one place where a request does not commit for itself;
`db.transaction` stays the owner of every commit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from petition_app import vault
from petition_app.clock import utcnow
from petition_app.db import db, transaction
from petition_app.errors import DomainError
from petition_app.keys.services import public_lock
from petition_app.petitions import standing
from petition_app.petitions.models import Petition
from petition_app.randomness import drawing
from petition_app.recall import forget, recall
from petition_app.signatures import arrivals, sealing
from petition_app.signatures.arrivals import Arrival, NewSignature, OutdatedError
from petition_app.vault import KeyRing, PublicLock

MOST = 64  # In one group.
ATTEMPTS = 3


class _Ticket:
    """One signature's place in the queue: told to lead its group, or that it is done and how."""

    def __init__(self, new: NewSignature, petition: Petition, at: datetime) -> None:
        self.new, self.petition, self.at = new, petition, at
        self.arrival: Arrival | None = None
        self.called = Lock()
        self.called.acquire()
        self.done = False
        self.problem: Exception | None = None


class _Queue:
    """Those who wait to be stored in one database: while one group is being written, the next is sealed."""

    def __init__(self) -> None:
        self.pen = Lock()
        self._door = Lock()
        self.waiting: deque[_Ticket] = deque()
        self._is_led = False

    def enter(self, ticket: _Ticket) -> None:
        """Wait until a ticket is done, or called to lead those who wait."""
        with self._door:
            self.waiting.append(ticket)
            if not self._is_led:
                self._is_led = True
                ticket.called.release()
        ticket.called.acquire()

    def take(self) -> list[_Ticket]:
        """Take those who wait, at most `MOST`."""
        with self._door:
            return [self.waiting.popleft() for _ in range(min(MOST, len(self.waiting)))]

    def call_next(self) -> None:
        """Let the first of those who have come meanwhile lead them."""
        with self._door:
            self._is_led = bool(self.waiting)
            if self.waiting:
                self.waiting[0].called.release()


_queues: WeakKeyDictionary[Engine, _Queue] = WeakKeyDictionary()


def sign(new: NewSignature, *, petition: Petition, at: datetime) -> str:
    """Store an unconfirmed signature durably, have its code mailed, and return the pending token of its page.

    The petition may be one that is remembered: how it stands is looked at again by whoever writes.

    Raises:
        ClosedForSigningError: the petition takes no signatures now.
        ReadOnlyError: the installation takes no changes now.
        StorageSealedError: nothing can be sealed, so nothing is stored.
    """
    queue = _queues.setdefault(db.engine, _Queue())
    for _ in range(ATTEMPTS):
        ticket = _Ticket(new, petition, at)
        try:
            _take(queue, ticket)
        except OutdatedError:
            forget()
            petition = standing.get_public(petition.slug)
        else:
            return arrivals.pending_token(petition.id, new.form_token)
    raise arrivals.ClosedForSigningError


def _take(queue: _Queue, ticket: _Ticket) -> None:
    """Wait until a signature is durable, or raise what kept it out."""
    queue.enter(ticket)
    if not ticket.done:
        _lead(queue)
    if ticket.problem:
        raise ticket.problem


def _lead(queue: _Queue) -> None:
    """Seal all who wait, and write them once the group before is written; the next is sealed meanwhile."""
    group = queue.take()
    try:
        try:
            _seal(group)
        finally:
            queue.pen.acquire()
            queue.call_next()
        try:
            if sealed := [ticket for ticket in group if ticket.arrival]:
                _write(sealed)
        finally:
            queue.pen.release()
    except BaseException as error:
        for ticket in group:
            ticket.problem = ticket.problem or RuntimeError(f"not stored: {type(error).__name__}")
        raise
    finally:
        for ticket in group:
            ticket.done = True
            ticket.called.release()


def _seal(group: Sequence[_Ticket]) -> None:
    """Make what each stores; a failure concerns that one alone."""
    with drawing(sealing.ENOUGH * len(group)):
        for ticket in group:
            try:
                lock = _lock_for(ticket.petition)
                ticket.arrival = arrivals.prepare(ticket.new, petition=ticket.petition, lock=lock, at=ticket.at)
            except Exception as error:
                ticket.problem = error


def _lock_for(petition: Petition) -> KeyRing | PublicLock:
    if not petition.is_sealed:
        return recall("ring", lambda _session: vault.key_ring())
    return recall(("lock", petition.id), lambda session: public_lock(petition.id, session))


def _write(group: Sequence[_Ticket]) -> None:
    """Store a group in one transaction; if that fails, each alone, so that a failure reaches only whom it concerns."""
    try:
        _commit(group)
    except Exception as error:
        if len(group) > 1:
            for ticket in group:
                _write([ticket])
        elif isinstance(error, IntegrityError):
            _settle(group[0], error)
        else:
            group[0].problem = error


def _settle(ticket: _Ticket, error: IntegrityError) -> None:
    """The same form may have been stored by another process meanwhile: then it is found now."""
    try:
        _commit([ticket])
    except Exception:
        ticket.problem = error


def _commit(group: Sequence[_Ticket]) -> None:
    found = [ticket.arrival for ticket in group if ticket.arrival]
    with transaction() as work:
        work.adds = True
        if any(arrival.key_id is None for arrival in found):
            vault.key_ring()  # What was remembered of it may be gone.
        problems: list[DomainError | None] = arrivals.store(found, at=utcnow())
    for ticket, problem in zip(group, problems, strict=True):
        ticket.problem = problem
