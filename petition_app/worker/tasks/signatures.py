"""Work for later: mail a code, discard what nobody confirmed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import render_template
from flask_babel import force_locale, gettext

from petition_app.crypto import worker_keys
from petition_app.mailer.smtp import Letter
from petition_app.signatures import bounces, duress_codes, expiry, messages, redelivery, secret_words
from petition_app.verification.desk import evidence


def mail_code(payload: dict[str, Any], at: datetime) -> Letter | None:
    """Write the message with a code: neutral, without a link and without the letter's title.

    There is none where the code was used or taken back, or another one took its place. Raises: TooLateError.
    """
    message = messages.open_message(payload)
    is_official = evidence.is_awaited(message.signature_id, message.words, at=at)
    if not is_official and not redelivery.is_awaited(message, at=at):
        return None
    with force_locale(message.language):
        body = render_template("emails/signatures/code.txt", code=message.words)
        sealed = "courier" in payload
        about = None if sealed else message.signature_id
        return Letter(message.address, gettext("Your code"), body, sealed=sealed, about=about)


def note_sent(letter: Letter, message_id: str, at: datetime) -> None:
    """Remember whose signature a delivered message was about, in case it comes back."""
    if letter.about:
        bounces.remember(message_id, letter.about, at=at)


def forget_sent(at: datetime) -> None:
    """Forget messages that can hardly come back any more."""
    bounces.forget(at=at)


def note_failure(payload: dict[str, Any], reason: str, at: datetime) -> None:
    """Tell the case that a message about it could not be delivered."""
    redelivery.note_failure(payload, reason, at=at)


def drop_lost(at: datetime) -> None:
    """Remove the addresses that only workers could have mailed that have ended."""
    worker_keys.drop_lost(at=at)


def forget_confirmations(at: datetime) -> None:
    """Remove the rows of codes that can no longer be typed."""
    expiry.forget_confirmations(at=at)


def end_showing_words(at: datetime) -> None:
    """Erase what lets a page show the twelve words again, where half an hour is over."""
    secret_words.end_due(at=at)


def hear_knocks(_at: datetime) -> None:
    """Tell the desk where a second code was used."""
    duress_codes.look_at_attempts()
