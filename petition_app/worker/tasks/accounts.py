"""Work for later: mail an invitation to a member of staff, and that something waits for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import render_template
from flask_babel import force_locale, gettext

from petition_app.accounts import inviting, notices
from petition_app.mailer.smtp import Letter
from petition_app.tally import waiting
from petition_app.worker.rounds import Each

# Whoever wants to be told, at most once a day.
tell_waiting = Each(
    "accounts.tell_waiting",
    find=lambda at: waiting.list_to_tell(at=at),
    act=lambda account_id, at: waiting.tell(account_id, at=at),
)


def mail_invitation(payload: dict[str, Any], _at: datetime) -> Letter | None:
    """Write the message with the code of an invitation, which names no petition.

    There is none where the invitation was answered, taken back or sent anew meanwhile.
    """
    message = inviting.read_message(payload)
    if message is None:
        return None
    with force_locale(message.language):
        body = render_template("emails/accounts/invitation.txt", code=message.code, page=message.page)
        return Letter(message.email, gettext("An invitation"), body)


def mail_notice(payload: dict[str, Any], at: datetime) -> Letter | None:
    """Write that something waits, and nothing else: no petition, no number, no link.

    There is none where it is no longer wanted, or where its day is over.
    """
    message = notices.read_message(payload, at=at)
    if message is None:
        return None
    address, language = message
    with force_locale(language):
        return Letter(address, gettext("Something waits for you"), render_template("emails/accounts/notice.txt"))
