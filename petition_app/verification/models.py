"""Tables of checking: batches, decisions, evidence, leases, questions, bulk acts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from petition_app.petitions.rules import EVIDENCE_KINDS
from petition_app.storage.db import UNNUMBERED, Base, Moment
from petition_app.verification.rules import CONTACTS, ELIGIBLE, OUTCOMES, REASONS, RETRACTIONS

BATCH_STATES = ("open", "checking", "closed")
BULK_STATES = ("waiting", "running", "cancelled", "done", "undoing", "undone")
SKIPPED = ("held", "moved", "changed", "alike", "policy", "own")
LEFT_OUT = ("unmatched", "asked", "held", "own", "alike", "several", "not_on_roster", "policy", "filter")
BULK_RESULTS = ("done", *SKIPPED, "undone", "kept")


class Batch(Base):
    """Signatures sealed and announced together. Batch 0 holds the initial signatories.

    `size` is the number of members, frozen when sealed; `announcement` is {"en": …, "ru": …}. `policies` are those
    under which its members may have signed: whatever the petition asks for later, they are asked for no less.
    """

    __tablename__ = "batches"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"))
    number: Mapped[int]
    size: Mapped[int] = mapped_column(default=0)
    announcement: Mapped[dict[str, str] | None] = mapped_column(JSON)
    started_at: Mapped[datetime] = mapped_column(Moment)
    sealed_at: Mapped[datetime | None] = mapped_column(Moment)
    policies: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)

    __table_args__ = (
        UniqueConstraint("petition_id", "number"),
        CheckConstraint("number = 0 OR sealed_at IS NOT NULL", name="sealed_unless_initial"),
    )


class Decision(Base):
    """One staff act on one signature, append-only and numbered from 1 by `position`.

    An `undone` row takes back the decision named in `supersedes_id`; a `reopened` row ends the round before it.
    `contact` and `contacted_on` say how and on which day the person was reached; the words about it are sealed.
    `correction` says that the act takes back a verification and must be told in public. `eligible` answers the first
    question: found on the roster, or entitled on other grounds; which roster entry was meant is told by `entry_mark`,
    which only the signature's own key yields; `judged` proves which name a "verified" was said of: see `judged`.
    `roster_number` is the roster version it was checked against.
    `account_id` is empty where the signer asked for a second look, or where the time to answer ran out. `enacted`
    marks the decision that changed the state.
    """

    __tablename__ = "decisions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    signature_id: Mapped[UUID] = mapped_column(ForeignKey("signatures.id"))
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"))
    position: Mapped[int]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    outcome: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(30))
    duplicate_of_id: Mapped[UUID | None] = mapped_column(ForeignKey("signatures.id"))
    supersedes_id: Mapped[UUID | None] = mapped_column(ForeignKey("decisions.id"), unique=True)
    correction: Mapped[bool] = mapped_column(default=False)
    contact: Mapped[str | None] = mapped_column(String(30))
    contacted_on: Mapped[date | None]
    eligible: Mapped[str | None] = mapped_column(String(20))
    entry_mark: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    judged: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    roster_number: Mapped[int | None]
    enacted: Mapped[bool] = mapped_column(default=False)
    bulk_id: Mapped[UUID | None] = mapped_column(ForeignKey("bulks.id"), index=True)
    at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (
        UniqueConstraint("signature_id", "position"),
        CheckConstraint(f"outcome IN {OUTCOMES}", name="outcome_known"),
        CheckConstraint(f"reason IS NULL OR reason IN {REASONS + RETRACTIONS}", name="reason_known"),
        CheckConstraint(f"contact IS NULL OR contact IN {CONTACTS}", name="contact_known"),
        CheckConstraint("(outcome = 'duplicate') = (duplicate_of_id IS NOT NULL)", name="duplicate_has_original"),
        CheckConstraint("duplicate_of_id IS NULL OR duplicate_of_id <> signature_id", name="not_own_duplicate"),
        CheckConstraint(f"eligible IS NULL OR eligible IN {ELIGIBLE}", name="eligible_known"),
        Index("ix_decisions_enacted", "petition_id", "enacted", "at"),
        Index("ix_decisions_latest", "petition_id", "at"),
        Index("ix_decisions_open", "petition_id", "enacted", "position"),
        Index("ix_decisions_corrections", "petition_id", "correction"),
        Index("ix_decisions_duplicate_of_id", "duplicate_of_id"),
        UNNUMBERED,
    )


class Evidence(Base):
    """Why somebody believes that a signature is this person's: a kind, a strength 1-3, a day, a member of staff.

    What was seen is not kept; words about it, and why a kind of proof may be dangerous to the signer, are sealed in
    the case under this row's id. `account_id` is empty where the signer typed the code sent to the official contact.
    `own_word` says that this member of staff vouches in person and so cannot decide the case.
    """

    __tablename__ = "evidence"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    signature_id: Mapped[UUID] = mapped_column(ForeignKey("signatures.id"), index=True)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    kind: Mapped[str] = mapped_column(String(30))
    strength: Mapped[int] = mapped_column(SmallInteger)
    danger: Mapped[bool] = mapped_column(default=False)
    own_word: Mapped[bool] = mapped_column(default=False)
    on: Mapped[date]
    removed_on: Mapped[date | None]

    __table_args__ = (
        CheckConstraint(f"kind IN {EVIDENCE_KINDS}", name="kind_known"),
        CheckConstraint("strength BETWEEN 1 AND 3", name="strength_known"),
        UNNUMBERED,
    )


class ContactRequest(Base):
    """A code that went to the contact on the official record; the signer types it at /my. Hash only."""

    __tablename__ = "contact_requests"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    signature_id: Mapped[UUID] = mapped_column(ForeignKey("signatures.id"), index=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    asked_on: Mapped[date]
    answered_on: Mapped[date | None]
    tries_left: Mapped[int] = mapped_column(SmallInteger, default=5)

    __table_args__ = UNNUMBERED


class Bulk(Base):
    """One act on many cases: who, by which filter, how far, and whether it was taken back.

    `chosen` is the filter: {"batch": n | null, "match": class, "strength": 0-3}. `total` is the number shown first;
    which cases they are is frozen with it, and so is `left_out`: how many were not chosen, by the reasons of LEFT_OUT.
    """

    __tablename__ = "bulks"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"), index=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    chosen: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    total: Mapped[int] = mapped_column(default=0)
    left_out: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (CheckConstraint(f"state IN {BULK_STATES}", name="state_known"),)


class BulkCase(Base):
    """A case chosen for a bulk act and what came of it: nothing yet, done, why it was skipped, undone, or kept."""

    __tablename__ = "bulk_cases"

    bulk_id: Mapped[UUID] = mapped_column(ForeignKey("bulks.id"), primary_key=True)
    signature_id: Mapped[UUID] = mapped_column(ForeignKey("signatures.id"), primary_key=True)
    result: Mapped[str | None] = mapped_column(String(10))

    __table_args__ = (
        CheckConstraint(f"result IS NULL OR result IN {BULK_RESULTS}", name="result_known"),
        Index("ix_bulk_cases_result", "bulk_id", "result"),
        Index("ix_bulk_cases_signature_id", "signature_id"),
        UNNUMBERED,
    )


class MatchPage(Base):
    """What a run of matching remembers between two slices, sealed under the petition's index key."""

    __tablename__ = "match_pages"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"), index=True)
    last_id: Mapped[UUID]
    box: Mapped[bytes] = mapped_column(LargeBinary)


