"""Keys of running workers: what only one process can open, and nobody after it has ended.

Addresses that wait to be mailed for a sealed petition are sealed to the newest key of a live worker. Its private half
lies in that process alone, and a new one is made every quarter of an hour. When the process ends, what was sealed to
it is lost, and its rows are removed.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import LargeBinary, delete, exists, select
from sqlalchemy.orm import Mapped, mapped_column

from petition_app import vault
from petition_app.db import Base, Moment, db
from petition_app.errors import StorageSealedError
from petition_app.jobs import Job
from petition_app.recall import recall

LIFE = timedelta(minutes=15)
ALIVE = timedelta(seconds=30)
BOUND = b"job/v2"

_halves: dict[UUID, bytes] = {}


class Courier(Base):
    """The public half of a worker's key; `seen_at` is its worker's latest sign of life."""

    __tablename__ = "couriers"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    public: Mapped[bytes] = mapped_column(LargeBinary(32))
    made_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)


def beat(*, at: datetime) -> None:
    """Show that this process lives; make a new key when the newest is older than a quarter of an hour.

    Old halves are forgotten once no row needs them.
    """
    mine = {row.id: row for row in db.session.scalars(select(Courier).where(Courier.id.in_(_halves)))}
    for row in mine.values():
        row.seen_at = at
    if not any(row.made_at > at - LIFE for row in mine.values()):
        private = vault.new_private()
        courier = Courier(id=uuid4(), public=vault.public_half(private), made_at=at, seen_at=at)
        _halves[courier.id] = private
        db.session.add(courier)
    needed = set(db.session.scalars(select(Job.courier_id).where(Job.courier_id.in_(_halves)).distinct()))
    for courier_id, row in mine.items():
        if row.made_at <= at - 2 * LIFE and courier_id not in needed:
            del _halves[courier_id]
            db.session.delete(row)
    db.session.flush()


def mine() -> tuple[UUID, ...]:
    """Return the ids of the keys that this process holds."""
    return tuple(_halves)


def forget_mine() -> None:
    """Let go of every private half, as the end of the process does."""
    _halves.clear()


def is_alive(*, at: datetime) -> bool:
    """Return whether some worker can be written to."""
    return _newest(at) is not None


def lives(courier_id: UUID, *, at: datetime) -> bool:
    """Return whether the worker that holds this key runs."""
    courier = db.session.get(Courier, courier_id)
    return courier is not None and courier.seen_at >= at - ALIVE


def seal(message: bytes, *, at: datetime) -> tuple[UUID, dict[str, str]]:
    """Seal what a job needs to know to one running worker; return its key's id and the payload.

    Raises:
        StorageSealedError: no worker runs, so nothing may be stored.
    """
    courier = _newest(at)
    if courier is None:
        raise StorageSealedError
    box = vault.close_to(courier.public, message, BOUND)
    return courier.id, {"courier": str(courier.id), "box": base64.b64encode(box).decode()}


def open_(payload: dict[str, str]) -> bytes:
    """Open what was sealed to this process. Raises: UnreadableError."""
    private = _halves.get(UUID(payload["courier"]))
    if private is None:
        raise vault.UnreadableError("another process holds the key")
    return vault.open_from(private, base64.b64decode(payload["box"]), BOUND)


def drop_lost(*, at: datetime) -> int:
    """Remove the jobs that only ended processes could have opened; return how many."""
    db.session.execute(delete(Courier).where(Courier.seen_at < at - 10 * ALIVE))
    lost = delete(Job).where(Job.courier_id.is_not(None), ~exists().where(Courier.id == Job.courier_id))
    return len(db.session.scalars(lost.returning(Job.id)).all())


def _newest(at: datetime) -> Courier | None:
    """Return the newest key; it may have been remembered for a second, and still counts only while its worker lives."""
    query = select(Courier).order_by(Courier.made_at.desc(), Courier.id)
    found = recall("couriers", lambda session: session.scalars(query).all())
    return next((courier for courier in found if courier.seen_at >= at - ALIVE), None)
