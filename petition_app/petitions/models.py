"""Tables of petitions and the versions of their texts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, ForeignKey, LargeBinary, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from petition_app.i18n import DEFAULT_LANGUAGE
from petition_app.petitions.time_zones import day_in
from petition_app.storage.db import Base, Moment

STATES = ("draft", "open", "paused", "closed")
MODES = ("standard", "sealed")
MATCH_RULES = ("strong", "possible", "any")
MILESTONES = ("paused", "resumed", "extended", "handed_over", "answered", "rules_raised", "rules_lowered")
DRAFTS = ("announcement", "pause", "handed_over", "answered", "notice")
FREEZE_CAUSES = ("act", "silence", "duress")
MAIL_RULES = ("required", "optional", "none")


def takes_signatures(
    state: str, *, opens: date | None, closes: date | None, frozen_at: datetime | None, on: date
) -> bool:
    """Return whether a petition that stands like this can be signed on a day of its time zone."""
    if state != "open" or frozen_at or (opens and on < opens):
        return False
    return not (closes and on > closes)


def in_language(texts: dict[str, str], language: str) -> str:
    """Return the text in this language, else in English, else in whichever there is."""
    return texts.get(language) or texts.get(DEFAULT_LANGUAGE) or next(iter(texts.values()), "")


class Petition(Base):
    """An open letter, whom it addresses, who may sign, and the rules for checking.

    `addressee` and `who_may_sign` are texts by language: {"en": …, "ru": …}. What is enough to verify: a match on the
    roster of class `match_rule` (else the reviewer's own grounds), a piece of evidence of strength `evidence_rule`
    (0: none is needed) of one of `evidence_kinds` (empty: any), and the agreement of `reviewers`. `banner` is a notice
    on its public pages, by language. `freeze_after` is the number of days without a sign of life from any organizer
    after which it freezes. `threat` is what the organizers answered about dangers before opening: choices only.
    A `rehearsal` has invented people, is never public, and may be thrown away. `organizers` says by language who stands
    behind it, `contact` how to reach them; whoever lost the twelve words has nobody else to turn to. `former_policies`
    are those that were lowered after somebody had signed: the fields of the policy, `until` when it was in force, and
    whether a batch was `sealed` so long after that who signed under it is in a batch. `unfinished` holds the steps of
    drafting that were not answered yet, each with what was answered of it; nothing once all are. `time_zone` is the
    IANA name of the zone in which its days begin and end, `names_order` the language in whose alphabetical order its
    names stand, "" for the letter's own.
    """

    __tablename__ = "petitions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    state: Mapped[str] = mapped_column(String(20), default="draft")
    addressee: Mapped[dict[str, str]] = mapped_column(JSON)
    who_may_sign: Mapped[dict[str, str]] = mapped_column(JSON)
    organizers: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    contact: Mapped[str] = mapped_column(String(200), default="")
    goal: Mapped[int | None]
    opens: Mapped[date | None]
    closes: Mapped[date | None]
    mode: Mapped[str] = mapped_column(String(20), default="standard")
    mail: Mapped[str] = mapped_column(String(20), default="required")
    roster: Mapped[bool] = mapped_column(default=False)
    reviewers: Mapped[int] = mapped_column(default=2)
    match_rule: Mapped[str] = mapped_column(String(10), default="possible")
    evidence_rule: Mapped[int] = mapped_column(SmallInteger, default=0)
    evidence_kinds: Mapped[list[str]] = mapped_column(JSON, default=list)
    banner: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(Moment)
    opened_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    frozen_at: Mapped[datetime | None] = mapped_column(Moment)
    freeze_after: Mapped[int | None] = mapped_column(SmallInteger)
    threat: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    unfinished: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    time_zone: Mapped[str] = mapped_column(String(60), default="UTC")
    names_order: Mapped[str] = mapped_column(String(5), default="")
    rehearsal: Mapped[bool] = mapped_column(default=False)
    former_policies: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)

    versions: Mapped[list[TextVersion]] = relationship(order_by="TextVersion.number", back_populates="petition")

    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state_known"),
        CheckConstraint(f"mode IN {MODES}", name="mode_known"),
        CheckConstraint(f"mail IN {MAIL_RULES}", name="mail_known"),
        CheckConstraint(f"match_rule IN {MATCH_RULES}", name="match_rule_known"),
        CheckConstraint("evidence_rule BETWEEN 0 AND 3", name="evidence_rule_known"),
        CheckConstraint("reviewers BETWEEN 1 AND 3", name="reviewers_few"),
        CheckConstraint("goal IS NULL OR goal > 0", name="goal_positive"),
    )

    @property
    def text(self) -> TextVersion:
        """The version that is signed now."""
        return self.versions[-1]

    @property
    def uses_roster(self) -> bool:
        """Whether any signature of it is checked against a roster: now, or because it signed when all were."""
        return self.roster or any(former["roster"] for former in self.former_policies)

    @property
    def most_reviewers(self) -> int:
        """How many must agree on a case at most: now, or by a policy under which somebody signed."""
        return max([self.reviewers, *(int(former["reviewers"]) for former in self.former_policies)])

    @property
    def is_public(self) -> bool:
        """Whether the public may see it; a rehearsal is for its staff alone."""
        return self.state != "draft" and not self.rehearsal

    @property
    def names_contact(self) -> bool:
        """Whether it says who stands behind it and how to reach them; a rehearsal needs nobody."""
        return self.rehearsal or bool(self.organizers and self.contact)

    @property
    def is_sealed(self) -> bool:
        """Whether only the holders of its keys can read who signed."""
        return self.mode == "sealed"

    def day(self, at: datetime) -> date:
        """Return which day it is at a moment in the letter's time zone."""
        return day_in(self.time_zone, at)

    def takes_signatures(self, on: date) -> bool:
        """Return whether it can be signed on this day, see `day`."""
        return takes_signatures(self.state, opens=self.opens, closes=self.closes, frozen_at=self.frozen_at, on=on)

    def title(self, language: str) -> str:
        """Return the title of the current text in this language."""
        return in_language(self.text.titles, language)

    def letter(self, language: str) -> str:
        """Return the current text in this language, in Markdown."""
        return in_language(self.text.texts, language)


class TextVersion(Base):
    """One version of the letter in all its languages; a signature is bound to it by `sha256`.

    `previewed_at` is when an organizer had first read it as the public will.
    """

    __tablename__ = "text_versions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"))
    number: Mapped[int]
    titles: Mapped[dict[str, str]] = mapped_column(JSON)
    texts: Mapped[dict[str, str]] = mapped_column(JSON)
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(Moment)
    previewed_at: Mapped[datetime | None] = mapped_column(Moment)

    petition: Mapped[Petition] = relationship(back_populates="versions")

    __table_args__ = (UniqueConstraint("petition_id", "number"),)

    @property
    def digest(self) -> str:
        """The 64 hexadecimal digits of `sha256`, by which a page says which text it shows."""
        return self.sha256.hex()


