"""Tables of checking: batches, decisions, leases, questions."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from petition_app.db import Base, Moment
from petition_app.verification.rules import CONTACTS, OUTCOMES, REASONS, RETRACTIONS

BATCH_STATES = ("open", "checking", "closed")


class Batch(Base):
    """Signatures sealed and announced together. Batch 0 holds the initial signatories.

    `size` is the number of members, frozen when sealed; `announcement` is {"en": …, "ru": …}.
    """

    __tablename__ = "batches"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"))
    number: Mapped[int]
    size: Mapped[int] = mapped_column(default=0)
    announcement: Mapped[dict[str, str] | None] = mapped_column(JSON)
    started_at: Mapped[datetime] = mapped_column(Moment)
    sealed_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        UniqueConstraint("petition_id", "number"),
        CheckConstraint("number = 0 OR sealed_at IS NOT NULL", name="sealed_unless_initial"),
    )


class Decision(Base):
    """One staff act on one signature, append-only and numbered from 1 by `position`.

    An `undone` row takes back the decision named in `supersedes_id`; a `reopened` row ends the round before it.
    `contact` and `contacted_on` say how and on which day the person was reached; the words about it are sealed.
    `correction` says that the act takes back a verification and must be told in public.
    """

    __tablename__ = "decisions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    signature_id: Mapped[UUID] = mapped_column(ForeignKey("signatures.id"))
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"))
    position: Mapped[int]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    outcome: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(30))
    duplicate_of_id: Mapped[UUID | None] = mapped_column(ForeignKey("signatures.id"))
    supersedes_id: Mapped[UUID | None] = mapped_column(ForeignKey("decisions.id"), unique=True)
    correction: Mapped[bool] = mapped_column(default=False)
    contact: Mapped[str | None] = mapped_column(String(30))
    contacted_on: Mapped[date | None]
    at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (
        UniqueConstraint("signature_id", "position"),
        CheckConstraint(f"outcome IN {OUTCOMES}", name="outcome_known"),
        CheckConstraint(f"reason IS NULL OR reason IN {REASONS + RETRACTIONS}", name="reason_known"),
        CheckConstraint(f"contact IS NULL OR contact IN {CONTACTS}", name="contact_known"),
        CheckConstraint("(outcome = 'duplicate') = (duplicate_of_id IS NOT NULL)", name="duplicate_has_original"),
        CheckConstraint("duplicate_of_id IS NULL OR duplicate_of_id <> signature_id", name="not_own_duplicate"),
        Index("ix_decisions_latest", "petition_id", "at"),
        Index("ix_decisions_corrections", "petition_id", "correction"),
    )


class Lease(Base):
    """The reviewer who holds a case, and until when."""

    __tablename__ = "leases"

    signature_id: Mapped[UUID] = mapped_column(ForeignKey("signatures.id"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    until: Mapped[datetime] = mapped_column(Moment)


class Question(Base):
    """A question to the signer, sealed to the key that only the secret code yields."""

    __tablename__ = "questions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    signature_id: Mapped[UUID] = mapped_column(ForeignKey("signatures.id"), index=True)
    box: Mapped[bytes] = mapped_column(LargeBinary)
    asked_on: Mapped[date]
    answered_on: Mapped[date | None]
