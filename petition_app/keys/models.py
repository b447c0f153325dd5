"""Tables of keys: of staff, of petitions, who holds which, and which are open at the moment."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from petition_app.storage.db import Base, Moment


class AccountKey(Base):
    """A key pair of a member of staff. The private halves, for opening and for signing, lie under a passphrase.

    `duress_box` lies under the passphrase that is given up under duress; where none was chosen, under a random one, so
    that nobody can tell.
    """

    __tablename__ = "account_keys"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    public: Mapped[bytes] = mapped_column(LargeBinary(32))
    signing_public: Mapped[bytes] = mapped_column(LargeBinary(32))
    private_box: Mapped[bytes] = mapped_column(LargeBinary)
    duress_box: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(Moment)


class DuressAlarm(Base):
    """Somebody has given up the passphrase of duress; only a colleague ends it, by granting the keys anew."""

    __tablename__ = "duress_alarms"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    raised_at: Mapped[datetime] = mapped_column(Moment)


class PetitionKey(Base):
    """One key pair of a sealed petition; the newest that is not retired seals what arrives.

    `index_box` holds the petition's one index key, sealed to this key. `recovery_public` is the public half of the key
    on the printed sheet.
    """

    __tablename__ = "petition_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"))
    number: Mapped[int]
    public: Mapped[bytes] = mapped_column(LargeBinary(32))
    index_box: Mapped[bytes] = mapped_column(LargeBinary)
    recovery_public: Mapped[bytes] = mapped_column(LargeBinary(32))
    made_at: Mapped[datetime] = mapped_column(Moment)
    retired_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (UniqueConstraint("petition_id", "number"),)


class KeyWrap(Base):
    """A petition's private key, sealed to one holder; without an account, to the printed sheet."""

    __tablename__ = "key_wraps"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    key_id: Mapped[UUID] = mapped_column(ForeignKey("petition_keys.id"), index=True)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    box: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (UniqueConstraint("key_id", "account_id"),)


class Unlock(Base):
    """Keys that a reviewer has open: ciphertext, under a secret that only their cookie holds.

    `seen_at` is the minute of the latest act with them.
    """

    __tablename__ = "unlocks"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"), index=True)
    box: Mapped[bytes] = mapped_column(LargeBinary)
    started_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment, index=True)
