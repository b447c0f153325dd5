"""Tables of staff: accounts, roles per petition, sessions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from petition_app.mailer.addresses import address_key
from petition_app.storage.db import Base, Moment

ROLES = ("organizer", "reviewer", "auditor")
APPROVAL_KINDS = ("policy", "export_names", "desk_names", "take_keys", "remove_member", "unfreeze")
APPROVAL_STATES = ("open", "confirmed", "used", "refused", "taken_back")


def _key_of_email(context: Any) -> str:
    return address_key(context.get_current_parameters()["email"])


class Account(Base):
    """A member of staff.

    `email` is written to, `email_key` is the same for all its spellings. `seen_on` is the day of the latest sign-in or
    act.
    """

    __tablename__ = "accounts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254), unique=True, default=_key_of_email)
    name: Mapped[str] = mapped_column(String(120))
    password: Mapped[str] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    seen_on: Mapped[date | None]

    memberships: Mapped[list[Membership]] = relationship(back_populates="account")

    # What the library for signing in asks of an account; its roles hold everywhere, ours belong to a petition.
    roles: ClassVar[list[str]] = []
    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False

    @property
    def is_active(self) -> bool:
        """Whether the account may sign in."""
        return self.active

    def get_id(self) -> str:
        """Return what a session of the library keeps of an account."""
        return self.fs_uniquifier


class Membership(Base):
    """The role of one account on one petition."""

    __tablename__ = "memberships"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))

    account: Mapped[Account] = relationship(back_populates="memberships")

    __table_args__ = (
        UniqueConstraint("account_id", "petition_id"),
        CheckConstraint(f"role IN {ROLES}", name="role_known"),
    )


class AccountSession(Base):
    """A sign-in that has not ended; without its row a cookie opens nothing."""

    __tablename__ = "account_sessions"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(Moment)


class StaffInvitation(Base):
    """Somebody asked by mail to take a role on a petition, and who has not answered yet. Of the code, the hash only.

    An answer or a withdrawal removes the row. `language` is that of the mail; `mails` counts how often it was sent.
    `email` is written to, `email_key` is the same for all its spellings.
    """

    __tablename__ = "staff_invitations"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"))
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254), default=_key_of_email)
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(2))
    invited_by_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    sent_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    mails: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        UniqueConstraint("petition_id", "email_key"),
        CheckConstraint(f"role IN {ROLES}", name="role_known"),
    )


class NoticeWish(Base):
    """That a member of staff wants a neutral mail where something waits, in which language, and the day of the last.

    One row a person: whoever claims a day moves `last_on` on in the row itself, so that no day has two mails.
    """

    __tablename__ = "notice_wishes"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(2))
    last_on: Mapped[date | None]


class DeskToken(Base):
    """A token with which a member's own machine fetches sealed cases of one petition. Hash only."""

    __tablename__ = "desk_tokens"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"))
    made_at: Mapped[datetime] = mapped_column(Moment)


class ApprovalRequest(Base):
    """An act that takes two organizers: one asks for exactly `payload`, another confirms it or refuses.

    `digest` is SHA-256 over the kind, the petition, who asked when, and the payload; whoever confirms sends it along,
    so that what is confirmed is what was shown. A request that is open is void a day after it was asked.
    """

    __tablename__ = "approval_requests"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"))
    kind: Mapped[str] = mapped_column(String(20))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    state: Mapped[str] = mapped_column(String(12), default="open")
    asked_by_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    asked_at: Mapped[datetime] = mapped_column(Moment)
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        CheckConstraint(f"kind IN {APPROVAL_KINDS}", name="kind_known"),
        CheckConstraint(f"state IN {APPROVAL_STATES}", name="state_known"),
        Index("ix_approval_requests_waiting", "petition_id", "state"),
    )
