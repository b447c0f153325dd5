"""Work for later: rows written in the transaction of the change they belong to, worked off by the worker."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

from sqlalchemy import JSON, ColumnElement, CursorResult, ForeignKey, Index, String, delete, func, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from petition_app.clock import utcnow
from petition_app.random_pool import new_id
from petition_app.storage.db import UNNUMBERED, Base, Moment, db, note_change, partial_index

CLAIM = timedelta(seconds=30)
HANDING = timedelta(minutes=5)
MAX_TRIES = 8
# Messages: every ten minutes for longer than a code lives, so that a server that puts strangers off for five,
# fifteen or forty minutes takes them on the next try; then every hour.
LETTER_TRIES, OFTEN, OFTEN_TRIES = 24, timedelta(minutes=10), 20
SELDOM = timedelta(hours=1)


class Job(Base):
    """One piece of work. `payload` holds ids and sealed boxes, never a name or an address in plain.

    With a `courier_id`, only the worker process that holds this key can do it; see `couriers`. `handed_at` stands in a
    message that is being handed over: if it is found there later, nobody knows whether it arrived. Since `dead_on` it
    is not tried any more, for the reason in `failure`.
    """

    __tablename__ = "jobs"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(String(60))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    due_at: Mapped[datetime] = mapped_column(Moment)
    tries: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str | None] = mapped_column(String(80))
    courier_id: Mapped[UUID | None] = mapped_column(index=True)
    petition_id: Mapped[UUID | None] = mapped_column(ForeignKey("petitions.id"), index=True)
    handed_at: Mapped[datetime | None] = mapped_column(Moment)
    dead_on: Mapped[date | None]

    # One backlog is due at one minute: the index must yield it in order, and pass over what is dead.
    __table_args__ = (
        Index("ix_jobs_due", "due_at", "id", **partial_index("dead_on IS NULL")),
        Index("ix_jobs_dead", "petition_id", "dead_on", **partial_index("dead_on IS NOT NULL")),
        UNNUMBERED,
    )


class PendingPublication(Base):
    """A change that the public numbers do not show yet; the next publication takes it away. `since` is a full hour."""

    __tablename__ = "due_marks"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"), index=True)
    since: Mapped[datetime] = mapped_column(Moment, default=lambda: full_hour(utcnow()))
    urgent: Mapped[bool] = mapped_column(default=False)

    __table_args__ = UNNUMBERED


class WorkerHeartbeat(Base):
    """A sign of life of a running worker."""

    __tablename__ = "worker_beats"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    seen_at: Mapped[datetime] = mapped_column(Moment)


def full_hour(moment: datetime) -> datetime:
    """Return the hour in which a moment lies."""
    return moment.replace(minute=0, second=0, microsecond=0)


def enqueue(
    name: str,
    payload: dict[str, Any],
    *,
    at: datetime,
    courier_id: UUID | None = None,
    petition_id: UUID | None = None,
) -> None:
    """Add a job to the open transaction; it exists if and only if the change does.

    Messages say of which petition they are, so that its organizers see what could not be delivered.
    """
    db.session.add(Job(**row(name, payload, at=at, courier_id=courier_id, petition_id=petition_id)))


def row(
    name: str, payload: dict[str, Any], *, at: datetime, courier_id: UUID | None, petition_id: UUID | None
) -> dict[str, Any]:
    """Return the columns of a new job. The time is cut to the minute, so that it tells no more than it must."""
    due_at = at.replace(second=0, microsecond=0)
    return {
        "id": new_id(), "name": name, "payload": payload, "due_at": due_at, "courier_id": courier_id,
        "petition_id": petition_id,
    }  # fmt: skip


def claim(*, at: datetime, without: Collection[str] = (), couriers: Collection[UUID] = ()) -> Job | None:
    """Take the next job that is due and hide it from other workers for 30 seconds; names in `without` wait.

    Jobs sealed to a worker's key are taken by the worker that holds it: its keys are `couriers`.

    PostgreSQL passes over rows another worker is taking; on SQLite the write transaction is enough.
    """
    return next(iter(_claim(Job.name.not_in(without), at=at, couriers=couriers, most=1)), None)


def claim_more(names: Collection[str], *, at: datetime, couriers: Collection[UUID], most: int) -> list[Job]:
    """Take more jobs of these names that are due, in the order in which they wait, as `claim` does."""
    return _claim(Job.name.in_(names), at=at, couriers=couriers, most=most)


def _claim(named: ColumnElement[bool], *, at: datetime, couriers: Collection[UUID], most: int) -> list[Job]:
    mine = or_(Job.courier_id.is_(None), Job.courier_id.in_(couriers))
    due = select(Job).where(Job.due_at <= at, Job.dead_on.is_(None), named, mine)
    waiting = due.order_by(Job.due_at, Job.id).limit(most)
    found = list(db.session.scalars(waiting.with_for_update(skip_locked=True)))
    for job in found:
        job.tries += 1
        job.due_at = at + CLAIM
    db.session.flush()
    return found


def give_back(tries: Mapping[UUID, int], *, at: datetime) -> None:
    """Let go of claims that came to nothing, as if they had not been made; `tries` tells them from later ones."""
    for job in db.session.scalars(select(Job).where(Job.id.in_(tries)).with_for_update()):
        if job.tries == tries[job.id] and job.handed_at is None:
            job.tries, job.due_at = job.tries - 1, at


def finish(job_id: UUID) -> None:
    """Remove a job that is done."""
    db.session.execute(delete(Job).where(Job.id == job_id).execution_options(synchronize_session=False))


def postpone(job_id: UUID, *, failure: str, at: datetime, is_letter: bool = False) -> bool:
    """Try again later, with growing pauses, eight times in all, a letter more often; return whether it will be.

    `failure` is the kind of error, never its text.
    """
    job = db.session.get(Job, job_id)
    if job is None:
        return True
    job.failure, job.handed_at = failure[:80], None
    longest = OFTEN if is_letter and job.tries < OFTEN_TRIES else SELDOM
    job.due_at = at + min(longest, timedelta(seconds=5 * 3 ** (job.tries - 1)))
    job.dead_on = at.date() if job.tries >= (LETTER_TRIES if is_letter else MAX_TRIES) else None
    return job.dead_on is None


# --- messages ---------------------------------------------------------------------------------------------------


def mark_sending(job_id: UUID, *, tries: int, at: datetime) -> bool:
    """Note that a message is handed over now; false where another worker has taken it up meanwhile.

    Nobody looks at it for five minutes, in which the mail server must have answered.
    """
    mine = update(Job).where(Job.id == job_id, Job.tries == tries, Job.handed_at.is_(None), Job.dead_on.is_(None))
    noted = mine.values(handed_at=at, due_at=at + HANDING).execution_options(synchronize_session=False)
    return cast(CursorResult[Any], db.session.execute(noted)).rowcount == 1


def mark_dead(job_id: UUID, *, failure: str, at: datetime) -> None:
    """Try a message no more; organizers see it, with the reason, and may send it again."""
    job = db.session.get(Job, job_id)
    if job:
        job.failure, job.handed_at, job.dead_on = failure[:80], None, at.date()


def list_dead(petition_id: UUID, *, limit: int = 200) -> list[Job]:
    """Return the messages of a petition that were not delivered, the latest first."""
    query = select(Job).where(Job.petition_id == petition_id, Job.dead_on.is_not(None))
    return list(db.session.scalars(query.order_by(Job.dead_on.desc(), Job.id).limit(limit)))


def count_dead(petition_id: UUID) -> int:
    """Return how many messages of a petition were not delivered."""
    dead = select(func.count()).select_from(Job).where(Job.petition_id == petition_id, Job.dead_on.is_not(None))
    return db.session.scalar(dead) or 0


def requeue(job: Job, *, at: datetime) -> None:
    """Let a message be tried again from the beginning."""
    job.tries, job.failure, job.handed_at, job.dead_on, job.due_at = 0, None, None, None, at


def waiting_since(names: Collection[str], *, petition_id: UUID | None = None) -> tuple[int, datetime | None]:
    """Return how many jobs of these names wait, and since when the oldest does."""
    query = select(func.count(), func.min(Job.due_at)).where(Job.name.in_(names), Job.dead_on.is_(None))
    if petition_id:
        query = query.where(Job.petition_id == petition_id)
    number, oldest = db.session.execute(query).one()
    return number, oldest


def summary() -> list[tuple[str, int, datetime | None, int]]:
    """Return for each kind of job how many wait, since when the oldest does, and how many were given up."""
    alive = Job.dead_on.is_(None)
    query = select(
        Job.name, func.count().filter(alive), func.min(Job.due_at).filter(alive), func.count().filter(~alive)
    )
    return [(row[0], row[1], row[2], row[3]) for row in db.session.execute(query.group_by(Job.name).order_by(Job.name))]


def due_since() -> datetime | None:
    """Return the hour of the oldest change that is not public yet."""
    return db.session.scalar(select(func.min(PendingPublication.since)))


def forget_dead(*, before: date) -> int:
    """Remove what has not been delivered, and was not sent again, since before this day; return how many."""
    old = delete(Job).where(Job.dead_on < before).returning(Job.id)
    return len(db.session.scalars(old).all())


# --- what waits to be published ---------------------------------------------------------------------------------


def mark_due(petition_id: UUID, *, urgent: bool = False) -> None:
    """Say that a change of this petition waits to be published; an `urgent` one waits for no others."""
    if note_change(petition_id) or urgent:
        db.session.add(PendingPublication(petition_id=petition_id, urgent=urgent))


def defer_to_worker(petition_id: UUID) -> None:
    """Leave what waits to be published to the worker, without waking this door's own publisher again."""
    db.session.add(PendingPublication(petition_id=petition_id))


