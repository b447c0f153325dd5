"""Keys of running workers: what only one process can open, and nobody after it has ended.

Addresses that wait to be mailed for a sealed petition are sealed to the newest key of a live worker. Its private half
lies in that process alone, and a new one is made every quarter of an hour. When the process ends, what was sealed to
it is lost, and its rows are removed.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import LargeBinary, Select, delete, exists, select
from sqlalchemy.orm import Mapped, mapped_column

from petition_app import app_state
from petition_app.crypto import vault
from petition_app.errors import StorageSealedError
from petition_app.storage.db import Base, Moment, db
from petition_app.storage.jobs import Job
from petition_app.storage.short_cache import recall

LIFE = timedelta(minutes=15)
ALIVE = timedelta(seconds=30)
BOUND = b"job/v2"


class _PrivateHalves(dict[UUID, bytes]):
    """What an application of this process alone can open, by the id of its public half."""


class WorkerKey(Base):
    """The public half of a worker's key; `seen_at` is its worker's latest sign of life."""

    __tablename__ = "couriers"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    public: Mapped[bytes] = mapped_column(LargeBinary(32))
    made_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)


def record_heartbeat(*, at: datetime) -> None:
    """Show that this process lives; make a new key when the newest is older than a quarter of an hour.

    Old halves are forgotten once no row needs them.
    """
    halves = app_state.get(_PrivateHalves)
    mine = {row.id: row for row in db.session.scalars(select(WorkerKey).where(WorkerKey.id.in_(tuple(halves))))}
    for row in mine.values():
        row.seen_at = at
    if not any(row.made_at > at - LIFE for row in mine.values()):
        private = vault.new_private()
        courier = WorkerKey(id=uuid4(), public=vault.public_half(private), made_at=at, seen_at=at)
        halves[courier.id] = private
        db.session.add(courier)
    needed = set(db.session.scalars(select(Job.courier_id).where(Job.courier_id.in_(tuple(halves))).distinct()))
    for courier_id, row in mine.items():
        if row.made_at <= at - 2 * LIFE and courier_id not in needed:
            del halves[courier_id]
            db.session.delete(row)
    db.session.flush()


def own_key_ids() -> tuple[UUID, ...]:
    """Return the ids of the keys that this process holds."""
    return tuple(app_state.get(_PrivateHalves))


def forget_own_keys() -> None:
    """Let go of every private half, as the end of the process does."""
    app_state.get(_PrivateHalves).clear()


def is_alive(*, at: datetime) -> bool:
    """Return whether some worker can be written to."""
    return _newest(at) is not None


def is_running(courier_id: UUID, *, at: datetime) -> bool:
    """Return whether the worker that holds this key runs."""
    courier = db.session.get(WorkerKey, courier_id)
    return courier is not None and courier.seen_at >= at - ALIVE


def seal(message: bytes, *, at: datetime) -> tuple[UUID, dict[str, str]]:
    """Seal what a job needs to know to one running worker; return its key's id and the payload.

    Raises:
        StorageSealedError: no worker runs, so nothing may be stored.
    """
    courier = _newest(at)
    if courier is None:
        raise StorageSealedError
    box = vault.hpke_seal(courier.public, message, BOUND)
    return courier.id, {"courier": str(courier.id), "box": base64.b64encode(box).decode()}


def open_(payload: dict[str, str]) -> bytes:
    """Open what was sealed to this process. Raises: UnreadableError."""
    private = app_state.get(_PrivateHalves).get(UUID(payload["courier"]))
    if private is None:
        raise vault.UnreadableError("another process holds the key")
    return vault.hpke_open(private, base64.b64decode(payload["box"]), BOUND)


def drop_lost(*, at: datetime) -> int:
    """Remove the jobs that only ended processes could have opened; return how many."""
    db.session.execute(delete(WorkerKey).where(WorkerKey.seen_at < at - 10 * ALIVE))
    lost = delete(Job).where(Job.courier_id.is_not(None), ~exists().where(WorkerKey.id == Job.courier_id))
    return len(db.session.scalars(lost.returning(Job.id)).all())


def _newest(at: datetime) -> WorkerKey | None:
    """Return the newest key; it may have been remembered for a second, and still counts only while its worker lives."""
    found = recall("couriers", lambda session: session.scalars(_newest_first()).all())
    return next((courier for courier in found if courier.seen_at >= at - ALIVE), None)


def _newest_first() -> Select[WorkerKey]:
    return select(WorkerKey).order_by(WorkerKey.made_at.desc(), WorkerKey.id)
