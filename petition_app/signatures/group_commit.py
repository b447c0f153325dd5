"""Signing under load: signatures that arrive at the same time are sealed and committed together.

A signature is acknowledged only when it is on the disk. The first of a group seals and writes for all, and while
others are being written, the next is sealed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from functools import partial

from sqlalchemy.exc import IntegrityError

from petition_app import app_state
from petition_app.clock import utcnow
from petition_app.crypto import vault
from petition_app.crypto.vault import KeyRing, PetitionPublicKey
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.petitions import cached_petition
from petition_app.petitions.models import Petition
from petition_app.random_pool import drawing
from petition_app.rate_limits import budgets
from petition_app.signatures import new_signatures, sealing
from petition_app.signatures.new_signatures import Arrival, NewSignature, OutdatedError, TextChangedError
from petition_app.storage.db import transaction
from petition_app.storage.dialects import has_one_writer
from petition_app.storage.group_commit import Queue, QueuedWrite
from petition_app.storage.short_cache import forget, recall

ATTEMPTS = 3


class TooManyError(DomainError):
    """So many signatures have come from one client within an hour that no more are taken."""

    message = N_("So many signatures came from your network within an hour that no more are taken. Please try later.")


class PendingWrite(QueuedWrite):
    """One signature's place in the queue.

    `read` is called by whoever leads; it returns the signature and its petition, or raises why there is none. `client`
    is the address that asks, of which nothing is kept.
    """

    def __init__(self, read: Callable[[], tuple[NewSignature, Petition]], *, client: str = "", at: datetime) -> None:
        super().__init__()
        self.read, self.client, self.at = read, client, at
        self.arrival: Arrival | None = None

    @property
    def pending(self) -> str:
        """The token of the page that the form leads to, once the signature is stored."""
        return self.arrival.pending if self.arrival else ""


class SigningQueue(Queue[PendingWrite]):
    """Those who wait to be stored in one application's database."""

    def __init__(self) -> None:
        super().__init__(1 if has_one_writer() else 2)


def sign(new: NewSignature, *, petition: Petition, client: str = "", at: datetime) -> str:
    """Store an unconfirmed signature durably, have its code mailed, and return the pending token of its page.

    The petition may be one that is remembered: how it stands is looked at again by whoever writes.

    Raises:
        ClosedForSigningError: the petition takes no signatures now.
        ReadOnlyError: the installation takes no changes now.
        StorageSealedError: nothing can be sealed, so nothing is stored.
        TextChangedError: another text was read than the petition has now.
        TooManyError: this client has signed as often as it may within an hour.
    """
    for _ in range(ATTEMPTS):
        ticket = PendingWrite(partial(_as_given, new, petition), client=client, at=at)
        try:
            take(ticket, queue())
        except OutdatedError:
            forget()
            petition = cached_petition.get_public(petition.slug)
            if new.text not in ("", petition.text.digest):
                raise TextChangedError from None
        else:
            return ticket.pending
    raise new_signatures.ClosedForSigningError


def _as_given(new: NewSignature, petition: Petition) -> tuple[NewSignature, Petition]:
    return new, petition


def queue() -> Queue[PendingWrite]:
    """Return the queue of this application's database: where many may write, two groups are written side by side."""
    return app_state.get(SigningQueue)


def take(
    ticket: PendingWrite,
    queue: Queue[PendingWrite],
    *,
    leading: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> None:
    """Wait until a signature is durable, or raise what kept it out; whoever leads does so within `leading`."""
    queue.enter(ticket)
    if not ticket.done:
        _lead(queue, leading)
    if ticket.problem:
        raise ticket.problem


def _lead(queue: Queue[PendingWrite], leading: Callable[[], AbstractContextManager[object]] = nullcontext) -> None:
    """Seal all who wait, and write them once the group before is written; the next is sealed meanwhile.

    Whatever goes wrong, the next is called once, and everybody in the group is told.
    """
    group: list[PendingWrite] = []
    has_called = False
    try:
        queue.take(group)
        with leading():
            _seal(group)
            with queue.pens:
                has_called = True
                queue.call_next()
                if sealed := [ticket for ticket in group if ticket.arrival]:
                    _write(sealed)
    except BaseException as error:
        for ticket in group:
            ticket.problem = ticket.problem or RuntimeError(f"not stored: {type(error).__name__}")
        raise
    finally:
        if not has_called:
            queue.call_next(is_taken=bool(group))
        for ticket in group:
            ticket.done = True
            ticket.called.release()


def _seal(group: Sequence[PendingWrite]) -> None:
    """Make what each stores; a failure concerns that one alone."""
    found = [(ticket, *read) for ticket in group if (read := _read(ticket))]
    may_sign = budgets.may_sign([ticket.client for ticket, _, _ in found])
    addresses = [new.email if is_within else "" for (_, new, _), is_within in zip(found, may_sign, strict=True)]
    may_mail = budgets.may_mail(addresses)
    with drawing(sealing.ENOUGH * len(found)):
        for (ticket, new, petition), is_within, mails in zip(found, may_sign, may_mail, strict=True):
            try:
                if not is_within:
                    raise TooManyError
                lock = _sealing_key_for(petition)
                ticket.arrival = new_signatures.prepare(new, petition=petition, lock=lock, at=ticket.at, may_mail=mails)
            except Exception as error:
                ticket.problem = error


def _read(ticket: PendingWrite) -> tuple[NewSignature, Petition] | None:
    try:
        return ticket.read()
    except Exception as error:
        ticket.problem = error
        return None


def _sealing_key_for(petition: Petition) -> KeyRing | PetitionPublicKey:
    """Return what seals a petition's signatures, as it was found a moment ago: `store` looks at the key again."""
    return recall(("lock", petition.id), lambda session: sealing.sealing_key_for(petition, session))


def _write(group: Sequence[PendingWrite]) -> None:
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


def _settle(ticket: PendingWrite, error: IntegrityError) -> None:
    """The same form may have been stored by another process meanwhile: then it is found now."""
    try:
        _commit([ticket])
    except Exception:
        ticket.problem = error


def _commit(group: Sequence[PendingWrite]) -> None:
    found = [ticket.arrival for ticket in group if ticket.arrival]
    with transaction() as work:
        work.insert_only = True
        if any(arrival.key_id is None for arrival in found):
            vault.key_ring()  # What was remembered of it may be gone.
        problems: list[DomainError | None] = new_signatures.store(found, at=utcnow())
    for ticket, problem in zip(group, problems, strict=True):
        ticket.problem = problem
