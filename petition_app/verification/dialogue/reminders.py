"""Questions that stay unanswered: neutral reminders, and what follows when the time to answer has run out."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from petition_app import audit
from petition_app.crypto.vault import UnreadableError
from petition_app.petitions.models import Petition
from petition_app.signatures import messages, sealing
from petition_app.signatures.messages import Message
from petition_app.signatures.models import Signature
from petition_app.signatures.states import move
from petition_app.storage.db import db
from petition_app.verification.cases.decision_log import append
from petition_app.verification.decisions.services import free
from petition_app.verification.dialogue.questions import ANSWER_TIME
from petition_app.verification.models import Lease, Question

FIRST, SECOND = timedelta(days=3), timedelta(days=7)
# A signature is mailed to at most five times in all; one of them was the code.
MOST_MAILS = 5
SLICE = 200


def list_to_remind(*, at: datetime) -> list[UUID]:
    """Return the petitions with questions of which their signers are to be reminded."""
    return list(db.session.scalars(_to_remind(at).with_only_columns(Petition.id).distinct()))


def remind(petition_id: UUID, *, at: datetime) -> int:
    """Have neutral reminders mailed where a question waits for three days, and again for seven; return how many.

    Only in standard mode, and only where an address was given: it travels sealed in the job, never in plain. The
    row is counted in the same transaction, so that a second run the same day mails nothing.

    Raises:
        StorageSealedError: no address can be opened now; try again later.
    """
    today, mailed = at.date(), 0
    mine = _to_remind(at).where(Petition.id == petition_id).limit(SLICE)
    due = db.session.execute(mine.with_for_update(skip_locked=True, key_share=True, of=Question)).all()
    for question, signature, petition in due:
        question.reminders += 1
        question.reminded_on = today
        if address := _address(signature):
            message = Message("", signature.language, address, signature.id)
            messages.enqueue_message("verification.mail_reminder", message, petition, at=at)
            mailed += 1
    db.session.flush()
    return mailed


def _to_remind(at: datetime) -> Select[Question, Signature, Petition]:
    today = at.date()
    first = and_(Question.reminders == 0, Question.asked_on <= today - FIRST)
    pause = Question.reminded_on <= today - (SECOND - FIRST)
    second = and_(Question.reminders == 1, Question.asked_on <= today - SECOND, pause)
    return (
        select(Question, Signature, Petition)
        .join(Signature, Signature.id == Question.signature_id)
        .join(Petition, Petition.id == Signature.petition_id)
        .where(
            Question.answered_on.is_(None),
            or_(first, second),
            Signature.state == "needs_info",
            Signature.mailbox_index.is_not(None),
            Petition.mode == "standard",
            Petition.frozen_at.is_(None),
            _is_newest(),
            _mails_so_far() < MOST_MAILS,
        )
    )


def _is_newest() -> ColumnElement[bool]:
    """Return the condition that no later question to the same signer waits."""
    later = aliased(Question)
    return ~exists().where(
        later.signature_id == Question.signature_id,
        later.answered_on.is_(None),
        tuple_(later.asked_on, later.id) > tuple_(Question.asked_on, Question.id),
    )


def _mails_so_far() -> ColumnElement[int]:
    """Return how often a signature was mailed to: its code, and reminders of any question."""
    other = aliased(Question)
    reminders = select(func.sum(other.reminders)).where(other.signature_id == Question.signature_id)
    return 1 + func.coalesce(reminders.correlate(Question).scalar_subquery(), 0)


def _address(signature: Signature) -> str:
    try:
        return sealing.open_address(signature)
    except UnreadableError:
        return ""


def list_to_close(*, at: datetime) -> list[UUID]:
    """Return the petitions with cases whose questions found no answer in time."""
    return list(db.session.scalars(_to_close(at).with_only_columns(Signature.petition_id).distinct()))


def close_unanswered(petition_id: UUID, *, at: datetime) -> int:
    """Decide cases "not reached" whose newest question found no answer in fourteen days; return how many.

    The decision is nobody's of the staff and stands alone; at /my the signer may ask for a second look. A case that a
    reviewer holds at the moment is left to them.
    """
    mine = _to_close(at).where(Signature.petition_id == petition_id).limit(SLICE)
    held = mine.with_for_update(skip_locked=True, key_share=True, of=Signature)
    waiting = db.session.scalars(held.execution_options(populate_existing=True)).all()
    for signature in waiting:
        append(signature, outcome="rejected", by=None, at=at, reason="not_reached", enacted=True)
        move(signature, "rejected")
        free(signature.id)
        audit.record("case.closed_unanswered", petition_id=signature.petition_id, object_id=signature.id, at=at)
    db.session.flush()
    return len(waiting)


def _to_close(at: datetime) -> Select[Signature]:
    too_late = (at - ANSWER_TIME).date()
    fresh = aliased(Question)
    return select(Signature).where(
        Signature.state == "needs_info",
        Signature.petition_id.not_in(select(Petition.id).where(Petition.frozen_at.is_not(None))),
        Signature.id.in_(
            select(Question.signature_id).where(Question.answered_on.is_(None), Question.asked_on < too_late)
        ),
        ~exists().where(fresh.signature_id == Signature.id, fresh.answered_on.is_(None), fresh.asked_on >= too_late),
        ~exists().where(Lease.signature_id == Signature.id, Lease.until > at),
    )
