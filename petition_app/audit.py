"""The trail: who did what and when, append-only, with object ids only, linked into a hash chain.

Signers' acts stand apart, as numbers a day: what, and on which day, and nothing that leads to a signature or an hour. A
day's numbers join the chain when the day is over. Rows are appended without waiting for one another and linked
afterwards, so that the trail never slows a signer down.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, LargeBinary, String, delete, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from petition_app.storage.db import UNNUMBERED, Base, Moment, db


class AuditEvent(Base):
    """One act. `number` is how many signatures it concerned; `position` and `link` are its place in the chain."""

    __tablename__ = "audit_events"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    act: Mapped[str] = mapped_column(String(60))
    petition_id: Mapped[UUID | None] = mapped_column(ForeignKey("petitions.id"))
    actor_id: Mapped[UUID | None]
    object_id: Mapped[UUID | None] = mapped_column(index=True)
    number: Mapped[int] = mapped_column(default=1)
    day: Mapped[date]
    at: Mapped[datetime | None] = mapped_column(Moment)
    position: Mapped[int | None] = mapped_column(unique=True)
    link: Mapped[bytes | None] = mapped_column(LargeBinary(32))

    __table_args__ = (Index("ix_audit_events_latest", "petition_id", "at"),)

    def digest(self, previous: bytes) -> bytes:
        """Return SHA-256 over the link before and every field of this row."""
        at = self.at.astimezone(UTC).isoformat() if self.at else None
        fields = (self.id, self.act, self.petition_id, self.actor_id, self.object_id, self.number, self.day, at)
        return hashlib.sha256(previous + "\x1f".join(str(field) for field in fields).encode()).digest()


class SignerAct(Base):
    """Acts of signers on one day, not in the chain yet; rows of the same act and day are added up meanwhile."""

    __tablename__ = "signer_acts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    act: Mapped[str] = mapped_column(String(60))
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"), index=True)
    number: Mapped[int] = mapped_column(default=1)
    day: Mapped[date]

    __table_args__ = UNNUMBERED


def record(
    act: str,
    *,
    at: datetime,
    by: UUID | None = None,
    petition_id: UUID | None = None,
    object_id: UUID | None = None,
    number: int = 1,
) -> None:
    """Write a staff act with its actor, object and time."""
    db.session.add(
        AuditEvent(
            act=act, petition_id=petition_id, actor_id=by, object_id=object_id, number=number, day=at.date(), at=at
        )
    )


def record_signer(act: str, *, petition_id: UUID, at: datetime) -> None:
    """Write a signer's act: what and on which day, nothing that leads to the signature."""
    db.session.add(SignerAct(**signer_row(act, petition_id=petition_id, at=at)))


def signer_row(act: str, *, petition_id: UUID, at: datetime, number: int = 1) -> dict[str, Any]:
    """Return the columns of a signer's act, or that of several who came at once."""
    return {"act": act, "petition_id": petition_id, "day": at.date(), "number": number}


def has_done(act: str, *, by: UUID, object_id: UUID, since: datetime) -> bool:
    """Return whether somebody did an act on an object since a moment."""
    found = select(AuditEvent.id).where(
        AuditEvent.object_id == object_id, AuditEvent.act == act, AuditEvent.actor_id == by, AuditEvent.at >= since
    )
    return db.session.scalar(found.limit(1)) is not None


def count_acts(acts: tuple[str, ...], *, petition_id: UUID) -> int:
    """Return how many signatures the named acts concerned in all."""
    found = 0
    for model in (AuditEvent, SignerAct):
        total = select(func.coalesce(func.sum(model.number), 0))
        found += db.session.scalar(total.where(model.act.in_(acts), model.petition_id == petition_id)) or 0
    return found


def count_on(at: datetime, acts: tuple[str, ...], *, by: UUID, petition_id: UUID) -> int:
    """Return how many signatures somebody's named acts have concerned on the day (UTC) of a moment."""
    morning = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    total = select(func.coalesce(func.sum(AuditEvent.number), 0)).where(
        AuditEvent.petition_id == petition_id, AuditEvent.at >= morning, AuditEvent.day == at.date(),
        AuditEvent.actor_id == by, AuditEvent.act.in_(acts),
    )  # fmt: skip
    return db.session.scalar(total) or 0


