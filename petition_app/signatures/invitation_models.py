"""The table of group entries: lists of invited people, of which only the count is kept in plain."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from petition_app.storage.db import UNNUMBERED, Base

TITLE_LENGTH = 60


class GroupEntry(Base):
    """A list of names that a colleague collected; each person confirms, or does not, with a code of their own.

    `size` is how many were invited, `confirmed` how many of them have signed, `sheets` how often codes were printed.
    `form_hash` makes a repeated sending harmless. Who is still open is told by `confirmations.group_id`, which is
    emptied when a person confirms: nothing leads from a signature that has arrived back to its list.
    """

    __tablename__ = "group_entries"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"), index=True)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    size: Mapped[int]
    confirmed: Mapped[int] = mapped_column(default=0)
    sheets: Mapped[int] = mapped_column(SmallInteger, default=1)
    form_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_on: Mapped[date]

    __table_args__ = (CheckConstraint("confirmed BETWEEN 0 AND size", name="confirmed_few"), UNNUMBERED)
