"""Questions to signers: sealed to the key that only the secret code yields; answers bring the case back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, select
from sqlalchemy.orm import aliased

from petition_app import audit
from petition_app.accounts.models import Account, Membership
from petition_app.audit import AuditEvent
from petition_app.errors import DomainError
from petition_app.i18n import N_, text_in_each_language
from petition_app.petitions.models import Petition
from petition_app.signatures.case_additions import add_by_signer
from petition_app.signatures.models import Signature
from petition_app.signatures.states import move
from petition_app.storage.db import db
from petition_app.verification.cases import question_boxes
from petition_app.verification.cases.case_access import CaseAccess
from petition_app.verification.decisions.services import TEXT_LENGTH, free, held_case
from petition_app.verification.models import Decision, Question
from petition_app.verification.rules import VERDICTS

# What is asked most often; a reviewer sends it as it is, in the signer's language, or changes the words.
TEMPLATES = {
    "which_body": N_("Which body or institution do you belong to, and since when?"),
    "official_page": N_("Please give the address of the official page on which you are listed."),
    "official_contact": N_("May we reach you through your official contact? If so, please say which one is yours."),
    "same_name": N_("Two signatures carry this name. Is this one yours, and since when have you held your office?"),
    "other_spelling": N_(
        "Does an official record list you under another name or spelling? Please write it as it stands."
    ),
    "term": N_("When did your term begin, and when does it end or when did it end?"),
}
# An answered case is kept for the reviewer who asked on the day of the answer and on the next one, then it is free.
KEPT = timedelta(days=1)
ANSWER_TIME = timedelta(days=14)


class CannotAskError(DomainError):
    """There is no code with which the signer could read a question."""

    message = N_("This signer has no secret code yet, so a question could not be read. Reach them another way.")


class NoQuestionError(DomainError):
    """No question waits for an answer."""

    message = N_("No question waits for an answer.")


class AnsweredAlreadyError(NoQuestionError):
    """Every question has its answer."""

    message = N_("An answer has arrived already, and the check goes on. Nothing was sent twice.")


class AnswerError(DomainError):
    """The words are missing or too many."""

    message = N_("Please write between 1 and 2,000 characters.")


def templates(language: str) -> dict[str, str]:
    """Return the common questions in one language, by their keys."""
    return {key: text_in_each_language(message)[language] for key, message in TEMPLATES.items()}


def ask(
    signature_id: UUID,
    text: str,
    *,
    access: CaseAccess,
    petition: Petition,
    by: Account,
    at: datetime,
    template: str | None = None,
) -> None:
    """Ask the signer; the question can be read with the secret code alone, at /my.

    Without words of the reviewer's own, the template of this key is sent in the signer's language.

    Raises:
        NotFoundError, NotYoursError, AnswerError, CannotAskError, StateError
    """
    signature = held_case(signature_id, petition=petition, by=by, at=at)
    text = text.strip() or templates(signature.language).get(template or "", "")
    if not text or len(text) > TEXT_LENGTH:
        raise AnswerError
    if signature.signer_key is None:
        raise CannotAskError
    question = Question(
        signature_id=signature.id,
        account_id=by.id,
        box=access.seal_question(signature.id, signature.signer_key, text),
        asked_on=at.date(),
    )
    db.session.add(question)
    access.append(signature, {"kind": "question", "by": by.name, "on": at.date().isoformat(), "text": text})
    if signature.state == "checking":
        move(signature, "needs_info")
    free(signature.id)
    audit.record("case.asked", by=by.id, petition_id=petition.id, object_id=signature.id, at=at)
    db.session.flush()


def was_just_asked(signature_id: UUID, *, petition: Petition, by: Account, at: datetime) -> bool:
    """Return whether this person's question of today waits for its answer: a form sent twice is one act."""
    asked = select(Question.id).join(Signature, Signature.id == Question.signature_id)
    mine = asked.where(
        Question.signature_id == signature_id, Question.account_id == by.id, Question.answered_on.is_(None),
        Question.asked_on == at.date(), Signature.petition_id == petition.id, Signature.state == "needs_info",
    )  # fmt: skip
    return db.session.scalar(mine.limit(1)) is not None


