"""Messages that come back: a mail server's report is read, and the case is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, exists, insert, literal, select

from petition_app.crypto.fingerprints import fingerprint
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.mailer.reports import read_report
from petition_app.signatures import redelivery
from petition_app.signatures.models import SentLetter, Signature
from petition_app.storage.db import db

KEPT = timedelta(days=7)


class NoReportError(DomainError):
    """Not what a mail server writes when a message comes back."""

    message = N_("This is no report of a message that could not be delivered.")


class UnknownLetterError(DomainError):
    """Another server's message, or one that is forgotten, or one of a sealed petition."""

    message = N_("The report is about no message that this server has sent in the last seven days and remembers.")


def remember(message_id: str, signature_id: UUID, *, at: datetime) -> None:
    """Remember for seven days whose signature a delivered message was about, if it is still there."""
    index = fingerprint("letter", message_id)
    known = exists().where(SentLetter.message_index == index)
    sent = select(literal(index), Signature.id, literal(at.date())).where(Signature.id == signature_id, ~known)
    db.session.execute(insert(SentLetter).from_select(["message_index", "signature_id", "sent_on"], sent))


def take_in(report: bytes, *, at: datetime) -> str:
    """Tell the case that a message came back; return the status code, such as 5.1.1.

    Raises:
        NoReportError, UnknownLetterError
    """
    found = read_report(report)
    if found is None:
        raise NoReportError
    letters = (db.session.get(SentLetter, fingerprint("letter", message_id)) for message_id in found.ids)
    sent = next(filter(None, letters), None)
    if sent is None:
        raise UnknownLetterError
    redelivery.note_on_case(sent.signature_id, f"BouncedError {found.status}", at=at)
    db.session.delete(sent)
    db.session.flush()
    return found.status


def forget(*, at: datetime) -> None:
    """Forget what was sent more than seven days ago."""
    db.session.execute(delete(SentLetter).where(SentLetter.sent_on < (at - KEPT).date()))
