"""Messages that come back: a mail server's report (RFC 3464) is read, and the case is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import Message
from uuid import UUID

from sqlalchemy import delete, exists, insert, literal, select

from petition_app.crypto.fingerprints import fingerprint
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.signatures import redelivery
from petition_app.signatures.models import SentLetter, Signature
from petition_app.storage.db import db

KEPT = timedelta(days=7)
MESSAGE_ID = re.compile(r"<([0-9a-f]{32})@")
STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


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
    status, message_id = _read(message_from_bytes(report, policy=policy.default))
    sent = db.session.get(SentLetter, fingerprint("letter", message_id))
    if sent is None:
        raise UnknownLetterError
    redelivery.note_on_case(sent.signature_id, f"BouncedError {status}", at=at)
    db.session.delete(sent)
    db.session.flush()
    return status


def forget(*, at: datetime) -> None:
    """Forget what was sent more than seven days ago."""
    db.session.execute(delete(SentLetter).where(SentLetter.sent_on < (at - KEPT).date()))


def _read(report: Message) -> tuple[str, str]:
    """Return the status of a failed delivery and the Message-ID of what came back."""
    status = message_id = ""
    for part in report.walk():
        if part.get_content_type() == "message/delivery-status":
            status = next(_failures(part), status)
        elif part is not report and part.get("Message-ID"):
            found = MESSAGE_ID.search(str(part["Message-ID"]))
            message_id = found[1] if found else message_id
        elif part.get_content_type() == "text/rfc822-headers":
            found = MESSAGE_ID.search(str(part.get_payload()))
            message_id = found[1] if found else message_id
    if not status or not message_id:
        raise NoReportError
    return status, message_id


def _failures(part: Message) -> Iterator[str]:
    """Go through what a report says about each recipient; delays and deliveries are passed over."""
    blocks = part.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        if isinstance(block, Message) and str(block.get("Action", "")).strip().casefold() == "failed":
            found = STATUS.search(str(block.get("Status", "")))
            yield found[0] if found else "5.0.0"