class Milestone(Base):
    """A step in the life of a petition that the timeline tells, beside opening and closing.

    `day` is when it happened, or until when signing goes on; `recipient` to whom the letter was handed, or who
    answered; `words` are the organizers' own. Both are by language. `changes` are rules of checking "from" and "to".
    """

    __tablename__ = "milestones"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(Moment)
    day: Mapped[date | None]
    recipient: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    words: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    changes: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    __table_args__ = (CheckConstraint(f"kind IN {MILESTONES}", name="kind_known"),)


class Draft(Base):
    """Words meant for the public that are kept until they are ready: the fields of one form, as they were written."""

    __tablename__ = "drafts"

    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    fields: Mapped[dict[str, str]] = mapped_column(JSON)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (CheckConstraint(f"kind IN {DRAFTS}", name="kind_known"),)


class Freeze(Base):
    """A petition that is frozen, and why: an organizer's or operator's act, silence, or somebody under duress.

    Ending it takes two organizers, see `accounts.approvals`. `statement` is the signed tally of that moment.
    """

    __tablename__ = "freezes"

    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"), primary_key=True)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    cause: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime] = mapped_column(Moment)
    statement: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    __table_args__ = (CheckConstraint(f"cause IN {FREEZE_CAUSES}", name="cause_known"),)


class SigningKey(Base):
    """A petition's Ed25519 key: the public half in plain, the private half sealed in the server's key ring."""

    __tablename__ = "signing_keys"

    petition_id: Mapped[UUID] = mapped_column(ForeignKey("petitions.id"), primary_key=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary(32))
    key_id: Mapped[str] = mapped_column(String(40))
    box: Mapped[bytes] = mapped_column(LargeBinary)
    made_on: Mapped[date]
