"""Tables of what is counted and what is public."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from petition_app.person_names.sorting import LONGEST_KEY
from petition_app.signatures.models import Counts
from petition_app.storage.db import UNNUMBERED, Base, Moment, sorted_text

UPDATE_KINDS = (
    "opened", "initial", "batch", "report", "amended", "correction", "closed", "final",
    "paused", "resumed", "extended", "handed_over", "answered", "taken_back",
    "rules_raised", "rules_lowered",
)  # fmt: skip


class TallyTotal(Base, Counts):
    """The folded counts of one batch, or of the signatures in no batch (`batch_id` empty)."""

    __tablename__ = "tally_totals"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"), index=True)
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("batches.id"))


class Publication(Base):
    """One release of the numbers: the whole tally as the public reads it, numbered from 1 within its petition.

    `named` is the number of published names of each batch: {"0": n, "1": n}; `speed` is how fast signatures are
    decided, in whole hours, or nothing while too few were: see `rules.public_speed`. `samples` is how each sample
    stood: see `sampling_results.standing`. `trail_length` and `trail_head` are those of the trail at that time, so that
    nobody cuts off its end unnoticed.
    """

    __tablename__ = "publications"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"))
    number: Mapped[int]
    as_of: Mapped[datetime] = mapped_column(Moment)
    tally: Mapped[dict[str, Any]] = mapped_column(JSON)
    named: Mapped[dict[str, int]] = mapped_column(JSON)
    speed: Mapped[dict[str, int | None] | None] = mapped_column(JSON)
    trail_length: Mapped[int | None]
    trail_head: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    samples: Mapped[dict[str, dict[str, Any]] | None] = mapped_column(JSON)

    __table_args__ = (UniqueConstraint("petition_id", "number"),)


class TallyDay(Base):
    """The last published tally of one day."""

    __tablename__ = "tally_days"

    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    tally: Mapped[dict[str, Any]] = mapped_column(JSON)


class PublishedName(Base):
    """A name in public. Written by the publisher alone, and gone as soon as a condition falls.

    `sorted_as` says by which rules and for which language `collation_key` and `initial` were made; where the letter's
    is another one now, a worker makes them anew. `spelled` is the name by its sound, so that a search in another
    alphabet finds it; `folded` is what `signatures.rules.fold_name` makes of it, so that somebody who says it is theirs
    is found without reading all.
    """

    __tablename__ = "published_names"

    signature_id: Mapped[UUID] = mapped_column(ForeignKey("signatures.id"), primary_key=True)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"))
    batch_number: Mapped[int]
    name: Mapped[str] = mapped_column(String(240))
    role: Mapped[str] = mapped_column(String(200))
    place: Mapped[str] = mapped_column(String(200))
    sort_key: Mapped[str] = mapped_column(sorted_text(240))
    collation_key: Mapped[str] = mapped_column(sorted_text(LONGEST_KEY))
    initial: Mapped[str] = mapped_column(String(4))
    sorted_as: Mapped[str] = mapped_column(String(8))
    spelled: Mapped[str] = mapped_column(String(240))
    folded: Mapped[str] = mapped_column(String(240))

    __table_args__ = (
        Index("ix_published_names_folded", "petition_id", "folded"),
        Index("ix_published_names_order", "petition_id", "batch_number", "collation_key"),
        Index("ix_published_names_place", "petition_id", "place"),
        UNNUMBERED,
    )


class Claim(Base):
    """Somebody's word that a published name is theirs and that they did not sign; the words are sealed in the case.

    While it is open and `hides`, the name is not shown. `account_id` is the organizer who let the name stand.
    """

    __tablename__ = "claims"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    signature_id: Mapped[UUID] = mapped_column(ForeignKey("signatures.id"), index=True)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"), index=True)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    hides: Mapped[bool]
    asked_on: Mapped[date]
    closed_on: Mapped[date | None]

    __table_args__ = UNNUMBERED


class DueName(Base):
    """A name of a sealed petition that a publication has found due, and that no organizer has opened yet."""

    __tablename__ = "due_names"

    signature_id: Mapped[UUID] = mapped_column(ForeignKey("signatures.id"), primary_key=True)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"), index=True)

    __table_args__ = UNNUMBERED


class Update(Base):
    """An entry of the public timeline, written with the publication that makes it public.

    `texts` is {"en": …, "ru": …}; `source_id` is the batch, import or decision it stands for, so that each is told
    once; `counts` are a report's numbers. A correction has a class of reason in `reason` and never a name.
    """

    __tablename__ = "updates"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"))
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(Moment)
    texts: Mapped[dict[str, str]] = mapped_column(JSON)
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("batches.id"))
    source_id: Mapped[UUID | None]
    counts: Mapped[dict[str, int] | None] = mapped_column(JSON)
    reason: Mapped[str | None] = mapped_column(String(30))

    __table_args__ = (
        CheckConstraint(f"kind IN {UPDATE_KINDS}", name="kind_known"),
        UniqueConstraint("kind", "source_id"),
        Index("ix_updates_timeline", "petition_id", "at"),
    )


class PublishedPlace(Base):
    """How many published names a place has."""

    __tablename__ = "published_places"

    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"), primary_key=True)
    place: Mapped[str] = mapped_column(sorted_text(200), primary_key=True)
    number: Mapped[int]


class Breakdown(Base):
    """How many of those without a public name have which role, and which place; small numbers are merged before.

    `roles` and `places` are [label, number] pairs, the largest first; the label of the merged rest is empty.
    """

    __tablename__ = "breakdowns"

    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"), primary_key=True)
    as_of: Mapped[datetime] = mapped_column(Moment)
    total: Mapped[int]
    roles: Mapped[list[tuple[str, int]]] = mapped_column(JSON)
    places: Mapped[list[tuple[str, int]]] = mapped_column(JSON)
