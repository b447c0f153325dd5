"""Steps in the life of a petition that the public is told: pauses, more time, the hand-over, an answer; and drafts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.errors import DomainError
from petition_app.i18n import LANGUAGES, N_
from petition_app.petitions.freezing import require_thawed
from petition_app.petitions.models import DRAFTS, Draft, Milestone, Petition
from petition_app.storage import jobs
from petition_app.storage.db import db, get_for_update
from petition_app.storage.multi_insert import put

WORDS_LENGTH = 2000
RECIPIENT_LENGTH = 200


class NotPublicError(DomainError):
    """A draft has no public life."""

    message = N_("The petition is still a draft. Open it first.")


class NoMoreTimeError(DomainError):
    """The new last day is none."""

    message = N_("The new last day must lie ahead, and after the last day so far.")


class ClosedForGoodError(DomainError):
    """It cannot be opened again."""

    message = N_("The petition is closed for good, so its last day cannot change.")


class DayError(DomainError):
    """It has not happened yet, or it happened before there was a letter."""

    message = N_("The day must not lie ahead, nor before the letter was published.")


class WordsError(DomainError):
    """A language is missing, or too long."""

    message = N_("Please write it in English and in Russian.")


@dataclass(frozen=True)
class Step:
    """A hand-over or an answer as it is recorded: when, to or from whom, and words of one's own, by language."""

    day: date
    recipient: dict[str, str]
    words: dict[str, str]


def hand_over(petition: Petition, step: Step, *, by: Account | None, at: datetime) -> Milestone:
    """Record that the letter was handed to whom it addresses; the timeline tells it with the number verified then.

    Raises:
        NotPublicError, DayError, WordsError, FrozenError
    """
    return _record_step(petition, "handed_over", step, by=by, at=at)


def record_answer(petition: Petition, step: Step, *, by: Account | None, at: datetime) -> Milestone:
    """Record an answer to the letter, in the organizers' words. Raises: as `hand_over`."""
    if not all(step.words.get(language, "").strip() for language in LANGUAGES):
        raise WordsError
    return _record_step(petition, "answered", step, by=by, at=at)


def extend(petition: Petition, until: date, *, by: Account | None, at: datetime) -> Milestone:
    """Let the petition be signed for longer.

    Raises:
        NotPublicError, ClosedForGoodError, NoMoreTimeError, FrozenError
    """
    _check_may(petition, by)
    if petition.state == "closed":
        raise ClosedForGoodError
    if petition.closes == until and (said := find_repeated(petition, "extended", day=until)):
        return said
    if until < petition.day(at) or (petition.closes and until <= petition.closes):
        raise NoMoreTimeError
    petition.closes = until
    return note(petition, "extended", day=until, by=by, at=at)


def note(
    petition: Petition,
    kind: str,
    *,
    by: Account | None,
    at: datetime,
    day: date | None = None,
    recipient: dict[str, str] | None = None,
    words: dict[str, str] | None = None,
    changes: dict[str, Any] | None = None,
) -> Milestone:
    """Write one step down; the timeline tells it with the next publication, in a sealed petition with what waits."""
    milestone = Milestone(petition_id=petition.id, kind=kind, at=at, day=day, recipient=recipient, words=words)
    milestone.changes = changes
    db.session.add(milestone)
    audit.record(f"petition.{kind}", by=by.id if by else None, petition_id=petition.id, object_id=milestone.id, at=at)
    jobs.mark_due(petition.id)
    db.session.flush()
    return milestone


def find_repeated(
    petition: Petition,
    kind: str,
    *,
    day: date | None = None,
    recipient: dict[str, str] | None = None,
    words: dict[str, str] | None = None,
) -> Milestone | None:
    """Return the latest step where it was this very one: a form that is sent twice tells the public once."""
    query = select(Milestone).where(Milestone.petition_id == petition.id)
    last = db.session.scalar(query.order_by(Milestone.at.desc(), Milestone.id).limit(1))
    told = (kind, day, recipient, words)
    return last if last and (last.kind, last.day, last.recipient, last.words) == told else None


def list_milestones(petition_id: UUID) -> list[Milestone]:
    """Return what was recorded, the oldest first."""
    query = select(Milestone).where(Milestone.petition_id == petition_id)
    return list(db.session.scalars(query.order_by(Milestone.at, Milestone.id)))


def get_pause(petition: Petition) -> Milestone | None:
    """Return the pause that lasts now, with its notice, if there is one."""
    if petition.state != "paused":
        return None
    pauses = select(Milestone).where(Milestone.petition_id == petition.id, Milestone.kind == "paused")
    return db.session.scalar(pauses.order_by(Milestone.at.desc(), Milestone.id).limit(1))


def check_words(words: dict[str, str] | None) -> dict[str, str] | None:
    """Return own words by language, trimmed, or nothing where none were written.

    Raises:
        WordsError: one language has words and another has none, or they are too long.
    """
    found = {language: (words or {}).get(language, "").strip() for language in LANGUAGES}
    if not any(found.values()):
        return None
    if not all(0 < len(text) <= WORDS_LENGTH for text in found.values()):
        raise WordsError
    return found


def _record_step(petition: Petition, kind: str, step: Step, *, by: Account | None, at: datetime) -> Milestone:
    _check_may(petition, by)
    if not petition.day(petition.opened_at or at) <= step.day <= petition.day(at):
        raise DayError
    recipient = {language: step.recipient.get(language, "").strip() for language in LANGUAGES}
    if not all(0 < len(text) <= RECIPIENT_LENGTH for text in recipient.values()):
        raise WordsError
    words, day = check_words(step.words), step.day
    said = find_repeated(petition, kind, day=day, recipient=recipient, words=words)
    return said or note(petition, kind, day=day, recipient=recipient, words=words, by=by, at=at)


def _check_may(petition: Petition, by: Account | None) -> None:
    require_role(by, petition.id, "organizer")
    get_for_update(Petition, petition.id)
    require_thawed(petition)
    if not petition.is_public:
        raise NotPublicError


# --- drafts -----------------------------------------------------------------------------------------------------


def keep_draft(petition: Petition, kind: str, fields: dict[str, str], *, by: Account, at: datetime) -> None:
    """Keep what was written so far for one public text; a later draft takes its place."""
    require_role(by, petition.id, "organizer")
    if kind not in DRAFTS:
        raise ValueError(kind)
    put(Draft(petition_id=petition.id, kind=kind, fields=fields, account_id=by.id, at=at))


def get_draft(petition: Petition, kind: str) -> Draft | None:
    """Return what was kept, if anything."""
    return db.session.get(Draft, (petition.id, kind))


def list_drafts(petition_id: UUID) -> list[Draft]:
    """Return every text that waits to be finished."""
    return list(db.session.scalars(select(Draft).where(Draft.petition_id == petition_id).order_by(Draft.kind)))


def drop_draft(petition: Petition, kind: str) -> None:
    """Forget a draft, since its words are public now or not wanted."""
    db.session.execute(delete(Draft).where(Draft.petition_id == petition.id, Draft.kind == kind))
