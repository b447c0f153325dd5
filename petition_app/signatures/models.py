"""Tables of signatures, their sealed parts and keys, confirmations, and the deltas of the count."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, String, false
from sqlalchemy.orm import Mapped, mapped_column

from petition_app.crypto.vault import PARTS
from petition_app.signatures.rules import STATES
from petition_app.storage.db import UNNUMBERED, Base, Moment, partial_index


class Signature(Base):
    """One act of signing. What it says about a person is sealed; only what cannot name anybody stands in plain.

    `publication_tier` 0-3 is what may be published, `min_named_others` its condition ("once N others agree"),
    `commitment` is C. The two indexes are keyed HMACs, not unique, to find possible duplicates; they are erased with
    the keys. `names_stale` asks the publisher to look at this signature. `match_class` and `matched_roster` say what
    the roster of that number gave; `match_index` (not unique, of the best entry) finds conflicts; `entry_index` is that
    of the entry a verified signature stands for, and unique. All but the number are erased with the keys.
    `awaiting_enactment` asks to look again at a case on which the reviewers agree and which had to wait for another
    one.
    """

    __tablename__ = "signatures"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"))
    text_version_id: Mapped[UUID] = mapped_column(ForeignKey("text_versions.id"))
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("batches.id"))
    state: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(8))
    publication_tier: Mapped[int] = mapped_column(SmallInteger)
    min_named_others: Mapped[int | None]
    arrived_on: Mapped[date]
    commitment: Mapped[bytes] = mapped_column(LargeBinary(32))
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    signer_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    agreement_box: Mapped[bytes | None] = mapped_column(LargeBinary)
    name_index: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    mailbox_index: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    names_stale: Mapped[bool] = mapped_column(default=False)
    match_class: Mapped[str | None] = mapped_column(String(10))
    matched_roster: Mapped[int | None]
    match_index: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    entry_index: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    awaiting_enactment: Mapped[bool] = mapped_column(default=False, server_default=false())

    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state_known"),
        CheckConstraint("publication_tier BETWEEN 0 AND 3", name="consent_tier"),
        CheckConstraint("min_named_others IS NULL OR min_named_others > 0", name="others_positive"),
        Index("ix_signatures_queue", "petition_id", "state", "id"),
        Index("ix_signatures_match_index", "petition_id", "match_index"),
        Index("ix_signatures_matched", "petition_id", "state", "matched_roster"),
        Index("ix_signatures_desk", "batch_id", "state", "id"),
        Index("ix_signatures_awaiting_enactment", "petition_id", **partial_index("awaiting_enactment")),
        Index("ix_signatures_conditional", "petition_id", "state", **partial_index("min_named_others IS NOT NULL")),
        Index("ix_signatures_name_index", "petition_id", "name_index"),
        Index("ix_signatures_mailbox_index", "petition_id", "mailbox_index"),
        Index("ix_signatures_names_stale", "petition_id", "names_stale"),
    )


class SealedPart(Base):
    """One sealed part. `case` may stand several times, one row an addition; the others once.

    No foreign key leads to the signature, since the parts of an import are there before their signatures, which then
    come into being all at once. Until then they belong to a staged row of the same id.
    """

    __tablename__ = "sealed_parts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    signature_id: Mapped[UUID] = mapped_column(index=True)
    part: Mapped[str] = mapped_column(String(10))
    box: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (CheckConstraint(f"part IN {PARTS}", name="part_known"),)


class SealedKey(Base):
    """A wrapped key: of a sealed part (`part_id`), or of the whole signature (`part_id` empty, `key_id` given).

    A part that the signer added has a wrap of its own and therefore a `key_id` too. Erasing the row makes the part
    unreadable for good.
    """

    __tablename__ = "sealed_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    signature_id: Mapped[UUID] = mapped_column(index=True)
    part_id: Mapped[UUID | None] = mapped_column(ForeignKey("sealed_parts.id"), unique=True)
    key_id: Mapped[str | None] = mapped_column(String(40))
    box: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = UNNUMBERED


class NearKey(Base):
    """A keyed index of a name's rough sound, not unique, to find similar names; erased with the keys."""

    __tablename__ = "near_keys"

    signature_id: Mapped[UUID] = mapped_column(ForeignKey("signatures.id"), primary_key=True)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"))
    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)

    __table_args__ = (Index("ix_near_keys_key", "petition_id", "key", "signature_id"), UNNUMBERED)


class Confirmation(Base):
    """A code that waits to be typed: hashes only. `expires_at` stands on a quarter of an hour.

    It was mailed, or, with a `group_id`, printed for a person of a group entry. Once it is used, `words_salt` lets its
    page show the twelve words again until `shown_until`, on a quarter of an hour too; both are erased before that when
    the signer has written the words down.
    """

    __tablename__ = "confirmations"

    pending_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    form_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    signature_id: Mapped[UUID] = mapped_column(ForeignKey("signatures.id"), unique=True)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"))
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    tries_left: Mapped[int] = mapped_column(SmallInteger)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    used: Mapped[bool] = mapped_column(default=False)
    group_id: Mapped[UUID | None] = mapped_column(ForeignKey("group_entries.id"), index=True)
    agreement_box: Mapped[bytes | None] = mapped_column(LargeBinary)
    words_salt: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    shown_until: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        Index("ix_confirmations_code_hash", "petition_id", "code_hash"),
        Index("ix_confirmations_shown", "shown_until", **partial_index("shown_until IS NOT NULL")),
        UNNUMBERED,
    )


class DuressCode(Base):
    """The code that a signer gives up under duress: it opens nothing. Only its hash is kept, as of the first one."""

    __tablename__ = "second_codes"

    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    signature_id: Mapped[UUID] = mapped_column(ForeignKey("signatures.id"), unique=True)

    __table_args__ = UNNUMBERED


class CodeAttempt(Base):
    """A code was typed that opens nothing. The box says whose second code it was, or that it was nobody's."""

    __tablename__ = "knocks"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    key_id: Mapped[str] = mapped_column(String(40))
    box: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = UNNUMBERED


class Counts:
    """How many signatures entered (or, negative, left) each state; `arrived` counts arrivals on its own."""

    arrived: Mapped[int] = mapped_column(default=0)
    unconfirmed: Mapped[int] = mapped_column(default=0)
    discarded: Mapped[int] = mapped_column(default=0)
    received: Mapped[int] = mapped_column(default=0)
    checking: Mapped[int] = mapped_column(default=0)
    needs_info: Mapped[int] = mapped_column(default=0)
    verified: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    duplicate: Mapped[int] = mapped_column(default=0)
    withdrawn: Mapped[int] = mapped_column(default=0)
    retracted: Mapped[int] = mapped_column(default=0)


class SignatureDelta(Base, Counts):
    """A change of the count, not folded into the totals yet. It names no signature and no time."""

    __tablename__ = "signature_deltas"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"), index=True)
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("batches.id"))

    __table_args__ = UNNUMBERED


class SentLetter(Base):
    """That a message about a signature was delivered, so that it can be told when it comes back; for seven days.

    Of the Message-ID, a keyed hash only. Sealed petitions have none: whoever holds the mail server's log could tie a
    signature to an address.
    """

    __tablename__ = "sent_letters"

    message_index: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    signature_id: Mapped[UUID] = mapped_column(ForeignKey("signatures.id"), index=True)
    sent_on: Mapped[date]

    __table_args__ = UNNUMBERED
