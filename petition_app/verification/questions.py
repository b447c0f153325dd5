"""Questions to signers: sealed to the key that only the secret code yields; answers bring the case back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, select
from sqlalchemy.orm import aliased

from petition_app import audit, vault
from petition_app.accounts.models import Account, Membership
from petition_app.audit import AuditEvent
from petition_app.db import db
from petition_app.errors import DomainError
from petition_app.i18n import N_, text_in_each_language
from petition_app.keys import handed
from petition_app.petitions.models import Petition
from petition_app.signatures import sealing
from petition_app.signatures.models import Signature
from petition_app.signatures.states import move
from petition_app.verification.models import Decision, Question
from petition_app.verification.rules import VERDICTS
from petition_app.verification.services import TEXT_LENGTH, free, held_case

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


class AnswerError(DomainError):
    """The words are missing or too many."""

    message = N_("Please write between 1 and 2,000 characters.")


def templates(language: str) -> dict[str, str]:
    """Return the common questions in one language, by their keys."""
    return {key: text_in_each_language(message)[language] for key, message in TEMPLATES.items()}


def ask(
    signature_id: UUID, text: str, *, petition: Petition, by: Account, at: datetime, template: str | None = None
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
        box=_seal(signature.id, signature.signer_key, text),
        asked_on=at.date(),
    )
    db.session.add(question)
    sealing.add_to_case(signature, {"kind": "question", "by": by.name, "on": at.date().isoformat(), "text": text})
    if signature.state == "checking":
        move(signature, "needs_info")
    free(signature.id)
    audit.record("case.asked", by=by.id, petition_id=petition.id, object_id=signature.id, at=at)
    db.session.flush()


def _seal(signature_id: UUID, signer_key: bytes, text: str) -> bytes:
    """Seal a question to its signer, or take the one that a reviewer's own machine has sealed."""
    if given := handed.current():
        return given.take_question()
    box = vault.seal_to(signer_key, {"question": text}, _question_place(signature_id))
    if made_here := handed.recording():
        made_here.question = box
    return box


def answer(signature: Signature, text: str, *, at: datetime) -> None:
    """Take the signer's answer and bring the case back to the desk. The signature is locked by its code.

    Raises:
        AnswerError, NoQuestionError
    """
    text = text.strip()
    if not text or len(text) > TEXT_LENGTH:
        raise AnswerError
    waiting = db.session.scalars(
        select(Question).where(Question.signature_id == signature.id, Question.answered_on.is_(None))
    ).all()
    if not waiting or signature.state != "needs_info":
        raise NoQuestionError
    for question in waiting:
        question.answered_on = at.date()
    sealing.add_to_case(signature, {"kind": "answer", "on": at.date().isoformat(), "text": text}, by_signer=True)
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
    stays = exists().where(
        Membership.account_id == other.account_id,
        Membership.petition_id == Signature.petition_id,
        Membership.role != "auditor",
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
            text=_open(private_key, row, _question_place(signature.id)),
            asked_on=row.asked_on,
            answered=row.answered_on is not None,
        )
        for row in rows
    ]


def _open(private_key: X25519PrivateKey, row: Question, place: bytes) -> str | None:
    try:
        return str(vault.open_with(private_key, row.box, place)["question"])
    except vault.UnreadableError:
        return None


def _question_place(signature_id: UUID) -> bytes:
    return f"question/v1|{signature_id}".encode()
