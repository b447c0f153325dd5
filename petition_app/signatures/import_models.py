"""Tables of imports: the file that waits, its rows once they are sealed, its bad rows, and what it brought in."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, ForeignKey, LargeBinary, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from petition_app.storage.db import UNNUMBERED, Base, Moment

STATES = ("waiting", "staging", "done", "stopped", "undoing", "undone")


class Import(Base):
    """One imported file.

    `state`: waiting to be looked at; staging until every row is sealed, then done; stopped; being undone, undone.
    `account_id` is empty where a command did it. `columns` says what each column of an uploaded file is taken for, and
    `box` holds their titles and the word on consent, sealed as the file is. `total` rows are to be taken, `staged` are
    sealed so far, `bad` cannot be taken, `added` became signatures. `at` is when it began, in the end when it was done.
    `terms` is a keyed HMAC of the words that a command was given: with the same ones it goes on where it was cut off.
    """

    __tablename__ = "imports"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    initial: Mapped[bool]
    state: Mapped[str] = mapped_column(String(10), default="staging")
    columns: Mapped[list[Any] | None] = mapped_column(JSON)
    box: Mapped[bytes | None] = mapped_column(LargeBinary)
    total: Mapped[int] = mapped_column(default=0)
    staged: Mapped[int] = mapped_column(default=0)
    bad: Mapped[int] = mapped_column(default=0)
    added: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime] = mapped_column(Moment)
    undone_at: Mapped[datetime | None] = mapped_column(Moment)
    terms: Mapped[bytes | None] = mapped_column(LargeBinary(32))

    __table_args__ = (
        UniqueConstraint("petition_id", "sha256"),
        CheckConstraint(f"state IN {STATES}", name="state_known"),
    )


class ImportChunk(Base):
    """Some rows of an uploaded file, sealed under a key that is kept nowhere on the server until the import runs."""

    __tablename__ = "import_chunks"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    box: Mapped[bytes] = mapped_column(LargeBinary)


class ImportBadRow(Base):
    """A row that was not taken: its line and the reason, nothing of what it holds."""

    __tablename__ = "import_bad_rows"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(String(200))


class StagedRow(Base):
    """One row of a file, ready to become a signature with all the others of its file; `id` is the signature's.

    Its sealed parts and keys stand where they will stay, in `sealed_parts` and `sealed_keys`; they belong to no
    signature until then. `ref_index` is remembered in standard mode.
    """

    __tablename__ = "staged_rows"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id"))
    line: Mapped[int]
    language: Mapped[str] = mapped_column(String(8))
    publication_tier: Mapped[int] = mapped_column(SmallInteger)
    commitment: Mapped[bytes] = mapped_column(LargeBinary(32))
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    signer_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    agreement_box: Mapped[bytes | None] = mapped_column(LargeBinary)
    name_index: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    mailbox_index: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    ref_index: Mapped[bytes | None] = mapped_column(LargeBinary(32))

    __table_args__ = (UniqueConstraint("import_id", "line"), UNNUMBERED)


class ImportMember(Base):
    """Which import a signature came with, so that it can be taken back; gone when the next batch is sealed."""

    __tablename__ = "import_members"

    signature_id: Mapped[UUID] = mapped_column(ForeignKey("signatures.id"), primary_key=True)
    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id"), index=True)

    __table_args__ = UNNUMBERED


class ImportedRef(Base):
    """A reference that was imported already, as a keyed HMAC that leads to no signature.

    `import_id` lets go of it when the import is taken back.
    """

    __tablename__ = "imported_refs"

    ref_index: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    import_id: Mapped[UUID | None] = mapped_column(ForeignKey("imports.id"), index=True)

    __table_args__ = UNNUMBERED
