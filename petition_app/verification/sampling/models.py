"""Tables of the re-check: samples of decided cases, and their re-checks."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from petition_app.storage.db import Base, Moment
from petition_app.verification.sampling.rules import FINDINGS, POPULATIONS


class Sample(Base):
    """A random sample of a batch's decided cases, committed to while they are being decided.

    Until it is drawn the seed is sealed under the server's key ring (`key_id`, `seed_box`); then it stands in `seed`.
    `population` says which outcome is looked at again; `members` is how many cases had it when the sample was drawn.
    """

    __tablename__ = "samples"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"), index=True)
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"), unique=True)
    population: Mapped[str] = mapped_column(String(20))
    size: Mapped[int]
    key_id: Mapped[str] = mapped_column(String(40))
    seed_box: Mapped[bytes] = mapped_column(LargeBinary)
    seed_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    seed: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    members: Mapped[int | None]
    committed_by_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    committed_at: Mapped[datetime] = mapped_column(Moment)
    drawn_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        CheckConstraint(f"population IN {tuple(POPULATIONS)}", name="population_known"),
        CheckConstraint("size > 0", name="size_positive"),
        CheckConstraint("(drawn_at IS NULL) = (seed IS NULL)", name="seed_told_when_drawn"),
    )


class Recheck(Base):
    """One case of a sample, by `position` from 1. `account_id` is the auditor who holds it, then who re-checked it."""

    __tablename__ = "rechecks"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("samples.id"))
    signature_id: Mapped[UUID] = mapped_column(ForeignKey("signatures.id"))
    position: Mapped[int]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    taken_at: Mapped[datetime | None] = mapped_column(Moment)
    finding: Mapped[str | None] = mapped_column(String(10))
    at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        UniqueConstraint("sample_id", "position"),
        UniqueConstraint("sample_id", "signature_id"),
        Index("ix_rechecks_signature_id", "signature_id"),
        CheckConstraint(f"finding IS NULL OR finding IN {FINDINGS}", name="finding_known"),
        CheckConstraint("finding IS NULL OR (account_id IS NOT NULL AND at IS NOT NULL)", name="finding_has_finder"),
    )
