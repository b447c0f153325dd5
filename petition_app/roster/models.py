"""Tables of rosters: each imported version, and the people it lists."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from petition_app.storage.db import Base, Moment

STATES = ("staging", "current", "past")


class RosterVersion(Base):
    """One import of the list of people who may sign, true as of a day.

    `state`: staging until it is used, current, past. `columns` says
    how each column of the file was read. `added`, `gone` and `changed` compare it with the version before.
    `reading` is what the preview shows of a file that is not in use yet; it is empty afterwards.
    """

    __tablename__ = "roster_versions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    as_of: Mapped[date]
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    columns: Mapped[list[str]] = mapped_column(JSON)
    size: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(10), default="staging")
    added: Mapped[int] = mapped_column(default=0)
    gone: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    reading: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (
        UniqueConstraint("petition_id", "number"),
        CheckConstraint(f"state IN {STATES}", name="state_known"),
    )


class RosterEntry(Base):
    """One person on one version of a roster: who may sign, never whether they did.

    `key` is the same for the same person in every version: the file's own id, or a hash of name, body and place.
    `contact_safe` says whether the official contact may be written to without telling an employer; nothing means
    that nobody has said.
    """

    __tablename__ = "roster_entries"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    version_id: Mapped[UUID] = mapped_column(ForeignKey("roster_versions.id"))
    key: Mapped[str] = mapped_column(String(64))
    surname: Mapped[str] = mapped_column(String(120), default="")
    given: Mapped[str] = mapped_column(String(120), default="")
    patronymic: Mapped[str] = mapped_column(String(120), default="")
    body: Mapped[str] = mapped_column(String(200), default="")
    place: Mapped[str] = mapped_column(String(200), default="")
    role: Mapped[str] = mapped_column(String(200), default="")
    term_from: Mapped[date | None]
    term_to: Mapped[date | None]
    contact: Mapped[str] = mapped_column(String(254), default="")
    contact_safe: Mapped[bool | None]

    __table_args__ = (UniqueConstraint("version_id", "key"),)

    @property
    def name(self) -> str:
        """The whole name: surname, given name, patronymic."""
        return " ".join(part for part in (self.surname, self.given, self.patronymic) if part)