def list_due() -> list[UUID]:
    """Return the petitions with changes that wait to be published."""
    return list(db.session.scalars(select(PendingPublication.petition_id).distinct()))


def count_due(petition_id: UUID) -> int:
    """Return how many changes of a petition wait to be published."""
    waiting = select(func.count()).select_from(PendingPublication).where(PendingPublication.petition_id == petition_id)
    return db.session.scalar(waiting) or 0


def should_publish(petition_id: UUID, *, many: int, age: timedelta, at: datetime) -> bool:
    """Return whether `many` changes wait, or one that is urgent, or one that has waited for `age`."""
    reasons = or_(PendingPublication.urgent, PendingPublication.since <= at - age)
    pressing = select(PendingPublication.id).where(PendingPublication.petition_id == petition_id, reasons).limit(1)
    return count_due(petition_id) >= many or db.session.scalar(pressing) is not None


def clear_pending(petition_id: UUID) -> int:
    """Remove a petition's marks; return how many changes waited."""
    taken = (
        delete(PendingPublication).where(PendingPublication.petition_id == petition_id).returning(PendingPublication.id)
    )
    return len(db.session.scalars(taken).all())


def record_heartbeat(worker_id: UUID, *, at: datetime) -> None:
    """Write this worker's sign of life, and forget workers not seen for a day."""
    db.session.merge(WorkerHeartbeat(id=worker_id, seen_at=at))
    db.session.execute(delete(WorkerHeartbeat).where(WorkerHeartbeat.seen_at < at - timedelta(days=1)))


def last_heartbeat() -> datetime | None:
    """Return when any worker was last seen."""
    return db.session.scalar(select(WorkerHeartbeat.seen_at).order_by(WorkerHeartbeat.seen_at.desc()).limit(1))