def add_up(*, at: datetime, apart: Collection[UUID] = ()) -> None:
    """Add up signers' acts by petition, act and day; those of a day that is over join the trail, to be linked.

    Those of petitions that stand `apart` are added up and wait.
    """
    rows = db.session.scalars(select(SignerAct).with_for_update(skip_locked=True)).all()
    sums: Counter[tuple[UUID, date, str]] = Counter()
    for row in rows:
        sums[row.petition_id, row.day, row.act] += row.number
    over = {key for key in sums if key[1] < at.date() and key[0] not in apart}
    if len(sums) == len(rows) and not over:
        return
    db.session.execute(delete(SignerAct).where(SignerAct.id.in_([row.id for row in rows])))
    db.session.expunge_all()
    for key, number in sums.items():
        petition_id, day, act = key
        words: dict[str, Any] = {"act": act, "petition_id": petition_id, "day": day, "number": number}
        db.session.add(AuditEvent(**words) if key in over else SignerAct(**words))
    db.session.flush()


def last_act(act: str, *, petition_id: UUID) -> datetime | None:
    """Return when an act of staff or of the server was recorded last."""
    query = select(func.max(AuditEvent.at)).where(AuditEvent.act == act, AuditEvent.petition_id == petition_id)
    return db.session.scalar(query)


DURESS = "keys.duress"  # Somebody has given up the passphrase of duress; who it was does not see it.


def list_events(*, petition_id: UUID, limit: int = 100, seen_by: UUID | None = None) -> list[AuditEvent]:
    """Return the latest staff acts on a petition, newest first, as `seen_by` may see them."""
    query = select(AuditEvent).where(AuditEvent.petition_id == petition_id, AuditEvent.at.is_not(None))
    if seen_by:
        query = query.where(or_(AuditEvent.act != DURESS, AuditEvent.object_id != seen_by))
    return list(db.session.scalars(query.order_by(AuditEvent.at.desc(), AuditEvent.id).limit(limit)))


def link_events(limit: int = 5000, *, apart: Collection[UUID] = ()) -> int:
    """Append the rows that are not linked yet to the chain, in no order that tells of arrival; return how many.

    The rows of petitions that stand `apart` stay unlinked, since they may be deleted.
    """
    waiting = list(
        db.session.scalars(
            select(AuditEvent)
            .where(AuditEvent.position.is_(None))
            .where(or_(AuditEvent.petition_id.is_(None), AuditEvent.petition_id.not_in(apart)))
            .order_by(AuditEvent.id)
            .limit(limit)
            .with_for_update()
        )
    )
    newest = db.session.scalar(
        select(AuditEvent).where(AuditEvent.position.is_not(None)).order_by(AuditEvent.position.desc()).limit(1)
    )
    position, previous = (newest.position or 0, newest.link or b"") if newest else (0, b"")
    for event in waiting:
        position += 1
        previous = event.digest(previous)
        event.position, event.link = position, previous
    db.session.flush()
    return len(waiting)


def head() -> tuple[int, bytes | None]:
    """Return how long the chain is, and its newest link: who keeps both notices when its end is cut off."""
    newest = select(AuditEvent.position, AuditEvent.link).where(AuditEvent.position.is_not(None))
    found = db.session.execute(newest.order_by(AuditEvent.position.desc()).limit(1)).first()
    return (found[0] or 0, found[1]) if found else (0, None)


def has_been(length: int, link: bytes) -> bool:
    """Return whether the chain still has this link at this length."""
    return db.session.scalar(select(AuditEvent.link).where(AuditEvent.position == length)) == link


def find_broken_link() -> int | None:
    """Walk the chain; return the first position whose row was changed, added or removed, or nothing."""
    previous, expected = b"", 1
    query = select(AuditEvent).where(AuditEvent.position.is_not(None)).order_by(AuditEvent.position)
    with db.session.execute(query.execution_options(yield_per=1000)) as rows:
        for event in rows.scalars():
            if event.position != expected or event.link != event.digest(previous):
                return expected
            previous, expected = event.link, expected + 1
    return None