def answer(signature: Signature, text: str, *, at: datetime) -> None:
    """Take the signer's answer and bring the case back to the desk. The signature is locked by its code.

    Raises:
        AnswerError, NoQuestionError
        AnsweredAlreadyError: there are questions, and none waits.
    """
    text = text.strip()
    if not text or len(text) > TEXT_LENGTH:
        raise AnswerError
    asked = db.session.scalars(select(Question).where(Question.signature_id == signature.id)).all()
    waiting = [question for question in asked if question.answered_on is None]
    if asked and not waiting:
        raise AnsweredAlreadyError
    if not waiting or signature.state != "needs_info":
        raise NoQuestionError
    for question in waiting:
        question.answered_on = at.date()
    add_by_signer(signature, {"kind": "answer", "on": at.date().isoformat(), "text": text})
    move(signature, "checking")
    audit.record_signer("signature.answered", petition_id=signature.petition_id, at=at)
    db.session.flush()


# --- back to who asked ------------------------------------------------------------------------------------------


def list_answered(petition: Petition, *, by: Account, state: str) -> list[UUID]:
    """Return the cases in a state whose signers have answered this reviewer, who has not put them back since.

    It begins with the reviewer's own questions, which are few, and never with the cases.
    """
    ids = db.session.scalars(_answered(), {"by": by.id}).all()
    there = select(Signature.id).where(Signature.id.in_(ids), Signature.petition_id == petition.id)
    return list(db.session.scalars(there.where(Signature.state == state))) if ids else []


@cache
def _answered() -> Select[UUID]:
    answered = select(Question.signature_id).where(Question.account_id == bindparam("by"))
    return answered.where(Question.answered_on.is_not(None), ~_put_back_since(Question)).distinct()


def kept_for_others(by: ColumnElement[UUID], *, since: ColumnElement[date]) -> ColumnElement[bool]:
    """Return the condition that a signer has answered another reviewer since that day, and the case is kept for them.

    It is not kept once they have put it back or decided it, or have left.
    """
    other, mine, verdict = aliased(Question), aliased(Question), aliased(Decision)
    stays = (
        exists()
        .where(
            Membership.account_id == other.account_id,
            Membership.petition_id == Signature.petition_id,
            Membership.role != "auditor",
        )
        .correlate(other, Signature)
    )
    has_decided = exists().where(
        verdict.signature_id == other.signature_id,
        verdict.account_id == other.account_id,
        verdict.outcome.in_(VERDICTS),
    )
    for_another = exists().where(
        other.signature_id == Signature.id,
        other.account_id != by,
        other.answered_on >= since,
        stays,
        ~has_decided,
        ~_put_back_since(other),
    )
    for_me = exists().where(mine.signature_id == Signature.id, mine.account_id == by, mine.answered_on >= since)
    return and_(for_another, ~for_me)


def _put_back_since(question: type[Question]) -> ColumnElement[bool]:
    return exists().where(
        AuditEvent.object_id == question.signature_id,
        AuditEvent.actor_id == question.account_id,
        AuditEvent.act == "case.put_back",
        AuditEvent.day >= question.answered_on,
    )


# --- at /my -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OpenQuestion:
    """A question as the signer reads it; without words where it was sealed to words that new ones have ended."""

    text: str | None
    asked_on: date
    answered: bool

    @property
    def answer_by(self) -> date:
        """The last day on which an answer is waited for."""
        return self.asked_on + ANSWER_TIME


def questions_for(signature: Signature, private_key: X25519PrivateKey) -> list[OpenQuestion]:
    """Open the questions to a signer with the key that the secret code yields."""
    rows = db.session.scalars(
        select(Question).where(Question.signature_id == signature.id).order_by(Question.asked_on, Question.id)
    ).all()
    return [
        OpenQuestion(
            text=question_boxes.open_with(private_key, signature.id, row.box),
            asked_on=row.asked_on,
            answered=row.answered_on is not None,
        )
        for row in rows
    ]