class SignedAct(Base):
    """The number of an act that a reviewer's own machine has sent, so that it is taken once; kept for an hour."""

    __tablename__ = "signed_acts"

    nonce: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)


class Lease(Base):
    """The reviewer who holds a case, and until when."""

    __tablename__ = "leases"

    signature_id: Mapped[UUID] = mapped_column(ForeignKey("signatures.id"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    until: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = UNNUMBERED


class MatchLease(Base):
    """Whose own machine has the sealed list of a petition, to match it, and until when."""

    __tablename__ = "match_leases"

    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    until: Mapped[datetime] = mapped_column(Moment)


class Question(Base):
    """A question to the signer, sealed to the key that only the secret code yields.

    The answer goes back to the reviewer in `account_id`. `reminders` were mailed so far.
    """

    __tablename__ = "questions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    signature_id: Mapped[UUID] = mapped_column(ForeignKey("signatures.id"), index=True)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    box: Mapped[bytes] = mapped_column(LargeBinary)
    asked_on: Mapped[date]
    answered_on: Mapped[date | None]
    reminders: Mapped[int] = mapped_column(SmallInteger, default=0)
    reminded_on: Mapped[date | None]


class HeldReport(Base):
    """What was still held of a petition on a day, as numbers: see `retention.KINDS`."""

    __tablename__ = "held_reports"

    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"), primary_key=True)
    day: Mapped[date]
    numbers: Mapped[dict[str, int]] = mapped_column(JSON)


class SecondLook(Base):
    """A signer's wish to be looked at again; the words are sealed in the case.

    `position` is that of the signature's latest decision when it was asked: a later one answers it. It is closed at
    once where the check began anew by itself, or on the day on which the organizer in `account_id` left it.
    """

    __tablename__ = "second_looks"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    signature_id: Mapped[UUID] = mapped_column(ForeignKey("signatures.id"), index=True)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    position: Mapped[int]
    asked_on: Mapped[date]
    closed_on: Mapped[date | None]

    __table_args__ = (Index("ix_second_looks_waiting", "petition_id", "closed_on"), UNNUMBERED)
