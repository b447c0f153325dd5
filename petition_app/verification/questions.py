"""Questions to signers: sealed to the key that only the secret code yields; answers bring the case back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import select

from petition_app import audit, vault
from petition_app.accounts.models import Account
from petition_app.db import db
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.petitions.models import Petition
from petition_app.signatures import sealing
from petition_app.signatures.models import Signature
from petition_app.signatures.states import move
from petition_app.verification.models import Question
from petition_app.verification.services import TEXT_LENGTH, free, held_case


class CannotAskError(DomainError):
    """There is no code with which the signer could read a question."""

    message = N_("This signer has no secret code yet, so a question could not be read. Reach them another way.")


class NoQuestionError(DomainError):
    """No question waits for an answer."""

    message = N_("No question waits for an answer.")


class AnswerError(DomainError):
    """The words are missing or too many."""

    message = N_("Please write between 1 and 2,000 characters.")


def ask(signature_id: UUID, text: str, *, petition: Petition, by: Account, at: datetime) -> None:
    """Ask the signer; the question can be read with the secret code alone, at /my.

    Raises:
        NotFoundError, NotYoursError, AnswerError, CannotAskError, StateError
    """
    signature = held_case(signature_id, petition=petition, by=by, at=at)
    text = text.strip()
    if not text or len(text) > TEXT_LENGTH:
        raise AnswerError
    if signature.signer_key is None:
        raise CannotAskError
    question = Question(
        signature_id=signature.id,
        box=vault.seal_to(signature.signer_key, {"question": text}, _question_place(signature.id)),
        asked_on=at.date(),
    )
    db.session.add(question)
    sealing.add_to_case(signature, {"kind": "question", "by": by.name, "on": at.date().isoformat(), "text": text})
    if signature.state == "checking":
        move(signature, "needs_info")
    free(signature.id)
    audit.record("case.asked", by=by.id, petition_id=petition.id, object_id=signature.id, at=at)
    db.session.flush()


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


@dataclass(frozen=True)
class OpenQuestion:
    """A question as the signer reads it."""

    text: str
    asked_on: date
    answered: bool


def questions_for(signature: Signature, private_key: X25519PrivateKey) -> list[OpenQuestion]:
    """Open the questions to a signer with the key that the secret code yields."""
    rows = db.session.scalars(
        select(Question).where(Question.signature_id == signature.id).order_by(Question.asked_on, Question.id)
    ).all()
    return [
        OpenQuestion(
            text=str(vault.open_with(private_key, row.box, _question_place(signature.id))["question"]),
            asked_on=row.asked_on,
            answered=row.answered_on is not None,
        )
        for row in rows
    ]


def _question_place(signature_id: UUID) -> bytes:
    return f"question/v1|{signature_id}".encode()
