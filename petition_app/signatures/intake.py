"""Signing under load: signatures that arrive at the same time are committed together.

A signature is acknowledged only when it is on the disk, and waiting for the disk is what a rush is slow at: so those
that arrive while one group is being written form the next one. The first of a group writes for all. This is the one
place where a request does not commit for itself; `db.transaction` stays the owner of every commit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from threading import Lock

from sqlalchemy.exc import IntegrityError

from petition_app import vault
from petition_app.clock import utcnow
from petition_app.db import transaction
from petition_app.errors import DomainError
from petition_app.keys.services import public_lock
from petition_app.petitions import standing
from petition_app.petitions.models import Petition
from petition_app.recall import forget, recall
from petition_app.signatures import arrivals
from petition_app.signatures.arrivals import Arrival, NewSignature, OutdatedError
from petition_app.vault import KeyRing, PublicLock

MOST = 64  # In one group.
ATTEMPTS = 3


class _Ticket:
    """One arrival's place in the queue: told to write for all, or that it is done and how."""

    def __init__(self, arrival: Arrival) -> None:
        self.arrival = arrival
        self.called = Lock()
        self.called.acquire()
        self.done = False
        self.problem: Exception | None = None


_door = Lock()
_waiting: deque[_Ticket] = deque()
_writing = False


def sign(new: NewSignature, *, petition: Petition, at: datetime) -> str:
    """Store an unconfirmed signature durably, have its code mailed, and return the pending token of its page.

    The petition may be one that is remembered: how it stands is looked at again by whoever writes.

    Raises:
        ClosedForSigningError: the petition takes no signatures now.
        ReadOnlyError: the installation takes no changes now.
        StorageSealedError: nothing can be sealed, so nothing is stored.
    """
    for _ in range(ATTEMPTS):
        arrival = arrivals.prepare(new, petition=petition, lock=_lock_for(petition), at=at)
        try:
            _take(arrival)
        except OutdatedError:
            forget()
            petition = standing.get_public(petition.slug)
        else:
            return arrival.pending
    raise arrivals.ClosedForSigningError


def _lock_for(petition: Petition) -> KeyRing | PublicLock:
    if not petition.is_sealed:
        return recall("ring", lambda _session: vault.key_ring())
    return recall(("lock", petition.id), lambda session: public_lock(petition.id, session))


def _take(arrival: Arrival) -> None:
    """Wait until an arrival is durable, or raise what kept it out."""
    global _writing
    ticket = _Ticket(arrival)
    with _door:
        _waiting.append(ticket)
        if not _writing:
            _writing = True
            ticket.called.release()
    ticket.called.acquire()
    if not ticket.done:
        _write_next()
    if ticket.problem:
        raise ticket.problem


def _write_next() -> None:
    """Write for all who wait, at most `MOST`, and call the next to write for those who have come meanwhile."""
    global _writing
    with _door:
        group = [_waiting.popleft() for _ in range(min(MOST, len(_waiting)))]
    try:
        _write(group)
    except BaseException as error:
        for ticket in group:
            ticket.problem = ticket.problem or RuntimeError(f"not stored: {type(error).__name__}")
        raise
    finally:
        with _door:
            _writing = bool(_waiting)
            if _waiting:
                _waiting[0].called.release()
        for ticket in group:
            ticket.done = True
            ticket.called.release()


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
    with transaction() as work:
        work.adds = True
        if any(ticket.arrival.key_id is None for ticket in group):
            vault.key_ring()  # What was remembered of it may be gone.
        problems: list[DomainError | None] = arrivals.store([ticket.arrival for ticket in group], at=utcnow())
    for ticket, problem in zip(group, problems, strict=True):
        ticket.problem = problem
